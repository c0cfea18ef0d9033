/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json.h - writes one JSON text (RFC 8259) into a buffer, member by member, so that the same calls
 * give the same bytes whatever library, locale or machine: two blanks a level, members in the order
 * of the calls, LF at the end. Pure. Running out of memory shows in mkd_buf_check.
 *
 * Strings may be any bytes: what is no UTF-8 (overlong forms, surrogates and values over U+10FFFF
 * included) becomes U+FFFD, one for each byte; control characters and DEL are escaped.
 */
#ifndef MKDOMU_JSON_H
#define MKDOMU_JSON_H

#include "mkdomu/buf.h"

#define MKD_JSON_DEPTH 16

/* Zero-initialise but for out. */
struct mkd_json {
	struct mkd_buf *out;
	unsigned depth;
	char close[MKD_JSON_DEPTH]; /* '}' or ']' of each level */
	bool filled[MKD_JSON_DEPTH];
};

/* key is NULL for the outermost value and in arrays, and only there. At most 16 levels. */
void mkd_json_object(struct mkd_json *j, const char *key);
void mkd_json_array(struct mkd_json *j, const char *key);
/* End the innermost object or array. */
void mkd_json_end(struct mkd_json *j);

void mkd_json_string(struct mkd_json *j, const char *key, const char *text);
void mkd_json_bytes(struct mkd_json *j, const char *key, const void *text, size_t len);
/* len bytes as lower-case hexadecimal digits. */
void mkd_json_hex(struct mkd_json *j, const char *key, const uint8_t *data, size_t len);
void mkd_json_int(struct mkd_json *j, const char *key, int64_t v);
void mkd_json_bool(struct mkd_json *j, const char *key, bool v);

/* Is all of it UTF-8, so that a string has it as it is? */
bool mkd_json_is_text(const char *text);

#endif
