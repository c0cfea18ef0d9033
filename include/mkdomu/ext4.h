/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ext4.h - writes a fresh ext4 file system in one pass: file data strictly sequentially in large
 * runs, then directories, inode tables, bitmaps, superblock. The result is a pure function of the
 * entries and of this request: no clock, no random number, no locale, no uid gets in.
 *
 * in:      an fd, a region of it, geometry, then struct mkd_entry after struct mkd_entry
 * out:     a file system that e2fsck -fn finds clean and the kernel mounts read-write
 * calls:   libext2fs for geometry, journal, bitmaps, descriptors, checksums and superblock only
 */
#ifndef MKDOMU_EXT4_H
#define MKDOMU_EXT4_H

#include "mkdomu/entry.h"
#include "mkdomu/ui.h"

struct mkd_ext4;

struct mkd_ext4_req {
	int fd;                /* read-write, borrowed; reopened through /proc/self/fd */
	const char *name;      /* of the target, for messages; borrowed until finish or abort */
	uint64_t offset_bytes; /* where the file system starts; a multiple of 4096 */
	uint64_t size_bytes;   /* room there; rounded down to 4096 */
	uint8_t uuid[16];
	uint8_t hash_seed[16];
	uint32_t csum_seed; /* s_checksum_seed (metadata_csum_seed), so that a new UUID is cheap */
	uint64_t inodes;    /* 0 = one for 16 KiB, as mke2fs does */
	bool zeroed;        /* the region reads as zeros (a new sparse file, a discarded volume) */
	bool direct;        /* try O_DIRECT for the data */
	unsigned reserved_percent; /* of the blocks for root; 5 as mke2fs does */
	bool dry;                  /* write nothing, fd is not used: would it fit? */
	bool sealed; /* finish writes a superblock that only tree_ext4 knows, see seal.h */
};

/*
 * Lay out the file system in memory. Nothing is written before the first mkd_ext4_add.
 *	-EINVAL  smaller than 8 MiB, misaligned, not within the target, inodes or reserved_percent
 *	         out of range (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	other    of lseek(2), fstat(2) (IO)
 *	and mkd_ext4_geom_make, mkd_ext4_geom_inodes, mkd_blockout_open
 */
must_check int mkd_ext4_create(const struct mkd_ext4_req *req, struct mkd_ext4 **ret,
			       struct mkd_err *err);

/*
 * Add a member. Missing parents are made root:root 0755. A folder given again updates the first;
 * any other duplicate replaces the earlier one and frees its blocks, as tar extracts. For a regular
 * file mkd_ext4_data follows, then mkd_ext4_end, also when it is empty.
 *	-ENOTDIR  a component above it is a file or a symlink (ARCHIVE)
 *	-ENOENT   hard link to nothing, -EPERM hard link to a folder (ARCHIVE)
 *	-EEXIST   a folder would be replaced by another type while it has content, or the reverse
 *	          with a symlink (ARCHIVE)
 *	-EMLINK   over 65000 links (ARCHIVE)
 *	-E2BIG    xattrs that do not fit an inode and a block (ARCHIVE)
 *	-ENAMETOOLONG  a component over 255 bytes, a symlink over 4095 (ARCHIVE)
 *	-EINVAL   an empty symlink, a malformed ACL or attribute name (ARCHIVE); the file before it
 *	          has not been ended (INTERNAL)
 *	-EOPNOTSUPP  an attribute outside user, trusted, security, gnu and the two ACLs (ARCHIVE)
 *	-ERANGE   device numbers over 4095:1048575 (ARCHIVE)
 *	-EFBIG    a file over 16 TiB less 4 KiB (ARCHIVE)
 *	-ENOSPC   no block or inode left (NOSPACE; the message says how much there was)
 * Times outside 1901..2446 are clamped, as the kernel does.
 *	-ENOMEM  (INTERNAL)
 *	-EINTR   a signal asked to stop, before the first member
 *	other    of pwrite(2), pread(2), fdatasync(2), of this or an earlier call (IO, NOSPACE)
 */
must_check int mkd_ext4_add(struct mkd_ext4 *w, const struct mkd_entry *e, struct mkd_err *err);

/*
 * Data of the file just added, ascending offsets, gaps become holes; whole blocks of zeros too.
 *	-EINVAL  no file is open, offsets descend, or data lie beyond its size (INTERNAL)
 *	-ENOSPC  no block left (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 *	other    of pwrite(2) as above (IO, NOSPACE)
 */
must_check int mkd_ext4_data(struct mkd_ext4 *w, const void *data, size_t len,
			     uint64_t offset_bytes, struct mkd_err *err);
must_check int mkd_ext4_end(struct mkd_ext4 *w, struct mkd_err *err);

/* A swap file: every block of it allocated and initialised, as swapon(2) wants them. */
struct mkd_ext4_swap {
	const char *path;    /* as in struct mkd_entry; replaces what has that name */
	const void *page;    /* its first 4096 bytes, the header; the rest are zeros */
	uint64_t size_bytes; /* a multiple of 4096, not 0 */
};

/*
 * Would it fit, with nothing else there? To be asked before the first member, while nothing is
 * written. Errors: -EINVAL, -EFBIG, -ENOSPC as below.
 */
must_check int mkd_ext4_check_swap(struct mkd_ext4 *w, const struct mkd_ext4_swap *swap,
				   struct mkd_err *err);

/*
 * Add it, 0600 root:root with the time epoch_sec. Blocks that read as zeros already are not
 * written, so that an image file stays sparse.
 *	-EINVAL  no such size (INTERNAL)
 *	-EFBIG   over 16 TiB less 4 KiB (USAGE)
 *	-ENOSPC  it does not fit; the message says how much is free (NOSPACE)
 *	-EINTR   a signal asked to stop
 *	and mkd_ext4_add
 */
must_check int mkd_ext4_add_swap(struct mkd_ext4 *w, const struct mkd_ext4_swap *swap,
				 int64_t epoch_sec, struct mkd_err *err);

struct mkd_ext4_stats {
	uint64_t inodes, inodes_used, blocks, blocks_used; /* blocks of 4096 bytes */
};

/*
 * Write directories, tables and, last of all, the superblock, so that a run cut short leaves none.
 * epoch_sec: the time of everything that is not a member (s_mkfs_time, lost+found, journal, made
 * parents). Frees w in every case. The caller calls fsync(2); where an old superblock or a device
 * is involved fdatasync(2) is called before the new one goes out, so that power loss leaves none.
 *	-EINVAL  the last file has not been ended (INTERNAL)
 *	-EINTR   a signal asked to stop
 *	-ENOSPC  no block left for the folders (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 *	other    of pwrite(2), fdatasync(2), of this or an earlier call (IO, NOSPACE)
 *	and mkd_dirs_write, mkd_ext4_geom_write
 */
must_check int mkd_ext4_finish(struct mkd_ext4 *w, int64_t epoch_sec, struct mkd_ext4_stats *ret,
			       struct mkd_err *err);

/* Give up: no superblock is written. NULL is fine. */
void mkd_ext4_abort(struct mkd_ext4 *w);

#endif
