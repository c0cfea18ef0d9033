/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of files as distributions publish them. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/listing.h"

#define HEX64_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX64_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static int find(const char *text, const char *list, const char *pattern, struct mkd_listed *ret,
		struct mkd_err *err)
{
	return mkd_listing_find(text, strlen(text), list, pattern, ret, err);
}

static void each_form_is_read(void **state)
{
	static const struct {
		const char *list, *text, *pattern, *want;
		unsigned have;
		uint8_t first; /* byte of its digest */
	} rows[] = {
		{ "SHA256SUMS", HEX64_A " *a.img\n" HEX64_B " *n-root.tar.xz\n", "n-root.tar.xz",
		  "n-root.tar.xz", MKD_ALGO_BIT(MKD_ALGO_SHA256), 0xbb },
		{ "SHA256SUMS", HEX64_A "  ./n-root.tar.xz\r\n", "n-*.tar.xz", "n-root.tar.xz",
		  MKD_ALGO_BIT(MKD_ALGO_SHA256), 0xaa },
		{ "SHA512SUMS", HEX64_A HEX64_B "  x.tar\n", "x.tar", "x.tar",
		  MKD_ALGO_BIT(MKD_ALGO_SHA512), 0xaa },
		{ "b2sums.txt", HEX64_B HEX64_B "  x.tar\n", "x.tar", "x.tar",
		  MKD_ALGO_BIT(MKD_ALGO_BLAKE2B), 0xbb },
		{ "sha256sum.txt",
		  "SHA256 (void-x86_64-musl-ROOTFS-20250202.tar.xz) = " HEX64_A "\n"
		  "SHA256 (void-x86_64-ROOTFS-20250202.tar.xz) = " HEX64_B "\n",
		  "void-x86_64-ROOTFS-*.tar.xz", "void-x86_64-ROOTFS-20250202.tar.xz",
		  MKD_ALGO_BIT(MKD_ALGO_SHA256), 0xbb },
		/* the newest by version, not by letters or place */
		{ "SHA256SUMS",
		  HEX64_B "  u-24.04.10-base.tar\n" HEX64_A "  u-24.04.9-base.tar\n" HEX64_A
			  "  u-24.04-base.tar\n",
		  "u-24.04*-base.tar", "u-24.04.10-base.tar", MKD_ALGO_BIT(MKD_ALGO_SHA256), 0xbb },
		{ "latest-releases.yaml",
		  "---\n-\n  title: \"x\"\n  file: a-1.iso\n  sha256: " HEX64_A "\n"
		  "-\n  desc: |\n    for use\n    file: in a text\n\n  sha512: " HEX64_B HEX64_B
		  "\n  file: a-3.1-x.tar.gz\n  sha256: " HEX64_B
		  "\n-\n  file: b\n  sha256: " HEX64_A,
		  "a-*-x.tar.gz", "a-3.1-x.tar.gz",
		  MKD_ALGO_BIT(MKD_ALGO_SHA256) | MKD_ALGO_BIT(MKD_ALGO_SHA512), 0xbb },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_listed got = { 0 };
		struct mkd_err err = { 0 };

		assert_ok(find(rows[i].text, rows[i].list, rows[i].pattern, &got, &err), &err);
		assert_string_equal(got.file, rows[i].want);
		assert_int_equal(got.digests.have, rows[i].have);
		for (unsigned a = 0; a < MKD_N_ALGOS; a++)
			if (rows[i].have & MKD_ALGO_BIT(a))
				assert_int_equal(got.digests.of[a][0], rows[i].first);
	}
}

