/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "fault.h"
#include "mkdomu/cache.h"
#include "mkdomu/file.h"
#include "mkdomu/prune.h"

static void open_cache(void **state, struct mkd_cache *c)
{
	struct mkd_err err = { 0 };

	assert_ok(mkd_cache_open(test_path(state, "cache"), c, &err), &err);
}

static void a_missing_folder_is_made_for_the_owner_alone(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_cache c;
	struct stat st;

	assert_ok(mkd_cache_open(test_path(state, "a/b"), &c, &err), &err);
	assert_int_equal(fstat(c.dirfd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	mkd_cache_close(&c);
	assert_int_equal(c.dirfd, -1);
}

static void folders_that_others_can_change_are_refused(void **state)
{
	const char *dir = test_path(state, "w");
	struct mkd_err err = { 0 };
	struct mkd_cache c;

	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(chmod(dir, 01777), 0);
	assert_fails(mkd_cache_open(dir, &c, &err), &err, EPERM, MKD_EXIT_USAGE, "everybody");
	assert_int_equal(chmod(dir, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(dir, 12345, 0), 0);
		assert_fails(mkd_cache_open(dir, &c, &err), &err, EPERM, MKD_EXIT_USAGE,
			     "belongs to user 12345");
	} else {
		assert_fails(mkd_cache_open("/", &c, &err), &err, EPERM, MKD_EXIT_USAGE,
			     "belongs to user 0");
	}
	test_write(test_path(state, "f"), "", 0);
	assert_fails(mkd_cache_open(test_path(state, "f"), &c, &err), &err, ENOTDIR, MKD_EXIT_USAGE,
		     "not a folder");
}

static void entries_come_back_as_put(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	cleanup_close int fd = -1;
	struct mkd_err err = { 0 };
	struct mkd_cache c;
	uint64_t size = 0;

	open_cache(state, &c);
	assert_fails(mkd_cache_get(&c, "x", &fd, &size, &err), &err, ENOENT, MKD_EXIT_NET,
		     "'x' is not in the cache");
	assert_ok(mkd_cache_put(&c, "x", "hello", 5, &err), &err);
	assert_ok(mkd_cache_get(&c, "x", &fd, &size, &err), &err);
	assert_int_equal(size, 5);
	assert_ok(mkd_cache_read(&c, "x", 5, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "hello");
	assert_fails(mkd_cache_read(&c, "x", 4, &b, &err), &err, EFBIG, MKD_EXIT_VERIFY,
		     "limit of 4 bytes");
	mkd_cache_drop(&c, "x");
	mkd_cache_drop(&c, "x");
	assert_fails(mkd_cache_read(&c, "x", 5, &b, &err), &err, ENOENT, MKD_EXIT_NET, "'x'");
	mkd_cache_close(&c);
}

static void entries_must_be_regular_files(void **state)
{
	static const char *const odd[] = { "link", "fifo", "dir", "wide", "group" };
	struct mkd_err err = { 0 };
	struct mkd_cache c;
	uint64_t size = 0;
	int fd = -1;

	open_cache(state, &c);
	assert_int_equal(symlinkat("/etc/passwd", c.dirfd, "link"), 0);
	assert_int_equal(mkfifoat(c.dirfd, "fifo", 0600), 0);
	assert_int_equal(mkdirat(c.dirfd, "dir", 0700), 0);
	test_write(test_path(state, "cache/wide"), "x", 1);
	assert_int_equal(fchmodat(c.dirfd, "wide", 0602, 0), 0);
	test_write(test_path(state, "cache/group"), "x", 1);
	assert_int_equal(fchmodat(c.dirfd, "group", 0620, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		assert_fails(mkd_cache_get(&c, odd[i], &fd, &size, &err), &err, EPERM,
			     MKD_EXIT_USAGE, "not a regular file");
	assert_int_equal(fd, -1);
	mkd_cache_close(&c);
}

/* The child holds the lock for a while and writes; the parent must see what it wrote. */
static void a_lock_keeps_the_second_process_waiting(void **state)
{
	static const struct timespec hold = { .tv_nsec = 300 * 1000000L };
	struct test_ui ui;
	struct mkd_err err = { 0 };
	struct mkd_cache c;
	int ready[2], lock = -1;
	char byte;
	pid_t pid;

	open_cache(state, &c);
	test_ui_init(&ui);
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		bool ok = mkd_cache_lock(&c, "x", NULL, &lock, &err) == 0 &&
			  write(ready[1], "1", 1) == 1 && nanosleep(&hold, NULL) == 0 &&
			  mkd_cache_put(&c, "x", "done", 4, &err) == 0;

		if (ok)
			mkd_cache_unlock(&c, "x", lock);
		_exit(!ok);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_ok(mkd_cache_lock(&c, "x", &ui.ui, &lock, &err), &err);
	assert_int_equal(faccessat(c.dirfd, "x", F_OK, 0), 0);
	assert_string_equal(mkd_buf_cstr(&ui.said), "waiting for another run that uses 'x'\n");
	mkd_cache_unlock(&c, "x", lock);
	assert_int_equal(faccessat(c.dirfd, "x.lock", F_OK, 0), -1);
	assert_int_equal(waitpid(pid, &lock, 0), pid);
	assert_int_equal(lock, 0);
	(void)close(ready[0]);
	(void)close(ready[1]);
	mkd_buf_free(&ui.said);
	mkd_cache_close(&c);
}

static void a_lock_file_left_by_a_dead_process_is_no_lock(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_cache c;
	int lock = -1;

	open_cache(state, &c);
	test_write(test_path(state, "cache/x.lock"), "99999", 5);
	assert_ok(mkd_cache_lock(&c, "x", NULL, &lock, &err), &err);
	mkd_cache_unlock(&c, "x", lock);
	mkd_cache_close(&c);
}

static void a_signal_ends_the_wait_for_a_lock(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_cache c;
	int lock = -1, second = -1;

	open_cache(state, &c);
	assert_ok(mkd_cache_lock(&c, "x", NULL, &lock, &err), &err);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_cache_lock(&c, "x", NULL, &second, &err), &err, EINTR, 128 + SIGTERM,
		     "signal 15");
	mkd_signal_set(0);
	mkd_cache_unlock(&c, "x", lock);
	mkd_cache_close(&c);
}

static void time_does_not_go_back(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_cache c;

	open_cache(state, &c);
	assert_ok(mkd_cache_seen_check(&c, "v", 1, &err), &err); /* first use */
	assert_ok(mkd_cache_seen_note(&c, "v", 1000, &err), &err);
	assert_ok(mkd_cache_seen_check(&c, "v", 1000, &err), &err);
	assert_ok(mkd_cache_seen_check(&c, "v", 1001, &err), &err);
	assert_fails(mkd_cache_seen_check(&c, "v", 999, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "rollback");
	assert_non_null(strstr(err.msg, "cache/v.seen'"));
	assert_ok(mkd_cache_seen_check(&c, "w", 1, &err), &err); /* another thing */
	assert_ok(mkd_cache_seen_note(&c, "v", 500, &err), &err);
	assert_fails(mkd_cache_seen_check(&c, "v", 999, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "rollback");
	mkd_cache_close(&c);
}

static void a_damaged_state_is_not_a_first_use(void **state)
{
	static const char *const bad[] = { "",
					   "mkdomu-seen 1\nts 5",
					   "mkdomu-seen 1\nts \n",
					   "mkdomu-seen 1\nts 0\n",
					   "mkdomu-seen 1\nts 5\nx",
					   "mkdomu-seen 2\nts 5\n",
					   "mkdomu-seen 1\nts -5\n",
					   "mkdomu-seen 1\nts 99999999999999999999999\n",
					   "garbage" };
	struct mkd_err err = { 0 };
	struct mkd_cache c;

	open_cache(state, &c);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		test_write(test_path(state, "cache/v.seen"), bad[i], strlen(bad[i]));
		assert_int_equal(chmod(test_path(state, "cache/v.seen"), 0600), 0);
		assert_fails(mkd_cache_seen_check(&c, "v", 7, &err), &err, EUCLEAN, MKD_EXIT_USAGE,
			     "damaged");
		assert_fails(mkd_cache_seen_note(&c, "v", 7, &err), &err, EUCLEAN, MKD_EXIT_USAGE,
			     "damaged");
	}
	test_write(test_path(state, "cache/v.seen"), "mkdomu-seen 1\nts 5\n\0", 20);
	assert_fails(mkd_cache_seen_check(&c, "v", 7, &err), &err, EUCLEAN, MKD_EXIT_USAGE,
		     "damaged");
	mkd_cache_close(&c);
}

static void users_have_a_cache_in_their_home(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_cache c;

	assert_int_equal(chmod(*state, 0777), 0);
	if (geteuid() == 0 && seteuid(12345) != 0)
		skip();
	(void)setenv("XDG_CACHE_HOME", "relative", 1);
	(void)setenv("HOME", *state, 1);
	assert_ok(mkd_cache_open(NULL, &c, &err), &err);
	assert_string_equal(c.path, test_path(state, ".cache/mkdomu"));
	mkd_cache_close(&c);
	(void)setenv("XDG_CACHE_HOME", test_path(state, "xdg"), 1);
	assert_ok(mkd_cache_open(NULL, &c, &err), &err);
	assert_string_equal(c.path, test_path(state, "xdg/mkdomu"));
	mkd_cache_close(&c);
	(void)unsetenv("XDG_CACHE_HOME");
	(void)setenv("HOME", "/nonexistent", 1); /* as Debian's nobody has it */
	assert_fails(
		mkd_cache_open(NULL, &c, &err), &err, EACCES, MKD_EXIT_USAGE,
		"cannot make the cache folder '/nonexistent/.cache/mkdomu': Permission denied; "
		"name another with --cache");
	assert_fault(FAULT_MKDIR, 1, mkd_cache_open("/nonexistent/c", &c, &err), &err, EROFS,
		     MKD_EXIT_USAGE, "name another with --cache");
	(void)unsetenv("HOME");
	assert_fails(mkd_cache_open(NULL, &c, &err), &err, ENOENT, MKD_EXIT_USAGE, "--cache");
	assert_int_equal(seteuid(getuid()), 0);
}

static void touch(const struct mkd_cache *c, const char *name)
{
	struct mkd_err err = { 0 };

	assert_ok(mkd_cache_put(c, name, "x", 1, &err), &err);
}

static bool has(const struct mkd_cache *c, const char *name)
{
	return faccessat(c->dirfd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#define RELEASE(day) "v-202608" day "T091501Z.tar.xz"

static void old_releases_go_but_for_those_in_use(void **state)
{
	static const char *const goes[] = { RELEASE("01"), RELEASE("01") ".DIGESTS",
					    RELEASE("02") ".part", RELEASE("02") ".part.meta",
					    RELEASE("03") ".asc" };
	static const char *const stays[] = {
		RELEASE("04"),
		RELEASE("04") ".DIGESTS",
		RELEASE("06"),
		RELEASE("06") ".DIGESTS",
		RELEASE("05"),
		"w-20260801T091501Z.tar.xz",
		"v-x-20260801T091501Z.tar.xz",
		"v-20260801T09150Z.tar.xz",
		"amd64-latest-v.txt",
		"amd64-v-ABC.seen",
	};
	struct mkd_cache c;
	struct mkd_err err = { 0 };
	int lock = -1;

	open_cache(state, &c);
	for (size_t i = 0; i < ARRAY_LEN(goes); i++)
		touch(&c, goes[i]);
	for (size_t i = 0; i < ARRAY_LEN(stays); i++)
		touch(&c, stays[i]);
	/* 06 is the current one, 05 the newest other; 04 is older, but somebody's */
	assert_ok(mkd_cache_lock(&c, RELEASE("04"), NULL, &lock, &err), &err);
	mkd_prune(&c, "v", RELEASE("06"), NULL);
	for (size_t i = 0; i < ARRAY_LEN(goes); i++)
		assert_false(has(&c, goes[i]));
	for (size_t i = 0; i < ARRAY_LEN(stays); i++)
		assert_true(has(&c, stays[i]));
	assert_false(has(&c, RELEASE("01") ".lock"));
	mkd_cache_unlock(&c, RELEASE("04"), lock);
	/* A current one that is older than others, as after a look at another mirror. */
	mkd_prune(&c, "v", RELEASE("04"), NULL);
	assert_true(has(&c, RELEASE("04")) && has(&c, RELEASE("06")));
	assert_false(has(&c, RELEASE("05")));
	mkd_cache_close(&c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_missing_folder_is_made_for_the_owner_alone),
		T(folders_that_others_can_change_are_refused),
		T(entries_come_back_as_put),
		T(entries_must_be_regular_files),
		T(a_lock_keeps_the_second_process_waiting),
		T(a_lock_file_left_by_a_dead_process_is_no_lock),
		T(a_signal_ends_the_wait_for_a_lock),
		T(time_does_not_go_back),
		T(a_damaged_state_is_not_a_first_use),
		T(users_have_a_cache_in_their_home),
		T(old_releases_go_but_for_those_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
