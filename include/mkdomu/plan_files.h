/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_files.h - the part of the plan about sources of kind "files". */
#ifndef MKDOMU_PLAN_FILES_H
#define MKDOMU_PLAN_FILES_H

#include "mkdomu/draft.h"

/*
 * Is all there that is needed?
 *	-EINVAL  a key is missing or contradicts another; the message says how to give it (USAGE)
 */
must_check int mkd_plan_files_check(const struct mkd_draft *j);

/*
 * Fill in folder, file and the like; "{arch}" and "{release}" in them become those values.
 *	-EINVAL  a name has characters that no file on a mirror has, an unknown {word}, or a
 *	         {release} without a release (USAGE)
 *	-ENOMEM
 *	and mkd_value_text
 */
must_check int mkd_plan_files(const struct mkd_draft *j);

#endif
