/* SPDX-License-Identifier: GPL-2.0-or-later */
/* addr.h - an IPv4 or IPv6 address as the network model holds it. Pure. */
#ifndef MKDOMU_ADDR_H
#define MKDOMU_ADDR_H

#include "mkdomu/err.h"

#define MKD_ADDR_LEN 50 /* INET6_ADDRSTRLEN and room for a prefix */

struct mkd_addr {
	char text[MKD_ADDR_LEN]; /* canonical, by inet_ntop(3), without prefix */
	bool v6;
	unsigned prefix; /* of an address; 0 for gateways and resolvers */
};

/*
 * "192.0.2.1", "2001:db8::1": an address that one host can have (loopback too).
 *	-EINVAL  not an address, unspecified, reserved, multicast, IPv4-mapped, with a zone (USAGE)
 */
must_check int mkd_addr_parse_host(const char *text, const char *origin, struct mkd_addr *ret,
				   struct mkd_err *err);

/* "192.0.2.1/24": as above, with a prefix of 1..32 or 1..128, and no loopback. -EINVAL (USAGE) */
must_check int mkd_addr_parse_cidr(const char *text, const char *origin, struct mkd_addr *ret,
				   struct mkd_err *err);

/*
 * "10.0.0.0/8": a network that a route can lead to, with nothing behind the prefix. Neither a
 * default route nor multicast nor loopback. -EINVAL (USAGE)
 */
must_check int mkd_addr_parse_net(const char *text, const char *origin, struct mkd_addr *ret,
				  struct mkd_err *err);

bool mkd_addr_is_loopback(const struct mkd_addr *a);
/* fe80::/10 */
bool mkd_addr_is_link_local(const struct mkd_addr *a);

/* Do the families and the first prefix bits of a and b agree? */
bool mkd_addr_same_net(const struct mkd_addr *a, const struct mkd_addr *b, unsigned prefix);

/* Are all bits behind a's prefix equal to bit (0 or 1)? */
bool mkd_addr_host_bits_are(const struct mkd_addr *a, unsigned bit);

#endif
