/* SPDX-License-Identifier: GPL-2.0-or-later */
/* roottest.h - what tests of facts and hooks on roots in memory share. */
#ifndef MKDOMU_ROOTTEST_H
#define MKDOMU_ROOTTEST_H

#include "mkdomu/hooks.h"
#include "test.h"
#include "tree_mem.h"

/* A root with /etc and what paths list: "FILE", "FILE = TEXT", "FOLDER/" or "LINK -> TARGET". */
struct mkd_tree *root_of(const char *const *paths);

/* Facts, then the hook called name, or all. ui may be NULL. */
int root_hook(struct mkd_tree *t, const struct mkd_guest *g, const char *name, struct test_ui *ui,
	      struct mkd_err *err);

/* The same, twice: what it says; fails the test when the second run changes anything. */
void root_hook_twice(struct mkd_tree *t, const struct mkd_guest *g, const char *name,
		     struct test_ui *ui);

void assert_text(struct mkd_tree *t, const char *path, const char *want);
void assert_link(struct mkd_tree *t, const char *path, const char *want);
/* These permissions, and root's. */
void assert_mode(struct mkd_tree *t, const char *path, mode_t want);
void assert_said(const struct test_ui *ui, const char *words);
void assert_unsaid(const struct test_ui *ui, const char *words);

typedef int edit_fn(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err);

/* in becomes want, and want stays as it is. */
void assert_edit(edit_fn *edit, const void *arg, const char *in, const char *want);

#endif
