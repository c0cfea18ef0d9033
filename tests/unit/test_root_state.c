/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --root-password locked|disabled: from the option to shadow(5). */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/hooks.h"
#include "mkdomu/plan.h"
#include "tree_mem.h"

static int run(struct mkd_tree *t, const char *wanted, struct mkd_err *err)
{
	static const struct mkd_facts facts;
	const struct mkd_guest guest = { .root_state = wanted };
	struct test_ui ui;
	struct mkd_hook_ctx c = { t, &facts, &guest, &ui.ui };
	int r;

	test_ui_init(&ui);
	r = mkd_hook_access(&c, err);
	assert_null(ui.said.data ? strstr(ui.said.data, "$6$") : NULL);
	mkd_buf_free(&ui.said);
	return r;
}

static void assert_becomes(const char *shadow, const char *wanted, const char *want)
{
	struct mkd_tree *t = tree_mem_new();
	struct mkd_err err = { 0 };
	unsigned changes;

	tree_mem_file(t, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	tree_mem_file(t, "/etc/shadow", shadow);
	assert_ok(run(t, wanted, &err), &err);
	assert_string_equal(tree_mem_text(t, "/etc/shadow"), want);
	changes = tree_mem_changes(t);
	assert_ok(run(t, wanted, &err), &err);
	assert_int_equal(tree_mem_changes(t), changes);
	tree_mem_free(t);
}

static void root_is_locked_or_disabled(void **state)
{
	(void)state;
	assert_becomes("root:$6$a$b:1:::::\nme:$6$c$d:1::::::\n", "locked",
		       "root:!$6$a$b:1:::::\nme:$6$c$d:1::::::\n");
	assert_becomes("root::1:::::\n", "locked", "root:!:1:::::\n");
	assert_becomes("root:!:1:::::\n", "locked", "root:!:1:::::\n");
	assert_becomes("root:$6$a$b:1:::::\n", "disabled", "root:*:1:::::\n");
	assert_becomes("root::1:::::\n", "disabled", "root:*:1:::::\n");
}

static void without_shadow_it_is_refused(void **state)
{
	struct mkd_tree *t = tree_mem_new();
	struct mkd_err err;

	(void)state;
	tree_mem_file(t, "/etc/passwd", "root::0:0:root:/root:/bin/sh\n");
	assert_fails(run(t, "locked", &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "cannot make root's password 'locked': the root has no '/etc/shadow'");
	tree_mem_free(t);
}

static int plan(const char *value, const char *file, struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };
	int r = mkd_settings_add(&s, MKD_KEY_DISK, "/tmp/x.img", "--disk", err);

	if (r == 0)
		r = mkd_settings_add(&s, MKD_KEY_TARBALL, "/tmp/x.tar", "--tarball", err);
	if (r == 0)
		r = mkd_settings_add(&s, MKD_KEY_UNVERIFIED, "yes", "--unverified", err);
	if (r == 0)
		r = mkd_settings_add(&s, MKD_KEY_ROOT_PASSWORD, value, "--root-password", err);
	if (r == 0 && file)
		r = mkd_settings_add(&s, MKD_KEY_ROOT_PASSWORD_FILE, file, "--root-password-file",
				     err);
	return r < 0 ? r : mkd_plan_make(&s, NULL, &p, err);
}

static void passwords_are_no_options(void **state)
{
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(plan("disabled", NULL, &err), &err);
	assert_ok(plan("random:/tmp/pw", NULL, &err), &err);
	assert_fails(plan("random:", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE, "is empty");
	assert_fails(plan("password:Canary", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "goes into a file, for --root-password-file");
	assert_null(strstr(err.msg, "Canary"));
	assert_fails(plan("locked", "/x", &err), &err, EINVAL, MKD_EXIT_USAGE, "leave one out");
	assert_fails(plan("Canary", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "it is 'locked', 'disabled' or 'random:FILE'");
	assert_null(strstr(err.msg, "Canary"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(root_is_locked_or_disabled),
		cmocka_unit_test(without_shadow_it_is_refused),
		cmocka_unit_test(passwords_are_no_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
