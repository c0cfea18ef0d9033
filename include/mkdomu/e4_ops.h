/* SPDX-License-Identifier: GPL-2.0-or-later */
/* e4_ops.h - the operations of tree.h on ext4: those that read, and what all of them need. */
#ifndef MKDOMU_E4_OPS_H
#define MKDOMU_E4_OPS_H

#include "mkdomu/e4_dir.h"
#include "mkdomu/tree_walk.h"

/* For a struct mkd_tree that is the first member of a struct mkd_e4. */
extern const struct mkd_tree_ops mkd_e4_ops;

static inline struct mkd_e4 *mkd_e4_of(struct mkd_tree *t)
{
	return (struct mkd_e4 *)t;
}

/*
 * As mkd_walk; ids are inode numbers.
 *	and mkd_walk, mkd_e4_dir_open, mkd_e4_dir_find, mkd_e4_read_link
 */
must_check int mkd_e4_walk(struct mkd_tree *t, const char *path, bool follow, struct mkd_walk *at,
			   struct mkd_err *err);

/*
 * The inode at path.
 *	-ENOENT  nothing is there (HOOK)
 *	and mkd_e4_walk, mkd_e4_inode_read
 */
must_check int mkd_e4_get(struct mkd_tree *t, const char *path, bool follow,
			  struct mkd_e4_inode *ret, struct mkd_err *err);

/*
 * Is it a regular file?
 *	-EISDIR  a folder (HOOK)
 *	-EINVAL  what else is no regular file (HOOK)
 */
must_check int mkd_e4_must_be_file(const struct mkd_e4_inode *i, struct mkd_err *err);

/*
 * Append the content of a file.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_inode_read
 */
must_check int mkd_e4_read_data(struct mkd_e4 *e, const struct mkd_e4_inode *i, struct mkd_buf *ret,
				struct mkd_err *err);

/*
 * Append the text of a symlink; ctx is a struct mkd_e4, link an inode number.
 *	-EUCLEAN  its text is longer than a path (IO)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_inode_read, mkd_e4_read_data
 */
must_check int mkd_e4_read_link(void *ctx, uint64_t link, struct mkd_buf *ret, struct mkd_err *err);

#endif
