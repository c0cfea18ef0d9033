/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard.h - all the refusals, in one order, for a device or an existing image file. Looks, never
 * writes. Force overrides exactly two of them: what is on the target now (EEXIST), and a config of
 * a guest that does not run.
 *
 * Not seen by any check: a guest of another toolstack with a xenstored of its own; users on other
 * hosts of shared storage; and, without root, a loop device whose backing file was renamed.
 */
#ifndef MKDOMU_GUARD_H
#define MKDOMU_GUARD_H

#include "mkdomu/inuse.h"
#include "mkdomu/target.h"

struct mkd_guard_req {
	const struct mkd_host *host;
	const char *name; /* as the user knows it, for messages */
	int fd;           /* of the target, at least readable; borrowed */
	uint64_t size_bytes;
	bool force;
	struct mkd_ui *ui;
};

/*
 * A block device. Fills size_bytes, sector_bytes and found of *ret.
 *	-EBUSY   mounted, swap, held by dm or md, attached to a loop, or the disk of this system
 *	         (TARGET); a running guest's, or
 *	         xenstored does not tell (BUSY)
 *	-EROFS   read-only (TARGET)
 *	-EINVAL  under 1 MiB or under size_bytes, or sectors of neither 512 nor 4096 bytes
 *	         (TARGET)
 *	-EEXIST  holds something, has partitions, or is named in a guest's config, and not force
 *	         (TARGET)
 *	and mkd_subject_make, mkd_inuse_home, mkd_inuse_mount, mkd_inuse_swap, mkd_inuse_holder,
 *	    mkd_inuse_loop, mkd_xenuse_running, mkd_xenuse_config, mkd_signature_find,
 *	    mkd_blockdev_partitions
 */
must_check int mkd_guard_device(const struct mkd_guard_req *req, struct mkd_target_info *ret,
				struct mkd_err *err);

/*
 * A regular file that would be replaced. Fills size_bytes, sector_bytes and found of *ret.
 *	-EINVAL  it has other names (hard links), which would keep the old content (TARGET)
 *	-EBUSY   attached to a loop, swap, mounted or locked (TARGET), or a running guest's or
 *	         xenstored does not tell (BUSY)
 *	-EEXIST  it exists and not force (TARGET); says what is in it
 *	and mkd_subject_make, mkd_inuse_mount, mkd_inuse_swap, mkd_inuse_loop, mkd_inuse_lock,
 *	    mkd_xenuse_running, mkd_signature_find
 */
must_check int mkd_guard_image(const struct mkd_guard_req *req, struct mkd_target_info *ret,
			       struct mkd_err *err);

/*
 * The size to use of what is there: want_bytes or all of it, down to a multiple of 4096.
 *	-EINVAL  under 1 MiB or under want_bytes (TARGET)
 */
must_check int mkd_guard_size(const char *name, uint64_t have_bytes, uint64_t want_bytes,
			      uint64_t *ret, struct mkd_err *err);

#endif
