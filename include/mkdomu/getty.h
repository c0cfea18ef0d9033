/* SPDX-License-Identifier: GPL-2.0-or-later */
/* getty.h - the terminals that logins are on, by the words of a getty's command. Pure. */
#ifndef MKDOMU_GETTY_H
#define MKDOMU_GETTY_H

#include "mkdomu/textedit.h"

enum mkd_port {
	MKD_PORT_NONE,
	MKD_PORT_VIRTUAL, /* ttyN: not there in a PV guest without a framebuffer */
	MKD_PORT_SERIAL,  /* ttySN, ttyAMAN: likewise */
	MKD_PORT_CONSOLE, /* what "console=" names: hvc0 */
	MKD_PORT_HVC0,
};

/* Is s prefix and a number? */
bool mkd_span_numbered(struct mkd_span s, const char *prefix);

/* Of "tty1", "/dev/tty1", ... */
enum mkd_port mkd_port_of(struct mkd_span word);

/* agetty, getty, mingetty, mgetty, ... by whatever path. */
bool mkd_is_getty(struct mkd_span program);

/* The first port that the command of a getty names; MKD_PORT_NONE also when it is no getty. */
enum mkd_port mkd_getty_port(struct mkd_span process);

#endif
