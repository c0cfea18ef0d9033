/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * netfiles.h - the network model rendered for the guest's tools. A NIC is eth<devid>, a VLAN
 * eth<devid>.<id>. Pure; texts are appended to *ret.
 */
#ifndef MKDOMU_NETFILES_H
#define MKDOMU_NETFILES_H

#include "mkdomu/net.h"
#include "mkdomu/textedit.h"

/*
 * netifrc (net.example.Linux.in): values of config_, routes_, dns_servers_, dns_search_, mtu_ and
 * vlans_<name>, where the name is the interface's with '_' for '.'; "" = unset. Of the interface
 * at place i of the list.
 */
typedef void mkd_netifrc_render(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret);
mkd_netifrc_render mkd_netifrc_config, mkd_netifrc_routes, mkd_netifrc_dns, mkd_netifrc_search,
	mkd_netifrc_mtu, mkd_netifrc_vlans;

/* sysctl.conf(5) lines for what netifrc has no words for: router advertisements, no IPv6. */
void mkd_net_sysctl(const struct mkd_nic_list *list, struct mkd_buf *ret);

/* A systemd.network(5) file: a NIC is found by its MAC, whatever its name is, a VLAN by its name.
 */
void mkd_networkd_network(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret);
/* A systemd.netdev(5) file that makes a VLAN. */
void mkd_networkd_netdev(const struct mkd_nic *vlan, struct mkd_buf *ret);
/* A systemd.link(5) file that names the NIC eth<devid>. */
void mkd_networkd_link(const struct mkd_nic *nic, struct mkd_buf *ret);

/*
 * An editor of resolv.conf(5); arg is a struct mkd_nic_list. Its "nameserver" lines are those of
 * the NICs, each once, in their order; other ones are commented out. So are "search" and "domain"
 * lines where the NICs have domains to search. Other lines stay, and so does the text where the
 * NICs have neither. Always 0; memory that ran out sticks in *out.
 */
must_check int mkd_resolv_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);

struct mkd_interfaces {
	struct mkd_nic_list list;
	bool clear; /* only take out what others say of our NICs: a file that is included */
	bool cidr;  /* ADDR/PREFIX without a netmask: ifupdown-ng has one stanza for all */
	bool dhcp6; /* the method "inet6 dhcp" is known: Debian's ifupdown alone has it */
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
