/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/lostdev.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>

#include "mkdomu/size.h"

/* A disk that was removed has no node any more, does not open, or has no bytes. */
static bool is_gone(const char *path)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint64_t bytes = 0;

	if (fd < 0)
		return errno == ENOENT || errno == ENXIO || errno == ENODEV;
	return ioctl(fd, BLKGETSIZE64, &bytes) != 0 || bytes == 0;
}

static bool ends_in(const struct mkd_err *err, const char *end, size_t *ret_at)
{
	size_t len = strlen(err->msg), n = strlen(end);

	*ret_at = len < n ? 0 : len - n;
	return len >= n && strcmp(err->msg + *ret_at, end) == 0;
}

/*
 * A system call's ENOSPC ends in its text. The guest's file system has words of its own, and there
 * may be none left in the cache or in another folder.
 */
static void explain_space(const struct mkd_target_info *info, bool whole, struct mkd_err *err)
{
	size_t at, len = strlen(err->msg);

	if (!strstr(err->msg, info->name))
		return;
	if (ends_in(err, strerror(ENOSPC), &at))
		(void)snprintf(err->msg + len, sizeof(err->msg) - len,
			       "; the pool that it takes its space from is full: extend that, or "
			       "take another volume");
	else if (whole && ends_in(err, MKD_LARGER_SIZE, &at))
		(void)snprintf(err->msg + at, sizeof(err->msg) - at, "a larger device");
}

int mkd_lostdev_explain(const struct mkd_target_info *info, bool whole, struct mkd_err *err)
{
	if (info->kind != MKD_TARGET_DEVICE || (err->code != ENOSPC && err->exit != MKD_EXIT_IO))
		return -err->code;
	if (is_gone(info->path))
		return mkd_fail(err, MKD_EXIT_IO, ENODEV,
				"'%s' went away while it was used: pulled, detached, or its path "
				"is down; what it has now is of no use",
				info->name);
	if (err->code == ENOSPC)
		explain_space(info, whole, err);
	return -err->code;
}
