/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.h - the nearest known word to a mistyped one, for "did you mean 'x'?". Pure. */
#ifndef MKDOMU_SUGGEST_H
#define MKDOMU_SUGGEST_H

#include "mkdomu/base.h"

/* Zero-initialise but for word; offer every candidate, then read best. Words over 64 bytes are
 * never near anything. */
struct mkd_suggest {
	const char *word;
	const char *best; /* borrowed from the candidates; NULL = nothing is near */
	unsigned distance;
};

/*
 * The number of insertions, deletions, replacements and swaps of neighbours that turn a into b
 * (optimal string alignment), where '_' equals '-' and case does not count.
 */
unsigned mkd_suggest_distance(const char *a, const char *b);

/* Keep candidate when it is near enough (a third of the word's length, at least 1) and nearer than
 * what was offered before. */
void mkd_suggest_offer(struct mkd_suggest *s, const char *candidate);

/* "; did you mean '<prefix><best>'?" or ""; returns buf. */
const char *mkd_suggest_text(const struct mkd_suggest *s, const char *prefix, char buf[static 112]);

#endif
