/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of looking into a tarball and a disk, and of the tree in memory behind it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/look.h"
#include "mkdomu/tree_ram.h"
#include "roottest.h"
#include "tarmaker.h"

static const struct mkd_tree_stat reg3 = { .mode = S_IFREG | 0640, .uid = 1, .size_bytes = 3 };
static const struct mkd_tree_stat lnk = { .mode = S_IFLNK | 0777 };
static const struct mkd_tree_stat dir = { .mode = S_IFDIR | 0700 };

/* Adds a file with "abc" in it. */
static void add_abc(struct mkd_tree *t, const char *path, bool keep)
{
	struct mkd_err err = { 0 };

	assert_ok(mkd_tree_ram_add(t, path, &reg3, NULL, keep, &err), &err);
	assert_ok(mkd_tree_ram_data(t, "abc", 3, 0, &err), &err);
}

static void a_tree_in_memory_is_read_like_any(void **state)
{
	struct mkd_tree *t = mkd_tree_ram_new();
	struct mkd_strv names = { 0 };
	struct mkd_buf text = { 0 };
	struct mkd_tree_stat st;
	struct mkd_err err = { 0 };

	(void)state;
	add_abc(t, "a/b/file", true);
	add_abc(t, "a/other", false);
	assert_ok(mkd_tree_ram_add(t, "a", &dir, NULL, false, &err), &err);
	assert_ok(mkd_tree_ram_add(t, "link", &lnk, "/a/../a/b", false, &err), &err);
	assert_ok(mkd_tree_ram_link(t, "hard", "a/b/file", &err), &err);
	assert_ok(mkd_tree_ram_link(t, "harder", "hard", &err), &err);
	assert_ok(mkd_tree_ram_link(t, "hard", "hard", &err), &err);
	assert_text(t, "/link/file", "abc");
	assert_text(t, "/harder", "abc");
	assert_text(t, "/hard", "abc");
	assert_link(t, "/link", "/a/../a/b");
	assert_ok(mkd_tree_stat(t, "/a", true, &st, &err), &err);
	assert_int_equal(st.mode, S_IFDIR | 0700);
	assert_ok(mkd_tree_stat(t, "/link/file", true, &st, &err), &err);
	assert_int_equal(st.mode, S_IFREG | 0640);
	assert_int_equal(st.uid, 1);
	assert_ok(mkd_tree_list(t, "/", &names, &err), &err);
	assert_int_equal(names.n, 4);
	assert_string_equal(names.v[0], "a");
	assert_string_equal(names.v[3], "link");
	/* mkd_tree_read: -EFBIG, -EISDIR, -EINVAL, -ENOENT */
	assert_fails(mkd_tree_read(t, "/a/other", 99, &text, &err), &err, EFBIG, MKD_EXIT_HOOK,
		     "too large to look at");
	assert_fails(mkd_tree_read(t, "/a/b/file", 2, &text, &err), &err, EFBIG, MKD_EXIT_HOOK,
		     "too large");
	assert_fails(mkd_tree_read(t, "/a", 99, &text, &err), &err, EISDIR, MKD_EXIT_HOOK,
		     "it is a folder");
	assert_fails(mkd_tree_read(t, "/x", 99, &text, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "there is no 'x'");
	assert_fails(mkd_tree_readlink(t, "/a", &text, &err), &err, EINVAL, MKD_EXIT_HOOK,
		     "no symlink");
	assert_fails(mkd_tree_list(t, "/hard", &names, &err), &err, ENOTDIR, MKD_EXIT_HOOK,
		     "no folder");
	mkd_strv_free(&names);
	mkd_buf_free(&text);
	mkd_tree_ram_free(t);
	mkd_tree_ram_free(NULL);
}

static void what_comes_last_counts(void **state)
{
	struct mkd_tree *t = mkd_tree_ram_new();
	const struct mkd_tree_stat big = { .mode = S_IFREG, .size_bytes = MKD_TREE_RAM_FILE + 1 };
	const struct mkd_tree_stat holes = { .mode = S_IFREG, .size_bytes = 10000 };
	struct mkd_buf text = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	add_abc(t, "f", true);
	assert_ok(mkd_tree_ram_add(t, "f", &holes, NULL, true, &err), &err);
	assert_ok(mkd_tree_ram_data(t, "x", 1, 8000, &err), &err);
	assert_ok(mkd_tree_ram_data(t, "too much", 8, 9999, &err), &err);
	assert_ok(mkd_tree_read(t, "/f", 10000, &text, &err), &err);
	assert_int_equal(text.len, 10000);
	assert_int_equal(text.data[0], 0);
	assert_int_equal(text.data[8000], 'x');
	assert_int_equal(text.data[9999], 0);
	assert_ok(mkd_tree_ram_add(t, "f", &lnk, "g", true, &err), &err);
	assert_link(t, "/f", "g");
	assert_ok(mkd_tree_ram_add(t, "g", &big, NULL, true, &err), &err);
	assert_fails(mkd_tree_read(t, "/g", SIZE_MAX, &text, &err), &err, EFBIG, MKD_EXIT_HOOK,
		     "too large to look at");
	/* mkd_tree_ram_add: -ENOTDIR */
	assert_fails(mkd_tree_ram_add(t, "f/x", &reg3, NULL, true, &err), &err, ENOTDIR,
		     MKD_EXIT_ARCHIVE, "below 'f', which is no folder");
	assert_fails(mkd_tree_ram_link(t, "h", "nothing", &err), &err, ENOENT, MKD_EXIT_ARCHIVE,
		     "hard link to 'nothing'");
	/* mkd_tree_write: -EROFS */
	assert_fails(mkd_tree_write(t, "/new", "", 0, 0644, &err), &err, EROFS, MKD_EXIT_INTERNAL,
		     "read only");
	assert_int_equal(mkd_tree_mkdir(t, "/d", 0755, &err), -EROFS);
	assert_int_equal(mkd_tree_symlink(t, "x", "/l", &err), -EROFS);
	assert_int_equal(mkd_tree_remove(t, "/f", &err), -EROFS);
	assert_int_equal(mkd_tree_chmod(t, "/g", 0755, &err), -EROFS);
	assert_int_equal(mkd_tree_chown(t, "/g", 0, 0, &err), -EROFS);
	mkd_buf_free(&text);
	mkd_tree_ram_free(t);
}

static void many_members_are_held_but_not_any_number(void **state)
{
	struct mkd_tree *t = mkd_tree_ram_new();
	struct mkd_err err = { 0 };
	char path[32];
	uint32_t i = 1;
	int r = 0;

	(void)state;
	for (; r == 0 && i < MKD_TREE_RAM_NODES; i++) {
		(void)snprintf(path, sizeof(path), "%u", i);
		r = mkd_tree_ram_add(t, path, &lnk, "x", false, &err);
	}
	assert_ok(r, &err);
	assert_link(t, "/1", "x");
	assert_link(t, "/500000", "x");
	assert_link(t, "/1048575", "x");
	/* mkd_tree_ram_add: -EFBIG */
	assert_fails(mkd_tree_ram_add(t, "more", &lnk, "x", false, &err), &err, EFBIG,
		     MKD_EXIT_ARCHIVE, "over 1048576 files");
	mkd_tree_ram_free(t);
}

static void contents_have_a_limit_together(void **state)
{
	const struct mkd_tree_stat st = { .mode = S_IFREG, .size_bytes = MKD_TREE_RAM_FILE };
	struct mkd_tree *t = mkd_tree_ram_new();
	struct mkd_buf text = { 0 };
	struct mkd_err err = { 0 };
	char path[8];

	(void)state;
	for (unsigned i = 0; i < 9; i++) {
		(void)snprintf(path, sizeof(path), "%u", i);
		assert_ok(mkd_tree_ram_add(t, path, &st, NULL, true, &err), &err);
	}
	assert_ok(mkd_tree_read(t, "/7", MKD_TREE_RAM_FILE, &text, &err), &err);
	assert_fails(mkd_tree_read(t, "/8", MKD_TREE_RAM_FILE, &text, &err), &err, EFBIG,
		     MKD_EXIT_HOOK, "too large");
	mkd_buf_free(&text);
	mkd_tree_ram_free(t);
}

static struct mkd_tree *fresh(struct mkd_tree **t)
{
	mkd_tree_ram_free(*t);
	*t = mkd_tree_ram_new();
	return *t;
}

static void a_tree_runs_out_of_memory_in_order(void **state)
{
	struct mkd_tree *t = NULL;
	struct mkd_err err = { 0 };

	(void)state;
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	assert_null(mkd_tree_ram_new());
	fault_arm(FAULT_ALLOC, 3, ENOMEM);
	assert_null(mkd_tree_ram_new());
	assert_true(fault_disarm());
	(void)fresh(&t);
	assert_nomem(mkd_tree_ram_add(t, "a/b", &lnk, "text", false, &err), &err);
	(void)fresh(&t);
	assert_ok(mkd_tree_ram_add(t, "f", &reg3, NULL, true, &err), &err);
	assert_fault(FAULT_ALLOC, 1, mkd_tree_ram_data(t, "abc", 3, 0, &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "memory");
	mkd_tree_ram_free(t);
}

static int look(const char *path, bool json, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_look_req req = { .path = path, .threads = 1, .json = json };

	mkd_buf_reset(out);
	return mkd_look(&req, out, err);
}

static void put(struct mkd_buf *tar, const char *name, char type, const char *link)
{
	tar_header(tar,
		   &(struct tar_spec){ .name = name, .type = type, .link = link, .mode = 0755 });
}

/* An Alpine as tar has it. */
static void make_root(struct mkd_buf *tar)
{
	put(tar, "./", '5', NULL);
	tar_file(tar, "./etc/os-release", "ID=alpine\nVERSION_ID=3.22.1\nPRETTY_NAME=\"Alpine\"\n");
	tar_file(tar, "./etc/inittab", "::sysinit:/sbin/openrc sysinit\n");
	tar_file(tar, "./etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	tar_file(tar, "./etc/shadow", "root:::0:::::\n");
	tar_file(tar, "./bin/busybox", "BusyBox v1.37");
	put(tar, "./sbin/init", '1', "./bin/busybox");
	put(tar, "./sbin/ifup", '2', "/bin/busybox");
	put(tar, "./etc/network", '5', NULL);
	tar_file(tar, "./sbin/apk", "ELF");
	tar_file(tar, "./lib/ld-musl-x86_64.so.1", "ELF");
	tar_file(tar, "./usr/share/doc/x", "chaff");
	put(tar, "./usr/share/doc/y", '1', "./usr/share/doc/x");
	put(tar, "./dev/pipe", '6', NULL);
}

static void a_tarball_is_looked_into(void **state)
{
	struct mkd_buf tar = { 0 }, out = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "root.tar");

	make_root(&tar);
	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	assert_ok(look(path, false, &out, &err), &err);
	assert_string_equal(mkd_buf_cstr(&out), "  system    Alpine\n"
						"  version   3.22.1\n"
						"  machine   unknown\n"
						"  libc      musl\n"
						"  init      BusyBox init, /sbin/init\n"
						"  usr       not merged\n"
						"  packages  apk\n"
						"  network   ifupdown (used)\n"
						"  udev      no: eth0\n"
						"  sshd      no\n"
						"  cloudinit no\n"
						"  root      password empty, 0 ssh keys\n");
	assert_ok(look(path, true, &out, &err), &err);
	assert_non_null(strstr(mkd_buf_cstr(&out), "\"kind\": \"busybox\""));
	assert_nomem_some(look(path, true, &out, &err), &err, (void)0);
	mkd_buf_free(&tar);
	mkd_buf_free(&out);
}

static void what_is_no_root_is_refused(void **state)
{
	struct mkd_buf tar = { 0 }, out = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "x.tar");
	struct mkd_look_req req = { .path = path, .threads = 1 };

	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	assert_fails(look(path, false, &out, &err), &err, ENODATA, MKD_EXIT_ARCHIVE,
		     "has no files");
	mkd_buf_reset(&tar);
	make_root(&tar);
	test_write(path, tar.data, tar.len); /* cut */
	assert_fails(look(path, false, &out, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "x.tar");
	put(&tar, "../evil", '0', NULL);
	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	assert_fails(look(path, false, &out, &err), &err, EPERM, MKD_EXIT_ARCHIVE, "evil");
	mkd_buf_reset(&tar);
	tar_file(&tar, "prefix/etc/passwd", "x");
	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	assert_fails(look(path, false, &out, &err), &err, ENOENT, MKD_EXIT_ARCHIVE,
		     "there is no '/etc' in it");
	assert_int_equal(out.len, 0);
	/* mkd_look: -ENODATA */
	req.strip = "other";
	assert_fails(mkd_look(&req, &out, &err), &err, ENODATA, MKD_EXIT_ARCHIVE,
		     "has no files below other");
	req.strip = "prefix";
	assert_ok(mkd_look(&req, &out, &err), &err);
	assert_non_null(strstr(mkd_buf_cstr(&out), "  init      unknown\n"));
	/* mkd_look: -EINVAL */
	assert_fails(look("/dev/null", false, &out, &err), &err, EINVAL, MKD_EXIT_USAGE, "null");
	mkd_buf_free(&tar);
	mkd_buf_free(&out);
}

/* What hooks would say of it is told as what it is here: the archive's, by name, and once. */
static void a_damaged_root_is_told_by_its_name(void **state)
{
	static char big[5000];
	struct mkd_buf tar = { 0 }, out = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "x.tar"), *at;

	put(&tar, "./etc/passwd", '5', NULL);
	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	assert_fails(look(path, false, &out, &err), &err, EISDIR, MKD_EXIT_ARCHIVE,
		     "x.tar': cannot read '/etc/passwd': it is a folder");
	mkd_buf_reset(&tar);
	memset(big, 'x', sizeof(big) - 1);
	tar_file(&tar, "./etc/big", big);
	test_write(path, tar.data, tar.len - 2000);
	assert_fails(look(path, false, &out, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "x.tar");
	at = strstr(err.msg, "x.tar");
	assert_null(strstr(at + 1, "x.tar"));
	mkd_buf_free(&tar);
	mkd_buf_free(&out);
}

static void a_signal_stops_the_look(void **state)
{
	struct mkd_buf tar = { 0 }, out = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "root.tar");

	make_root(&tar);
	tar_end(&tar);
	test_write(path, tar.data, tar.len);
	mkd_signal_set(SIGTERM);
	assert_fails(look(path, false, &out, &err), &err, EINTR, MKD_EXIT_SIGNAL + SIGTERM,
		     "interrupted");
	mkd_signal_set(0);
	fault_arm(FAULT_PREAD, 1, EACCES);
	/* mkd_look: other */
	assert_int_equal(look(path, false, &out, &err), -EACCES);
	assert_true(fault_disarm());
	assert_int_equal(err.exit, MKD_EXIT_IO);
	mkd_buf_free(&tar);
	mkd_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tree_in_memory_is_read_like_any),
		cmocka_unit_test(what_comes_last_counts),
		cmocka_unit_test(many_members_are_held_but_not_any_number),
		cmocka_unit_test(contents_have_a_limit_together),
		cmocka_unit_test(a_tree_runs_out_of_memory_in_order),
		cmocka_unit_test_setup_teardown(a_tarball_is_looked_into, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(what_is_no_root_is_refused, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(a_damaged_root_is_told_by_its_name, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(a_signal_stops_the_look, test_dir_setup,
						test_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
