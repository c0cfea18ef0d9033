/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --user: the option, and the texts that its hook edits; test_users_hook.c has the hook. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/access.h"
#include "mkdomu/account.h"
#include "mkdomu/identity.h"
#include "mkdomu/logins.h"

#define KEY          "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJy2aGTkZ4xkMdsq7dSgIUbU3EVWsl0s3hYbsLZ1ADI"
#define KEY_SHA256_0 0xac /* the first byte of its digest, with a newline: sha256sum(1) */

/* -- the option -- */

struct planned {
	struct mkd_settings s;
	struct mkd_plan p;
};

static void planned_free(struct planned *a)
{
	mkd_users_free(&a->p);
	mkd_strv_free(&a->p.pool);
	mkd_settings_free(&a->s);
}

static int plan(struct planned *a, const char *const *values, struct mkd_err *err)
{
	const struct mkd_draft j = { .s = &a->s, .p = &a->p, .err = err };
	int r = 0;

	*a = (struct planned){ 0 };
	for (; r == 0 && *values; values++)
		r = mkd_settings_add(&a->s, MKD_KEY_USER, *values, "--user", err);
	return r < 0 ? r : mkd_users_plan(&j);
}

static void the_words_are_taken(void **state)
{
	const char *const values[] = { "alice:groups=wheel+Net.dev+wheel,uid=1234,shell=/bin/sh,"
				       "keys=/k:1,password-file=/p,sudo",
				       "_b-2", NULL };
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup(planned_free) struct planned a;
	struct mkd_err err = { 0 };
	const struct mkd_user *u;

	(void)state;
	assert_ok(plan(&a, values, &err), &err);
	assert_int_equal(a.p.n_users, 2);
	u = a.p.users;
	assert_string_equal(u->name, "alice");
	assert_int_equal(u->groups.n, 2);
	assert_string_equal(u->groups.v[1], "Net.dev");
	assert_int_equal(u->uid, 1234);
	assert_string_equal(u->shell, "/bin/sh");
	assert_string_equal(u->keys_file, "/k:1");
	assert_string_equal(u->password_file, "/p");
	assert_true(u->sudo);
	assert_false(u[1].sudo || u[1].uid || u[1].groups.n || u[1].keys_file);
	mkd_user_explain(u, &text);
	assert_string_equal(text.data, "alice, uid 1234, in wheel+Net.dev, shell /bin/sh, keys of "
				       "/k:1, password of /p, sudo");
}

/* mkd_users_plan: -EINVAL, -EEXIST */
static void wrong_words_are_refused(void **state)
{
	static const struct {
		const char *values[2];
		int code;
		const char *words;
	} rows[] = {
		{ { "" }, EINVAL, "the name '' is not one" },
		{ { "Alice" }, EINVAL, "the name 'Alice' is not one; write up to 32 small" },
		{ { "1a" }, EINVAL, "a letter first" },
		{ { "a.b" }, EINVAL, "is not one" },
		{ { "a/../b" }, EINVAL, "is not one" },
		{ { "abcdefghijklmnopqrstuvwxyzabcdefg" }, EINVAL, "is not one" },
		{ { "root:uid=1" }, EINVAL, "'root' is in every guest" },
		{ { "a:" }, EINVAL, "'' is no word for a user" },
		{ { "a:sudo," }, EINVAL, "'' is no word for a user" },
		{ { "a:gruops=x" }, EINVAL, "did you mean 'groups'" },
		{ { "a:password=Canary" }, EINVAL, "a password itself goes into a file" },
		{ { "a:passwort=Canary" }, EINVAL, "'passwort' is no word" },
		{ { "a:sudo=yes" }, EINVAL, "write 'sudo' alone" },
		{ { "a:keys" }, EINVAL, "write 'keys' with '=' and a value" },
		{ { "a:uid=" }, EINVAL, "write 'uid' with '='" },
		{ { "a:uid=0" }, EINVAL, "0" },
		{ { "a:uid=x" }, EINVAL, "x" },
		{ { "a:uid=4294967296" }, EINVAL, "4294967296" },
		{ { "a:groups=x++y" }, EINVAL, "the group '' is not one" },
		{ { "a:groups=x:y" }, EINVAL, "the group 'x:y' is not one" },
		{ { "a:shell=sh" }, EINVAL, "its path in the guest" },
		{ { "a:shell=/bin/sh:x" }, EINVAL, "its path in the guest" },
		{ { "a:shell=/bin/s h" }, EINVAL, "plain characters" },
		{ { "a:uid=5,uid=6" }, EEXIST, "'uid' is given twice for 'a'" },
		{ { "a:sudo,sudo" }, EEXIST, "'sudo' is given twice" },
		{ { "a", "a:sudo" }, EEXIST, "'a' is given twice" },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *const values[] = { rows[i].values[0], rows[i].values[1], NULL };
		cleanup(planned_free) struct planned a;

		assert_fails(plan(&a, values, &err), &err, rows[i].code, MKD_EXIT_USAGE,
			     rows[i].words);
		assert_null(strstr(err.msg, "Canary"));
	}
}

