/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_edit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_acl.h"
#include "mkdomu/e4_ops.h"

#define LINKS_MAX 65000 /* EXT4_LINK_MAX of the kernel */
/* Longest file that is written; there is one copy in memory beside the caller's. */
#define WRITE_MAX (64 * MIB)

static int there_already(struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_HOOK, EEXIST, "something else is there already");
}

/* Blocks with data in them, and the inode (in memory) that names them; what it had is not freed. */
static int set_data(struct mkd_e4 *e, struct mkd_e4_inode *i, const void *data, size_t len,
		    struct mkd_err *err)
{
	size_t size = e->fs->blocksize, n = (len + size - 1) / size, whole = len / size;
	cleanup_free uint64_t *blocks = mkd_e4_zeros(n + 1, sizeof(*blocks));
	cleanup_free uint8_t *last = mkd_e4_zeros(1, size);
	int r;

	if (!blocks || !last)
		return mkd_nomem(err);
	r = mkd_e4_blocks_take(e, n, blocks, err);
	if (r < 0)
		return r;
	r = mkd_e4_map_set(e, i, n, blocks, err);
	if (r < 0) {
		mkd_e4_blocks_free(e, n, blocks);
		return r;
	}
	r = mkd_e4_blocks_write(e, whole, blocks, data, err);
	if (r == 0 && n > whole) {
		memcpy(last, (const uint8_t *)data + whole * size, len - whole * size);
		r = mkd_e4_blocks_write(e, 1, blocks + whole, last, err);
	}
	if (r == 0 && ext2fs_inode_size_set(e->fs, MKD_E4_IN_SMALL(i), (ext2_off64_t)len))
		r = mkd_e4_fail(EXT2_ET_FILE_TOO_BIG, "writing its size", err);
	return r;
}

/* Put a finished inode into a folder under a name. */
static int enter(struct mkd_e4 *e, const struct mkd_walk *at, const struct mkd_e4_inode *i,
		 unsigned type, struct mkd_err *err)
{
	cleanup_e4_dir struct mkd_e4_dir d = { 0 };
	struct mkd_e4_entry entry;
	struct ext2_inode_large *in;
	int r = mkd_e4_dir_open(e, (uint32_t)at->dir, &d, err);

	if (r < 0)
		return r;
	in = MKD_E4_IN(&d.inode);
	if (type == EXT2_FT_DIR && in->i_links_count != 1) { /* 1: over the limit, not counted */
		if (in->i_links_count < LINKS_MAX)
			in->i_links_count++;
		else if (ext2fs_has_feature_dir_nlink(e->fs->super))
			in->i_links_count = 1;
		else
			return mkd_fail(err, MKD_EXIT_HOOK, EMLINK,
					"the folder has %d folders in it, the most that fit",
					LINKS_MAX - 2);
	}
	entry = (struct mkd_e4_entry){ at->name, strlen(at->name), i->no, type };
	r = mkd_e4_dir_add(&d, &entry, err);
	return r < 0 ? r : mkd_e4_inode_write(e, i, err);
}

/* Undo a new inode that found no place. Errors are kept as they are: *err is the first one's. */
static void drop_new(struct mkd_e4 *e, struct mkd_e4_inode *i)
{
	cleanup_e4_map struct mkd_e4_map m = { 0 };
	struct mkd_err ignored;

	if (mkd_e4_inode_write(e, i, &ignored) < 0 || mkd_e4_map_read(e, i, &m, &ignored) < 0) {
		e->broken = true;
		return;
	}
	mkd_e4_map_release(e, &m);
	if (mkd_e4_inode_free(e, i, &ignored) < 0)
		e->broken = true;
}

static int make_file(struct mkd_e4 *e, const struct mkd_walk *at, mode_t mode, const void *data,
		     size_t len, struct mkd_err *err)
{
	struct mkd_e4_inode i;
	int r = mkd_e4_inode_new(e, S_IFREG | mode, &i, err);

	if (r < 0)
		return r;
	r = mkd_e4_map_set(e, &i, 0, NULL, err); /* an empty tree, so that it can be dropped */
	if (r == 0)
		r = set_data(e, &i, data, len, err);
	if (r == 0)
		r = enter(e, at, &i, EXT2_FT_REG_FILE, err);
	if (r < 0)
		drop_new(e, &i);
	return r;
}

static int replace(struct mkd_e4 *e, uint32_t no, const void *data, size_t len, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf now = { 0 };
	cleanup_e4_map struct mkd_e4_map old = { 0 };
	struct mkd_e4_inode i;
	int r = mkd_e4_inode_read(e, no, &i, err);

	if (r == 0)
		r = mkd_e4_must_be_file(&i, err);
	if (r == 0 && EXT2_I_SIZE(MKD_E4_IN(&i)) == len)
		r = mkd_e4_read_data(e, &i, &now, err);
	if (r < 0)
		return r;
	if (EXT2_I_SIZE(MKD_E4_IN(&i)) == len &&
	    (!len || (now.data && now.len == len && memcmp(now.data, data, len) == 0)))
		return 0;
	r = mkd_e4_writable(e, err);
	if (r == 0)
		r = mkd_e4_map_read(e, &i, &old, err);
	if (r == 0)
		r = set_data(e, &i, data, len, err);
	if (r < 0)
		return r;
	mkd_e4_inode_touch(e, &i, true);
	r = mkd_e4_inode_write(e, &i, err);
	if (r == 0)
		mkd_e4_map_release(e, &old);
	return r;
}

