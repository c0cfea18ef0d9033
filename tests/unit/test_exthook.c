/* SPDX-License-Identifier: GPL-2.0-or-later */
/* External hooks before they run: what they say of themselves, where they are, what they are told.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "mkdomu/hookenv.h"
#include "test.h"

static int parse(const char *text, struct mkd_hookhead *h, struct mkd_err *err)
{
	return mkd_hookhead_parse(text, strlen(text), "h", h, err);
}

static void a_head_is_read(void **state)
{
	struct mkd_hookhead h = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(parse("#!/bin/sh\necho mkdomu-hook: no=1\n", &h, &err), &err);
	assert_false(h.mounted || h.network);
	assert_int_equal(h.timeout_sec, 60);
	assert_int_equal(h.paths.n, 1);
	assert_string_equal(h.paths.v[0], "/etc");
	mkd_hookhead_free(&h);
	assert_ok(parse("#!/usr/bin/lua\n-- mkdomu-hook: paths=/var/b,/etc/a,/var  timeout=5\r\n"
			"// mkdomu-hook: mode=mounted network=yes summary=a = b, c \n"
			"\t* mkdomu-hook:when=it has apt\n",
			&h, &err),
		  &err);
	assert_true(h.mounted && h.network);
	assert_int_equal(h.timeout_sec, 5);
	assert_int_equal(h.paths.n, 2); /* sorted, and none below another */
	assert_string_equal(h.paths.v[0], "/etc/a");
	assert_string_equal(h.paths.v[1], "/var");
	assert_string_equal(h.summary, "a = b, c");
	assert_string_equal(h.when, "it has apt");
	mkd_hookhead_free(&h);
}

static void a_program_has_strings(void **state)
{
	static const char elf[] = "\177ELF\0\1\0mkdomu-hook: timeout=7\0mkdomu-hook: paths=/srv\0x";
	char late[4096] = "#!/bin/sh\n";
	struct mkd_hookhead h = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_hookhead_parse(elf, sizeof(elf), "h", &h, &err), &err);
	assert_int_equal(h.timeout_sec, 7);
	assert_string_equal(h.paths.v[0], "/srv");
	mkd_hookhead_free(&h);
	for (size_t i = 0; i < 100; i++)
		(void)strcat(late, ":\n");
	(void)strcat(late, "# mkdomu-hook: timeout=7\n");
	assert_ok(parse(late, &h, &err), &err);
	assert_int_equal(h.timeout_sec, 60); /* a script's first 100 lines count */
	mkd_hookhead_free(&h);
}

static void a_bad_head_is_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "pahts=/etc", "there is no key 'pahts'" },
		{ "timeout=5 timeout=6", "there twice is 'timeout'" },
		{ "mode=chroot", "'mode' is staged or mounted, not 'chroot'" },
		{ "network=maybe", "'network' is no or yes" },
		{ "timeout=0", "'timeout' is 1 to 86400" },
		{ "timeout=86401", "'timeout' is 1 to 86400" },
		{ "paths=etc", "has to be absolute" },
		{ "paths=/", "has to be absolute" },
		{ "paths=/etc/../root", "has to be absolute" },
		{ "paths=/etc/", "has to be absolute" },
		{ "paths=/etc//x", "has to be absolute" },
		{ "paths=,", "names none" },
		{ "summary=", "a text is" },
		{ "words", "KEY=VALUE is meant" },
	};
	cleanup_buf struct mkd_buf many = { 0 };
	struct mkd_hookhead h = { 0 };
	struct mkd_err err;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		(void)snprintf(text, sizeof(text), "#!/bin/sh\n# mkdomu-hook: %s\n", bad[i][0]);
		assert_fails(parse(text, &h, &err), &err, EINVAL, MKD_EXIT_USAGE, bad[i][1]);
		assert_non_null(strstr(err.msg, "h:2: "));
		assert_null(h.paths.v);
	}
	mkd_buf_str(&many, "# mkdomu-hook: paths=/a0");
	for (int i = 1; i < 33; i++)
		mkd_buf_printf(&many, ",/a%d", i);
	assert_fails(parse(many.data, &h, &err), &err, EINVAL, MKD_EXIT_USAGE, "more than 32");
	while (many.len < 1200)
		mkd_buf_str(&many, " ");
	assert_fails(parse(many.data, &h, &err), &err, EINVAL, MKD_EXIT_USAGE, "too long");
	/* mkd_hookhead_parse: -EINVAL, -ENOMEM */
	assert_nomem(parse("# mkdomu-hook: paths=/a,/b", &h, &err), &err);
	mkd_hookhead_free(&h);
}

