/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hosts.h - the guest's own name in hosts(5). Pure. */
#ifndef MKDOMU_HOSTS_H
#define MKDOMU_HOSTS_H

#include "mkdomu/textedit.h"

struct mkd_host {
	const char *address; /* "127.0.1.1" or the static one */
	const char *name;    /* with a domain or without */
};

/*
 * An editor; arg is a struct mkd_host. One line maps the address to the name (and to its part
 * before the first dot). A line of the address 127.0.1.1, which is for the own name alone, is
 * commented out when it names another host. An empty text gets the lines of localhost first.
 * Always 0; memory that ran out sticks in *out.
 */
must_check int mkd_hosts_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			      struct mkd_err *err);

#endif
