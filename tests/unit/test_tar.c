/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/rootfs/tarhdr.c, pax.c and acl.c: the pure parsers below entries.c. */
#include "test.h"
#include "tarmaker.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/pax.h"
#include "mkdomu/tarhdr.h"

static int parse(const struct tar_spec *spec, struct mkd_tarhdr *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf b = { 0 };

	tar_header(&b, spec);
	return mkd_tarhdr_parse((const uint8_t *)b.data, ret, err);
}

static void a_header_is_read(void **state)
{
	struct mkd_tarhdr h;
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(parse(&(struct tar_spec){ .name = "n",
					    .prefix = "p/q",
					    .link = "l",
					    .type = '3',
					    .mode = 04755,
					    .size = 077777777777,
					    .uid = 1,
					    .gid = 02777777,
					    .mtime = 3,
					    .major = 5,
					    .minor = 6 },
			&h, &err),
		  &err);
	assert_string_equal(h.path, "p/q/n");
	assert_string_equal(h.link, "l");
	assert_int_equal(h.type, '3');
	assert_int_equal(h.mode, 04755);
	assert_int_equal(h.size_bytes, 077777777777);
	assert_int_equal(h.uid, 1);
	assert_int_equal(h.gid, 02777777);
	assert_int_equal(h.mtime_sec, 3);
	assert_int_equal(h.major, 5);
	assert_int_equal(h.minor, 6);
}

static void only_ustar_headers_have_a_prefix(void **state)
{
	struct mkd_tarhdr h;
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(parse(&(struct tar_spec){ .name = "n", .prefix = "p", .magic = "ustar  " }, &h,
			&err),
		  &err);
	assert_string_equal(h.path, "n");
	assert_ok(
		parse(&(struct tar_spec){ .name = "n", .prefix = "p", .magic = "\0\0\0\0\0\0\0\0" },
		      &h, &err),
		&err);
	assert_string_equal(h.path, "n");
}

static void names_may_fill_their_fields(void **state)
{
	struct mkd_tarhdr h;
	struct mkd_err err = { 0 };
	char name[101] = { 0 }, prefix[156] = { 0 };

	(void)state;
	memset(name, 'n', 100);
	memset(prefix, 'p', 155);
	assert_ok(
		parse(&(struct tar_spec){ .name = name, .prefix = prefix, .link = name }, &h, &err),
		&err);
	assert_int_equal(strlen(h.path), 256);
	assert_int_equal(h.path[155], '/');
	assert_string_equal(h.link, name);
}

static void numbers_are_octal_or_base_256(void **state)
{
	static const struct {
		const char *raw; /* the 12 bytes of mtime */
		int64_t want;
	} table[] = {
		{ "00000000017\0", 15 },
		{ "         17 ", 15 },
		{ "17\0\0\0\0\0\0\0\0\0\0", 15 },
		{ "777777777777", (INT64_C(1) << 36) - 1 },
		{ "            ", 0 },
		{ "\0\0\0\0\0\0\0\0\0\0\0\0", 0 },
		{ "\x80\0\0\0\0\0\0\0\0\0\1\0", 256 },
		{ "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe", -2 },
		{ "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff", INT64_MAX },
		{ "\xff\xff\xff\xff\x80\0\0\0\0\0\0\0", INT64_MIN },
	};
	static const struct {
		const char *raw;
		int code;
	} bad[] = {
		{ "12abc      \0", EBADMSG },
		{ "-1         \0", EBADMSG },
		{ "18         \0", EBADMSG },
		{ "1 1        \0", EBADMSG },
		{ "0x10       \0", EBADMSG },
		{ "\x80\0\0\0\x80\0\0\0\0\0\0\0", ERANGE },
		{ "\x80\0\0\1\0\0\0\0\0\0\0\0", ERANGE },
		{ "\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff", ERANGE },
		{ "\xff\0\0\0\0\0\0\0\0\0\0\0", ERANGE },
		{ "\x81\0\0\0\0\0\0\0\0\0\0\0", ERANGE },
	};
	struct mkd_tarhdr h = { .mtime_sec = 7 };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(
			parse(&(struct tar_spec){ .name = "n", .raw_mtime = bad[i].raw }, &h, &err),
			&err, bad[i].code, MKD_EXIT_ARCHIVE, "mtime");
	assert_int_equal(h.mtime_sec, 7);
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		assert_ok(parse(&(struct tar_spec){ .name = "n", .raw_mtime = table[i].raw }, &h,
				&err),
			  &err);
		assert_int_equal(h.mtime_sec, table[i].want);
	}
}

static void a_wrong_checksum_is_damage(void **state)
{
	struct mkd_tarhdr h;
	struct mkd_err err;

	(void)state;
	assert_fails(parse(&(struct tar_spec){ .name = "n", .bad_checksum = true }, &h, &err), &err,
		     EBADMSG, MKD_EXIT_ARCHIVE, "checksum is wrong");
}

/* All of it; the last result of mkd_pax_next. */
static int records(const char *text, size_t len, size_t *ret_n, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_pax_record rec;
	size_t at = 0;
	int r;

	*ret_n = 0;
	mkd_buf_add(&b, text, len);
	while ((r = mkd_pax_next(b.data, b.len, &at, &rec, err)) == 1)
		++*ret_n;
	return r;
}

