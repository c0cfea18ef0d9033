/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --user in a guest: passwd, group, shadow, gshadow, the home and sudoers. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/accesses.h"
#include "mkdomu/home.h"
#include "mkdomu/users.h"
#include "tree_mem.h"

#define KEY    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHJy2aGTkZ4xkMdsq7dSgIUbU3EVWsl0s3hYbsLZ1ADI"
#define PASSWD "root:x:0:0:root:/root:/bin/sh\n"
#define GROUP  "root:x:0:\nwheel:x:10:root\naudio:x:63:\n"
#define SHADOW "root:*:1::::::\n"

static struct mkd_tree *root_of(const char *passwd, const char *group)
{
	struct mkd_tree *t = tree_mem_new();
	struct mkd_err err = { 0 };

	tree_mem_file(t, "/etc/passwd", passwd);
	tree_mem_file(t, "/etc/group", group);
	tree_mem_file(t, "/etc/shadow", SHADOW);
	tree_mem_file(t, "/bin/sh", "#!");
	tree_mem_file(t, "/bin/none", "#!");
	assert_ok(mkd_tree_chmod(t, "/bin/sh", 0755, &err), &err);
	return t;
}

/* A user as asked for, and what its files have; NULL = none. */
struct want {
	struct mkd_user u;
	const char *password, *keys;
	const char *groups[4];
};

static int apply(struct mkd_tree *t, const struct want *w, struct mkd_buf *said,
		 struct mkd_err *err)
{
	static const struct mkd_facts facts = { .sshd = true };
	struct mkd_user u = w->u;
	struct mkd_login l = { .salt = "abcdefghijklmnop" };
	const struct mkd_guest g = {
		.users = &u, .logins = &l, .n_users = 1, .epoch_sec = INT64_C(20000) * 86400
	};
	struct test_ui ui;
	struct mkd_hook_ctx c = { t, &facts, &g, &ui.ui };
	int r;

	test_ui_init(&ui);
	if (w->password)
		mkd_buf_str(&l.password, w->password);
	if (w->keys)
		mkd_buf_str(&l.keys, w->keys);
	u.groups.v = (char **)(uintptr_t)w->groups; /* nobody changes them */
	while (w->groups[u.groups.n])
		u.groups.n++;
	r = mkd_access_users(&c, err);
	if (w->password)
		assert_null(strstr(mkd_buf_cstr(&ui.said), w->password));
	if (said)
		mkd_buf_str(said, mkd_buf_cstr(&ui.said));
	mkd_buf_free(&ui.said);
	mkd_buf_wipe(&l.password);
	mkd_buf_free(&l.keys);
	return r;
}

/* Once, and again without a change. */
static void apply_twice(struct mkd_tree *t, const struct want *w)
{
	struct mkd_err err = { 0 };
	unsigned changes;

	assert_ok(apply(t, w, NULL, &err), &err);
	changes = tree_mem_changes(t);
	assert_ok(apply(t, w, NULL, &err), &err);
	assert_int_equal(tree_mem_changes(t), changes);
}

static void assert_is(struct mkd_tree *t, const char *path, mode_t mode, uint32_t uid)
{
	struct mkd_tree_stat st = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_tree_stat(t, path, false, &st, &err), &err);
	assert_int_equal(st.mode & 07777, mode);
	assert_int_equal(st.uid, uid);
	assert_int_equal(st.gid, uid);
}

static void an_account_is_made(void **state)
{
	const struct want w = { { .name = "me" }, "secret", KEY " me\n", { "audio" } };
	struct mkd_tree *t = root_of(PASSWD "+::::::\n", GROUP);

	(void)state;
	tree_mem_file(t, "/etc/gshadow", "audio:!::root");
	tree_mem_file(t, "/etc/skel/.a/b", "text");
	tree_mem_symlink(t, "b", "/etc/skel/.a/link");
	tree_mem_node(t, "/etc/skel/pipe", S_IFIFO | 0600);
	apply_twice(t, &w);
	assert_string_equal(tree_mem_text(t, "/etc/passwd"),
			    PASSWD "me:x:1000:1000::/home/me:/bin/sh\n+::::::\n");
	assert_string_equal(tree_mem_text(t, "/etc/group"),
			    "root:x:0:\nwheel:x:10:root\naudio:x:63:me\nme:x:1000:\n");
	assert_string_equal(tree_mem_text(t, "/etc/gshadow"), "audio:!::root,me\nme:!::\n");
	assert_non_null(strstr(tree_mem_text(t, "/etc/shadow"), SHADOW "me:$6$abcdefghijklmnop$"));
	assert_non_null(strstr(tree_mem_text(t, "/etc/shadow"), ":20000:0:99999:7:::\n"));
	assert_is(t, "/home", 0755, 0);
	assert_is(t, "/home/me", 0700, 1000);
	assert_is(t, "/home/me/.a", 0755, 1000);
	assert_is(t, "/home/me/.a/b", 0644, 1000);
	assert_string_equal(tree_mem_text(t, "/home/me/.a/link"), "text");
	assert_false(mkd_tree_exists(t, "/home/me/pipe"));
	assert_is(t, "/home/me/.ssh", 0700, 1000);
	assert_is(t, "/home/me/.ssh/authorized_keys", 0600, 1000);
	assert_string_equal(tree_mem_text(t, "/home/me/.ssh/authorized_keys"), KEY " me\n");
	tree_mem_free(t);
}

