/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the hook runner and the built-in hooks: roots and requests that are refused. */
#include "guestroots.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

static void unknown_inits_are_refused_by_name(void **state)
{
	static const struct {
		const char *target, *content, *words;
	} rows[] = {
		{ "/sbin/finit", "x", "leads to '/sbin/finit'" },
		{ "shepherd", "x", "leads to '/sbin/shepherd', which is no init" },
		{ "missing", NULL, "leads to '/sbin/missing'" },
		{ "init", NULL, "there is no init" },
		{ NULL, NULL, "there is no init" },
	};
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = tree_mem_new();

		tree_mem_file(t, "/etc/inittab", "id:3:initdefault:\n");
		tree_mem_file(t, "/sbin/agetty", "ELF");
		if (rows[i].target)
			tree_mem_symlink(t, rows[i].target, "/sbin/init");
		if (rows[i].content)
			tree_mem_file(t,
				      !rows[i].target          ? "/sbin/init"
				      : *rows[i].target == '/' ? rows[i].target
							       : "/sbin/shepherd",
				      rows[i].content);
		/* mkd_hook_console: -ENOTSUP */
		assert_fails(root_hook(t, &guest, "console", NULL, &err), &err, ENOTSUP,
			     MKD_EXIT_HOOK, rows[i].words);
		assert_true(strncmp(err.msg, "hook 'console': ", 16) == 0);
		tree_mem_free(t);
	}
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		const char *hook, *remove, *words;
		int code;
	} rows[] = {
		{ "console", "/etc/inittab", "there is no '/etc/inittab'", ENOENT },
		{ "console", "/sbin/agetty", "has no getty", ENOENT },
		{ "network", "/sbin/ifup", "give --ip none, or leave this hook out", ENOTSUP },
		{ "access", "/etc/shadow", "has no '/etc/shadow'", ENOENT },
		{ "access", "/etc/passwd", "'/etc/passwd'", ENOENT },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = debian_sysvinit();

		assert_ok(mkd_tree_remove(t, rows[i].remove, &err), &err);
		/*
		 * mkd_hook_console: -ENOENT; mkd_hook_network: -ENOTSUP; mkd_hook_access:
		 * -ENOENT
		 */
		assert_fails(root_hook(t, &guest, rows[i].hook, NULL, &err), &err, rows[i].code,
			     MKD_EXIT_HOOK, rows[i].words);
		tree_mem_free(t);
	}
}

static void a_guest_without_a_network_needs_no_tool(void **state)
{
	const struct mkd_nic bare = { .no_ip4 = true };
	struct mkd_guest other = guest;
	struct mkd_tree *t = debian_sysvinit();
	struct mkd_err err = { 0 };

	(void)state;
	other.nics = &bare;
	other.n_nics = 1;
	assert_ok(mkd_tree_remove(t, "/sbin/ifup", &err), &err);
	assert_ok(root_hook(t, &other, "network", NULL, &err), &err);
	tree_mem_free(t);
}

static void systemd_without_its_getty_unit_is_refused(void **state)
{
	struct mkd_tree *t = gentoo_systemd();
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_tree_remove(t, "/usr/lib/systemd/system/serial-getty@.service", &err), &err);
	assert_fails(root_hook(t, &guest, "console", NULL, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "there is no unit 'serial-getty@.service'");
	assert_ok(mkd_tree_remove(t, "/usr/lib/systemd/system/systemd-networkd.service", &err),
		  &err);
	assert_fails(root_hook(t, &guest, "network", NULL, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "cannot enable 'systemd-networkd.service'");
	tree_mem_free(t);
}

static void masked_units_are_not_enabled_behind_the_roots_back(void **state)
{
	static const char *const rows[][2] = {
		{ "console", "serial-getty@hvc0.service" },
		{ "console", "serial-getty@.service" },
		{ "network", "systemd-networkd.service" },
		{ "access", "sshd.service" },
	};
	char path[128];
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = gentoo_systemd();

		(void)snprintf(path, sizeof(path), "/etc/systemd/system/%s", rows[i][1]);
		tree_mem_symlink(t, "/dev/null", path);
		/* mkd_hook_console: -EPERM */
		assert_fails(root_hook(t, &guest, rows[i][0], NULL, &err), &err, EPERM,
			     MKD_EXIT_HOOK, "this root masks ");
		tree_mem_free(t);
	}
}

static void bad_files_are_named_with_their_line(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_tree_write(t, "/etc/rc.conf", "a=1\nb=\"\n", 8, 0644, &err), &err);
	assert_fails(root_hook(t, &guest, "clock", NULL, &err), &err, EINVAL, MKD_EXIT_HOOK,
		     "hook 'clock': cannot edit '/etc/rc.conf': line 2");
	assert_ok(mkd_tree_remove(t, "/etc/fstab", &err), &err);
	tree_mem_dir(t, "/etc/fstab");
	assert_fails(root_hook(t, &guest, "fstab", NULL, &err), &err, EISDIR, MKD_EXIT_HOOK,
		     "'/etc/fstab'");
	tree_mem_free(t);
}

static void a_full_disk_is_reported(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err;

	(void)state;
	tree_mem_room(t, 1, 1);
	assert_fails(root_hook(t, &guest, "network", NULL, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "hook 'network'");
	tree_mem_free(t);
}

static void unknown_hooks_are_refused_before_any_runs(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_strv names = { 0 };
	struct mkd_facts facts;
	struct mkd_hook_ctx c = { t, &facts, &guest, NULL };
	struct mkd_err err = { 0 };
	unsigned before;

	(void)state;
	assert_ok(mkd_facts_find(t, &facts, &err), &err);
	before = tree_mem_changes(t);
	assert_ok(mkd_strv_add(&names, "fstab", &err), &err);
	assert_ok(mkd_strv_add(&names, "nope", &err), &err);
	assert_fails(mkd_hooks_run(mkd_hooks, &names, &c, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "there is no hook 'nope'; there are: identity, console");
	assert_int_equal(tree_mem_changes(t), before);
	mkd_strv_free(&names);
	assert_ok(mkd_strv_add(&names, "fstab", &err), &err);
	mkd_signal_set(SIGINT);
	assert_fails(mkd_hooks_run(mkd_hooks, &names, &c, &err), &err, EINTR, 128 + SIGINT,
		     "signal 2");
	mkd_signal_set(0);
	assert_non_null(mkd_hook_find(mkd_hooks, "clock"));
	assert_null(mkd_hook_find(mkd_hooks, "cloc"));
	mkd_strv_free(&names);
	tree_mem_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(unknown_inits_are_refused_by_name),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(a_guest_without_a_network_needs_no_tool),
		cmocka_unit_test(systemd_without_its_getty_unit_is_refused),
		cmocka_unit_test(masked_units_are_not_enabled_behind_the_roots_back),
		cmocka_unit_test(bad_files_are_named_with_their_line),
		cmocka_unit_test(a_full_disk_is_reported),
		cmocka_unit_test(unknown_hooks_are_refused_before_any_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
