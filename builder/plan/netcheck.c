/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an interface is as a whole, and whether that makes sense: the second half of net.h. */
#include "mkdomu/net.h"

#include <errno.h>
#include <string.h>

#define IP6_MTU_MIN 1280 /* RFC 8200, 5 */

static int bad(struct mkd_err *err, const char *origin, const char *value, const char *why)
{
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: '%s' %s", origin, value, why);
}

static const char *or_all(const struct mkd_nic_from *from, const char *part)
{
	return part ? part : from->all;
}

bool mkd_nic_has_static(const struct mkd_nic *nic, bool v6)
{
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (nic->addrs[i].v6 == v6)
			return true;
	return false;
}

bool mkd_nic_has_ip4(const struct mkd_nic *nic)
{
	return nic->dhcp || mkd_nic_has_static(nic, false);
}

bool mkd_nic_has_ip6(const struct mkd_nic *nic)
{
	return nic->ip6 == MKD_IP6_AUTO || nic->ip6 == MKD_IP6_DHCP ||
	       mkd_nic_has_static(nic, true);
}

bool mkd_nic_is_bare(const struct mkd_nic *nic)
{
	return !mkd_nic_has_ip4(nic) && !mkd_nic_has_ip6(nic);
}

const struct mkd_addr *mkd_nic_gateway(const struct mkd_nic *nic, bool v6)
{
	for (size_t i = 0; i < nic->n_gateways; i++)
		if (nic->gateways[i].v6 == v6)
			return &nic->gateways[i];
	return NULL;
}

bool mkd_nic_takes_ra(const struct mkd_nic *nic)
{
	if (nic->ip6 != MKD_IP6_LEFT)
		return nic->ip6 != MKD_IP6_NONE;
	return !mkd_nic_is_bare(nic) && !mkd_nic_gateway(nic, true);
}

static int check_addr(const struct mkd_nic *nic, size_t i, const char *origin, struct mkd_err *err)
{
	const struct mkd_addr *a = &nic->addrs[i];
	unsigned bits = a->v6 ? 128 : 32;

	if (!a->v6 && nic->dhcp)
		return bad(err, origin, a->text,
			   "is a static IPv4 address beside DHCP; choose one of them");
	/* two hosts of a point-to-point link share a net without those two (RFC 3021, RFC 6164) */
	if (a->prefix < bits - 1 && mkd_addr_host_bits_are(a, 0))
		return bad(err, origin, a->text,
			   "is the address of its network, not of a host in it");
	if (!a->v6 && a->prefix < bits - 1 && mkd_addr_host_bits_are(a, 1))
		return bad(err, origin, a->text, "is the broadcast address of its network");
	for (size_t j = 0; j < i; j++)
		if (strcmp(nic->addrs[j].text, a->text) == 0)
			return bad(err, origin, a->text, "is given twice");
	return 0;
}

static bool is_own(const struct mkd_nic *nic, const struct mkd_addr *a)
{
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (strcmp(nic->addrs[i].text, a->text) == 0)
			return true;
	return false;
}

/* Can it be reached without a router? */
static bool is_near(const struct mkd_nic *nic, const struct mkd_addr *a)
{
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (mkd_addr_same_net(&nic->addrs[i], a, nic->addrs[i].prefix))
			return true;
	return mkd_addr_is_link_local(a);
}

static int check_gateway(const struct mkd_nic *nic, const struct mkd_addr *g, const char *origin,
			 struct mkd_err *err)
{
	if (is_own(nic, g))
		return bad(err, origin, g->text,
			   "is the guest's own address and cannot be its gateway");
	if (!mkd_nic_has_static(nic, g->v6))
		return bad(err, origin, g->text,
			   g->v6 ? "is an IPv6 gateway, but no static IPv6 address is given"
				 : "is an IPv4 gateway, but no static IPv4 address is given; DHCP "
				   "brings its own");
	if (is_near(nic, g))
		return 0;
	return bad(err, origin, g->text, "is a gateway outside the networks of the addresses");
}

