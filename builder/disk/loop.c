/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/loop.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/loop.h>

#include "mkdomu/file.h"

DEFINE_CLEANUP(closedirp, DIR *, closedir)

/* One attached loop device and the bytes that it shows. */
struct loop {
	char path[300];        /* "/dev/loop3" */
	struct stat st;        /* of the backing file or device */
	uint64_t offset_bytes; /* of its first byte there */
	uint64_t end_bytes;    /* UINT64_MAX: to the end */
};

/* The kernel's own record: right whatever became of the file's name. Needs to open the device. */
static bool ask_kernel(struct loop *l)
{
	cleanup_close int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct loop_info64 info;

	if (fd < 0 || ioctl(fd, LOOP_GET_STATUS64, &info) != 0)
		return false;
	l->st = (struct stat){ .st_dev = info.lo_device,
			       .st_ino = info.lo_inode,
			       .st_rdev = info.lo_rdevice,
			       .st_mode = info.lo_rdevice ? S_IFBLK : S_IFREG };
	l->offset_bytes = info.lo_offset;
	l->end_bytes = info.lo_sizelimit ? info.lo_offset + info.lo_sizelimit : UINT64_MAX;
	return true;
}

/* False when the loop device is free, or its file has gone and we may not open the device. */
static bool read_loop(const struct mkd_host *host, const char *name, struct loop *ret)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err ignored;
	char path[4096];
	size_t len;

	(void)snprintf(path, sizeof(path), "%s/block/%.200s/loop/backing_file", host->sys, name);
	if (mkd_file_read(AT_FDCWD, path, sizeof(path), MKD_EXIT_IO, &text, &ignored) < 0)
		return false;
	len = strcspn(mkd_buf_cstr(&text), "\n");
	(void)snprintf(path, sizeof(path), "%.*s", (int)len, mkd_buf_cstr(&text));
	*ret = (struct loop){ .end_bytes = UINT64_MAX };
	(void)snprintf(ret->path, sizeof(ret->path), "%.40s/%.200s", host->dev, name);
	return ask_kernel(ret) || stat(path, &ret->st) == 0;
}

static bool same_file(const struct loop *a, const struct loop *b)
{
	if (S_ISBLK(a->st.st_mode) || S_ISBLK(b->st.st_mode))
		return S_ISBLK(a->st.st_mode) && S_ISBLK(b->st.st_mode) &&
		       a->st.st_rdev == b->st.st_rdev;
	return a->st.st_dev == b->st.st_dev && a->st.st_ino == b->st.st_ino;
}

static bool overlap(const struct loop *a, const struct loop *b)
{
	return a->offset_bytes < b->end_bytes && b->offset_bytes < a->end_bytes;
}

/* Whether the subject is itself a loop device; *ret is what it shows. */
static bool subject_loop(const struct mkd_subject *s, struct loop *ret)
{
	char name[256];

	if (!S_ISBLK(s->st.st_mode))
		return false;
	return read_loop(s->host,
			 strrchr(mkd_blockdev_name(s->host, s->st.st_rdev, name), '/')
				 ? strrchr(name, '/') + 1
				 : name,
			 ret);
}

int mkd_inuse_loop(const struct mkd_subject *s, struct mkd_err *err)
{
	cleanup(closedirp) DIR *dir = NULL;
	bool is_loop;
	struct loop own, other;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/block", s->host->sys);
	dir = opendir(path);
	if (!dir)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno,
				      "cannot read '%s' to see what is in use; mount sysfs there",
				      path);
	is_loop = subject_loop(s, &own);
	for (struct dirent *d; (d = readdir(dir));) {
		if (strncmp(d->d_name, "loop", 4) != 0 || !read_loop(s->host, d->d_name, &other))
			continue;
		if (mkd_subject_is(s, &other.st) ||
		    (is_loop && strcmp(own.path, other.path) != 0 && same_file(&own, &other) &&
		     overlap(&own, &other)))
			return mkd_fail(err, MKD_EXIT_TARGET, EBUSY,
					"cannot use '%s': it is attached to %s; detach that first "
					"(umount, xl destroy, then losetup -d %s)",
					s->name, other.path, other.path);
	}
	return 0;
}
