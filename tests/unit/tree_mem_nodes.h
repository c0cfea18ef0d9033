/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree_mem_nodes.h - what a tree in memory is made of; for tree_mem.c alone. */
#ifndef MKDOMU_TREE_MEM_NODES_H
#define MKDOMU_TREE_MEM_NODES_H

#include <sys/types.h>

#include "mkdomu/tree_walk.h"
#include "tree_mem.h"

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

static inline struct tree_mem *mem(struct mkd_tree *t)
{
	return (struct tree_mem *)t;
}

/* NULL when there is none. */
struct name *node_find_name(struct node *dir, const char *name);

/* As mkd_walk. */
int node_walk(struct mkd_tree *t, const char *path, bool follow, struct mkd_walk *at,
	      struct mkd_err *err);

/* As node_walk, but something must be there. */
int node_get(struct mkd_tree *t, const char *path, bool follow, struct node **ret,
	     struct mkd_err *err);

/* -ENOSPC when so much more is over what tree_mem_room has set. */
int node_room(const struct tree_mem *m, size_t nodes, size_t bytes, struct mkd_err *err);

/* A new name in a folder; sorted in the dump only. */
void node_add_name(struct tree_mem *m, size_t dir, const char *name, size_t node);

/* Its index; nodes may move. */
size_t node_new(struct tree_mem *m, mode_t mode);

void node_set_data(struct tree_mem *m, size_t node, const void *data, size_t len);

void node_free(struct node *n);

#endif
