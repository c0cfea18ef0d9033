/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host keys: those of the tarball go, and the guest makes its own at boot. */
#include "test.h"

#include <string.h>

#include "mkdomu/access.h"
#include "mkdomu/hooks.h"
#include "tree_mem.h"

#define UNIT "/etc/systemd/system/" MKD_KEYGEN_UNIT

/* Debian's: keys are made when the package is installed. */
static struct mkd_tree *debian(void)
{
	struct mkd_tree *t = tree_mem_new();

	tree_mem_file(t, "/etc/ssh/ssh_host_ed25519_key", "secret");
	tree_mem_file(t, "/usr/sbin/sshd", "ELF");
	tree_mem_file(t, "/usr/bin/ssh-keygen", "ELF");
	tree_mem_file(t, "/usr/lib/systemd/system/ssh.service",
		      "[Service]\nExecStartPre=/usr/sbin/sshd -t\n[Install]\n"
		      "WantedBy=multi-user.target\n");
	return t;
}

static const struct mkd_facts systemd = { .init = MKD_INIT_SYSTEMD,
					  .sshd = true,
					  .unit_dir = "/usr/lib/systemd" };

static void run(struct mkd_tree *t, const struct mkd_facts *facts)
{
	static const struct mkd_guest guest;
	struct test_ui ui;
	struct mkd_hook_ctx c = { t, facts, &guest, &ui.ui };
	struct mkd_err err = { 0 };

	test_ui_init(&ui);
	assert_ok(mkd_hook_identity(&c, &err), &err);
	mkd_buf_free(&ui.said);
}

static void a_root_without_a_service_for_keys_gets_one(void **state)
{
	struct mkd_tree *t = debian();
	unsigned changes;

	(void)state;
	assert_false(mkd_access_makes_host_keys(t, &systemd));
	run(t, &systemd);
	assert_string_equal(tree_mem_text(t, "/etc/ssh/ssh_host_ed25519_key"), "(none)");
	assert_non_null(strstr(tree_mem_text(t, UNIT), "\nExecStart=/usr/bin/ssh-keygen -A\n"));
	assert_non_null(strstr(tree_mem_text(t, UNIT), "\nBefore=ssh.service sshd.service "));
	assert_string_not_equal(
		tree_mem_text(t, "/etc/systemd/system/multi-user.target.wants/" MKD_KEYGEN_UNIT),
		"(none)");
	assert_true(mkd_access_makes_host_keys(t, &systemd));
	changes = tree_mem_changes(t);
	run(t, &systemd);
	assert_int_equal(tree_mem_changes(t), changes);
	tree_mem_free(t);
}

static void a_root_that_makes_keys_is_left_alone(void **state)
{
	static const struct mkd_facts sysvinit = { .init = MKD_INIT_SYSVINIT, .sshd = true };
	static const struct mkd_facts no_sshd = { .init = MKD_INIT_SYSTEMD,
						  .unit_dir = "/usr/lib/systemd" };
	struct mkd_tree *t = debian();

	(void)state;
	run(t, &sysvinit);
	run(t, &no_sshd);
	tree_mem_file(t, "/usr/lib/systemd/system/sshdgenkeys.service", "[Service]\n");
	run(t, &systemd);
	assert_string_equal(tree_mem_text(t, UNIT), "(none)");
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_root_without_a_service_for_keys_gets_one),
		cmocka_unit_test(a_root_that_makes_keys_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
