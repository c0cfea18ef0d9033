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
	struct mkd_addr a = { 0 };
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

static int too_many(const char *text, int max, const char *origin, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_USAGE, E2BIG,
			"%s: '%s' is one too many: an interface takes up to %d", origin, text, max);
}

static int add(struct mkd_addr *list, size_t *n, const struct mkd_addr *a, const char *origin,
	       struct mkd_err *err)
{
	if (*n == MKD_NIC_ADDRS)
		return too_many(a->text, MKD_NIC_ADDRS, origin, err);
	list[(*n)++] = *a;
	return 0;
}

static int set_ip(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err)
{
	struct mkd_addr a = { 0 };
	int r;

	if (strcmp(value, "dhcp") == 0) {
		nic->dhcp = true;
		return 0;
	}
	if (strcmp(value, "none") == 0) {
		nic->no_ip4 = true;
		return 0;
	}
	r = mkd_addr_parse_cidr(value, origin, &a, err);
	return r < 0 ? r : add(nic->addrs, &nic->n_addrs, &a, origin, err);
}

static int set_ip6(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err)
{
	static const struct {
		const char *word;
		enum mkd_ip6 mode;
	} words[] = {
		{ "auto", MKD_IP6_AUTO },
		{ "slaac", MKD_IP6_AUTO },
		{ "dhcp", MKD_IP6_DHCP },
		{ "none", MKD_IP6_NONE },
	};
	struct mkd_addr a = { 0 };
	int r;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		if (strcmp(words[i].word, value) != 0)
			continue;
		if (nic->ip6 != MKD_IP6_LEFT && nic->ip6 != words[i].mode)
			return bad(err, origin, value,
				   "contradicts what is said of IPv6 before; choose one");
		nic->ip6 = words[i].mode;
		return 0;
	}
	if (!strchr(value, '/'))
		return bad(err, origin, value,
			   "is neither auto, dhcp, none nor an address like 2001:db8::10/64");
	r = mkd_addr_parse_cidr(value, origin, &a, err);
	if (r == 0 && !a.v6)
		return bad(err, origin, value, "is an IPv4 address; give it as ip");
	return r < 0 ? r : add(nic->addrs, &nic->n_addrs, &a, origin, err);
}

static int set_dns(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err)
{
	struct mkd_addr a = { 0 };
	int r = mkd_addr_parse_host(value, origin, &a, err);

	return r < 0 ? r : add(nic->dns, &nic->n_dns, &a, origin, err);
}

/* The first word of *rest into word, with room for size; false when there is none that fits. */
static bool cut_word(const char **rest, char *word, size_t size)
{
	size_t len;

	*rest += strspn(*rest, " \t");
	len = strcspn(*rest, " \t");
	if (!len || len >= size)
		return false;
	(void)snprintf(word, size, "%.*s", (int)len, *rest);
	*rest += len;
	return true;
}

/* "10.0.0.0/8 via 192.0.2.1" */
static int set_route(struct mkd_nic *nic, const char *value, const char *origin,
		     struct mkd_err *err)
{
	struct mkd_route route = { 0 };
	char to[64], word[8], via[64];
	const char *rest = value;
	int r;

	if (!cut_word(&rest, to, sizeof(to)) || !cut_word(&rest, word, sizeof(word)) ||
	    strcmp(word, "via") != 0 || !cut_word(&rest, via, sizeof(via)) ||
	    rest[strspn(rest, " \t")])
		return bad(err, origin, value,
			   "is not a route; write it like '10.0.0.0/8 via 192.0.2.1'");
	r = mkd_addr_parse_net(to, origin, &route.to, err);
	if (r == 0)
		r = mkd_addr_parse_host(via, origin, &route.via, err);
	if (r < 0)
		return r;
	if (route.to.v6 != route.via.v6)
		return bad(err, origin, value, "leads from one IP version to the other");
	if (mkd_addr_is_loopback(&route.via))
		return bad(err, origin, via, "is a loopback address");
	if (nic->n_routes == MKD_NIC_ADDRS)
		return too_many(value, MKD_NIC_ADDRS, origin, err);
	nic->routes[nic->n_routes++] = route;
	return 0;
}

static int set_search(struct mkd_nic *nic, const char *value, const char *origin,
		      struct mkd_err *err)
{
	int r = mkd_domain_check(value, origin, err);

	if (r < 0)
		return r;
	if (nic->n_search == MKD_NIC_SEARCH)
		return too_many(value, MKD_NIC_SEARCH, origin, err);
	(void)snprintf(nic->search[nic->n_search++], sizeof(nic->search[0]), "%s", value);
	return 0;
}

