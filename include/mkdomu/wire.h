/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wire.h - what a libcurl handle is told for mkdomu's requests, and what its failures mean. */
#ifndef MKDOMU_WIRE_H
#define MKDOMU_WIRE_H

#include "mkdomu/fetch.h"

/* Set all but range, header fields and callbacks on a CURL handle; false: no memory. */
bool mkd_wire_setup(void *curl, const struct mkd_fetch *req);

struct mkd_wire_fault {
	int code;         /* CURLcode, not CURLE_OK */
	const char *text; /* CURLOPT_ERRORBUFFER; "" = none */
	const char *url;  /* for messages */
	bool *again;      /* set where trying again can help */
};

/*
 * A failed transfer as an error. Neither user nor password of URL or proxy are in its message.
 *	-EINVAL        the CA certificates that the environment names cannot be read (USAGE)
 *	-EHOSTUNREACH  all else (NET)
 */
int mkd_wire_failed(void *curl, const struct mkd_wire_fault *f, struct mkd_err *err);

/*
 * What stands before "HTTP code" in a message: "the server answers", or the proxy, named, where it
 * asks for a password or may be the one who speaks. Returns buf.
 */
const char *mkd_wire_who(void *curl, long http_code, char buf[static 400]);

#endif
