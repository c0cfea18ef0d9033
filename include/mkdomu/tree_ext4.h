/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree_ext4.h - the tree of a finished ext4 image, edited in place by libext2fs, and the guest's
 * identity in its superblock. Deterministic: every time it writes is epoch_sec, blocks and inodes
 * are taken lowest first.
 */
#ifndef MKDOMU_TREE_EXT4_H
#define MKDOMU_TREE_EXT4_H

#include "mkdomu/tree.h"

struct mkd_tree_ext4_req {
	int fd;                /* read-write, borrowed; reopened through /proc/self/fd */
	const char *name;      /* of the target, for messages; borrowed until close */
	uint64_t offset_bytes; /* of the file system in it */
	int64_t epoch_sec;
	bool read_only;
};

/*	-EUCLEAN  not a file system that this library reads (IO)
 *	-ENOMEM, -EIO...
 */
must_check int mkd_tree_ext4_open(const struct mkd_tree_ext4_req *req, struct mkd_tree **ret,
				  struct mkd_err *err);

/* Put a UUID and a volume label (up to 16 bytes) into the superblock at close; needs csum_seed. */
must_check int mkd_tree_ext4_set_identity(struct mkd_tree *t, const uint8_t uuid[static 16],
					  const char *label, struct mkd_err *err);

/* Write what is pending and free t in every case. The caller calls fsync(2). -EIO... */
must_check int mkd_tree_ext4_close(struct mkd_tree *t, struct mkd_err *err);

/* Free without writing what is still in memory; for failures. NULL is fine. */
void mkd_tree_ext4_abort(struct mkd_tree *t);

#endif
