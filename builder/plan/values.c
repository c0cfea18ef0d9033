/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/values.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "mkdomu/buf.h"
#include "mkdomu/size.h"
#include "mkdomu/suggest.h"
#include "mkdomu/url.h"

#define PATH_BYTES 4000 /* under PATH_MAX with room for a suffix */

int mkd_value_count(const char *text, const char *origin, const struct mkd_value_range *range,
		    unsigned *ret, struct mkd_err *err)
{
	size_t len = strspn(text, "0123456789");
	uint64_t n = 0;

	if (!len || text[len])
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is not a number of %s; write plain digits, like %u",
				origin, text, range->unit, range->min < 2 ? 2 : 1024);
	if (text[0] == '0' && len > 1)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' begins with a zero, which some programs read as octal; "
				"leave it out",
				origin, text);
	for (size_t i = 0; i < len && n <= range->max; i++)
		n = n * 10 + (uint64_t)(text[i] - '0');
	if (n < range->min || n > range->max)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is out of range; give %u to %u %s", origin, text,
				range->min, range->max, range->unit);
	*ret = (unsigned)n;
	return 0;
}

int mkd_value_size(const char *text, const char *origin, uint64_t *ret_bytes, struct mkd_err *err)
{
	uint64_t bytes;

	if (mkd_size_parse(text, &bytes, err) < 0)
		return mkd_wrap(err, "%s", origin);
	if (!bytes)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is no size to work with; write one like 10G", origin,
				text);
	*ret_bytes = bytes;
	return 0;
}

int mkd_value_choice(const char *text, const char *origin, const char *const *choices, size_t *ret,
		     struct mkd_err *err)
{
	cleanup_buf struct mkd_buf list = { 0 };
	struct mkd_suggest s = { .word = text };
	char hint[112];

	for (size_t i = 0; choices[i]; i++) {
		if (strcmp(text, choices[i]) == 0) {
			*ret = i;
			return 0;
		}
		mkd_suggest_offer(&s, choices[i]);
		mkd_buf_printf(&list, "%s%s", i ? ", " : "", choices[i]);
	}
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: '%s' is not one of: %s%s", origin, text,
			mkd_buf_cstr(&list), mkd_suggest_text(&s, "", hint));
}

int mkd_value_text(const char *text, const char *origin, size_t max, struct mkd_err *err)
{
	size_t len = strlen(text);
	char plain[MKD_URL_SHOW];

	if (!len)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: the value is empty", origin);
	if (len > max)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: the value has %zu bytes, the limit is %zu", origin, len, max);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"%s: '%s' has a control character in it", origin,
					mkd_url_is(text) ? mkd_url_plain(text, plain) : text);
	return 0;
}

int mkd_value_quotable(const char *text, const char *origin, size_t max, struct mkd_err *err)
{
	int r = mkd_value_text(text, origin, max, err);

	if (r < 0)
		return r;
	if (strpbrk(text, "'\"\\"))
		return mkd_fail(
			err, MKD_EXIT_USAGE, EINVAL,
			"%s: '%s' has a quote or a backslash in it, which the domain's config "
			"cannot carry",
			origin, text);
	return 0;
}

int mkd_value_path(const char *text, const char *origin, char **ret, struct mkd_err *err)
{
	cleanup_free char *cwd = NULL;
	const char *slash = strrchr(text, '/');
	const char *name = slash ? slash + 1 : text;
	int r = mkd_value_quotable(text, origin, PATH_BYTES, err);

	if (r < 0)
		return r;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: '%s' does not name a file",
				origin, text);
	if (*text == '/')
		return mkd_strdup(text, ret, err);
	while (text[0] == '.' && text[1] == '/')
		for (text++; *text == '/';)
			text++;
	cwd = getcwd(NULL, 0);
	if (!cwd)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is relative, and there is no current folder: %s", origin,
				text, strerror(errno));
	if (strlen(cwd) + strlen(text) > PATH_BYTES)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' in '%s' is longer than %d bytes", origin, text, cwd,
				PATH_BYTES);
	r = mkd_value_quotable(cwd, origin, PATH_BYTES, err);
	if (r < 0)
		return mkd_wrap(err, "the current folder");
	return mkd_asprintf(ret, err, "%s%s%s", cwd, cwd[1] ? "/" : "", text);
}

int mkd_value_hex(const char *text, const char *origin, size_t digits, bool upper, char **ret,
		  struct mkd_err *err)
{
	size_t len = strlen(text);
	char *copy;
	int r;

	if (len != digits || strspn(text, "0123456789abcdefABCDEF") != len)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%.200s' has to be %zu hex digits, without blanks", origin,
				text, digits);
	r = mkd_strdup(text, &copy, err);
	if (r < 0)
		return r;
	for (char *p = copy; *p; p++) {
		if (upper && *p >= 'a')
			*p = (char)(*p - 'a' + 'A');
		else if (!upper && *p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
	}
	*ret = copy;
	return 0;
}

static const char *behind_scheme(const char *text)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	return NULL;
}

int mkd_value_url(const char *text, const char *origin, struct mkd_err *err)
{
	char plain[MKD_URL_SHOW];
	const char *host;
	int r = mkd_value_text(text, origin, 900, err);

	if (r < 0)
		return r;
	host = behind_scheme(text);
	if (!host || !*host || *host == '/')
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is not a URL to fetch from; write one like "
				"https://distfiles.gentoo.org",
				origin, mkd_url_plain(text, plain));
	if (strpbrk(text, " '\"\\?#<>"))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' has a blank, quote, '?' or '#' in it, which no mirror's "
				"address has",
				origin, mkd_url_plain(text, plain));
	return mkd_url_check(text, err) < 0 ? mkd_wrap(err, "%s", origin) : 0;
}
