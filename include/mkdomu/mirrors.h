/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mirrors.h - asks one mirror after the other until one gives what is wanted. */
#ifndef MKDOMU_MIRRORS_H
#define MKDOMU_MIRRORS_H

#include "mkdomu/source.h"

/* Get it from this mirror; errors of class NET and VERIFY are the mirror's fault. */
typedef int mkd_mirror_fn(const void *arg, const char *mirror, struct mkd_source *ret,
			  struct mkd_err *err);

/*
 * what is for messages. A wrong file weighs more than a mirror that cannot be reached.
 *	-EHOSTUNREACH  none has it (NET)
 *	other          of visit: that of the first which is no mirror's fault, else of the worst
 */
must_check int mkd_mirrors_ask(const struct mkd_source_req *req, const char *what,
			       mkd_mirror_fn *visit, const void *arg, struct mkd_source *ret,
			       struct mkd_err *err);

#endif
