/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rootfs.h - stage 4: a verified tarball becomes the base image, before any hook: its tree on a
 * fresh ext4.
 *
 * in:      the tarball's fd, the target's fd and region, seeds and times
 * out:     the file system, and what is worth telling
 * touches: only [offset, offset + size) of the target
 */
#ifndef MKDOMU_ROOTFS_H
#define MKDOMU_ROOTFS_H

#include "mkdomu/ext4.h"
#include "mkdomu/stream.h"

struct mkd_rootfs_req {
	int tar_fd; /* verified; borrowed; not used with a stream */
	const char *tar_name;
	uint64_t tar_bytes; /* for progress */
	unsigned threads;   /* 0 = one a core; likewise */
	struct mkd_stream
		*stream;   /* of this tarball, nothing read; taken over; NULL = opened here */
	const char *strip; /* folder of the tarball that is the root, see prefix.h; NULL = all */
	int64_t epoch_sec; /* 0 = the newest entry of the tarball */
	struct mkd_ext4_req fs;
	struct mkd_ext4_swap swap; /* size_bytes 0 = none; its time is the epoch */
	struct mkd_ui *ui;
};

struct mkd_rootfs_result {
	uint64_t entries, data_bytes;
	uint64_t outside;  /* members that are not below the folder to strip: left out */
	uint64_t clamped;  /* entries with a time outside ext4's range */
	int64_t epoch_sec; /* the one used */
	struct mkd_ext4_stats fs;
	char format[8];         /* "xz", "zstd", ... */
	uint64_t tar_bytes;     /* what was read, */
	uint8_t tar_sha256[32]; /* and its digest, if the stream computes one */
};

/*
 * The most that the tarball of a file system of so many bytes may unpack to: a bomb that is all
 * headers and padding fills no file system, so the stream itself has an end.
 */
uint64_t mkd_rootfs_plain_limit(uint64_t fs_bytes);

/*
 * Write the tree of the tarball to a fresh file system. When it is too small the rest of the
 * tarball is read, for the message to say about how large it has to be; a swap file that cannot fit
 * is told before the first write.
 *	-ENODATA  a tarball without entries, or without any below the folder to strip (ARCHIVE)
 *	-EPERM   a hard link from below that folder to a file outside (ARCHIVE)
 *	and mkd_stream_open, mkd_entries_open, mkd_entries_next, mkd_entries_data, mkd_ext4_create,
 *	    mkd_ext4_add, mkd_ext4_data, mkd_ext4_end, mkd_ext4_add_swap, mkd_ext4_finish,
 *	    mkd_check_signal
 */
must_check int mkd_rootfs_write(const struct mkd_rootfs_req *req, struct mkd_rootfs_result *ret,
				struct mkd_err *err);

/*
 * Would that fit, and is the archive one that can be written? To be asked while the target still
 * has its old content. Only a plain tar tells without being unpacked: its headers are summed up,
 * and where the sum leaves a doubt (zeros become holes, a member may be there twice) all of it is
 * read and laid out, as mkd_rootfs_write would do it, but written nowhere. Of a compressed one
 * nothing is said: 0. req->stream is left alone, req->fs.fd and offset_bytes are not used.
 *	-ENOSPC  it does not fit; the message says how large it has to be (NOSPACE)
 *	-EINTR   a signal asked to stop
 *	other    errors with exit ARCHIVE as mkd_rootfs_write; of mkd_survey_tar
 * All others are left to mkd_rootfs_write.
 */
must_check int mkd_rootfs_check(const struct mkd_rootfs_req *req, struct mkd_err *err);

#endif
