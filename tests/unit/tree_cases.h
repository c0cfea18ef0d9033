/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree_cases.h - what every tree must do, whatever holds it; one suite, run on each back end. */
#ifndef MKDOMU_TREE_CASES_H
#define MKDOMU_TREE_CASES_H

#include "mkdomu/tree.h"

/* The tree that the cases start from; the fifo "/fifo" and /dev/sda are the back end's to make. */
void tree_cases_seed(struct mkd_tree *t);

/* Each documented errno, by a table; nothing may have changed afterwards. */
void tree_cases_refusals(struct mkd_tree *t);
/* What works, step by step. */
void tree_cases_edits(struct mkd_tree *t);
/* What a hostile guest may have made of /etc: no path leads out of the root. */
void tree_cases_symlinks(struct mkd_tree *t);

#endif
