/* SPDX-License-Identifier: GPL-2.0-or-later */
/* answer.h - the few header fields of an HTTP response (RFC 9110) that decide on a body. Pure. */
#ifndef MKDOMU_ANSWER_H
#define MKDOMU_ANSWER_H

#include "mkdomu/base.h"

struct mkd_answer {
	int64_t length_bytes;      /* Content-Length; -1 = not given or not a number */
	int64_t range_start_bytes; /* Content-Range: bytes N-; -1 */
	bool ambiguous;            /* two lengths that differ */
	char etag[200];            /* a strong one, with its quotes; "" */
	char modified[64];         /* Last-Modified; "" */
};

/* Forget everything: also done by a status line, so that only the last response counts. */
void mkd_answer_reset(struct mkd_answer *a);

/* Take in one line of the header, with or without its CR LF; not NUL-terminated. */
void mkd_answer_line(struct mkd_answer *a, const char *line, size_t len);

/* What If-Range may name: the ETag, else the date, else "". Points into *a. */
const char *mkd_answer_validator(const struct mkd_answer *a);

#endif
