/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include "mkdomu/ui.h"

#define PIPE_WAIT_SEC   5
#define PIPE_SLICE_MSEC 50

/* Data, or a writer who has come and gone. */
static int await_writer(int fd, const char *path, int exit_class, struct mkd_err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	for (int ms = 0; ms < PIPE_WAIT_SEC * 1000; ms += PIPE_SLICE_MSEC) {
		int n = poll(&p, 1, PIPE_SLICE_MSEC), r = mkd_check_signal(err);

		if (r < 0 || n > 0)
			return r;
		if (n < 0 && errno != EINTR)
			return mkd_fail_errno(err, exit_class, errno, "cannot read '%s'", path);
	}
	return mkd_fail(err, exit_class, ETIMEDOUT,
			"cannot read '%s': it is a named pipe, and nothing was written to it in %d "
			"seconds",
			path, PIPE_WAIT_SEC);
}

/*
 * Opening a named pipe must not wait for a writer who may never come. One without a name, as a
 * shell's <(...) gives, has its writer already: that may take its time, to ask for a PIN say.
 */
static int open_input(int dirfd, const char *path, int exit_class, int *ret_fd, struct mkd_err *err)
{
	cleanup_close int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct statfs fs;
	struct stat st;
	int r = 0;

	if (fd < 0 || fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0)
		return mkd_fail_errno(err, exit_class, errno, "cannot open '%s'", path);
	if (S_ISFIFO(st.st_mode) && fs.f_type != PIPEFS_MAGIC)
		r = await_writer(fd, path, exit_class, err);
	if (r < 0)
		return r;
	if (fcntl(fd, F_SETFL, O_RDONLY) != 0)
		return mkd_fail_errno(err, exit_class, errno, "cannot open '%s'", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* As read(2), but for signals: 1 when it is to be called again. */
static int again(const char *path, int exit_class, struct mkd_err *err)
{
	int r = errno == EINTR ? mkd_check_signal(err)
			       : mkd_fail_errno(err, exit_class, errno, "cannot read '%s'", path);

	return r < 0 ? r : 1;
}

static int slurp(int fd, const char *path, size_t max_bytes, int exit_class, struct mkd_buf *ret,
		 struct mkd_err *err)
{
	char chunk[8192];

	/* without memory a stream that never ends would be read for ever */
	while (!ret->failed) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		int r = n < 0 ? again(path, exit_class, err) : 0;

		if (r > 0)
			continue;
		if (r < 0)
			return r;
		if (n == 0)
			return mkd_buf_check(ret, err);
		if ((size_t)n > max_bytes - ret->len)
			return mkd_fail(
				err, exit_class, EFBIG,
				"cannot read '%s': it is larger than the limit of %zu bytes", path,
				max_bytes);
		mkd_buf_add(ret, chunk, (size_t)n);
	}
	return mkd_nomem(err);
}

int mkd_file_read(int dirfd, const char *path, size_t max_bytes, int exit_class,
		  struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	int r;

	mkd_buf_reset(ret);
	mkd_buf_add(ret, "", 0);
	r = open_input(dirfd, path, exit_class, &fd, err);
	return r < 0 ? r : slurp(fd, path, max_bytes, exit_class, ret, err);
}

/* The byte beyond the limit is read to see whether there is one, then gives way to the NUL. */
static int slurp_secret(int fd, const char *path, int exit_class, struct mkd_buf *b,
			struct mkd_err *err)
{
	while (b->len < b->cap) {
		ssize_t n = read(fd, b->data + b->len, b->cap - b->len);
		int r = n < 0 ? again(path, exit_class, err) : 0;

		if (r > 0)
			continue;
		if (r < 0)
			return r;
		if (n == 0) {
			b->data[b->len] = '\0';
			return 0;
		}
		b->len += (size_t)n;
	}
	return mkd_fail(err, exit_class, EFBIG,
			"cannot read '%s': it is larger than the limit of %zu bytes", path,
			b->cap - 1);
}

int mkd_file_read_secret(int dirfd, const char *path, size_t max_bytes, int exit_class,
			 struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	int r;

	mkd_buf_wipe(ret);
	r = open_input(dirfd, path, exit_class, &fd, err);
	if (r < 0)
		return r;
	if (max_bytes < SIZE_MAX)
		ret->data = malloc(max_bytes + 1);
	if (!ret->data)
		return mkd_nomem(err);
	ret->cap = max_bytes + 1;
	r = slurp_secret(fd, path, exit_class, ret, err);
	if (r < 0)
		mkd_buf_wipe(ret);
	return r;
}

int mkd_pread_full(int fd, void *data, size_t len, uint64_t offset_bytes)
{
	char *p = data;

	while (len) {
		ssize_t n = pread(fd, p, len, (off_t)offset_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
		offset_bytes += (uint64_t)n;
	}
	return 0;
}

int mkd_write_full(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int mkd_pwrite_full(int fd, const void *data, size_t len, uint64_t offset_bytes)
{
	const char *p = data;

	while (len) {
		ssize_t n = pwrite(fd, p, len, (off_t)offset_bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		p += n;
		len -= (size_t)n;
		offset_bytes += (uint64_t)n;
	}
	return 0;
}

/* The unlink is the caller's on failure; mode is set by fchmod so that the umask has no say. */
static int fill(int fd, const void *data, size_t len, mode_t mode)
{
	int r = mkd_write_full(fd, data, len);

	if (r < 0)
		return r;
	if (fchmod(fd, mode) != 0 || fsync(fd) != 0)
		return -errno;
	return 0;
}

int mkd_file_write(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		   struct mkd_err *err)
{
	cleanup_free char *tmp = NULL;
	cleanup_close int fd = -1;
	int r = mkd_asprintf(&tmp, err, ".%s.mkdomu-%ld", name, (long)getpid());

	if (r < 0)
		return r;
	(void)unlinkat(dirfd, tmp, 0);
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return mkd_fail_io(err, errno, "cannot create '%s'", tmp);
	r = fill(fd, data, len, mode);
	if (r == 0 && (renameat(dirfd, tmp, dirfd, name) != 0 || fsync(dirfd) != 0))
		r = -errno;
	if (r < 0) {
		(void)unlinkat(dirfd, tmp, 0);
		return mkd_fail_io(err, -r, "cannot write '%s'", name);
	}
	return 0;
}

int mkd_mkdirs(const char *path, mode_t mode, struct mkd_err *err)
{
	cleanup_free char *copy = NULL;
	int r = mkd_strdup(path, &copy, err);

	if (r < 0)
		return r;
	for (char *p = copy + 1; p[-1]; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			return mkd_fail_io(err, errno, "cannot create the folder '%s'", copy);
		*p = c;
	}
	return 0;
}

int mkd_open_parent(const char *path, int *ret_fd, const char **ret_name, struct mkd_err *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	cleanup_free char *dir = NULL;
	int fd, r;

	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "'%s' does not name a file", path);
	r = mkd_asprintf(&dir, err, "%.*s", slash ? (int)(slash - path + 1) : 1,
			 slash ? path : ".");
	if (r < 0)
		return r;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (slash > path)
		dir[slash - path] = '\0';
	if (fd < 0)
		return mkd_fail_errno(err, MKD_EXIT_USAGE, errno,
				      "cannot open the folder '%s', in which '%s' is to be", dir,
				      name);
	*ret_fd = fd;
	*ret_name = name;
	return 0;
}

int mkd_tmpdir(char **ret, struct mkd_err *err)
{
	const char *base = getenv("TMPDIR");
	bool given = base && *base == '/';
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, err, "%s/mkdomu-XXXXXX", given ? base : "/tmp");

	if (r < 0)
		return r;
	if (!mkdtemp(path)) {
		if (given && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
			return mkd_fail_errno(err, MKD_EXIT_USAGE, errno,
					      "cannot create a temporary folder in '%s', which "
					      "TMPDIR names",
					      base);
		return mkd_fail_io(err, errno, "cannot create a temporary folder in '%s'%s",
				   given ? base : "/tmp", given ? ", which TMPDIR names" : "");
	}
	*ret = steal(&path);
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	(void)remove(path);
	return 0;
}

void mkd_rmtree(const char *path)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };

	/* A helper that has just been told to go (gpg) may still be adding a file. */
	for (int i = 0; i < 50; i++) {
		(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
		if (access(path, F_OK) != 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
}

int mkd_strv_add_config(struct mkd_strv *l, const char *what, struct mkd_err *err)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	cleanup_free char *path = NULL;
	int r = 0;

	if (config && *config == '/')
		r = mkd_asprintf(&path, err, "%s/mkdomu/%s", config, what);
	else if (home && *home == '/')
		r = mkd_asprintf(&path, err, "%s/.config/mkdomu/%s", home, what);
	return r < 0 || !path ? r : mkd_strv_add(l, path, err);
}
