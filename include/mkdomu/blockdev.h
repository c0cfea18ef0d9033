/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockdev.h - what sysfs knows about block devices: which disk a partition is on, what is stacked
 * on top and below. Devices are compared by number, never by name (/dev/sdb1, /dev/sdb10).
 * Format: Documentation/ABI/{stable,testing}/sysfs-block of Linux.
 *
 * Where the kernel's and Xen's files are is a parameter, so that tests can show a machine with dm,
 * md or Xen on one that has none.
 */
#ifndef MKDOMU_BLOCKDEV_H
#define MKDOMU_BLOCKDEV_H

#include <sys/types.h>

#include "mkdomu/err.h"

/* All paths absolute, without a slash at the end. */
struct mkd_host {
	const char *sys;             /* "/sys" */
	const char *proc;            /* "/proc" */
	const char *dev;             /* "/dev" */
	const char *root;            /* "": put before "/" and "/boot" to find dom0's own disk */
	const char *xen_cfg;         /* "/etc/xen" */
	const char *xenstore_socket; /* "/run/xenstored/socket" */
	const char *xenbus;          /* "/dev/xen/xenbus" */
};

extern const struct mkd_host mkd_host_here;

#define MKD_DEVSET_MAX 320 /* a disk, its up to 256 partitions, and room */

struct mkd_devset {
	dev_t dev[MKD_DEVSET_MAX];
	size_t n;
};

bool mkd_devset_has(const struct mkd_devset *set, dev_t dev);
/*
 * Add unless it is there.
 *	-E2BIG   it is full (INTERNAL)
 */
must_check int mkd_devset_add(struct mkd_devset *set, dev_t dev, struct mkd_err *err);

/* "/dev/sdb10", or "block device 8:26" when sysfs does not know it. Returns buf. */
const char *mkd_blockdev_name(const struct mkd_host *host, dev_t dev, char buf[static 256]);

/*
 * The whole disk that dev is a partition of; dev itself when it is none.
 *	-ENOENT  sysfs does not know dev, so nothing about it can be checked (TARGET)
 */
must_check int mkd_blockdev_whole(const struct mkd_host *host, dev_t dev, dev_t *ret,
				  struct mkd_err *err);

/* Whether dev is a partition by sysfs. */
bool mkd_blockdev_is_partition(const struct mkd_host *host, dev_t dev);

/*
 * Add the partitions that the kernel has on the disk dev.
 *	other    of opendir(3) (TARGET)
 *	and mkd_devset_add
 */
must_check int mkd_blockdev_partitions(const struct mkd_host *host, dev_t dev,
				       struct mkd_devset *set, struct mkd_err *err);

/*
 * Add dev and all that shares its bytes: its partitions, and the disk it is on.
 *	and mkd_blockdev_whole, mkd_blockdev_partitions, mkd_devset_add
 */
must_check int mkd_blockdev_related(const struct mkd_host *host, dev_t dev, struct mkd_devset *set,
				    struct mkd_err *err);

/*
 * Add dev and everything below it: slaves of dm and md to any depth, and their whole disks.
 *	and mkd_blockdev_whole, mkd_devset_add
 */
must_check int mkd_blockdev_below(const struct mkd_host *host, dev_t dev, struct mkd_devset *set,
				  struct mkd_err *err);

/*
 * What the kernel stacks on dev (dm, md, bcache): true with "dm-0 (vg0-root)" in buf, else false.
 */
bool mkd_blockdev_holder(const struct mkd_host *host, dev_t dev, char buf[static 256]);

/* Whether the device under dev says that it can discard. */
bool mkd_blockdev_can_discard(const struct mkd_host *host, dev_t dev);

#endif
