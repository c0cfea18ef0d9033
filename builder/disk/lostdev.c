/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/lostdev.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>

/* A disk that was removed has no node any more, does not open, or has no bytes. */
static bool is_gone(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint64_t bytes = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO || errno == ENODEV;
	return ioctl(fd, BLKGETSIZE64, &bytes) != 0 || bytes == 0;
}

int mkd_lostdev_explain(const struct mkd_target_info *info, struct mkd_err *err)
{
	size_t len = strlen(err->msg);

	if (info->kind != MKD_TARGET_DEVICE || (err->code != ENOSPC && err->exit != MKD_EXIT_IO))
		return -err->code;
	if (is_gone(info->path))
		return mkd_fail(err, MKD_EXIT_IO, ENODEV,
				"'%s' went away while it was used: pulled, detached, or its path "
				"is down; what it has now is of no use",
				info->name);
	/* Space may be short elsewhere: in the guest's file system, in the cache. */
	if (err->code == ENOSPC && strstr(err->msg, info->name))
		(void)snprintf(err->msg + len, sizeof(err->msg) - len,
			       "; the pool that it takes its space from is full: extend that, or "
			       "take another volume");
	return -err->code;
}
