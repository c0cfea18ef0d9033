/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target.h - stage 3: the disk to be written: an image file or a block device, opened safely,
 * written, and then published or given back.
 *
 * Promise: an image file appears complete under its name or not at all, and the old one stays as it
 * was until then (O_TMPFILE or a hidden temporary file, rename). A block device is untouched until
 * mkd_target_begin; from there until mkd_target_publish it carries no recognisable superblock.
 */
#ifndef MKDOMU_TARGET_H
#define MKDOMU_TARGET_H

#include "mkdomu/ui.h"

struct mkd_target;

enum mkd_target_kind { MKD_TARGET_IMAGE, MKD_TARGET_DEVICE };

struct mkd_target_req {
	const char *path;    /* image file or block device; links in /dev are followed */
	uint64_t size_bytes; /* image: its size (required); device: use this much, 0 = all */
	bool force;          /* replace an image or a recognised signature */
	struct mkd_ui *ui;
};

struct mkd_target_info {
	enum mkd_target_kind kind;
	uint64_t size_bytes;   /* usable, a multiple of 4096; image that does not exist yet: 0 */
	unsigned sector_bytes; /* logical sector size, 512 for images */
	char path[4096];       /* absolute; a device's real node */
	char found[256];       /* what is there now: "ext4, label 'x', UUID ..."; "" = nothing */
};

/*
 * Look without touching (for the plan and --dry-run): all of guard's refusals are made here too.
 *	-EINVAL  neither a regular file nor a block device; too small (TARGET)
 *	-EEXIST  an image or a known signature is there and not force (TARGET)
 *	-EBUSY   mounted, swap, in use by the kernel, a loop or another program (TARGET), or another
 *	         mkdomu (BUSY)
 *	-EROFS   read-only (TARGET)
 *	-EACCES, -ENOENT  (TARGET)
 */
must_check int mkd_target_probe(const struct mkd_target_req *req, struct mkd_target_info *ret,
				struct mkd_err *err);

/*
 * Probe again on the fd that stays open: device with O_EXCL and a lock on its whole disk; image as
 * a new unnamed file of size_bytes beside the old one. Nothing of the old content is changed.
 * Errors as mkd_target_probe; -ENOSPC, -EFBIG.
 */
must_check int mkd_target_open(const struct mkd_target_req *req, struct mkd_target **ret,
			       struct mkd_err *err);

/* The point of no return for a device: every old signature is wiped. No-op for an image. */
must_check int mkd_target_begin(struct mkd_target *t, struct mkd_err *err);

int mkd_target_fd(const struct mkd_target *t); /* read-write, owned by t */
const struct mkd_target_info *mkd_target_info(const struct mkd_target *t);
/* True where [0, size) reads as zeros: a new image, or a device that was discarded to zeros. */
bool mkd_target_zeroed(const struct mkd_target *t);

/* fsync, check, and for an image rename into place and fsync the folder. */
must_check int mkd_target_publish(struct mkd_target *t, struct mkd_err *err);

/*
 * Close and free. Unpublished: the temporary file is removed; a device on which writing had begun
 * loses whatever superblocks and labels are on it. NULL is fine.
 */
void mkd_target_close(struct mkd_target *t);

#endif