/* -- where -- */

static void put(const char *path, const char *text, mode_t mode)
{
	test_write(path, text, strlen(text));
	assert_int_equal(chmod(path, mode), 0);
}

static void one_is_found(void **state)
{
	struct mkd_exthook h = { 0 };
	struct mkd_strv l = { 0 };
	struct mkd_err err = { 0 };

	assert_int_equal(setenv("XDG_CONFIG_HOME", *state, 1), 0);
	assert_int_equal(mkdir(test_path(state, "mkdomu"), 0755), 0);
	assert_int_equal(mkdir(test_path(state, "mkdomu/hooks"), 0755), 0);
	assert_int_equal(mkdir(test_path(state, "hooks"), 0755), 0);
	put(test_path(state, "mkdomu/hooks/b"), "#!/bin/sh\n# mkdomu-hook: timeout=1\n", 0755);
	put(test_path(state, "mkdomu/hooks/a"), "#!/bin/sh\n", 0755);
	put(test_path(state, "mkdomu/hooks/README"), "x", 0644);
	put(test_path(state, "hooks/b"), "#!/bin/sh\n# mkdomu-hook: timeout=2\n", 0755);
	assert_ok(mkd_exthook_find(*state, "b", &h, &err), &err);
	assert_int_equal(h.head.timeout_sec, 2); /* beside the profile comes first */
	assert_string_equal(h.name, "b");
	mkd_exthook_free(&h);
	assert_ok(mkd_exthook_find(NULL, "b", &h, &err), &err);
	assert_int_equal(h.head.timeout_sec, 1);
	assert_string_equal(h.program.data, "#!/bin/sh\n# mkdomu-hook: timeout=1\n");
	mkd_exthook_free(&h);
	assert_ok(mkd_exthook_list(*state, &l, &err), &err);
	assert_true(l.n >= 2);
	assert_true(mkd_strv_has(&l, test_path(state, "mkdomu/hooks/a")));
	assert_true(mkd_strv_has(&l, test_path(state, "hooks/b")));
	assert_false(mkd_strv_has(&l, test_path(state, "mkdomu/hooks/b")));
	assert_false(mkd_strv_has(&l, test_path(state, "mkdomu/hooks/README")));
	mkd_strv_free(&l);
	assert_nomem(mkd_exthook_places("/x", &l, &err), &err);
	mkd_strv_free(&l);
	assert_nomem(mkd_exthook_list(*state, &l, &err), &err);
	mkd_strv_free(&l);
	assert_nomem(mkd_exthook_find(*state, "b", &h, &err), &err);
	mkd_exthook_free(&h);
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
}

