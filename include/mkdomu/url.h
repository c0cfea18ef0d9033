/* SPDX-License-Identifier: GPL-2.0-or-later */
/* url.h - the little that mkdomu itself needs to know of a URL; libcurl parses the rest. Pure. */
#ifndef MKDOMU_URL_H
#define MKDOMU_URL_H

#include "mkdomu/err.h"

#define MKD_URL_MAX  2047 /* bytes */
#define MKD_URL_SHOW 1024 /* of the form for messages, with its NUL */

/* Has it a scheme, "xyz://"? What has none is a path. */
bool mkd_url_is(const char *text);

/*
 * An absolute http or https URL without blanks, control characters or '#'.
 *	-EINVAL  it is none; the message hides user and password (USAGE)
 */
must_check int mkd_url_check(const char *url, struct mkd_err *err);

/*
 * The URL as it may be shown and stored: without user:password, and with "?..." for a query, which
 * often carries a token. Cut at the size of buf. Returns buf.
 */
const char *mkd_url_plain(const char *url, char buf[static MKD_URL_SHOW]);

/* Last component of its path, "_" for what is not A-Z a-z 0-9 _ + - . and "file" when empty. */
const char *mkd_url_file(const char *url, char buf[static 128]);

#endif
