/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/net.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/suggest.h"

static int bad(struct mkd_err *err, const char *origin, const char *value, const char *why)
{
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: '%s' %s", origin, value, why);
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* -- one property -- */

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return p ? (int)(p - digits) : -1;
}

static int set_mac(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err)
{
	uint8_t mac[6];

	for (size_t i = 0; i < 6; i++) {
		int hi = strnlen(value, 18) == 17 ? hex_digit(value[3 * i]) : -1;
		int lo = hi >= 0 ? hex_digit(value[3 * i + 1]) : -1;

		if (lo < 0 || value[3 * i + 2] != (i < 5 ? ':' : '\0'))
			return bad(err, origin, value,
				   "is not a MAC address; write six pairs like 00:16:3e:12:34:56");
		mac[i] = (uint8_t)(hi << 4 | lo);
	}
	if (mac[0] & 1)
		return bad(err, origin, value,
			   "is a multicast MAC address; the first byte must be even");
	if (memcmp(mac, (const uint8_t[6]){ 0 }, 6) == 0)
		return bad(err, origin, value, "is no MAC address of an interface");
	memcpy(nic->mac, mac, 6);
	nic->mac_given = true;
	return 0;
}

static int set_bridge(struct mkd_nic *nic, const char *value, const char *origin,
		      struct mkd_err *err)
{
	size_t len = strlen(value);

	if (!len || len >= sizeof(nic->bridge))
		return bad(err, origin, value,
			   "is not a bridge name: the kernel takes 1 to 15 characters");
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(value[i]) && (i == 0 || !strchr("_.-", value[i])))
			return bad(err, origin, value,
				   "is not a bridge name: use letters, digits, '_', '.' and '-'");
	memcpy(nic->bridge, value, len + 1);
	return 0;
}

static int set_gateway(struct mkd_nic *nic, const char *value, const char *origin,
		       struct mkd_err *err)
{
	struct mkd_addr a;
	int r = mkd_addr_parse_host(value, origin, &a, err);

	if (r < 0)
		return r;
	if (mkd_addr_is_loopback(&a))
		return bad(err, origin, value, "is a loopback address");
	for (size_t i = 0; i < nic->n_gateways; i++)
		if (nic->gateways[i].v6 == a.v6) {
			nic->gateways[i] = a;
			return 0;
		}
	nic->gateways[nic->n_gateways++] = a; /* two families, two places */
	return 0;
}

static int add(struct mkd_addr *list, size_t *n, const struct mkd_addr *a, const char *origin,
	       struct mkd_err *err)
{
	if (*n == MKD_NIC_ADDRS)
		return mkd_fail(err, MKD_EXIT_USAGE, E2BIG,
				"%s: '%s' is one too many: an interface takes up to %d", origin,
				a->text, MKD_NIC_ADDRS);
	list[(*n)++] = *a;
	return 0;
}

static int set_ip(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err)
{
	struct mkd_addr a;
	int r;

	if (strcmp(value, "dhcp") == 0) {
		nic->dhcp = true;
		return 0;
	}
	r = mkd_addr_parse_cidr(value, origin, &a, err);
	return r < 0 ? r : add(nic->addrs, &nic->n_addrs, &a, origin, err);
}

static int set_dns(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err)
{
	struct mkd_addr a;
	int r = mkd_addr_parse_host(value, origin, &a, err);

	return r < 0 ? r : add(nic->dns, &nic->n_dns, &a, origin, err);
}

static const struct {
	const char *key;
	int (*set)(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err);
} properties[] = {
	{ "bridge", set_bridge },   { "mac", set_mac }, { "ip", set_ip },
	{ "gateway", set_gateway }, { "dns", set_dns },
};

int mkd_nic_set(struct mkd_nic *nic, const char *key, const char *value, const char *origin,
		struct mkd_err *err)
{
	struct mkd_suggest s = { .word = key };
	char hint[112];

	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		if (strcmp(properties[i].key, key) == 0)
			return properties[i].set(nic, value, origin, err);
		mkd_suggest_offer(&s, properties[i].key);
	}
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			"%s: a network interface has no '%s': write bridge=, mac=, ip=, gateway= "
			"and dns= with commas between them%s",
			origin, key, mkd_suggest_text(&s, "", hint));
}

