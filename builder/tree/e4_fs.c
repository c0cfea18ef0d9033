/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_fs.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_io.h"
#include "mkdomu/size.h"

/* errcode_t is an errno below this, as com_err numbers its tables from there. */
#define ERRNO_MAX 4096

void *mkd_e4_zeros(size_t n, size_t size)
{
	return calloc(n, size);
}

mode_t mkd_e4_mode(const struct mkd_e4_inode *i)
{
	return MKD_E4_IN(i)->i_mode;
}

int mkd_e4_fail(long code, const char *doing, struct mkd_err *err)
{
	if (code == EXT2_ET_NO_MEMORY)
		return mkd_nomem(err);
	if (code == EXT2_ET_BLOCK_ALLOC_FAIL || code == EXT2_ET_INODE_ALLOC_FAIL)
		return mkd_fail_io(err, ENOSPC, "%s failed", doing);
	if (code > 0 && code < ERRNO_MAX)
		return mkd_fail_io(err, (int)code, "%s failed", doing);
	return mkd_fail(err, MKD_EXIT_IO, EUCLEAN,
			"%s failed: %s; the file system is damaged, build it again", doing,
			error_message(code));
}

int mkd_e4_writable(struct mkd_e4 *e, struct mkd_err *err)
{
	errcode_t code;

	if (e->read_only)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EROFS, "'%s' was opened to read only",
				e->name);
	if (e->fs->block_map && e->fs->inode_map)
		return 0;
	code = ext2fs_read_bitmaps(e->fs);
	if (code && mkd_e4_io_failed(e->fs->io))
		code = -mkd_e4_io_failed(e->fs->io);
	return code ? mkd_e4_fail(code, "reading the bitmaps", err) : 0;
}

int mkd_e4_inode_read(struct mkd_e4 *e, uint32_t no, struct mkd_e4_inode *ret, struct mkd_err *err)
{
	errcode_t code;

	memset(ret, 0, sizeof(*ret));
	ret->no = no;
	code = ext2fs_read_inode_full(e->fs, no, MKD_E4_IN_SMALL(ret),
				      (int)EXT2_INODE_SIZE(e->fs->super));
	return code ? mkd_e4_fail(code, "reading an inode", err) : 0;
}

int mkd_e4_inode_write(struct mkd_e4 *e, const struct mkd_e4_inode *i, struct mkd_err *err)
{
	struct mkd_e4_inode copy = *i; /* libext2fs puts the checksum in */
	errcode_t code = ext2fs_write_inode_full(e->fs, i->no, MKD_E4_IN_SMALL(&copy),
						 (int)EXT2_INODE_SIZE(e->fs->super));

	return code ? mkd_e4_fail(code, "writing an inode", err) : 0;
}

/* Two bits of the extra half extend the 32 of the seconds, as in ext4_encode_extra_time. */
static uint32_t extra_time(int64_t sec)
{
	return (uint32_t)(((sec - (int32_t)sec) >> 32) & 3);
}

static bool has_extra(const struct mkd_e4 *e, const struct mkd_e4_inode *i, size_t end)
{
	return EXT2_INODE_SIZE(e->fs->super) > EXT2_GOOD_OLD_INODE_SIZE &&
	       (size_t)EXT2_GOOD_OLD_INODE_SIZE + MKD_E4_IN(i)->i_extra_isize >= end;
}
#define HAS_EXTRA(e, i, field)                               \
	has_extra(e, i,                                      \
		  offsetof(struct ext2_inode_large, field) + \
			  sizeof(((struct ext2_inode_large *)0)->field))

void mkd_e4_inode_touch(const struct mkd_e4 *e, struct mkd_e4_inode *i, bool content)
{
	struct ext2_inode_large *in = MKD_E4_IN(i);

	in->i_ctime = (uint32_t)e->epoch_sec;
	if (HAS_EXTRA(e, i, i_ctime_extra))
		in->i_ctime_extra = extra_time(e->epoch_sec);
	if (!content)
		return;
	in->i_mtime = (uint32_t)e->epoch_sec;
	if (HAS_EXTRA(e, i, i_mtime_extra))
		in->i_mtime_extra = extra_time(e->epoch_sec);
}

