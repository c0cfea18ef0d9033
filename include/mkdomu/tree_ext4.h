/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree_ext4.h - the tree of a finished ext4 image, edited in place through libext2fs, and the
 * guest's identity in its superblock. Deterministic: every time it writes is epoch_sec, blocks and
 * inodes are taken lowest first, and the same edits of the same image give the same bytes.
 *
 * Nothing is written before close: edits stay in memory (so a file of 64 MiB, the longest that is
 * written, costs 64 MiB until then). A hard-linked file that is written changes under all of its
 * names, as with open(2) and write(2). A replaced file needs room for both its contents.
 *
 * Errors beside those of tree.h:
 *	-EUCLEAN  the image is damaged (IO)
 *	-EMLINK   64998 folders in one, on a file system without dir_nlink (HOOK)
 *	-EFBIG    a file over 64 MiB is to be written (HOOK)
 *	-EROFS    a change of a tree that was opened read_only (INTERNAL)
 * After one of class IO or INTERNAL close refuses to write.
 */
#ifndef MKDOMU_TREE_EXT4_H
#define MKDOMU_TREE_EXT4_H

#include "mkdomu/tree.h"

struct mkd_tree_ext4_req {
	int fd;           /* read-write, or as read_only allows; reopened through /proc/self/fd */
	const char *name; /* of the target, for messages; borrowed until close */
	uint64_t offset_bytes; /* of the file system in it */
	int64_t epoch_sec;     /* 0 becomes 1 in the superblock's time of the last write */
	bool read_only;
};

/*
 *	-EUCLEAN  not a file system that this library reads, damaged, or with a journal to be
 *	          replayed (IO)
 *	-EOPNOTSUPP  has a feature that is not written here, or lacks extents or filetype; read_only
 *	          opens what libext2fs reads (TARGET)
 *	-ENOMEM  (INTERNAL)
 *	other    of open(2), pread(2) (IO)
 */
must_check int mkd_tree_ext4_open(const struct mkd_tree_ext4_req *req, struct mkd_tree **ret,
				  struct mkd_err *err);

/*
 * Put a UUID and a volume label (up to 16 bytes) into the superblock and its copies at close, as
 * tune2fs -U does. The journal keeps its own UUID, which is read for external journals alone.
 *	-EINVAL  the label is longer (USAGE)
 *	-EOPNOTSUPP  all checksums start from the UUID: metadata_csum (or uninit_bg) without
 *	          metadata_csum_seed (TARGET)
 *	-EROFS   opened read_only (INTERNAL)
 */
must_check int mkd_tree_ext4_set_identity(struct mkd_tree *t, const uint8_t uuid[static 16],
					  const char *label, struct mkd_err *err);

/*
 * Write what is pending, the primary superblock last, and free t in every case. When nothing was
 * changed nothing is written. The caller calls fsync(2).
 *	-EIO     an edit had failed half way; nothing was written (IO)
 *	-ENOMEM  (INTERNAL)
 *	other    of pwrite(2): the image is then neither the old nor the new one (IO, NOSPACE)
 */
must_check int mkd_tree_ext4_close(struct mkd_tree *t, struct mkd_err *err);

/* Free without writing: the image is as it was at open. NULL is fine. */
void mkd_tree_ext4_abort(struct mkd_tree *t);

#endif
