/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_disk.h - disks, their sizes and kinds, out of the settings; for plan.c. */
#ifndef MKDOMU_PLAN_DISK_H
#define MKDOMU_PLAN_DISK_H

#include "mkdomu/draft.h"

/* Errors: mkd_plan_make. */
must_check int mkd_plan_disks(const struct mkd_draft *j);

#endif
