/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenuse.h - guests that use a device or image: running ones by xenstore's backend tree, the others
 * by the xl configs under /etc/xen.
 * Sources: xen/io/xs_wire.h and docs/misc/xenstore.txt (4.17) for the protocol, xen/io/blkif.h and
 * tools/hotplug/Linux/block for backend/vbd/DOMID/DEVID/{physical-device,params}, xl.cfg(5) and
 * xl-disk-configuration(5) for the configs.
 */
#ifndef MKDOMU_XENUSE_H
#define MKDOMU_XENUSE_H

#include "mkdomu/inuse.h"

/*
 * Whether a running guest has it. The kernel's blkback opens devices without a claim, so O_EXCL
 * does not see that. xenstored is asked by its socket, else by /dev/xen/xenbus; where neither
 * exists this is no Xen host and the answer is no. One that is there and cannot be asked, or does
 * not answer within 2 seconds, leaves the question open: refused too.
 *	-EBUSY   a guest uses it: names it; or xenstored does not tell: says what to do (BUSY)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_xenuse_running(const struct mkd_subject *s, struct mkd_err *err);

/*
 * Whether a file in /etc/xen or /etc/xen/auto names the subject as a disk; *ret_config is its path
 * (the caller's), or NULL. Comments do not count. What cannot be read is passed over, and
 * so are hidden files.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_xenuse_config(const struct mkd_subject *s, char **ret_config,
				 struct mkd_err *err);

/*
 * Pure: the next name of a disk in the text of an xl config, from *pos on: an absolute path, or
 * what follows "phy:" (relative to /dev, as xl reads it). False at the end.
 */
bool mkd_xenuse_next_path(const char **pos, char ret[static 4096]);

/* Pure: "8:1a" as the block script writes it (hexadecimal major:minor); false if it is not. */
bool mkd_xenuse_parse_dev(const char *text, dev_t *ret);

#endif
