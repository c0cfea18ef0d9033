/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inittab.h - logins in sysvinit's inittab(5): "id:runlevels:action:process". Pure. sysvinit reads
 * /etc/inittab and then /etc/inittab.d/<name>.tab; ids are unique across all of them.
 */
#ifndef MKDOMU_INITTAB_H
#define MKDOMU_INITTAB_H

#include "mkdomu/textedit.h"

/*
 * An editor (struct mkd_edit); arg is the getty's command for hvc0 (const char *), as
 * "/sbin/agetty -L 115200 hvc0 vt100". Active gettys on virtual terminals (ttyN), on serial ports
 * (ttySN, ttyAMAN) and on "console", which a PV guest's hvc0 is, are commented out; so are further
 * ones on hvc0. Without an active one on hvc0 a respawn line is added, with the runlevels of the
 * getty on tty1, behind the last serial getty, commented or not, or the last getty.
 *	-ENOSPC  no free id for the line (HOOK)
 */
must_check int mkd_inittab_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
				struct mkd_err *err);

/*
 * The same, arg a struct mkd_inittab: no id is taken that an active line of others has.
 *	-ENOSPC  no free id for the line (HOOK)
 */
struct mkd_inittab {
	const char *command;
	struct mkd_span others; /* the texts of /etc/inittab.d/<name>.tab, one after another */
};
must_check int mkd_inittab_edit_beside(struct mkd_span in, const void *arg, struct mkd_buf *out,
				       struct mkd_err *err);

/*
 * Likewise, but nothing is added; arg is a const bool *: false = the getty on hvc0 goes too.
 * Always 0.
 */
must_check int mkd_inittab_off(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);

/* Is there an active getty on hvc0? */
bool mkd_inittab_has_hvc0(struct mkd_span text);
/* Is there an initdefault line? Without one init asks for a runlevel at boot. */
bool mkd_inittab_has_default(struct mkd_span text);

#endif
