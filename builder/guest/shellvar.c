/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/shellvar.h"

#include <errno.h>
#include <string.h>

/* One command's worth of lines: several where a quote or a backslash carries it on. */
struct command {
	struct mkd_span text; /* with the ends of lines */
	bool open;            /* a quote was not closed before the end of the file */
};

/* Position behind the quoted string that starts at s.p[i], or s.len + 1 if it does not end. */
static size_t skip_quoted(struct mkd_span s, size_t i)
{
	char quote = s.p[i++];

	for (; i < s.len; i++) {
		if (s.p[i] == quote)
			return i + 1;
		if (quote == '"' && s.p[i] == '\\')
			i++;
	}
	return s.len + 1;
}

static bool starts_comment(struct mkd_span s, size_t i)
{
	return s.p[i] == '#' && (i == 0 || strchr(" \t;&|()", s.p[i - 1]));
}

static bool command_next(struct mkd_span *rest, struct command *ret)
{
	bool comment = false;
	size_t i = 0;

	if (!rest->len)
		return false;
	ret->open = false;
	while (i < rest->len && rest->p[i] != '\n') {
		char c = rest->p[i];

		comment = comment || starts_comment(*rest, i);
		if (!comment && (c == '"' || c == '\'')) {
			i = skip_quoted(*rest, i);
			ret->open = i > rest->len;
		} else {
			i += !comment && c == '\\' ? 2 : 1;
		}
	}
	i = i < rest->len ? i + 1 : rest->len;
	ret->text = (struct mkd_span){ rest->p, i };
	rest->p += i;
	rest->len -= i;
	return true;
}

/* Is s "key=" and more? Then the rest is what follows the sign. */
static bool assigns(struct mkd_span s, const char *key, struct mkd_span *value)
{
	size_t len = strlen(key);

	if (!mkd_span_starts(s, key) || s.len == len || s.p[len] != '=')
		return false;
	*value = (struct mkd_span){ s.p + len + 1, s.len - len - 1 };
	return true;
}

static size_t unquote_part(struct mkd_span s, size_t i, struct mkd_buf *ret)
{
	char quote = s.p[i];
	size_t end = skip_quoted(s, i);

	for (i++; i + 1 < end; i++) {
		if (quote == '"' && s.p[i] == '\\' && i + 2 < end && s.p[i + 1] == '\n') {
			i++;
			continue;
		}
		/* In double quotes a backslash quotes these alone: POSIX.1-2017, XCU 2.2.3. */
		if (quote == '"' && s.p[i] == '\\' && i + 2 < end && strchr("$`\"\\", s.p[i + 1]))
			i++;
		mkd_buf_add(ret, s.p + i, 1);
	}
	return end;
}

/* Unquote one word; false when more than a comment follows: not a plain assignment. */
static bool unquote(struct mkd_span s, struct mkd_buf *ret)
{
	size_t i = 0;

	mkd_buf_reset(ret);
	mkd_buf_add(ret, "", 0);
	while (i < s.len && !strchr(" \t\r\n;&|()<>", s.p[i])) {
		if (s.p[i] == '"' || s.p[i] == '\'') {
			i = unquote_part(s, i, ret);
			continue;
		}
		if (s.p[i] == '\\' && ++i < s.len && s.p[i] == '\n') {
			i++; /* a line carried on */
			continue;
		}
		if (i < s.len)
			mkd_buf_add(ret, s.p + i++, 1);
	}
	while (i < s.len && strchr(" \t\r\n", s.p[i]))
		i++;
	return i >= s.len || (s.p[i] == '#' && i > 0 && s.p[i - 1] != '\n');
}

bool mkd_shellvar_get(struct mkd_span text, const char *key, struct mkd_buf *ret)
{
	cleanup_buf struct mkd_buf value = { 0 };
	struct mkd_span after;
	struct command c;
	bool found = false;

	mkd_buf_reset(ret);
	while (command_next(&text, &c)) {
		if (c.open || !assigns(c.text, key, &after) || !unquote(after, &value))
			continue;
		mkd_buf_reset(ret);
		mkd_buf_add(ret, mkd_buf_cstr(&value), value.len);
		found = true;
	}
	return found;
}

