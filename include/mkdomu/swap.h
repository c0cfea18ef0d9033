/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swap.h - a Linux swap header, as mkswap(8) of util-linux 2.38 writes it (linux/swap.h, union
 * swap_header, version 1): little-endian, pages of 4096 bytes, so for x86 guests.
 */
#ifndef MKDOMU_SWAP_H
#define MKDOMU_SWAP_H

#include "mkdomu/err.h"

#define MKD_SWAP_PAGE_BYTES  UINT64_C(4096)
#define MKD_SWAP_MIN_BYTES   (10 * MKD_SWAP_PAGE_BYTES)
#define MKD_SWAP_LABEL_BYTES 15

struct mkd_swap_req {
	int fd; /* read-write, borrowed */
	const char *name;
	uint64_t offset_bytes, size_bytes; /* at least 10 pages; a rest under a page is not used */
	uint8_t uuid[16];                  /* RFC 4122 byte order */
	const char *label;                 /* up to 15 bytes, NULL = none */
};

/*
 * The first page of the area, the boot block's 1 KiB zeroed. Areas over 2^32 pages are used up to
 * that. Pure: fd and offset_bytes are not looked at.
 *	-EINVAL        too small (TARGET)
 *	-ENAMETOOLONG  the label has more than 15 bytes (USAGE)
 */
must_check int mkd_swap_header(const struct mkd_swap_req *req, uint8_t ret[MKD_SWAP_PAGE_BYTES],
			       struct mkd_err *err);

/*
 * Write that page.
 *	other    of pwrite(2) (IO, NOSPACE)
 *	and mkd_swap_header
 */
must_check int mkd_swap_write(const struct mkd_swap_req *req, struct mkd_err *err);

#endif
