/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/json.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at p (Unicode, table 3-7), or 0. */
static size_t utf8_len(const uint8_t *p, size_t left)
{
	static const struct {
		uint8_t first, last, low, high, len; /* of byte 1, of byte 2, in all */
	} forms[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		if (p[0] < forms[i].first || p[0] > forms[i].last)
			continue;
		if (forms[i].len > left)
			return 0;
		if (forms[i].len > 1 && (p[1] < forms[i].low || p[1] > forms[i].high))
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if ((p[k] & 0xc0) != 0x80)
				return 0;
		return forms[i].len;
	}
	return 0;
}

bool mkd_json_is_text(const char *text)
{
	const uint8_t *p = (const uint8_t *)text;

	for (size_t left = strlen(text), n; left; left -= n, p += n) {
		n = utf8_len(p, left);
		if (!n)
			return false;
	}
	return true;
}

static void add_text(struct mkd_buf *out, const uint8_t *p, size_t len)
{
	mkd_buf_str(out, "\"");
	while (len) {
		size_t n = utf8_len(p, len);

		if (!n)
			mkd_buf_str(out, "\xef\xbf\xbd"); /* U+FFFD */
		else if (*p == '"' || *p == '\\')
			mkd_buf_printf(out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			mkd_buf_printf(out, "\\u%04x", *p);
		else
			mkd_buf_add(out, p, n);
		n += !n;
		p += n;
		len -= n;
	}
	mkd_buf_str(out, "\"");
}

static void new_line(struct mkd_json *j)
{
	mkd_buf_printf(j->out, "\n%*s", (int)(2 * j->depth), "");
}

/* All that comes before a value. */
static void begin(struct mkd_json *j, const char *key)
{
	if (!j->depth)
		return;
	assert(!key == (j->close[j->depth - 1] == ']'));
	if (j->filled[j->depth - 1])
		mkd_buf_str(j->out, ",");
	j->filled[j->depth - 1] = true;
	new_line(j);
	if (key) {
		add_text(j->out, (const uint8_t *)key, strlen(key));
		mkd_buf_str(j->out, ": ");
	}
}

static void open_level(struct mkd_json *j, const char *key, const char *bracket, char close)
{
	assert(j->depth < MKD_JSON_DEPTH);
	begin(j, key);
	mkd_buf_str(j->out, bracket);
	j->close[j->depth] = close;
	j->filled[j->depth++] = false;
}

void mkd_json_object(struct mkd_json *j, const char *key)
{
	open_level(j, key, "{", '}');
}

void mkd_json_array(struct mkd_json *j, const char *key)
{
	open_level(j, key, "[", ']');
}

void mkd_json_end(struct mkd_json *j)
{
	assert(j->depth > 0);
	j->depth--;
	if (j->filled[j->depth])
		new_line(j);
	mkd_buf_add(j->out, &j->close[j->depth], 1);
	if (!j->depth)
		mkd_buf_str(j->out, "\n");
}

void mkd_json_bytes(struct mkd_json *j, const char *key, const void *text, size_t len)
{
	begin(j, key);
	add_text(j->out, text, len);
}

void mkd_json_string(struct mkd_json *j, const char *key, const char *text)
{
	mkd_json_bytes(j, key, text, strlen(text));
}

void mkd_json_hex(struct mkd_json *j, const char *key, const uint8_t *data, size_t len)
{
	begin(j, key);
	mkd_buf_str(j->out, "\"");
	for (size_t i = 0; i < len; i++)
		mkd_buf_printf(j->out, "%02x", data[i]);
	mkd_buf_str(j->out, "\"");
}

void mkd_json_int(struct mkd_json *j, const char *key, int64_t v)
{
	begin(j, key);
	mkd_buf_printf(j->out, "%" PRId64, v);
}

void mkd_json_bool(struct mkd_json *j, const char *key, bool v)
{
	begin(j, key);
	mkd_buf_str(j->out, v ? "true" : "false");
}
