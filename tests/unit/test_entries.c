/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/rootfs/entries.c with what is below it: what members say comes through, or
 * is refused. What is damaged: test_entries_damaged.c */
#include "entrylist.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/policy.h"
#include "mkdomu/tarscan.h"

static void members_of_every_kind_come_in_order(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };

	tar_header(&tar, &(struct tar_spec){ .name = "./", .type = '5', .mode = 0755 });
	tar_header(&tar, &(struct tar_spec){ .name = "./d/", .type = '5', .mode = 01777 });
	tar_header(&tar, &(struct tar_spec){ .name = "./d/f",
					     .mode = 04755,
					     .size = 5,
					     .uid = 1,
					     .gid = 2,
					     .mtime = 3 });
	tar_body(&tar, "hello", 5);
	tar_file(&tar, "empty", "");
	tar_header(&tar, &(struct tar_spec){ .name = "s", .type = '2', .link = "../x//y" });
	tar_header(&tar, &(struct tar_spec){ .name = "h", .type = '1', .link = "./d//f" });
	tar_header(&tar,
		   &(struct tar_spec){ .name = "c", .type = '3', .major = 4095, .minor = 1048575 });
	tar_header(&tar, &(struct tar_spec){ .name = "b", .type = '4', .major = 8, .minor = 1 });
	tar_header(&tar, &(struct tar_spec){ .name = "p", .type = '6' });
	tar_header(&tar, &(struct tar_spec){ .name = "v7dir/", .type = 'v' });
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	assert_string_equal(mkd_buf_cstr(&got), "d '' 755 0:0 0 0\n"
						"d 'd' 1777 0:0 0 0\n"
						"f 'd/f' 4755 1:2 5 3\n"
						"@0 hello\n"
						"f 'empty' 644 0:0 0 0\n"
						"l 's' -> '../x//y' 777 0:0 0 0\n"
						"h 'h' -> 'd/f'\n"
						"c 'c' 644 0:0 0 0 dev 4095:1048575\n"
						"b 'b' 644 0:0 0 0 dev 8:1\n"
						"p 'p' 644 0:0 0 0\n"
						"d 'v7dir' 644 0:0 0 0\n");
}

static void data_that_nobody_reads_are_skipped(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int fd = -1;
	cleanup_free char *big = calloc(1, 3 * MIB);
	const char *path = test_path(state, "t.tar");
	struct mkd_entries *es = NULL;
	const struct mkd_entry *e = NULL;
	struct mkd_err err = { 0 };

	assert_non_null(big);
	tar_header(&tar, &(struct tar_spec){ .name = "big", .size = 3 * MIB - 100 });
	tar_body(&tar, big, 3 * MIB - 100);
	tar_file(&tar, "next", "x");
	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	open_entries(fd, &es);
	assert_int_equal(mkd_entries_next(es, &e, &err), 1);
	assert_string_equal(e->path, "big");
	assert_int_equal(mkd_entries_next(es, &e, &err), 1);
	assert_string_equal(e->path, "next");
	assert_int_equal(mkd_entries_next(es, &e, &err), 0);
	assert_int_equal(mkd_entries_pos(es), tar.len);
	mkd_entries_close(es);
	mkd_entries_close(NULL);
}

static void names_keep_their_bytes_in_any_locale(void **state)
{
	/* NFD (libarchive would compose it), Latin-1, a lone surrogate, control characters */
	static const char *const names[] = { "e\xcc\x81", "\xe9t\xe9", "\xed\xa0\x80", "a\n\033[m",
					     "\xf0\x9f\x90\xa7" };
	static const char *const locales[] = { "C", "C.UTF-8" };
	cleanup_buf struct mkd_buf tar = { 0 }, rec = { 0 }, got = { 0 }, want = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		mkd_buf_reset(&tar);
		mkd_buf_reset(&want);
		tar_header(&tar, &(struct tar_spec){ .name = names[i] });
		pax_text(&rec, "path", names[i]);
		pax_text(&rec, "linkpath", names[i]);
		pax_text(&rec, "uname", names[i]);
		pax_member(&tar, 'x', &rec);
		tar_header(&tar, &(struct tar_spec){ .name = "x", .type = '2', .link = "y" });
		tar_header(&tar, &(struct tar_spec){ .name = "././@LongLink",
						     .type = 'L',
						     .size = strlen(names[i]) + 1,
						     .magic = "ustar  " });
		tar_body(&tar, names[i], strlen(names[i]) + 1);
		tar_header(&tar, &(struct tar_spec){ .name = "x", .magic = "ustar  " });
		tar_end(&tar);
		mkd_buf_printf(&want,
			       "f '%s' 644 0:0 0 0\nl '%s' -> '%s' 777 0:0 0 0\n"
			       "f '%s' 644 0:0 0 0\n",
			       names[i], names[i], names[i], names[i]);
		for (size_t k = 0; k < ARRAY_LEN(locales); k++) {
			assert_non_null(setlocale(LC_CTYPE, locales[k]));
			assert_ok(list(state, &tar, &got, &err), &err);
			assert_string_equal(mkd_buf_cstr(&got), mkd_buf_cstr(&want));
		}
	}
}

