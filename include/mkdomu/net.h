/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * net.h - the network model: what the user asked for, parsed and checked once. xl.cfg's vif= and
 * every guest's network files are renderings of it.
 */
#ifndef MKDOMU_NET_H
#define MKDOMU_NET_H

#include "mkdomu/addr.h"
#include "mkdomu/buf.h"

#define MKD_NIC_ADDRS 8

/* One network interface. devid is its place in the list: xl's vif index, eth<devid>. */
struct mkd_nic {
	uint8_t mac[6];
	bool mac_given;  /* else derived from the seed later, see identity.h */
	char bridge[16]; /* dom0's; up to 15 bytes (IFNAMSIZ), "" = xl's default */
	bool dhcp;       /* IPv4 by DHCP */
	struct mkd_addr addrs[MKD_NIC_ADDRS];
	size_t n_addrs;
	struct mkd_addr gateways[2]; /* at most one a family */
	size_t n_gateways;
	struct mkd_addr dns[MKD_NIC_ADDRS];
	size_t n_dns;
};

/*
 * Set one property of a NIC from text: key is "mac", "bridge", "ip" (ADDR/PREFIX, or "dhcp"),
 * "gateway" or "dns"; "ip" and "dns" add, the others replace. origin names where the text is from
 * ("--ip", "profile.conf:12") and starts the message.
 *	-EINVAL  not an address, multicast or zero MAC, bad bridge name, missing prefix (USAGE)
 *	-E2BIG   more than MKD_NIC_ADDRS (USAGE)
 */
must_check int mkd_nic_set(struct mkd_nic *nic, const char *key, const char *value,
			   const char *origin, struct mkd_err *err);

/*
 * Parse "bridge=xenbr0,ip=192.0.2.10/24,gateway=192.0.2.1,dns=...,mac=...": mkd_nic_set on each.
 *	-EINVAL  not KEY=VALUE parted by commas, a key twice, an unknown one (USAGE)
 *	and mkd_nic_set
 */
must_check int mkd_nic_parse(const char *spec, const char *origin, struct mkd_nic *ret,
			     struct mkd_err *err);

/*
 * Check a NIC as a whole: DHCP and static IPv4 together, a gateway outside every prefix or of a
 * family without an address, an address that is its network's or broadcast address, duplicates.
 *	-EINVAL (USAGE)
 */
must_check int mkd_nic_check(const struct mkd_nic *nic, const char *origin, struct mkd_err *err);

/* "00:16:3e:12:34:56"; returns buf. */
const char *mkd_mac_format(const uint8_t mac[static 6], char buf[static 18]);

#define MKD_HOSTNAME_LEN 64 /* sethostname(2) refuses longer ones, though DNS takes 253 */

/*
 * A host name: labels of 1..63 of [a-z A-Z 0-9 -], no hyphen at either end, MKD_HOSTNAME_LEN in
 * all. -EINVAL (USAGE), the message begins with origin.
 */
must_check int mkd_hostname_check(const char *name, const char *origin, struct mkd_err *err);

#endif
