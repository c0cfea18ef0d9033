/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fetchtest.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mkdomu/file.h"

void fetch_begin(struct fixture *x, void **state, enum test_how how, int status,
		 const char *location)
{
	struct test_route route = { "/f", how, x->body, LEN, status, location };

	x->dir = *state;
	x->dirfd = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	for (size_t i = 0; i < LEN; i++)
		x->body[i] = (char)(i * 31 + (i >> 8));
	test_http_start(&x->http, NULL, &route, 1);
	(void)snprintf(x->url, sizeof(x->url), "%s/f", x->http.base);
	x->req = (struct mkd_fetch){
		.url = x->url, .max_bytes = MIB, .stall_sec = 1, .pause_msec = 1
	};
}

void fetch_end(struct fixture *x)
{
	test_http_stop(&x->http);
	(void)close(x->dirfd);
}

bool fetch_left(const struct fixture *x, const char *name)
{
	return faccessat(x->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void assert_arrived(const struct fixture *x)
{
	cleanup_buf struct mkd_buf got = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_file_read(x->dirfd, "f", MIB, MKD_EXIT_IO, &got, &err), &err);
	assert_int_equal(got.len, LEN);
	assert_memory_equal(got.data, x->body, LEN);
	assert_false(fetch_left(x, "f.part"));
	assert_false(fetch_left(x, "f.part.meta"));
}