static void login_defs_are_followed(void **state)
{
	const struct want w = { .u = { .name = "me" } };
	struct mkd_tree *t = root_of(PASSWD "a:x:500:1::/:\n", GROUP "b:x:501:\n");

	(void)state;
	tree_mem_file(t, "/etc/login.defs",
		      "UID_MIN 500\nHOME_MODE 0777\nPASS_MIN_DAYS 1\nPASS_MAX_DAYS 90\n"
		      "PASS_WARN_AGE 14\n");
	tree_mem_file(t, "/bin/bash", "#!");
	apply_twice(t, &w);
	assert_non_null(
		strstr(tree_mem_text(t, "/etc/passwd"), "me:x:501:500::/home/me:/bin/bash\n"));
	assert_string_equal(tree_mem_text(t, "/etc/shadow"), SHADOW "me:!:20000:1:90:14:::\n");
	{
		struct mkd_tree_stat st = { 0 };
		struct mkd_err err = { 0 };

		assert_ok(mkd_tree_stat(t, "/home/me", false, &st, &err), &err);
		assert_int_equal(st.mode & 07777, 0755);
	}
	tree_mem_free(t);
}

static void an_old_account_gets_what_is_asked_for(void **state)
{
	const struct want w = { .u = { .name = "me", .shell = "/bin/sh" }, .keys = KEY "\n" };
	struct mkd_tree *t = root_of(PASSWD "me:x:1005:1005::/data/me:/bin/false\n", GROUP);

	(void)state;
	tree_mem_file(t, "/etc/shadow", SHADOW "me:!:1::::::\n");
	tree_mem_dir(t, "/data/me");
	apply_twice(t, &w);
	assert_string_equal(tree_mem_text(t, "/etc/passwd"),
			    PASSWD "me:x:1005:1005::/data/me:/bin/sh\n");
	assert_string_equal(tree_mem_text(t, "/etc/group"), GROUP);
	assert_string_equal(tree_mem_text(t, "/etc/shadow"), SHADOW "me:*:1::::::\n");
	assert_is(t, "/data/me", 0755, 1005);
	assert_is(t, "/data/me/.ssh/authorized_keys", 0600, 1005);
	tree_mem_free(t);
}

