/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_kernel.h - the part of the plan about the guest's kernel. */
#ifndef MKDOMU_PLAN_KERNEL_H
#define MKDOMU_PLAN_KERNEL_H

#include "mkdomu/draft.h"

/*
 * Whose kernel, and what belongs to it.
 *	-EINVAL  a relative file that is not here; a ramdisk without its kernel; the guest's own
 *	         kernel and one of dom0 (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_value_path
 */
must_check int mkd_plan_kernel(const struct mkd_draft *j);

/*
 * Where the guest's own goes; after cfg_path.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_value_path
 */
must_check int mkd_plan_kernel_dir(const struct mkd_draft *j);

#endif
