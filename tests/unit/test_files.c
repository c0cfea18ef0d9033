/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the guest's files: from what is copied in to the tree. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "mkdomu/copyin.h"
#include "mkdomu/firstboot.h"
#include "mkdomu/hooks.h"
#include "mkdomu/json.h"
#include "mkdomu/plan.h"
#include "tree_mem.h"

/* -- reading -- */

static int copy_of(const char *src, enum mkd_fileop_kind kind, struct mkd_copy *ret,
		   struct mkd_err *err)
{
	const struct mkd_fileop op = { .kind = kind, .origin = "--x", .src = src, .path = "/" };
	uint64_t left = MKD_COPY_TOTAL_MAX;

	return mkd_copyin_read(&op, &left, ret, err);
}

static void a_folder_is_read_sorted(void **state)
{
	cleanup(mkd_copyin_free) struct mkd_copy c = { 0 }, again = { 0 };
	struct mkd_err err = { 0 };
	const char *dir = test_path(state, "site");

	assert_int_equal(mkdir(dir, 0700), 0);
	test_write(test_path(state, "site/b"), "two", 3);
	test_write(test_path(state, "site/a"), "one", 3);
	assert_int_equal(chmod(test_path(state, "site/a"), 04755), 0);
	assert_int_equal(symlink("/etc/passwd", test_path(state, "site/link")), 0);
	assert_ok(copy_of(dir, MKD_FILEOP_COPY_IN, &c, &err), &err);
	assert_int_equal(c.n, 4);
	assert_string_equal(c.v[0].path, "site");
	assert_int_equal(c.v[0].mode, S_IFDIR | 0700);
	assert_string_equal(c.v[1].path, "site/a");
	assert_int_equal(c.v[1].mode, S_IFREG | 0755); /* not the set-user-ID bit */
	assert_string_equal(c.v[2].data.data, "two");
	assert_string_equal(c.v[3].data.data, "/etc/passwd");
	assert_int_equal(chmod(test_path(state, "site/b"), 0600), 0);
	assert_ok(copy_of(dir, MKD_FILEOP_COPY_IN, &again, &err), &err);
	assert_memory_not_equal(c.sha256, again.sha256, 32); /* modes count */
}

