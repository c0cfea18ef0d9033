/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bbroot.h - a root that BusyBox's init starts: its applets, and what it does at boot. */
#ifndef MKDOMU_BBROOT_H
#define MKDOMU_BBROOT_H

#include "mkdomu/guestfile.h"

/*
 * The command for an applet in *ret, reset first: "/sbin/getty", or "/bin/busybox getty" where the
 * program has the applet without a link for it. False when there is none, or no memory.
 */
bool mkd_bb_applet(struct mkd_tree *t, const char *name, struct mkd_buf *ret);

/*
 * Let init run an applet with these arguments at boot (a "::sysinit:" line at the end of those in
 * /etc/inittab), unless something there names it already: an active line of inittab, or of a
 * script in /etc/init.d, /etc/rc.d or /etc/rcS.d. Without the applet nothing is done, with a
 * warning.
 *	-ENOENT  no /etc/inittab (HOOK)
 *	and mkd_guest_edit
 */
must_check int mkd_bb_at_boot(const struct mkd_guest_io *io, const char *applet, const char *args,
			      struct mkd_err *err);

#endif
