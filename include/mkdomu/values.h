/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * values.h - one setting's text to one typed value. Every message begins with origin ("--memory",
 * "gentoo-base.conf:31") and says what would be right.
 */
#ifndef MKDOMU_VALUES_H
#define MKDOMU_VALUES_H

#include "mkdomu/err.h"

/*
 * A plain decimal number of min..max; unit ("MiB", "CPUs") is for messages.
 *	-EINVAL  not one: sign, suffix, leading zero, out of range (USAGE)
 */
struct mkd_value_range {
	unsigned min, max;
	const char *unit;
};
must_check int mkd_value_count(const char *text, const char *origin,
			       const struct mkd_value_range *range, unsigned *ret,
			       struct mkd_err *err);

/* A size of size.h, not zero. -EINVAL, -ERANGE (USAGE) */
must_check int mkd_value_size(const char *text, const char *origin, uint64_t *ret_bytes,
			      struct mkd_err *err);

/* One of choices, which end with NULL; *ret is its index. -EINVAL lists them (USAGE) */
must_check int mkd_value_choice(const char *text, const char *origin, const char *const *choices,
				size_t *ret, struct mkd_err *err);

/* 1..max bytes without control characters. -EINVAL (USAGE) */
must_check int mkd_value_text(const char *text, const char *origin, size_t max,
			      struct mkd_err *err);

/* As mkd_value_text, and without quotes and backslashes: xl.cfg(5) has no way to write them that
 * all its readers agree on. -EINVAL (USAGE) */
must_check int mkd_value_quotable(const char *text, const char *origin, size_t max,
				  struct mkd_err *err);

/*
 * A quotable path that names a file, made absolute by the current folder; links and ".." stay.
 * *ret is the caller's.
 *	-EINVAL  not quotable, over 4000 bytes, ends in '/', "." or "..", or relative while the
 *	         current folder is gone (USAGE)   -ENOMEM
 */
must_check int mkd_value_path(const char *text, const char *origin, char **ret,
			      struct mkd_err *err);

/* Exactly digits hex digits; *ret (the caller's) has them in upper or lower case.
 * -EINVAL (USAGE), -ENOMEM */
must_check int mkd_value_hex(const char *text, const char *origin, size_t digits, bool upper,
			     char **ret, struct mkd_err *err);

/* "http://" or "https://" and a host; no blanks, quotes, '?' or '#'. -EINVAL (USAGE) */
must_check int mkd_value_url(const char *text, const char *origin, struct mkd_err *err);

#endif
