/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hookdisk.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/loop.h>
#include <time.h>

#define TRIES 100

static int no_loop(int code, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_HOOK, ENODEV,
			"cannot mount the guest's disk for it: no loop device: %s; modprobe loop",
			strerror(code));
}

int mkd_hookdisk_attach(int fd, uint64_t offset_bytes, uint64_t size_bytes,
			struct mkd_hookdisk *ret, struct mkd_err *err)
{
	cleanup_close int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	struct loop_config config = { .fd = (uint32_t)fd,
				      .info = { .lo_offset = offset_bytes,
						.lo_sizelimit = size_bytes,
						.lo_flags = LO_FLAGS_AUTOCLEAR } };

	if (control < 0)
		return no_loop(errno, err);
	for (int i = 0; i < TRIES; i++) {
		struct mkd_hookdisk d = { .fd = -1 };
		int n = ioctl(control, LOOP_CTL_GET_FREE);

		if (n < 0)
			return no_loop(errno, err);
		(void)snprintf(d.path, sizeof(d.path), "/dev/loop%d", n);
		d.fd = open(d.path, O_RDWR | O_CLOEXEC);
		if (d.fd < 0)
			return no_loop(errno, err);
		if (ioctl(d.fd, LOOP_CONFIGURE, &config) == 0) {
			*ret = d;
			return 0;
		}
		(void)close(d.fd);
		if (errno != EBUSY) /* else somebody was faster */
			return mkd_fail_errno(err, MKD_EXIT_HOOK, errno,
					      "cannot attach the guest's disk to '%s'", d.path);
	}
	return no_loop(EBUSY, err);
}

int mkd_hookdisk_detach(struct mkd_hookdisk *d, struct mkd_err *err)
{
	const struct timespec pause = { .tv_nsec = 100 * 1000 * 1000 };
	int r = -EBUSY;

	if (d->fd < 0)
		return 0;
	/* a mounted device is held exclusively */
	for (int i = 0; r == -EBUSY && i < TRIES; i++) {
		int held = open(d->path, O_RDONLY | O_EXCL | O_CLOEXEC);

		r = held < 0 ? -errno : 0;
		closep_(&held);
		if (r == -EBUSY)
			(void)nanosleep(&pause, NULL);
	}
	(void)ioctl(d->fd, LOOP_CLR_FD);
	closep_(&d->fd);
	d->fd = -1;
	return r < 0 ? mkd_fail(err, MKD_EXIT_HOOK, EBUSY,
				"the guest's disk is still mounted by '%s'", d->path)
		     : 0;
}
