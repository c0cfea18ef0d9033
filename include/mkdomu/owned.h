/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * owned.h - which bytes of a region an ext4 file system owns: those of the blocks that its bitmaps
 * call used. What free blocks hold is no part of a file system, and depends on what was on a device
 * before. Of a tree that tree_ext4 opened, read_only or not, with nothing edited.
 */
#ifndef MKDOMU_OWNED_H
#define MKDOMU_OWNED_H

#include "mkdomu/tree.h"

/* Bytes from the start of the file system to its end. */
uint64_t mkd_owned_size(struct mkd_tree *t);

struct mkd_owned_visit {
	/*
	 * Called for each run, ascending, byte offsets from the start of the file system; ends the
	 * visit with what it returns when that is not 0.
	 */
	int (*run)(void *arg, uint64_t offset_bytes, uint64_t size_bytes, struct mkd_err *err);
	void *arg;
	/*
	 * False: structures alone. The blocks of regular files are left out then, and those of the
	 * journal but the first. What remains is superblocks, descriptors, bitmaps, inode tables,
	 * directories, and blocks of extents, long symlinks and extended attributes.
	 */
	bool content;
};

/*
 *	-EUCLEAN  damaged: a checksum, or a block number out of range (IO)
 *	-EINTR    a signal asked to stop
 *	-ENOMEM   (INTERNAL)
 *	other     of pread(2) (IO), and what v->run returned
 */
must_check int mkd_owned_each(struct mkd_tree *t, const struct mkd_owned_visit *v,
			      struct mkd_err *err);

#endif
