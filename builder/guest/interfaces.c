/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ifupdown's file: the second half of netfiles.h. */
#include "mkdomu/netfiles.h"

#include <errno.h>
#include <string.h>

#define BEGIN "# begin mkdomu"
#define END   "# end mkdomu"

static void add_mask(struct mkd_buf *out, const struct mkd_addr *a)
{
	uint32_t mask;

	if (a->v6) {
		mkd_buf_printf(out, "\n\tnetmask %u\n", a->prefix);
		return;
	}
	mask = a->prefix ? UINT32_MAX << (32 - a->prefix) : 0;
	mkd_buf_printf(out, "\n\tnetmask %u.%u.%u.%u\n", mask >> 24, mask >> 16 & 255,
		       mask >> 8 & 255, mask & 255);
}

/* The interface whose lines are being written. */
struct iface {
	struct mkd_buf *out;
	const struct mkd_nic *nic;
	const struct mkd_interfaces *how;
	char name[MKD_IFNAME_SIZE];
	bool begun; /* a stanza is there, and has what is said once */
};

/* What is said once, in the first stanza: options of one family would not reach the other. */
static void add_once(struct iface *f)
{
	const struct mkd_nic *nic = f->nic;
	struct mkd_buf *out = f->out;

	if (f->begun)
		return;
	f->begun = true;
	if (nic->vlan)
		mkd_buf_printf(out,
			       "\tpre-up ip link show dev %s >/dev/null 2>&1 || ip link add link "
			       "eth%zu name %s type vlan id %u\n",
			       f->name, nic->devid, f->name, nic->vlan);
	if (nic->mtu)
		mkd_buf_printf(out, "\tpre-up ip link set dev %s mtu %u\n", f->name, nic->mtu);
	if (nic->ip6 == MKD_IP6_NONE || !mkd_nic_takes_ra(nic))
		mkd_buf_printf(out, "\tpre-up echo %d >/proc/sys/net/ipv6/conf/%s/%s || :\n",
			       nic->ip6 == MKD_IP6_NONE, f->name,
			       nic->ip6 == MKD_IP6_NONE ? "disable_ipv6" : "accept_ra");
	if (nic->n_dns)
		mkd_buf_str(out, "\tdns-nameservers");
	for (size_t i = 0; i < nic->n_dns; i++)
		mkd_buf_printf(out, " %s", nic->dns[i].text);
	mkd_buf_str(out, nic->n_dns ? "\n" : "");
	if (nic->n_search)
		mkd_buf_str(out, "\tdns-search");
	for (size_t i = 0; i < nic->n_search; i++)
		mkd_buf_printf(out, " %s", nic->search[i]);
	mkd_buf_str(out, nic->n_search ? "\n" : "");
}

static void add_routes(const struct iface *f, bool v6)
{
	for (size_t i = 0; i < f->nic->n_routes; i++) {
		const struct mkd_route *r = &f->nic->routes[i];

		if (r->to.v6 == v6)
			mkd_buf_printf(f->out, "\tup ip %sroute add %s/%u via %s dev %s\n",
				       v6 ? "-6 " : "", r->to.text, r->to.prefix, r->via.text,
				       f->name);
	}
}

/* The static addresses of one family: the first is the stanza's, ip(8) adds the others. */
static void add_static(struct iface *f, bool v6)
{
	const struct mkd_addr *gateway = mkd_nic_gateway(f->nic, v6);
	size_t n = 0;

	for (size_t i = 0; i < f->nic->n_addrs; i++) {
		const struct mkd_addr *a = &f->nic->addrs[i];

		if (a->v6 != v6)
			continue;
		if (n++) {
			mkd_buf_printf(f->out, "\tup ip address add %s/%u dev %s\n", a->text,
				       a->prefix, f->name);
			continue;
		}
		mkd_buf_printf(f->out, "iface %s %s static\n\taddress %s", f->name,
			       v6 ? "inet6" : "inet", a->text);
		if (f->how->cidr)
			mkd_buf_printf(f->out, "/%u\n", a->prefix);
		else
			add_mask(f->out, a);
		if (gateway)
			mkd_buf_printf(f->out, "\tgateway %s\n", gateway->text);
		if (v6 && mkd_nic_takes_ra(f->nic)) /* which this method turns off */
			mkd_buf_str(f->out, "\tautoconf 1\n\taccept_ra 1\n");
	}
	if (!n)
		return;
	add_once(f);
	add_routes(f, v6);
}

