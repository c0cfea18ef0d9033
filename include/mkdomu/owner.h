/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * owner.h - what a byte of an ext4 file system belongs to, in words: "inode 12 = /etc/fstab",
 * "directory block 0 of /etc", "content of /bin/sh at byte 8192". Of a tree as owned.h wants it.
 */
#ifndef MKDOMU_OWNER_H
#define MKDOMU_OWNER_H

#include "mkdomu/tree.h"

#define MKD_OWNER_MAX 640 /* a longer path is cut in the middle of it */

/*
 * at_bytes is from the start of the file system, within it. Reads all inodes unless it is one of
 * the fixed structures. Errors: mkd_owned_each.
 */
must_check int mkd_owner_find(struct mkd_tree *t, uint64_t at_bytes, char ret[static MKD_OWNER_MAX],
			      struct mkd_err *err);

/*
 * How many bytes from at_bytes on have the same owner: the rest of an inode, else of the block. A
 * second difference in there is no news.
 */
uint64_t mkd_owner_span(struct mkd_tree *t, uint64_t at_bytes);

#endif
