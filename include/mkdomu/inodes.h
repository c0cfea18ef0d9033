/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inodes.h - the inode table in memory, as far as it is used: numbers given out in ascending order,
 * times, block counts, and at the end checksums and one bulk write a group.
 */
#ifndef MKDOMU_INODES_H
#define MKDOMU_INODES_H

#include "mkdomu/err.h"

#define MKD_INODE_BYTES 256u

struct ext2_inode_large;
struct mkd_ext4_ctx;

struct mkd_inodes {
	uint8_t **chunk; /* of 4096 inodes, made when one of them is first used */
	uint32_t max, next;
	uint32_t *freed; /* given out again, last first, when next is beyond max */
	size_t n_freed, cap_freed;
	const char *name; /* of the target, for messages */
};

/* While a folder's blocks are not yet written its i_block holds this. */
struct mkd_dirstate {
	uint32_t parent; /* inode */
	uint32_t live;   /* names in it */
	uint32_t made;   /* not a member: made for what is below it, times are the epoch */
};

/*
 * Numbers 1..max; those below first exist (zeroed). To be freed after a failure too.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_inodes_init(struct mkd_inodes *t, uint32_t max, uint32_t first, const char *name,
			       struct mkd_err *err);
void mkd_inodes_free(struct mkd_inodes *t);

/* An inode that exists. */
struct ext2_inode_large *mkd_inodes_get(const struct mkd_inodes *t, uint32_t ino);
struct mkd_dirstate *mkd_inodes_dir(const struct mkd_inodes *t, uint32_t ino);

/*
 * A new zeroed one.
 *	-ENOSPC  none left; the message says how many there are (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_inodes_new(struct mkd_inodes *t, uint32_t *ret, struct mkd_err *err);
/*
 * Zero it and let it be used again.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_inodes_release(struct mkd_inodes *t, uint32_t ino, struct mkd_err *err);

/*
 * Set atime, ctime, mtime and crtime, and the size of the extra fields. Clamped, as the kernel
 * does, to what 34 bits hold: 1901-12-13 to 2446-05-10.
 */
void mkd_inode_set_times(struct ext2_inode_large *in, int64_t sec, uint32_t nsec);
/* Count n more blocks of 4 KiB (i_blocks is in sectors, 48 bits with huge_file). */
void mkd_inode_add_blocks(struct ext2_inode_large *in, uint64_t n);
void mkd_inode_set_size(struct ext2_inode_large *in, uint64_t size_bytes);
void mkd_inode_set_owner(struct ext2_inode_large *in, uint32_t uid, uint32_t gid);

/*
 * Checksum all, write the tables, keep libext2fs's bitmap and counts. *ret_used counts the reserved
 * ones too.
 *	-EIO     of libext2fs (INTERNAL)
 *	and mkd_blockout_put
 */
must_check int mkd_inodes_write(struct mkd_ext4_ctx *c, uint64_t *ret_used, struct mkd_err *err);

#endif
