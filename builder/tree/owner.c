/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/owner.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_ops.h"
#include "mkdomu/ui.h"

#define PATH_SHOWN 560

DEFINE_CLEANUP(close_scanp, ext2_inode_scan, ext2fs_close_inode_scan)

/* -- the path of an inode -- */

struct search {
	ext2_ino_t want;
	bool found;
};

/* NOLINTNEXTLINE(readability-function-size): a callback of libext2fs */
static int look(ext2_ino_t dir, int entry, struct ext2_dir_entry *de, int offset, int blocksize,
		char *buf, void *arg)
{
	struct search *s = arg;

	(void)dir;
	(void)offset;
	(void)blocksize;
	(void)buf;
	if (entry == DIRENT_OTHER_FILE && de->inode == s->want)
		s->found = true;
	return s->found ? DIRENT_ABORT : 0;
}

/* Calls fn for each inode in use until it gives something else than 0, which is returned. */
static int each_inode(struct mkd_e4 *e,
		      int (*fn)(struct mkd_e4 *e, ext2_ino_t ino, struct ext2_inode *in, void *arg),
		      void *arg, struct mkd_err *err)
{
	cleanup(close_scanp) ext2_inode_scan scan = NULL;
	errcode_t code = ext2fs_open_inode_scan(e->fs, 0, &scan);

	while (!code) {
		struct ext2_inode in;
		ext2_ino_t ino = 0;
		int r = 0;

		code = ext2fs_get_next_inode(scan, &ino, &in);
		if (!code && !ino)
			return 0;
		if (!code && in.i_links_count)
			r = fn(e, ino, &in, arg);
		if (r == 0 && ino % 4096 == 0)
			r = mkd_check_signal(err);
		if (r)
			return r;
	}
	return mkd_e4_fail(code, "reading the inodes", err);
}

struct parent {
	struct search s;
	ext2_ino_t dir;
};

/* A damaged folder is skipped: it is looked through for a message only. */
static int is_parent(struct mkd_e4 *e, ext2_ino_t ino, struct ext2_inode *in, void *arg)
{
	struct parent *p = arg;

	if (!LINUX_S_ISDIR(in->i_mode))
		return 0;
	(void)ext2fs_dir_iterate2(e->fs, ino, 0, NULL, look, &p->s);
	p->dir = p->s.found ? ino : 0;
	return p->s.found;
}

static int path_of(struct mkd_e4 *e, ext2_ino_t ino, char ret[static PATH_SHOWN],
		   struct mkd_err *err)
{
	struct parent p = { .s.want = ino };
	char *path = NULL;
	int r;

	(void)snprintf(ret, PATH_SHOWN, "a file without a name");
	if (ino == EXT2_ROOT_INO) {
		(void)snprintf(ret, PATH_SHOWN, "/");
		return 0;
	}
	r = each_inode(e, is_parent, &p, err);
	if (r < 0)
		return r;
	if (p.dir && ext2fs_get_pathname(e->fs, p.dir, ino, &path) == 0)
		(void)snprintf(ret, PATH_SHOWN, "%s", path);
	ext2fs_free_mem(&path);
	return 0;
}

/* -- fixed structures -- */

struct place {
	blk64_t block;
	uint64_t in_block;
};

static struct place place_of(ext2_filsys fs, uint64_t at_bytes)
{
	return (struct place){ at_bytes / fs->blocksize, at_bytes % fs->blocksize };
}

/* The superblock or descriptors of group g? *ret gets the words. */
static bool in_super(ext2_filsys fs, dgrp_t g, struct place p, char ret[static MKD_OWNER_MAX])
{
	blk64_t super = 0, old = 0, new = 0;
	blk_t used = 0;
	char copy[48] = "";
	blk64_t desc;

	(void)ext2fs_super_and_bgd_loc2(fs, g, &super, &old, &new, &used);
	if (g)
		(void)snprintf(copy, sizeof(copy), " (copy in group %u)", g);
	if (ext2fs_bg_has_super(fs, g) && p.block == super) {
		(void)snprintf(ret, MKD_OWNER_MAX, "superblock%s", copy);
		return true;
	}
	if (!old || p.block < old || p.block >= old + fs->desc_blocks)
		return false;
	desc = ((p.block - old) * fs->blocksize + p.in_block) / EXT2_DESC_SIZE(fs->super);
	(void)snprintf(ret, MKD_OWNER_MAX, "group descriptor %" PRIu64 "%s", (uint64_t)desc, copy);
	return true;
}

static bool in_group(ext2_filsys fs, dgrp_t g, struct place p, char ret[static MKD_OWNER_MAX])
{
	if (in_super(fs, g, p, ret))
		return true;
	if (p.block == ext2fs_block_bitmap_loc(fs, g))
		(void)snprintf(ret, MKD_OWNER_MAX, "block bitmap of group %u", g);
	else if (p.block == ext2fs_inode_bitmap_loc(fs, g))
		(void)snprintf(ret, MKD_OWNER_MAX, "inode bitmap of group %u", g);
	else
		return false;
	return true;
}

/* The inode whose bytes these are, or 0. */
static ext2_ino_t inode_at(ext2_filsys fs, struct place p, uint64_t *ret_left)
{
	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		blk64_t table = ext2fs_inode_table_loc(fs, g);
		uint64_t at;

		if (p.block < table || p.block >= table + fs->inode_blocks_per_group)
			continue;
		at = (p.block - table) * fs->blocksize + p.in_block;
		*ret_left = EXT2_INODE_SIZE(fs->super) - at % EXT2_INODE_SIZE(fs->super);
		return g * EXT2_INODES_PER_GROUP(fs->super) +
		       (ext2_ino_t)(at / EXT2_INODE_SIZE(fs->super)) + 1;
	}
	return 0;
}

