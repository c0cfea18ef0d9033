/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/workroom.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "mkdomu/buf.h"
#include "mkdomu/file.h"

#define PREFIX  "mkdomu-work-"
#define NEW_SEC 60 /* one that has been made and is about to be locked is younger */

static int open_room(const char *path)
{
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Nobody holds it: the lock goes with the process. */
static bool is_stale(int fd)
{
	struct timespec now = { 0 };
	struct stat st;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	       st.st_mtime + NEW_SEC < now.tv_sec && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* What cannot be cleaned is let be: it is no reason not to work. */
static void clean(const char *base)
{
	DIR *dir = opendir(base);
	const struct dirent *d;

	while (dir && (d = readdir(dir))) {
		cleanup_free char *path = NULL;
		cleanup_close int fd = -1;
		struct mkd_err ignored;

		if (strncmp(d->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    mkd_asprintf(&path, &ignored, "%s/%s", base, d->d_name) < 0)
			continue;
		fd = open_room(path);
		if (fd >= 0 && is_stale(fd))
			mkd_rmtree(path);
	}
	if (dir)
		(void)closedir(dir);
}

static int fail(const char *base, bool given, struct mkd_err *err)
{
	if (given && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return mkd_fail_errno(
			err, MKD_EXIT_USAGE, errno,
			"cannot create a temporary folder in '%s', which TMPDIR names", base);
	return mkd_fail_io(err, errno, "cannot create a temporary folder in '%s'%s", base,
			   given ? ", which TMPDIR names" : "");
}

int mkd_workroom_make(char **ret, int *ret_fd, struct mkd_err *err)
{
	const char *base = getenv("TMPDIR");
	bool given = base && *base == '/';
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;
	int r;

	if (!given)
		base = "/tmp";
	clean(base);
	r = mkd_asprintf(&path, err, "%s/" PREFIX "XXXXXX", base);
	if (r < 0)
		return r;
	if (!mkdtemp(path))
		return fail(base, given, err);
	fd = open_room(path);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0) {
		r = mkd_fail_io(err, errno, "cannot use the temporary folder '%s'", path);
		mkd_rmtree(path);
		return r;
	}
	*ret = steal(&path);
	*ret_fd = steal_fd(&fd);
	return 0;
}
