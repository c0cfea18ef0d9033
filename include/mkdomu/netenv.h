/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netenv.h - what the environment says about the network: CA certificates and proxies, by the names
 * and rules of curl(1) 7.88. libcurl takes the proxies itself; here they are looked up for
 * messages. Reads the environment, nothing else.
 */
#ifndef MKDOMU_NETENV_H
#define MKDOMU_NETENV_H

#include "mkdomu/base.h"

struct mkd_netenv_ca {
	const char *file, *file_var; /* NULL: the system's */
	const char *dir;             /* NULL: the system's */
};

/* CURL_CA_BUNDLE alone, or SSL_CERT_FILE and SSL_CERT_DIR. Empty ones count as unset. */
void mkd_netenv_ca(struct mkd_netenv_ca *ret);

struct mkd_netenv_proxy {
	const char *var; /* which says so */
	char shown[256]; /* for messages: without user, password and path; cut to fit */
	char host[128];  /* as libcurl's own messages have it; "" when it is longer */
	unsigned port;   /* 1080 where none is given */
};

/*
 * The proxy for a URL of http or https, were no_proxy not to exempt its host:
 * <scheme>_proxy, HTTPS_PROXY (there is no HTTP_PROXY: a CGI client could set that), all_proxy,
 * ALL_PROXY. False when there is none.
 */
bool mkd_netenv_proxy(const char *url, struct mkd_netenv_proxy *ret);

#endif
