/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hooks.h"

#include "mkdomu/shellvar.h"

/*
 * A PV guest has no hardware clock; the kernel takes the time from Xen. OpenRC has a word for it:
 * services that need a clock or a keyboard have "keyword -xenu". systemd looks by itself, Debian's
 * hwclock.sh sets the clock at shutdown alone and goes by without one: nothing to do for both.
 */
int mkd_hook_clock(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const struct mkd_shellvar sys = { "rc_sys", "xenU" }, utc = { "clock", "UTC" };
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = mkd_guest_edit(&io, "/etc/rc.conf", 0644,
			       (struct mkd_edit){ mkd_shellvar_edit, &sys }, err);

	if (r == 0 && mkd_tree_exists(c->tree, "/etc/conf.d/hwclock"))
		r = mkd_guest_edit(&io, "/etc/conf.d/hwclock", 0,
				   (struct mkd_edit){ mkd_shellvar_edit, &utc }, err);
	return r;
}