static void too_many_are_refused(void **state)
{
	cleanup(planned_free) struct planned a = { 0 };
	struct mkd_err err = { 0 };
	const struct mkd_draft j = { .s = &a.s, .p = &a.p, .err = &err };
	char name[16];

	(void)state;
	for (size_t i = 0; i <= MKD_USERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "u%zu", i);
		assert_ok(mkd_settings_add(&a.s, MKD_KEY_USER, name, "--user", &err), &err);
	}
	assert_fails(mkd_users_plan(&j), &err, E2BIG, MKD_EXIT_USAGE, "over 100 users");
}

static int plan_and_free(const char *const *values, struct mkd_err *err)
{
	cleanup(planned_free) struct planned a;

	return plan(&a, values, err);
}

static void no_memory_for_the_plan(void **state)
{
	const char *const values[] = { "a:groups=b+c,shell=/s,keys=/k", NULL };
	struct mkd_err err = { 0 };

	(void)state;
	/* mkd_users_plan: -ENOMEM */
	assert_nomem(plan_and_free(values, &err), &err);
}

static void files_are_found_in_a_value(void **state)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{ "a", "" },
		{ "a:sudo", "" },
		{ "a:keys=/x/k,sudo,password-file=p", "/x/k|p|" },
		{ "a:shell=/keys=,keys=", "|" },
		{ "keys=/x", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_buf struct mkd_buf got = { 0 };
		size_t pos = 0, at, len;

		while (mkd_user_file(rows[i].text, &pos, &at, &len)) {
			mkd_buf_add(&got, rows[i].text + at, len);
			mkd_buf_str(&got, "|");
		}
		assert_string_equal(mkd_buf_cstr(&got), rows[i].want);
	}
}

static void each_user_has_a_salt(void **state)
{
	char a[17], b[17], again[17];

	(void)state;
	mkd_identity_salt("seed", "web1", "a", a);
	mkd_identity_salt("seed", "web1", "b", b);
	mkd_identity_salt("seed", "web1", "a", again);
	assert_string_equal(a, again);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 16);
}

/* -- its files -- */

static int read_logins(const struct mkd_plan *p, struct mkd_job *j, struct mkd_err *err)
{
	int r;

	j->plan = p;
	r = mkd_logins_read(j, err);
	if (r < 0)
		mkd_logins_free(j);
	return r;
}

