/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/draft.h"

#include <errno.h>
#include <string.h>

const char *mkd_draft_get(const struct mkd_draft *j, enum mkd_key key)
{
	return mkd_settings_get(j->s, key);
}

const char *mkd_draft_origin(const struct mkd_draft *j, enum mkd_key key)
{
	return mkd_settings_origin(j->s, key);
}

bool mkd_draft_from_option(const struct mkd_draft *j, enum mkd_key key)
{
	return strncmp(mkd_draft_origin(j, key), "--", 2) == 0;
}

int mkd_draft_clash(const struct mkd_draft *j, enum mkd_key key, const char *why)
{
	return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL, "cannot use '%s': %s",
			mkd_draft_origin(j, key), why);
}

int mkd_draft_keep(const struct mkd_draft *j, const char *text, const char **ret)
{
	int r = mkd_strv_add(&j->p->pool, text, j->err);

	if (r == 0)
		*ret = j->p->pool.v[j->p->pool.n - 1];
	return r;
}

int mkd_draft_text(const struct mkd_draft *j, enum mkd_key key, const char *def, const char **ret)
{
	const char *value = mkd_draft_get(j, key);
	int r = value ? mkd_value_text(value, mkd_draft_origin(j, key), 4000, j->err) : 0;

	if (r < 0)
		return r;
	if (!value)
		value = def;
	return value ? mkd_draft_keep(j, value, ret) : 0;
}

int mkd_draft_choice(const struct mkd_draft *j, enum mkd_key key, const char *const *choices,
		     const char **ret)
{
	const char *value = mkd_draft_get(j, key);
	size_t i = 0; /* the first is the default */
	int r = value ? mkd_value_choice(value, mkd_draft_origin(j, key), choices, &i, j->err) : 0;

	if (r == 0)
		*ret = choices[i];
	return r;
}

int mkd_draft_count(const struct mkd_draft *j, enum mkd_key key,
		    const struct mkd_value_range *range, unsigned def, unsigned *ret)
{
	const char *value = mkd_draft_get(j, key);

	*ret = def;
	return value ? mkd_value_count(value, mkd_draft_origin(j, key), range, ret, j->err) : 0;
}