static void members_that_the_policy_refuses(void **state)
{
	static const struct {
		struct tar_spec spec;
		const char *why;
	} table[] = {
		{ { .name = "../x" }, "member '../x' is refused: it has a '..' component" },
		{ { .name = "/etc/passwd" }, "absolute" },
		{ { .name = "a/../../b", .type = '5' }, "'..'" },
		{ { .name = "x/" }, "ends in '/' but it is no folder" },
		{ { .name = "." }, "ends in '/' but it is no folder" },
		{ { .name = "x/", .type = '2', .link = "y" }, "no folder" },
		{ { .name = "x/", .type = '3' }, "no folder" },
		{ { .name = "", .type = '5' }, "its name is empty" },
		{ { .name = "x", .type = '2', .link = "" }, "symlink to nothing" },
		{ { .name = "x", .type = '1', .link = "../y" },
		  "hard link to '../y': it has a '..'" },
		{ { .name = "x", .type = '1', .link = "/etc/shadow" }, "absolute" },
		{ { .name = "x", .type = '1', .link = "" }, "empty" },
		{ { .name = "x", .type = '1', .link = "." }, "hard link to a folder" },
		{ { .name = "x", .type = '1', .link = "d/" }, "hard link to a folder" },
		{ { .name = "a/x", .type = '1', .link = "./a//x" }, "hard link to itself" },
		{ { .name = "x", .type = '7' }, "its type '7' is not a file" },
		{ { .name = "x", .type = 'A' }, "its type 'A'" },
		{ { .name = "x", .type = 'D' }, "its type 'D'" },
		{ { .name = "x", .type = 'M' }, "its type 'M'" },
		{ { .name = "x", .type = 'N' }, "its type 'N'" },
		{ { .name = "x", .type = 'V' }, "its type 'V'" },
		{ { .name = "x", .type = 'X' }, "its type 'X'" },
		{ { .name = "x", .type = 'z' }, "its type 'z'" },
		{ { .name = "x", .type = '\033' }, "its type '?'" },
	};
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		one(&tar, NULL, &table[i].spec);
		assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
			     table[i].why);
		assert_non_null(strstr(err.msg, "cannot use 'r.tar'"));
		assert_int_equal(got.len, 0);
	}
}

static void numbers_that_ext4_cannot_hold(void **state)
{
	static const struct {
		struct tar_spec spec;
		const char *key, *value;
		const char *why;
	} table[] = {
		{ { .name = "x", .raw_uid = "\x80\0\0\1\0\0\0\0" },
		  NULL,
		  NULL,
		  "uid is 4294967296" },
		{ { .name = "x", .raw_uid = "\xff\xff\xff\xff\xff\xff\xff\xff" },
		  NULL,
		  NULL,
		  "uid is -1" },
		{ { .name = "x" }, "uid", "1099511627776", "uid is 1099511627776" },
		{ { .name = "x" }, "uid", "4294967295", "uid is 4294967295" },
		{ { .name = "x" }, "gid", "-1", "gid is -1" },
		{ { .name = "x" }, "gid", "9223372036854775808", "gid is 9223372036854775808" },
		{ { .name = "x", .type = '3', .major = 4096 },
		  NULL,
		  NULL,
		  "device number is 4096:0" },
		{ { .name = "x", .type = '4', .minor = 1048576 }, NULL, NULL, "0:1048576" },
		{ { .name = "x", .type = '4' }, "SCHILY.devmajor", "4096", "4096:0" },
		{ { .name = "x", .raw_size = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" },
		  NULL,
		  NULL,
		  "size is -1" },
		{ { .name = "x", .raw_size = "\x80\0\0\0\x7f\xff\xff\xff\xff\xff\xff\xff" },
		  NULL,
		  NULL,
		  "ext4 holds" },
		{ { .name = "x" }, "size", "17592186040321", "ext4 holds" },
		{ { .name = "x" }, "mtime", "99999999999999999999", "too large" },
	};
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if (table[i].key)
			pax_text(&rec, table[i].key, table[i].value);
		one(&tar, &rec, &table[i].spec);
		/* mkd_entries_next: -ERANGE; mkd_convert_begin: -ERANGE */
		assert_fails(list(state, &tar, &got, &err), &err, ERANGE, MKD_EXIT_ARCHIVE,
			     table[i].why);
	}
}

