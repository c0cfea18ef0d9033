/* SPDX-License-Identifier: GPL-2.0-or-later */
/* options.h - the command line, into settings whose origins are "--OPTION". */
#ifndef MKDOMU_OPTIONS_H
#define MKDOMU_OPTIONS_H

#include "mkdomu/settings.h"

/* Zero-initialise; release with mkd_options_free. */
struct mkd_options {
	struct mkd_settings settings;
	const char *profile; /* borrowed from argv; NULL = not given */
	bool dry_run, quiet, verbose, help, version;
};

/*
 * Options are "--name VALUE" or "--name=VALUE", in full (an abbreviation would change its meaning
 * when an option is added), and -h -n -q -v -V. The word "build" may come first. argv stays as it
 * is. With --help or --version nothing more is checked. Not thread-safe: getopt_long(3).
 *	-EINVAL  unknown option (the nearest is named), missing or unwanted value, an operand,
 *	         --quiet with --verbose (USAGE)
 *	-EEXIST  an option that is no list is given twice (USAGE)   -ENOMEM
 */
must_check int mkd_options_parse(int argc, char **argv, struct mkd_options *ret,
				 struct mkd_err *err);

/* The text of --help, up to 80 columns. */
void mkd_options_help(struct mkd_buf *ret);

/* One line of it: "  left", then text in a column of its own, wrapped. For other helps. */
void mkd_options_help_line(struct mkd_buf *ret, const char *left, const char *text);

void mkd_options_free(struct mkd_options *o);

#endif
