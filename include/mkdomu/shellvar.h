/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shellvar.h - KEY="value" files that a POSIX shell sources: os-release(5), OpenRC's rc.conf and
 * conf.d. Quotes are followed across lines, so that text inside another value is never mistaken
 * for an assignment. Pure.
 */
#ifndef MKDOMU_SHELLVAR_H
#define MKDOMU_SHELLVAR_H

#include "mkdomu/textedit.h"

struct mkd_shellvar {
	const char *key;
	const char *value; /* NULL = no such assignment shall be in force */
};

/*
 * The value of the last plain assignment to key (at the start of a line, alone on it, quotes
 * removed, nothing expanded) into *ret, which is reset first. False when there is none.
 */
bool mkd_shellvar_get(struct mkd_span text, const char *key, struct mkd_buf *ret);

/*
 * An editor (struct mkd_edit); arg is a struct mkd_shellvar. An assignment with another value is
 * commented out and ours put behind it; a first commented-out one ("#key=...") is replaced in
 * place; else ours is added at the end.
 *	-EINVAL  a quote is not closed; the line it starts at is named (HOOK)
 */
must_check int mkd_shellvar_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
				 struct mkd_err *err);

#endif
