/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lostdev.h - what an error of a device that was being written means. Linux says ENOSPC both for a
 * disk that was pulled and for a thin volume whose pool is full, so the errno alone misleads.
 */
#ifndef MKDOMU_LOSTDEV_H
#define MKDOMU_LOSTDEV_H

#include "mkdomu/target.h"

/*
 * Look at *err, which a build on the target ended with, and at the device, and return -err->code:
 *	-ENODEV  new: the device is there no more (IO)
 *	-ENOSPC  as it was, with the way out added when a write of the device said so; and when it
 *	         was the guest's file system, and whole says that it has all of the device, with
 *	         "a larger device" in the place of MKD_LARGER_SIZE
 * Any other error, and all of an image, is left as it is.
 */
int mkd_lostdev_explain(const struct mkd_target_info *info, bool whole, struct mkd_err *err);

#endif
