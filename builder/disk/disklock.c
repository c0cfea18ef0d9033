/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/disklock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "mkdomu/file.h"
#include "mkdomu/ui.h"

#define WAIT_MS 3000
#define STEP_MS 50

DEFINE_CLEANUP(closedirp, DIR *, closedir)

/* The node that udev and others lock: the kernel's name; where it is not, the target's own. */
static int open_disk(const struct mkd_host *host, dev_t whole, const char *node, int *ret_fd,
		     struct mkd_err *err)
{
	char name[256], path[4096];
	cleanup_close int fd = -1;
	struct stat st;

	(void)mkd_blockdev_name(host, whole, name);
	(void)snprintf(path, sizeof(path), "%s/%.250s", host->dev,
		       strncmp(name, "/dev/", 5) == 0 ? name + 5 : name);
	if (stat(path, &st) != 0 || !S_ISBLK(st.st_mode) || st.st_rdev != whole)
		(void)snprintf(path, sizeof(path), "%s", node);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot open '%s' to lock it",
				      path);
	if (fstat(fd, &st) != 0 || st.st_rdev != whole)
		return mkd_fail(err, MKD_EXIT_TARGET, ENOENT,
				"cannot lock the disk of '%s': there is no '%s'", node, name);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* Whether fd number n of ours is the same node and holds an exclusive lock on it. */
static bool holds(const char *n, const struct stat *want)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err ignored;
	struct stat st;
	char path[64];
	int fd = (int)strtol(n, NULL, 10);

	if (fstat(fd, &st) != 0 || st.st_dev != want->st_dev || st.st_ino != want->st_ino)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	if (mkd_file_read(AT_FDCWD, path, 64 * KIB, MKD_EXIT_IO, &text, &ignored) < 0)
		return false;
	return strstr(mkd_buf_cstr(&text), "FLOCK") && strstr(mkd_buf_cstr(&text), "WRITE");
}

/* A copy of the fd by which this process holds the lock already, or -1: the copy keeps it. */
static int own_lock(int fd)
{
	cleanup(closedirp) DIR *dir = opendir("/proc/self/fd");
	struct stat want;

	if (!dir || fstat(fd, &want) != 0)
		return -1;
	for (struct dirent *d; (d = readdir(dir));)
		if (d->d_name[0] != '.' && holds(d->d_name, &want))
			return fcntl((int)strtol(d->d_name, NULL, 10), F_DUPFD_CLOEXEC, 3);
	return -1;
}

static int wait_lock(int fd, int op, struct mkd_err *err)
{
	const struct timespec step = { .tv_nsec = STEP_MS * 1000000L };

	for (int ms = 0; flock(fd, op | LOCK_NB) != 0; ms += STEP_MS) {
		int code = errno;
		int r = mkd_check_signal(err);

		if (r < 0)
			return r;
		if (code != EWOULDBLOCK && code != EINTR)
			return mkd_fail_errno(err, MKD_EXIT_TARGET, code, "cannot lock the disk");
		if (ms >= WAIT_MS)
			return 1;
		(void)nanosleep(&step, NULL);
	}
	return 0;
}

int mkd_disklock_device(const struct mkd_host *host, dev_t dev, const char *node,
			enum mkd_disklock_mode mode, int *ret_fd, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	char name[256];
	dev_t whole;
	int own, r = mkd_blockdev_whole(host, dev, &whole, err);

	if (r == 0)
		r = open_disk(host, whole, node, &fd, err);
	if (r < 0)
		return r;
	own = own_lock(fd);
	if (own >= 0) {
		*ret_fd = own;
		return 0;
	}
	r = wait_lock(fd, mode == MKD_LOCK_HOLD ? LOCK_EX : LOCK_SH, err);
	if (r > 0)
		return mkd_fail(
			err, MKD_EXIT_BUSY, EBUSY,
			"cannot use '%s': another program has the disk '%s' locked (another "
			"mkdomu, or one that partitions it); wait for it",
			node, mkd_blockdev_name(host, whole, name));
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

/* FNV-1a, 64 bit: spreads names; two that meet by chance only wait for each other. */
static uint64_t hash(const char *s)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *s; s++)
		h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
	return h;
}

int mkd_disklock_image(int dirfd, const char *name, const char *path, int *ret_fd,
		       struct mkd_err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	cleanup_close int fd = -1;
	struct stat st;
	socklen_t len;
	int n;

	if (fstat(dirfd, &st) != 0)
		return mkd_fail_io(err, errno, "cannot examine the folder of '%s'", path);
	/* sun_path[0] stays NUL: the abstract namespace */
	n = snprintf(sun.sun_path + 1, sizeof(sun.sun_path) - 1, "mkdomu-image-%llx-%llx-%016llx",
		     (unsigned long long)st.st_dev, (unsigned long long)st.st_ino,
		     (unsigned long long)hash(name));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return mkd_fail_io(err, errno, "cannot lock '%s'", path);
	if (bind(fd, (const struct sockaddr *)&sun, len) != 0)
		return errno != EADDRINUSE ? mkd_fail_io(err, errno, "cannot lock '%s'", path)
					   : mkd_fail(err, MKD_EXIT_BUSY, EBUSY,
						      "cannot use '%s': another mkdomu is writing "
						      "it; wait for it",
						      path);
	*ret_fd = steal_fd(&fd);
	return 0;
}
