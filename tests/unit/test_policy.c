/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/rootfs/policy.c. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/policy.h"

/* n times c, in a static ring of 4. */
static const char *many(char c, size_t n)
{
	static char ring[4][70000];
	static unsigned next;
	char *p = ring[next++ % 4];

	memset(p, c, n);
	p[n] = '\0';
	return p;
}

static void paths_are_normalised_and_their_bytes_kept(void **state)
{
	static const struct {
		const char *raw, *want;
	} table[] = {
		{ ".", "" },
		{ "./", "" },
		{ ".//.", "" },
		{ "a", "a" },
		{ "./a", "a" },
		{ "a/", "a" },
		{ "a//", "a" },
		{ "a//b", "a/b" },
		{ "./a/./b/.", "a/b" },
		{ "...", "..." },
		{ "a/..b/c..", "a/..b/c.." },
		{ ".hidden", ".hidden" },
		{ "e\xcc\x81", "e\xcc\x81" },                         /* NFD stays NFD */
		{ "\xe9\xff/\xed\xa0\x80", "\xe9\xff/\xed\xa0\x80" }, /* no UTF-8 at all */
		{ "new\nline\033[m", "new\nline\033[m" },
		{ "back\\slash ", "back\\slash " },
	};
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_ok(mkd_policy_path(table[i].raw, &b, &err), &err);
		assert_string_equal(mkd_buf_cstr(&b), table[i].want);
	}
	assert_ok(mkd_policy_path(many('x', 255), &b, &err), &err);
	assert_int_equal(b.len, 255);
}

static void paths_that_are_refused(void **state)
{
	static const struct {
		const char *raw, *why;
	} table[] = {
		{ "", "empty" },
		{ "/", "absolute" },
		{ "/etc/passwd", "absolute" },
		{ "//a", "absolute" },
		{ "..", "'..'" },
		{ "../a", "'..'" },
		{ "a/..", "'..'" },
		{ "a/../b", "'..'" },
		{ "./../a", "'..'" },
		{ "a/b/c/../../d", "'..'" },
		{ "a//../b", "'..'" },
	};
	cleanup_buf struct mkd_buf b = { 0 };
	char deep[70000];
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		assert_fails(mkd_policy_path(table[i].raw, &b, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
			     table[i].why);
	assert_fails(mkd_policy_path(many('x', 256), &b, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "256 bytes, the limit is 255");
	for (size_t i = 0; i < sizeof(deep); i++)
		deep[i] = i % 2 ? '/' : 'd';
	deep[MKD_PATH_MAX_BYTES + 1] = '\0';
	assert_fails(mkd_policy_path(deep, &b, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "65537 bytes, the limit is 65536");
	deep[MKD_PATH_MAX_BYTES] = '\0';
	assert_ok(mkd_policy_path(deep, &b, &err), &err);
	assert_int_equal(b.len, MKD_PATH_MAX_BYTES - 1);
}

static void paths_that_say_folder(void **state)
{
	(void)state;
	assert_true(mkd_policy_says_folder("."));
	assert_true(mkd_policy_says_folder("./"));
	assert_true(mkd_policy_says_folder("a/"));
	assert_true(mkd_policy_says_folder("a/."));
	assert_false(mkd_policy_says_folder("a"));
	assert_false(mkd_policy_says_folder("a."));
	assert_false(mkd_policy_says_folder(""));
}

static void symlinks_have_1_to_4095_bytes(void **state)
{
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_policy_symlink("/abs/../../..", &err), &err);
	assert_ok(mkd_policy_symlink(many('s', 4095), &err), &err);
	assert_fails(mkd_policy_symlink("", &err), &err, EPERM, MKD_EXIT_ARCHIVE, "nothing");
	assert_fails(mkd_policy_symlink(many('s', 4096), &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "4096 bytes");
}

static void ids_are_below_2_to_the_32_minus_1(void **state)
{
	static const int64_t good[] = {
		0, 1, 65535, 65536, INT64_C(2147483653), INT64_C(4294967294)
	};
	static const int64_t bad[] = { -1, INT64_MIN, INT64_C(4294967295), INT64_C(1) << 40,
				       INT64_MAX };
	struct mkd_err err = { 0 };
	uint32_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_policy_id("gid", bad[i], &v, &err), &err, ERANGE, MKD_EXIT_ARCHIVE,
			     "its gid is");
	assert_int_equal(v, 7);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_ok(mkd_policy_id("uid", good[i], &v, &err), &err);
		assert_int_equal(v, good[i]);
	}
}

static void device_numbers_are_linux_ones(void **state)
{
	static const int64_t bad[][2] = {
		{ 4096, 0 }, { 0, 1048576 }, { -1, 0 }, { 0, -1 }, { INT64_MAX, INT64_MAX },
	};
	struct mkd_err err = { 0 };
	uint32_t a = 7, b = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_policy_device(bad[i][0], bad[i][1], &a, &b, &err), &err, ERANGE,
			     MKD_EXIT_ARCHIVE, "4095:1048575");
	assert_int_equal(a, 7);
	assert_ok(mkd_policy_device(4095, 1048575, &a, &b, &err), &err);
	assert_int_equal(a, 4095);
	assert_int_equal(b, 1048575);
}

