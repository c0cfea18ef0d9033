/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * firstboot.h - scripts that a guest runs once, late in its first boot. They lie in
 * /usr/lib/mkdomu/firstboot.d; /usr/lib/mkdomu/firstboot moves each to firstboot.done and runs it,
 * in the order of the names, with its output in /var/log/mkdomu-firstboot.log.
 */
#ifndef MKDOMU_FIRSTBOOT_H
#define MKDOMU_FIRSTBOOT_H

#include "mkdomu/guestfile.h"

struct mkd_firstboot {
	unsigned number;  /* of the order, from 1 */
	const char *name; /* of the script; what is unfit for a file's name becomes '-' */
	const void *text;
	size_t len;
};

/*
 * Put a script there, and what runs them: a systemd unit, an OpenRC service, links in Debian's
 * /etc/rc?.d, a script for BusyBox's /etc/init.d/rcS, or a line in runit's /etc/rc.local.
 *	-ENOTSUP  none of these is in the root (HOOK)
 *	and mkd_asprintf, mkd_guest_write, mkd_guest_edit, mkd_guest_link, mkd_unit_enable,
 *mkd_runlevel_add, mkd_tree_mkdirs, mkd_tree_chmod
 */
must_check int mkd_firstboot_add(const struct mkd_guest_io *io, const struct mkd_facts *facts,
				 const struct mkd_firstboot *s, struct mkd_err *err);

#endif
