/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/netfiles.h"

#include <string.h>

/* netifrc takes a value with newlines as one entry a line, else as one a word. */
static void add_entry(struct mkd_buf *ret, const char *text)
{
	mkd_buf_printf(ret, "%s%s", ret->len ? "\n" : "", text);
}

void mkd_netifrc_config(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	char text[MKD_ADDR_LEN + 16];

	if (nic->dhcp)
		add_entry(ret, "dhcp");
	for (size_t i = 0; i < nic->n_addrs; i++) {
		(void)snprintf(text, sizeof(text), "%s/%u", nic->addrs[i].text,
			       nic->addrs[i].prefix);
		add_entry(ret, text);
	}
	if (!ret->len)
		add_entry(ret, "null"); /* up, without an address: no value would mean DHCP */
}

void mkd_netifrc_routes(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	char text[MKD_ADDR_LEN + 16];

	for (size_t i = 0; i < nic->n_gateways; i++) {
		(void)snprintf(text, sizeof(text), "default via %s", nic->gateways[i].text);
		add_entry(ret, text);
	}
}

void mkd_netifrc_dns(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	for (size_t i = 0; i < nic->n_dns; i++)
		mkd_buf_printf(ret, "%s%s", i ? " " : "", nic->dns[i].text);
}

static void add_match(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	char mac[18];

	/* The type keeps bridges and VLANs, which take over the MAC of their port, out of it. */
	mkd_buf_printf(ret, "[Match]\nMACAddress=%s\nType=ether\n", mkd_mac_format(nic->mac, mac));
}

void mkd_networkd_network(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	add_match(nic, ret);
	if (!nic->dhcp && !nic->n_addrs)
		mkd_buf_str(ret, "\n[Link]\nRequiredForOnline=no\n");
	mkd_buf_str(ret, "\n[Network]\n");
	if (nic->dhcp)
		mkd_buf_str(ret, "DHCP=ipv4\n");
	for (size_t i = 0; i < nic->n_addrs; i++)
		mkd_buf_printf(ret, "Address=%s/%u\n", nic->addrs[i].text, nic->addrs[i].prefix);
	for (size_t i = 0; i < nic->n_gateways; i++)
		mkd_buf_printf(ret, "Gateway=%s\n", nic->gateways[i].text);
	for (size_t i = 0; i < nic->n_dns; i++)
		mkd_buf_printf(ret, "DNS=%s\n", nic->dns[i].text);
}

void mkd_networkd_link(const struct mkd_nic *nic, size_t devid, struct mkd_buf *ret)
{
	add_match(nic, ret);
	mkd_buf_printf(ret, "\n[Link]\nName=eth%zu\n", devid);
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

int mkd_resolv_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_nic_list *r = arg;
	struct mkd_span address;
	struct mkd_line l;
	char line[80];

	(void)err;
	if (!resolver(r, 0) || resolv_is(in, r)) {
		mkd_text_span(out, in);
		return 0;
	}
	while (mkd_line_next(&in, &l)) {
		if (is_nameserver(&l, &address))
			mkd_text_comment(out, &l);
		else
			mkd_text_keep(out, &l);
	}
	for (size_t i = 0; resolver(r, i); i++) {
		(void)snprintf(line, sizeof(line), "nameserver %s", resolver(r, i));
		mkd_text_add(out, line);
	}
	return 0;
}
