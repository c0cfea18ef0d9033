/* SPDX-License-Identifier: GPL-2.0-or-later */
/* verbs.h - what mkdomu does beside building: "mkdomu VERB ...", one .c file each. */
#ifndef MKDOMU_VERBS_H
#define MKDOMU_VERBS_H

#include "mkdomu/buf.h"
#include "mkdomu/console.h"

struct mkd_verb {
	const char *name;
	/*
	 * argv[0] is the verb. Sets up the console by its own --quiet and --verbose. *ret gets
	 * what goes to standard output, also on failure: what was found until then.
	 */
	int (*run)(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		   struct mkd_err *err);
};

/* By the first argument; NULL = none of them: a build. */
const struct mkd_verb *mkd_verb_find(int argc, char **argv);

int mkd_verb_digest(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		    struct mkd_err *err);
int mkd_verb_facts(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		   struct mkd_err *err);
int mkd_verb_profiles(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		      struct mkd_err *err);
int mkd_verb_hooks(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		   struct mkd_err *err);
int mkd_verb_verify(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		    struct mkd_err *err);

#endif