/* mkd_listing_find: -ENOENT, -EBADMSG */
static void what_is_missing_or_damaged_is_refused(void **state)
{
	static const struct {
		const char *list, *text, *pattern;
		int code;
		const char *want;
	} rows[] = {
		{ "L", HEX64_A "  other.tar\n", "x*.tar", ENOENT,
		  "the list 'L' has no file 'x*.tar'" },
		{ "L", "", "x", ENOENT, "has no file" },
		{ "L", "x.tar\n", "x.tar", ENOENT, "has no file" },
		{ "L", HEX64_A "  ..x.tar\n" HEX64_A "  .x.tar\n" HEX64_A "  a x.tar\n", "*x.tar",
		  ENOENT, "has no file" },
		{ "L", "abc  x.tar\n", "x.tar", EBADMSG, "wrong length" },
		{ "L", HEX64_A "  x.tar\n" HEX64_B "  x.tar\n", "x.tar", EBADMSG, "contradict" },
		{ "md5sums", "MD5 (x.tar) = 00\n", "x.tar", EBADMSG, "weak or unknown" },
		{ "a.yaml", "-\n  file: x.tar\n", "x.tar", EBADMSG, "no entry" },
		{ "a.yaml", "-\n  file: x.tar\n  sha256: 12\n", "x.tar", EBADMSG, "wrong length" },
		{ "a.yaml", "-\n  file: y\n  sha256: " HEX64_A "\n", "x.tar", ENOENT, "has no" },
		/* digests of another block are not its own */
		{ "a.yaml", "-\n  file: x.tar\n-\n  sha256: " HEX64_A "\n", "x.tar", EBADMSG,
		  "no entry" },
	};
	struct mkd_listed got = { 0 }, none = { 0 };
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_fails(find(rows[i].text, rows[i].list, rows[i].pattern, &got, &err), &err,
			     rows[i].code, MKD_EXIT_VERIFY, rows[i].want);
		assert_memory_equal(&got, &none, sizeof(got));
	}
	assert_fails(mkd_listing_find("a\0b", 3, "L", "x", &got, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "NUL");
	assert_nomem(find(HEX64_A "  x.tar\n", "L", "x.tar", &got, &err), &err);
}

static void patterns_know_one_star(void **state)
{
	(void)state;
	assert_true(mkd_listing_match("a*b", "ab"));
	assert_true(mkd_listing_match("a*b*", "a1b2"));
	assert_false(mkd_listing_match("a*b", "abc"));
	assert_false(mkd_listing_match("a*b", "a/b"));
	assert_false(mkd_listing_match("a?", "ab"));
	assert_false(mkd_listing_match("[a]", "a"));
	assert_false(mkd_listing_match("a\\*", "a*"));
}

static void names_have_dates(void **state)
{
	static const struct {
		const char *name;
		int64_t sec;
	} rows[] = {
		{ "void-x86_64-ROOTFS-20250202.tar.xz", 1738454400 },
		{ "20250202", 1738454400 },
		{ "a-20250230.tar", 0 },
		{ "a-x20250202.tar", 0 },
		{ "a-20250202x.tar", 0 },
		{ "ubuntu-24.04.1", 0 },
		{ "", 0 },
		{ "--", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(mkd_listing_time(rows[i].name), rows[i].sec);
}

static void damaged_lists_never_crash(void **state)
{
	static const char text[] =
		"---\n-\n  file: x.tar\n  sha256: " HEX64_A "\n"
		"SHA256 (x.tar) = " HEX64_A "\n" HEX64_A "  x.tar\n# SHA256 HASH\n";
	static const char noise[] = "\n\r -:()=*/#\0\xff"
				    "a";
	uint32_t x = 7;

	(void)state;
	for (int i = 0; i < 4000; i++) {
		struct mkd_listed got = { 0 };
		struct mkd_err err = { 0 };
		char *copy = malloc(sizeof(text)); /* on the heap: an overrun is seen */
		size_t len = strlen(text);

		assert_non_null(copy);
		memcpy(copy, text, sizeof(text));
		for (int j = 0; j < 1 + i % 5; j++) {
			x = x * 1664525 + 1013904223;
			copy[(x >> 8) % len] = noise[(x >> 4) % (sizeof(noise) - 1)];
		}
		if (i % 3 == 0)
			len = (x >> 9) % len;
		copy = realloc(copy, len ? len : 1);
		assert_non_null(copy);
		if (mkd_listing_find(copy, len, i % 2 ? "l.yaml" : "SHA256SUMS", "x.tar", &got,
				     &err) < 0)
			assert_int_equal(err.exit, MKD_EXIT_VERIFY);
		else
			assert_string_equal(got.file, "x.tar");
		free(copy);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_form_is_read),
		cmocka_unit_test(what_is_missing_or_damaged_is_refused),
		cmocka_unit_test(patterns_know_one_star),
		cmocka_unit_test(names_have_dates),
		cmocka_unit_test(damaged_lists_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
