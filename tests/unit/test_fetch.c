/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of fetch, part and answer, against a server that misbehaves. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "http.h"
#include "mkdomu/answer.h"
#include "mkdomu/fetch.h"
#include "mkdomu/file.h"
#include "mkdomu/part.h"

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
static void begin(struct fixture *x, void **state, enum test_how how, int status,
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

static void end(struct fixture *x)
{
	test_http_stop(&x->http);
	(void)close(x->dirfd);
}

static bool exists(const struct fixture *x, const char *name)
{
	return faccessat(x->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void assert_arrived(const struct fixture *x)
{
	cleanup_buf struct mkd_buf got = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_file_read(x->dirfd, "f", MIB, MKD_EXIT_IO, &got, &err), &err);
	assert_int_equal(got.len, LEN);
	assert_memory_equal(got.data, x->body, LEN);
	assert_false(exists(x, "f.part"));
	assert_false(exists(x, "f.part.meta"));
}

static void a_file_arrives_whole(void **state)
{
	static const enum test_how hows[] = { HTTP_OK,       HTTP_FLAKY,       HTTP_NEW_VERSION,
					      HTTP_NO_RANGE, HTTP_WRONG_RANGE, HTTP_416,
					      HTTP_NO_LENGTH };

	for (size_t i = 0; i < ARRAY_LEN(hows); i++) {
		struct fixture x;
		struct mkd_err err = { 0 };

		begin(&x, state, hows[i], 0, NULL);
		assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
		assert_int_equal(err.code, 0);
		assert_arrived(&x);
		/* No compression is offered: what comes is what was signed. */
		assert_string_equal(x.http.hits->encoding, "");
		end(&x);
	}
}

static void a_cut_download_goes_on_where_it_was(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };
	struct stat st;

	begin(&x, state, HTTP_FLAKY, 0, NULL);
	x.req.tries = 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "/f'");
	assert_int_equal(fstatat(x.dirfd, "f.part", &st, 0), 0);
	assert_int_equal(st.st_size, LEN / 2);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_string_equal(x.http.hits->range, "bytes=50000-");
	assert_arrived(&x);
	end(&x);
}

static void a_part_of_another_url_or_version_is_not_used(void **state)
{
	static const char zeros[1000];
	struct fixture x;
	struct mkd_err err = { 0 };
	struct mkd_part part;

	begin(&x, state, HTTP_OK, 0, NULL);
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
	end(&x);
}

static void the_note_beside_a_part_has_no_secret(void **state)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_close int dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_err err = { 0 };
	struct mkd_part part;

	assert_ok(mkd_part_open(dirfd, "f", "http://u:secret@h/f?key=hush", &part, &err), &err);
	assert_ok(mkd_part_restart(&part, "http://u:secret@h/f?key=hush", "\"v\"", &err), &err);
	mkd_part_close(&part);
	assert_ok(mkd_file_read(dirfd, "f.part.meta", 4096, MKD_EXIT_IO, &text, &err), &err);
	assert_non_null(strstr(text.data, "url http://h/f?...\n"));
	assert_null(strstr(text.data, "secret"));
	assert_null(strstr(text.data, "hush"));
}

static void a_part_must_be_a_regular_file(void **state)
{
	cleanup_close int dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_err err = { 0 };
	struct mkd_part part;
	char name[240];

	assert_int_equal(symlinkat("/etc/passwd", dirfd, "a.part"), 0);
	assert_int_equal(mkfifoat(dirfd, "b.part", 0600), 0);
	assert_int_equal(mkdirat(dirfd, "c.part", 0700), 0);
	for (const char *p = "abc"; *p; p++)
		assert_fails(mkd_part_open(dirfd, (char[]){ *p, 0 }, "http://h/", &part, &err),
			     &err, EINVAL, MKD_EXIT_USAGE, "not a regular file");
	memset(name, 'x', sizeof(name));
	name[239] = '\0';
	assert_fails(mkd_part_open(dirfd, name, "http://h/", &part, &err), &err, ENAMETOOLONG,
		     MKD_EXIT_USAGE, "too long");
}

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

		begin(&x, state, bad[i].how, bad[i].status, NULL);
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
		assert_false(exists(&x, "f"));
		if (fstatat(x.dirfd, "f.part", &st, 0) == 0)
			assert_true(bad[i].how == HTTP_TRUNCATED && st.st_size == LEN / 2);
		(void)unlinkat(x.dirfd, "f.part", 0);
		(void)unlinkat(x.dirfd, "f.part.meta", 0);
		end(&x);
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
		begin(&x, state, HTTP_REDIRECT, 0, bad[i].to);
		assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH,
			     MKD_EXIT_NET, bad[i].words);
		assert_true(x.http.hits->total <= 6);
		end(&x);
	}
}

static void a_redirect_is_followed(void **state)
{
	struct test_route routes[] = { { "/g", HTTP_REDIRECT, NULL, 0, 0, "/f" },
				       { "/f", HTTP_FLAKY, NULL, LEN, 0, NULL } };
	struct fixture x;
	struct mkd_err err = { 0 };
	struct test_http http;

	begin(&x, state, HTTP_OK, 0, NULL);
	routes[1].body = x.body;
	test_http_start(&http, NULL, routes, 2);
	(void)snprintf(x.url, sizeof(x.url), "%s/g", http.base);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	test_http_stop(&http);
	end(&x);
}

