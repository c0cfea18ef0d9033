/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loop.h - loop devices over a file or device. The kernel lets anybody write what is below a loop
 * device, O_EXCL or not, so mkdomu looks for itself. loop(4), linux/loop.h.
 */
#ifndef MKDOMU_LOOP_H
#define MKDOMU_LOOP_H

#include "mkdomu/inuse.h"

/*
 * The subject must not be attached to a loop device; nor, being one, share bytes with another over
 * the same file. Files are compared by what the kernel holds, not by name; where the loop device
 * may not be opened, by the name that sysfs gives.
 *	-EBUSY  (TARGET)
 *	other    of opendir(3) on /sys/block (TARGET)
 */
must_check int mkd_inuse_loop(const struct mkd_subject *s, struct mkd_err *err);

#endif
