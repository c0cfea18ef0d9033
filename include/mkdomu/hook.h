/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hook.h - built-in hooks and their runner. A hook edits the guest's own files through a tree,
 * driven by facts. It is idempotent, parses what it edits, leaves the rest of a file alone, and
 * checks what it wrote.
 */
#ifndef MKDOMU_HOOK_H
#define MKDOMU_HOOK_H

#include "mkdomu/facts.h"
#include "mkdomu/guest.h"
#include "mkdomu/ui.h"

struct mkd_hook_ctx {
	struct mkd_tree *tree;
	const struct mkd_facts *facts;
	const struct mkd_guest *guest;
	struct mkd_ui *ui;
};

struct mkd_hook {
	const char *name;    /* "console" */
	const char *summary; /* one line: what it does */
	const char *files;   /* what it may touch, blank-separated */
	/* NULL = always. False = nothing to do here, said with --verbose. */
	bool (*applies)(const struct mkd_hook_ctx *c);
	/* 0, or negative errno with *err set, class HOOK. */
	int (*apply)(const struct mkd_hook_ctx *c, struct mkd_err *err);
};

/* All built-in hooks, in the order in which they run; ends with a NULL name. hooks/registry.c. */
extern const struct mkd_hook mkd_hooks[];

/* When this one applies, in words. hooks/registry.c. */
const char *mkd_hook_when(const struct mkd_hook *h);

/* By name, or NULL. */
const struct mkd_hook *mkd_hook_find(const struct mkd_hook *table, const char *name);

/*
 * Run those of table that names lists, in the table's order. Each error is wrapped with the hook's
 * name.
 *	-ENOENT  names has one that is not in the table; those that are get listed (USAGE)
 *	other    of the hook
 */
must_check int mkd_hooks_run(const struct mkd_hook *table, const struct mkd_strv *names,
			     const struct mkd_hook_ctx *c, struct mkd_err *err);

#endif
