/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hook.h"

#include <errno.h>
#include <string.h>

const struct mkd_hook *mkd_hook_find(const struct mkd_hook *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static int unknown(const struct mkd_hook *table, const char *name, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf list = { 0 };

	for (; table->name; table++)
		mkd_buf_printf(&list, "%s%s", list.len ? ", " : "", table->name);
	return mkd_fail(err, MKD_EXIT_USAGE, ENOENT, "there is no hook '%s'; there are: %s", name,
			mkd_buf_cstr(&list));
}

static int run_one(const struct mkd_hook *h, const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r;

	if (h->applies && !h->applies(c)) {
		mkd_say(c->ui, MKD_DEBUG, "hook '%s' has nothing to do here", h->name);
		return 0;
	}
	mkd_say(c->ui, MKD_DEBUG, "hook '%s': %s", h->name, h->summary);
	r = h->apply(c, err);
	/* A signal is not the hook's doing: its message stays as it is. */
	return r < 0 && r != -EINTR ? mkd_wrap(err, "hook '%s'", h->name) : r;
}

int mkd_hooks_run(const struct mkd_hook *table, const struct mkd_strv *names,
		  const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r;

	for (size_t i = 0; i < names->n; i++)
		if (!mkd_hook_find(table, names->v[i]))
			return unknown(table, names->v[i], err);
	for (; table->name; table++) {
		if (!mkd_strv_has(names, table->name))
			continue;
		r = mkd_check_signal(err);
		if (r == 0)
			r = run_one(table, c, err);
		if (r < 0)
			return r;
	}
	return 0;
}