static int name_inode(struct mkd_e4 *e, ext2_ino_t ino, char ret[static MKD_OWNER_MAX],
		      struct mkd_err *err)
{
	char path[PATH_SHOWN];
	int r;

	if (ino == e->fs->super->s_journal_inum)
		(void)snprintf(ret, MKD_OWNER_MAX, "inode %u = the journal", ino);
	else if (!ext2fs_test_inode_bitmap2(e->fs->inode_map, ino))
		(void)snprintf(ret, MKD_OWNER_MAX, "inode %u, which is free", ino);
	else if (ino < EXT2_FIRST_INO(e->fs->super) && ino != EXT2_ROOT_INO)
		(void)snprintf(ret, MKD_OWNER_MAX, "inode %u, which is reserved", ino);
	else {
		r = path_of(e, ino, path, err);
		if (r < 0)
			return r;
		(void)snprintf(ret, MKD_OWNER_MAX, "inode %u = %s", ino, path);
	}
	return 0;
}

/* -- blocks of files -- */

struct holder {
	blk64_t block;
	ext2_ino_t ino;
	struct ext2_inode in;
	e2_blkcnt_t count; /* its number in the file; negative = of the map; LLONG_MIN = xattrs */
	bool found;
};

static int compare_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t count, blk64_t ref,
			 int ref_offset, void *arg)
{
	struct holder *h = arg;

	(void)fs;
	(void)ref;
	(void)ref_offset;
	if (*block != h->block)
		return 0;
	h->count = count;
	h->found = true;
	return BLOCK_ABORT;
}

static int holds(struct mkd_e4 *e, ext2_ino_t ino, struct ext2_inode *in, void *arg)
{
	struct holder *h = arg;

	if (ext2fs_file_acl_block(e->fs, in) == h->block) {
		h->count = INT64_MIN;
		h->found = true;
	} else if (ext2fs_inode_has_valid_blocks2(e->fs, in)) {
		(void)ext2fs_block_iterate3(e->fs, ino, BLOCK_FLAG_READ_ONLY, NULL, compare_block,
					    h);
	}
	h->ino = ino;
	h->in = *in;
	return h->found;
}

static int name_holder(struct mkd_e4 *e, const struct holder *h, uint64_t in_block,
		       char ret[static MKD_OWNER_MAX], struct mkd_err *err)
{
	uint64_t at = (uint64_t)h->count * e->fs->blocksize + in_block;
	char path[PATH_SHOWN];
	int r = path_of(e, h->ino, path, err);

	if (r < 0)
		return r;
	if (h->count == INT64_MIN)
		(void)snprintf(ret, MKD_OWNER_MAX, "extended attributes of %s", path);
	else if (h->count < 0)
		(void)snprintf(ret, MKD_OWNER_MAX, "extent tree of %s", path);
	else if (LINUX_S_ISDIR(h->in.i_mode))
		(void)snprintf(ret, MKD_OWNER_MAX, "directory block %" PRId64 " of %s",
			       (int64_t)h->count, path);
	else if (LINUX_S_ISLNK(h->in.i_mode))
		(void)snprintf(ret, MKD_OWNER_MAX, "text of the symlink %s", path);
	else
		(void)snprintf(ret, MKD_OWNER_MAX, "content of %s at byte %" PRIu64, path, at);
	return 0;
}

static int name_block(struct mkd_e4 *e, struct place p, char ret[static MKD_OWNER_MAX],
		      struct mkd_err *err)
{
	struct holder h = { .block = p.block };
	int r = each_inode(e, holds, &h, err);

	if (r < 0)
		return r;
	if (!h.found)
		(void)snprintf(ret, MKD_OWNER_MAX, "block %" PRIu64 ", which has no owner",
			       (uint64_t)p.block);
	else if (h.ino == e->fs->super->s_journal_inum)
		(void)snprintf(ret, MKD_OWNER_MAX, "journal at byte %" PRIu64,
			       (uint64_t)h.count * e->fs->blocksize + p.in_block);
	else if (h.ino == EXT2_RESIZE_INO)
		(void)snprintf(ret, MKD_OWNER_MAX, "space for more group descriptors");
	else
		return name_holder(e, &h, p.in_block, ret, err);
	return 0;
}

static int find(struct mkd_e4 *e, uint64_t at_bytes, char ret[static MKD_OWNER_MAX],
		struct mkd_err *err)
{
	struct place p = place_of(e->fs, at_bytes);
	errcode_t code = ext2fs_read_bitmaps(e->fs);
	uint64_t left = 0;
	ext2_ino_t ino;

	if (code)
		return mkd_e4_fail(code, "reading the bitmaps", err);
	for (dgrp_t g = 0; g < e->fs->group_desc_count; g++)
		if (in_group(e->fs, g, p, ret))
			return 0;
	ino = inode_at(e->fs, p, &left);
	return ino ? name_inode(e, ino, ret, err) : name_block(e, p, ret, err);
}

int mkd_owner_find(struct mkd_tree *t, uint64_t at_bytes, char ret[static MKD_OWNER_MAX],
		   struct mkd_err *err)
{
	struct mkd_e4 *e = mkd_e4_of(t);
	int r = find(e, at_bytes, ret, err);

	if (r < 0 && r != -EINTR && r != -ENOMEM)
		r = mkd_wrap(err, "cannot tell what byte %" PRIu64 " of '%s' is", at_bytes,
			     e->name);
	return r;
}

uint64_t mkd_owner_span(struct mkd_tree *t, uint64_t at_bytes)
{
	ext2_filsys fs = mkd_e4_of(t)->fs;
	struct place p = place_of(fs, at_bytes);
	uint64_t left = fs->blocksize - p.in_block;

	(void)inode_at(fs, p, &left);
	return left;
}
