/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of fetch: servers, redirects and URLs that are refused, and a full disk. */
#include "fetchtest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Each must end with -code, leave no file, and no part beyond the limit. */
static void servers_that_are_refused(void **state)
{
	static const struct {
		enum test_how how;
		int code, status;
		const char *words;
	} bad[] = {
		{ HTTP_STATUS, ENOENT, 404, "does not have it" },
		{ HTTP_STATUS, ENOENT, 410, "HTTP 410" },
		{ HTTP_STATUS, EHOSTUNREACH, 403, "HTTP 403" },
		{ HTTP_STATUS, EHOSTUNREACH, 500, "HTTP 500" },
		{ HTTP_STATUS, EHOSTUNREACH, 204, "HTTP 204" },
		{ HTTP_STATUS, EHOSTUNREACH, 206, "HTTP 206" },
		{ HTTP_STATUS, EHOSTUNREACH, 416, "HTTP 416" },
		{ HTTP_TRUNCATED, EHOSTUNREACH, 0, "cannot fetch" },
		{ HTTP_CHUNK_CUT, EHOSTUNREACH, 0, "cannot fetch" },
		{ HTTP_ENDLESS, EFBIG, 0, "limit of 1048576 bytes" },
		{ HTTP_HUGE_LENGTH, EFBIG, 0, "limit of 1048576 bytes" },
		{ HTTP_TWO_LENGTHS, EHOSTUNREACH, 0, "two different lengths" },
		{ HTTP_NEGATIVE_LENGTH, EHOSTUNREACH, 0, "cannot fetch" },
		{ HTTP_BIG_HEADER, EHOSTUNREACH, 0, "cannot fetch" },
		{ HTTP_MANY_HEADERS, EHOSTUNREACH, 0, "over 256 KiB" },
		{ HTTP_NOTHING, EHOSTUNREACH, 0, "cannot fetch" },
		{ HTTP_SLOW, EHOSTUNREACH, 0, "cannot fetch" },
		{ HTTP_SLOW_HEADER, EHOSTUNREACH, 0, "cannot fetch" },
	};
	cleanup_buf struct mkd_buf buf = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct fixture x;
		struct mkd_err err;
		struct stat st;
		time_t start = time(NULL);

		fetch_begin(&x, state, bad[i].how, bad[i].status, NULL);
		x.req.tries = 1;
		/*
		 * mkd_fetch_file: -EHOSTUNREACH, -ENOENT, -EFBIG; mkd_fetch_buf:
		 * -EHOSTUNREACH, -ENOENT, -EFBIG
		 */
		assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, bad[i].code,
			     MKD_EXIT_NET, bad[i].words);
		assert_fails(mkd_fetch_buf(&x.req, &buf, &err), &err, bad[i].code, MKD_EXIT_NET,
			     bad[i].words);
		assert_true(buf.len <= MIB);
		assert_true(time(NULL) - start < 12);
		assert_false(fetch_left(&x, "f"));
		if (fstatat(x.dirfd, "f.part", &st, 0) == 0)
			assert_true(bad[i].how == HTTP_TRUNCATED && st.st_size == LEN / 2);
		(void)unlinkat(x.dirfd, "f.part", 0);
		(void)unlinkat(x.dirfd, "f.part.meta", 0);
		fetch_end(&x);
	}
}

static void redirects_stay_on_http_and_end(void **state)
{
	static const struct {
		const char *to, *words;
	} bad[] = {
		{ "self", "redirect" },
		{ "file:///etc/passwd", "not allowed" },
		{ "ftp://127.0.0.1/x", "not allowed" },
		{ "gopher://127.0.0.1/x", "not allowed" },
	};
	struct fixture x;
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		fetch_begin(&x, state, HTTP_REDIRECT, 0, bad[i].to);
		assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH,
			     MKD_EXIT_NET, bad[i].words);
		assert_true(x.http.hits->total <= 6);
		fetch_end(&x);
	}
}

static void nobody_listens(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	fetch_begin(&x, state, HTTP_OK, 0, NULL);
	fetch_end(&x);
	x.dirfd = open(x.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(x.url, sizeof(x.url), "http://user:secret@127.0.0.1:%d/f", x.http.port);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "connect");
	assert_null(strstr(err.msg, "secret"));
	assert_false(fetch_left(&x, "f.part"));
	(void)close(x.dirfd);
}

static void a_full_disk_is_told_and_tidied(void **state)
{
	struct rlimit old, small = { .rlim_cur = 60000 };
	struct fixture x;
	struct mkd_err err = { 0 };

	fetch_begin(&x, state, HTTP_OK, 0, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	memset(&err, 0, sizeof(err));
	assert_int_equal(mkd_fetch_file(&x.req, x.dirfd, "f", &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(err.exit, MKD_EXIT_NOSPACE);
	assert_false(fetch_left(&x, "f.part"));
	fetch_end(&x);
}

static void only_http_urls_are_fetched(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_fetch req = { .url = "file:///etc/passwd", .max_bytes = 99 };
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_fetch_buf(&req, &b, &err), &err, EINVAL, MKD_EXIT_USAGE, "not an http");
	assert_fails(mkd_fetch_file(&req, AT_FDCWD, "x", &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "not an http");
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(servers_that_are_refused),
		T(redirects_stay_on_http_and_end),
		T(nobody_listens),
		T(a_full_disk_is_told_and_tidied),
		cmocka_unit_test(only_http_urls_are_fetched),
	};

	test_http_direct();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