static void fill_new(const struct mkd_e4 *e, mode_t mode, struct mkd_e4_inode *i)
{
	struct ext2_inode_large *in = MKD_E4_IN(i);

	in->i_mode = (uint16_t)mode;
	in->i_links_count = S_ISDIR(mode) ? 2 : 1;
	if (EXT2_INODE_SIZE(e->fs->super) > EXT2_GOOD_OLD_INODE_SIZE)
		in->i_extra_isize = sizeof(*in) - EXT2_GOOD_OLD_INODE_SIZE;
	mkd_e4_inode_touch(e, i, true);
	in->i_atime = (uint32_t)e->epoch_sec;
	if (HAS_EXTRA(e, i, i_atime_extra))
		in->i_atime_extra = extra_time(e->epoch_sec);
	if (HAS_EXTRA(e, i, i_crtime_extra)) {
		in->i_crtime = (uint32_t)e->epoch_sec;
		in->i_crtime_extra = extra_time(e->epoch_sec);
	}
}

int mkd_e4_inode_new(struct mkd_e4 *e, mode_t mode, struct mkd_e4_inode *ret, struct mkd_err *err)
{
	struct ext2_super_block *sb = e->fs->super;
	ext2_ino_t no = EXT2_FIRST_INODE(sb);
	errcode_t code;

	if (e->free_inode > no)
		no = e->free_inode;
	code = sb->s_free_inodes_count && no <= sb->s_inodes_count
		       ? ext2fs_find_first_zero_inode_bitmap2(e->fs->inode_map, no,
							      sb->s_inodes_count, &no)
		       : ENOENT;
	if (code == ENOENT)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"all %u inodes of the file system are in use; give it more",
				sb->s_inodes_count);
	if (code)
		return mkd_e4_fail(code, "looking for a free inode", err);
	ext2fs_inode_alloc_stats2(e->fs, no, +1, S_ISDIR(mode));
	e->free_inode = no + 1;
	memset(ret, 0, sizeof(*ret));
	ret->no = no;
	fill_new(e, mode, ret);
	return 0;
}

int mkd_e4_inode_free(struct mkd_e4 *e, struct mkd_e4_inode *i, struct mkd_err *err)
{
	bool dir = LINUX_S_ISDIR(MKD_E4_IN(i)->i_mode);

	ext2fs_inode_alloc_stats2(e->fs, i->no, -1, dir);
	if (i->no < e->free_inode)
		e->free_inode = i->no;
	memset(i->raw, 0, sizeof(i->raw));
	return mkd_e4_inode_write(e, i, err);
}

int mkd_e4_blocks_take(struct mkd_e4 *e, size_t n, uint64_t *ret, struct mkd_err *err)
{
	struct ext2_super_block *sb = e->fs->super;
	uint64_t last = ext2fs_blocks_count(sb) - 1;
	uint64_t left = ext2fs_free_blocks_count(sb);
	blk64_t at = e->free_block;
	char need_text[32], left_text[32];

	if (n > left)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"it needs %s and the file system has %s left; give it more room",
				mkd_size_format(n * e->fs->blocksize, need_text),
				mkd_size_format(left * e->fs->blocksize, left_text));
	if (at < sb->s_first_data_block)
		at = sb->s_first_data_block;
	for (size_t i = 0; i < n; i++) {
		errcode_t code = at > last ? ENOENT
					   : ext2fs_find_first_zero_block_bitmap2(e->fs->block_map,
										  at, last, &at);

		if (code) { /* fewer than the superblock says */
			mkd_e4_blocks_free(e, i, ret);
			return mkd_e4_fail(EXT2_FILSYS_CORRUPTED, "looking for a free block", err);
		}
		ext2fs_block_alloc_stats2(e->fs, at, +1);
		ret[i] = at++;
	}
	if (n)
		e->free_block = at;
	return 0;
}

void mkd_e4_blocks_free(struct mkd_e4 *e, size_t n, const uint64_t *blocks)
{
	for (size_t i = 0; i < n; i++) {
		ext2fs_block_alloc_stats2(e->fs, blocks[i], -1);
		if (blocks[i] < e->free_block)
			e->free_block = blocks[i];
	}
}

int mkd_e4_blocks_write(struct mkd_e4 *e, size_t n, const uint64_t *blocks, const void *data,
			struct mkd_err *err)
{
	const uint8_t *from = data;

	for (size_t i = 0, run; i < n; i += run) {
		errcode_t code;

		for (run = 1; i + run < n && run < 1024 && blocks[i + run] == blocks[i] + run;)
			run++;
		code = io_channel_write_blk64(e->fs->io, blocks[i], (int)run,
					      from + i * e->fs->blocksize);
		if (code)
			return mkd_e4_fail(code, "writing blocks", err);
	}
	return 0;
}