static void files_are_read_and_checked(void **state)
{
	struct mkd_user u = { .name = "me",
			      .keys_file = test_path(state, "keys"),
			      .password_file = test_path(state, "pw") };
	const struct mkd_plan p = { .users = &u, .n_users = 1 };
	cleanup_secret struct mkd_buf text = { 0 };
	struct mkd_err err = { 0 };
	struct test_ui ui;
	struct mkd_job j = { .ui = &ui.ui };

	test_ui_init(&ui);
	test_write(u.keys_file, KEY "\n", sizeof(KEY));
	test_write(u.password_file, "se\0cret\n", 8);
	assert_fails(mkd_login_password(u.password_file, &ui.ui, &text, &err), &err, EINVAL,
		     MKD_EXIT_USAGE, "holds a NUL byte");
	assert_fails(read_logins(&p, &j, &err), &err, EINVAL, MKD_EXIT_USAGE, "--user me: '");
	test_write(u.password_file, "secret\n", 7);
	assert_int_equal(chmod(u.password_file, 0644), 0);
	assert_ok(read_logins(&p, &j, &err), &err);
	assert_string_equal(j.logins[0].password.data, "secret");
	assert_string_equal(j.logins[0].keys.data, KEY "\n");
	assert_int_equal(j.logins[0].keys_sha256[0], KEY_SHA256_0);
	assert_non_null(strstr(ui.said.data, "holds a password and everybody can read it"));
	mkd_logins_free(&j);
	assert_int_equal(chmod(u.password_file, 0600), 0); /* no warning, whose memory may lack */
	assert_nomem(read_logins(&p, &j, &err), &err);
	mkd_logins_free(&j);
	mkd_buf_free(&ui.said);
}

/* -- texts -- */

