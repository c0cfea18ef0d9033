/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/nmfiles.h"

#include <errno.h>
#include <string.h>

/* -- NetworkManager -- */

static void add_list(struct mkd_buf *ret, const char *key, const struct mkd_nic *nic, bool v6)
{
	size_t n = 0;

	for (size_t i = 0; i < nic->n_dns; i++)
		if (nic->dns[i].v6 == v6)
			mkd_buf_printf(ret, "%s%s;", n++ ? "" : key, nic->dns[i].text);
	mkd_buf_str(ret, n ? "\n" : "");
}

static const char *method(const struct mkd_nic *nic, bool v6)
{
	if (v6 ? mkd_nic_takes_ra(nic) : nic->dhcp)
		return "auto"; /* static addresses come on top; router advertisements tell of DHCPv6
				*/
	return mkd_nic_has_static(nic, v6) ? "manual" : "disabled";
}

static void add_family(struct mkd_buf *ret, const struct mkd_nic *nic, bool v6)
{
	const struct mkd_addr *gateway = mkd_nic_gateway(nic, v6);
	const char *how = method(nic, v6);
	size_t n = 0;

	mkd_buf_printf(ret, "\n[ipv%d]\nmethod=%s\n", v6 ? 6 : 4, how);
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (nic->addrs[i].v6 == v6)
			mkd_buf_printf(ret, "address%zu=%s/%u\n", ++n, nic->addrs[i].text,
				       nic->addrs[i].prefix);
	if (gateway)
		mkd_buf_printf(ret, "gateway=%s\n", gateway->text);
	n = 0;
	for (size_t i = 0; i < nic->n_routes; i++)
		if (nic->routes[i].to.v6 == v6)
			mkd_buf_printf(ret, "route%zu=%s/%u,%s\n", ++n, nic->routes[i].to.text,
				       nic->routes[i].to.prefix, nic->routes[i].via.text);
	if (strcmp(how, "disabled") == 0)
		return; /* resolvers of a family that is off would make it invalid */
	add_list(ret, "dns=", nic, v6);
	if (nic->n_search)
		mkd_buf_str(ret, "dns-search=");
	for (size_t i = 0; i < nic->n_search; i++)
		mkd_buf_printf(ret, "%s;", nic->search[i]);
	mkd_buf_str(ret, nic->n_search ? "\n" : "");
}

void mkd_nm_keyfile(const struct mkd_nic *nic, struct mkd_buf *ret)
{
	char name[MKD_IFNAME_SIZE], mac[18];

	mkd_buf_printf(ret, "[connection]\nid=mkdomu-%s\ntype=%s\n", mkd_nic_name(nic, name),
		       nic->vlan ? "vlan" : "ethernet");
	if (nic->vlan)
		mkd_buf_printf(ret, "interface-name=%s\n\n[vlan]\nid=%u\nparent=eth%zu\n", name,
			       nic->vlan, nic->devid);
	if (!nic->vlan || nic->mtu)
		mkd_buf_str(ret, "\n[ethernet]\n");
	if (!nic->vlan)
		mkd_buf_printf(ret, "mac-address=%s\n", mkd_mac_format(nic->mac, mac));
	if (nic->mtu)
		mkd_buf_printf(ret, "mtu=%u\n", nic->mtu);
	add_family(ret, nic, false);
	add_family(ret, nic, true);
}

void mkd_nm_unmanaged(const struct mkd_nic_list *list, struct mkd_buf *ret)
{
	char text[18];

	mkd_buf_str(ret, "[keyfile]\nunmanaged-devices=");
	for (size_t i = 0; i < list->n; i++)
		if (list->nics[i].vlan)
			mkd_buf_printf(ret, "interface-name:%s;",
				       mkd_nic_name(&list->nics[i], text));
		else
			mkd_buf_printf(ret, "mac:%s;", mkd_mac_format(list->nics[i].mac, text));
	mkd_buf_str(ret, "\n");
}

/* -- dhcpcd -- */

#define BEGIN "# begin mkdomu"
#define END   "# end mkdomu"

const char *mkd_dhcpcd_lacks(const struct mkd_nic_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct mkd_nic *nic = &list->nics[i];
		size_t n[2] = { 0 };

		for (size_t k = 0; k < nic->n_addrs; k++)
			n[nic->addrs[k].v6]++;
		if (nic->vlan)
			return "a VLAN";
		if (n[0] > 1 || n[1] > 1)
			return "two static addresses of one family";
		if (mkd_nic_gateway(nic, true))
			return "a static IPv6 gateway";
		for (size_t k = 0; k < nic->n_routes; k++)
			if (nic->routes[k].to.v6)
				return "a static IPv6 route";
	}
	return NULL;
}

