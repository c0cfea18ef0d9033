/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * readback.h - a device past the page cache: whether it gives back what was written to it.
 */
#ifndef MKDOMU_READBACK_H
#define MKDOMU_READBACK_H

#include "mkdomu/err.h"

#define MKD_READBACK_BYTES MIB

/*
 * A second fd, the caller's, for what fd is open on, with O_DIRECT where that works.
 *	other    of open(2), as a negative errno alone
 */
must_check int mkd_direct_open(int fd, int flags);

/*
 * Write out, and compare MKD_READBACK_BYTES at each of n offsets (multiples of 4096) with what the
 * page cache of fd, a block device, has there. name is for messages.
 *	-EIO     the device gives something else, or cannot be written or read (IO)
 *	-ENOSPC  it takes no more (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_readback_check(int fd, const char *name, const uint64_t *offsets, size_t n,
				  struct mkd_err *err);

#endif
