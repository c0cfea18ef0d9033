/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/netfiles.h"

#include <string.h>

/* netifrc takes a value with newlines as one entry a line, else as one a word. */
static void add_entry(struct mkd_buf *ret, const char *text)
{
	mkd_buf_printf(ret, "%s%s", ret->len ? "\n" : "", text);
}

void mkd_netifrc_config(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret)
{
	const struct mkd_nic *nic = &list->nics[i];
	char text[MKD_ADDR_LEN + 16];

	if (nic->dhcp)
		add_entry(ret, "dhcp");
	if (nic->ip6 == MKD_IP6_DHCP)
		add_entry(ret, "dhcpv6");
	for (size_t k = 0; k < nic->n_addrs; k++) {
		(void)snprintf(text, sizeof(text), "%s/%u", nic->addrs[k].text,
			       nic->addrs[k].prefix);
		add_entry(ret, text);
	}
	if (!ret->len)
		add_entry(ret, "null"); /* up, without an address: no value would mean DHCP */
}

void mkd_netifrc_routes(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret)
{
	const struct mkd_nic *nic = &list->nics[i];
	char text[2 * MKD_ADDR_LEN + 16];

	for (size_t k = 0; k < nic->n_routes; k++) {
		(void)snprintf(text, sizeof(text), "%s/%u via %s", nic->routes[k].to.text,
			       nic->routes[k].to.prefix, nic->routes[k].via.text);
		add_entry(ret, text);
	}
	for (size_t k = 0; k < nic->n_gateways; k++) {
		(void)snprintf(text, sizeof(text), "default via %s", nic->gateways[k].text);
		add_entry(ret, text);
	}
}

void mkd_netifrc_dns(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret)
{
	const struct mkd_nic *nic = &list->nics[i];

	for (size_t k = 0; k < nic->n_dns; k++)
		mkd_buf_printf(ret, "%s%s", k ? " " : "", nic->dns[k].text);
}

void mkd_netifrc_search(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret)
{
	const struct mkd_nic *nic = &list->nics[i];

	for (size_t k = 0; k < nic->n_search; k++)
		mkd_buf_printf(ret, "%s%s", k ? " " : "", nic->search[k]);
}

void mkd_netifrc_mtu(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret)
{
	if (list->nics[i].mtu)
		mkd_buf_printf(ret, "%u", list->nics[i].mtu);
}

void mkd_netifrc_vlans(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret)
{
	if (list->nics[i].vlan)
		return;
	for (size_t k = i + 1; k < list->n && list->nics[k].vlan; k++)
		mkd_buf_printf(ret, "%s%u", k > i + 1 ? " " : "", list->nics[k].vlan);
}

void mkd_net_sysctl(const struct mkd_nic_list *list, struct mkd_buf *ret)
{
	char name[MKD_IFNAME_SIZE];

	for (size_t i = 0; i < list->n; i++) {
		const struct mkd_nic *nic = &list->nics[i];

		/* sysctl(8) takes '/' for '.', so that a VLAN's name may keep its own; "-" lets a
		 * VLAN be missing as yet */
		(void)mkd_nic_name(nic, name);
		if (nic->ip6 == MKD_IP6_NONE)
			mkd_buf_printf(ret, "-net/ipv6/conf/%s/disable_ipv6=1\n", name);
		else if (!mkd_nic_takes_ra(nic))
			mkd_buf_printf(ret, "-net/ipv6/conf/%s/accept_ra=0\n", name);
	}
}

static void add_match(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	char mac[18], name[MKD_IFNAME_SIZE];

	/* The type keeps bridges and VLANs, which take over the MAC of their port, out of it. */
	if (nic->vlan)
		mkd_buf_printf(ret, "[Match]\nName=%s\n", mkd_nic_name(nic, name));
	else
		mkd_buf_printf(ret, "[Match]\nMACAddress=%s\nType=ether\n",
			       mkd_mac_format(nic->mac, mac));
}

static void add_link(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	if (!nic->mtu && !mkd_nic_is_bare(nic))
		return;
	mkd_buf_str(ret, "\n[Link]\n");
	if (nic->mtu)
		mkd_buf_printf(ret, "MTUBytes=%u\n", nic->mtu);
	if (mkd_nic_is_bare(nic))
		mkd_buf_str(ret, "RequiredForOnline=no\n");
}

/* networkd's own ways, IPv6 on and router advertisements heeded, need no line. */
static void add_modes(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	bool v6 = nic->ip6 == MKD_IP6_DHCP;

	if (nic->dhcp || v6)
		mkd_buf_printf(ret, "DHCP=%s\n", !v6 ? "ipv4" : nic->dhcp ? "yes" : "ipv6");
	if (nic->ip6 == MKD_IP6_NONE)
		mkd_buf_str(ret, "LinkLocalAddressing=no\n");
	if (!mkd_nic_takes_ra(nic))
		mkd_buf_str(ret, "IPv6AcceptRA=no\n");
	else if (nic->ip6 != MKD_IP6_LEFT)
		mkd_buf_str(ret, "IPv6AcceptRA=yes\n");
}