static int do_write(struct mkd_tree *t, const char *path, const void *data, size_t len, mode_t mode,
		    struct mkd_err *err)
{
	struct mkd_walk at;
	int r;

	if (len > WRITE_MAX)
		return mkd_fail(err, MKD_EXIT_HOOK, EFBIG,
				"it would have %zu bytes, over the limit of 64 MiB", len);
	r = mkd_e4_walk(t, path, true, &at, err);
	if (r < 0)
		return r;
	if (at.node.type != MKD_NODE_NONE)
		return replace(mkd_e4_of(t), (uint32_t)at.node.id, data, len, err);
	r = mkd_e4_writable(mkd_e4_of(t), err);
	return r < 0 ? r : make_file(mkd_e4_of(t), &at, mode, data, len, err);
}

static int make_link(struct mkd_e4 *e, const struct mkd_walk *at, const char *target,
		     struct mkd_err *err)
{
	size_t len = strlen(target);
	struct mkd_e4_inode i;
	int r = mkd_e4_inode_new(e, S_IFLNK | 0777, &i, err);

	if (r < 0)
		return r;
	if (len < sizeof(MKD_E4_IN(&i)->i_block)) {
		memcpy(MKD_E4_IN(&i)->i_block, target, len);
		MKD_E4_IN(&i)->i_size = (uint32_t)len;
	} else {
		r = mkd_e4_map_set(e, &i, 0, NULL, err);
		if (r == 0)
			r = set_data(e, &i, target, len, err);
	}
	if (r == 0)
		r = enter(e, at, &i, EXT2_FT_SYMLINK, err);
	if (r < 0)
		drop_new(e, &i);
	return r;
}

static int do_symlink(struct mkd_tree *t, const char *target, const char *path, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_e4 *e = mkd_e4_of(t);
	struct mkd_walk at;
	int r;

	if (strlen(target) >= e->fs->blocksize)
		return mkd_fail(err, MKD_EXIT_HOOK, ENAMETOOLONG,
				"its target is longer than %u bytes", e->fs->blocksize - 1);
	r = mkd_e4_walk(t, path, false, &at, err);
	if (r == 0 && at.node.type == MKD_NODE_LINK)
		r = mkd_e4_read_link(e, at.node.id, &text, err);
	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_LINK && strcmp(mkd_buf_cstr(&text), target) == 0)
		return 0;
	if (at.node.type != MKD_NODE_NONE)
		return there_already(err);
	r = mkd_e4_writable(e, err);
	return r < 0 ? r : make_link(e, &at, target, err);
}

static int make_folder(struct mkd_e4 *e, const struct mkd_walk *at, mode_t mode,
		       struct mkd_err *err)
{
	struct mkd_e4_inode i;
	int r = mkd_e4_writable(e, err);

	if (r == 0)
		r = mkd_e4_inode_new(e, S_IFDIR | mode, &i, err);
	if (r < 0)
		return r;
	r = mkd_e4_map_set(e, &i, 0, NULL, err);
	if (r == 0)
		r = mkd_e4_dir_init(e, &i, (uint32_t)at->dir, err);
	if (r == 0)
		r = enter(e, at, &i, EXT2_FT_DIR, err);
	if (r < 0)
		drop_new(e, &i);
	return r;
}

static int do_mkdir(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct mkd_walk at, to;
	int r = mkd_e4_walk(t, path, false, &at, err);

	if (r < 0 || at.node.type == MKD_NODE_DIR)
		return r;
	if (at.node.type == MKD_NODE_LINK) {
		r = mkd_e4_walk(t, path, true, &to, err);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && to.node.type == MKD_NODE_DIR)
			return 0;
	}
	if (at.node.type != MKD_NODE_NONE)
		return there_already(err);
	return make_folder(mkd_e4_of(t), &at, mode, err);
}

static int not_empty(void *arg, const struct mkd_e4_entry *entry)
{
	(void)entry;
	return mkd_fail(arg, MKD_EXIT_HOOK, ENOTEMPTY, "the folder is not empty");
}

static int check_empty(struct mkd_e4 *e, uint32_t no, struct mkd_err *err)
{
	cleanup_e4_dir struct mkd_e4_dir d = { 0 };
	int r = mkd_e4_dir_open(e, no, &d, err);

	return r < 0 ? r : mkd_e4_dir_each(&d, not_empty, err, err);
}

