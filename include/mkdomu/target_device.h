/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_device.h - the block device half of target.h; what each call promises is said there.
 *
 * Open holds two fds to the end: the device, O_EXCL, so that nobody can mount it, and its whole
 * disk, locked. Begin wipes every signature and the outer MiB, then zeroes the rest where the
 * device can do that by itself (FALLOC_FL_PUNCH_HOLE: zeros are guaranteed, nothing is written by
 * hand), else only hints by BLKDISCARD. Close without publish wipes again.
 */
#ifndef MKDOMU_TARGET_DEVICE_H
#define MKDOMU_TARGET_DEVICE_H

#include "mkdomu/blockdev.h"
#include "mkdomu/target.h"

struct mkd_device;

/*
 * Errors: mkd_target_probe.
 * Errors: mkd_target_open.
 * Errors: mkd_target_begin.
 * Errors: mkd_target_prepare.
 */
must_check int mkd_device_probe(const struct mkd_host *host, const struct mkd_target_req *req,
				struct mkd_target_info *ret, struct mkd_err *err);
must_check int mkd_device_open(const struct mkd_host *host, const struct mkd_target_req *req,
			       struct mkd_device **ret, struct mkd_err *err);
must_check int mkd_device_begin(struct mkd_device *d, struct mkd_err *err);
int mkd_device_fd(const struct mkd_device *d);
const struct mkd_target_info *mkd_device_info(const struct mkd_device *d);
bool mkd_device_zeroed(const struct mkd_device *d);
must_check int mkd_device_prepare(struct mkd_device *d, struct mkd_err *err);
void mkd_device_commit(struct mkd_device *d);
void mkd_device_revert(struct mkd_device *d);
void mkd_device_close(struct mkd_device *d);

#endif
