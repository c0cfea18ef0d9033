/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.h - the network model: what the user asked for, parsed and checked once. xl.cfg's vif= and
 * every guest's network files are renderings of it.
 */
#ifndef MKDOMU_NET_H
#define MKDOMU_NET_H

#include "mkdomu/addr.h"
#include "mkdomu/buf.h"

#define MKD_NIC_ADDRS  8
#define MKD_NIC_SEARCH 6 /* resolv.conf(5) of a glibc before 2.26 takes no more */
#define MKD_NICS       8
#define MKD_IFACES     16 /* NICs and the VLANs on them */

#define MKD_DOMAIN_LEN  253 /* RFC 1035, without the dot at the end */
#define MKD_IFNAME_SIZE 16  /* IFNAMSIZ */

enum mkd_ip6 {
	MKD_IP6_LEFT, /* not said: see mkd_nic_takes_ra */
	MKD_IP6_AUTO, /* by router advertisements (SLAAC) */
	MKD_IP6_DHCP, /* by DHCPv6; the routes by router advertisements */
	MKD_IP6_NONE, /* no IPv6 at all */
};

struct mkd_route {
	struct mkd_addr to; /* a network, with its prefix */
	struct mkd_addr via;
};

/*
 * One network interface of the guest: a NIC, or a VLAN on one. In a list, the VLANs of a NIC come
 * behind it; they have its devid, mac and bridge.
 */
struct mkd_nic {
	unsigned vlan; /* 802.1Q id 1..4094; 0 = a NIC */
	size_t devid;  /* of the NIC: xl's vif index, the guest's eth<devid> */
	uint8_t mac[6];
	bool mac_given;  /* else derived from the seed later, see identity.h */
	char bridge[16]; /* dom0's; up to 15 bytes (IFNAMSIZ), "" = xl's default */
	unsigned mtu;    /* bytes; 0 = not said */
	bool dhcp;       /* IPv4 by DHCP */
	bool no_ip4;     /* asked for no IPv4 */
	enum mkd_ip6 ip6;
	struct mkd_addr addrs[MKD_NIC_ADDRS];
	size_t n_addrs;
	struct mkd_addr gateways[2]; /* at most one a family */
	size_t n_gateways;
	struct mkd_route routes[MKD_NIC_ADDRS];
	size_t n_routes;
	struct mkd_addr dns[MKD_NIC_ADDRS];
	size_t n_dns;
	char search[MKD_NIC_SEARCH][MKD_DOMAIN_LEN + 1];
	size_t n_search;
};

struct mkd_nic_list {
	const struct mkd_nic *nics;
	size_t n;
};

/*
 * Set one property of an interface from text:
 *	mac, bridge  of the NIC
 *	mtu          bytes, 68..65535
 *	ip           ADDR/PREFIX of either family, "dhcp" (IPv4) or "none" (no IPv4)
 *	ip6          ADDR/PREFIX, "auto" or "slaac", "dhcp", "none"
 *	gateway      ADDR
 *	route        "PREFIX via ADDR", as ip-route(8) writes it
 *	dns, search  ADDR; a domain
 * ip, ip6, route, dns and search add, the others replace. origin names where the text is from
 * ("--ip", "profile.conf:12") and starts the message.
 *	-EINVAL  not an address, multicast or zero MAC, bad bridge name, missing prefix (USAGE)
 *	-E2BIG   more than MKD_NIC_ADDRS or MKD_NIC_SEARCH (USAGE)
 */
must_check int mkd_nic_set(struct mkd_nic *nic, const char *key, const char *value,
			   const char *origin, struct mkd_err *err);

/*
 * Parse "bridge=xenbr0,ip=192.0.2.10/24,gateway=192.0.2.1,dns=...,mac=...": mkd_nic_set on each.
 * "vlan=ID" begins a VLAN on the NIC, which what is behind it describes: ret[1] and on. max is the
 * room in ret.
 *	-EINVAL  not KEY=VALUE parted by commas, a key twice, an unknown one, a VLAN id that is none
 *	         or there twice, mac or bridge of a VLAN (USAGE)
 *	-E2BIG   more VLANs than there is room for (USAGE)
 *	and mkd_nic_set
 */
must_check int mkd_nic_parse(const char *spec, const char *origin, struct mkd_nic *ret, size_t max,
			     size_t *ret_n, struct mkd_err *err);

/*
 * Check an interface as a whole: DHCP and static IPv4 together, a gateway outside every prefix or
 * of a family without an address, an address that is its network's or broadcast address, an MTU
 * under IPv6's least, duplicates. netcheck.c.
 *	-EINVAL (USAGE)
 */
must_check int mkd_nic_check(const struct mkd_nic *nic, const char *origin, struct mkd_err *err);

/* Where the parts of an interface were given, for messages; NULL = where all was. */
struct mkd_nic_from {
	const char *all; /* never NULL */
	const char *ip, *ip6, *gateway, *route, *dns, *search, *mtu;
};

/*
 * The same for an interface whose parts come from several options: each is told by its own.
 *	and mkd_nic_check
 */
must_check int mkd_nic_check_from(const struct mkd_nic *nic, const struct mkd_nic_from *from,
				  struct mkd_err *err);

/*
 * Check an interface against another one before it: one MAC address or one address for both, a
 * default route each, a VLAN of a larger MTU than its NIC. netcheck.c.
 *	-EINVAL (USAGE)
 */
must_check int mkd_nic_check_pair(const struct mkd_nic *before, const struct mkd_nic *nic,
				  const char *origin, struct mkd_err *err);

/* Has it an address of this family, static or not? */
bool mkd_nic_has_ip4(const struct mkd_nic *nic);
bool mkd_nic_has_ip6(const struct mkd_nic *nic);
/* Has it a static address of this family? */
bool mkd_nic_has_static(const struct mkd_nic *nic, bool v6);
/* Is it brought up and no more? */
bool mkd_nic_is_bare(const struct mkd_nic *nic);
/*
 * Shall router advertisements be heeded? Yes where that is asked for, and where nothing is said of
 * IPv6 routes on an interface that has addresses: the kernel's way.
 */
bool mkd_nic_takes_ra(const struct mkd_nic *nic);
/* The gateway of a family, or NULL. */
const struct mkd_addr *mkd_nic_gateway(const struct mkd_nic *nic, bool v6);
/* "eth0", "eth0.10"; returns buf. */
const char *mkd_nic_name(const struct mkd_nic *nic, char buf[static MKD_IFNAME_SIZE]);

/* "00:16:3e:12:34:56"; returns buf. */
const char *mkd_mac_format(const uint8_t mac[static 6], char buf[static 18]);

#define MKD_HOSTNAME_LEN 64 /* sethostname(2) refuses longer ones, though DNS takes 253 */

/*
 * A host name: labels of 1..63 of [a-z A-Z 0-9 -], no hyphen at either end, MKD_HOSTNAME_LEN in
 * all. -EINVAL (USAGE), the message begins with origin.
 */
must_check int mkd_hostname_check(const char *name, const char *origin, struct mkd_err *err);

/* A DNS domain: the same labels, MKD_DOMAIN_LEN in all. -EINVAL (USAGE) */
must_check int mkd_domain_check(const char *name, const char *origin, struct mkd_err *err);

#endif
