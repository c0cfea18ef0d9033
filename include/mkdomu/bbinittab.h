/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bbinittab.h - BusyBox init's /etc/inittab, "id:runlevels:action:process" as the help text of
 * init/init.c (BusyBox 1.36) has it: id is the terminal's name below /dev, empty is the console;
 * runlevels are ignored. Pure.
 */
#ifndef MKDOMU_BBINITTAB_H
#define MKDOMU_BBINITTAB_H

#include "mkdomu/textedit.h"

struct mkd_bbinittab {
	const char *getty; /* the command for hvc0, "/sbin/getty -L 115200 hvc0 vt100" */
	/* What is run at the end where no line says so, one command a line; NULL = nothing. */
	const char *shutdown;
};

/*
 * An editor; arg is a struct mkd_bbinittab. Lines that keep a login or a shell (actions respawn
 * and askfirst) on a virtual terminal, a serial port or the console, which a PV guest's hvc0 is,
 * are commented out; so are further ones on hvc0. Without one on hvc0 "hvc0::respawn:GETTY" is
 * added, behind the last such line on a serial port, commented or not, or the last of all. Without
 * a line of action shutdown, init would kill and reboot without unmounting: those of arg are added.
 * Always 0; memory that ran out sticks in *out.
 */
must_check int mkd_bbinittab_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
				  struct mkd_err *err);

/*
 * An editor; arg is a command (const char *). "::sysinit:COMMAND" is added behind the last line of
 * that action, unless there is one with the command.
 * Always 0; memory that ran out sticks in *out.
 */
must_check int mkd_bbinittab_sysinit(struct mkd_span in, const void *arg, struct mkd_buf *out,
				     struct mkd_err *err);

/* Is there an active login on hvc0? */
bool mkd_bbinittab_has_hvc0(struct mkd_span text);

#endif