static void add_ip4(struct mkd_buf *out, const struct mkd_nic *nic)
{
	const struct mkd_addr *gateway = mkd_nic_gateway(nic, false);

	if (!mkd_nic_has_ip4(nic))
		mkd_buf_str(out, "noipv4\n");
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (!nic->addrs[i].v6)
			mkd_buf_printf(out, "static ip_address=%s/%u\n", nic->addrs[i].text,
				       nic->addrs[i].prefix);
	if (gateway)
		mkd_buf_printf(out, "static routers=%s\n", gateway->text);
	for (size_t i = 0; i < nic->n_routes; i++)
		mkd_buf_printf(out, "%s%s/%u %s",
			       i ? " " : "static routes=", nic->routes[i].to.text,
			       nic->routes[i].to.prefix, nic->routes[i].via.text);
	mkd_buf_str(out, nic->n_routes ? "\n" : "");
}

static void add_ip6(struct mkd_buf *out, const struct mkd_nic *nic)
{
	if (!mkd_nic_has_static(nic, true) && !mkd_nic_takes_ra(nic)) {
		mkd_buf_str(out, "noipv6\n");
		return;
	}
	if (!mkd_nic_takes_ra(nic))
		mkd_buf_str(out, "noipv6rs\n");
	if (nic->ip6 == MKD_IP6_DHCP)
		mkd_buf_str(out, "ia_na\n");
	for (size_t i = 0; i < nic->n_addrs; i++)
		if (nic->addrs[i].v6)
			mkd_buf_printf(out, "static ip6_address=%s/%u\n", nic->addrs[i].text,
				       nic->addrs[i].prefix);
}

static void add_interface(struct mkd_buf *out, const struct mkd_nic *nic)
{
	char name[MKD_IFNAME_SIZE];

	mkd_buf_printf(out, "interface %s\n", mkd_nic_name(nic, name));
	add_ip4(out, nic);
	add_ip6(out, nic);
	if (nic->mtu)
		mkd_buf_printf(out, "static interface_mtu=%u\n", nic->mtu);
	for (size_t i = 0; i < nic->n_dns; i++)
		mkd_buf_printf(out, "%s%s",
			       i ? " " : "static domain_name_servers=", nic->dns[i].text);
	mkd_buf_str(out, nic->n_dns ? "\n" : "");
	for (size_t i = 0; i < nic->n_search; i++)
		mkd_buf_printf(out, "%s%s", i ? " " : "static domain_search=", nic->search[i]);
	mkd_buf_str(out, nic->n_search ? "\n" : "");
}

static bool is_marker(const struct mkd_line *l, const char *marker)
{
	return mkd_span_is(mkd_span_trim(l->text), marker);
}

/* Skip to behind the second marker; false when there is none. */
static bool skip_block(struct mkd_span *rest)
{
	struct mkd_line l;

	while (mkd_line_next(rest, &l))
		if (is_marker(&l, END))
			return true;
	return false;
}

static bool is_ours(const struct mkd_nic_list *list, struct mkd_span name)
{
	char ours[MKD_IFNAME_SIZE];

	for (size_t i = 0; i < list->n; i++)
		if (mkd_span_is(name, mkd_nic_name(&list->nics[i], ours)))
			return true;
	return false;
}

/* Does a line begin a block, and is that one of ours? */
static void look(const struct mkd_line *l, const struct mkd_nic_list *list, bool *in_ours)
{
	struct mkd_span rest = mkd_span_trim(l->text), word, name = { 0 };

	if (!mkd_word_next(&rest, &word))
		return;
	if (mkd_span_is(word, "interface"))
		*in_ours = mkd_word_next(&rest, &name) && is_ours(list, name);
	else if (mkd_span_is(word, "ssid") || mkd_span_is(word, "profile"))
		*in_ours = false;
}

int mkd_dhcpcd_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_nic_list *list = arg;
	bool in_ours = false;
	struct mkd_line l;

	while (mkd_line_next(&in, &l)) {
		if (is_marker(&l, BEGIN)) {
			if (!skip_block(&in))
				return mkd_fail(err, MKD_EXIT_HOOK, EINVAL,
						"it has a line '" BEGIN "' but no '" END
						"' after it");
			continue;
		}
		if (!mkd_line_idle(&l))
			look(&l, list, &in_ours);
		if (in_ours && !mkd_line_idle(&l))
			mkd_text_comment(out, &l);
		else
			mkd_text_keep(out, &l);
	}
	mkd_text_add(out, BEGIN);
	for (size_t i = 0; i < list->n; i++)
		add_interface(out, &list->nics[i]);
	mkd_text_add(out, END);
	return 0;
}
