/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4_fs.h - an open ext4 of tree_ext4: its inodes, and free blocks and inodes lowest first.
 * For the modules of this room; messages are causes only, the front names the file.
 */
#ifndef MKDOMU_E4_FS_H
#define MKDOMU_E4_FS_H

#include "mkdomu/tree.h"

#define MKD_E4_INODE_MAX 1024 /* bytes of an inode; ext4 makes them 256, or 128 long ago */
#define MKD_E4_ROOT      2

struct struct_ext2_filsys;

struct mkd_e4 {
	struct mkd_tree tree; /* first */
	struct struct_ext2_filsys *fs;
	const char *name;
	int64_t epoch_sec;
	bool read_only;
	bool broken;         /* a change was cut short: nothing may be written any more */
	uint64_t free_block; /* none is free below it */
	uint32_t free_inode;
};

struct mkd_e4_inode {
	uint32_t no;
	_Alignas(8) uint8_t raw[MKD_E4_INODE_MAX]; /* xattrs after the fields included */
};
/* The fields, for those who know struct ext2_inode_large. */
#define MKD_E4_IN(i)       ((struct ext2_inode_large *)(void *)(i)->raw)
#define MKD_E4_IN_SMALL(i) ((struct ext2_inode *)(void *)(i)->raw)

/*
 * As calloc(3). For what cleanup_free frees: clang's analyser (14) knows that attribute of no
 * function that it takes for an allocator.
 */
void *mkd_e4_zeros(size_t n, size_t size);

mode_t mkd_e4_mode(const struct mkd_e4_inode *i); /* with the S_IF bits */

/* Turn an error of libext2fs into ours; doing is "reading an inode". Returns a negative errno. */
int mkd_e4_fail(long code, const char *doing, struct mkd_err *err);

/*
 * To be called before any change: reads the bitmaps once.
 *	-EROFS   when read_only (INTERNAL)
 *	and mkd_e4_inode_read
 */
must_check int mkd_e4_writable(struct mkd_e4 *e, struct mkd_err *err);

/*
 * *ret as it is on the disk.
 *	-EUCLEAN damaged, or no such inode (IO)
 *	-ENOMEM  (INTERNAL)
 *	other    of pread(2) (IO)
 */
must_check int mkd_e4_inode_read(struct mkd_e4 *e, uint32_t no, struct mkd_e4_inode *ret,
				 struct mkd_err *err);
/* Keep it, with a new checksum. Errors: mkd_e4_inode_read. */
must_check int mkd_e4_inode_write(struct mkd_e4 *e, const struct mkd_e4_inode *i,
				  struct mkd_err *err);

/*
 * Fill a new inode, owned by 0:0, of one link (a folder: two); it is in memory only, its number
 * is taken: write it, or free it.
 *	-ENOSPC  none is free (NOSPACE)
 *	and mkd_e4_inode_read
 */
must_check int mkd_e4_inode_new(struct mkd_e4 *e, mode_t mode, struct mkd_e4_inode *ret,
				struct mkd_err *err);
/*
 * Give the number back and write zeros there; blocks are the caller's to free.
 *	and mkd_e4_inode_write
 */
must_check int mkd_e4_inode_free(struct mkd_e4 *e, struct mkd_e4_inode *i, struct mkd_err *err);

/* ctime, and mtime when the content changed, become epoch_sec. */
void mkd_e4_inode_touch(const struct mkd_e4 *e, struct mkd_e4_inode *i, bool content);

/*
 * Take n free blocks, all or none.
 *	-ENOSPC  the message says how many there are (NOSPACE)
 *	-EUCLEAN  there are fewer than the superblock says (IO)
 */
must_check int mkd_e4_blocks_take(struct mkd_e4 *e, size_t n, uint64_t *ret, struct mkd_err *err);
void mkd_e4_blocks_free(struct mkd_e4 *e, size_t n, const uint64_t *blocks);
/*
 * Write whole blocks of data, each run of neighbours in one call.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_inode_read
 */
must_check int mkd_e4_blocks_write(struct mkd_e4 *e, size_t n, const uint64_t *blocks,
				   const void *data, struct mkd_err *err);

#endif
