/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/netenv.h"

#include <string.h>
#include <strings.h>

static const char *value_of(const char *name)
{
	const char *v = getenv(name);

	return v && *v ? v : NULL;
}

void mkd_netenv_ca(struct mkd_netenv_ca *ret)
{
	*ret = (struct mkd_netenv_ca){ .file = value_of("CURL_CA_BUNDLE"),
				       .file_var = "CURL_CA_BUNDLE" };
	if (ret->file)
		return;
	ret->file = value_of("SSL_CERT_FILE");
	ret->file_var = "SSL_CERT_FILE";
	ret->dir = value_of("SSL_CERT_DIR");
}

static const char *proxy_var(const char *url)
{
	static const char *const http[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
	static const char *const https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
					     NULL };
	const char *const *v = strncasecmp(url, "https:", 6) == 0 ? https : http;

	while (*v && !value_of(*v))
		v++;
	return *v;
}

/* "[2001:db8::1]:3128" or "host:3128" */
static void split(const char *text, struct mkd_netenv_proxy *p)
{
	const char *host = *text == '[' ? text + 1 : text;
	size_t len = strcspn(host, *text == '[' ? "]" : ":");
	const char *colon = strchr(host + len, ':');
	unsigned long port = colon ? strtoul(colon + 1, NULL, 10) : 0;

	p->port = port && port < 65536 ? (unsigned)port : 1080;
	if (len < sizeof(p->host)) {
		memcpy(p->host, host, len);
		p->host[len] = '\0';
	}
}

bool mkd_netenv_proxy(const char *url, struct mkd_netenv_proxy *ret)
{
	const char *var = proxy_var(url), *value = var ? value_of(var) : NULL, *scheme, *host, *at;

	*ret = (struct mkd_netenv_proxy){ .var = var };
	if (!value)
		return false;
	scheme = strstr(value, "://");
	host = scheme ? scheme + 3 : value;
	/* A password may hold what it should not, unescaped: all before the last '@' is hidden. */
	at = strrchr(host, '@');
	if (at)
		host = at + 1;
	(void)snprintf(ret->shown, sizeof(ret->shown), "%.*s%.*s",
		       scheme ? (int)(scheme + 3 - value) : 0, value, (int)strcspn(host, "/?#"),
		       host);
	split(ret->shown + (scheme ? scheme + 3 - value : 0), ret);
	return true;
}
