/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_mem_nodes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

struct name *node_find_name(struct node *dir, const char *name)
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
	struct name *e = node_find_name(&m->nodes[dir], name);

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

int node_walk(struct mkd_tree *t, const char *path, bool follow, struct mkd_walk *at,
	      struct mkd_err *err)
{
	const struct mkd_walk_fs fs = { .ctx = t, .lookup = lookup, .readlink = read_link };

	return mkd_walk(&fs, path, follow, at, err);
}

int node_get(struct mkd_tree *t, const char *path, bool follow, struct node **ret,
	     struct mkd_err *err)
{
	struct mkd_walk at;
	int r = node_walk(t, path, follow, &at, err);

	if (r < 0)
		return r;
	if (at.node.type == MKD_NODE_NONE)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "there is no '%s'", at.name);
	*ret = &mem(t)->nodes[at.node.id];
	return 0;
}

int node_room(const struct tree_mem *m, size_t nodes, size_t bytes, struct mkd_err *err)
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

void node_add_name(struct tree_mem *m, size_t dir, const char *name, size_t node)
{
	struct node *d = &m->nodes[dir];
	char *copy = strdup(name);

	d->names = reallocarray(d->names, d->n_names + 1, sizeof(*d->names));
	assert_true(d->names && copy);
	d->names[d->n_names++] = (struct name){ copy, node };
	m->nodes[node].links++;
	m->changes++;
}

size_t node_new(struct tree_mem *m, mode_t mode)
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

void node_set_data(struct tree_mem *m, size_t node, const void *data, size_t len)
{
	mkd_buf_reset(&m->nodes[node].data);
	mkd_buf_add(&m->nodes[node].data, data, len);
	assert_false(m->nodes[node].data.failed);
	m->changes++;
}

void node_free(struct node *n)
{
	for (size_t i = 0; i < n->n_names; i++)
		free(n->names[i].name);
	free(n->names);
	mkd_buf_free(&n->data);
	*n = (struct node){ 0 };
}