/* A number of digits alone, from min to max; 0 = it is none. */
static unsigned parse_number(const char *text, unsigned min, unsigned max)
{
	size_t len = strspn(text, "0123456789");
	unsigned n = 0;

	if (!len || len > 6 || text[len] || text[0] == '0')
		return 0;
	for (; *text; text++)
		n = n * 10 + (unsigned)(*text - '0');
	return n >= min && n <= max ? n : 0;
}

/* 68 is the least that a link of IPv4 may have (RFC 791), 65535 the most that netfront takes. */
static int set_mtu(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err)
{
	unsigned mtu = parse_number(value, 68, 65535);

	if (!mtu)
		return bad(err, origin, value, "is not an MTU; give 68 to 65535 bytes, like 1500");
	nic->mtu = mtu;
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct mkd_nic *nic, const char *value, const char *origin, struct mkd_err *err);
	bool adds;   /* may be given again */
	bool of_nic; /* not of a VLAN */
} properties[] = {
	{ "bridge", set_bridge, false, true }, { "mac", set_mac, false, true },
	{ "mtu", set_mtu, false, false },      { "ip", set_ip, true, false },
	{ "ip6", set_ip6, true, false },       { "gateway", set_gateway, true, false },
	{ "route", set_route, true, false },   { "dns", set_dns, true, false },
	{ "search", set_search, true, false },
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
			"%s: a network interface has no '%s': write bridge=, mac=, mtu=, ip=, "
			"ip6=, gateway=, route=, dns=, search= and vlan= with commas between "
			"them%s",
			origin, key, mkd_suggest_text(&s, "", hint));
}

/* Where the parsing of a spec is. */
struct spec {
	const char *origin;
	struct mkd_nic *nics; /* the last is the one being described */
	size_t n, max;
	unsigned seen; /* properties of that one, by place in the table */
};

static int begin_vlan(struct spec *s, const char *value, struct mkd_err *err)
{
	unsigned id = parse_number(value, 1, 4094);
	struct mkd_nic *nic;

	if (!id)
		return bad(err, s->origin, value, "is not a VLAN id of 1 to 4094");
	for (size_t i = 1; i < s->n; i++)
		if (s->nics[i].vlan == id)
			return bad(err, s->origin, value, "is a VLAN that is given twice");
	if (s->n == s->max)
		return mkd_fail(err, MKD_EXIT_USAGE, E2BIG,
				"%s: VLAN '%s' is one too many: a guest takes up to %d interfaces "
				"and VLANs",
				s->origin, value, MKD_IFACES);
	nic = &s->nics[s->n++];
	*nic = (struct mkd_nic){ .vlan = id, .mac_given = s->nics[0].mac_given };
	memcpy(nic->mac, s->nics[0].mac, sizeof(nic->mac));
	memcpy(nic->bridge, s->nics[0].bridge, sizeof(nic->bridge));
	s->seen = 0;
	return 0;
}

/* item is "key=value" and is cut in two */
static int set_item(struct spec *s, char *item, struct mkd_err *err)
{
	char *value = strchr(item, '=');

	if (!value)
		return bad(err, s->origin, item,
			   "is not KEY=VALUE; write an interface like bridge=xenbr0,ip=dhcp");
	*value++ = '\0';
	if (strcmp(item, "vlan") == 0)
		return begin_vlan(s, value, err);
	for (size_t i = 0; i < ARRAY_LEN(properties); i++) {
		if (strcmp(properties[i].key, item) != 0)
			continue;
		if (properties[i].of_nic && s->n > 1)
			return bad(err, s->origin, item,
				   "is not a VLAN's but its interface's; put it before vlan=");
		if (!properties[i].adds && s->seen & 1U << i)
			return bad(err, s->origin, item, "is given twice for one interface");
		s->seen |= 1U << i;
	}
	return mkd_nic_set(&s->nics[s->n - 1], item, value, s->origin, err);
}

int mkd_nic_parse(const char *spec, const char *origin, struct mkd_nic *ret, size_t max,
		  size_t *ret_n, struct mkd_err *err)
{
	struct mkd_nic nics[MKD_IFACES] = { 0 };
	struct spec s = { .origin = origin, .nics = nics, .n = 1 };
	cleanup_free char *copy = NULL;
	char *next;
	int r = mkd_strdup(spec, &copy, err);

	if (r < 0)
		return r;
	s.max = max < MKD_IFACES ? max : MKD_IFACES;
	next = copy;
	while (next && r == 0)
		r = set_item(&s, strsep(&next, ","), err);
	if (r < 0)
		return r;
	memcpy(ret, nics, s.n * sizeof(*nics));
	*ret_n = s.n;
	return 0;
}