static void what_cannot_be_copied_is_refused(void **state)
{
	cleanup(mkd_copyin_free) struct mkd_copy c = { 0 };
	const char *fifo = test_path(state, "fifo"), *big = test_path(state, "big");
	const struct mkd_fileop op = { .origin = "--x", .src = big, .path = "/" };
	struct mkd_err err;
	uint64_t left = 3;

	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_fails(copy_of(fifo, MKD_FILEOP_COPY_IN, &c, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "is neither file, folder nor link"); /* mkd_copyin_read: -EINVAL */
	test_write(big, "echo", 4);
	assert_fails(mkd_copyin_read(&op, &left, &c, &err), &err, EFBIG, MKD_EXIT_USAGE, "--x: ");
	left = 0;
	assert_fails(mkd_copyin_read(&op, &left, &c, &err), &err, EFBIG, MKD_EXIT_USAGE,
		     "all that is copied in is over 256 MiB");
	assert_fails(copy_of(big, MKD_FILEOP_FIRSTBOOT, &c, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "is not a script"); /* mkd_copyin_read: -EINVAL */
	assert_fails(copy_of(test_path(state, "none"), MKD_FILEOP_COPY_IN, &c, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "none': No such file"); /* mkd_copyin_read: other, -ENOENT */
	mkd_signal_set(SIGTERM);
	left = 9;
	assert_fails(mkd_copyin_read(&op, &left, &c, &err), &err, EINTR, 128 + SIGTERM, "signal");
	mkd_signal_set(0);
}

static void too_many_files_are_refused(void **state)
{
	cleanup(mkd_copyin_free) struct mkd_copy c = { 0 };
	const char *dir = test_path(state, "many");
	struct mkd_err err;
	char path[4096];

	assert_int_equal(mkdir(dir, 0700), 0);
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	test_write(path, "", 0);
	for (int i = 0; i < MKD_COPY_FILES_MAX; i++) {
		char name[4200];

		(void)snprintf(name, sizeof(name), "%s/%d", dir, i);
		if (symlink("x", name) != 0)
			fail_msg("%s: %s", name, strerror(errno));
	}
	/* mkd_copyin_read: -E2BIG */
	assert_fails(copy_of(dir, MKD_FILEOP_COPY_IN, &c, &err), &err, E2BIG, MKD_EXIT_USAGE,
		     "over 100000 files");
}

static void without_memory_nothing_is_read(void **state)
{
	struct mkd_copy c = { 0 };
	const char *dir = test_path(state, "d");
	const struct mkd_fileop op = { .origin = "--x", .src = dir, .path = "/" };
	uint64_t left = MIB;
	struct mkd_err err;

	assert_int_equal(mkdir(dir, 0700), 0);
	test_write(test_path(state, "d/a"), "one", 3);
	assert_int_equal(symlink("x", test_path(state, "d/l")), 0);
	assert_nomem_some(mkd_copyin_read(&op, &left, &c, &err), &err, mkd_copyin_free(&c));
	assert_fault(FAULT_OPENDIR, 1, mkd_copyin_read(&op, &left, &c, &err), &err, EACCES,
		     MKD_EXIT_USAGE, "cannot list");
	assert_fault(FAULT_READDIR, 1, mkd_copyin_read(&op, &left, &c, &err), &err, EIO,
		     MKD_EXIT_USAGE, "cannot list");
}

/* -- the hook -- */

static const struct mkd_facts no_facts;

static int run_on(struct mkd_tree *t, const struct mkd_facts *facts, const struct mkd_fileop *ops,
		  const struct mkd_copy *copies, size_t n, struct mkd_err *err)
{
	struct test_ui ui;
	const struct mkd_guest g = { .fileops = ops, .copies = copies, .n_fileops = n };
	struct mkd_hook_ctx c = { t, facts, &g, &ui.ui };
	int r;

	test_ui_init(&ui);
	r = mkd_hook_files(&c, err);
	mkd_buf_free(&ui.said);
	return r;
}

static int run_one(struct mkd_tree *t, struct mkd_fileop op, struct mkd_err *err)
{
	static const struct mkd_copy none;

	op.origin = "--x";
	return run_on(t, &no_facts, &op, &none, 1, err);
}

static struct mkd_tree *a_root(void)
{
	struct mkd_tree *t = tree_mem_new();

	tree_mem_file(t, "/etc/motd", "hello");
	tree_mem_file(t, "/usr/lib/x/one.so", "1");
	tree_mem_file(t, "/usr/lib/x/.hid.so", "1");
	tree_mem_file(t, "/usr/lib/x/deep/two.so", "2");
	tree_mem_file(t, "/srv/www/index", "i");
	tree_mem_symlink(t, "usr/lib", "/lib");
	tree_mem_symlink(t, "/srv", "/var/srv");
	tree_mem_symlink(t, "../../../../etc", "/up");
	return t;
}

#define OP(k, p, ...) ((struct mkd_fileop){ .kind = MKD_FILEOP_##k, .path = (p), ##__VA_ARGS__ })

static void ops_change_what_they_say(void **state)
{
	static const struct mkd_fileop ops[] = {
		{ .kind = MKD_FILEOP_WRITE, .path = "/etc/issue", .text = "no newline" },
		{ .kind = MKD_FILEOP_WRITE, .path = "/up/late", .text = "inside" },
		{ .kind = MKD_FILEOP_APPEND_LINE, .path = "/etc/motd", .text = "world" },
		{ .kind = MKD_FILEOP_APPEND_LINE, .path = "/etc/motd", .text = "hello" },
		{ .kind = MKD_FILEOP_APPEND_LINE, .path = "/etc/new", .text = "x" },
		{ .kind = MKD_FILEOP_MKDIR, .path = "/opt/a/b" },
		{ .kind = MKD_FILEOP_LINK, .path = "/opt/l", .text = "/etc/motd" },
		{ .kind = MKD_FILEOP_LINK, .path = "/etc/issue", .text = "motd" },
		{ .kind = MKD_FILEOP_CHMOD, .path = "/opt/a", .mode = 02750 },
		{ .kind = MKD_FILEOP_DELETE, .path = "/lib/x/*.so" },
		{ .kind = MKD_FILEOP_DELETE,
		  .path = "/var/srv" }, /* the link, not where it leads */
		{ .kind = MKD_FILEOP_DELETE, .path = "/nothing/*/here" },
	};
	static const struct mkd_copy copies[ARRAY_LEN(ops)];
	struct mkd_tree *t = a_root();
	cleanup_buf struct mkd_buf once = { 0 }, twice = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(run_on(t, &no_facts, ops, copies, ARRAY_LEN(ops), &err), &err);
	assert_string_equal(tree_mem_text(t, "/etc/late"), "inside");
	assert_string_equal(tree_mem_text(t, "/etc/motd"), "hello\nworld\n");
	assert_string_equal(tree_mem_text(t, "/etc/new"), "x\n");
	assert_string_equal(tree_mem_text(t, "/etc/issue"), "hello\nworld\n");
	assert_string_equal(tree_mem_text(t, "/opt/l"), "hello\nworld\n");
	assert_string_equal(tree_mem_text(t, "/usr/lib/x/one.so"), "(none)");
	assert_string_equal(tree_mem_text(t, "/usr/lib/x/.hid.so"), "1");
	assert_string_equal(tree_mem_text(t, "/usr/lib/x/deep/two.so"), "2");
	assert_string_equal(tree_mem_text(t, "/srv/www/index"), "i");
	tree_mem_dump(t, &once);
	assert_non_null(strstr(once.data, "42750 0 0 /opt/a"));
	assert_null(strstr(once.data, "/var/srv"));
	assert_ok(run_one(t, OP(DELETE, "/usr/lib/x"), &err), &err);
	assert_false(mkd_tree_exists(t, "/usr/lib/x"));
	/* the list as a whole ends in the same tree, as deletes come after writes */
	mkd_buf_reset(&once);
	tree_mem_dump(t, &once);
	assert_ok(run_on(t, &no_facts, &ops[2], copies, 1, &err), &err);
	assert_ok(run_on(t, &no_facts, &ops[5], copies, 7, &err), &err);
	tree_mem_dump(t, &twice);
	assert_string_equal(once.data, twice.data);
	tree_mem_free(t);
}

static void what_is_in_the_way_is_named(void **state)
{
	struct mkd_tree *t = a_root();
	struct mkd_err err;

	(void)state;
	assert_fails(run_one(t, OP(LINK, "/etc", .text = "x"), &err), &err, EISDIR, MKD_EXIT_HOOK,
		     "--x: cannot make the link '/etc': a folder is there"); /* mkd_hook_files:
										-EISDIR */
	assert_fails(run_one(t, OP(COPY_IN, "/nowhere"), &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "'/nowhere' is not a folder of the guest"); /* mkd_hook_files: -ENOENT */
	assert_fails(run_one(t, OP(COPY_IN, "/etc/motd"), &err), &err, ENOTDIR, MKD_EXIT_HOOK,
		     "make it by --mkdir"); /* mkd_hook_files: -ENOTDIR */
	assert_fails(run_one(t, OP(WRITE, "/no/file", .text = ""), &err), &err, ENOENT,
		     MKD_EXIT_HOOK, "--x: ");
	assert_fails(run_one(t, OP(CHMOD, "/no", .mode = 0700), &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "--x: ");
	assert_ok(run_one(t, OP(DELETE, "/"), &err), &err); /* no plan has it; matches nothing */
	assert_string_equal(tree_mem_text(t, "/etc/motd"), "hello");
	tree_mem_free(t);
}

static void copies_are_roots_and_follow_no_link_out(void **state)
{
	struct mkd_copy_file files[] = {
		{ .path = (char *)"lib", .mode = S_IFDIR | 0700 },
		{ .path = (char *)"lib/new", .mode = S_IFDIR | 0710 },
		{ .path = (char *)"lib/new/f",
		  .mode = S_IFREG | 0640,
		  .data = { .data = (char *)"f", .len = 1 } },
		{ .path = (char *)"lib/new/l",
		  .mode = S_IFLNK | 0777,
		  .data = { .data = (char *)"f", .len = 1 } },
		{ .path = (char *)"up",
		  .mode = S_IFREG | 0600,
		  .data = { .data = (char *)"u", .len = 1 } },
	};
	const struct mkd_copy copy = { .v = files, .n = ARRAY_LEN(files) };
	const struct mkd_fileop op = { .kind = MKD_FILEOP_COPY_IN, .origin = "--x", .path = "/" };
	struct mkd_tree *t = a_root();
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err err = { 0 };
	unsigned changes;

	(void)state;
	assert_ok(run_on(t, &no_facts, &op, &copy, 1, &err), &err);
	tree_mem_dump(t, &text);
	assert_non_null(strstr(text.data, "40755 0 0 /usr/lib\n")); /* kept: not 0700 */
	assert_non_null(strstr(text.data, "40710 0 0 /usr/lib/new\n"));
	assert_non_null(strstr(text.data, "100640 0 0 /usr/lib/new/f"));
	assert_non_null(strstr(text.data, "/usr/lib/new/l -> f"));
	assert_non_null(strstr(text.data, "100600 0 0 /up")); /* not what the link led to */
	changes = tree_mem_changes(t);
	assert_ok(run_on(t, &no_facts, &op, &copy, 1, &err), &err);
	assert_int_equal(tree_mem_changes(t), changes);
	tree_mem_free(t);
}

/* -- first boot -- */

static int boot_script(struct mkd_tree *t, const struct mkd_facts *facts, struct mkd_err *err)
{
	struct test_ui ui;
	const struct mkd_guest_io io = { t, &ui.ui };
	const struct mkd_firstboot s = { 7, "go there.sh", "#!/bin/sh\n", 10 };
	int r;

	test_ui_init(&ui);
	r = mkd_firstboot_add(&io, facts, &s, err);
	mkd_buf_free(&ui.said);
	return r;
}

/* Twice the same; the script and the runner are there. */
static void assert_boots(struct mkd_tree *t, const struct mkd_facts *facts)
{
	struct mkd_err err = { 0 };
	struct mkd_tree_stat st;
	unsigned changes;

	assert_ok(boot_script(t, facts, &err), &err);
	changes = tree_mem_changes(t);
	assert_ok(boot_script(t, facts, &err), &err);
	assert_int_equal(tree_mem_changes(t), changes);
	assert_string_equal(tree_mem_text(t, "/usr/lib/mkdomu/firstboot.d/0007-go-there.sh"),
			    "#!/bin/sh\n");
	assert_ok(mkd_tree_stat(t, "/usr/lib/mkdomu/firstboot", true, &st, &err), &err);
	assert_int_equal(st.mode, S_IFREG | 0755);
}

static void every_init_gets_its_own_start(void **state)
{
	static const struct mkd_facts systemd = { .init = MKD_INIT_SYSTEMD,
						  .unit_dir = "/usr/lib/systemd" };
	static const struct mkd_facts openrc = { .init = MKD_INIT_SYSVINIT, .openrc = true };
	struct mkd_tree *t = tree_mem_new();

	(void)state;
	assert_boots(t, &systemd);
	assert_string_not_equal(tree_mem_text(t, "/etc/systemd/system/multi-user.target.wants/"
						 "mkdomu-firstboot.service"),
				"(none)");
	tree_mem_dir(t, "/etc/runlevels/default");
	tree_mem_dir(t, "/etc/init.d");
	assert_boots(t, &openrc);
	assert_string_not_equal(tree_mem_text(t, "/etc/runlevels/default/mkdomu-firstboot"),
				"(none)");
	tree_mem_free(t);
	t = tree_mem_new();
	tree_mem_dir(t, "/etc/init.d");
	tree_mem_dir(t, "/etc/rc2.d");
	assert_boots(t, &no_facts);
	assert_string_not_equal(tree_mem_text(t, "/etc/rc5.d/S99mkdomu-firstboot"), "(none)");
	tree_mem_free(t);
	t = tree_mem_new();
	tree_mem_file(t, "/etc/init.d/rcS", "for i in /etc/init.d/S??* ;do\n");
	assert_boots(t, &no_facts);
	assert_string_not_equal(tree_mem_text(t, "/etc/init.d/S99mkdomu-firstboot"), "(none)");
	tree_mem_free(t);
	t = tree_mem_new();
	tree_mem_file(t, "/etc/runit/2", "[ -x /etc/rc.local ] && /etc/rc.local\n");
	tree_mem_file(t, "/etc/rc.local", "#!/bin/sh\necho hi\nexit 0\n");
	assert_boots(t, &no_facts);
	assert_string_equal(tree_mem_text(t, "/etc/rc.local"),
			    "#!/bin/sh\necho hi\n/usr/lib/mkdomu/firstboot\nexit 0\n");
	tree_mem_free(t);
}

static void a_root_without_a_way_to_run_it_is_refused(void **state)
{
	struct mkd_tree *t = a_root();
	struct mkd_err err;

	(void)state;
	assert_fails(boot_script(t, &no_facts, &err), &err, ENOTSUP, MKD_EXIT_HOOK,
		     "how this root runs a script at boot"); /* mkd_firstboot_add: -ENOTSUP */
	tree_mem_free(t);
}

int main(void)
{
#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		IN_DIR(a_folder_is_read_sorted),
		IN_DIR(what_cannot_be_copied_is_refused),
		IN_DIR(too_many_files_are_refused),
		IN_DIR(without_memory_nothing_is_read),
		cmocka_unit_test(ops_change_what_they_say),
		cmocka_unit_test(what_is_in_the_way_is_named),
		cmocka_unit_test(copies_are_roots_and_follow_no_link_out),
		cmocka_unit_test(every_init_gets_its_own_start),
		cmocka_unit_test(a_root_without_a_way_to_run_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
