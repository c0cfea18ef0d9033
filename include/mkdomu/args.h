/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * args.h - the command line of a verb, such as "mkdomu digest", by a table. As strict as that of
 * the build (options.h): names in full, each once, no value where none is wanted.
 */
#ifndef MKDOMU_ARGS_H
#define MKDOMU_ARGS_H

#include "mkdomu/buf.h"

struct mkd_arg {
	const char *name; /* without "--" */
	char letter;      /* of a switch: 'q' for -q too; 0 = none */
	const char *arg;  /* metavariable for the help; NULL = a switch */
	const char *help;
	const char **value; /* of an option, borrowed from argv; NULL before = not given */
	bool *on;           /* of a switch; repeating it is no mistake */
};

struct mkd_args {
	const char *verb; /* for messages */
	const struct mkd_arg *table;
	size_t n;
	const char **operands; /* room for max_operands, borrowed from argv */
	size_t max_operands;
	size_t n_operands; /* set */
};

/*
 * argv[0] is not looked at. Behind "--" all are operands.
 *	-EINVAL  unknown option (the nearest is named), a missing or unwanted value, too many
 *	         operands (USAGE)
 *	-EEXIST  an option is given twice (USAGE)
 */
must_check int mkd_args_parse(struct mkd_args *a, int argc, char **argv, struct mkd_err *err);

/* "  --name ARG   help", wrapped to 80 columns, as mkd_options_help does. */
void mkd_args_help(const struct mkd_args *a, struct mkd_buf *ret);

/* "1".."256", or NULL for 0: as the option --threads. -EINVAL (USAGE) */
must_check int mkd_args_threads(const char *text, unsigned *ret, struct mkd_err *err);

#endif
