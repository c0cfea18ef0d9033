/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/textedit.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool mkd_line_next(struct mkd_span *rest, struct mkd_line *ret)
{
	const char *nl;
	size_t len, all;

	if (!rest->len)
		return false;
	nl = memchr(rest->p, '\n', rest->len);
	all = nl ? (size_t)(nl - rest->p) + 1 : rest->len;
	len = nl ? all - 1 : all;
	if (nl && len && rest->p[len - 1] == '\r')
		len--;
	ret->text = (struct mkd_span){ rest->p, len };
	ret->eol = (struct mkd_span){ rest->p + len, all - len };
	rest->p += all;
	rest->len -= all;
	return true;
}

bool mkd_word_next(struct mkd_span *rest, struct mkd_span *ret)
{
	size_t from = 0, to;

	while (from < rest->len && is_blank(rest->p[from]))
		from++;
	for (to = from; to < rest->len && !is_blank(rest->p[to]);)
		to++;
	if (from == to)
		return false;
	*ret = (struct mkd_span){ rest->p + from, to - from };
	rest->p += to;
	rest->len -= to;
	return true;
}

bool mkd_field_next(struct mkd_span *rest, char sep, struct mkd_span *ret)
{
	const char *end;

	if (!rest->p)
		return false;
	end = rest->len ? memchr(rest->p, sep, rest->len) : NULL;
	if (!end) {
		*ret = *rest;
		*rest = (struct mkd_span){ 0 };
		return true;
	}
	*ret = (struct mkd_span){ rest->p, (size_t)(end - rest->p) };
	rest->len -= ret->len + 1;
	rest->p = end + 1;
	return true;
}

struct mkd_span mkd_span_of(const char *s)
{
	return (struct mkd_span){ s, strlen(s) };
}

struct mkd_span mkd_span_buf(const struct mkd_buf *b)
{
	return (struct mkd_span){ mkd_buf_cstr(b), b->len };
}

bool mkd_span_is(struct mkd_span s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

bool mkd_span_starts(struct mkd_span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.p, prefix, len) == 0;
}

struct mkd_span mkd_span_trim(struct mkd_span s)
{
	while (s.len && is_blank(*s.p)) {
		s.p++;
		s.len--;
	}
	while (s.len && (is_blank(s.p[s.len - 1]) || s.p[s.len - 1] == '\r'))
		s.len--;
	return s;
}

bool mkd_line_idle(const struct mkd_line *l)
{
	struct mkd_span s = mkd_span_trim(l->text);

	return !s.len || *s.p == '#';
}

void mkd_text_span(struct mkd_buf *out, struct mkd_span s)
{
	mkd_buf_add(out, s.p, s.len);
}

void mkd_text_keep(struct mkd_buf *out, const struct mkd_line *l)
{
	mkd_text_span(out, l->text);
	mkd_text_span(out, l->eol);
}

void mkd_text_comment(struct mkd_buf *out, const struct mkd_line *l)
{
	mkd_buf_str(out, "#");
	mkd_text_keep(out, l);
}

void mkd_text_end(struct mkd_buf *out)
{
	if (out->len && out->data[out->len - 1] != '\n')
		mkd_buf_str(out, "\n");
}

void mkd_text_add_span(struct mkd_buf *out, struct mkd_span line)
{
	mkd_text_end(out);
	mkd_text_span(out, line);
	mkd_buf_str(out, "\n");
}

void mkd_text_add(struct mkd_buf *out, const char *line)
{
	mkd_text_add_span(out, mkd_span_of(line));
}
