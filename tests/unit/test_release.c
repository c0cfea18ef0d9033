/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/release.h"
#include "mkdomu/url.h"

#define V  "stage3-amd64-openrc"
#define TS "20260811T083102Z"

static int parse(const char *text, struct mkd_release *rel, struct mkd_err *err)
{
	return mkd_release_parse(text, strlen(text), V, rel, err);
}

static void a_pointer_names_path_size_and_times(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_release rel = { 0 };

	(void)state;
	assert_ok(parse("# Latest as of Sat, 15 Aug 2026 09:15:01 +0000\n# ts=1786785301\n" TS "/" V
			"-" TS ".tar.xz 496363884\n",
			&rel, &err),
		  &err);
	assert_string_equal(rel.path, TS "/" V "-" TS ".tar.xz");
	assert_string_equal(rel.file, V "-" TS ".tar.xz");
	assert_int_equal(rel.size_bytes, 496363884);
	assert_int_equal(rel.pointer_sec, 1786785301);
	assert_int_equal(rel.build_sec, 1786437062); /* date -ud 2026-08-11T08:31:02Z +%s */
}

static void older_and_looser_pointers_are_read(void **state)
{
	static const char *const good[] = {
		"20220320/" V "-20220320.tar.xz\r\n", /* no size, no ts, CR */
		TS "/stage3-amd64-systemd-" TS ".tar.xz 5\n" TS "/" V "-" TS ".tar.xz 5\n",
		TS "/" V "-splitusr-" TS ".tar.xz 7\n\n" TS "/" V "-" TS ".tar 5", /* no LF */
		TS "/" V "-20200101000000.tar.zst \t 5  \n",
	};
	struct mkd_err err = { 0 };
	struct mkd_release rel;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_ok(parse(good[i], &rel, &err), &err);
		assert_int_equal(rel.pointer_sec, 0);
		assert_true(rel.size_bytes == 5 || i == 0);
	}
}

static void pointers_that_are_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "", "no tarball of this variant" },
		{ TS "/stage3-arm64-openrc-" TS ".tar.xz 5\n", "wrong arch or variant" },
		{ TS "/" V "-" TS ".tar.xz 5\n" TS "/" V "-" TS ".tar.xz 5\n", "more than one" },
		{ "../" V "-" TS ".tar.xz 5\n", "characters" },
		{ TS "/.." V "-" TS ".tar.xz 5\n", "'..'" },
		{ TS "/x/" V "-" TS ".tar.xz 5\n", "characters" },
		{ "/" TS "/" V "-" TS ".tar.xz 5\n", "'<time>/<file>'" },
		{ "http://x/" V "-" TS ".tar.xz 5\n", "characters" },
		{ "file:///etc/passwd\n", "characters" },
		{ V "-" TS ".tar.xz 5\n", "'<time>/<file>'" },
		{ TS "/" V "-" TS ".tar.xz?x=1 5\n", "characters" },
		{ TS "/" V "-" TS ".tar.xz 0\n", "size" },
		{ TS "/" V "-" TS ".tar.xz 5 6\n", "size" },
		{ TS "/" V "-" TS ".tar.xz -5\n", "size" },
		{ TS "/" V "-" TS ".tar.xz 99999999999999999999\n", "size" },
		{ TS "/" V "-" TS ".iso 5\n", "no tarball" },
		{ TS "/" V "-20260231T083102Z.tar.xz 5\n", "no tarball" },
		{ TS "/" V "-x.tar.xz 5\n", "no tarball" },
		{ "# ts=x\n" TS "/" V "-" TS ".tar.xz 5\n", "'ts='" },
		{ "# ts=1\n# ts=2\n" TS "/" V "-" TS ".tar.xz 5\n", "twice" },
		{ TS "/" V "-" TS ".tar.xz 5\n\033[2J\n", "control" },
	};
	struct mkd_err err = { 0 };
	struct mkd_release rel = { .size_bytes = 77 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(parse(bad[i].text, &rel, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
			     bad[i].words);
	assert_fails(mkd_release_parse("a\0b", 3, V, &rel, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "control");
	assert_int_equal(rel.size_bytes, 77);
}

static void time_stamps_are_utc_dates(void **state)
{
	static const struct {
		const char *text;
		int64_t want;
	} good[] = {
		{ "19700101T000001Z", 1 },
		{ "20200229", 1582934400 },
		{ "20200229000001", 1582934401 },
	};
	static const char *const bad[] = { "",
					   "2020",
					   "20200230",
					   "20201301",
					   "20200101T250000Z",
					   "20200101t000000Z",
					   "20200x01",
					   "20200101T0000000" };
	int64_t sec = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(mkd_release_time(bad[i], strlen(bad[i]), &sec));
	assert_int_equal(sec, 7);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_true(mkd_release_time(good[i].text, strlen(good[i].text), &sec));
		assert_int_equal(sec, good[i].want);
	}
}

static void urls_are_built_with_one_slash(void **state)
{
	cleanup_free char *a = NULL;
	cleanup_free char *b = NULL;
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_release_url("https://h/g", "amd64", "latest-x.txt", &a, &err), &err);
	assert_string_equal(a, "https://h/g/releases/amd64/autobuilds/latest-x.txt");
	assert_ok(mkd_release_url("https://h/g//", "amd64", "latest-x.txt", &b, &err), &err);
	assert_string_equal(a, b);
	assert_fails(mkd_release_url("https://h", "../x", "y", &b, &err), &err, EINVAL,
		     MKD_EXIT_USAGE, "'../x' is not an architecture");
}

