/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ext4_geom.h - a fresh, empty ext4 in the memory of libext2fs: the geometry and features that
 * mke2fs -t ext4 of e2fsprogs 1.47 chooses (Debian 12: no orphan_file), plus metadata_csum_seed.
 * The root folder and lost+found are not in it: the writer makes them.
 */
#ifndef MKDOMU_EXT4_GEOM_H
#define MKDOMU_EXT4_GEOM_H

#include "mkdomu/ext4.h"

struct struct_ext2_filsys;
struct mkd_ext4_ctx;

#define MKD_EXT4_MIN_BYTES (8 * MIB)

/*
 * *ret is the caller's, ext2fs_free. Its io is mkd_memio_manager's: nothing is written.
 *	-ENOSPC  too small for its own tables (NOSPACE)
 *	-EINVAL  inodes or reserved_percent out of range (USAGE)
 *	-EIO     of libext2fs (INTERNAL)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_ext4_geom_make(const struct mkd_ext4_req *req, struct struct_ext2_filsys **ret,
				  struct mkd_err *err);

/*
 * Copy the reserved inodes (resize, journal) into c->inodes, and forget them in the io.
 *	-EIO     of libext2fs (INTERNAL)
 */
must_check int mkd_ext4_geom_inodes(struct mkd_ext4_ctx *c, struct mkd_err *err);

/*
 * Make every block that the file system owns read as zeros, block 0 first.
 *	and mkd_blockout_put, mkd_blockout_sync, mkd_blockout_zero
 */
must_check int mkd_ext4_geom_wipe(struct mkd_ext4_ctx *c, bool zeroed, struct mkd_err *err);

/*
 * Write what libext2fs keeps: bitmaps, descriptors, journal and superblocks with epoch_sec in
 * them, the first superblock last. durable: fdatasync(2) before that one.
 *	-EIO     of libext2fs (INTERNAL)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_memio_each, mkd_blockout_put, mkd_blockout_sync, mkd_blockout_drain
 */
must_check int mkd_ext4_geom_write(struct mkd_ext4_ctx *c, int64_t epoch_sec, bool durable,
				   struct mkd_err *err);

/* The version of libext2fs, which decides the layout: "1.47.0". */
const char *mkd_ext4_geom_library(void);

#endif