static void pax_records_are_taken_one_by_one(void **state)
{
	char text[] = "9 k=vwx\n7 a=\n\0\n12 key=a=b\0c\n";
	struct mkd_pax_record rec;
	struct mkd_err err = { 0 };
	size_t at = 0, len = sizeof(text) - 1;

	(void)state;
	text[0] = '8';
	assert_int_equal(mkd_pax_next(text, len, &at, &rec, &err), 1);
	assert_string_equal(rec.key, "k");
	assert_string_equal(rec.value, "vwx");
	assert_int_equal(mkd_pax_next(text, len, &at, &rec, &err), 1);
	assert_string_equal(rec.key, "a");
	assert_int_equal(rec.value_len, 2);
	assert_memory_equal(rec.value, "\n\0", 3);
	text[at + 1] = '3'; /* "13 key=a=b\0c\n" */
	assert_int_equal(mkd_pax_next(text, len, &at, &rec, &err), 1);
	assert_string_equal(rec.key, "key");
	assert_int_equal(rec.value_len, 5);
	assert_memory_equal(rec.value, "a=b\0c", 6);
	assert_int_equal(mkd_pax_next(text, len, &at, &rec, &err), 0);
}

static void pax_records_that_are_damaged(void **state)
{
#define T(s)                     \
	{                        \
		s, sizeof(s) - 1 \
	}
	static const struct {
		const char *text;
		size_t len;
	} bad[] = {
		T("k=v\n"),
		T(" 6 k=v\n"),
		T("0 k=v\n"),
		T("7 k=v\n"),
		T("5 k=v\n"),
		T("6 k=v "),
		T("6 kkv\n"),
		T("5 =v\n"),
		T("6"),
		T("6 "),
		T("2 \n"),
		T("3 \n\n"),
		T("-6 k=v\n"),
		T("6\tk=v\n"),
		T("99999999999999999999 k=v\n"),
		T("7 k\0=v\n"),
		T("6 k=v\n\0\0"),
		T("6 k=v\n6 k=v"),
		T("4294967302 k=v\n"),
	};
#undef T
	struct mkd_err err;
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(records(bad[i].text, bad[i].len, &n, &err), &err, EBADMSG,
			     MKD_EXIT_ARCHIVE, "a pax header is damaged");
}

static struct mkd_pax_record record(const char *value)
{
	static char key[] = "mtime";

	return (struct mkd_pax_record){ key, (char *)(uintptr_t)value, strlen(value) };
}

static void pax_numbers_are_whole_decimals(void **state)
{
	static const char *const bad[] = {
		"", "-", "+1", " 1", "1 ", "12abc", "0x1", "1.0", "--1"
	};
	static const struct {
		const char *text;
		int64_t want;
	} good[] = { { "0", 0 },
		     { "007", 7 },
		     { "-1", -1 },
		     { "9223372036854775807", INT64_MAX },
		     { "-9223372036854775807", -INT64_MAX } };
	struct mkd_err err = { 0 };
	struct mkd_pax_record rec;
	int64_t v = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		rec = record(bad[i]);
		assert_fails(mkd_pax_number(&rec, &v, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     "is not a number in mtime");
	}
	rec = record("9223372036854775808");
	assert_fails(mkd_pax_number(&rec, &v, &err), &err, ERANGE, MKD_EXIT_ARCHIVE, "too large");
	rec = (struct mkd_pax_record){ rec.key, (char *)(uintptr_t) "1\0002", 3 };
	assert_fails(mkd_pax_number(&rec, &v, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "number");
	assert_int_equal(v, 7);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		rec = record(good[i].text);
		assert_ok(mkd_pax_number(&rec, &v, &err), &err);
		assert_int_equal(v, good[i].want);
	}
}

static void pax_times_are_rounded_down_before_1970_too(void **state)
{
	static const struct {
		const char *text;
		int64_t sec;
		uint32_t nsec;
	} good[] = {
		{ "0", 0, 0 },
		{ "1.5", 1, 500000000 },
		{ "1.", 1, 0 },
		{ "1.000000001", 1, 1 },
		{ "1.9999999999", 1, 999999999 },
		{ "-1", -1, 0 },
		{ "-0", 0, 0 },
		{ "-0.5", -1, 500000000 },
		{ "-1.25", -2, 750000000 },
		{ "-1.000000001", -2, 999999999 },
		{ "-1.0000000001", -2, 999999999 },
		{ "-1.9999999999", -2, 0 },
		{ "-0.0000000000", 0, 0 },
		{ "15032385536.1", INT64_C(15032385536), 100000000 },
		{ "-1099511627776", INT64_C(-1099511627776), 0 },
	};
	static const char *const bad[] = { "",     "-",   ".5",    "-.5",  "NaN", "inf", "1e5",
					   "1.5s", "1,5", "1.5.5", "0x10", "+1",  " 1",  "1.-5" };
	struct mkd_err err = { 0 };
	struct mkd_pax_record rec;
	int64_t sec = 7;
	uint32_t nsec = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		rec = record(bad[i]);
		assert_fails(mkd_pax_time(&rec, &sec, &nsec, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     "is not a number");
	}
	rec = record("99999999999999999999");
	assert_fails(mkd_pax_time(&rec, &sec, &nsec, &err), &err, ERANGE, MKD_EXIT_ARCHIVE,
		     "too large");
	assert_int_equal(sec, 7);
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		rec = record(good[i].text);
		assert_ok(mkd_pax_time(&rec, &sec, &nsec, &err), &err);
		assert_int_equal(sec, good[i].sec);
		assert_int_equal(nsec, good[i].nsec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_read),
		cmocka_unit_test(only_ustar_headers_have_a_prefix),
		cmocka_unit_test(names_may_fill_their_fields),
		cmocka_unit_test(numbers_are_octal_or_base_256),
		cmocka_unit_test(a_wrong_checksum_is_damage),
		cmocka_unit_test(pax_records_are_taken_one_by_one),
		cmocka_unit_test(pax_records_that_are_damaged),
		cmocka_unit_test(pax_numbers_are_whole_decimals),
		cmocka_unit_test(pax_times_are_rounded_down_before_1970_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
