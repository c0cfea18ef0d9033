/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devicetest.h - a new loop device as a target, for the tests of builder/disk that need root. */
#ifndef MKDOMU_DEVICETEST_H
#define MKDOMU_DEVICETEST_H

#include "disktest.h"

struct device {
	struct disk d;
	struct mkd_target_req req; /* for all of it, without force */
	struct mkd_target *t;      /* of device_begin or the test's own; device_end closes it */
	struct mkd_err err;
};

/* A new disk of DISK_BYTES over the file "d"; true, and the test is skipped, unless it can be. */
bool device_skip(struct device *x, void **state);

/* Not every loop device does: a limit that somebody once set stays until the next boot. */
bool device_discards(const struct disk *d);

/* Open the target and begin; both must work. */
void device_begin(struct device *x);

/* Close target and disk. */
void device_end(struct device *x);

struct mkd_target_req disk_request(const struct disk *d);

/* A GPT of one partition, for a disk of DISK_BYTES. */
void write_gpt(int fd);

#endif
