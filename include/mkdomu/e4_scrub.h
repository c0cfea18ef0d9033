/* SPDX-License-Identifier: GPL-2.0-or-later */
/* e4_scrub.h - takes the traces of a mount out of an ext4 that the kernel had. */
#ifndef MKDOMU_E4_SCRUB_H
#define MKDOMU_E4_SCRUB_H

#include "mkdomu/tree.h"

/*
 * t is of tree_ext4. Every time of an inode that is from_sec or later becomes the tree's epoch,
 * and the superblock has neither the place nor the times and counts of mounts. What else the kernel
 * chose, such as numbers of inodes and blocks and the inodes' generations, stays.
 *	and mkd_e4_writable, mkd_e4_inode_read, mkd_e4_inode_write
 */
must_check int mkd_e4_scrub(struct mkd_tree *t, int64_t from_sec, struct mkd_err *err);

#endif