static void the_signed_size_is_kept_to(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	begin(&x, state, HTTP_OK, 0, NULL);
	x.req.size_bytes = LEN + 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "has 100000 bytes, signed are 100001");
	x.req.size_bytes = LEN - 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EFBIG, MKD_EXIT_NET,
		     "larger than the signed 99999 bytes");
	assert_false(exists(&x, "f.part"));
	x.req.size_bytes = LEN;
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	end(&x);

	begin(&x, state, HTTP_LONGER, 0, NULL);
	x.req.size_bytes = LEN;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EFBIG, MKD_EXIT_NET,
		     "larger than the signed");
	end(&x);
	begin(&x, state, HTTP_CLOSE_EARLY, 0, NULL);
	x.req.size_bytes = LEN;
	x.req.tries = 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "after 50000 of 100000 bytes");
	end(&x);
}

static void a_part_that_has_all_bytes_is_not_asked_for_again(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };
	struct mkd_part part;

	begin(&x, state, HTTP_OK, 0, NULL);
	assert_ok(mkd_part_open(x.dirfd, "f", x.url, &part, &err), &err);
	assert_ok(mkd_part_restart(&part, x.url, "\"v1\"", &err), &err);
	assert_ok(mkd_part_add(&part, x.body, LEN, &err), &err);
	mkd_part_close(&part);
	x.req.size_bytes = LEN;
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_int_equal(x.http.hits->total, 0);
	assert_arrived(&x);
	end(&x);
}

static void passing_troubles_are_tried_again(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	begin(&x, state, HTTP_STATUS_ONCE, 503, NULL);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_int_equal(x.http.hits->total, 2);
	end(&x);
	begin(&x, state, HTTP_STATUS, 503, NULL);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f2", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "HTTP 503");
	assert_int_equal(x.http.hits->total, 3);
	end(&x);
	begin(&x, state, HTTP_STATUS, 403, NULL);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f2", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "HTTP 403");
	assert_int_equal(x.http.hits->total, 1);
	end(&x);
}

static void nobody_listens(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	begin(&x, state, HTTP_OK, 0, NULL);
	end(&x);
	x.dirfd = open(x.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(x.url, sizeof(x.url), "http://user:secret@127.0.0.1:%d/f", x.http.port);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "connect");
	assert_null(strstr(err.msg, "secret"));
	assert_false(exists(&x, "f.part"));
	(void)close(x.dirfd);
}

static void encoded_bodies_are_not_unpacked(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	begin(&x, state, HTTP_GZIP, 0, NULL);
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	end(&x);
}

static void a_signal_stops_and_keeps_the_part(void **state)
{
	struct fixture x;
	struct mkd_err err = { 0 };

	begin(&x, state, HTTP_FLAKY, 0, NULL);
	x.req.tries = 1;
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "/f'");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err, EINTR, 128 + SIGTERM,
		     "signal 15");
	mkd_signal_set(0);
	assert_true(exists(&x, "f.part") && exists(&x, "f.part.meta"));
	assert_ok(mkd_fetch_file(&x.req, x.dirfd, "f", &err), &err);
	assert_arrived(&x);
	end(&x);
}

static void a_full_disk_is_told_and_tidied(void **state)
{
	struct rlimit old, small = { .rlim_cur = 60000 };
	struct fixture x;
	struct mkd_err err = { 0 };

	begin(&x, state, HTTP_OK, 0, NULL);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	memset(&err, 0, sizeof(err));
	assert_int_equal(mkd_fetch_file(&x.req, x.dirfd, "f", &err), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(err.exit, MKD_EXIT_NOSPACE);
	assert_false(exists(&x, "f.part"));
	end(&x);
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

static void line(struct mkd_answer *a, const char *text)
{
	mkd_answer_line(a, text, strlen(text));
}

static void header_fields_are_read(void **state)
{
	struct mkd_answer a;

	(void)state;
	mkd_answer_reset(&a);
	line(&a, "content-LENGTH:  12 \r\n");
	line(&a, "Content-Range: bytes 7-18/19\r\n");
	line(&a, "Last-Modified: Sat, 15 Aug 2026 09:15:01 GMT\r\n");
	line(&a, "ETag: W/\"weak\"\r\n");
	assert_int_equal(a.length_bytes, 12);
	assert_int_equal(a.range_start_bytes, 7);
	assert_string_equal(mkd_answer_validator(&a), "Sat, 15 Aug 2026 09:15:01 GMT");
	line(&a, "ETag: \"strong\"");
	assert_string_equal(mkd_answer_validator(&a), "\"strong\"");
	line(&a, "Content-Length: 12");
	assert_false(a.ambiguous);
	line(&a, "Content-Length: 13");
	assert_true(a.ambiguous);
	line(&a, "ETag: \"a\nb\"");
	assert_string_equal(a.etag, "");
	line(&a, "HTTP/1.1 200 OK\r\n");
	assert_int_equal(a.length_bytes, -1);
	assert_string_equal(mkd_answer_validator(&a), "");
	line(&a, "Content-Length: 99999999999999999999999");
	assert_true(a.length_bytes == INT64_MAX);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_arrives_whole),
		T(a_cut_download_goes_on_where_it_was),
		T(a_part_of_another_url_or_version_is_not_used),
		T(the_note_beside_a_part_has_no_secret),
		T(a_part_must_be_a_regular_file),
		T(servers_that_are_refused),
		T(redirects_stay_on_http_and_end),
		T(a_redirect_is_followed),
		T(the_signed_size_is_kept_to),
		T(a_part_that_has_all_bytes_is_not_asked_for_again),
		T(passing_troubles_are_tried_again),
		T(nobody_listens),
		T(encoded_bodies_are_not_unpacked),
		T(a_signal_stops_and_keeps_the_part),
		T(a_full_disk_is_told_and_tidied),
		cmocka_unit_test(only_http_urls_are_fetched),
		cmocka_unit_test(header_fields_are_read),
	};

	/* A proxy of the environment's would be asked for 127.0.0.1 as well. */
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	(void)unsetenv("ALL_PROXY");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
