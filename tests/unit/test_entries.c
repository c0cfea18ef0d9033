/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/rootfs/entries.c with what is below it: member, tarscan, convert. */
#include "test.h"
#include "tarmaker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/entries.h"
#include "mkdomu/policy.h"
#include "mkdomu/tarscan.h"

static void open_entries(int fd, struct mkd_entries **ret)
{
	struct mkd_stream *s = NULL;
	struct mkd_err err;

	assert_ok(mkd_stream_open(&(struct mkd_stream_req){ .fd = fd, .name = "r.tar" }, &s, &err),
		  &err);
	assert_ok(mkd_entries_open(s, "r.tar", ret, &err), &err);
}

static void print_entry(struct mkd_buf *b, const struct mkd_entry *e)
{
	static const char letters[] = "fdlcbpsh";

	mkd_buf_printf(b, "%c '%s'", letters[e->type], e->path);
	if (e->target)
		mkd_buf_printf(b, " -> '%s'", e->target);
	if (e->type == MKD_FT_HARDLINK) {
		mkd_buf_str(b, "\n");
		return;
	}
	mkd_buf_printf(b, " %o %u:%u %" PRIu64 " %" PRId64, e->mode, e->uid, e->gid, e->size_bytes,
		       e->mtime_sec);
	if (e->mtime_nsec)
		mkd_buf_printf(b, ".%09u", e->mtime_nsec);
	if (e->major || e->minor)
		mkd_buf_printf(b, " dev %u:%u", e->major, e->minor);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		mkd_buf_printf(b, " %s=", e->xattrs[i].name);
		for (size_t k = 0; k < e->xattrs[i].len; k++)
			mkd_buf_printf(b, "%02x", ((const uint8_t *)e->xattrs[i].value)[k]);
	}
	mkd_buf_str(b, "\n");
}

static int print_data(struct mkd_buf *b, struct mkd_entries *es, struct mkd_err *err)
{
	const void *data;
	uint64_t offset = 0, end = 0;
	size_t len = 0;
	int r;

	while ((r = mkd_entries_data(es, &data, &len, &offset, err)) == 1) {
		assert_true(len > 0 && offset >= end);
		if (offset > end || end == 0)
			mkd_buf_printf(b, "@%" PRIu64 " ", offset);
		mkd_buf_add(b, data, strnlen(data, len < 40 ? len : 40));
		mkd_buf_str(b, "\n");
		end = offset + len;
	}
	return r;
}

/* A whole archive as text; the last result. */
static int list_path(const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mkd_entries *es = NULL;
	const struct mkd_entry *e;
	int r;

	mkd_buf_reset(ret);
	open_entries(fd, &es);
	while ((r = mkd_entries_next(es, &e, err)) == 1) {
		print_entry(ret, e);
		r = print_data(ret, es, err);
		if (r < 0)
			break;
	}
	/* The last result stays. */
	assert_int_equal(mkd_entries_next(es, &e, err), r);
	mkd_entries_close(es);
	return r;
}

static int list(void **state, const struct mkd_buf *tar, struct mkd_buf *ret, struct mkd_err *err)
{
	const char *path = test_path(state, "t.tar");

	test_write(path, mkd_buf_cstr(tar), tar->len);
	return list_path(path, ret, err);
}

/* An archive of one member (with its pax records before it and an end marker behind). */
static void one(struct mkd_buf *tar, struct mkd_buf *records, const struct tar_spec *spec)
{
	mkd_buf_reset(tar);
	if (records && records->len)
		pax_member(tar, 'x', records);
	tar_header(tar, spec);
	tar_end(tar);
}

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

