/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - a web server for tests, in a process of its own on 127.0.0.1: serves a folder, and on
 * scripted paths misbehaves. One request a connection, one connection at a time.
 */
#ifndef MKDOMU_TEST_HTTP_H
#define MKDOMU_TEST_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum test_how {
	HTTP_OK,          /* ranges and If-Range honoured */
	HTTP_STATUS,      /* "status" with a small html body */
	HTTP_TRUNCATED,   /* half of the promised body */
	HTTP_FLAKY,       /* the first answer is cut in half, then as HTTP_OK */
	HTTP_NEW_VERSION, /* as HTTP_FLAKY, but the second answer has another ETag */
	HTTP_NO_RANGE,    /* first cut; a range is answered by 200 and all */
	HTTP_WRONG_RANGE, /* first cut; a range is answered by another one, once */
	HTTP_416,         /* first cut; a range is answered by 416 */
	HTTP_CLOSE_EARLY, /* half of the body, no length */
	HTTP_NO_LENGTH,   /* all of it, no length */
	HTTP_CHUNK_CUT,   /* chunked, cut in the middle */
	HTTP_ENDLESS,     /* zeros until the other side hangs up */
	HTTP_HUGE_LENGTH, /* promises 2^50 bytes */
	HTTP_LONGER,      /* Content-Length and body of twice the file */
	HTTP_TWO_LENGTHS,
	HTTP_NEGATIVE_LENGTH,
	HTTP_BIG_HEADER,   /* one line of 400 KB */
	HTTP_MANY_HEADERS, /* until the other side hangs up */
	HTTP_GZIP,         /* says Content-Encoding: gzip */
	HTTP_REDIRECT,     /* to "location"; "self" = to itself */
	HTTP_SLOW,         /* a byte each half second */
	HTTP_SLOW_HEADER,
	HTTP_NOTHING,     /* hangs up without an answer */
	HTTP_STATUS_ONCE, /* first "status", then as HTTP_OK */
};

struct test_route {
	const char *path; /* "/x" */
	enum test_how how;
	const char *body;
	size_t len;
	int status;
	const char *location;
};

/* Shared with the server's process. */
struct test_hits {
	unsigned total;
	unsigned of[16];   /* by route */
	char range[64];    /* of the last request, "" */
	char encoding[64]; /* Accept-Encoding */
};

struct test_http {
	pid_t pid;
	int port;
	char base[64]; /* "http://127.0.0.1:port" */
	struct test_hits *hits;
};

/* Routes (16 at most) come first, then files below root (NULL = none). */
void test_http_start(struct test_http *h, const char *root, const struct test_route *routes,
		     size_t n);
void test_http_stop(struct test_http *h);

/* Forget the proxies of the environment, which would be asked for 127.0.0.1 as well. */
void test_http_direct(void);

#endif
