/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of acl.h: texts and attributes of a tar become what the kernel has. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/acl.h"

/* As getfattr -e hex prints it for user::rw-,user:1000:rwx,group::r--,mask::rwx,other::r-- */
static const uint8_t acl_raw[] = {
	2, 0,    0,    0,    1,    0,    6,    0, 0xff, 0xff, 0xff, 0xff, 2,    0,    7,
	0, 0xe8, 3,    0,    0,    4,    0,    4, 0,    0xff, 0xff, 0xff, 0xff, 0x10, 0,
	7, 0,    0xff, 0xff, 0xff, 0xff, 0x20, 0, 4,    0,    0xff, 0xff, 0xff, 0xff,
};

static void acl_texts_become_what_the_kernel_has(void **state)
{
	static const char *const texts[] = {
		"user::rw-,user:1000:rwx,group::r--,mask::rwx,other::r--",
		"user::rw-,user:joe:rwx:1000,group::r--,mask::rwx,other::r--",
		"user::rw-\nuser:1000:rwx\ngroup::r--\nmask:rwx\nother:r--\n",
		"other::r--,mask::rwx,group::r--,user:1000:rwx,user::rw-",
		"u::rw-,u:1000:rwx,g::r--,m::rwx,o::r--",
		"default:user::rw-,default:user:1000:rwx,default:group::r--,default:mask::rwx,"
		"default:other::r--",
	};
	struct mkd_err err = { 0 };
	struct mkd_acl acl;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		cleanup_buf struct mkd_buf b = { 0 };

		assert_ok(mkd_acl_from_text(texts[i], &acl, &err), &err);
		mkd_acl_encode(&acl, &b);
		assert_int_equal(b.len, sizeof(acl_raw));
		assert_memory_equal(b.data, acl_raw, sizeof(acl_raw));
		assert_int_equal(mkd_acl_mode(&acl), 0674);
		assert_false(mkd_acl_is_mode(&acl));
	}
}

static void acl_xattrs_come_back_sorted(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	uint8_t mixed[sizeof(acl_raw)];
	struct mkd_err err = { 0 };
	struct mkd_acl acl;

	(void)state;
	memcpy(mixed, acl_raw, 4);
	for (size_t i = 0; i < 5; i++)
		memcpy(mixed + 4 + 8 * i, acl_raw + 4 + 8 * (4 - i), 8);
	assert_ok(mkd_acl_from_xattr(mixed, sizeof(mixed), &acl, &err), &err);
	mkd_acl_encode(&acl, &b);
	assert_int_equal(b.len, sizeof(acl_raw));
	assert_memory_equal(b.data, acl_raw, sizeof(acl_raw));
	assert_ok(mkd_acl_from_text("user::rwx,group::r-x,other::---", &acl, &err), &err);
	assert_true(mkd_acl_is_mode(&acl));
	assert_int_equal(mkd_acl_mode(&acl), 0750);
	assert_ok(mkd_acl_from_text("", &acl, &err), &err);
	assert_int_equal(acl.n, 0);
}

static void acl_texts_that_are_refused(void **state)
{
	static const char *const bad[] = {
		"foo",
		"user::rw-",
		"user::rw-,group::r--",
		"user::rw-,group::r--,other::r--,other::r--",
		"user::rw-,user:1:r--,group::r--,other::r--",
		"user::rw-,user:1:r--,user:1:rw-,group::r--,mask::r--,other::r--",
		"user::rwz,group::r--,other::r--",
		"user::wr-,group::r--,other::r--",
		"user::rw,group::r--,other::r--",
		"user::6,group::r--,other::r--",
		"user:rw-,group::r--,other::r--",
		"user::rw-:0,group::r--,other::r--",
		"user::rw-,group::r--,other:x:r--",
		"user::rw-,group::r--,other::r--,a:b:c:d:e:f",
		"default:,user::rw-,group::r--,other::r--",
		"default",
	};
	static const char *const names[] = {
		"user::rw-,user:joe:rwx,group::r--,mask::rwx,other::r--",
		"user::rw-,group:wheel:rwx:x,group::r--,mask::rwx,other::r--",
		"user::rw-,user:4294967295:rwx,group::r--,mask::rwx,other::r--",
		"user::rw-,user:joe:rwx:99999999999,group::r--,mask::rwx,other::r--",
	};
	struct mkd_err err;
	struct mkd_acl acl;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_acl_from_text(bad[i], &acl, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     "its ACL is damaged");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_fails(mkd_acl_from_text(names[i], &acl, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
			     "without a number");
}

static void acl_xattrs_that_are_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t with;
	} flips[] = { { 0, 1 }, { 3, 1 }, { 4, 0 }, { 4, 3 },    { 5, 1 },
		      { 6, 8 }, { 7, 1 }, { 4, 4 }, { 28, 0x20 } };
	struct mkd_err err;
	struct mkd_acl acl;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(flips); i++) {
		uint8_t raw[sizeof(acl_raw)];

		memcpy(raw, acl_raw, sizeof(raw));
		raw[flips[i].at] = flips[i].with;
		assert_fails(mkd_acl_from_xattr(raw, sizeof(raw), &acl, &err), &err, EBADMSG,
			     MKD_EXIT_ARCHIVE, "its ACL is damaged");
	}
	for (size_t len = 0; len < sizeof(acl_raw); len++)
		if (len != 4) /* an empty ACL is one */
			assert_fails(mkd_acl_from_xattr(acl_raw, len, &acl, &err), &err, EBADMSG,
				     MKD_EXIT_ARCHIVE, "its ACL is damaged");
}

static void acls_have_at_most_1024_entries(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	struct mkd_acl acl;

	(void)state;
	mkd_buf_str(&b, "user::rw-,group::r--,mask::rwx,other::r--");
	for (int i = 0; i < 1020; i++)
		mkd_buf_printf(&b, ",user:%d:rwx", 5000 - i);
	assert_ok(mkd_acl_from_text(mkd_buf_cstr(&b), &acl, &err), &err);
	assert_int_equal(acl.n, 1024);
	mkd_buf_str(&b, ",user:1:rwx");
	assert_fails(mkd_acl_from_text(mkd_buf_cstr(&b), &acl, &err), &err, EBADMSG,
		     MKD_EXIT_ARCHIVE, "1024 entries");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(acl_texts_become_what_the_kernel_has),
		cmocka_unit_test(acl_xattrs_come_back_sorted),
		cmocka_unit_test(acl_texts_that_are_refused),
		cmocka_unit_test(acl_xattrs_that_are_refused),
		cmocka_unit_test(acls_have_at_most_1024_entries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