static void pax_headers_that_are_refused(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	cleanup_free char *big = calloc(1, 1048576);
	struct mkd_err err = { 0 };
	static const struct {
		const char *body, *why;
	} broken[] = {
		{ "9 path=x\n", "two path records" },
		{ "10 path=xx\n", "a pax header is damaged" },
		{ "12 path=x\n", "a pax header is damaged" },
		{ "0 path=x\n", "length of a record" },
		{ "path=x\n", "length of a record" },
	};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		mkd_buf_str(&rec, "9 path=y\n");
		mkd_buf_str(&rec, broken[i].body);
		one(&tar, &rec, &(struct tar_spec){ .name = "x" });
		assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     broken[i].why);
	}
	pax_record(&rec, "path", "a\0b", 3);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "its path has a NUL in it");
	pax_record(&rec, "linkpath", "a\0b", 3);
	one(&tar, &rec, &(struct tar_spec){ .name = "x", .type = '2' });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "its linkpath has a NUL in it");
	pax_text(&rec, "uid", "12abc");
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "'12abc' is not a number in uid");
	pax_text(&rec, "size", "512");
	one(&tar, &rec, &(struct tar_spec){ .name = "x", .size = 5 });
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "5 bytes in one header and 512 in another");
	assert_non_null(big);
	pax_record(&rec, "comment", big, MKD_PAX_MAX_BYTES - 15);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "the limit is 999999");
	pax_record(&rec, "comment", big, MKD_PAX_MAX_BYTES - 16);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_ok(list(state, &tar, &got, &err), &err);
}

static void headers_that_belong_to_no_member(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err = { 0 };

	pax_text(&rec, "path", "y");
	pax_member(&tar, 'x', &rec);
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "member of the last header is missing");
	mkd_buf_reset(&tar);
	pax_text(&rec, "path", "y");
	pax_member(&tar, 'x', &rec);
	pax_text(&rec, "path", "z");
	pax_member(&tar, 'x', &rec);
	tar_file(&tar, "x", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "two headers of the same kind");
	mkd_buf_reset(&tar);
	pax_text(&rec, "comment", "by git");
	pax_member(&tar, 'g', &rec);
	tar_file(&tar, "x", "");
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	mkd_buf_reset(&tar);
	pax_text(&rec, "uid", "0");
	pax_member(&tar, 'g', &rec);
	tar_file(&tar, "x", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "a global pax header sets 'uid'");
}

static void long_names_have_limits(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };
	char name[MKD_PATH_MAX_BYTES + 3];
	static const struct {
		size_t len;
		bool cut;
		int want;
	} table[] = { { MKD_PATH_MAX_BYTES, false, 0 },
		      { MKD_PATH_MAX_BYTES + 1, false, -EPERM },
		      { 100, true, -EPERM } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t len = table[i].len;

		for (size_t k = 0; k < len; k++)
			name[k] = k % 100 ? 'n' : '/';
		name[0] = 'n';
		if (name[len - 1] == '/')
			name[len - 1] = 'n';
		name[len] = '\0';
		if (table[i].cut)
			name[10] = '\0';
		mkd_buf_reset(&tar);
		tar_header(&tar, &(struct tar_spec){ .name = "././@LongLink",
						     .type = 'L',
						     .size = len + 1,
						     .magic = "ustar  " });
		tar_body(&tar, name, len + 1);
		tar_header(&tar, &(struct tar_spec){ .name = "x", .magic = "ustar  " });
		tar_end(&tar);
		assert_int_equal(list(state, &tar, &got, &err), table[i].want);
		if (table[i].want == 0)
			assert_int_equal(got.len, len + strlen("f '' 644 0:0 0 0\n"));
	}
}

