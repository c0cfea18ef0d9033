/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/url.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

bool mkd_url_is(const char *text)
{
	size_t n =
		strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");

	return n && strncmp(text + n, "://", 3) == 0;
}

/*
 * Is what stands before the path no host and port? Then a '/' or '?' of a password was taken for
 * the end of it.
 */
static bool is_cut(const char *host, const char *end)
{
	const char *port = memrchr(host, ':', (size_t)(end - host));

	if (!port || *host == '[')
		return false;
	for (port++; port < end; port++)
		if (*port < '0' || *port > '9')
			return true;
	return false;
}

/* What is between scheme and path, without user and password. */
static const char *host_fault(const char *text)
{
	const char *end = text + strcspn(text, "/?#");
	const char *at = memrchr(text, '@', (size_t)(end - text));

	if ((at ? at + 1 : text) == end)
		return "it names no host";
	return is_cut(at ? at + 1 : text, end)
		       ? "its port is no number; '/', '?' and '#' in a password are written %2F, "
			 "%3F and %23"
		       : NULL;
}

static const char *fault(const char *url)
{
	size_t scheme = strncasecmp(url, "https://", 8) == 0  ? 8
			: strncasecmp(url, "http://", 7) == 0 ? 7
							      : 0;

	if (!scheme)
		return "it is not an http or https URL";
	if (strlen(url) > MKD_URL_MAX)
		return "it is longer than 2047 bytes";
	for (const char *p = url; *p; p++)
		if ((unsigned char)*p <= 0x20 || *p == 0x7f || *p == '#')
			return "it has blanks, control characters or '#'; write them as %20 and so "
			       "on";
	return host_fault(url + scheme);
}

int mkd_url_check(const char *url, struct mkd_err *err)
{
	const char *why = fault(url);
	char plain[MKD_URL_SHOW];

	if (!why)
		return 0;
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "cannot use '%s': %s",
			mkd_url_plain(url, plain), why);
}

const char *mkd_url_plain(const char *url, char buf[static MKD_URL_SHOW])
{
	const char *host = strstr(url, "://"), *end, *at;
	size_t scheme = host ? (size_t)(host + 3 - url) : 0;
	size_t query;

	host = url + scheme;
	end = host + strcspn(host, "/?#");
	/* The last '@': curl, too, takes what is before it for the user's. */
	at = memrchr(host, '@', (size_t)(end - host));
	if (!at && scheme && is_cut(host, end))
		at = strrchr(host, '@');
	if (at)
		host = at + 1;
	query = strcspn(host, "?#");
	(void)snprintf(buf, MKD_URL_SHOW, "%.*s%.*s%s", (int)scheme, url, (int)query, host,
		       host[query] ? "?..." : "");
	return buf;
}

const char *mkd_url_file(const char *url, char buf[static 128])
{
	const char *host = strstr(url, "://");
	const char *p = host ? host + 3 : url;
	const char *end = p + strcspn(p, "?#"), *slash = memrchr(p, '/', (size_t)(end - p));
	size_t n = 0;

	for (p = slash ? slash + 1 : end; p < end && n < 127; p++, n++) {
		bool fine = (*p >= '0' && *p <= '9') || (*p >= 'a' && *p <= 'z') ||
			    (*p >= 'A' && *p <= 'Z') || strchr("_+-.", *p);

		buf[n] = (char)(fine ? *p : '_');
	}
	buf[n] = '\0';
	if (!n || buf[0] == '.')
		(void)snprintf(buf, 128, "file");
	return buf;
}
