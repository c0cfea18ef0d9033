/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of files on a mirror: lists signed with signify, so that no gpg is needed. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "http.h"
#include "mkdomu/files.h"
#include "mkdomu/mirrors.h"
#include "mkdomu/source.h"

/* SIGNIFY_TEXT names a file of "hello". */
#include "signify_list.h"

#define NAME "a-20250202.tar"

static const char *public_key = SIGNIFY_KEY;

static int ask(void **state, const char *base, const char *pattern, bool offline,
	       struct mkd_source *ret, struct mkd_err *err)
{
	const char *mirrors[] = { base };
	char key[256], cache[256];
	const struct mkd_source_files files = { .folder = "live",
						.file = pattern,
						.list = "sha256sum.txt",
						.list_signature = "sha256sum.sig",
						.signify_key = key };
	const struct mkd_source_req req = { .mirrors = mirrors,
					    .n_mirrors = 1,
					    .files = &files,
					    .offline = offline,
					    .cache_dir = cache };

	(void)snprintf(key, sizeof(key), "%s", test_path(state, "key.pub"));
	(void)snprintf(cache, sizeof(cache), "%s", test_path(state, "cache"));
	test_write(key, public_key, strlen(public_key));
	return mkd_source_open(&req, ret, err);
}

static const struct test_route good[] = {
	{ .path = "/live/sha256sum.txt", .body = SIGNIFY_TEXT, .len = sizeof(SIGNIFY_TEXT) - 1 },
	{ .path = "/live/sha256sum.sig", .body = SIGNIFY_SIG, .len = sizeof(SIGNIFY_SIG) - 1 },
	{ .path = "/live/" NAME, .body = "hello", .len = 5 },
};

static void a_listed_file_is_opened_and_kept(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct test_http h;
	char text[8] = "";

	test_http_start(&h, NULL, good, ARRAY_LEN(good));
	assert_ok(ask(state, h.base, "a-*.tar", false, &s, &err), &err);
	assert_string_equal(s.file, NAME);
	assert_int_equal(s.trust, MKD_TRUST_SIGNATURE);
	assert_int_equal(s.build_sec, 1738454400);
	assert_int_equal(s.size_bytes, 5);
	assert_int_equal(pread(s.fd, text, sizeof(text), 0), 5);
	assert_string_equal(text, "hello");
	mkd_source_close(&s);
	test_http_stop(&h);
	assert_ok(ask(state, "http://127.0.0.1:1", "a-*.tar", true, &s, &err), &err);
	mkd_source_close(&s);
	assert_fails(ask(state, "http://127.0.0.1:1", "b-*.tar", true, &s, &err), &err, ENOENT,
		     MKD_EXIT_NET, "cannot work offline");
}

static void refused(void **state, const struct test_route *routes, const char *pattern, int code,
		    int exit, const char *want)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct test_http h;

	test_http_start(&h, NULL, routes, ARRAY_LEN(good));
	assert_fails(ask(state, h.base, pattern, false, &s, &err), &err, code, exit, want);
	assert_int_equal(s.fd, -1);
	test_http_stop(&h);
}

/* mkd_files_open: -ENOENT; mkd_mirrors_ask: -EHOSTUNREACH, other */
static void what_is_missing_or_changed_is_refused(void **state)
{
	struct test_route r[ARRAY_LEN(good)];

	refused(state, good, "b-*.tar", ENOENT, MKD_EXIT_VERIFY, "has no file 'b-*.tar'");
	memcpy(r, good, sizeof(r));
	r[2].body = "hellO";
	refused(state, r, "a-*.tar", EBADMSG, MKD_EXIT_VERIFY, "SHA256 digest differs");
	r[2].how = HTTP_STATUS;
	r[2].status = 404;
	refused(state, r, "a-*.tar", EHOSTUNREACH, MKD_EXIT_NET, "404");
	memcpy(r, good, sizeof(r));
	r[0].len--;
	refused(state, r, "a-*.tar", EBADMSG, MKD_EXIT_VERIFY, "bad signature");
	r[1].how = HTTP_STATUS;
	r[1].status = 404;
	refused(state, r, "a-*.tar", EBADMSG, MKD_EXIT_VERIFY, "'sha256sum.sig' is not there");
}

static int ask_minisign(void **state, const char *sig, struct mkd_source *s, struct mkd_err *err)
{
	const struct test_route routes[] = {
		{ .path = "/live/sha256sum.txt",
		  .body = MINISIGN_TEXT,
		  .len = sizeof(MINISIGN_TEXT) - 1 },
		{ .path = "/live/sha256sum.sig", .body = sig, .len = strlen(sig) },
		{ .path = "/live/b.tar", .body = "hello", .len = 5 },
	};
	struct test_http h;
	int r;

	test_http_start(&h, NULL, routes, ARRAY_LEN(routes));
	public_key = MINISIGN_KEY;
	r = ask(state, h.base, "b.tar", false, s, err);
	public_key = SIGNIFY_KEY;
	test_http_stop(&h);
	return r;
}

/* A mirror can cut off what says the time: once one was seen, that is no way back. */
static void a_time_that_was_seen_is_asked_for(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };

	/* no time was seen yet, and none has to be */
	assert_ok(ask_minisign(state, MINISIGN_SIG, &s, &err), &err);
	assert_int_equal(s.signed_sec, 0);
	mkd_source_close(&s);
	assert_ok(ask_minisign(state, MINISIGN_SIG MINISIGN_TIME, &s, &err), &err);
	assert_int_equal(s.signed_sec, 1738454400);
	mkd_source_close(&s);
	assert_fails(ask_minisign(state, MINISIGN_SIG, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "does not say when it was signed");
	assert_int_equal(s.fd, -1);
	assert_ok(ask_minisign(state, MINISIGN_SIG MINISIGN_TIME, &s, &err), &err);
	mkd_source_close(&s);
}

static void unfit(const struct mkd_source_files *f, const char *want)
{
	static const char *const mirrors[] = { "http://127.0.0.1:1" };
	const struct mkd_source_req req = { .mirrors = mirrors, .n_mirrors = 1, .files = f };
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };

	assert_fails(mkd_source_open(&req, &s, &err), &err, EINVAL, MKD_EXIT_USAGE, want);
}

static void requests_without_a_proof_are_refused(void **state)
{
	(void)state;
	unfit(&(struct mkd_source_files){ .file = "a" }, "nothing says that the mirror's tarball");
	unfit(&(struct mkd_source_files){ .file = "a", .list = "l" }, "nothing says");
	unfit(&(struct mkd_source_files){ .file = "a", .list_signature = "s" }, "no list");
	unfit(&(struct mkd_source_files){ .file = "a*", .file_signature = "s" }, "no list");
	unfit(&(struct mkd_source_files){ .file = "a", .file_signature = "s", .signify_key = "k" },
	      "a signify key is for a list's");
	unfit(&(struct mkd_source_files){ .file = "a", .file_signature = "s" }, "needs a keyring");
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_listed_file_is_opened_and_kept),
		IN_DIR(a_time_that_was_seen_is_asked_for),
		IN_DIR(what_is_missing_or_changed_is_refused),
		cmocka_unit_test(requests_without_a_proof_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
