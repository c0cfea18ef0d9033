/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pax.h - the records "LEN KEY=VALUE\n" of a pax extended header, read strictly. Pure. Format:
 * POSIX.1-2017 pax, "pax Extended Header"; GNU.sparse.* in the GNU tar 1.34 manual; SCHILY.* in
 * star(5).
 */
#ifndef MKDOMU_PAX_H
#define MKDOMU_PAX_H

#include "mkdomu/err.h"

struct mkd_pax_record {
	char *key, *value; /* NUL-terminated; the value of an xattr may have NULs inside */
	size_t value_len;
};

/*
 * Take the record at data[*at], advance *at. Writes NULs over the '=' and the newline, so that the
 * strings of *ret live in data. Returns 1, or 0 at the end of data.
 *	-EBADMSG  no length, one that leaves the data, no '=', no newline at the end, an empty
 *	          key, or a NUL in the key (ARCHIVE)
 */
must_check int mkd_pax_next(char *data, size_t len, size_t *at, struct mkd_pax_record *ret,
			    struct mkd_err *err);

/* A decimal with an optional '-' and nothing else. -EBADMSG; -ERANGE over 63 bits (ARCHIVE). */
must_check int mkd_pax_number(const struct mkd_pax_record *rec, int64_t *ret, struct mkd_err *err);

/*
 * A time "[-]SEC[.FRACTION]" as seconds rounded down and 0..999999999 ns; digits beyond the ninth
 * are dropped, towards the past. -1.25 is -2 s and 750000000 ns.
 *	-EBADMSG  anything else, "NaN" and "1e5" too (ARCHIVE)
 *	-ERANGE   over 62 bits of seconds (ARCHIVE)
 */
must_check int mkd_pax_time(const struct mkd_pax_record *rec, int64_t *ret_sec, uint32_t *ret_nsec,
			    struct mkd_err *err);

#endif