/* As another user, in a process that ends: root's files may be run, a third one's may not. */
static void another_user(void **state, const char *path)
{
	struct mkd_exthook h = { 0 };
	struct mkd_err err = { 0 };
	int status = -1;
	pid_t pid;

	if (geteuid() != 0)
		return;
	assert_int_equal(chown(path, 65533, 65533), 0);
	pid = fork();
	if (pid == 0) {
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(9);
		_exit(mkd_exthook_find(NULL, path, &h, &err) != -EPERM ||
		      !strstr(err.msg, "another user owns it"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(rmdir(*state) != 0, 1);
}

static void one_is_refused(void **state)
{
	const char *path = test_path(state, "hook"), *odd = test_path(state, "-odd");
	struct mkd_exthook h = { 0 };
	struct mkd_err err;

	assert_fails(mkd_exthook_find(NULL, "nosuch", &h, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "not in");
	assert_fails(mkd_exthook_find(NULL, path, &h, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "No such file");
	assert_fails(mkd_exthook_find(NULL, odd, &h, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "not a hook's name");
	put(path, "#!/bin/sh\n", 0644);
	assert_fails(mkd_exthook_find(NULL, path, &h, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "not executable");
	assert_int_equal(chmod(path, 0757), 0);
	assert_fails(mkd_exthook_find(NULL, path, &h, &err), &err, EPERM, MKD_EXIT_USAGE,
		     "everybody may write");
	assert_int_equal(chmod(path, 0775), 0);
	if (geteuid() == 0) {
		assert_ok(mkd_exthook_find(NULL, path, &h, &err), &err); /* root's group */
		mkd_exthook_free(&h);
		assert_int_equal(chown(path, 0, 65533), 0);
		assert_fails(mkd_exthook_find(NULL, path, &h, &err), &err, EPERM, MKD_EXIT_USAGE,
			     "its group may write");
	}
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(chmod(*state, 0755), 0);
	another_user(state, path);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_fails(mkd_exthook_find(NULL, path, &h, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "no regular file");
}

/* -- what it is told -- */

static const struct mkd_nic nics[] = {
	{ .mac = { 0, 0x16, 0x3e, 1, 2, 3 },
	  .bridge = "lan",
	  .addrs = { { "192.0.2.1", false, 24 } },
	  .n_addrs = 1,
	  .gateways = { { "192.0.2.254", false, 0 } },
	  .n_gateways = 1 },
	{ .vlan = 7,
	  .mtu = 1400,
	  .ip6 = MKD_IP6_AUTO,
	  .routes = { { { "10.0.0.0", false, 8 }, { "192.0.2.9", false, 0 } } },
	  .n_routes = 1,
	  .search = { "example.org" },
	  .n_search = 1 }
};

static void it_is_told_the_plan_without_secrets(void **state)
{
	const struct mkd_guest guest = { .name = "web\"1",
					 .hostname = "web1",
					 .nics = nics,
					 .n_nics = 2,
					 .root_dev = "/dev/xvda1",
					 .root_fstype = "ext4",
					 .machine_id = "m",
					 .root_password = "CANARY-1",
					 .password_salt = "CANARY-2",
					 .authorized_keys = "CANARY-3",
					 .epoch_sec = 17 };
	const struct mkd_facts facts = { .os_id = "gentoo", .init = MKD_INIT_BUSYBOX };
	static const char *const second[] = {
		"\"name\": \"eth0.7\"",   "\"vlan\": 7",
		"\"mtu\": 1400",          "\"ip6\": \"auto\"",
		"\"to\": \"10.0.0.0/8\"", "\"via\": \"192.0.2.9\"",
		"\"example.org\"",
	};
	struct mkd_exthook hook = { .name = "h" };
	const struct mkd_hookenv_req q = { &hook, &guest, &facts, "/r", "/j" };
	cleanup_buf struct mkd_buf json = { 0 };
	struct mkd_strv env = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(parse("# mkdomu-hook: paths=/etc,/srv", &hook.head, &err), &err);
	assert_ok(mkd_hookenv_make(&q, &env, &err), &err);
	assert_true(mkd_strv_has(&env, "MKDOMU_PATHS=/etc,/srv"));
	assert_true(mkd_strv_has(&env, "MKDOMU_NAME=web\"1"));
	assert_true(mkd_strv_has(&env, "MKDOMU_SWAP_DEV="));
	assert_true(mkd_strv_has(&env, "MKDOMU_INIT=busybox"));
	assert_true(mkd_strv_has(&env, "MKDOMU_MODE=staged"));
	assert_true(mkd_strv_has(&env, "MKDOMU_ROOT=/r"));
	assert_true(mkd_strv_has(&env, "MKDOMU_JSON=/j"));
	assert_true(mkd_strv_has(&env, "SOURCE_DATE_EPOCH=17"));
	assert_true(mkd_strv_has(&env, "TZ=UTC"));
	for (size_t i = 0; i < env.n; i++)
		assert_null(strstr(env.v[i], "CANARY"));
	assert_ok(mkd_hookenv_json(&q, &json, &err), &err);
	assert_null(strstr(json.data, "CANARY"));
	assert_non_null(strstr(json.data, "\"name\": \"web\\\"1\""));
	assert_non_null(strstr(json.data, "\"192.0.2.1/24\""));
	assert_non_null(strstr(json.data, "\"192.0.2.254\""));
	assert_non_null(strstr(json.data, "\"hasRootPassword\": true"));
	assert_non_null(strstr(json.data, "\"mac\": \"00:16:3e:01:02:03\""));
	assert_non_null(strstr(json.data, "\"init\": \"busybox\""));
	for (size_t i = 0; i < ARRAY_LEN(second); i++)
		assert_non_null(strstr(json.data, second[i]));
	mkd_strv_free(&env);
	assert_nomem((mkd_strv_free(&env), mkd_hookenv_make(&q, &env, &err)), &err);
	mkd_strv_free(&env);
	/* mkd_hookenv_make: -ENOMEM */
	assert_nomem((mkd_buf_free(&json), mkd_hookenv_json(&q, &json, &err)), &err);
	/* mkd_hookenv_json: -ENOMEM */
	mkd_hookhead_free(&hook.head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_read),
		cmocka_unit_test(a_program_has_strings),
		cmocka_unit_test(a_bad_head_is_refused),
		cmocka_unit_test_setup_teardown(one_is_found, test_dir_setup, test_dir_teardown),
		cmocka_unit_test_setup_teardown(one_is_refused, test_dir_setup, test_dir_teardown),
		cmocka_unit_test(it_is_told_the_plan_without_secrets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
