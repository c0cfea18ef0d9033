/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/blockdev.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "mkdomu/file.h"

#define PATH_BYTES 4096

DEFINE_CLEANUP(closedirp, DIR *, closedir)

const struct mkd_host mkd_host_here = {
	.sys = "/sys",
	.proc = "/proc",
	.dev = "/dev",
	.root = "",
	.xen_cfg = "/etc/xen",
	.xenstore_socket = "/run/xenstored/socket",
	.xenbus = "/dev/xen/xenbus",
};

bool mkd_devset_has(const struct mkd_devset *set, dev_t dev)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->dev[i] == dev)
			return true;
	return false;
}

int mkd_devset_add(struct mkd_devset *set, dev_t dev, struct mkd_err *err)
{
	if (mkd_devset_has(set, dev))
		return 0;
	if (set->n == MKD_DEVSET_MAX)
		return mkd_fail(err, MKD_EXIT_INTERNAL, E2BIG,
				"more than %d block devices belong together", MKD_DEVSET_MAX);
	set->dev[set->n++] = dev;
	return 0;
}

/* "<sys>/dev/block/8:26/<rest>" */
static void sys_path(const struct mkd_host *host, dev_t dev, const char *rest,
		     char buf[static PATH_BYTES])
{
	(void)snprintf(buf, PATH_BYTES, "%s/dev/block/%u:%u%s%s", host->sys, major(dev), minor(dev),
		       *rest ? "/" : "", rest);
}

