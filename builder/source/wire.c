/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "mkdomu/netenv.h"

/* As curl(1) does; libcurl itself does not look at these variables. */
static bool set_ca(CURL *c)
{
	struct mkd_netenv_ca ca;
	int bad = 0;

	mkd_netenv_ca(&ca);
	if (ca.file) {
		bad |= curl_easy_setopt(c, CURLOPT_CAINFO, ca.file) != CURLE_OK;
		bad |= curl_easy_setopt(c, CURLOPT_PROXY_CAINFO, ca.file) != CURLE_OK;
	}
	if (ca.dir) {
		bad |= curl_easy_setopt(c, CURLOPT_CAPATH, ca.dir) != CURLE_OK;
		bad |= curl_easy_setopt(c, CURLOPT_PROXY_CAPATH, ca.dir) != CURLE_OK;
	}
	return !bad;
}

/* An ugly truth of setopt: it is variadic, each value must be of the very type. */
bool mkd_wire_setup(void *curl, const struct mkd_fetch *q)
{
	CURL *c = curl;
	bool https = strncasecmp(q->url, "https:", 6) == 0;
	long stall = q->stall_sec ? (long)q->stall_sec : 30;
	int bad = 0;

	bad |= curl_easy_setopt(c, CURLOPT_URL, q->url) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, https ? "https" : "http,https") !=
	       CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_MAXREDIRS, 5L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_USERAGENT, "mkdomu/" MKD_VERSION) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT,
				q->connect_sec ? (long)q->connect_sec : 20L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1000L) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, stall) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_BUFFERSIZE, 256L * 1024) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) != CURLE_OK;
	/* What a proxy says to CONNECT is not the server's header. */
	bad |= curl_easy_setopt(c, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) != CURLE_OK;
	return !bad && set_ca(c);
}

/*
 * Was it the proxy that was spoken to? libcurl 7.88 does not tell; whether no_proxy exempts the
 * host shows in the port that was connected to, and in libcurl's text where none was.
 */
static bool by_proxy(CURL *c, const char *text, struct mkd_netenv_proxy *ret)
{
	char *url = NULL;
	long port = 0;

	(void)curl_easy_getinfo(c, CURLINFO_EFFECTIVE_URL, &url);
	(void)curl_easy_getinfo(c, CURLINFO_PRIMARY_PORT, &port);
	if (!url || !mkd_netenv_proxy(url, ret))
		return false;
	return port == (long)ret->port || (ret->host[0] && strstr(text, ret->host)) ||
	       strcasestr(text, "proxy");
}

static bool passing(CURLcode c)
{
	switch (c) {
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_PARTIAL_FILE:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_GOT_NOTHING:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_SSL_CONNECT_ERROR:
		return true;
	default:
		return false;
	}
}

static const char *reason(const struct mkd_wire_fault *f)
{
	const char *why = *f->text ? f->text : curl_easy_strerror((CURLcode)f->code);

	if (f->code == CURLE_UNSUPPORTED_PROTOCOL)
		return strncasecmp(f->url, "https:", 6) == 0
			       ? "it redirects from https to a protocol that is not allowed here"
			       : "it redirects to a protocol that is not allowed here";
	if (strncmp(why, "Unsupported proxy", 17) == 0)
		return "libcurl knows no such kind of proxy";
	/* libcurl quotes some URLs as they are. */
	return strchr(why, '@') ? curl_easy_strerror((CURLcode)f->code) : why;
}

static int bad_ca(const struct mkd_wire_fault *f, struct mkd_err *err)
{
	struct mkd_netenv_ca ca;

	mkd_netenv_ca(&ca);
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			"cannot fetch '%s': the CA certificates '%s' cannot be read; %s", f->url,
			ca.file ? ca.file : "of the system",
			ca.file ? ca.file_var : "install the package ca-certificates");
}

int mkd_wire_failed(void *curl, const struct mkd_wire_fault *f, struct mkd_err *err)
{
	CURLcode code = (CURLcode)f->code;
	const char *why = reason(f);
	const char *kind = "";
	struct mkd_netenv_proxy proxy;
	long answer = 0;

	(void)curl_easy_getinfo(curl, CURLINFO_HTTP_CONNECTCODE, &answer);
	*f->again = passing(code) && (answer < 300 || answer >= 500);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return bad_ca(f, err);
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		kind = "the server's certificate is not valid: ";
	else if (code == CURLE_SSL_CONNECT_ERROR)
		kind = "the server does not answer in TLS: ";
	if (by_proxy(curl, f->text, &proxy))
		return mkd_fail(err, MKD_EXIT_NET, EHOSTUNREACH,
				"cannot fetch '%s' by way of the proxy '%s' (%s): %s%s", f->url,
				proxy.shown, proxy.var, kind, why);
	return mkd_fail(err, MKD_EXIT_NET, EHOSTUNREACH, "cannot fetch '%s': %s%s", f->url, kind,
			why);
}

const char *mkd_wire_who(void *curl, long http_code, char buf[static 400])
{
	struct mkd_netenv_proxy proxy;
	bool by = by_proxy(curl, "", &proxy);

	if (by && http_code == 407)
		(void)snprintf(buf, 400, "the proxy '%s' (%s) wants a user and a password,",
			       proxy.shown, proxy.var);
	else if (by)
		(void)snprintf(buf, 400, "the server, or the proxy '%s' (%s), answers", proxy.shown,
			       proxy.var);
	else
		(void)snprintf(buf, 400, "the server answers");
	return buf;
}
