/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_mem.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/tree_walk.h"
#include "test.h"

struct name {
	char *name;
	size_t node;
};

struct node {
	mode_t mode; /* 0 = free */
	uint32_t uid, gid;
	unsigned links;
	struct mkd_buf data; /* of a file, or a link's text */
	struct name *names;  /* of a folder */
	size_t n_names;
};

struct tree_mem {
	struct mkd_tree tree; /* first */
	struct node *nodes;   /* 0 is the root; handles are indices */
	size_t n_nodes, max_nodes, max_bytes;
	unsigned changes;
};

static struct tree_mem *mem(struct mkd_tree *t)
{
	return (struct tree_mem *)t;
}

static struct name *find(struct node *dir, const char *name)
{
	for (size_t i = 0; i < dir->n_names; i++)
		if (strcmp(dir->names[i].name, name) == 0)
			return &dir->names[i];
	return NULL;
}

static int lookup(void *ctx, uint64_t dir, const char *name, struct mkd_node *ret,
		  struct mkd_err *err)
{
	struct tree_mem *m = ctx;
	struct name *e = find(&m->nodes[dir], name);

	(void)err;
	*ret = (struct mkd_node){ 0 };
	if (!e)
		return 0;
	ret->id = e->node;
	ret->type = S_ISDIR(m->nodes[e->node].mode)   ? MKD_NODE_DIR
		    : S_ISLNK(m->nodes[e->node].mode) ? MKD_NODE_LINK
						      : MKD_NODE_OTHER;
	return 0;
}

static int read_link(void *ctx, uint64_t link, struct mkd_buf *ret, struct mkd_err *err)
{
	struct tree_mem *m = ctx;

	mkd_buf_add(ret, m->nodes[link].data.data, m->nodes[link].data.len);
	return mkd_buf_check(ret, err);
}

static int walk(struct mkd_tree *t, const char *path, bool follow, struct mkd_walk *at,
		struct mkd_err *err)
{
	const struct mkd_walk_fs fs = { .ctx = t, .lookup = lookup, .readlink = read_link };

	return mkd_walk(&fs, path, follow, at, err);
}

/* As walk, but something must be there. */
static int get(struct mkd_tree *t, const char *path, bool follow, struct node **ret,
	       struct mkd_err *err)
{
	struct mkd_walk at;
	int r = walk(t, path, follow, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_NONE)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "there is no '%s'", at.name);
	*ret = &mem(t)->nodes[at.node.id];
	return 0;
}

static int room(const struct tree_mem *m, size_t nodes, size_t bytes, struct mkd_err *err)
{
	size_t used = 0;

	for (size_t i = 0; i < m->n_nodes; i++) {
		used += m->nodes[i].data.len;
		nodes += m->nodes[i].mode != 0;
	}
	if (nodes > m->max_nodes)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC, "no inode is left");
	if (bytes > m->max_bytes || used > m->max_bytes - bytes)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC, "no room is left");
	return 0;
}

/* A new name in a folder; sorted in the dump only. */
static void add_name(struct tree_mem *m, size_t dir, const char *name, size_t node)
{
	struct node *d = &m->nodes[dir];
	char *copy = strdup(name);

	d->names = reallocarray(d->names, d->n_names + 1, sizeof(*d->names));
	assert_true(d->names && copy);
	d->names[d->n_names++] = (struct name){ copy, node };
	m->nodes[node].links++;
	m->changes++;
}

static size_t new_node(struct tree_mem *m, mode_t mode)
{
	size_t i = 0;

	while (i < m->n_nodes && m->nodes[i].mode)
		i++;
	if (i == m->n_nodes) {
		m->nodes = reallocarray(m->nodes, ++m->n_nodes, sizeof(*m->nodes));
		assert_non_null(m->nodes);
	}
	m->nodes[i] = (struct node){ .mode = mode };
	return i;
}

static void set_data(struct tree_mem *m, size_t node, const void *data, size_t len)
{
	mkd_buf_reset(&m->nodes[node].data);
	mkd_buf_add(&m->nodes[node].data, data, len);
	assert_false(m->nodes[node].data.failed);
	m->changes++;
}

static int op_stat(struct mkd_tree *t, const char *path, bool follow, struct mkd_tree_stat *ret,
		   struct mkd_err *err)
{
	struct node *n = NULL;
	int r = get(t, path, follow, &n, err);

	if (r == 0)
		*ret = (struct mkd_tree_stat){ n->mode, n->uid, n->gid, n->data.len };
	return r;
}

