/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * extents.h - where the blocks of one inode lie: a list while it is written, then an extent tree:
 * up to 4 extents in the inode, 340 in each tree block, as many levels as it takes.
 *
 * source:  ext4.rst of the kernel ("The Contents of inode.i_block"), ext3_extents.h
 */
#ifndef MKDOMU_EXTENTS_H
#define MKDOMU_EXTENTS_H

#include "mkdomu/err.h"

struct mkd_ext4_ctx;

struct mkd_extent {
	uint32_t logical, count;
	uint64_t block;
};

/* Zero-initialise; reset to use it for the next inode. */
struct mkd_extents {
	struct mkd_extent *v;
	size_t n, cap;
	uint64_t blocks; /* in all extents */
};

void mkd_extents_reset(struct mkd_extents *x);
void mkd_extents_free(struct mkd_extents *x);

/*
 * Append, merged with the last where it touches; ascending logical blocks.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_extents_add(struct mkd_extents *x, uint32_t logical, uint64_t block,
			       uint32_t count, struct mkd_err *err);

/*
 * Write the tree, set i_block and the flag, count the blocks.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_ext4_put_block
 */
must_check int mkd_extents_store(struct mkd_ext4_ctx *c, const struct mkd_extents *x, uint32_t ino,
				 struct mkd_err *err);

/*
 * Free all blocks of the inode's tree and those of the tree itself.
 *	-EIO     what was written reads back different (IO)
 *	and mkd_blockout_read
 */
must_check int mkd_extents_release(struct mkd_ext4_ctx *c, uint32_t ino, struct mkd_err *err);

#endif
