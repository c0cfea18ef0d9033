/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree_walk.h - the one path walker of the trees. A back end says what a folder holds and what a
 * symlink reads; the walker follows links by the rules of tree.h: absolute targets start again at
 * the root, ".." stays below it (each is taken from the walk itself, never from the image), and
 * the 41st link is -ELOOP, as in the kernel (path_resolution(7)).
 */
#ifndef MKDOMU_TREE_WALK_H
#define MKDOMU_TREE_WALK_H

#include "mkdomu/buf.h"

#define MKD_NAME_MAX  255  /* bytes of a component, as ext4's EXT2_NAME_LEN */
#define MKD_PATH_MAX  4095 /* bytes of a path or of a symlink's text */
#define MKD_LINKS_MAX 40

enum mkd_node_type { MKD_NODE_NONE, MKD_NODE_DIR, MKD_NODE_LINK, MKD_NODE_OTHER };

struct mkd_node {
	uint64_t id; /* the back end's: an inode number, an index; meaningless for NONE */
	enum mkd_node_type type;
};

struct mkd_walk_fs {
	void *ctx;
	uint64_t root;
	/* What dir holds under name: 0 with *ret (type NONE when nothing), or a negative errno. */
	int (*lookup)(void *ctx, uint64_t dir, const char *name, struct mkd_node *ret,
		      struct mkd_err *err);
	/* Append a link's text to *ret. */
	int (*readlink)(void *ctx, uint64_t link, struct mkd_buf *ret, struct mkd_err *err);
};

struct mkd_walk {
	struct mkd_node node;        /* NONE: the folder is there, the name in it is not */
	uint64_t dir;                /* that holds it; the root's is the root */
	char name[MKD_NAME_MAX + 1]; /* in dir; "" when the path ends in ".." or is the root */
};

/*
 * Walk path from the root; follow also a link that is its last component. Messages are causes
 * only ("there is no 'x'"): the front puts the path before them. Class HOOK:
 *	-ENOENT        a component before the last is not there, or a link's text is empty
 *	-ENOTDIR       a component that must be a folder is none
 *	-ELOOP         over 40 links
 *	-ENAMETOOLONG  a component over 255 bytes
 *	-ENOMEM  (INTERNAL)
 *	other    of lookup and readlink
 */
must_check int mkd_walk(const struct mkd_walk_fs *fs, const char *path, bool follow,
			struct mkd_walk *ret, struct mkd_err *err);

#endif