static int check_route(const struct mkd_nic *nic, size_t i, const char *origin, struct mkd_err *err)
{
	const struct mkd_route *r = &nic->routes[i];
	bool leased =
		r->via.v6 ? mkd_nic_takes_ra(nic) : nic->dhcp; /* networks that nobody knows */

	if (is_own(nic, &r->via))
		return bad(err, origin, r->via.text,
			   "is the guest's own address and cannot be a route's gateway");
	if (r->via.v6 ? !mkd_nic_has_ip6(nic) && !leased : !mkd_nic_has_ip4(nic))
		return bad(err, origin, r->via.text,
			   r->via.v6 ? "is a route's gateway, but the interface has no IPv6 address"
				     : "is a route's gateway, but the interface has no IPv4 "
				       "address");
	if (!leased && !is_near(nic, &r->via))
		return bad(err, origin, r->via.text,
			   "is a route's gateway outside the networks of the addresses");
	for (size_t j = 0; j < i; j++)
		if (strcmp(nic->routes[j].to.text, r->to.text) == 0 &&
		    nic->routes[j].to.prefix == r->to.prefix)
			return bad(err, origin, r->to.text, "is given two routes");
	return 0;
}

static int check_modes(const struct mkd_nic *nic, const struct mkd_nic_from *from,
		       struct mkd_err *err)
{
	char mtu[16];

	if (nic->no_ip4 && mkd_nic_has_ip4(nic))
		return bad(err, or_all(from, from->ip), "ip=none",
			   "contradicts an IPv4 address or DHCP; leave out one");
	if (nic->ip6 == MKD_IP6_NONE && mkd_nic_has_static(nic, true))
		return bad(err, or_all(from, from->ip6), "ip6=none",
			   "contradicts an IPv6 address; leave out one");
	(void)snprintf(mtu, sizeof(mtu), "%u", nic->mtu);
	if (nic->mtu && nic->mtu < IP6_MTU_MIN && mkd_nic_has_ip6(nic))
		return bad(err, or_all(from, from->mtu), mtu,
			   "is an MTU too small for IPv6, which needs 1280");
	return 0;
}

static int check_twice(const struct mkd_nic *nic, const struct mkd_nic_from *from,
		       struct mkd_err *err)
{
	for (size_t i = 0; i < nic->n_dns; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(nic->dns[i].text, nic->dns[j].text) == 0)
				return bad(err, or_all(from, from->dns), nic->dns[i].text,
					   "is given twice");
	for (size_t i = 0; i < nic->n_search; i++)
		for (size_t j = 0; j < i; j++)
			if (strcasecmp(nic->search[i], nic->search[j]) == 0)
				return bad(err, or_all(from, from->search), nic->search[i],
					   "is given twice");
	return 0;
}

int mkd_nic_check_from(const struct mkd_nic *nic, const struct mkd_nic_from *from,
		       struct mkd_err *err)
{
	int r = check_modes(nic, from, err);

	for (size_t i = 0; i < nic->n_addrs && r == 0; i++)
		r = check_addr(nic, i, or_all(from, nic->addrs[i].v6 ? from->ip6 : from->ip), err);
	for (size_t i = 0; i < nic->n_gateways && r == 0; i++)
		r = check_gateway(nic, &nic->gateways[i], or_all(from, from->gateway), err);
	for (size_t i = 0; i < nic->n_routes && r == 0; i++)
		r = check_route(nic, i, or_all(from, from->route), err);
	return r < 0 ? r : check_twice(nic, from, err);
}

int mkd_nic_check(const struct mkd_nic *nic, const char *origin, struct mkd_err *err)
{
	return mkd_nic_check_from(nic, &(struct mkd_nic_from){ .all = origin }, err);
}

int mkd_nic_check_pair(const struct mkd_nic *before, const struct mkd_nic *nic, const char *origin,
		       struct mkd_err *err)
{
	bool same = before->devid == nic->devid;
	char text[18];

	if (!same && before->mac_given && nic->mac_given &&
	    memcmp(before->mac, nic->mac, sizeof(nic->mac)) == 0)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: two interfaces have the MAC address '%s'", origin,
				mkd_mac_format(nic->mac, text));
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (is_own(before, &nic->addrs[i]))
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"%s: two interfaces have the address '%s'", origin,
					nic->addrs[i].text);
	for (size_t i = 0; i < nic->n_gateways; i++)
		if (mkd_nic_gateway(before, nic->gateways[i].v6))
			return bad(err, origin, nic->gateways[i].text,
				   "is a second gateway, and a guest has one default route; give "
				   "the other networks as route=");
	(void)snprintf(text, sizeof(text), "%u", nic->mtu);
	if (same && !before->vlan && nic->mtu > (before->mtu ? before->mtu : 1500))
		return bad(err, origin, text, "is an MTU larger than that of the VLAN's interface");
	return 0;
}
