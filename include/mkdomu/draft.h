/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draft.h - a plan in the making, and how its parts take a setting; for plan*.c. */
#ifndef MKDOMU_DRAFT_H
#define MKDOMU_DRAFT_H

#include "mkdomu/plan.h"
#include "mkdomu/values.h"

struct mkd_draft {
	const struct mkd_settings *s;
	struct mkd_plan *p;
	struct mkd_err *err;
};

const char *mkd_draft_get(const struct mkd_draft *j, enum mkd_key key);
const char *mkd_draft_origin(const struct mkd_draft *j, enum mkd_key key);
/* Was it given on the command line, not in a profile? */
bool mkd_draft_from_option(const struct mkd_draft *j, enum mkd_key key);

/* "cannot use '<origin>': <why>", -EINVAL (USAGE) */
must_check int mkd_draft_clash(const struct mkd_draft *j, enum mkd_key key, const char *why);

/* Copy text into the plan's pool. -ENOMEM */
must_check int mkd_draft_keep(const struct mkd_draft *j, const char *text, const char **ret);

/*
 * The setting, kept, or def (which may be NULL).
 *	and mkd_value_text, mkd_draft_keep
 */
must_check int mkd_draft_text(const struct mkd_draft *j, enum mkd_key key, const char *def,
			      const char **ret);
/*
 * One of choices (constants, the first is the default, NULL ends).
 *	and mkd_value_choice
 */
must_check int mkd_draft_choice(const struct mkd_draft *j, enum mkd_key key,
				const char *const *choices, const char **ret);
/*
 * A number, or def.
 *	and mkd_value_count
 */
must_check int mkd_draft_count(const struct mkd_draft *j, enum mkd_key key,
			       const struct mkd_value_range *range, unsigned def, unsigned *ret);

#endif