static void the_end_must_be_marked_and_be_the_end(void **state)
{
	static const char zeros[10240], junk[512] = "junk";
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };
	size_t member;

	tar_file(&tar, "a", "text");
	member = tar.len;
	/* Cut behind a member, inside the marker, in the data, in the header, to nothing. */
	for (size_t i = 0; i < 6; i++) {
		const size_t cuts[] = { member, member + 512, member + 1023, 1000, 512, 100 };

		tar.len = member;
		tar_end(&tar);
		tar.len = cuts[i];
		assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     "cut short");
	}
	tar.len = 0;
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "is empty");
	tar.len = member;
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	mkd_buf_add(&tar, zeros, sizeof(zeros));
	assert_ok(list(state, &tar, &got, &err), &err);
	mkd_buf_add(&tar, junk, sizeof(junk));
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "data follow the end");
	/* A lone zero block; a second archive behind the first. */
	tar.len = member;
	mkd_buf_add(&tar, zeros, 512);
	tar_file(&tar, "b", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "data follow the end");
	tar.len = member;
	tar_end(&tar);
	tar_file(&tar, "b", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "data follow the end");
	tar.len = 0;
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	assert_int_equal(got.len, 0);
}

static void what_is_no_tar_archive_is_said_so(void **state)
{
	static const char *const starts[] = { "PK\003\004", "070701", "Rar!",
					      "!<arch>\n",  "hello",  "\x1f\x9d\x90" };
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		mkd_buf_reset(&tar);
		for (size_t k = 0; k < 2048; k++)
			mkd_buf_str(&tar, starts[i]);
		assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     "is not a tar archive");
	}
}

static void damage_is_found_wherever_it_is(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };

	tar_file(&tar, "a", "text");
	tar_header(&tar, &(struct tar_spec){ .name = "b", .bad_checksum = true });
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "at byte 1536: a tar header is damaged: its checksum is wrong");
	mkd_buf_reset(&tar);
	tar_header(&tar, &(struct tar_spec){ .name = "d", .type = '5', .size = 512 });
	tar_body(&tar, "x", 1);
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "member 'd' is refused: it is no file but has 512 bytes of data");
	mkd_buf_reset(&tar);
	tar_header(&tar, &(struct tar_spec){ .name = "h", .type = '1', .link = "a", .size = 4 });
	tar_body(&tar, "text", 4);
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "4 bytes");
}

/* The data of `frag`: 31 pieces, more than the 4 + 21 of an old GNU header and a block. */
static void make_sparse(void **state)
{
	cleanup_close int fd = open(test_path(state, "frag"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	cleanup_close int hole = open(test_path(state, "hole"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };

	for (int i = 0; i <= 30; i++)
		assert_int_equal(pwrite(fd, "y", 1, i * (off_t)131072), 1);
	assert_int_equal(ftruncate(fd, 5000000), 0);
	assert_int_equal(ftruncate(hole, 3 * (off_t)GIB), 0);
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(futimens(hole, times), 0);
}

static void sparse_files_of_every_form_have_their_size(void **state)
{
	static const char *const forms[][2] = {
		{ "--format=gnu", "--sparse" },
		{ "--format=oldgnu", "--sparse" },
		{ "--format=pax", "--sparse-version=0.0" },
		{ "--format=pax", "--sparse-version=0.1" },
		{ "--format=pax", "--sparse-version=1.0" },
	};
	cleanup_buf struct mkd_buf got = { 0 };
	struct mkd_err err = { 0 };
	const char *tar = test_path(state, "s.tar");

	make_sparse(state);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t pieces = 0;

		run_tool(NULL, "tar", "-C", *state, "-S", forms[i][0], forms[i][1], "--owner=:1",
			 "--group=:2", "--mode=0600", "--mtime=@5", "-cf", tar, "./frag", "./hole",
			 NULL);
		assert_ok(list_path(tar, &got, &err), &err);
		assert_ptr_equal(strstr(mkd_buf_cstr(&got), "f 'frag' 600 1:2 5000000 5\n@0 y"),
				 got.data);
		assert_non_null(strstr(got.data, "f 'hole' 600 1:2 3221225472 5\n"));
		for (const char *p = got.data; (p = strchr(p, '@')); p++)
			pieces++;
		assert_int_equal(pieces, 31);
		assert_non_null(strstr(got.data, "@3932160 y"));
	}
}

/* An old GNU sparse member with one piece of the map, at an offset of 12 octal digits each. */
static void old_sparse(struct mkd_buf *tar, const char *offset, const char *len, const char *real)
{
	char *h;
	unsigned sum = 0;

	mkd_buf_reset(tar);
	tar_header(tar,
		   &(struct tar_spec){ .name = "s", .type = 'S', .size = 4, .magic = "ustar  " });
	h = tar->data;
	memcpy(h + 386, offset, 12);
	memcpy(h + 398, len, 12);
	memcpy(h + 483, real, 12);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 7, "%06o", sum);
	tar_body(tar, "text", 4);
	tar_end(tar);
}

static void sparse_maps_that_are_damaged(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err = { 0 };

	old_sparse(&tar, "00000000010", "00000000004", "00000000100");
	assert_ok(list(state, &tar, &got, &err), &err);
	assert_string_equal(mkd_buf_cstr(&got), "f 's' 644 0:0 64 0\n@8 text\n");
	/* Beyond the size of the file. */
	old_sparse(&tar, "00000000076", "00000000004", "00000000100");
	assert_int_equal(list(state, &tar, &got, &err), -EBADMSG);
	old_sparse(&tar, "00000000100", "00000000004", "00000000010");
	assert_int_equal(list(state, &tar, &got, &err), -EBADMSG);
	/* 1 EiB of hole is more than ext4 has. */
	old_sparse(&tar, "00000000000", "00000000004", "\x80\0\0\0\x10\0\0\0\0\0\0\0");
	/* mkd_tarscan_feed: -ERANGE */
	assert_fails(list(state, &tar, &got, &err), &err, ERANGE, MKD_EXIT_ARCHIVE, "ext4 holds");
	pax_text(&rec, "GNU.sparse.major", "1");
	pax_text(&rec, "GNU.sparse.minor", "0");
	pax_text(&rec, "GNU.sparse.name", "s");
	pax_text(&rec, "GNU.sparse.realsize", "100");
	mkd_buf_reset(&tar);
	pax_member(&tar, 'x', &rec);
	tar_file(&tar, "GNUSparseFile.0/s", "1000001\n0\n1\n");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "over 1000000 pieces");
}

