/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysvinit's /etc/inittab.d beside inittab; an fstab that is a link to nothing. */
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/inittab.h"
#include "roottest.h"

#define DEFAULT "id:3:initdefault:\n"
#define TTY1    "1:23:respawn:/sbin/getty 38400 tty1\n"
#define HVC0    "hv:23:respawn:/sbin/getty 38400 hvc0\n"

static const struct mkd_guest guest = { .name = "web1",
					.root_dev = "/dev/xvda1",
					.root_fstype = "ext4" };

static struct mkd_tree *root_with(const char *inittab, const char *tab)
{
	const char *const paths[] = { "/usr/sbin/init", "/usr/sbin/agetty", "/sbin -> usr/sbin",
				      "/etc/init.d/rc", NULL };
	struct mkd_tree *t = root_of(paths);

	tree_mem_file(t, "/etc/inittab", inittab);
	tree_mem_file(t, "/etc/inittab.d/a.tab", tab);
	tree_mem_file(t, "/etc/inittab.d/b.tab", "#" HVC0 "x2:2:respawn:/sbin/getty 9600 ttyS1\n");
	tree_mem_file(t, "/etc/inittab.d/.tab", HVC0);
	tree_mem_file(t, "/etc/inittab.d/README", HVC0);
	tree_mem_dir(t, "/etc/inittab.d/dir.tab");
	tree_mem_symlink(t, "nothing", "/etc/inittab.d/link.tab");
	return t;
}

static void gettys_in_the_folder_are_seen(void **state)
{
	static const struct {
		const char *inittab, *tab, *want_inittab, *want_tab;
	} rows[] = {
		/* none: inittab gets one, by an id that the folder does not have */
		{ DEFAULT, "h0:2:wait:/bin/x\nv1:2:respawn:/sbin/getty tty2\n",
		  DEFAULT "h1:12345:respawn:/sbin/agetty -L 115200 hvc0 vt100\n",
		  "h0:2:wait:/bin/x\n#v1:2:respawn:/sbin/getty tty2\n" },
		/* in the folder alone: it stays there */
		{ DEFAULT TTY1, HVC0 HVC0, DEFAULT "#" TTY1, HVC0 "#" HVC0 },
		/* in both: inittab's is kept */
		{ DEFAULT HVC0, HVC0 TTY1, DEFAULT HVC0, "#" HVC0 "#" TTY1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = root_with(rows[i].inittab, rows[i].tab);
		struct test_ui ui;

		test_ui_init(&ui);
		root_hook_twice(t, &guest, "console", &ui);
		assert_unsaid(&ui, "initdefault");
		assert_text(t, "/etc/inittab", rows[i].want_inittab);
		assert_text(t, "/etc/inittab.d/a.tab", rows[i].want_tab);
		assert_text(t, "/etc/inittab.d/b.tab",
			    "#" HVC0 "#x2:2:respawn:/sbin/getty 9600 ttyS1\n");
		assert_text(t, "/etc/inittab.d/.tab", HVC0);
		assert_text(t, "/etc/inittab.d/README", HVC0);
		mkd_buf_free(&ui.said);
		tree_mem_free(t);
	}
}

static void the_default_may_be_in_the_folder(void **state)
{
	struct mkd_tree *t = root_with(TTY1, DEFAULT);
	struct test_ui ui;

	(void)state;
	test_ui_init(&ui);
	root_hook_twice(t, &guest, "console", &ui);
	assert_unsaid(&ui, "initdefault");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void without_an_id_it_is_refused(void **state)
{
	cleanup_buf struct mkd_buf others = { 0 }, out = { 0 };
	struct mkd_inittab t = { "/sbin/agetty hvc0", { 0 } };
	struct mkd_err err = { 0 };

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		mkd_buf_printf(&others, "h%u:2:wait:x\n", i);
	mkd_buf_str(&others, "hvc0:2:wait:x\n");
	t.others = mkd_span_buf(&others);
	assert_fails(mkd_inittab_edit_beside(mkd_span_of(DEFAULT), &t, &out, &err), &err, ENOSPC,
		     MKD_EXIT_HOOK, "every id");
}

static int console(struct mkd_err *err)
{
	struct mkd_tree *t = root_with(DEFAULT TTY1, HVC0);
	int r = root_hook(t, &guest, "console", NULL, err);

	tree_mem_free(t);
	return r;
}

static void damaged_lines_pass(void **state)
{
	static const bool keep = true;
	static const char *const rows[] = { "", "x", "a:b\n", "\0:\n", ":::\n", "#\n\r\n" };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_edit(mkd_inittab_off, &keep, rows[i], rows[i]);
	assert_edit(mkd_inittab_off, &keep, HVC0 "x\n" HVC0 TTY1, HVC0 "x\n#" HVC0 "#" TTY1);
	assert_ok(console(&err), &err);
}

static void a_dangling_fstab_is_explained(void **state)
{
	static const struct {
		const char *target, *folder, *leads;
	} rows[] = {
		{ "/data/fstab", "/other", "/data/fstab" },
		{ "../run/fstab", "/run", "/run/fstab" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = root_with(DEFAULT, "");
		struct mkd_err err = { 0 };

		tree_mem_dir(t, rows[i].folder);
		tree_mem_symlink(t, rows[i].target, "/etc/fstab");
		assert_fails(root_hook(t, &guest, "fstab", NULL, &err), &err, ENOENT, MKD_EXIT_HOOK,
			     "/etc/fstab': it is a link to '");
		assert_non_null(strstr(err.msg, rows[i].leads));
		/* mkd_hook_fstab: -ENOENT */
		assert_non_null(strstr(err.msg, "make it a file in the tarball, or leave"));
		tree_mem_free(t);
	}
}

static void a_fstab_that_can_be_made_is(void **state)
{
	struct mkd_tree *t = root_with(DEFAULT, "");
	struct test_ui ui;

	(void)state;
	test_ui_init(&ui);
	tree_mem_dir(t, "/data");
	tree_mem_symlink(t, "/data/fstab", "/etc/fstab");
	root_hook_twice(t, &guest, "fstab", &ui);
	assert_text(t, "/data/fstab", "/dev/xvda1\t/\text4\tdefaults,noatime\t0 1\n");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gettys_in_the_folder_are_seen),
		cmocka_unit_test(the_default_may_be_in_the_folder),
		cmocka_unit_test(without_an_id_it_is_refused),
		cmocka_unit_test(damaged_lines_pass),
		cmocka_unit_test(a_dangling_fstab_is_explained),
		cmocka_unit_test(a_fstab_that_can_be_made_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
