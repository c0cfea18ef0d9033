/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * disklock.h - one writer at a time. Locks are held by an open fd, so a killed process leaves none.
 *
 * Devices: flock(2) on the node of the whole disk, the convention of
 * systemd.io/BLOCK_DEVICE_LOCKING that udev, sfdisk and mkfs know: while it is held exclusively
 * udev does not probe the disk. Two targets of one process on one disk (root and swap partitions)
 * share the lock.
 *
 * Images: there may be no file to lock yet, a lock file would be left behind, and a lock on the
 * folder would stop unrelated builds. So an abstract unix(7) socket is bound whose name is made of
 * the folder's device and inode numbers and a hash of the image's name. All users of one network
 * namespace exclude each other; across namespaces or hosts two builds may run at once, and the
 * renames at the end still give one of them whole.
 */
#ifndef MKDOMU_DISKLOCK_H
#define MKDOMU_DISKLOCK_H

#include "mkdomu/blockdev.h"

enum mkd_disklock_mode { MKD_LOCK_LOOK, MKD_LOCK_HOLD }; /* LOCK_SH, LOCK_EX */

/*
 * Lock the whole disk of dev; waits up to 3 seconds, for udev takes short locks of its own.
 * node is the target's path, name what messages call it. *ret_fd is the caller's; closing unlocks.
 *	-EBUSY   another program holds it (BUSY)
 *	-EINTR   a signal (mkd_check_signal)
 *	-ENOENT  the disk has no node (TARGET)
 *	other    of open(2), flock(2) (TARGET)
 *	and mkd_blockdev_whole, mkd_check_signal
 */
must_check int mkd_disklock_device(const struct mkd_host *host, dev_t dev, const char *node,
				   enum mkd_disklock_mode mode, int *ret_fd, struct mkd_err *err);

/*
 * Lock the name of an image in the folder dirfd; path is for messages.
 *	-EBUSY  another mkdomu writes it (BUSY)
 *	other    of socket(2), bind(2) (IO)
 */
must_check int mkd_disklock_image(int dirfd, const char *name, const char *path, int *ret_fd,
				  struct mkd_err *err);

#endif
