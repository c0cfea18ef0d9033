/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.h - stage 3: the disk to be written: an image file or a block device, opened safely,
 * written, and then published or given back.
 *
 * Promise: an image file appears complete under its name or not at all, and the old one stays as it
 * was until then (O_TMPFILE or a hidden temporary file, rename). A block device is untouched until
 * mkd_target_begin; from there until mkd_target_commit a close makes it
 * one without a recognisable superblock.
 *
 * Images. Mode 0600, whatever the umask, for password hashes and keys are in them; one that is
 * replaced hands its mode and owner on (not its ACL or label; where the owner cannot be kept, the
 * group and others lose their bits). A symbolic link as the name is refused, since the rename would
 * replace the link and not what it leads to; links in the folders are followed. A file with several
 * names is refused too. That the host has the space is not checked: images are sparse, and ENOSPC
 * comes when it comes (NOSPACE). What is replaced is looked at again when publishing, for a guest
 * may have been started on it meanwhile.
 *
 * Devices. The refusals are in guard.h; force overrides only what the device holds. Two targets of
 * one process may be partitions of one disk; of two processes, one waits up to 3 s and is BUSY, for
 * the lock is on the whole disk (disklock.h).
 */
#ifndef MKDOMU_TARGET_H
#define MKDOMU_TARGET_H

#include "mkdomu/ui.h"

#define MKD_TARGET_MIN_BYTES MIB

struct mkd_target;

enum mkd_target_kind { MKD_TARGET_IMAGE, MKD_TARGET_DEVICE };

struct mkd_target_req {
	const char *path;    /* image file or block device; links to a device are followed */
	uint64_t size_bytes; /* image: its size (required); device: use this much, 0 = all;
			      * both: down to a multiple of 4096 */
	bool force;          /* replace an image or a recognised signature */
	struct mkd_ui *ui;
};

struct mkd_target_info {
	enum mkd_target_kind kind;
	uint64_t size_bytes;   /* usable, a multiple of 4096; image that does not exist yet: 0 */
	unsigned sector_bytes; /* logical sector size, 512 for images */
	char path[4096];       /* absolute; a device's real node */
	char name[4096];       /* for messages: path; of a link also what was asked for */
	char found[256];       /* what is there now: "ext4, label 'x', UUID ..."; "" = nothing */
};

/*
 * Look without touching (for the plan and --dry-run): all of guard's refusals are made here too.
 *	-EINVAL  neither a regular file nor a block device; a symbolic link to a file; a file with
 *	         several names; under 1 MiB, or smaller than size_bytes (TARGET)
 *	-EEXIST  an image or a known signature is there and not force (TARGET)
 *	-EBUSY   mounted, swap, in use by the kernel, a loop or another program, or the disk of
 *	         this system (TARGET); a running guest's, or another mkdomu's (BUSY)
 *	-EROFS   read-only (TARGET)
 *	-EFBIG   RLIMIT_FSIZE is lower (NOSPACE)
 *	-ENAMETOOLONG  the name is too long (TARGET)
 *	-ENOTDIR, -ELOOP  the way to it is wrong (TARGET)
 *	-EACCES, -ENOENT  (TARGET)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_disklock_device, mkd_disklock_image, mkd_guard_device, mkd_guard_image
 */
must_check int mkd_target_probe(const struct mkd_target_req *req, struct mkd_target_info *ret,
				struct mkd_err *err);

/*
 * Probe again on the fd that stays open: device with O_EXCL and a lock on its whole disk; image as
 * a new unnamed file of size_bytes beside the old one. Nothing of the old content is changed.
 *	-ENOMEM  (INTERNAL)
 *	other    of openat(2), ftruncate(2) for the new image (IO, NOSPACE)
 *	and mkd_target_probe
 */
must_check int mkd_target_open(const struct mkd_target_req *req, struct mkd_target **ret,
			       struct mkd_err *err);

/*
 * The point of no return for a device: every old signature is wiped, and the outer MiB at both ends
 * of the part that is used and of the device are zeroed. No-op for an image.
 *	-EINTR  a signal (128 + n); one that came before leaves the device untouched
 *	other    of pwrite(2), fsync(2) (IO)
 *	and mkd_signature_wipe
 */
must_check int mkd_target_begin(struct mkd_target *t, struct mkd_err *err);

int mkd_target_fd(const struct mkd_target *t); /* read-write, owned by t */
const struct mkd_target_info *mkd_target_info(const struct mkd_target *t);
/* True where [0, size) reads as zeros: a new image, or a device that was discarded to zeros. */
bool mkd_target_zeroed(const struct mkd_target *t);

/*
 * Everything of publishing that may fail for a reason of its own: fsync; a device gives back its
 * outer MiB past the page cache, and that must be what was written; an image to be replaced is
 * looked at again. Nothing is visible yet.
 *	-EBUSY   the image to replace has come into use or is another file now (TARGET, BUSY)
 *	-EIO     the device does not keep what is written (IO)
 *	-ENOMEM  (INTERNAL)
 *	other    of fsync(2), fchmod(2), pread(2) (IO, NOSPACE)
 *	and mkd_guard_image
 */
must_check int mkd_target_prepare(struct mkd_target *t, struct mkd_err *err);

/*
 * After prepare: an image gets its name, and its folder is fsynced; a device is kept. On failure
 * the name is as it was.
 *	-EEXIST  an image of that name has come to exist meanwhile (TARGET)
 *	and mkd_tmpname_commit
 */
must_check int mkd_target_commit(struct mkd_target *t, struct mkd_err *err);

/* Take a commit back, for when that of another part fails: the old image has its name again. */
void mkd_target_revert(struct mkd_target *t);

/* Prepare and commit, for one target alone. Errors: mkd_target_prepare, mkd_target_commit. */
must_check int mkd_target_publish(struct mkd_target *t, struct mkd_err *err);

/*
 * Close and free. Unpublished: the temporary file is removed; a device on which writing had begun
 * loses whatever superblocks and labels are on it. NULL is fine.
 */
void mkd_target_close(struct mkd_target *t);

#endif
