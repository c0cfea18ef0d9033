/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/answer.h"

#include <string.h>
#include <strings.h>

void mkd_answer_reset(struct mkd_answer *a)
{
	*a = (struct mkd_answer){ .length_bytes = -1, .range_start_bytes = -1 };
}

/* If the line is "<name>: <value>", copy the value without blanks around it. */
static bool header_is(const char *line, size_t len, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return false;
	for (n++; n < len && (line[n] == ' ' || line[n] == '\t');)
		n++;
	while (len > n && strchr(" \t\r\n", line[len - 1]))
		len--;
	ret[0] = '\0';
	/* A value that does not fit, or could break out of a line of ours, is no value. */
	if (len - n >= size)
		return true;
	for (size_t i = n; i < len; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
			return true;
	memcpy(ret, line + n, len - n);
	ret[len - n] = '\0';
	return true;
}

static int64_t number_at(const char *p)
{
	int64_t v = 0;

	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *p - '0', &v))
			return INT64_MAX;
	return v;
}

void mkd_answer_line(struct mkd_answer *a, const char *line, size_t len)
{
	char value[200] = "";

	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		mkd_answer_reset(a);
	} else if (header_is(line, len, "content-length", value, sizeof(value))) {
		int64_t v = number_at(value);

		a->ambiguous |= a->length_bytes >= 0 && a->length_bytes != v;
		a->length_bytes = v;
	} else if (header_is(line, len, "content-range", value, sizeof(value))) {
		if (strncasecmp(value, "bytes ", 6) == 0)
			a->range_start_bytes = number_at(value + 6);
	} else if (header_is(line, len, "etag", value, sizeof(value))) {
		/* A weak one, W/"...", says nothing of bytes. */
		(void)snprintf(a->etag, sizeof(a->etag), "%s", value[0] == '"' ? value : "");
	} else {
		(void)header_is(line, len, "last-modified", a->modified, sizeof(a->modified));
	}
}

const char *mkd_answer_validator(const struct mkd_answer *a)
{
	return a->etag[0] ? a->etag : a->modified;
}
