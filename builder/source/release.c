/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/release.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "mkdomu/buf.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool mkd_release_name_ok(const char *name)
{
	if (!is_alnum(*name) || strlen(name) > 128)
		return false;
	for (const char *p = name; *p; p++)
		if (!is_alnum(*p) && !strchr("_+-.", *p))
			return false;
	return !strstr(name, "..");
}

static int number(const char *p, int n)
{
	int v = 0;

	while (n--)
		v = v * 10 + (*p++ - '0');
	return v;
}

bool mkd_release_time(const char *text, size_t len, int64_t *ret_sec)
{
	char digits[15] = "00000000000000";
	struct tm tm = { 0 }, norm;
	size_t n = 0;
	int64_t sec;

	if (len != 8 && len != 14 && len != 16)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (len == 16 && (i == 8 || i == 15)) {
			if (text[i] != (i == 8 ? 'T' : 'Z'))
				return false;
			continue;
		}
		if (!is_digit(text[i]))
			return false;
		digits[n++] = text[i];
	}
	tm.tm_year = number(digits, 4) - 1900;
	tm.tm_mon = number(digits + 4, 2) - 1;
	tm.tm_mday = number(digits + 6, 2);
	tm.tm_hour = number(digits + 8, 2);
	tm.tm_min = number(digits + 10, 2);
	tm.tm_sec = number(digits + 12, 2);
	norm = tm;
	sec = timegm(&norm);
	/* timegm turns 31 April into 1 May: only a date that stays as it was is one. */
	if (norm.tm_mon != tm.tm_mon || norm.tm_mday != tm.tm_mday || norm.tm_hour != tm.tm_hour ||
	    norm.tm_min != tm.tm_min || norm.tm_sec != tm.tm_sec || sec < 0)
		return false;
	*ret_sec = sec;
	return true;
}

static int bad(struct mkd_err *err, const char *variant, const char *why)
{
	return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG, "cannot use the signed pointer of '%s': %s",
			variant, why);
}

static bool parse_u64(const char *p, size_t len, uint64_t *ret)
{
	uint64_t v = 0;

	if (!len)
		return false;
	for (; len; len--, p++)
		if (!is_digit(*p) || __builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return false;
	*ret = v;
	return v <= INT64_MAX;
}

/* Is file "<variant>-<ts>.tar" or "<variant>-<ts>.tar.<x>"? */
static bool is_variants(const char *file, const char *variant, int64_t *ret_sec)
{
	size_t n = strlen(variant);
	const char *ts = file + n + 1, *dot;

	if (strncmp(file, variant, n) != 0 || file[n] != '-')
		return false;
	dot = strchr(ts, '.');
	return dot && strncmp(dot, ".tar", 4) == 0 && (!dot[4] || (dot[4] == '.' && dot[5])) &&
	       mkd_release_time(ts, (size_t)(dot - ts), ret_sec);
}

/* What is wrong with the path of a data line, or NULL. */
static const char *path_fault(const char *path, size_t len)
{
	const char *slash = memchr(path, '/', len);
	size_t dir;

	if (len >= sizeof(((struct mkd_release *)0)->path))
		return "a path in it is too long";
	if (!slash || slash == path || slash == path + len - 1)
		return "a path in it is not '<time>/<file>'";
	dir = (size_t)(slash - path);
	for (size_t i = 0; i < len; i++) {
		char c = path[i];

		if (i < dir ? !is_digit(c) && c != 'T' && c != 'Z'
			    : i > dir && !is_alnum(c) && !strchr("_+-.", c))
			return "a path in it has characters that no release has";
	}
	if (len - dir > sizeof(((struct mkd_release *)0)->file))
		return "a path in it is too long";
	return memmem(path, len, "..", 2) ? "a path in it has '..'" : NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* One line that is neither empty nor a comment: "<path>[ <bytes>]". *lines counts the variant's. */
static const char *data_line(const char *line, size_t len, const char *variant,
			     struct mkd_release *rel, unsigned *lines)
{
	struct mkd_release got = { .pointer_sec = rel->pointer_sec };
	size_t n = 0, rest;
	const char *fault;

	while (n < len && !is_blank(line[n]))
		n++;
	fault = path_fault(line, n);
	if (fault)
		return fault;
	rest = n;
	while (rest < len && is_blank(line[rest]))
		rest++;
	while (len > rest && is_blank(line[len - 1]))
		len--;
	if (rest < len && (!parse_u64(line + rest, len - rest, &got.size_bytes) || !got.size_bytes))
		return "a size in it is not a number of bytes";
	(void)snprintf(got.path, sizeof(got.path), "%.*s", (int)n, line);
	(void)snprintf(got.file, sizeof(got.file), "%s", strchr(got.path, '/') + 1);
	if (!is_variants(got.file, variant, &got.build_sec))
		return NULL;
	if (++*lines == 1)
		*rel = got;
	return NULL;
}

static const char *comment_line(const char *line, size_t len, struct mkd_release *rel)
{
	static const char key[] = "# ts=";
	size_t n = sizeof(key) - 1;
	uint64_t v;

	if (len < n || memcmp(line, key, n) != 0)
		return NULL;
	if (!parse_u64(line + n, len - n, &v) || !v)
		return "its 'ts=' is not a time";
	if (rel->pointer_sec)
		return "it has 'ts=' twice";
	rel->pointer_sec = (int64_t)v;
	return NULL;
}

static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)text[i] < 0x20 && !strchr("\n\r\t", text[i])) || !text[i] ||
		    text[i] == 0x7f)
			return true;
	return false;
}

int mkd_release_parse(const char *text, size_t len, const char *variant, struct mkd_release *ret,
		      struct mkd_err *err)
{
	struct mkd_release rel = { 0 };
	unsigned lines = 0;

	if (has_control(text, len))
		return bad(err, variant, "it has control characters");
	for (const char *p = text, *end = text + len, *eol; p < end; p = eol + 1) {
		const char *fault = NULL;
		size_t n;

		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		n = (size_t)(eol - p);
		if (n && p[n - 1] == '\r')
			n--;
		if (n && *p == '#')
			fault = comment_line(p, n, &rel);
		else if (n)
			fault = data_line(p, n, variant, &rel, &lines);
		if (fault)
			return bad(err, variant, fault);
	}
	if (lines != 1)
		return bad(err, variant,
			   lines ? "it lists more than one tarball of this variant"
				 : "it lists no tarball of this variant (wrong arch or variant)");
	*ret = rel;
	return 0;
}

int mkd_release_url(const char *mirror, const char *arch, const char *rest, char **ret,
		    struct mkd_err *err)
{
	size_t n = strlen(mirror);

	if (!mkd_release_name_ok(arch))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"'%s' is not an architecture; write it as Gentoo does, like amd64",
				arch);
	while (n && mirror[n - 1] == '/')
		n--;
	return mkd_asprintf(ret, err, "%.*s/releases/%s/autobuilds/%s", (int)n, mirror, arch, rest);
}
