/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4_htree.h - the hash index of a folder (linux/Documentation/filesystems/ext4, "Hash Tree
 * Directories"; e2fsprogs lib/ext2fs/dirhash.c for the hashes). libext2fs 1.47 can add to one, but
 * copies uninitialised memory into the blocks that it splits, so we look names up and lay folders
 * out ourselves.
 */
#ifndef MKDOMU_E4_HTREE_H
#define MKDOMU_E4_HTREE_H

#include "mkdomu/e4_dir.h"

/*
 * The leaf blocks that may hold name: 1 with *ret (the caller's) and *n; 0 when the folder has no
 * index, or one of a kind that is not known here, so that all blocks are to be looked through.
 *	-EUCLEAN  damaged (IO)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_dir_load
 */
must_check int mkd_e4_htree_leaves(struct mkd_e4_dir *d, const char *name, size_t **ret, size_t *n,
				   struct mkd_err *err);

/*
 * Lay the folder out again with one more name, leaves three quarters full and sorted by hash; on a
 * file system without dir_index one block is put at its end instead. Frees what is no longer
 * needed; d->inode is changed in memory, the caller writes it.
 *	-ENOSPC  no room, or over two levels of index; nothing changed
 *	-EUCLEAN  damaged (IO)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_dir_each, mkd_e4_dir_resize, mkd_e4_dir_append
 */
must_check int mkd_e4_htree_rebuild(struct mkd_e4_dir *d, const struct mkd_e4_entry *entry,
				    struct mkd_err *err);

#endif
