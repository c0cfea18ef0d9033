/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_source.h - where the root file system comes from, out of the settings; for plan.c. */
#ifndef MKDOMU_PLAN_SOURCE_H
#define MKDOMU_PLAN_SOURCE_H

#include "mkdomu/draft.h"

/* Errors: mkd_plan_make. */
must_check int mkd_plan_source(const struct mkd_draft *j);

#endif
