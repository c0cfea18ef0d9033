/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/balloc.h"

#include <errno.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/size.h"

#define MAX_TAKE (UINT32_C(1) << 30)

void mkd_balloc_settle(struct mkd_balloc *a)
{
	if (a->next > a->start)
		ext2fs_block_alloc_stats_range(a->fs, a->start, a->next - a->start, +1);
	a->start = a->next;
}

static bool next_run(struct mkd_balloc *a, uint64_t from)
{
	blk64_t last = ext2fs_blocks_count(a->fs->super) - 1, start, end;

	if (from > last ||
	    ext2fs_find_first_zero_block_bitmap2(a->fs->block_map, from, last, &start) != 0)
		return false;
	if (ext2fs_find_first_set_block_bitmap2(a->fs->block_map, start, last, &end) != 0)
		end = last + 1;
	a->start = a->next = start;
	a->end = end;
	return true;
}

static bool refill(struct mkd_balloc *a)
{
	uint64_t first = a->fs->super->s_first_data_block;

	mkd_balloc_settle(a);
	if (next_run(a, a->next > first ? a->next : first))
		return true;
	if (!a->freed)
		return false;
	a->freed = false;
	return next_run(a, first);
}

int mkd_balloc_take(struct mkd_balloc *a, uint64_t want, uint64_t *ret_block, uint32_t *ret_n,
		    struct mkd_err *err)
{
	uint64_t n;

	if (a->next == a->end && !refill(a)) {
		uint64_t blocks = ext2fs_blocks_count(a->fs->super);
		char text[32];

		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"no space left in '%s': all %llu blocks of 4 KiB (%s) are used; "
				"give " MKD_LARGER_SIZE,
				a->name, (unsigned long long)blocks,
				mkd_size_format(blocks * 4096, text));
	}
	n = a->end - a->next < want ? a->end - a->next : want;
	if (n > MAX_TAKE)
		n = MAX_TAKE;
	*ret_block = a->next;
	*ret_n = (uint32_t)n;
	a->next += n;
	if (a->fresh < a->next)
		a->fresh = a->next;
	return 0;
}

void mkd_balloc_free(struct mkd_balloc *a, uint64_t block, uint64_t n)
{
	mkd_balloc_settle(a);
	ext2fs_block_alloc_stats_range(a->fs, block, n, -1);
	a->freed = true;
}

uint64_t mkd_balloc_left(struct mkd_balloc *a)
{
	mkd_balloc_settle(a);
	return ext2fs_free_blocks_count(a->fs->super);
}
