/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netfiles.h - the network model rendered for the guest's tools. NIC n of the list is eth<n>.
 * Pure; texts are appended to *ret.
 */
#ifndef MKDOMU_NETFILES_H
#define MKDOMU_NETFILES_H

#include "mkdomu/net.h"
#include "mkdomu/textedit.h"

struct mkd_nic_list {
	const struct mkd_nic *nics;
	size_t n;
};

/* netifrc (net.example.Linux.in): values of config_, routes_ and dns_servers_eth<n>; "" = unset. */
void mkd_netifrc_config(const struct mkd_nic *nic, struct mkd_buf *ret);
void mkd_netifrc_routes(const struct mkd_nic *nic, struct mkd_buf *ret);
void mkd_netifrc_dns(const struct mkd_nic *nic, struct mkd_buf *ret);

/* A systemd.network(5) file for the NIC, found by its MAC, whatever its name is. */
void mkd_networkd_network(const struct mkd_nic *nic, struct mkd_buf *ret);
/* A systemd.link(5) file that names the NIC eth<devid>. */
void mkd_networkd_link(const struct mkd_nic *nic, size_t devid, struct mkd_buf *ret);

/*
 * An editor of resolv.conf(5); arg is a struct mkd_nic_list. Its "nameserver" lines are those of
 * the NICs, each once, in their order; other ones are commented out; search and options stay.
 * Without any resolver the text stays as it is.
 * Always 0; memory that ran out sticks in *out.
 */
must_check int mkd_resolv_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);

struct mkd_interfaces {
	struct mkd_nic_list list;
	bool clear; /* only take out what others say of our NICs: a file that is included */
};

/*
 * An editor of ifupdown's interfaces(5), also read by BusyBox (which wants a netmask beside the
 * address and one stanza a family); arg is a struct mkd_interfaces. Ours is between two marker
 * lines and is replaced there. What else names our NICs is commented out; other interfaces stay.
 *	-EINVAL  a first marker without the second (HOOK)
 */
must_check int mkd_interfaces_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
				   struct mkd_err *err);

#endif
