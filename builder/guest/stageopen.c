/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/stageopen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "mkdomu/base.h"

/* By way of a descriptor, so that it is that entry's mode, and not what a link leads to. */
static int force_mode(int dirfd, const char *name, mode_t mode)
{
	cleanup_close int fd = openat(dirfd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	char self[32];

	if (fd < 0 || fstat(fd, &st) != 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return chmod(self, mode & 07777) != 0 ? -errno : 0;
}

static bool is_to_change(mode_t add, mode_t mode)
{
	return (mode & add) != add && geteuid() != 0;
}

int mkd_stage_open(int dirfd, const char *name, bool folder, mode_t add, mode_t *ret_mode)
{
	struct stat st;
	int fd, r;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -errno;
	*ret_mode = st.st_mode;
	/* asked for before: a folder that may be read, not searched, opens and is of no use */
	if (is_to_change(add, st.st_mode)) {
		r = force_mode(dirfd, name, st.st_mode | add);
		if (r < 0)
			return r;
	}
	if (folder)
		fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	else
		fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int mkd_stage_restore(int fd, mode_t add, mode_t mode)
{
	return is_to_change(add, mode) && fchmod(fd, mode & 07777) != 0 ? -errno : 0;
}
