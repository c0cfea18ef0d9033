/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/swapfile.h"

#include <errno.h>

#include "mkdomu/ext4_ctx.h"
#include "mkdomu/extents.h"
#include "mkdomu/filedata.h"
#include "mkdomu/size.h"

int mkd_swapfile_check(const struct mkd_ext4_swap *swap, const char *name, struct mkd_err *err)
{
	char size[32];

	if (!swap->size_bytes || swap->size_bytes % MKD_BLOCK_BYTES)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
				"cannot make the swap file '/%s' in '%s': %llu bytes are not whole "
				"blocks of 4096",
				swap->path, name, (unsigned long long)swap->size_bytes);
	if (swap->size_bytes > MKD_FILE_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_USAGE, EFBIG,
				"cannot make the swap file '/%s' of %s in '%s': a file of ext4 has "
				"less than 16 TiB; give a smaller --swap-size",
				swap->path, mkd_size_format(swap->size_bytes, size), name);
	return 0;
}

int mkd_swapfile_check_room(struct mkd_ext4_ctx *c, const struct mkd_ext4_swap *swap,
			    struct mkd_err *err)
{
	uint64_t left = mkd_balloc_left(&c->alloc);
	char want[32], have[32];

	if (swap->size_bytes / MKD_BLOCK_BYTES <= left)
		return 0;
	return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
			"no space left in '%s' for the swap file '/%s' of %s: %s are free; give a "
			"smaller --swap-size or " MKD_LARGER_SIZE,
			c->name, swap->path, mkd_size_format(swap->size_bytes, want),
			mkd_size_format(left * MKD_BLOCK_BYTES, have));
}

int mkd_swapfile_store(struct mkd_ext4_ctx *c, const struct mkd_ext4_swap *swap, uint32_t ino,
		       bool zeroed, struct mkd_err *err)
{
	cleanup(mkd_extents_free) struct mkd_extents extents = { 0 };
	uint64_t n = swap->size_bytes / MKD_BLOCK_BYTES, block;
	int r = mkd_swapfile_check_room(c, swap, err);

	for (uint64_t at = 0; !r && at < n;) {
		/* what a replaced member left behind is not zeros, on any target */
		uint64_t fresh = c->alloc.fresh;
		uint32_t got = 0;

		r = mkd_check_signal(err);
		if (!r)
			r = mkd_balloc_take(&c->alloc, n - at, &block, &got, err);
		if (!r)
			r = mkd_extents_add(&extents, (uint32_t)at, block, got, err);
		if (!r && (!zeroed || block < fresh))
			r = mkd_blockout_zero(c->out, block, got, err);
		if (!r && at == 0)
			r = mkd_blockout_put(c->out, block, swap->page, 1, err);
		at += got;
	}
	if (r < 0)
		return r;
	mkd_inode_set_size(mkd_inodes_get(&c->inodes, ino), swap->size_bytes);
	return mkd_extents_store(c, &extents, ino, err);
}