static void sudo_or_wheel(void **state)
{
	struct want w = { .u = { .name = "me", .sudo = true } };
	struct mkd_tree *t = root_of(PASSWD, GROUP);
	cleanup_buf struct mkd_buf said = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(apply(t, &w, &said, &err), &err);
	assert_non_null(strstr(said.data, "'me' is made a member of 'wheel' instead"));
	assert_non_null(strstr(tree_mem_text(t, "/etc/group"), "wheel:x:10:root,me\n"));
	apply_twice(t, &w);
	tree_mem_file(t, "/usr/bin/sudo", "ELF");
	tree_mem_file(t, "/etc/sudoers", "@includedir /etc/sudoers.d\n");
	apply_twice(t, &w);
	assert_string_equal(tree_mem_text(t, "/etc/sudoers"), "@includedir /etc/sudoers.d\n");
	assert_string_equal(tree_mem_text(t, "/etc/sudoers.d/me"),
			    "me ALL=(ALL:ALL) NOPASSWD: ALL\n");
	assert_is(t, "/etc/sudoers.d/me", 0440, 0);
	w.password = "secret";
	tree_mem_file(t, "/etc/sudoers", "# includedir /etc/sudoers.d");
	apply_twice(t, &w);
	assert_string_equal(tree_mem_text(t, "/etc/sudoers"),
			    "# includedir /etc/sudoers.d\n#includedir /etc/sudoers.d\n");
	assert_string_equal(tree_mem_text(t, "/etc/sudoers.d/me"), "me ALL=(ALL:ALL) ALL\n");
	tree_mem_free(t);
	t = root_of(PASSWD, "root:x:0:\n");
	assert_fails(apply(t, &w, NULL, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "--user me: neither sudo nor a group 'wheel' is in the root");
	tree_mem_free(t);
}

/* mkd_access_users: -EEXIST, -ENOTDIR, -ENOENT */
static void what_cannot_be_is_refused(void **state)
{
	static const struct {
		const char *passwd, *group;
		struct want w;
		int code, class;
		const char *words;
	} rows[] = {
		{ PASSWD,
		  GROUP,
		  { .u = { .name = "me" }, .groups = { "x", "wheel", "y" } },
		  ENOENT,
		  MKD_EXIT_HOOK,
		  "--user me: the root has no group 'x', 'y'; leave it" },
		{ PASSWD,
		  GROUP,
		  { .u = { .name = "me", .shell = "/bin/zsh" } },
		  ENOENT,
		  MKD_EXIT_HOOK,
		  "the root has no shell /bin/zsh" },
		{ PASSWD,
		  GROUP,
		  { .u = { .name = "me", .shell = "/bin/none" } },
		  ENOENT,
		  MKD_EXIT_HOOK,
		  "the root has no shell /bin/none" },
		{ PASSWD "a:x:7:7::/:\n",
		  GROUP,
		  { .u = { .name = "me", .uid = 7 } },
		  EEXIST,
		  MKD_EXIT_HOOK,
		  "the uid 7 is that of 'a'; give another" },
		{ PASSWD "me:x:7:7::/m:\n",
		  GROUP,
		  { .u = { .name = "me", .uid = 8 } },
		  EEXIST,
		  MKD_EXIT_HOOK,
		  "the user is there, with the uid 7; leave out uid=" },
		{ PASSWD "me:x:7:7::/m:\n",
		  GROUP,
		  { .u = { .name = "me" } },
		  EEXIST,
		  MKD_EXIT_HOOK,
		  "uid 7 of the system; give another name" },
		{ PASSWD "me:x:1007:7::/:\n",
		  GROUP,
		  { .u = { .name = "me" } },
		  EEXIST,
		  MKD_EXIT_HOOK,
		  "in a line without a gid or a home" },
		{ PASSWD,
		  GROUP,
		  { .u = { .name = "wheel" } },
		  EEXIST,
		  MKD_EXIT_HOOK,
		  "there is a group of the system of that name" },
		{ PASSWD "me:x:1000:1::/bin/sh:\n",
		  GROUP,
		  { .u = { .name = "me" } },
		  ENOTDIR,
		  MKD_EXIT_HOOK,
		  "cannot make the home '/bin/sh': what is there is no folder" },
		{ PASSWD,
		  GROUP,
		  { .u = { .name = "me" }, .password = "$6$cut" },
		  EINVAL,
		  MKD_EXIT_USAGE,
		  "the password" },
		{ PASSWD,
		  GROUP,
		  { .u = { .name = "me" }, .keys = "x" },
		  EINVAL,
		  MKD_EXIT_USAGE,
		  "the ssh keys" },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = root_of(rows[i].passwd, rows[i].group);

		assert_fails(apply(t, &rows[i].w, NULL, &err), &err, rows[i].code, rows[i].class,
			     rows[i].words);
		tree_mem_free(t);
	}
}

static void a_file_that_is_missing(void **state)
{
	static const char *const paths[] = { "/etc/passwd", "/etc/group", "/etc/shadow" };
	const struct want w = { .u = { .name = "me" } };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct mkd_tree *t = root_of(PASSWD, GROUP);

		assert_ok(mkd_tree_remove(t, paths[i], &err), &err);
		assert_fails(apply(t, &w, NULL, &err), &err, ENOENT, MKD_EXIT_HOOK, paths[i]);
		tree_mem_free(t);
	}
}

static void a_home_that_cannot_be_made(void **state)
{
	struct mkd_tree *t = root_of(PASSWD, GROUP);
	const struct mkd_home h = { "/home/me", 1000, 1000, 0700 },
			      below = { "/bin/sh/x", 1, 1, 0700 };
	struct mkd_err err = { 0 };
	struct test_ui ui;
	const struct mkd_guest_io io = { t, &ui.ui };

	(void)state;
	test_ui_init(&ui);
	tree_mem_file(t, "/etc/skel/a/b", "text");
	assert_fails(mkd_home_make(&io, &below, &err), &err, ENOTDIR, MKD_EXIT_HOOK, "/bin/sh/x");
	mkd_signal_set(SIGINT);
	assert_fails(mkd_home_make(&io, &h, &err), &err, EINTR, 128 + SIGINT, "");
	mkd_signal_set(0);
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void no_memory_for_a_user(void **state)
{
	const struct want w = { { .name = "me", .sudo = true }, "secret", KEY "\n", { "audio" } };
	struct mkd_tree *t = root_of(PASSWD, GROUP);
	struct mkd_err err = { 0 };

	(void)state;
	tree_mem_file(t, "/etc/gshadow", "audio:!::root");
	tree_mem_file(t, "/etc/skel/a/b", "text");
	tree_mem_symlink(t, "b", "/etc/skel/a/link");
	tree_mem_file(t, "/usr/bin/sudo", "ELF");
	tree_mem_file(t, "/etc/sudoers", "");
	/* mkd_access_hash: -ENOMEM; mkd_access_users: -ENOMEM; mkd_home_make: -ENOMEM */
	assert_nomem_some(apply(t, &w, NULL, &err), &err, (void)0);
	assert_string_equal(tree_mem_text(t, "/home/me/.ssh/authorized_keys"), KEY "\n");
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_account_is_made),
		cmocka_unit_test(login_defs_are_followed),
		cmocka_unit_test(an_old_account_gets_what_is_asked_for),
		cmocka_unit_test(sudo_or_wheel),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(a_file_that_is_missing),
		cmocka_unit_test(a_home_that_cannot_be_made),
		cmocka_unit_test(no_memory_for_a_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
