/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/modules.h"

#include "mkdomu/hooks.h"

int mkd_hook_modules(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_modules *m = c->guest->modules;
	const char *base = c->facts->merged_usr ? "/usr/lib/modules" : "/lib/modules";
	int r = mkd_modules_put(m, c->tree, base, err);

	if (r == 0)
		mkd_say(c->ui, MKD_INFO, "wrote '%s/%s': %zu files and folders of '%s'", base,
			m->version, m->n, m->dir);
	return r;
}