static void sizes_are_what_ext4_holds(void **state)
{
	struct mkd_err err = { 0 };
	uint64_t v = 7;

	(void)state;
	assert_fails(mkd_policy_size(-1, &v, &err), &err, ERANGE, MKD_EXIT_ARCHIVE, "-1 bytes");
	assert_fails(mkd_policy_size(INT64_MAX, &v, &err), &err, ERANGE, MKD_EXIT_ARCHIVE, "ext4");
	assert_fails(mkd_policy_size((INT64_C(1) << 44) - 4095, &v, &err), &err, ERANGE,
		     MKD_EXIT_ARCHIVE, "17592186040320");
	assert_int_equal(v, 7);
	assert_ok(mkd_policy_size((INT64_C(1) << 44) - 4096, &v, &err), &err);
	assert_int_equal(v, (INT64_C(1) << 44) - 4096);
}

static void times_are_clamped_to_1901_and_2446(void **state)
{
	static const struct {
		int64_t sec;
		uint32_t nsec;
		int64_t want;
		uint32_t want_nsec;
	} table[] = {
		{ 0, 5, 0, 5 },
		{ -1, 999999999, -1, 999999999 },
		{ MKD_TIME_MIN, 7, MKD_TIME_MIN, 7 },
		{ MKD_TIME_MIN - 1, 7, MKD_TIME_MIN, 0 },
		{ INT64_MIN, 7, MKD_TIME_MIN, 0 },
		{ MKD_TIME_MAX, 7, MKD_TIME_MAX, 7 },
		{ MKD_TIME_MAX + 1, 7, MKD_TIME_MAX, 0 },
		{ INT64_MAX, 7, MKD_TIME_MAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int64_t sec = table[i].sec;
		uint32_t nsec = table[i].nsec;

		assert_int_equal(mkd_policy_clamp_time(&sec, &nsec), table[i].want != table[i].sec);
		assert_int_equal(sec, table[i].want);
		assert_int_equal(nsec, table[i].want_nsec);
	}
}

static void xattrs_are_security_user_or_trusted(void **state)
{
	static const char *const bad[] = { "",         "user",        "user.",
					   "USER.x",   "system.x",    "system.nfs4_acl",
					   "osx.flag", "security",    "trusted.",
					   " user.x",  "com.apple.x", "system.posix_acl_access" };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_policy_xattr("security.capability", false, &err), &err);
	assert_ok(mkd_policy_xattr("trusted.x", false, &err), &err);
	assert_ok(mkd_policy_xattr("user.x", true, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_policy_xattr(bad[i], true, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
			     "not in security, user or trusted");
	assert_fails(mkd_policy_xattr("user.x", false, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "only files and folders");
	assert_fails(mkd_policy_xattr(many('u', 256), true, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "limit is 255");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_normalised_and_their_bytes_kept),
		cmocka_unit_test(paths_that_are_refused),
		cmocka_unit_test(paths_that_say_folder),
		cmocka_unit_test(symlinks_have_1_to_4095_bytes),
		cmocka_unit_test(ids_are_below_2_to_the_32_minus_1),
		cmocka_unit_test(device_numbers_are_linux_ones),
		cmocka_unit_test(sizes_are_what_ext4_holds),
		cmocka_unit_test(times_are_clamped_to_1901_and_2446),
		cmocka_unit_test(xattrs_are_security_user_or_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