/* "# key=..." or "#key=...": an example that waits to be filled in. */
static bool is_example(struct mkd_span s, const char *key)
{
	struct mkd_span value;

	if (!s.len || *s.p != '#')
		return false;
	s.p++;
	s.len--;
	return assigns(mkd_span_trim(s), key, &value);
}

static void add_assignment(struct mkd_buf *out, const struct mkd_shellvar *v)
{
	cleanup_buf struct mkd_buf line = { 0 };

	mkd_buf_printf(&line, "%s=\"", v->key);
	for (const char *p = v->value; *p; p++) {
		if (strchr("$`\"\\", *p))
			mkd_buf_str(&line, "\\");
		mkd_buf_add(&line, p, 1);
	}
	mkd_buf_str(&line, "\"");
	out->failed = out->failed || line.failed;
	mkd_text_add(out, mkd_buf_cstr(&line));
}

/* Does a backslash at its end carry it on to a line that is not there yet? */
static bool carried_on(struct mkd_span s)
{
	if (s.len && s.p[s.len - 1] == '\n')
		s.len--;
	return s.len && s.p[s.len - 1] == '\\';
}

static void comment_all(struct mkd_buf *out, struct mkd_span text)
{
	struct mkd_line l;

	while (mkd_line_next(&text, &l))
		mkd_text_comment(out, &l);
}

/* Where things are: commands are counted from 1, 0 = there is none. */
struct survey {
	size_t last;    /* plain assignment in force */
	size_t example; /* first example */
	bool equal;     /* the one in force has the value wanted */
	bool other;     /* one that is not plain ("a=1 b=2"): only a later one of ours wins */
};

static int survey(struct mkd_span in, const struct mkd_shellvar *v, struct survey *ret,
		  struct mkd_err *err)
{
	cleanup_buf struct mkd_buf value = { 0 };
	size_t n = 0, line = 1;
	struct mkd_span after;
	struct command c;

	*ret = (struct survey){ 0 };
	while (command_next(&in, &c)) {
		n++;
		if (c.open)
			return mkd_fail(err, MKD_EXIT_HOOK, EINVAL,
					"line %zu has a quote that is not closed", line);
		for (size_t i = 0; i < c.text.len; i++)
			line += c.text.p[i] == '\n';
		if (!ret->example && is_example(c.text, v->key))
			ret->example = n;
		if (!assigns(c.text, v->key, &after))
			continue;
		if (!unquote(after, &value)) {
			ret->other = true;
			ret->last = 0;
			continue;
		}
		ret->last = n;
		ret->equal = v->value && value.len == strlen(v->value) &&
			     memcmp(mkd_buf_cstr(&value), v->value, value.len) == 0;
	}
	return mkd_buf_check(&value, err);
}

int mkd_shellvar_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_shellvar *v = arg;
	struct mkd_span after;
	struct command c;
	struct survey s;
	size_t n = 0;
	int r = survey(in, v, &s, err);

	if (r < 0)
		return r;
	if (s.other)
		s.example = 0;
	if (s.last && s.equal) {
		mkd_text_span(out, in);
		return 0;
	}
	while (command_next(&in, &c)) {
		n++;
		if (!v->value && assigns(c.text, v->key, &after)) {
			comment_all(out, c.text);
		} else if (n == s.last) {
			comment_all(out, c.text);
			add_assignment(out, v);
		} else if (v->value && !s.last && n == s.example) {
			add_assignment(out, v);
		} else {
			mkd_text_span(out, c.text);
		}
	}
	if (v->value && !s.last && !s.example) {
		if (n && carried_on(c.text)) {
			mkd_text_end(out);
			mkd_buf_str(out, "\n");
		}
		add_assignment(out, v);
	}
	return 0;
}