static void numbers_at_the_edges_come_through(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err = { 0 };

	pax_text(&rec, "uid", "2147483653");
	pax_text(&rec, "gid", "4294967294");
	pax_text(&rec, "mtime", "-1.25");
	pax_text(&rec, "uname", "root");
	pax_text(&rec, "gname", "root");
	pax_text(&rec, "atime", "NaN");
	pax_text(&rec, "VENDOR.key", "value");
	pax_member(&tar, 'x', &rec);
	tar_file(&tar, "x", "");
	pax_text(&rec, "mtime", "-1099511627776.5");
	pax_member(&tar, 'x', &rec);
	tar_file(&tar, "old", "");
	pax_text(&rec, "mtime", "1099511627776.5");
	pax_member(&tar, 'x', &rec);
	tar_file(&tar, "new", "");
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	assert_string_equal(mkd_buf_cstr(&got), "f 'x' 644 2147483653:4294967294 0 -2.750000000\n"
						"f 'old' 644 0:0 0 -2147483648\n"
						"f 'new' 644 0:0 0 15032385535\n");
}

static void xattrs_come_through_and_acls_in_kernel_form(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err = { 0 };

	pax_record(&rec, "SCHILY.xattr.user.nul", "a\0\n=b", 5);
	pax_text(&rec, "SCHILY.xattr.user.empty", "");
	pax_text(&rec, "SCHILY.xattr.security.capability", "cap");
	pax_text(&rec, "SCHILY.xattr.trusted.\xe9", "t");
	pax_text(&rec, "RHT.security.selinux", "u:r");
	/* bsdtar writes both */
	pax_text(&rec, "LIBARCHIVE.xattr.user.empty", "");
	pax_text(&rec, "LIBARCHIVE.xattr.user.la", "MQ==");
	pax_text(&rec, "SCHILY.acl.access",
		 "user::rwx,user:joe:r-x:1000,group::---,mask::r-x,other::---");
	one(&tar, &rec, &(struct tar_spec){ .name = "f", .mode = 02777 });
	assert_ok(list(state, &tar, &got, &err), &err);
	assert_string_equal(mkd_buf_cstr(&got),
			    "f 'f' 2750 0:0 0 0 user.nul=61000a3d62 user.empty= "
			    "security.capability=636170 trusted.\xe9=74 "
			    "security.selinux=753a7200 user.la=31 "
			    "system.posix_acl_access=0200000001000700ffffffff02000500e8030000"
			    "04000000ffffffff10000500ffffffff20000000ffffffff\n");
}

static void of_two_forms_of_an_acl_the_numeric_wins(void **state)
{
	static const uint8_t raw[] = {
		2, 0, 0,   0,   1,   0,   6,  0, 255, 255, 255, 255, 4,   0,
		4, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255
	};
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err = { 0 };

	pax_record(&rec, "SCHILY.xattr.system.posix_acl_access", raw, sizeof(raw));
	pax_text(&rec, "SCHILY.acl.access", "user::rwx,user:joe:rwx,group::rwx,other::rwx");
	pax_text(&rec, "SCHILY.acl.default", "user::rwx,group::r-x,other::---");
	one(&tar, &rec, &(struct tar_spec){ .name = "d", .type = '5' });
	assert_ok(list(state, &tar, &got, &err), &err);
	/* It says no more than a mode does, so the mode has it. A default ACL is always kept. */
	assert_string_equal(mkd_buf_cstr(&got),
			    "d 'd' 640 0:0 0 0 system.posix_acl_default=0200000001000700ffffffff"
			    "04000500ffffffff20000000ffffffff\n");
}

