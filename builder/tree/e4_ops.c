/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_ops.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_edit.h"
#include "mkdomu/tree_walk.h"

static int lookup(void *ctx, uint64_t dir, const char *name, struct mkd_node *ret,
		  struct mkd_err *err)
{
	cleanup_e4_dir struct mkd_e4_dir d = { 0 };
	struct mkd_e4_inode i;
	uint32_t no = 0;
	int r = mkd_e4_dir_open(ctx, (uint32_t)dir, &d, err);

	if (r == 0)
		r = mkd_e4_dir_find(&d, name, &no, err);
	if (r == 1)
		r = mkd_e4_inode_read(ctx, no, &i, err);
	if (r < 0)
		return r;
	*ret = (struct mkd_node){ .id = no };
	if (no)
		ret->type = S_ISDIR(mkd_e4_mode(&i))   ? MKD_NODE_DIR
			    : S_ISLNK(mkd_e4_mode(&i)) ? MKD_NODE_LINK
						       : MKD_NODE_OTHER;
	return 0;
}

/* Append the content of a file, or the text of a slow symlink. */
int mkd_e4_read_data(struct mkd_e4 *e, const struct mkd_e4_inode *i, struct mkd_buf *ret,
		     struct mkd_err *err)
{
	cleanup_free char *piece = mkd_e4_zeros(1, 64 * KIB);
	ext2_file_t f = NULL;
	unsigned got = 1;
	errcode_t code;

	if (!piece)
		return mkd_nomem(err);
	code = ext2fs_file_open2(e->fs, i->no, MKD_E4_IN_SMALL(i), 0, &f);
	while (!code && got) {
		code = ext2fs_file_read(f, piece, 64 * KIB, &got);
		if (!code)
			mkd_buf_add(ret, piece, got);
		if (ret->failed)
			code = EXT2_ET_NO_MEMORY;
	}
	if (f)
		(void)ext2fs_file_close(f);
	return code ? mkd_e4_fail(code, "reading its content", err) : 0;
}

int mkd_e4_read_link(void *ctx, uint64_t link, struct mkd_buf *ret, struct mkd_err *err)
{
	struct mkd_e4 *e = ctx;
	struct mkd_e4_inode i;
	int r = mkd_e4_inode_read(e, (uint32_t)link, &i, err);

	if (r < 0)
		return r;
	if (EXT2_I_SIZE(MKD_E4_IN(&i)) > MKD_PATH_MAX + 1)
		return mkd_e4_fail(EXT2_ET_INODE_CORRUPTED, "reading a symlink", err);
	if (!mkd_e4_is_fast_link(e, &i))
		return mkd_e4_read_data(e, &i, ret, err);
	mkd_buf_add(ret, MKD_E4_IN(&i)->i_block, EXT2_I_SIZE(MKD_E4_IN(&i)));
	return mkd_buf_check(ret, err);
}

int mkd_e4_walk(struct mkd_tree *t, const char *path, bool follow, struct mkd_walk *at,
		struct mkd_err *err)
{
	const struct mkd_walk_fs fs = {
		.ctx = t, .root = MKD_E4_ROOT, .lookup = lookup, .readlink = mkd_e4_read_link
	};

	return mkd_walk(&fs, path, follow, at, err);
}

/* The inode at path, which must be there. */
int mkd_e4_get(struct mkd_tree *t, const char *path, bool follow, struct mkd_e4_inode *ret,
	       struct mkd_err *err)
{
	struct mkd_walk at;
	int r = mkd_e4_walk(t, path, follow, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_NONE)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "there is no '%s'", at.name);
	return mkd_e4_inode_read(mkd_e4_of(t), (uint32_t)at.node.id, ret, err);
}

int mkd_e4_must_be_file(const struct mkd_e4_inode *i, struct mkd_err *err)
{
	if (S_ISDIR(mkd_e4_mode(i)))
		return mkd_fail(err, MKD_EXIT_HOOK, EISDIR, "it is a folder");
	if (!S_ISREG(mkd_e4_mode(i)))
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is not a regular file");
	return 0;
}

static int op_stat(struct mkd_tree *t, const char *path, bool follow, struct mkd_tree_stat *ret,
		   struct mkd_err *err)
{
	struct mkd_e4_inode i = { 0 };
	int r = mkd_e4_get(t, path, follow, &i, err);

	if (r == 0)
		*ret = (struct mkd_tree_stat){
			.mode = mkd_e4_mode(&i),
			.uid = inode_uid(*MKD_E4_IN(&i)),
			.gid = inode_gid(*MKD_E4_IN(&i)),
			.size_bytes = EXT2_I_SIZE(MKD_E4_IN(&i)),
		};
	return r;
}

static int op_read(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		   struct mkd_err *err)
{
	struct mkd_e4_inode i = { 0 };
	int r = mkd_e4_get(t, path, true, &i, err);

	if (r == 0)
		r = mkd_e4_must_be_file(&i, err);
	if (r < 0)
		return r;
	if (EXT2_I_SIZE(MKD_E4_IN(&i)) > max_bytes)
		return mkd_fail(err, MKD_EXIT_HOOK, EFBIG,
				"it has %llu bytes, over the limit of %zu bytes",
				(unsigned long long)EXT2_I_SIZE(MKD_E4_IN(&i)), max_bytes);
	return mkd_e4_read_data(mkd_e4_of(t), &i, ret, err);
}

static int op_readlink(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
		       struct mkd_err *err)
{
	struct mkd_walk at;
	int r = mkd_e4_walk(t, path, false, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_NONE)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "there is no '%s'", at.name);
	if (at.node.type != MKD_NODE_LINK)
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is not a symlink");
	return mkd_e4_read_link(t, at.node.id, ret, err);
}

struct lister {
	struct mkd_strv *names;
	struct mkd_err *err;
};

static int list_name(void *arg, const struct mkd_e4_entry *entry)
{
	struct lister *l = arg;
	char text[MKD_NAME_MAX + 1];

	memcpy(text, entry->name, entry->len);
	text[entry->len] = '\0';
	return mkd_strv_add(l->names, text, l->err);
}

static int op_list(struct mkd_tree *t, const char *path, struct mkd_strv *ret, struct mkd_err *err)
{
	cleanup_e4_dir struct mkd_e4_dir d = { 0 };
	struct lister l = { ret, err };
	struct mkd_walk at;
	int r = mkd_e4_walk(t, path, true, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_NONE)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "there is no '%s'", at.name);
	r = mkd_e4_dir_open(mkd_e4_of(t), (uint32_t)at.node.id, &d, err);
	return r < 0 ? r : mkd_e4_dir_each(&d, list_name, &l, err);
}

const struct mkd_tree_ops mkd_e4_ops = {
	.stat = op_stat,
	.read = op_read,
	.readlink = op_readlink,
	.list = op_list,
	.write = mkd_e4_write,
	.symlink = mkd_e4_symlink,
	.mkdir = mkd_e4_mkdir,
	.remove = mkd_e4_remove,
	.chmod = mkd_e4_chmod,
	.chown = mkd_e4_chown,
};
