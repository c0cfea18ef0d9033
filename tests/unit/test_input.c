/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of what builder/base reads on the user's behalf, and of what the environment lacks. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "mkdomu/file.h"
#include "mkdomu/ui.h"

static void nap(long msec)
{
	const struct timespec ts = { .tv_nsec = msec * 1000000L };

	(void)nanosleep(&ts, NULL);
}

/* A process that writes text after a while to what path names; path NULL: to fd. */
static pid_t late_writer(const char *path, int fd, const char *text)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	nap(300);
	if (path)
		fd = open(path, O_WRONLY | O_CLOEXEC);
	_exit(mkd_write_full(fd, text, strlen(text)) < 0);
}

static void end(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_named_pipe_without_a_writer_is_given_up(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "fifo");

	assert_int_equal(mkfifo(path, 0600), 0);
	assert_fails(mkd_file_read(AT_FDCWD, path, 99, MKD_EXIT_USAGE, &b, &err), &err, ETIMEDOUT,
		     MKD_EXIT_USAGE, "/fifo': it is a named pipe, and nothing was written");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_file_read_secret(AT_FDCWD, path, 99, MKD_EXIT_USAGE, &b, &err), &err,
		     EINTR, 128 + SIGTERM, "signal 15");
	mkd_signal_set(0);
}

static void a_named_pipe_with_a_late_writer_is_read(void **state)
{
	cleanup_secret struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "fifo");
	pid_t pid;

	assert_int_equal(mkfifo(path, 0600), 0);
	pid = late_writer(path, -1, "a secret");
	assert_ok(mkd_file_read_secret(AT_FDCWD, path, 99, MKD_EXIT_USAGE, &b, &err), &err);
	assert_string_equal(b.data, "a secret");
	end(pid);
	pid = late_writer(path, -1, "");
	assert_ok(mkd_file_read_secret(AT_FDCWD, path, 99, MKD_EXIT_USAGE, &b, &err), &err);
	assert_int_equal(b.len, 0);
	end(pid);
}

/* As a shell's <(...) gives, by the name /dev/fd/N. */
static void a_pipe_without_a_name_is_waited_for(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	int pipefd[2];
	char path[32];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", pipefd[0]);
	pid = late_writer(NULL, pipefd[1], "late");
	(void)close(pipefd[1]);
	assert_ok(mkd_file_read(AT_FDCWD, path, 99, MKD_EXIT_USAGE, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "late");
	end(pid);
	(void)close(pipefd[0]);
}

static void on_alarm(int signo)
{
	mkd_signal_set(signo);
}

static void a_signal_ends_the_wait_for_a_pipe(void **state)
{
	struct sigaction sa = { .sa_handler = on_alarm }, old;
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	int pipefd[2];
	char path[32];

	(void)state;
	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", pipefd[0]);
	assert_int_equal(sigaction(SIGALRM, &sa, &old), 0);
	(void)alarm(1);
	assert_fails(mkd_file_read(AT_FDCWD, path, 99, MKD_EXIT_USAGE, &b, &err), &err, EINTR,
		     128 + SIGALRM, "signal 14");
	mkd_signal_set(0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	(void)close(pipefd[0]);
	(void)close(pipefd[1]);
}

static void a_shortage_is_no_fault_of_the_file(void **state)
{
	struct rlimit old, none;
	struct mkd_err err = { 0 };
	cleanup_buf struct mkd_buf b = { 0 };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), r;

	(void)state;
	assert_true(fd >= 0);
	(void)close(fd);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = (struct rlimit){ .rlim_cur = (rlim_t)fd, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	r = mkd_file_read(AT_FDCWD, "/dev/null", 99, MKD_EXIT_USAGE, &b, &err);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(r, -EMFILE);
	assert_int_equal(err.exit, MKD_EXIT_INTERNAL);
	assert_non_null(strstr(err.msg, "Too many open files"));
	assert_int_equal(mkd_fail_io(&err, ENFILE, "x"), -ENFILE);
	assert_int_equal(err.exit, MKD_EXIT_INTERNAL);
	assert_int_equal(mkd_fail_errno(&err, MKD_EXIT_USAGE, ENOMEM, "x"), -ENOMEM);
	assert_int_equal(err.exit, MKD_EXIT_INTERNAL);
	assert_int_equal(mkd_fail_errno(&err, MKD_EXIT_USAGE, ENOENT, "x"), -ENOENT);
	assert_int_equal(err.exit, MKD_EXIT_USAGE);
}

static void a_tmpdir_that_is_none_is_named(void **state)
{
	const char *old = getenv("TMPDIR");
	cleanup_free char *keep = old ? strdup(old) : NULL, *dir = NULL;
	struct mkd_err err = { 0 };

	assert_int_equal(setenv("TMPDIR", test_path(state, "no"), 1), 0);
	assert_fails(mkd_tmpdir(&dir, &err), &err, ENOENT, MKD_EXIT_USAGE, "/no', which TMPDIR");
	assert_int_equal(setenv("TMPDIR", "not/absolute", 1), 0);
	assert_ok(mkd_tmpdir(&dir, &err), &err);
	assert_int_equal(strncmp(dir, "/tmp/", 5), 0);
	mkd_rmtree(dir);
	assert_int_equal(keep ? setenv("TMPDIR", keep, 1) : unsetenv("TMPDIR"), 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_named_pipe_without_a_writer_is_given_up),
		T(a_named_pipe_with_a_late_writer_is_read),
		cmocka_unit_test(a_pipe_without_a_name_is_waited_for),
		cmocka_unit_test(a_signal_ends_the_wait_for_a_pipe),
		cmocka_unit_test(a_shortage_is_no_fault_of_the_file),
		T(a_tmpdir_that_is_none_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
