/* SPDX-License-Identifier: GPL-2.0-or-later */
/* edittest.h - what the tests of the pure editors of a guest's files share. */
#ifndef MKDOMU_EDITTEST_H
#define MKDOMU_EDITTEST_H

#include "roottest.h"

#define GETTY "/sbin/agetty -L 115200 hvc0 vt100"

/* One with addresses, one with DHCP, one with neither. */
extern const struct mkd_nic edit_nics[3];

/* The editor refuses in, with MKD_EXIT_HOOK. */
void assert_edit_fails(edit_fn *edit, const void *arg, const char *in, int code, const char *words);

#endif