static void a_tarball_reads_the_same_packed_or_not(void **state)
{
	static const char *const tools[][2] = {
		{ "xz", "-0" }, { "zstd", "-q" }, { "gzip", "-1" }, { "bzip2", "-1" }
	};
	cleanup_buf struct mkd_buf plain = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };
	const char *tar = test_path(state, "t.tar"), *packed = test_path(state, "t.packed");

	make_sparse(state);
	run_tool(NULL, "tar", "-C", *state, "--format=pax", "-cf", tar, "./frag", NULL);
	assert_ok(list_path(tar, &plain, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		run_tool(packed, tools[i][0], tools[i][1], "-c", tar, NULL);
		assert_ok(list_path(packed, &got, &err), &err);
		assert_string_equal(mkd_buf_cstr(&got), mkd_buf_cstr(&plain));
	}
	/* Errors of the stream come through as they are. */
	assert_int_equal(truncate(packed, 100), 0);
	assert_fails(list_path(packed, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "cannot unpack 'r.tar': the bzip2 data are cut short");
}

static void a_signal_stops_it(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err;

	tar_file(&tar, "a", "text");
	tar_end(&tar);
	mkd_signal_set(SIGTERM);
	assert_fails(list(state, &tar, &got, &err), &err, EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
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
		WITH_DIR(pax_headers_that_are_refused),
		WITH_DIR(headers_that_belong_to_no_member),
		WITH_DIR(long_names_have_limits),
		WITH_DIR(the_end_must_be_marked_and_be_the_end),
		WITH_DIR(what_is_no_tar_archive_is_said_so),
		WITH_DIR(damage_is_found_wherever_it_is),
		WITH_DIR(sparse_files_of_every_form_have_their_size),
		WITH_DIR(sparse_maps_that_are_damaged),
		WITH_DIR(a_tarball_reads_the_same_packed_or_not),
		WITH_DIR(a_signal_stops_it),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
