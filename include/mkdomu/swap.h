/* SPDX-License-Identifier: GPL-2.0-or-later */
/* swap.h - a Linux swap header, as mkswap(8) writes it (linux/swap.h, union swap_header, version
 * 1). */
#ifndef MKDOMU_SWAP_H
#define MKDOMU_SWAP_H

#include "mkdomu/err.h"

struct mkd_swap_req {
	int fd; /* read-write, borrowed */
	const char *name;
	uint64_t offset_bytes, size_bytes; /* at least 10 pages of 4096 */
	uint8_t uuid[16];
	const char *label; /* up to 15 bytes, NULL = none */
};

/* Write the first page of the area, the boot block's 1 KiB zeroed. -EINVAL too small (TARGET);
 * -EIO... */
must_check int mkd_swap_write(const struct mkd_swap_req *req, struct mkd_err *err);

#endif