static void values_of_login_defs(void **state)
{
	static const struct {
		const char *text;
		uint32_t min, max;
	} rows[] = {
		{ "", 1000, 60000 },
		{ "UID_MIN\t500\nUID_MAX 600\n", 500, 600 },
		{ "#UID_MIN 5\n uid_min 501\r\nUID_MIN 502\n", 501, 60000 },
		{ "UID_MIN x\nUID_MAX -1\n", 1000, 60000 },
		{ "UID_MIN 2000\nUID_MAX 1999\n", 1000, 60000 },
		{ "UID_MIN 0\n", 1000, 60000 },
		{ "UID_MIN\nUID_MAX 99999999999999999999\n", 1000, 60000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_id_range r;

		mkd_id_range(mkd_span_of(rows[i].text), &r);
		assert_int_equal(r.min, rows[i].min);
		assert_int_equal(r.max, rows[i].max);
	}
	assert_int_equal(mkd_defs_number(mkd_span_of("M 0750"), "M", 8, 1), 0750);
	assert_int_equal(mkd_defs_number(mkd_span_of("M 0780"), "M", 8, 1), 1);
}

static void the_first_free_id(void **state)
{
	static const struct mkd_id_range range = { 1000, 1003 };
	cleanup_buf struct mkd_buf many = { 0 };
	struct mkd_err err = { 0 };
	struct mkd_span owner;
	uint32_t id = 0;

	(void)state;
	assert_ok(mkd_id_free(mkd_span_of("a:x:1000:\nb:x:1002:\nc:x\n+::::\n"), &range, &id, &err),
		  &err);
	assert_int_equal(id, 1001);
	assert_fails(mkd_id_free(mkd_span_of("a:x:1000:\nb:x:1001:\nc:x:1002:\nd:x:1003:"), &range,
				 &id, &err),
		     &err, ERANGE, MKD_EXIT_HOOK, "no id is free from 1000 to 1003");
	for (unsigned i = 1; i <= 70000; i++)
		mkd_buf_printf(&many, "u%u:x:%u:\n", i, i);
	assert_ok(mkd_id_free(mkd_span_buf(&many), &(struct mkd_id_range){ 1, 100000 }, &id, &err),
		  &err);
	assert_int_equal(id, 70001);
	assert_true(mkd_id_owner(mkd_span_buf(&many), 69999, &owner));
	assert_true(mkd_span_is(owner, "u69999"));
	assert_false(mkd_id_owner(mkd_span_buf(&many), 0, &owner));
}

static void lines_are_added_and_edited(void **state)
{
	static const struct mkd_account_field in_wheel = { "wheel", MKD_GROUP_MEMBERS, "me" };
	static const struct mkd_account_field shell = { "me", MKD_PASSWD_SHELL, "/bin/b" };
	static const struct {
		struct mkd_edit edit;
		const char *in, *want;
	} rows[] = {
		{ { mkd_account_add, "me:x:1:" }, "", "me:x:1:\n" },
		{ { mkd_account_add, "me:x:1:" }, "a:x:0:", "a:x:0:\nme:x:1:\n" },
		{ { mkd_account_add, "me:x:1:" }, "me:y:2:\nb", "me:y:2:\nb" },
		{ { mkd_account_add, "me:x:1:" }, "mee:x:2:\nme\n", "mee:x:2:\nme\nme:x:1:\n" },
		{ { mkd_account_add, "me:x:1:" }, "a:x\n+::\n-b\n", "a:x\nme:x:1:\n+::\n-b\n" },
		{ { mkd_account_join, &in_wheel }, "wheel:x:10:\n", "wheel:x:10:me\n" },
		{ { mkd_account_join, &in_wheel }, "wheel:x:10:a,b\r\n", "wheel:x:10:a,b,me\r\n" },
		{ { mkd_account_join, &in_wheel }, "wheel:x:10:a,me,b", "wheel:x:10:a,me,b" },
		{ { mkd_account_join, &in_wheel }, "wheel:x:10:mee", "wheel:x:10:mee,me" },
		{ { mkd_account_join, &in_wheel }, "wheel:x:10", "wheel:x:10:me" },
		{ { mkd_account_join, &in_wheel }, "wheel:x", "wheel:x::me" },
		{ { mkd_account_join, &in_wheel }, "wheels:x:1:\n", "wheels:x:1:\n" },
		{ { mkd_account_join, &in_wheel }, "wheel:!:a:b:c\n", "wheel:!:a:b,me:c\n" },
		{ { mkd_account_set, &shell }, "me:x:1:1::/h:/bin/a\n", "me:x:1:1::/h:/bin/b\n" },
		{ { mkd_account_set, &shell },
		  "a:x:1:1::/h:\nme:x:1:1::/h\n",
		  "a:x:1:1::/h:\nme:x:1:1::/h:/bin/b\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_buf struct mkd_buf once = { 0 }, twice = { 0 };
		struct mkd_err err = { 0 };

		assert_ok(
			rows[i].edit.apply(mkd_span_of(rows[i].in), rows[i].edit.arg, &once, &err),
			&err);
		assert_string_equal(mkd_buf_cstr(&once), rows[i].want);
		assert_ok(rows[i].edit.apply(mkd_span_buf(&once), rows[i].edit.arg, &twice, &err),
			  &err);
		assert_string_equal(mkd_buf_cstr(&twice), rows[i].want);
	}
}

/* -- the summary -- */

static void how_users_log_in(void **state)
{
	static const struct {
		struct mkd_access a;
		bool in;
		const char *want;
	} rows[] = {
		{ { .password = MKD_ROOT_LOCKED }, false, "me cannot log in" },
		{ { .password = MKD_ROOT_SET }, true, "me logs in on the console with a password" },
		{ { .password = MKD_ROOT_LOCKED, .n_keys = 2, .sshd = true, .host_keys = true },
		  true,
		  "me logs in by ssh with 2 keys" },
		{ { .password = MKD_ROOT_LOCKED, .n_keys = 1 },
		  false,
		  "me cannot log in, and its ssh keys are of no use: no sshd is installed" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_buf struct mkd_buf text = { 0 };

		assert_int_equal(mkd_access_explain_user(&rows[i].a, "me", &text), rows[i].in);
		assert_string_equal(text.data, rows[i].want);
		(void)mkd_access_explain_user(&rows[0].a, "me", &text);
		assert_non_null(strstr(text.data, "; me cannot log in"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_words_are_taken),
		cmocka_unit_test(wrong_words_are_refused),
		cmocka_unit_test(too_many_are_refused),
		cmocka_unit_test(no_memory_for_the_plan),
		cmocka_unit_test(files_are_found_in_a_value),
		cmocka_unit_test(each_user_has_a_salt),
		cmocka_unit_test_setup_teardown(files_are_read_and_checked, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test(values_of_login_defs),
		cmocka_unit_test(the_first_free_id),
		cmocka_unit_test(lines_are_added_and_edited),
		cmocka_unit_test(how_users_log_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
