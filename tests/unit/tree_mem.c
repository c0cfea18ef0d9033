/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_mem_nodes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

static int op_stat(struct mkd_tree *t, const char *path, bool follow, struct mkd_tree_stat *ret,
		   struct mkd_err *err)
{
	struct node *n = NULL;
	int r = node_get(t, path, follow, &n, err);

	if (r == 0)
		*ret = (struct mkd_tree_stat){ n->mode, n->uid, n->gid, n->data.len };
	return r;
}

static int op_read(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		   struct mkd_err *err)
{
	struct node *n = NULL;
	int r = node_get(t, path, true, &n, err);

	if (r < 0)
		return r;
	if (S_ISDIR(n->mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EISDIR, "it is a folder");
	if (!S_ISREG(n->mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is not a regular file");
	if (n->data.len > max_bytes)
		return mkd_fail(err, MKD_EXIT_HOOK, EFBIG,
				"it has %zu bytes, over the limit of %zu bytes", n->data.len,
				max_bytes);
	mkd_buf_add(ret, n->data.data, n->data.len);
	return 0;
}

static int op_readlink(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
		       struct mkd_err *err)
{
	struct node *n = NULL;
	int r = node_get(t, path, false, &n, err);

	if (r < 0)
		return r;
	if (!S_ISLNK(n->mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is not a symlink");
	mkd_buf_add(ret, n->data.data, n->data.len);
	return 0;
}

static int op_list(struct mkd_tree *t, const char *path, struct mkd_strv *ret, struct mkd_err *err)
{
	struct node *n = NULL;
	int r = node_get(t, path, true, &n, err);

	if (r < 0)
		return r;
	if (!S_ISDIR(n->mode))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTDIR, "it is not a folder");
	for (size_t i = 0; i < n->n_names && r == 0; i++)
		r = mkd_strv_add(ret, n->names[i].name, err);
	return r;
}

static int op_write(struct mkd_tree *t, const char *path, const void *data, size_t len, mode_t mode,
		    struct mkd_err *err)
{
	struct tree_mem *m = mem(t);
	struct mkd_walk at;
	size_t node;
	int r = node_walk(t, path, true, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_DIR)
		return mkd_fail(err, MKD_EXIT_HOOK, EISDIR, "it is a folder");
	if (at.node.type == MKD_NODE_NONE) {
		r = node_room(m, 1, len, err);
		if (r < 0)
			return r;
		node = node_new(m, S_IFREG | mode);
		node_add_name(m, at.dir, at.name, node);
		node_set_data(m, node, data, len);
		return 0;
	}
	node = at.node.id;
	if (!S_ISREG(m->nodes[node].mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is not a regular file");
	if (m->nodes[node].data.len == len &&
	    (!len || memcmp(m->nodes[node].data.data, data, len) == 0))
		return 0;
	r = node_room(m, 0, len, err);
	if (r == 0)
		node_set_data(m, node, data, len);
	return r;
}

static int in_the_way(struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_HOOK, EEXIST, "something else is there already");
}

static int op_symlink(struct mkd_tree *t, const char *target, const char *path, struct mkd_err *err)
{
	struct tree_mem *m = mem(t);
	struct mkd_walk at;
	size_t node;
	int r = node_walk(t, path, false, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_LINK &&
	    strcmp(mkd_buf_cstr(&m->nodes[at.node.id].data), target) == 0)
		return 0;
	if (at.node.type != MKD_NODE_NONE)
		return in_the_way(err);
	r = node_room(m, 1, strlen(target), err);
	if (r < 0)
		return r;
	node = node_new(m, S_IFLNK | 0777);
	node_add_name(m, at.dir, at.name, node);
	node_set_data(m, node, target, strlen(target));
	return 0;
}

static int op_mkdir(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct tree_mem *m = mem(t);
	struct mkd_walk at, to;
	int r = node_walk(t, path, false, &at, err);

	if (r < 0 || at.node.type == MKD_NODE_DIR)
		return r;
	if (at.node.type == MKD_NODE_LINK) {
		r = node_walk(t, path, true, &to, err);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && to.node.type == MKD_NODE_DIR)
			return 0;
	}
	if (at.node.type != MKD_NODE_NONE)
		return in_the_way(err);
	r = node_room(m, 1, 0, err);
	if (r == 0)
		node_add_name(m, at.dir, at.name, node_new(m, S_IFDIR | mode));
	return r;
}

static int op_remove(struct mkd_tree *t, const char *path, struct mkd_err *err)
{
	struct tree_mem *m = mem(t);
	struct mkd_walk at;
	struct node *dir;
	struct name *e;
	int r = node_walk(t, path, false, &at, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || at.node.type == MKD_NODE_NONE)
		return r;
	if (m->nodes[at.node.id].n_names)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTEMPTY, "the folder is not empty");
	dir = &m->nodes[at.dir];
	e = node_find_name(dir, at.name);
	assert_non_null(e);
	free(e->name);
	*e = dir->names[--dir->n_names];
	if (--m->nodes[at.node.id].links == 0)
		node_free(&m->nodes[at.node.id]);
	m->changes++;
	return 0;
}

static int op_chmod(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct node *n = NULL;
	int r = node_get(t, path, true, &n, err);

	if (r < 0)
		return r;
	mem(t)->changes += (n->mode & 07777) != mode;
	n->mode = (n->mode & (mode_t)S_IFMT) | mode;
	return 0;
}

static int op_chown(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
		    struct mkd_err *err)
{
	struct node *n = NULL;
	int r = node_get(t, path, true, &n, err);

	if (r < 0)
		return r;
	mem(t)->changes += n->uid != uid || n->gid != gid;
	n->uid = uid;
	n->gid = gid;
	return 0;
}

struct mkd_tree *tree_mem_new(void)
{
	static const struct mkd_tree_ops ops = {
		.stat = op_stat,
		.read = op_read,
		.readlink = op_readlink,
		.list = op_list,
		.write = op_write,
		.symlink = op_symlink,
		.mkdir = op_mkdir,
		.remove = op_remove,
		.chmod = op_chmod,
		.chown = op_chown,
	};
	struct tree_mem *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->tree.ops = &ops;
	m->max_nodes = m->max_bytes = SIZE_MAX;
	(void)node_new(m, S_IFDIR | 0755);
	return &m->tree;
}

void tree_mem_free(struct mkd_tree *t)
{
	struct tree_mem *m = mem(t);

	for (size_t i = 0; i < m->n_nodes; i++)
		node_free(&m->nodes[i]);
	free(m->nodes);
	free(m);
}

void tree_mem_node(struct mkd_tree *t, const char *path, mode_t mode)
{
	struct mkd_walk at;
	struct mkd_err err;

	tree_mem_parents(t, path);
	assert_ok(node_walk(t, path, false, &at, &err), &err);
	assert_int_equal(at.node.type, MKD_NODE_NONE);
	node_add_name(mem(t), at.dir, at.name, node_new(mem(t), mode));
}

void tree_mem_link(struct mkd_tree *t, const char *old_path, const char *new_path)
{
	struct mkd_walk from, to;
	struct mkd_err err;

	tree_mem_parents(t, new_path);
	assert_ok(node_walk(t, old_path, false, &from, &err), &err);
	assert_ok(node_walk(t, new_path, false, &to, &err), &err);
	assert_true(from.node.type == MKD_NODE_OTHER && to.node.type == MKD_NODE_NONE);
	node_add_name(mem(t), to.dir, to.name, from.node.id);
}

void tree_mem_room(struct mkd_tree *t, size_t nodes, size_t bytes)
{
	mem(t)->max_nodes = nodes;
	mem(t)->max_bytes = bytes;
}

unsigned tree_mem_changes(const struct mkd_tree *t)
{
	return ((const struct tree_mem *)t)->changes;
}
