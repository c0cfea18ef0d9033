/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tarhdr.h - one 512-byte tar header, read strictly. Pure. Layouts: POSIX.1-2017 pax, "ustar
 * Interchange Format"; GNU tar 1.34 manual, "Basic Tar Format" (base-256 numbers, 'S' members).
 */
#ifndef MKDOMU_TARHDR_H
#define MKDOMU_TARHDR_H

#include "mkdomu/err.h"

#define MKD_TAR_BLOCK 512

struct mkd_tarhdr {
	char type; /* as in the file; '\0' of old archives stays */
	char path[100 + 155 + 2];
	char link[100 + 1];
	uint16_t mode;      /* 07777 */
	int64_t uid, gid;   /* any sign; policy.h has the range */
	int64_t size_bytes; /* likewise; what follows in the archive */
	int64_t mtime_sec;
	int64_t major, minor; /* read for types '3' and '4' only, else 0 */
	bool more_map;        /* type 'S': a block with more of the sparse map follows */
};

bool mkd_tarhdr_is_zero(const uint8_t block[static MKD_TAR_BLOCK]);

/*
 * *ret is untouched on failure. Numbers are octal (spaces before, a space or NUL behind) or GNU
 * base-256; a blank field is 0.
 *	-EBADMSG  checksum, or a field that is no number (ARCHIVE)
 *	-ERANGE   a number over 63 bits (ARCHIVE)
 */
must_check int mkd_tarhdr_parse(const uint8_t block[static MKD_TAR_BLOCK], struct mkd_tarhdr *ret,
				struct mkd_err *err);

#endif
