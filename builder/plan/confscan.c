/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/confscan.h"

#include <errno.h>
#include <string.h>

#define MAX_DEPTH 2 /* a list in a section */

struct scan {
	const char *path;
	char *text;
	size_t len, pos;
	unsigned line;
	char last, before; /* the last two characters that count, outside strings */
	unsigned depth;    /* of braces */
	unsigned opened[MAX_DEPTH];
	struct mkd_err *err;
};

static int bad(const struct scan *s, const char *what)
{
	return mkd_fail(s->err, MKD_EXIT_USAGE, EINVAL, "%s:%u: %s", s->path, s->line, what);
}

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* pos is behind the opening quote, and goes behind the closing one. */
static int scan_string(struct scan *s, char quote)
{
	for (; s->pos < s->len && s->text[s->pos] != '\n'; s->pos++) {
		char c = s->text[s->pos], next = s->text[s->pos + 1];

		if (c == quote) {
			s->pos++;
			return 0;
		}
		if (is_control(c))
			return bad(s, "a string has a control character in it");
		if (quote == '"' && c == '$' && next == '{')
			return bad(s,
				   "'${' in a string: variables are not put in; write the value, "
				   "or use '...' for the characters as they are");
		if (c != '\\')
			continue;
		if (next != '\\' && next != quote)
			return bad(s,
				   "a backslash in a string may only stand before a backslash or "
				   "the quote");
		s->pos++;
	}
	return bad(s, "a string does not end on its line; close the quote");
}

static void blank_comment(struct scan *s)
{
	for (; s->pos < s->len && s->text[s->pos] != '\n'; s->pos++)
		s->text[s->pos] = ' ';
}

static void note(struct scan *s, char c)
{
	s->before = s->last;
	s->last = c;
}

static bool begins_word(const struct scan *s)
{
	return s->pos == 0 || strchr(" \t\n={},", s->text[s->pos - 1]);
}

static int scan_plain(struct scan *s, char c)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:@%~={},";
	char next = s->text[s->pos + 1];
	char msg[96];

	if (c == '\r' && next == '\n')
		s->text[s->pos] = ' ';
	else if (c == '/' && (next == '/' || next == '*') && begins_word(s))
		return bad(s, "comments begin with '#'");
	else if (is_control(c))
		return bad(s, "there is a control character");
	else if (c != '/' && !strchr(plain, c)) {
		(void)snprintf(msg, sizeof(msg),
			       "unexpected '%.1s'; put values with such characters into \"...\"",
			       (unsigned char)c < 0x80 ? &c : "?");
		return bad(s, msg);
	}
	if (c == '}' && s->last == '{' && s->before == '=')
		return bad(s, "the list is empty; leave the key out");
	if (c == '{' && s->depth == MAX_DEPTH)
		return bad(s, "unexpected '{': only a list in a section may have one");
	if (c == '{')
		s->opened[s->depth++] = s->line;
	if (c == '}' && s->depth)
		s->depth--;
	s->pos++;
	note(s, c);
	return 0;
}

static int scan_one(struct scan *s)
{
	char c = s->text[s->pos];

	switch (c) {
	case '#':
		blank_comment(s);
		return 0;
	case '\n':
		s->line++;
		s->pos++;
		return 0;
	case ' ':
	case '\t':
		s->pos++;
		return 0;
	case '"':
	case '\'':
		s->pos++;
		note(s, c);
		return scan_string(s, c);
	case '\0':
		return bad(s, "there is a NUL byte; a profile is plain text");
	default:
		return scan_plain(s, c);
	}
}

int mkd_confscan(const char *path, char *text, size_t len, struct mkd_err *err)
{
	struct scan s = { .path = path, .text = text, .len = len, .line = 1, .err = err };
	int r = 0;

	while (s.pos < s.len && r == 0)
		r = scan_one(&s);
	if (r == 0 && s.depth) { /* libconfuse takes the end of the file for the brace */
		s.line = s.opened[s.depth - 1];
		return bad(&s, "this '{' is never closed");
	}
	return r;
}
