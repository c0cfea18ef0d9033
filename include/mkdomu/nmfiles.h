/* SPDX-License-Identifier: GPL-2.0-or-later */
/* nmfiles.h - the network model rendered for NetworkManager and dhcpcd. Pure. */
#ifndef MKDOMU_NMFILES_H
#define MKDOMU_NMFILES_H

#include "mkdomu/netfiles.h"

/*
 * A keyfile, nm-settings-keyfile(5), of a NIC, found by its MAC, or of a VLAN. To be written with
 * mode 0600: NetworkManager ignores others. Without a uuid= it makes one from the file's name.
 */
void mkd_nm_keyfile(const struct mkd_nic *nic, struct mkd_buf *ret);

/* A file for NetworkManager.conf(5)'s conf.d that leaves the interfaces alone. */
void mkd_nm_unmanaged(const struct mkd_nic_list *list, struct mkd_buf *ret);

/* What the interfaces need and dhcpcd.conf(5) has no words for ("a VLAN"), or NULL. */
const char *mkd_dhcpcd_lacks(const struct mkd_nic_list *list);

/*
 * An editor of dhcpcd.conf(5); arg is a struct mkd_nic_list. Ours is between two marker lines and
 * is replaced there, at the end otherwise, since an "interface" line holds up to the next one.
 * Others' blocks of our interfaces are commented out.
 *	-EINVAL  a first marker without the second (HOOK)
 */
must_check int mkd_dhcpcd_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);

#endif
