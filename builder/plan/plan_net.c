/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan_net.h"

#include <errno.h>
#include <string.h>

/* The options that describe the one interface that there is without --nic. */
static const struct {
	enum mkd_key key;
	const char *property;
} simple[] = {
	{ MKD_KEY_BRIDGE, "bridge" },   { MKD_KEY_MAC, "mac" }, { MKD_KEY_IP, "ip" },
	{ MKD_KEY_GATEWAY, "gateway" }, { MKD_KEY_DNS, "dns" },
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

static int make_simple(const struct mkd_settings *s, struct mkd_nic *ret, struct mkd_err *err)
{
	const char *origin = mkd_settings_origin(s, MKD_KEY_IP);
	struct mkd_nic nic = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(simple) && r == 0; i++)
		r = set_all(s, i, &nic, err);
	if (r == 0)
		r = check_gateways(s, &nic, err);
	if (r < 0)
		return r;
	nic.dhcp |= mkd_settings_get(s, MKD_KEY_DHCP) != NULL || !nic.n_addrs;
	if (nic.n_gateways)
		origin = mkd_settings_origin(s, MKD_KEY_GATEWAY);
	r = mkd_nic_check(&nic, nic.n_gateways || nic.n_addrs ? origin : "network", err);
	if (r == 0)
		*ret = nic;
	return r;
}

/* What a profile says of the site fills what a --nic leaves open. */
static int fill_from_profile(const struct mkd_settings *s, struct mkd_nic *nic, bool first,
			     struct mkd_err *err)
{
	int r = 0;

	if (!nic->bridge[0])
		r = set_all(s, 0, nic, err);
	for (size_t i = 0; i < ARRAY_LEN(simple) && first && r == 0; i++) {
		if ((simple[i].key == MKD_KEY_GATEWAY && !nic->n_gateways && nic->n_addrs) ||
		    (simple[i].key == MKD_KEY_DNS && !nic->n_dns))
			r = set_all(s, i, nic, err);
	}
	return r;
}

static int check_pair(const struct mkd_nic *a, const struct mkd_nic *b, const char *origin,
		      struct mkd_err *err)
{
	char mac[18];

	if (a->mac_given && b->mac_given && memcmp(a->mac, b->mac, sizeof(a->mac)) == 0)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"%s: two interfaces have the MAC address '%s'", origin,
				mkd_mac_format(a->mac, mac));
	for (size_t i = 0; i < a->n_addrs; i++)
		for (size_t j = 0; j < b->n_addrs; j++)
			if (strcmp(a->addrs[i].text, b->addrs[j].text) == 0)
				return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
						"%s: two interfaces have the address '%s'", origin,
						a->addrs[i].text);
	return 0;
}

static int make_one(const struct mkd_settings *s, size_t i, struct mkd_nic *nics,
		    struct mkd_err *err)
{
	const struct mkd_setting *at = &s->of[MKD_KEY_NIC];
	int r = mkd_nic_parse(at->values.v[i], at->origins.v[i], &nics[i], err);

	if (r == 0)
		r = fill_from_profile(s, &nics[i], i == 0, err);
	if (r == 0)
		r = mkd_nic_check(&nics[i], at->origins.v[i], err);
	for (size_t j = 0; j < i && r == 0; j++)
		r = check_pair(&nics[j], &nics[i], at->origins.v[i], err);
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

int mkd_plan_nics(const struct mkd_settings *s, struct mkd_nic ret[static MKD_NICS], size_t *ret_n,
		  struct mkd_err *err)
{
	size_t n = s->of[MKD_KEY_NIC].values.n;
	struct mkd_nic nics[MKD_NICS] = { 0 };
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
		r = make_one(s, i, nics, err);
	if (r < 0)
		return r;
	memcpy(ret, nics, sizeof(nics));
	*ret_n = n;
	return 0;
}
