/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fstab.h - root and swap in fstab(5). Pure. */
#ifndef MKDOMU_FSTAB_H
#define MKDOMU_FSTAB_H

#include "mkdomu/textedit.h"

struct mkd_fstab {
	const char *root_dev, *root_fstype; /* "/dev/xvda1", "ext4" */
	const char *swap;                   /* "/dev/xvda2", "/swapfile", or NULL = no swap */
	const char *swap_options;           /* "sw" */
};

/*
 * An editor (struct mkd_edit); arg is a struct mkd_fstab. One line for "/" and one for the swap
 * (or none) are in force afterwards; other active ones for "/" or of type swap are commented out,
 * and ours takes the place of the first. All else stays.
 * Always 0; memory that ran out sticks in *out.
 */
must_check int mkd_fstab_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			      struct mkd_err *err);

/*
 * The first active line that names a disk which a guest of ours has not (sd, hd, vd, nvme, mmcblk
 * devices): the line's device in *ret; false when there is none.
 */
bool mkd_fstab_foreign(struct mkd_span text, struct mkd_span *ret);

#endif