void mkd_networkd_network(const struct mkd_nic_list *list, size_t i, struct mkd_buf *ret)
{
	const struct mkd_nic *nic = &list->nics[i];
	char name[MKD_IFNAME_SIZE];

	add_match(nic, ret);
	add_link(nic, ret);
	mkd_buf_str(ret, "\n[Network]\n");
	add_modes(nic, ret);
	for (size_t k = 0; k < nic->n_addrs; k++)
		mkd_buf_printf(ret, "Address=%s/%u\n", nic->addrs[k].text, nic->addrs[k].prefix);
	for (size_t k = 0; k < nic->n_gateways; k++)
		mkd_buf_printf(ret, "Gateway=%s\n", nic->gateways[k].text);
	for (size_t k = 0; k < nic->n_dns; k++)
		mkd_buf_printf(ret, "DNS=%s\n", nic->dns[k].text);
	for (size_t k = 0; k < nic->n_search; k++)
		mkd_buf_printf(ret, "%s%s", k ? " " : "Domains=", nic->search[k]);
	if (nic->n_search)
		mkd_buf_str(ret, "\n");
	for (size_t k = i + 1; !nic->vlan && k < list->n && list->nics[k].vlan; k++)
		mkd_buf_printf(ret, "VLAN=%s\n", mkd_nic_name(&list->nics[k], name));
	for (size_t k = 0; k < nic->n_routes; k++)
		mkd_buf_printf(ret, "\n[Route]\nDestination=%s/%u\nGateway=%s\n",
			       nic->routes[k].to.text, nic->routes[k].to.prefix,
			       nic->routes[k].via.text);
}

void mkd_networkd_netdev(const struct mkd_nic *vlan, struct mkd_buf *ret)
{
	char name[MKD_IFNAME_SIZE];

	mkd_buf_printf(ret, "[NetDev]\nName=%s\nKind=vlan\n\n[VLAN]\nId=%u\n",
		       mkd_nic_name(vlan, name), vlan->vlan);
}

void mkd_networkd_link(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	char name[MKD_IFNAME_SIZE];

	add_match(nic, ret);
	mkd_buf_printf(ret, "\n[Link]\nName=%s\n", mkd_nic_name(nic, name));
}

static bool is_nameserver(const struct mkd_line *l, struct mkd_span *address)
{
	struct mkd_span rest = mkd_span_trim(l->text), word;

	return mkd_word_next(&rest, &word) && mkd_span_is(word, "nameserver") &&
	       mkd_word_next(&rest, address);
}

/* Resolvers of all NICs, each once. NULL past the end. */
static const char *resolver(const struct mkd_nic_list *r, size_t want)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n * MKD_NIC_ADDRS; i++) {
		size_t nic = i / MKD_NIC_ADDRS, at = i % MKD_NIC_ADDRS;
		bool seen = at >= r->nics[nic].n_dns;

		for (size_t k = 0; k < i && !seen; k++) {
			const struct mkd_nic *other = &r->nics[k / MKD_NIC_ADDRS];

			seen = k % MKD_NIC_ADDRS < other->n_dns &&
			       strcmp(other->dns[k % MKD_NIC_ADDRS].text,
				      r->nics[nic].dns[at].text) == 0;
		}
		if (!seen && n++ == want)
			return r->nics[nic].dns[at].text;
	}
	return NULL;
}

/* "search" and the domains of all NICs, each once; nothing without any. */
static void search_line(const struct mkd_nic_list *r, struct mkd_buf *ret)
{
	for (size_t i = 0; i < r->n * MKD_NIC_SEARCH; i++) {
		size_t nic = i / MKD_NIC_SEARCH, at = i % MKD_NIC_SEARCH;
		bool seen = at >= r->nics[nic].n_search;

		for (size_t k = 0; k < i && !seen; k++)
			seen = k % MKD_NIC_SEARCH < r->nics[k / MKD_NIC_SEARCH].n_search &&
			       strcasecmp(r->nics[k / MKD_NIC_SEARCH].search[k % MKD_NIC_SEARCH],
					  r->nics[nic].search[at]) == 0;
		if (!seen)
			mkd_buf_printf(ret, "%s%s", ret->len ? " " : "search ",
				       r->nics[nic].search[at]);
	}
}

static bool is_search(const struct mkd_line *l)
{
	struct mkd_span rest = mkd_span_trim(l->text), word;

	return mkd_word_next(&rest, &word) &&
	       (mkd_span_is(word, "search") || mkd_span_is(word, "domain"));
}

/* Are the nameserver lines of the text ours, in this order, and nothing else? */
static bool resolv_is(struct mkd_span in, const struct mkd_nic_list *r)
{
	struct mkd_span address;
	struct mkd_line l;
	size_t n = 0;

	while (mkd_line_next(&in, &l)) {
		if (!is_nameserver(&l, &address))
			continue;
		if (!resolver(r, n) || !mkd_span_is(address, resolver(r, n)))
			return false;
		n++;
	}
	return !resolver(r, n);
}

/* Is its one line about domains ours, or is there nothing to say of them? */
static bool search_is(struct mkd_span in, const struct mkd_buf *want)
{
	struct mkd_line l;
	size_t n = 0;
	bool same = true;

	if (!want->len)
		return true;
	while (mkd_line_next(&in, &l)) {
		if (!is_search(&l))
			continue;
		n++;
		same = same && mkd_span_is(mkd_span_trim(l.text), mkd_buf_cstr(want));
	}
	return n == 1 && same;
}

int mkd_resolv_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_nic_list *r = arg;
	cleanup_buf struct mkd_buf search = { 0 };
	struct mkd_span address;
	struct mkd_line l;
	bool dns, domains;
	char line[80];

	(void)err;
	search_line(r, &search);
	dns = resolver(r, 0) && !resolv_is(in, r);
	domains = !search_is(in, &search);
	while (mkd_line_next(&in, &l)) {
		if ((dns && is_nameserver(&l, &address)) || (domains && is_search(&l)))
			mkd_text_comment(out, &l);
		else
			mkd_text_keep(out, &l);
	}
	if (domains)
		mkd_text_add_span(out, mkd_span_buf(&search));
	for (size_t i = 0; dns && resolver(r, i); i++) {
		(void)snprintf(line, sizeof(line), "nameserver %s", resolver(r, i));
		mkd_text_add(out, line);
	}
	out->failed = out->failed || search.failed;
	return 0;
}