/* item is "key=value" and is cut in two */
static int set_item(struct mkd_nic *nic, unsigned *seen, char *item, const char *origin,
		    struct mkd_err *err)
{
	char *value = strchr(item, '=');

	if (!value)
		return bad(err, origin, item,
			   "is not KEY=VALUE; write an interface like bridge=xenbr0,ip=dhcp");
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		bool adds = properties[i].set == set_ip || properties[i].set == set_dns ||
			    properties[i].set == set_gateway;

		if (adds || strcmp(properties[i].key, item) != 0)
			continue;
		if (*seen & 1U << i)
			return bad(err, origin, item, "is given twice for one interface");
		*seen |= 1U << i;
	}
	return mkd_nic_set(nic, item, value, origin, err);
}

int mkd_nic_parse(const char *spec, const char *origin, struct mkd_nic *ret, struct mkd_err *err)
{
	struct mkd_nic nic = { 0 };
	cleanup_free char *copy = NULL;
	unsigned seen = 0;
	char *next;
	int r = mkd_strdup(spec, &copy, err);

	if (r < 0)
		return r;
	next = copy;
	while (next && r == 0)
		r = set_item(&nic, &seen, strsep(&next, ","), origin, err);
	if (r < 0)
		return r;
	*ret = nic;
	return 0;
}

/* -- a NIC as a whole -- */

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

static int check_gateway(const struct mkd_nic *nic, const struct mkd_addr *g, const char *origin,
			 struct mkd_err *err)
{
	bool family = false;

	for (size_t i = 0; i < nic->n_addrs; i++) {
		const struct mkd_addr *a = &nic->addrs[i];

		if (strcmp(a->text, g->text) == 0)
			return bad(err, origin, g->text,
				   "is the guest's own address and cannot be its gateway");
		family |= a->v6 == g->v6;
	}
	if (!family)
		return bad(err, origin, g->text,
			   g->v6 ? "is an IPv6 gateway, but no static IPv6 address is given"
				 : "is an IPv4 gateway, but no static IPv4 address is given; DHCP "
				   "brings its own");
	if (mkd_addr_is_link_local(g))
		return 0;
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (mkd_addr_same_net(&nic->addrs[i], g, nic->addrs[i].prefix))
			return 0;
	return bad(err, origin, g->text, "is a gateway outside the networks of the addresses");
}

int mkd_nic_check(const struct mkd_nic *nic, const char *origin, struct mkd_err *err)
{
	int r = 0;

	for (size_t i = 0; i < nic->n_addrs && r == 0; i++)
		r = check_addr(nic, i, origin, err);
	for (size_t i = 0; i < nic->n_gateways && r == 0; i++)
		r = check_gateway(nic, &nic->gateways[i], origin, err);
	for (size_t i = 0; i < nic->n_dns && r == 0; i++)
		for (size_t j = 0; j < i && r == 0; j++)
			if (strcmp(nic->dns[i].text, nic->dns[j].text) == 0)
				r = bad(err, origin, nic->dns[i].text, "is given twice");
	return r;
}

/* -- names -- */

const char *mkd_mac_format(const uint8_t mac[static 6], char buf[static 18])
{
	(void)snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		       mac[4], mac[5]);
	return buf;
}

static bool label_ok(const char *label, size_t len)
{
	if (!len || len > 63 || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(label[i]) && label[i] != '-')
			return false;
	return true;
}

int mkd_hostname_check(const char *name, const char *origin, struct mkd_err *err)
{
	const char *label = name;

	if (strlen(name) > MKD_HOSTNAME_LEN)
		return bad(err, origin, name,
			   "is not a host name: the kernel takes up to 64 characters");
	for (;;) {
		size_t len = strcspn(label, ".");

		if (!label_ok(label, len))
			return bad(err, origin, name,
				   "is not a host name: use labels of 1 to 63 letters, digits and "
				   "'-' (not at their ends), with dots between them");
		if (!label[len])
			return 0;
		label += len + 1;
	}
}
