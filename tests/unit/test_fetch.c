/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of fetch: files that arrive, whole or in parts, from a server that misbehaves. */
#include "fetchtest.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/part.h"

static void a_file_arrives_whole(void **state)
{
	static const enum test_how hows[] = { HTTP_OK,       HTTP_FLAKY,       HTTP_NEW_VERSION,
					      HTTP_NO_RANGE, HTTP_WRONG_RANGE, HTTP_416,
					      HTTP_NO_LENGTH };

	for (size_t i = 0; i < ARRAY_LEN(hows); i++) {
		struct fixture x;
		struct mkd_err err = { 0 };

		fetch_begin(&x, state, hows[i], 0, NULL);
		assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
		assert_int_equal(err.code, 0);
		assert_arrived(&x);
		/* No compression is offered: what comes is what was signed. */
		assert_string_equal(x.http.hits->encoding, "");
		fetch_end(&x);
	}
}

static void a_cut_download_goes_on_where_it_was(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };
	struct stat st;

	fetch_begin(&x, state, HTTP_FLAKY, 0, NULL);
	x.req.tries = 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "/f'");
	assert_int_equal(fstatat(x.dirfd, "f.part", &st, 0), 0);
	assert_int_equal(st.st_size, LEN / 2);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_string_equal(x.http.hits->range, "bytes=50000-");
	assert_arrived(&x);
	fetch_end(&x);
}

static void a_part_of_another_url_or_version_is_not_used(void **state)
{
	static const char zeros[1000];
	struct fixture x;
	struct mkd_err err = { 0 };
	struct mkd_part part;

	fetch_begin(&x, state, HTTP_OK, 0, NULL);
	/* no meta */
	test_write(test_path(state, "f.part"), zeros, sizeof(zeros));
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_string_equal(x.http.hits->range, "");
	assert_arrived(&x);
	/* another URL */
	assert_ok(mkd_part_open(x.dirfd, "f", "http://u:secret@other/f", &part, &err), &err);
	assert_ok(mkd_part_restart(&part, "http://u:secret@other/f", "\"v1\"", &err), &err);
	assert_ok(mkd_part_add(&part, zeros, sizeof(zeros), &err), &err);
	mkd_part_close(&part);
	assert_ok(mkd_part_open(x.dirfd, "f", "http://u:secret@other/f", &part, &err), &err);
	assert_int_equal(part.have_bytes, sizeof(zeros));
	mkd_part_close(&part);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_string_equal(x.http.hits->range, "");
	assert_arrived(&x);
	/* another version */
	assert_ok(mkd_part_open(x.dirfd, "f", x.url, &part, &err), &err);
	assert_ok(mkd_part_restart(&part, x.url, "\"v0\"", &err), &err);
	assert_ok(mkd_part_add(&part, zeros, sizeof(zeros), &err), &err);
	mkd_part_close(&part);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_string_equal(x.http.hits->range, "bytes=1000-");
	assert_arrived(&x);
	fetch_end(&x);
}

static void a_redirect_is_followed(void **state)
{
	struct test_route routes[] = { { "/g", HTTP_REDIRECT, NULL, 0, 0, "/f" },
				       { "/f", HTTP_FLAKY, NULL, LEN, 0, NULL } };
	struct fixture x;
	struct mkd_err err = { 0 };
	struct test_http http;

	fetch_begin(&x, state, HTTP_OK, 0, NULL);
	routes[1].body = x.body;
	test_http_start(&http, NULL, routes, 2);
	(void)snprintf(x.url, sizeof(x.url), "%s/g", http.base);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	test_http_stop(&http);
	fetch_end(&x);
}

static void the_signed_size_is_kept_to(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	fetch_begin(&x, state, HTTP_OK, 0, NULL);
	x.req.size_bytes = LEN + 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "has 100000 bytes, signed are 100001");
	x.req.size_bytes = LEN - 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EFBIG, MKD_EXIT_NET,
		     "larger than the signed 99999 bytes");
	assert_false(fetch_left(&x, "f.part"));
	x.req.size_bytes = LEN;
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	fetch_end(&x);

	fetch_begin(&x, state, HTTP_LONGER, 0, NULL);
	x.req.size_bytes = LEN;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EFBIG, MKD_EXIT_NET,
		     "larger than the signed");
	fetch_end(&x);
	fetch_begin(&x, state, HTTP_CLOSE_EARLY, 0, NULL);
	x.req.size_bytes = LEN;
	x.req.tries = 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "after 50000 of 100000 bytes");
	fetch_end(&x);
}

static void a_part_that_has_all_bytes_is_not_asked_for_again(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };
	struct mkd_part part;

	fetch_begin(&x, state, HTTP_OK, 0, NULL);
	assert_ok(mkd_part_open(x.dirfd, "f", x.url, &part, &err), &err);
	assert_ok(mkd_part_restart(&part, x.url, "\"v1\"", &err), &err);
	assert_ok(mkd_part_add(&part, x.body, LEN, &err), &err);
	mkd_part_close(&part);
	x.req.size_bytes = LEN;
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_int_equal(x.http.hits->total, 0);
	assert_arrived(&x);
	fetch_end(&x);
}

static void passing_troubles_are_tried_again(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	fetch_begin(&x, state, HTTP_STATUS_ONCE, 503, NULL);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_int_equal(x.http.hits->total, 2);
	fetch_end(&x);
	fetch_begin(&x, state, HTTP_STATUS, 503, NULL);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f2", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "HTTP 503");
	assert_int_equal(x.http.hits->total, 3);
	fetch_end(&x);
	fetch_begin(&x, state, HTTP_STATUS, 403, NULL);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f2", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "HTTP 403");
	assert_int_equal(x.http.hits->total, 1);
	fetch_end(&x);
}

static void encoded_bodies_are_not_unpacked(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	fetch_begin(&x, state, HTTP_GZIP, 0, NULL);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	fetch_end(&x);
}

static void a_signal_stops_and_keeps_the_part(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	fetch_begin(&x, state, HTTP_FLAKY, 0, NULL);
	x.req.tries = 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "/f'");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EINTR, 128 + SIGTERM,
		     "signal 15");
	mkd_signal_set(0);
	assert_true(fetch_left(&x, "f.part") && fetch_left(&x, "f.part.meta"));
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	fetch_end(&x);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_arrives_whole),
		T(a_cut_download_goes_on_where_it_was),
		T(a_part_of_another_url_or_version_is_not_used),
		T(a_redirect_is_followed),
		T(the_signed_size_is_kept_to),
		T(a_part_that_has_all_bytes_is_not_asked_for_again),
		T(passing_troubles_are_tried_again),
		T(encoded_bodies_are_not_unpacked),
		T(a_signal_stops_and_keeps_the_part),
	};

	test_http_direct();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
