/* SPDX-License-Identifier: GPL-2.0-or-later */
/* size.h - sizes as people write them: "4G", "512M", "1536K", "1.5G", plain bytes; powers of 1024.
 */
#ifndef MKDOMU_SIZE_H
#define MKDOMU_SIZE_H

#include "mkdomu/err.h"

/*
 * How a message ends when the guest's file system is full, behind "give ". lostdev.h puts a device
 * there where no --size helps.
 */
#define MKD_LARGER_SIZE "a larger --size"

/*
 * Parse text into bytes. Suffix K M G T P, upper or lower case, optionally followed by "iB" or
 * "B"; a decimal fraction only with a suffix. No sign, no white space, decimal digits only.
 *	-EINVAL  not a size; the message names the text and the form wanted (class USAGE)
 *	-ERANGE  over 2^63 - 1 bytes (class USAGE)
 */
must_check int mkd_size_parse(const char *text, uint64_t *ret_bytes, struct mkd_err *err);

/* Print with at most one decimal: "4 GiB", "1.5 GiB", "512 KiB", "17 bytes". Returns buf. */
const char *mkd_size_format(uint64_t bytes, char buf[static 32]);

#endif