/* The first line of a file, or false. Attributes of sysfs are given whole by one read. */
static bool read_line(const char *path, char *buf, size_t size)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);

	if (n < 0)
		return false;
	buf[n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

static bool read_dev(const char *path, dev_t *ret)
{
	char line[32], *end;
	unsigned long maj, min;

	if (!read_line(path, line, sizeof(line)))
		return false;
	maj = strtoul(line, &end, 10);
	if (end == line || *end != ':')
		return false;
	min = strtoul(end + 1, &end, 10);
	*ret = makedev((unsigned)maj, (unsigned)min);
	return *end == '\0';
}

static bool known(const struct mkd_host *host, dev_t dev)
{
	char path[PATH_BYTES];

	sys_path(host, dev, "", path);
	return access(path, F_OK) == 0;
}

const char *mkd_blockdev_name(const struct mkd_host *host, dev_t dev, char buf[static 256])
{
	char path[PATH_BYTES], link[PATH_BYTES];
	ssize_t n;

	sys_path(host, dev, "", path);
	n = readlink(path, link, sizeof(link) - 1);
	if (n <= 0) {
		(void)snprintf(buf, 256, "block device %u:%u", major(dev), minor(dev));
		return buf;
	}
	link[n] = '\0';
	(void)snprintf(buf, 256, "/dev/%.240s", strrchr(link, '/') ? strrchr(link, '/') + 1 : link);
	/* sysfs writes the slashes of names such as cciss/c0d0 as '!' */
	for (char *p = buf; *p; p++)
		if (*p == '!')
			*p = '/';
	return buf;
}

bool mkd_blockdev_is_partition(const struct mkd_host *host, dev_t dev)
{
	char path[PATH_BYTES];

	sys_path(host, dev, "partition", path);
	return access(path, F_OK) == 0;
}

int mkd_blockdev_whole(const struct mkd_host *host, dev_t dev, dev_t *ret, struct mkd_err *err)
{
	char path[PATH_BYTES], name[256];
	dev_t whole = dev;

	if (!known(host, dev))
		return mkd_fail(err, MKD_EXIT_TARGET, ENOENT,
				"cannot tell whether %s is in use: it is not in %s/dev/block; "
				"mount sysfs there",
				mkd_blockdev_name(host, dev, name), host->sys);
	if (mkd_blockdev_is_partition(host, dev)) {
		sys_path(host, dev, "../dev", path);
		if (!read_dev(path, &whole))
			return mkd_fail(err, MKD_EXIT_TARGET, ENOENT,
					"cannot find the disk that %s is on: '%s' says nothing",
					mkd_blockdev_name(host, dev, name), path);
	}
	*ret = whole;
	return 0;
}

/* The next name of a folder that is not "." or "..", NULL at its end. */
static const char *next_name(DIR *dir)
{
	for (struct dirent *d; (d = readdir(dir));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			return d->d_name;
	return NULL;
}

int mkd_blockdev_partitions(const struct mkd_host *host, dev_t dev, struct mkd_devset *set,
			    struct mkd_err *err)
{
	char path[PATH_BYTES], sub[PATH_BYTES + 512];
	cleanup(closedirp) DIR *dir = NULL;

	sys_path(host, dev, "", path);
	dir = opendir(path);
	if (!dir)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot read '%s'", path);
	for (const char *name; (name = next_name(dir));) {
		dev_t part = 0;
		int r;

		(void)snprintf(sub, sizeof(sub), "%s/%s/partition", path, name);
		if (access(sub, F_OK) != 0)
			continue;
		(void)snprintf(sub, sizeof(sub), "%s/%s/dev", path, name);
		if (!read_dev(sub, &part))
			continue;
		r = mkd_devset_add(set, part, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int mkd_blockdev_related(const struct mkd_host *host, dev_t dev, struct mkd_devset *set,
			 struct mkd_err *err)
{
	dev_t whole = dev;
	int r = mkd_blockdev_whole(host, dev, &whole, err);

	if (r == 0)
		r = mkd_devset_add(set, dev, err);
	if (r == 0)
		r = mkd_devset_add(set, whole, err);
	return r < 0 || whole != dev ? r : mkd_blockdev_partitions(host, dev, set, err);
}

/* Add the members of one dm or md device. */
static int add_slaves(const struct mkd_host *host, dev_t dev, struct mkd_devset *set,
		      struct mkd_err *err)
{
	char path[PATH_BYTES], sub[PATH_BYTES + 512];
	cleanup(closedirp) DIR *dir = NULL;
	int r = 0;

	sys_path(host, dev, "slaves", path);
	dir = opendir(path);
	for (const char *name; r == 0 && dir && (name = next_name(dir));) {
		dev_t below = 0;

		(void)snprintf(sub, sizeof(sub), "%s/%s/dev", path, name);
		if (read_dev(sub, &below))
			r = mkd_devset_add(set, below, err);
	}
	return r;
}

int mkd_blockdev_below(const struct mkd_host *host, dev_t dev, struct mkd_devset *set,
		       struct mkd_err *err)
{
	size_t at = set->n;
	int r = mkd_devset_add(set, dev, err);

	/* The set grows while it is walked, so every level is reached once and loops end. */
	for (; r == 0 && at < set->n; at++) {
		dev_t whole = 0;

		if (!known(host, set->dev[at]))
			continue;
		r = mkd_blockdev_whole(host, set->dev[at], &whole, err);
		if (r == 0)
			r = mkd_devset_add(set, whole, err);
		if (r == 0)
			r = add_slaves(host, set->dev[at], set, err);
	}
	return r;
}

bool mkd_blockdev_holder(const struct mkd_host *host, dev_t dev, char buf[static 256])
{
	char path[PATH_BYTES], sub[PATH_BYTES + 512], label[128];
	cleanup(closedirp) DIR *dir = NULL;
	const char *name;

	sys_path(host, dev, "holders", path);
	dir = opendir(path);
	name = dir ? next_name(dir) : NULL;
	if (!name)
		return false;
	(void)snprintf(sub, sizeof(sub), "%s/%s/dm/name", path, name);
	if (read_line(sub, label, sizeof(label)) && *label)
		(void)snprintf(buf, 256, "%.100s (%s)", name, label);
	else
		(void)snprintf(buf, 256, "%.100s", name);
	return true;
}

bool mkd_blockdev_can_discard(const struct mkd_host *host, dev_t dev)
{
	char path[PATH_BYTES], line[32];

	sys_path(host, dev,
		 mkd_blockdev_is_partition(host, dev) ? "../queue/discard_max_bytes"
						      : "queue/discard_max_bytes",
		 path);
	return read_line(path, line, sizeof(line)) && strtoull(line, NULL, 10) > 0;
}
