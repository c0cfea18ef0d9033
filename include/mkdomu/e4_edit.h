/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4_edit.h - the operations of tree.h on ext4 that change something. An error of class HOOK or
 * NOSPACE has changed nothing; after any other the tree is broken and is not written at close.
 */
#ifndef MKDOMU_E4_EDIT_H
#define MKDOMU_E4_EDIT_H

#include "mkdomu/tree.h"

/* As struct mkd_tree_ops has them. */
int mkd_e4_write(struct mkd_tree *t, const char *path, const void *data, size_t len, mode_t mode,
		 struct mkd_err *err);
int mkd_e4_symlink(struct mkd_tree *t, const char *target, const char *path, struct mkd_err *err);
int mkd_e4_mkdir(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err);
int mkd_e4_remove(struct mkd_tree *t, const char *path, struct mkd_err *err);
int mkd_e4_chmod(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err);
int mkd_e4_chown(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
		 struct mkd_err *err);

#endif
