/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "disktest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <linux/loop.h>

static void drain(int fd, struct mkd_buf *out)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		if (out)
			mkd_buf_add(out, chunk, (size_t)n);
}

int run_program(struct mkd_buf *out, const char *const argv[])
{
	static const char *const dirs[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	char *const env[] = { (char *)"PATH=/usr/sbin:/usr/bin:/sbin:/bin", (char *)"LC_ALL=C",
			      NULL };
	posix_spawn_file_actions_t fa;
	int pipefd[2], status = -1;
	char path[512];
	pid_t pid;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dirs[i], argv[0]);
		if (access(path, X_OK) == 0)
			break;
	}
	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&fa, pipefd[1], 1), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&fa, pipefd[1], 2), 0);
	if (posix_spawn(&pid, path, &fa, NULL, (char *const *)argv, env) != 0)
		pid = -1;
	(void)posix_spawn_file_actions_destroy(&fa);
	(void)close(pipefd[1]);
	drain(pipefd[0], out);
	(void)close(pipefd[0]);
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 127;
	return WEXITSTATUS(status);
}

int make_file(const char *path, uint64_t size_bytes)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size_bytes), 0);
	return fd;
}

void loop_attach(const char *file, struct loop_opts opts, char ret[static 64], int *ret_fd)
{
	cleanup_close int ctl = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	cleanup_close int back =
		open(file, (opts.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC | O_NONBLOCK);
	struct loop_config c = { .fd = (uint32_t)back,
				 .block_size = opts.sector_bytes ? opts.sector_bytes : 512,
				 .info = { .lo_offset = opts.offset_bytes,
					   .lo_sizelimit = opts.size_bytes,
					   .lo_flags =
						   LO_FLAGS_AUTOCLEAR |
						   (opts.read_only ? LO_FLAGS_READ_ONLY : 0U) } };

	assert_true(ctl >= 0 && back >= 0);
	/* another program may take the free one first */
	for (int tries = 0; tries < 50; tries++) {
		int n = ioctl(ctl, LOOP_CTL_GET_FREE), fd;

		assert_true(n >= 0);
		(void)snprintf(ret, 64, "/dev/loop%d", n);
		fd = open(ret, (opts.read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
		if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &c) == 0) {
			*ret_fd = fd;
			return;
		}
		if (fd >= 0)
			(void)close(fd);
		(void)usleep(20000);
	}
	fail_msg("no loop device to be had for '%s': %s", file, strerror(errno));
}

bool skip_unless_root(void)
{
	if (geteuid() == 0 && access("/dev/loop-control", R_OK | W_OK) == 0)
		return false;
	skip();
	return true;
}

pid_t child_start(int (*f)(void *), void *arg)
{
	int pipefd[2];
	char ok = 0;
	pid_t pid;

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		ok = f(arg) == 0;
		if (write(pipefd[1], &ok, 1) != 1)
			_exit(1);
		for (;;)
			(void)pause();
	}
	(void)close(pipefd[1]);
	if (read(pipefd[0], &ok, 1) != 1)
		ok = 0;
	(void)close(pipefd[0]);
	if (!ok) {
		child_end(pid);
		fail_msg("the child process could not set the scene");
	}
	return pid;
}

void child_end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

struct disk disk_attach(void **state, const char *name, struct loop_opts opts)
{
	struct disk d = { .fd = -1 };

	loop_attach(test_path(state, name), opts, d.path, &d.fd);
	return d;
}

struct disk disk_new(void **state, const char *name)
{
	cleanup_close int fd = make_file(test_path(state, name), DISK_BYTES);

	assert_true(fd >= 0);
	return disk_attach(state, name, (struct loop_opts){ 0 });
}

void mkfs(const char *path)
{
	assert_int_equal(run(NULL, "mkfs.ext4", "-q", "-F", "-L", "srv", "-U",
			     "11111111-2222-3333-4444-555555555555", path),
			 0);
}

/* Both ways in refuse alike, and the device is as it was. */
void assert_refused(const struct mkd_target_req *req, int code, int exit_class, const char *words)
{
	struct mkd_target_info info = { .size_bytes = 77 };
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	assert_fails(mkd_target_probe(req, &info, &err), &err, code, exit_class, words);
	assert_int_equal(info.size_bytes, 77);
	assert_fails(mkd_target_open(req, &t, &err), &err, code, exit_class, words);
	assert_null(t);
}

void assert_free(const struct mkd_target_req *req)
{
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	assert_ok(mkd_target_probe(req, &info, &err), &err);
}

int blkid_status(const char *path)
{
	return run(NULL, "blkid", "-p", path);
}
