/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan_net.h"

#include <errno.h>
#include <string.h>

/* The options that describe the one interface that there is without --nic. */
static const struct {
	enum mkd_key key;
	const char *property;
} simple[] = {
	{ MKD_KEY_BRIDGE, "bridge" }, { MKD_KEY_MAC, "mac" }, { MKD_KEY_MTU, "mtu" },
	{ MKD_KEY_IP, "ip" },         { MKD_KEY_IP6, "ip6" }, { MKD_KEY_GATEWAY, "gateway" },
	{ MKD_KEY_ROUTE, "route" },   { MKD_KEY_DNS, "dns" }, { MKD_KEY_SEARCH, "search" },
};

static bool from_option(const struct mkd_settings *s, enum mkd_key key)
{
	return strncmp(mkd_settings_origin(s, key), "--", 2) == 0;
}

static int set_all(const struct mkd_settings *s, size_t i, struct mkd_nic *nic, struct mkd_err *err)
{
	const struct mkd_setting *at = &s->of[simple[i].key];
	int r = 0;

	for (size_t j = 0; j < at->values.n && r == 0; j++)
		r = mkd_nic_set(nic, simple[i].property, at->values.v[j], at->origins.v[j], err);
	return r;
}

/* mkd_nic_set replaces a gateway of the same family; two of them in one place are a mistake. */
static int check_gateways(const struct mkd_settings *s, const struct mkd_nic *nic,
			  struct mkd_err *err)
{
	const struct mkd_setting *at = &s->of[MKD_KEY_GATEWAY];

	if (at->values.n == nic->n_gateways)
		return 0;
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			"%s: %zu gateways are given; give at most one IPv4 and one IPv6 address",
			at->origins.v[at->values.n - 1], at->values.n);
}

static const char *origin_of(const struct mkd_settings *s, enum mkd_key key)
{
	return mkd_settings_get(s, key) ? mkd_settings_origin(s, key) : NULL;
}

/* An IPv6 address may be one of --ip as well. */
static const char *ip6_origin(const struct mkd_settings *s)
{
	const struct mkd_setting *at = &s->of[MKD_KEY_IP6];

	for (size_t i = 0; i < at->values.n; i++)
		if (strchr(at->values.v[i], '/') || strcmp(at->values.v[i], "none") == 0)
			return at->origins.v[i];
	return origin_of(s, MKD_KEY_IP);
}

static int check_simple(const struct mkd_settings *s, const struct mkd_nic *nic,
			struct mkd_err *err)
{
	const struct mkd_nic_from from = { .all = "network",
					   .ip = origin_of(s, MKD_KEY_IP),
					   .ip6 = ip6_origin(s),
					   .gateway = origin_of(s, MKD_KEY_GATEWAY),
					   .route = origin_of(s, MKD_KEY_ROUTE),
					   .dns = origin_of(s, MKD_KEY_DNS),
					   .search = origin_of(s, MKD_KEY_SEARCH),
					   .mtu = origin_of(s, MKD_KEY_MTU) };

	return mkd_nic_check_from(nic, &from, err);
}

static int make_simple(const struct mkd_settings *s, struct mkd_nic *ret, struct mkd_err *err)
{
	struct mkd_nic nic = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(simple) && r == 0; i++)
		r = set_all(s, i, &nic, err);
	if (r == 0)
		r = check_gateways(s, &nic, err);
	if (r < 0)
		return r;
	/* --ip6 alone says nothing of IPv4 */
	nic.dhcp |= mkd_settings_get(s, MKD_KEY_DHCP) != NULL || !s->of[MKD_KEY_IP].values.n;
	r = check_simple(s, &nic, err);
	if (r == 0)
		*ret = nic;
	return r;
}

/* Is this property open in the NIC, so that a profile's fits? */
static bool is_open(const struct mkd_nic *nic, enum mkd_key key, bool first)
{
	switch (key) {
	case MKD_KEY_BRIDGE:
		return !nic->bridge[0];
	case MKD_KEY_MTU:
		return !nic->mtu;
	case MKD_KEY_GATEWAY:
		return first && !nic->n_gateways && nic->n_addrs;
	case MKD_KEY_DNS:
		return first && !nic->n_dns;
	case MKD_KEY_SEARCH:
		return first && !nic->n_search;
	default:
		return false;
	}
}

/* What a profile says of the site fills what a --nic leaves open. */
static int fill_from_profile(const struct mkd_settings *s, struct mkd_nic *nic, bool first,
			     struct mkd_err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(simple) && r == 0; i++)
		if (is_open(nic, simple[i].key, first))
			r = set_all(s, i, nic, err);
	return r;
}

/* The i-th --nic with its VLANs, behind the *n interfaces that there are. */
static int make_one(const struct mkd_settings *s, size_t i, struct mkd_nic *nics, size_t *n,
		    struct mkd_err *err)
{
	const struct mkd_setting *at = &s->of[MKD_KEY_NIC];
	const char *origin = at->origins.v[i];
	size_t more = 0;
	int r;

	if (*n == MKD_IFACES)
		return mkd_fail(err, MKD_EXIT_USAGE, E2BIG,
				"--nic: a guest gets up to %d interfaces and VLANs", MKD_IFACES);
	r = mkd_nic_parse(at->values.v[i], origin, &nics[*n], MKD_IFACES - *n, &more, err);
	if (r == 0)
		r = fill_from_profile(s, &nics[*n], i == 0, err);
	for (size_t k = *n; k < *n + more && r == 0; k++) {
		nics[k].devid = i;
		memcpy(nics[k].bridge, nics[*n].bridge, sizeof(nics[k].bridge));
		r = mkd_nic_check(&nics[k], origin, err);
		for (size_t j = 0; j < k && r == 0; j++)
			r = mkd_nic_check_pair(&nics[j], &nics[k], origin, err);
	}
	*n += more;
	return r;
}

static int check_no_simple_option(const struct mkd_settings *s, struct mkd_err *err)
{
	enum mkd_key key = MKD_KEY_DHCP;
	bool clash = from_option(s, key);

	for (size_t i = 0; i < ARRAY_LEN(simple) && !clash; i++) {
		key = simple[i].key;
		clash = from_option(s, key);
	}
	if (!clash)
		return 0;
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			"cannot use '--%s' together with --nic, which describes whole interfaces; "
			"put it into --nic",
			mkd_setting_info[key].name);
}

int mkd_plan_nics(const struct mkd_settings *s, struct mkd_nic ret[static MKD_IFACES],
		  size_t *ret_n, struct mkd_err *err)
{
	size_t n = s->of[MKD_KEY_NIC].values.n;
	struct mkd_nic nics[MKD_IFACES] = { 0 };
	size_t all = 0;
	int r;

	if (!n) {
		r = make_simple(s, &ret[0], err);
		if (r == 0)
			*ret_n = 1;
		return r;
	}
	if (n > MKD_NICS)
		return mkd_fail(err, MKD_EXIT_USAGE, E2BIG,
				"--nic: %zu interfaces are given, a guest gets up to %d", n,
				MKD_NICS);
	r = check_no_simple_option(s, err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = make_one(s, i, nics, &all, err);
	if (r < 0)
		return r;
	memcpy(ret, nics, sizeof(nics));
	*ret_n = all;
	return 0;
}