static int op_read(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		   struct mkd_err *err)
{
	struct node *n = NULL;
	int r = get(t, path, true, &n, err);

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
	int r = get(t, path, false, &n, err);

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
	int r = get(t, path, true, &n, err);

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
	int r = walk(t, path, true, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_DIR)
		return mkd_fail(err, MKD_EXIT_HOOK, EISDIR, "it is a folder");
	if (at.node.type == MKD_NODE_NONE) {
		r = room(m, 1, len, err);
		if (r < 0)
			return r;
		node = new_node(m, S_IFREG | mode);
		add_name(m, at.dir, at.name, node);
		set_data(m, node, data, len);
		return 0;
	}
	node = at.node.id;
	if (!S_ISREG(m->nodes[node].mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is not a regular file");
	if (m->nodes[node].data.len == len &&
	    (!len || memcmp(m->nodes[node].data.data, data, len) == 0))
		return 0;
	r = room(m, 0, len, err);
	if (r == 0)
		set_data(m, node, data, len);
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
	int r = walk(t, path, false, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_LINK &&
	    strcmp(mkd_buf_cstr(&m->nodes[at.node.id].data), target) == 0)
		return 0;
	if (at.node.type != MKD_NODE_NONE)
		return in_the_way(err);
	r = room(m, 1, strlen(target), err);
	if (r < 0)
		return r;
	node = new_node(m, S_IFLNK | 0777);
	add_name(m, at.dir, at.name, node);
	set_data(m, node, target, strlen(target));
	return 0;
}

static int op_mkdir(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct tree_mem *m = mem(t);
	struct mkd_walk at, to;
	int r = walk(t, path, false, &at, err);

	if (r < 0 || at.node.type == MKD_NODE_DIR)
		return r;
	if (at.node.type == MKD_NODE_LINK) {
		r = walk(t, path, true, &to, err);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == 0 && to.node.type == MKD_NODE_DIR)
			return 0;
	}
	if (at.node.type != MKD_NODE_NONE)
		return in_the_way(err);
	r = room(m, 1, 0, err);
	if (r == 0)
		add_name(m, at.dir, at.name, new_node(m, S_IFDIR | mode));
	return r;
}

static void free_node(struct node *n)
{
	for (size_t i = 0; i < n->n_names; i++)
		free(n->names[i].name);
	free(n->names);
	mkd_buf_free(&n->data);
	*n = (struct node){ 0 };
}

static int op_remove(struct mkd_tree *t, const char *path, struct mkd_err *err)
{
	struct tree_mem *m = mem(t);
	struct mkd_walk at;
	struct node *dir;
	struct name *e;
	int r = walk(t, path, false, &at, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0 || at.node.type == MKD_NODE_NONE)
		return r;
	if (m->nodes[at.node.id].n_names)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTEMPTY, "the folder is not empty");
	dir = &m->nodes[at.dir];
	e = find(dir, at.name);
	assert_non_null(e);
	free(e->name);
	*e = dir->names[--dir->n_names];
	if (--m->nodes[at.node.id].links == 0)
		free_node(&m->nodes[at.node.id]);
	m->changes++;
	return 0;
}

static int op_chmod(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct node *n = NULL;
	int r = get(t, path, true, &n, err);

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
	int r = get(t, path, true, &n, err);

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
	(void)new_node(m, S_IFDIR | 0755);
	return &m->tree;
}

void tree_mem_free(struct mkd_tree *t)
{
	struct tree_mem *m = mem(t);

	for (size_t i = 0; i < m->n_nodes; i++)
		free_node(&m->nodes[i]);
	free(m->nodes);
	free(m);
}

void tree_mem_node(struct mkd_tree *t, const char *path, mode_t mode)
{
	struct mkd_walk at;
	struct mkd_err err;

	tree_mem_parents(t, path);
	assert_ok(walk(t, path, false, &at, &err), &err);
	assert_int_equal(at.node.type, MKD_NODE_NONE);
	add_name(mem(t), at.dir, at.name, new_node(mem(t), mode));
}

void tree_mem_link(struct mkd_tree *t, const char *old_path, const char *new_path)
{
	struct mkd_walk from, to;
	struct mkd_err err;

	tree_mem_parents(t, new_path);
	assert_ok(walk(t, old_path, false, &from, &err), &err);
	assert_ok(walk(t, new_path, false, &to, &err), &err);
	assert_true(from.node.type == MKD_NODE_OTHER && to.node.type == MKD_NODE_NONE);
	add_name(mem(t), to.dir, to.name, from.node.id);
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
