/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digests.h - the strong digests of one file, and the DIGESTS text that lists them. Pure.
 *
 * Format (catalyst, catalyst/base/genbase.py): for each file and algorithm a comment such as
 * "# SHA512 HASH", then "<hex>  <name>"; or, in BSD style, "SHA512 (<name>) = <hex>". SHA512 and
 * BLAKE2B are of one length, so the comment alone tells which is which. Upper-case hex, CR before
 * LF and blanks at the end of a line are accepted; names are compared by their last component.
 */
#ifndef MKDOMU_DIGESTS_H
#define MKDOMU_DIGESTS_H

#include "mkdomu/err.h"

enum mkd_algo {
	MKD_ALGO_SHA512,
	MKD_ALGO_BLAKE2B, /* BLAKE2b-512, b2sum(1) */
	MKD_ALGO_SHA256,
	MKD_N_ALGOS,
};

#define MKD_ALGO_BIT(algo) (1U << (algo))

struct mkd_digests {
	unsigned have; /* MKD_ALGO_BITs */
	uint8_t of[MKD_N_ALGOS][64];
};

/* "SHA512", "BLAKE2B", "SHA256"; and the length of their values in bytes. */
const char *mkd_algo_name(enum mkd_algo algo);
size_t mkd_algo_bytes(enum mkd_algo algo);

/*
 * Find the digests of a file in the signed text. ret is untouched on failure.
 *	-EBADMSG  no entry, only unknown or weak algorithms, a value of the wrong length or not
 *	          hexadecimal, two values that differ, "..", control characters (VERIFY)
 */
must_check int mkd_digests_parse(const char *text, size_t len, const char *file,
				 struct mkd_digests *ret, struct mkd_err *err);

/*
 * Take a digest that the user typed, of the algorithm's length, either case.
 *	-EINVAL  it is none (USAGE)
 */
must_check int mkd_digests_from_hex(const char *hex, enum mkd_algo algo, struct mkd_digests *ret,
				    struct mkd_err *err);

/*
 * All that want has must be in got and equal.
 *	-EBADMSG  one is missing or differs; the message names file and algorithm (VERIFY)
 */
must_check int mkd_digests_compare(const struct mkd_digests *want, const struct mkd_digests *got,
				   const char *file, struct mkd_err *err);

#endif
