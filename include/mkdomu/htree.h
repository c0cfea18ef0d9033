/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * htree.h - a folder of more than one block, indexed by the hashes of its names: a root, if needed
 * one level of index nodes (up to 507 of them with 510 leaves each), leaves that are 80 % full, so
 * that the guest can add names without splitting each of them at once (e2fsck -D leaves as much).
 *
 * source:  ext4.rst of the kernel ("Hash Tree Directories"), fs/ext4/namei.c
 */
#ifndef MKDOMU_HTREE_H
#define MKDOMU_HTREE_H

#include "mkdomu/dirblock.h"

/*
 * Write the folder d of the n entries of c->names whose numbers are in order; sorts order, and
 * sets the index flag of the inode.
 *	-EFBIG  it would take a third level, of the feature large_dir (ARCHIVE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_dirout_put
 */
must_check int mkd_htree_write(struct mkd_dirout *d, uint32_t *order, size_t n,
			       struct mkd_err *err);

#endif
