/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netpick.h - which of a root's network tools is used, and the others kept off its interfaces. A
 * service is known by the link that starts it: in OpenRC's runlevels, systemd's *.wants, the rc?.d
 * of sysvinit, the runsvdir of runit.
 */
#ifndef MKDOMU_NETPICK_H
#define MKDOMU_NETPICK_H

#include "mkdomu/guestfile.h"
#include "mkdomu/netfiles.h"

/*
 * The paths of the links that start a service ("dhcpcd"), which are added to *ret.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_service_links(struct mkd_tree *t, const char *service, struct mkd_strv *ret,
				 struct mkd_err *err);

/*
 * Remove those links; where sysvinit looks, a K link takes the place, so that the service's
 * package does not put it back.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_tree_remove, mkd_guest_link
 */
must_check int mkd_service_off(const struct mkd_guest_io *io, const char *service,
			       struct mkd_err *err);

/*
 * The tool to use: the first of networkd, NetworkManager, ifupdown-ng, netifrc, ifupdown and dhcpcd
 * that is installed and enabled and can do what the interfaces need; when none is enabled, that of
 * the facts; else one that is installed. MKD_NET_UNKNOWN when there is none.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_netpick(struct mkd_tree *t, const struct mkd_facts *f,
			   const struct mkd_nic_list *list, enum mkd_netcfg *ret,
			   struct mkd_err *err);

#endif
