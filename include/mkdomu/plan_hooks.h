/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_hooks.h - the part of the plan that says which hooks run. */
#ifndef MKDOMU_PLAN_HOOKS_H
#define MKDOMU_PLAN_HOOKS_H

#include "mkdomu/draft.h"

/*
 * Fill in the names and paths of the hooks, from the profile's list, the options that add one or
 * leave one out, and those that need one.
 * Errors: mkd_plan_make.
 */
must_check int mkd_plan_hooks(const struct mkd_draft *j);

#endif
