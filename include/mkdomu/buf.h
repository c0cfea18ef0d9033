/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * buf.h - a growing byte string with a sticky error, and a list of strings. Build a whole text,
 * then ask once whether all of it went in.
 */
#ifndef MKDOMU_BUF_H
#define MKDOMU_BUF_H

#include "mkdomu/err.h"

/* Zero-initialise; release with mkd_buf_free or cleanup_buf. data is NUL-terminated once non-NULL.
 */
struct mkd_buf {
	char *data;
	size_t len, cap;
	bool failed; /* out of memory at some point; later calls do nothing */
};

void mkd_buf_add(struct mkd_buf *b, const void *data, size_t len);
void mkd_buf_str(struct mkd_buf *b, const char *s);
void mkd_buf_printf(struct mkd_buf *b, const char *fmt, ...) printf_like(2, 3);
/* Forget the content, keep the memory and clear the sticky error. */
void mkd_buf_reset(struct mkd_buf *b);
void mkd_buf_free(struct mkd_buf *b);
/* As mkd_buf_free, the memory overwritten first; copies that growing left are not reached. */
void mkd_buf_wipe(struct mkd_buf *b);

/* Returns 0, or -ENOMEM (class INTERNAL) when any earlier call ran out of memory. */
must_check int mkd_buf_check(const struct mkd_buf *b, struct mkd_err *err);

/* The content as a string, "" when empty; owned by the buffer. */
static inline const char *mkd_buf_cstr(const struct mkd_buf *b)
{
	return b->data ? b->data : "";
}

/* Zero-initialise; owns its strings. v[n] is NULL once non-NULL. */
struct mkd_strv {
	char **v;
	size_t n;
};

/* Append a copy of s. Returns 0 or -ENOMEM (class INTERNAL). */
must_check int mkd_strv_add(struct mkd_strv *l, const char *s, struct mkd_err *err);
bool mkd_strv_has(const struct mkd_strv *l, const char *s);
void mkd_strv_free(struct mkd_strv *l);

/* As strdup/strndup/asprintf, but through *err: 0 with *ret owned by the caller, or -ENOMEM. */
must_check int mkd_strdup(const char *s, char **ret, struct mkd_err *err);
must_check int mkd_asprintf(char **ret, struct mkd_err *err, const char *fmt, ...)
	printf_like(3, 4);

#define cleanup_buf    cleanup(mkd_buf_free)
#define cleanup_secret cleanup(mkd_buf_wipe)
#define cleanup_strv   cleanup(mkd_strv_free)

#endif