static void attributes_that_are_refused(void **state)
{
	static const struct {
		char type;
		const char *key, *value;
		int code;
		const char *why;
		/*
		 * mkd_entries_next: -EPERM, -EBADMSG; mkd_convert_begin: -EPERM; mkd_convert_end:
		 * -EPERM, -EBADMSG; mkd_convert_add_xattr: -EPERM; mkd_member_new: -EPERM
		 */
	} table[] = {
		{ '0', "SCHILY.xattr.system.x", "v", EPERM, "'system.x' is not in security" },
		{ '0', "SCHILY.xattr.", "v", EPERM, "'' is not in security" },
		{ '6', "SCHILY.xattr.user.x", "v", EPERM, "only files and folders" },
		{ '2', "SCHILY.xattr.user.x", "v", EPERM, "only files and folders" },
		{ '0', "SCHILY.acl.access", "foo", EBADMSG, "its ACL is damaged" },
		{ '0', "SCHILY.acl.access",
		  "user::rwx,user:joe:rwx,group::rwx,mask::rwx,other::rwx", EPERM,
		  "user 'joe' without a number" },
		{ '0', "SCHILY.xattr.system.posix_acl_access", "abc", EBADMSG, "ACL is damaged" },
		{ '0', "SCHILY.acl.default", "user::rwx,group::rwx,other::rwx", EPERM,
		  "default ACL but is no folder" },
		{ '2', "SCHILY.acl.access", "user::rwx,group::rwx,other::rwx", EPERM,
		  "symlink with an ACL" },
		{ '0', "SCHILY.acl.ace", "owner@:rwx::allow", EPERM, "NFSv4 ACL" },
		{ '0', "SCHILY.realsize", "5", EPERM, "star's form" },
	};
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		pax_text(&rec, table[i].key, table[i].value);
		one(&tar, &rec,
		    &(struct tar_spec){ .name = "x", .type = table[i].type, .link = "y" });
		assert_fails(list(state, &tar, &got, &err), &err, table[i].code, MKD_EXIT_ARCHIVE,
			     table[i].why);
	}
	pax_text(&rec, "SCHILY.xattr.user.a", "1");
	pax_text(&rec, "SCHILY.xattr.user.a", "2");
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "'user.a' is there twice");
	pax_text(&rec, "SCHILY.xattr.user.a", "1");
	pax_text(&rec, "LIBARCHIVE.xattr.user.a", "Mg==");
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "'user.a' is there twice");
	pax_record(&rec, "SCHILY.xattr.user.n\0l", "1", 1);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	tar.data[512 + 21] = '\0'; /* in the key */
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "pax header");
}

static void attributes_have_limits(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	cleanup_free char *big = calloc(1, MKD_XATTR_MAX_BYTES + 1);
	struct mkd_err err = { 0 };
	char key[64];

	assert_non_null(big);
	pax_record(&rec, "SCHILY.xattr.user.big", big, MKD_XATTR_MAX_BYTES);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_ok(list(state, &tar, &got, &err), &err);
	pax_record(&rec, "SCHILY.xattr.user.big", big, MKD_XATTR_MAX_BYTES + 1);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "'user.big' has 65537 bytes, the limit is 65536");
	for (int i = 0; i < 4; i++) {
		(void)snprintf(key, sizeof(key), "SCHILY.xattr.user.%d", i);
		pax_record(&rec, key, big, MKD_XATTR_MAX_BYTES);
	}
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "over 262144 bytes in all");
	for (int i = 0; i <= MKD_XATTRS_MAX; i++) {
		(void)snprintf(key, sizeof(key), "SCHILY.xattr.user.%d", i);
		pax_text(&rec, key, "");
	}
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "more than 1000 extended attributes");
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(members_of_every_kind_come_in_order),
		WITH_DIR(data_that_nobody_reads_are_skipped),
		WITH_DIR(names_keep_their_bytes_in_any_locale),
		WITH_DIR(members_that_the_policy_refuses),
		WITH_DIR(numbers_that_ext4_cannot_hold),
		WITH_DIR(numbers_at_the_edges_come_through),
		WITH_DIR(xattrs_come_through_and_acls_in_kernel_form),
		WITH_DIR(of_two_forms_of_an_acl_the_numeric_wins),
		WITH_DIR(attributes_that_are_refused),
		WITH_DIR(attributes_have_limits),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
