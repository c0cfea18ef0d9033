/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hookdisk.h - a part of an open disk or image as a block device that the kernel can mount: a loop
 * device which is gone as soon as nobody has it open or mounted, so that nothing is left whatever
 * becomes of this process. loop(4), LOOP_CONFIGURE, LO_FLAGS_AUTOCLEAR.
 */
#ifndef MKDOMU_HOOKDISK_H
#define MKDOMU_HOOKDISK_H

#include "mkdomu/err.h"

struct mkd_hookdisk {
	int fd; /* keeps it attached; -1 = none */
	char path[32];
};

/*
 * fd stays the caller's; what it has written must be on its way (fsync(2)) before.
 *	-ENODEV  no loop device can be had (HOOK)
 *	other    of ioctl(2) (HOOK)
 */
must_check int mkd_hookdisk_attach(int fd, uint64_t offset_bytes, uint64_t size_bytes,
				   struct mkd_hookdisk *ret, struct mkd_err *err);

/*
 * Wait until the kernel has unmounted it, up to 10 s, and detach it.
 *	-EBUSY  it is still mounted (HOOK)
 */
must_check int mkd_hookdisk_detach(struct mkd_hookdisk *d, struct mkd_err *err);

#endif
