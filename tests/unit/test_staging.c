/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A part of a root in memory, out into a folder and back: the rules of staging.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault.h"
#include "mkdomu/stageopen.h"
#include "mkdomu/staging.h"
#include "test.h"
#include "tree_mem.h"

struct stage {
	struct mkd_staging s;
	struct mkd_strv paths;
	struct mkd_tree *t;
	struct mkd_err err;
};

static void start(void **state, struct stage *x, const char *path)
{
	*x = (struct stage){ .s = { .owner = -1 } };
	x->s.paths = &x->paths;
	assert_ok(mkd_strv_add(&x->paths, path, &x->err), &x->err);
	assert_true(mkdir(test_path(state, "st"), 0755) == 0);
	x->s.dirfd = open(test_path(state, "st"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(x->s.dirfd >= 0);
	x->t = tree_mem_new();
	tree_mem_file(x->t, "/etc/a", "alpha");
	tree_mem_file(x->t, "/etc/d/b", "beta");
	tree_mem_symlink(x->t, "/root/x", "/etc/link");
	tree_mem_node(x->t, "/etc/fifo", S_IFIFO | 0600);
	tree_mem_file(x->t, "/srv/other", "mine");
	assert_ok(mkd_tree_chmod(x->t, "/etc/a", 0640, &x->err), &x->err);
	assert_ok(mkd_tree_chown(x->t, "/etc/a", 7, 8, &x->err), &x->err);
}

static void end(struct stage *x)
{
	(void)close(x->s.dirfd);
	mkd_strv_free(&x->paths);
	tree_mem_free(x->t);
}

static int out(struct stage *x)
{
	return mkd_staging_out(&x->s, x->t, &x->err);
}

static int back(struct stage *x)
{
	return mkd_staging_back(&x->s, x->t, &x->err);
}

static struct mkd_tree_stat stat_in(struct stage *x, const char *path)
{
	struct mkd_tree_stat st = { 0 };

	assert_ok(mkd_tree_stat(x->t, path, false, &st, &x->err), &x->err);
	return st;
}

static void nothing_done_is_nothing_changed(void **state)
{
	struct stage x;
	struct stat st;
	char text[16] = "";
	unsigned changes;

	start(state, &x, "/etc");
	changes = tree_mem_changes(x.t);
	assert_ok(out(&x), &x.err);
	assert_int_equal(stat(test_path(state, "st/etc/a"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(readlink(test_path(state, "st/etc/link"), text, 15), 7);
	assert_string_equal(text, "/root/x");
	assert_int_equal(lstat(test_path(state, "st/etc/fifo"), &st), -1);
	assert_int_equal(lstat(test_path(state, "st/srv"), &st), -1);
	assert_ok(back(&x), &x.err);
	assert_int_equal(tree_mem_changes(x.t), changes);
	end(&x);
}

static void changes_come_back(void **state)
{
	struct stage x;
	struct mkd_tree_stat st;

	start(state, &x, "/etc");
	assert_ok(out(&x), &x.err);
	/* as an editor does it: a new file in the old one's place */
	test_write(test_path(state, "st/etc/tmp"), "ALPHA", 5);
	assert_int_equal(chmod(test_path(state, "st/etc/tmp"), 0600), 0);
	assert_int_equal(rename(test_path(state, "st/etc/tmp"), test_path(state, "st/etc/a")), 0);
	assert_int_equal(unlink(test_path(state, "st/etc/d/b")), 0);
	assert_int_equal(unlink(test_path(state, "st/etc/link")), 0);
	assert_int_equal(symlink("elsewhere", test_path(state, "st/etc/link")), 0);
	assert_int_equal(mkdir(test_path(state, "st/etc/new"), 0700), 0);
	test_write(test_path(state, "st/etc/new/f"), "x", 1);
	assert_int_equal(chmod(test_path(state, "st/etc/new/f"), 04751), 0);
	test_write(test_path(state, "st/outside"), "x", 1);
	assert_ok(back(&x), &x.err);
	assert_string_equal(tree_mem_text(x.t, "/etc/a"), "ALPHA");
	st = stat_in(&x, "/etc/a");
	assert_int_equal(st.mode & 07777, 0600);
	assert_int_equal(st.uid, 7);
	assert_int_equal(st.gid, 8);
	assert_false(mkd_tree_exists(x.t, "/etc/d/b"));
	assert_true(mkd_tree_exists(x.t, "/etc/d"));
	st = stat_in(&x, "/etc/new/f");
	assert_int_equal(st.mode & 07777, 04751);
	assert_int_equal(st.uid, 0);
	assert_int_equal(stat_in(&x, "/etc/new").mode & 07777, 0700);
	assert_true(S_ISLNK(stat_in(&x, "/etc/link").mode));
	assert_true(S_ISFIFO(stat_in(&x, "/etc/fifo").mode));
	assert_false(mkd_tree_exists(x.t, "/outside"));
	assert_string_equal(tree_mem_text(x.t, "/srv/other"), "mine");
	end(&x);
}

/* One file with two names is two copies: the one that was not changed must not win. */
static void names_of_one_file(void **state)
{
	static const char *const names[] = { "st/etc/ha", "st/etc/hb" };
	struct mkd_tree_stat st;
	struct stage x;

	for (int i = 0; i < 2; i++) {
		start(state, &x, "/etc");
		tree_mem_file(x.t, "/etc/ha", "old");
		tree_mem_link(x.t, "/etc/ha", "/etc/hb");
		assert_ok(out(&x), &x.err);
		/* as sed -i does it */
		test_write(test_path(state, "st/etc/tmp"), "new", 3);
		assert_int_equal(rename(test_path(state, "st/etc/tmp"), test_path(state, names[i])),
				 0);
		assert_int_equal(chmod(test_path(state, names[i]), 0644), 0);
		/* and the mode by the other name, or the same one in the second round */
		assert_int_equal(chmod(test_path(state, names[1]), 0600), 0);
		assert_ok(back(&x), &x.err);
		assert_string_equal(tree_mem_text(x.t, "/etc/ha"), "new");
		assert_string_equal(tree_mem_text(x.t, "/etc/hb"), "new");
		st = stat_in(&x, "/etc/ha");
		assert_int_equal(st.mode & 07777, 0600);
		assert_int_equal(stat_in(&x, "/etc/hb").mode & 07777, 0600);
		end(&x);
		assert_int_equal(rename(test_path(state, "st"), test_path(state, i ? "s1" : "s0")),
				 0);
	}
	start(state, &x, "/etc");
	tree_mem_file(x.t, "/etc/ha", "old");
	tree_mem_link(x.t, "/etc/ha", "/etc/hb");
	assert_ok(out(&x), &x.err);
	assert_int_equal(chmod(test_path(state, "st/etc/ha"), 0600), 0);
	test_write(test_path(state, "st/etc/hb"), "NEW", 3);
	assert_ok(back(&x), &x.err);
	assert_string_equal(tree_mem_text(x.t, "/etc/ha"), "NEW");
	assert_int_equal(stat_in(&x, "/etc/hb").mode & 07777, 0600);
	end(&x);
}

/* Modes that bind all but root: exit status 0 of a process that became somebody else. */
static int without_rights(void **state)
{
	struct mkd_tree_stat st;
	struct stage x;
	unsigned changes;

	start(state, &x, "/etc");
	assert_ok(mkd_strv_add(&x.paths, "/opt/n/f", &x.err), &x.err);
	assert_ok(mkd_strv_add(&x.paths, "/opt/n/g", &x.err), &x.err);
	tree_mem_file(x.t, "/opt/n/f", "f");
	tree_mem_file(x.t, "/opt/n/g", "g");
	tree_mem_file(x.t, "/etc/shadow", "s");
	assert_ok(mkd_tree_chmod(x.t, "/etc/shadow", 0, &x.err), &x.err);
	assert_ok(mkd_tree_chmod(x.t, "/etc/d", 0, &x.err), &x.err);
	assert_ok(mkd_tree_chmod(x.t, "/opt", 0444, &x.err), &x.err);
	assert_ok(mkd_tree_chmod(x.t, "/opt/n", 0555, &x.err), &x.err);
	changes = tree_mem_changes(x.t);
	assert_ok(out(&x), &x.err);
	assert_ok(back(&x), &x.err);
	assert_int_equal(tree_mem_changes(x.t), changes);
	/* a hook, to which modes are nothing, and which leaves such ones */
	assert_int_equal(chmod(test_path(state, "st/etc/shadow"), 0600), 0);
	test_write(test_path(state, "st/etc/shadow"), "S", 1);
	assert_int_equal(chmod(test_path(state, "st/etc/shadow"), 0), 0);
	assert_int_equal(chmod(test_path(state, "st/etc/a"), 0200), 0);
	assert_int_equal(fchmod(x.s.dirfd, 0), 0);
	assert_ok(back(&x), &x.err);
	assert_string_equal(tree_mem_text(x.t, "/etc/shadow"), "S");
	st = stat_in(&x, "/etc/shadow");
	assert_int_equal(st.mode & 07777, 0);
	assert_int_equal(stat_in(&x, "/etc/a").mode & 07777, 0200);
	assert_int_equal(stat_in(&x, "/etc/d").mode & 07777, 0);
	assert_int_equal(stat_in(&x, "/opt").mode & 07777, 0444);
	/* else the test's folder cannot be removed */
	assert_int_equal(chmod(test_path(state, "st/etc/d"), 0700), 0);
	assert_int_equal(chmod(test_path(state, "st/opt/n"), 0700), 0);
	end(&x);
	return 0;
}

static void as_an_ordinary_user(void **state)
{
	int status = -1;
	pid_t pid;

	if (geteuid() != 0) {
		assert_int_equal(without_rights(state), 0);
		return;
	}
	assert_int_equal(chown(*state, 65533, 65533), 0);
	pid = fork();
	if (pid == 0) {
		if (setgid(65533) != 0 || setuid(65533) != 0)
			_exit(9);
		_exit(without_rights(state));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void one_is_opened(void **state)
{
	struct stage x;
	mode_t mode;
	int fd;

	start(state, &x, "/etc");
	assert_ok(out(&x), &x.err);
	fd = mkd_stage_open(x.s.dirfd, "etc", true, 0700, &mode);
	assert_true(fd >= 0 && S_ISDIR(mode));
	assert_int_equal(mkd_stage_open(fd, "link", false, 0400, &mode), -ELOOP);
	assert_int_equal(mkd_stage_open(fd, "none", false, 0400, &mode), -ENOENT);
	/* mkd_stage_open: -ELOOP, -ENOENT, other */
	assert_int_equal(mkd_stage_open(fd, "a", true, 0700, &mode), -ENOTDIR);
	(void)close(fd);
	end(&x);
}

static void types_change(void **state)
{
	struct stage x;

	start(state, &x, "/etc");
	assert_ok(out(&x), &x.err);
	assert_int_equal(unlink(test_path(state, "st/etc/a")), 0);
	assert_int_equal(mkdir(test_path(state, "st/etc/a"), 0755), 0);
	assert_int_equal(unlink(test_path(state, "st/etc/d/b")), 0);
	assert_int_equal(rmdir(test_path(state, "st/etc/d")), 0);
	/* it must not be written through: what it leads to is not in the paths */
	assert_int_equal(symlink("/srv", test_path(state, "st/etc/d")), 0);
	test_write(test_path(state, "st/etc/fifo"), "file", 4);
	assert_ok(back(&x), &x.err);
	assert_true(S_ISDIR(stat_in(&x, "/etc/a").mode));
	assert_true(S_ISLNK(stat_in(&x, "/etc/d").mode));
	assert_string_equal(tree_mem_text(x.t, "/etc/fifo"), "file");
	assert_string_equal(tree_mem_text(x.t, "/srv/other"), "mine");
	end(&x);
}

static void paths_come_and_go(void **state)
{
	struct stage x;

	start(state, &x, "/etc/d/b");
	assert_ok(mkd_strv_add(&x.paths, "/opt/n/f", &x.err), &x.err);
	assert_ok(out(&x), &x.err);
	assert_int_equal(unlink(test_path(state, "st/etc/d/b")), 0);
	assert_int_equal(mkdir(test_path(state, "st/opt/n/f"), 0755), 0);
	assert_ok(back(&x), &x.err);
	assert_false(mkd_tree_exists(x.t, "/etc/d/b"));
	assert_true(mkd_tree_exists(x.t, "/etc/a"));
	assert_true(mkd_tree_exists(x.t, "/opt/n/f"));
	end(&x);
}

static void folders(int dirfd, unsigned n)
{
	int fd = dup(dirfd);

	for (unsigned i = 0; i < n; i++) {
		int next;

		assert_int_equal(mkdirat(fd, "d", 0755), 0);
		next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		(void)close(fd);
		fd = next;
	}
	(void)close(fd);
}

static void what_is_refused(void **state)
{
	char deep[256] = "/etc";
	struct stage x;

	start(state, &x, "/etc/link");
	assert_fails(out(&x), &x.err, ELOOP, MKD_EXIT_HOOK, "a symlink to '/root/x'");
	end(&x);
	assert_int_equal(rename(test_path(state, "st"), test_path(state, "st1")), 0);
	start(state, &x, "/etc");
	for (int i = 0; i < 101; i++)
		(void)strcat(deep, "/d");
	assert_ok(mkd_tree_mkdirs(x.t, deep, 0755, &x.err), &x.err);
	assert_fails(out(&x), &x.err, E2BIG, MKD_EXIT_HOOK, "more than 100 folders");
	end(&x);
	assert_int_equal(rename(test_path(state, "st"), test_path(state, "st2")), 0);
	start(state, &x, "/etc");
	assert_int_equal(mkfifo(test_path(state, "st/etc"), 0600), 0);
	assert_fails(back(&x), &x.err, EINVAL, MKD_EXIT_HOOK, "a device, fifo or socket");
	assert_int_equal(unlink(test_path(state, "st/etc")), 0);
	assert_int_equal(mkdir(test_path(state, "st/etc"), 0755), 0);
	test_write(test_path(state, "st/etc/big"), "", 0);
	assert_int_equal(truncate(test_path(state, "st/etc/big"), 64 * 1024 * 1024 + 1), 0);
	assert_fails(back(&x), &x.err, EFBIG, MKD_EXIT_HOOK, "larger than 64 MiB");
	assert_int_equal(unlink(test_path(state, "st/etc/big")), 0);
	folders(x.s.dirfd, 0);
	assert_int_equal(rmdir(test_path(state, "st/etc")), 0);
	folders(x.s.dirfd, 102);
	mkd_strv_free(&x.paths);
	assert_ok(mkd_strv_add(&x.paths, "/d", &x.err), &x.err);
	assert_fails(back(&x), &x.err, E2BIG, MKD_EXIT_HOOK, "more than 100 folders");
	end(&x);
}

static void what_fails(void **state)
{
	struct stage x;

	start(state, &x, "/srv/other");
	assert_fault(FAULT_OPEN, 3, out(&x), &x.err, ENOSPC, MKD_EXIT_HOOK, "declare less");
	/* mkd_staging_out: -ENOSPC */
	assert_fault(FAULT_OPEN, 1, out(&x), &x.err, EACCES, MKD_EXIT_HOOK, "cannot stage");
	/* mkd_staging_out: other */
	assert_ok(out(&x), &x.err);
	assert_fault(FAULT_OPEN, 3, back(&x), &x.err, EACCES, MKD_EXIT_HOOK, "cannot take back");
	/* mkd_staging_back: other */
	assert_fault(FAULT_READ, 1, back(&x), &x.err, EIO, MKD_EXIT_HOOK, "cannot take back");
	end(&x);
}

#define IN_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(nothing_done_is_nothing_changed),
		IN_DIR(changes_come_back),
		IN_DIR(names_of_one_file),
		IN_DIR(as_an_ordinary_user),
		IN_DIR(one_is_opened),
		IN_DIR(types_change),
		IN_DIR(paths_come_and_go),
		IN_DIR(what_is_refused),
		IN_DIR(what_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