/* Take the name out of its folder. */
static int leave(struct mkd_e4 *e, const struct mkd_walk *at, struct mkd_err *err)
{
	cleanup_e4_dir struct mkd_e4_dir d = { 0 };
	int r = mkd_e4_dir_open(e, (uint32_t)at->dir, &d, err);

	if (r < 0)
		return r;
	if (at->node.type == MKD_NODE_DIR && MKD_E4_IN(&d.inode)->i_links_count > 2)
		MKD_E4_IN(&d.inode)->i_links_count--;
	return mkd_e4_dir_remove(&d, at->name, err);
}

/* Free an inode that has no name any more, and all that it owns. */
static int discard(struct mkd_e4 *e, struct mkd_e4_inode *i, struct mkd_err *err)
{
	cleanup_e4_map struct mkd_e4_map m = { 0 };
	errcode_t code = 0;
	int r = mkd_e4_map_read(e, i, &m, err);

	if (r < 0)
		return r;
	mkd_e4_map_release(e, &m);
	if (ext2fs_file_acl_block(e->fs, MKD_E4_IN_SMALL(i)))
		code = ext2fs_free_ext_attr(e->fs, i->no, MKD_E4_IN(i));
	return code ? mkd_e4_fail(code, "freeing its attributes", err)
		    : mkd_e4_inode_free(e, i, err);
}

static int do_remove(struct mkd_tree *t, const char *path, struct mkd_err *err)
{
	struct mkd_e4 *e = mkd_e4_of(t);
	struct mkd_e4_inode i;
	struct mkd_walk at;
	int r = mkd_e4_walk(t, path, false, &at, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || at.node.type == MKD_NODE_NONE)
		return r;
	r = mkd_e4_inode_read(e, (uint32_t)at.node.id, &i, err);
	if (r == 0 && at.node.type == MKD_NODE_DIR)
		r = check_empty(e, i.no, err);
	if (r == 0)
		r = mkd_e4_writable(e, err);
	if (r == 0)
		r = leave(e, &at, err);
	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_DIR || MKD_E4_IN(&i)->i_links_count < 2)
		return discard(e, &i, err);
	MKD_E4_IN(&i)->i_links_count--;
	mkd_e4_inode_touch(e, &i, false);
	return mkd_e4_inode_write(e, &i, err);
}

/* Write the inode when it is not as before. */
static int update(struct mkd_e4 *e, const struct mkd_e4_inode *before, struct mkd_e4_inode *i,
		  struct mkd_err *err)
{
	int r;

	if (memcmp(before->raw, i->raw, sizeof(i->raw)) == 0)
		return 0;
	r = mkd_e4_writable(e, err);
	if (r < 0)
		return r;
	mkd_e4_inode_touch(e, i, false);
	return mkd_e4_inode_write(e, i, err);
}

static int do_chmod(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct mkd_e4_inode i = { 0 }, before;
	int r = mkd_e4_get(t, path, true, &i, err);

	if (r < 0)
		return r;
	before = i;
	MKD_E4_IN(&i)->i_mode = (uint16_t)((mkd_e4_mode(&i) & (mode_t)S_IFMT) | mode);
	r = mkd_e4_acl_chmod(mkd_e4_of(t), &i, mode, err);
	return r < 0 ? r : update(mkd_e4_of(t), &before, &i, err);
}

static int do_chown(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
		    struct mkd_err *err)
{
	struct mkd_e4_inode i = { 0 }, before;
	struct ext2_inode_large *in = MKD_E4_IN(&i);
	int r = mkd_e4_get(t, path, true, &i, err);

	if (r < 0)
		return r;
	before = i;
	in->i_uid = (uint16_t)uid;
	ext2fs_set_i_uid_high(*in, (uint16_t)(uid >> 16));
	in->i_gid = (uint16_t)gid;
	ext2fs_set_i_gid_high(*in, (uint16_t)(gid >> 16));
	return update(mkd_e4_of(t), &before, &i, err);
}

/* Only these classes leave all as it was; after any other, half of a change may be in memory. */
static int settle(struct mkd_e4 *e, int r, const struct mkd_err *err)
{
	if (r < 0 && err->exit != MKD_EXIT_HOOK && err->exit != MKD_EXIT_NOSPACE)
		e->broken = true;
	return r;
}

int mkd_e4_write(struct mkd_tree *t, const char *path, const void *data, size_t len, mode_t mode,
		 struct mkd_err *err)
{
	return settle(mkd_e4_of(t), do_write(t, path, data, len, mode, err), err);
}

int mkd_e4_symlink(struct mkd_tree *t, const char *target, const char *path, struct mkd_err *err)
{
	return settle(mkd_e4_of(t), do_symlink(t, target, path, err), err);
}

int mkd_e4_mkdir(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	return settle(mkd_e4_of(t), do_mkdir(t, path, mode, err), err);
}

int mkd_e4_remove(struct mkd_tree *t, const char *path, struct mkd_err *err)
{
	return settle(mkd_e4_of(t), do_remove(t, path, err), err);
}

int mkd_e4_chmod(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	return settle(mkd_e4_of(t), do_chmod(t, path, mode, err), err);
}

int mkd_e4_chown(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
		 struct mkd_err *err)
{
	return settle(mkd_e4_of(t), do_chown(t, path, uid, gid, err), err);
}
