/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xl.h - renders a domU config for xl. Pure. Format: xl.cfg(5), xl-disk-configuration(5) and
 * xl-network-configuration(5) of Xen 4.17 to 4.20; tests re-read it with libxlutil.
 */
#ifndef MKDOMU_XL_H
#define MKDOMU_XL_H

#include "mkdomu/buf.h"

struct mkd_xl_disk {
	const char *vdev;   /* "xvda1" */
	const char *target; /* absolute path in dom0, of a raw image or a block device */
};

struct mkd_xl_vif {
	const char *mac;    /* "00:16:3e:..." */
	const char *bridge; /* NULL or "" = xl's default */
	/* IPv4 addresses with a blank between two, informational, for anti-spoofing scripts;
	 * NULL = none. Without prefix lengths: the scripts would let the whole network through. */
	const char *ip;
	unsigned mtu; /* bytes; 0 = the bridge's; xl knows it from 4.15 on */
};

struct mkd_xl_domain {
	const char *comment;            /* lines put on top behind "# "; NULL = none */
	const char *name, *uuid, *type; /* type: "pv", "pvh" */
	const char *kernel, *ramdisk;   /* absolute paths in dom0; ramdisk may be NULL */
	const char *cmdline;            /* of the guest's kernel; NULL or "" = not written */
	unsigned memory_mib, maxmem_mib, vcpus; /* maxmem 0 = not written */
	const struct mkd_xl_disk *disks;
	size_t n_disks;
	const struct mkd_xl_vif *vifs;
	size_t n_vifs;
	const char *on_poweroff, *on_reboot, *on_crash; /* NULL = xl's default */
};

/*
 * Append the config to ret, which is untouched on failure. The keys come in a fixed order; the
 * text ends with a newline; "name = ..." stands alone on its line from column 0, as the
 * xendomains scripts look for it.
 *	-EINVAL  a value that the format cannot carry (double quote, backslash, control character;
 *	         in a list also what separates its parts), an unknown action or type, a relative
 *	         path, a number out of range, two disks of one name; the message names the key
 *	         (USAGE)
 *	-ENOMEM
 */
must_check int mkd_xl_render(const struct mkd_xl_domain *d, struct mkd_buf *ret,
			     struct mkd_err *err);

#endif
