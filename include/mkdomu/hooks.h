/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hooks.h - the hooks' functions, for their table in hooks/registry.c. */
#ifndef MKDOMU_HOOKS_H
#define MKDOMU_HOOKS_H

#include "mkdomu/guestfile.h"
#include "mkdomu/hook.h"

int mkd_hook_console(const struct mkd_hook_ctx *c, struct mkd_err *err);
int mkd_hook_fstab(const struct mkd_hook_ctx *c, struct mkd_err *err);
int mkd_hook_network(const struct mkd_hook_ctx *c, struct mkd_err *err);
int mkd_hook_hostname(const struct mkd_hook_ctx *c, struct mkd_err *err);
int mkd_hook_clock(const struct mkd_hook_ctx *c, struct mkd_err *err);
int mkd_hook_identity(const struct mkd_hook_ctx *c, struct mkd_err *err);
int mkd_hook_access(const struct mkd_hook_ctx *c, struct mkd_err *err);

static inline struct mkd_guest_io mkd_hook_io(const struct mkd_hook_ctx *c)
{
	return (struct mkd_guest_io){ c->tree, c->ui };
}

#endif
