/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree_mem.h - a guest's root in memory, behind the same vtable as a real one, for tests of what
 * edits trees. The seed functions make missing folders and fail the test when they cannot.
 */
#ifndef MKDOMU_TREE_MEM_H
#define MKDOMU_TREE_MEM_H

#include "mkdomu/tree.h"

struct mkd_tree *tree_mem_new(void); /* an empty root, 0755 */
void tree_mem_free(struct mkd_tree *t);

void tree_mem_parents(struct mkd_tree *t, const char *path); /* the folders above it */
void tree_mem_dir(struct mkd_tree *t, const char *path);
void tree_mem_file(struct mkd_tree *t, const char *path, const char *text); /* 0644 */
void tree_mem_symlink(struct mkd_tree *t, const char *target, const char *path);
/* Anything else: mode with its S_IF bits, as S_IFIFO | 0600. */
void tree_mem_node(struct mkd_tree *t, const char *path, mode_t mode);
/* Another name of a file. */
void tree_mem_link(struct mkd_tree *t, const char *old_path, const char *new_path);

/* Let the next operations that add files fail with -ENOSPC once so many nodes or bytes are held. */
void tree_mem_room(struct mkd_tree *t, size_t nodes, size_t bytes);

/*
 * All of it as text, sorted: "mode uid gid path" with " -> target", or the content of a file after
 * it. Two trees are equal when these are. This and tree_mem_text work on any tree.
 */
void tree_mem_dump(struct mkd_tree *t, struct mkd_buf *ret);

/* The content of a file, "(none)" when there is no such file; in a static ring of 8 strings. */
const char *tree_mem_text(struct mkd_tree *t, const char *path);

/* Operations so far that changed something; idempotence is that it does not grow. */
unsigned tree_mem_changes(const struct mkd_tree *t);

#endif