static void add_nic(struct mkd_buf *out, const struct mkd_nic *nic,
		    const struct mkd_interfaces *how)
{
	struct iface f = { .out = out, .nic = nic, .how = how };

	mkd_buf_printf(out, "auto %s\n", mkd_nic_name(nic, f.name));
	if (nic->dhcp) {
		mkd_buf_printf(out, "iface %s inet dhcp\n", f.name);
		add_once(&f);
		add_routes(&f, false);
	}
	add_static(&f, false);
	if (!f.begun && !mkd_nic_has_static(nic, true)) {
		/* router advertisements are the kernel's work: up is enough */
		mkd_buf_printf(out, "iface %s inet manual\n", f.name);
		add_once(&f);
		mkd_buf_printf(out, "\tup ip link set dev %s up\n", f.name);
	}
	if (nic->ip6 == MKD_IP6_DHCP && how->dhcp6)
		mkd_buf_printf(out, "iface %s inet6 dhcp\n\taccept_ra 1\n", f.name);
	if (!mkd_nic_has_static(nic, true))
		add_routes(&f, true);
	add_static(&f, true);
}

static void add_block(struct mkd_buf *out, const struct mkd_interfaces *a)
{
	mkd_text_add(out, BEGIN);
	for (size_t i = 0; i < a->list.n; i++)
		add_nic(out, &a->list.nics[i], a);
	mkd_text_add(out, END);
}

static bool is_ours(const struct mkd_nic_list *list, struct mkd_span name)
{
	char ours[MKD_IFNAME_SIZE];

	for (size_t i = 0; i < list->n; i++)
		if (mkd_span_is(name, mkd_nic_name(&list->nics[i], ours)))
			return true;
	return false;
}

static bool starts_stanza(struct mkd_span word)
{
	static const char *const words[] = { "iface",    "mapping",      "auto",
					     "source",   "rename",       "source-directory",
					     "template", "no-auto-down", "no-scripts" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (mkd_span_is(word, words[i]))
			return true;
	return mkd_span_starts(word, "allow-");
}

/* "auto lo eth0": out goes our part, the others stay in a line of their own. */
static void split_auto(struct mkd_buf *out, const struct mkd_line *l,
		       const struct mkd_nic_list *list)
{
	cleanup_buf struct mkd_buf left = { 0 };
	struct mkd_span rest = mkd_span_trim(l->text), word;
	size_t ours = 0, others = 0;

	(void)mkd_word_next(&rest, &word);
	mkd_text_span(&left, word);
	while (mkd_word_next(&rest, &word)) {
		if (is_ours(list, word)) {
			ours++;
			continue;
		}
		others++;
		mkd_buf_str(&left, " ");
		mkd_text_span(&left, word);
	}
	out->failed = out->failed || left.failed;
	if (!ours) {
		mkd_text_keep(out, l);
		return;
	}
	mkd_text_comment(out, l);
	if (others)
		mkd_text_add_span(out, mkd_span_buf(&left));
}

/* Where the reading is. */
struct state {
	bool in_ours;   /* in an iface stanza of one of our NICs */
	bool continued; /* the line before ended in a backslash */
	bool commented; /* and was commented out */
};

static void foreign_line(struct mkd_buf *out, const struct mkd_line *l,
			 const struct mkd_nic_list *list, struct state *st)
{
	struct mkd_span rest = mkd_span_trim(l->text), word, name = { 0 };
	bool idle = mkd_line_idle(l), again = st->continued;

	st->continued = !idle && rest.len && rest.p[rest.len - 1] == '\\';
	if (again || idle) {
		if (again && st->commented)
			mkd_text_comment(out, l);
		else
			mkd_text_keep(out, l);
		return;
	}
	(void)mkd_word_next(&rest, &word);
	if (starts_stanza(word)) {
		(void)mkd_word_next(&rest, &name);
		st->in_ours = mkd_span_is(word, "iface") && name.p && is_ours(list, name);
	}
	st->commented = st->in_ours;
	if (st->in_ours)
		mkd_text_comment(out, l);
	else if (mkd_span_is(word, "auto") || mkd_span_starts(word, "allow-"))
		split_auto(out, l, list);
	else
		mkd_text_keep(out, l);
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

int mkd_interfaces_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			struct mkd_err *err)
{
	const struct mkd_interfaces *a = arg;
	struct state st = { 0 };
	bool done = a->clear;
	struct mkd_line l;

	if (!in.len && !a->clear)
		mkd_buf_str(out, "auto lo\niface lo inet loopback\n\n");
	while (mkd_line_next(&in, &l)) {
		if (!is_marker(&l, BEGIN)) {
			foreign_line(out, &l, &a->list, &st);
			continue;
		}
		st = (struct state){ 0 };
		if (!skip_block(&in))
			return mkd_fail(err, MKD_EXIT_HOOK, EINVAL,
					"it has a line '" BEGIN "' but no '" END "' after it");
		if (!done)
			add_block(out, a);
		done = true;
	}
	if (!done)
		add_block(out, a);
	return 0;
}
