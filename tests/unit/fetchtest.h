/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fetchtest.h - a server with one file and a folder to fetch it into, for the tests of fetch.h. */
#ifndef MKDOMU_FETCHTEST_H
#define MKDOMU_FETCHTEST_H

#include "test.h"

#include "http.h"
#include "mkdomu/fetch.h"

#define LEN 100000

struct fixture {
	struct test_http http;
	char *dir;
	int dirfd;
	char body[LEN];
	char url[256];
	struct mkd_fetch req;
};

/* Start a server with one route, /f. */
void fetch_begin(struct fixture *x, void **state, enum test_how how, int status,
		 const char *location);

void fetch_end(struct fixture *x);

/* Is there such a name in the folder? */
bool fetch_left(const struct fixture *x, const char *name);

/* The file "f" is there whole, and no part of it. */
void assert_arrived(const struct fixture *x);

#endif
