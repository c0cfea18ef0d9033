/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/owned.h"

#include <errno.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_ops.h"
#include "mkdomu/ui.h"

DEFINE_CLEANUP(free_bitmapp, ext2fs_block_bitmap, ext2fs_free_block_bitmap)
DEFINE_CLEANUP(close_scanp, ext2_inode_scan, ext2fs_close_inode_scan)

uint64_t mkd_owned_size(struct mkd_tree *t)
{
	ext2_filsys fs = mkd_e4_of(t)->fs;

	return ext2fs_blocks_count(fs->super) * fs->blocksize;
}

struct drop {
	ext2_filsys fs;
	ext2fs_block_bitmap map;
	bool journal;
	int failed; /* EUCLEAN once a block is out of range */
};

static int drop_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count, blk64_t ref,
		      int ref_offset, void *arg)
{
	struct drop *d = arg;

	(void)ref;
	(void)ref_offset;
	if (*block < fs->super->s_first_data_block || *block >= ext2fs_blocks_count(fs->super)) {
		d->failed = EUCLEAN;
		return BLOCK_ABORT;
	}
	if (!d->journal || count > 0)
		ext2fs_unmark_block_bitmap2(d->map, *block);
	return 0;
}

/* Take a regular file's blocks, or the journal's, out of the map. */
static int drop_content(struct drop *d, ext2_ino_t ino, struct ext2_inode *in, struct mkd_err *err)
{
	bool special = ino < EXT2_FIRST_INO(d->fs->super);
	errcode_t code;

	d->journal = ino == d->fs->super->s_journal_inum;
	if (!LINUX_S_ISREG(in->i_mode) || (special && !d->journal) || !in->i_links_count ||
	    !ext2fs_inode_has_valid_blocks2(d->fs, in) || in->i_flags & EXT4_INLINE_DATA_FL)
		return 0;
	code = ext2fs_block_iterate3(d->fs, ino, BLOCK_FLAG_DATA_ONLY | BLOCK_FLAG_READ_ONLY, NULL,
				     drop_block, d);
	if (code)
		return mkd_e4_fail(code, "reading a file's blocks", err);
	if (d->failed)
		return mkd_fail(err, MKD_EXIT_IO, EUCLEAN,
				"inode %u has a block that the file system does not have", ino);
	return 0;
}

static int drop_all(struct drop *d, struct mkd_err *err)
{
	cleanup(close_scanp) ext2_inode_scan scan = NULL;
	errcode_t code = ext2fs_open_inode_scan(d->fs, 0, &scan);

	while (!code) {
		struct ext2_inode in;
		ext2_ino_t ino = 0;
		int r = 0;

		code = ext2fs_get_next_inode(scan, &ino, &in);
		if (!code && !ino)
			return 0;
		if (!code)
			r = drop_content(d, ino, &in, err);
		if (r == 0 && ino % 4096 == 0)
			r = mkd_check_signal(err);
		if (r < 0)
			return r;
	}
	return mkd_e4_fail(code, "reading the inodes", err);
}

static int each_run(ext2_filsys fs, ext2fs_block_bitmap map, const struct mkd_owned_visit *v,
		    struct mkd_err *err)
{
	blk64_t last = ext2fs_blocks_count(fs->super) - 1, start = 0, end;
	int r = 0;

	for (end = fs->super->s_first_data_block; r == 0 && end <= last;) {
		if (ext2fs_find_first_set_block_bitmap2(map, end, last, &start) != 0)
			break;
		if (ext2fs_find_first_zero_block_bitmap2(map, start, last, &end) != 0)
			end = last + 1;
		r = v->run(v->arg, start * fs->blocksize, (end - start) * fs->blocksize, err);
	}
	return r;
}

static int visit(struct mkd_e4 *e, const struct mkd_owned_visit *v, struct mkd_err *err)
{
	cleanup(free_bitmapp) ext2fs_block_bitmap map = NULL;
	struct drop d = { .fs = e->fs };
	errcode_t code = ext2fs_read_bitmaps(e->fs);
	int r;

	if (code)
		return mkd_e4_fail(code, "reading the bitmaps", err);
	if (v->content)
		return each_run(e->fs, e->fs->block_map, v, err);
	code = ext2fs_copy_bitmap(e->fs->block_map, &map);
	if (code)
		return mkd_e4_fail(code, "copying a bitmap", err);
	d.map = map;
	r = drop_all(&d, err);
	return r < 0 ? r : each_run(e->fs, map, v, err);
}

int mkd_owned_each(struct mkd_tree *t, const struct mkd_owned_visit *v, struct mkd_err *err)
{
	struct mkd_e4 *e = mkd_e4_of(t);
	int r = visit(e, v, err);

	if (r < 0 && r != -EINTR && r != -ENOMEM)
		r = mkd_wrap(err, "cannot tell the blocks of '%s'", e->name);
	return r;
}