static void names_are_single_components(void **state)
{
	(void)state;
	assert_true(mkd_release_name_ok("stage3-armv7a_hardfp-openrc"));
	assert_false(mkd_release_name_ok(""));
	assert_false(mkd_release_name_ok("-x"));
	assert_false(mkd_release_name_ok(".x"));
	assert_false(mkd_release_name_ok("a/b"));
	assert_false(mkd_release_name_ok("a..b"));
	assert_false(mkd_release_name_ok("a b"));
}

static void shown_urls_hide_secrets(void **state)
{
	char buf[MKD_URL_SHOW], file[128];

	(void)state;
	assert_string_equal(mkd_url_plain("https://u:p@w@h:8/a@b/c", buf), "https://h:8/a@b/c");
	assert_string_equal(mkd_url_plain("https://h/a?token=x", buf), "https://h/a?...");
	assert_string_equal(mkd_url_plain("/local/p@th", buf), "/local/p@th");
	/* A '/', '?' or '#' that should have been escaped gives nothing away either. */
	assert_string_equal(mkd_url_plain("https://u:p/w@h/a", buf), "https://h/a");
	assert_string_equal(mkd_url_plain("https://u:p#w@h/a", buf), "https://h/a");
	assert_string_equal(mkd_url_plain("https://h:81/@a/b", buf), "https://h:81/@a/b");
	assert_string_equal(mkd_url_plain("https://u:p@[::1]:8/a", buf), "https://[::1]:8/a");
	assert_string_equal(mkd_url_plain("https://[::1]/a@b", buf), "https://[::1]/a@b");
	assert_string_equal(mkd_url_file("https://h/a/root%20fs.tar.xz?q=/z", file),
			    "root_20fs.tar.xz");
	assert_string_equal(mkd_url_file("https://h", file), "file");
	assert_string_equal(mkd_url_file("https://h/..", file), "file");
	assert_true(mkd_url_is("ftp://x"));
	assert_false(mkd_url_is("/a://b"));
	assert_false(mkd_url_is("a.tar.xz"));
}

static void urls_that_are_refused(void **state)
{
	static const char *const bad[] = { "ftp://h/x",     "file:///etc",
					   "http://",       "http:///x",
					   "https://h/a b", "https://h/a\nb",
					   "https://h/#x",  "h/x" };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_url_check(bad[i], &err), &err, EINVAL, MKD_EXIT_USAGE,
			     "cannot use '");
	assert_ok(mkd_url_check("HTTPS://u:p@h:1/%20", &err), &err);
	assert_fails(mkd_url_check("https://u:secret@h/ ", &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "'https://h/ '");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pointer_names_path_size_and_times),
		cmocka_unit_test(older_and_looser_pointers_are_read),
		cmocka_unit_test(pointers_that_are_refused),
		cmocka_unit_test(time_stamps_are_utc_dates),
		cmocka_unit_test(urls_are_built_with_one_slash),
		cmocka_unit_test(names_are_single_components),
		cmocka_unit_test(shown_urls_hide_secrets),
		cmocka_unit_test(urls_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
