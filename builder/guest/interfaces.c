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
		mkd_buf_printf(out, "\tnetmask %u\n", a->prefix);
		return;
	}
	mask = a->prefix ? UINT32_MAX << (32 - a->prefix) : 0;
	mkd_buf_printf(out, "\tnetmask %u.%u.%u.%u\n", mask >> 24, mask >> 16 & 255,
		       mask >> 8 & 255, mask & 255);
}

static void add_dns(struct mkd_buf *out, const struct mkd_nic *nic, bool *done)
{
	if (*done || !nic->n_dns)
		return;
	*done = true;
	mkd_buf_str(out, "\tdns-nameservers");
	for (size_t i = 0; i < nic->n_dns; i++)
		mkd_buf_printf(out, " %s", nic->dns[i].text);
	mkd_buf_str(out, "\n");
}

/* The static addresses of one family: the first is the stanza's, ip(8) adds the others. */
static void add_static(struct mkd_buf *out, const struct mkd_nic *nic, size_t devid, bool v6)
{
	size_t n = 0;

	for (size_t i = 0; i < nic->n_addrs; i++) {
		const struct mkd_addr *a = &nic->addrs[i];

		if (a->v6 != v6)
			continue;
		if (n++) {
			mkd_buf_printf(out, "\tup ip address add %s/%u dev eth%zu\n", a->text,
				       a->prefix, devid);
			continue;
		}
		mkd_buf_printf(out, "iface eth%zu %s static\n\taddress %s\n", devid,
			       v6 ? "inet6" : "inet", a->text);
		add_mask(out, a);
		for (size_t k = 0; k < nic->n_gateways; k++)
			if (nic->gateways[k].v6 == v6)
				mkd_buf_printf(out, "\tgateway %s\n", nic->gateways[k].text);
	}
}

static void add_nic(struct mkd_buf *out, const struct mkd_nic *nic, size_t devid)
{
	bool dns_done = false;
	size_t before;

	mkd_buf_printf(out, "auto eth%zu\n", devid);
	if (nic->dhcp) {
		mkd_buf_printf(out, "iface eth%zu inet dhcp\n", devid);
		add_dns(out, nic, &dns_done);
	}
	for (int v6 = 0; v6 <= 1; v6++) {
		before = out->len;
		add_static(out, nic, devid, v6);
		if (out->len > before)
			add_dns(out, nic, &dns_done);
	}
	if (!nic->dhcp && !nic->n_addrs)
		mkd_buf_printf(out, "iface eth%zu inet manual\n\tup ip link set dev eth%zu up\n",
			       devid, devid);
}

static void add_block(struct mkd_buf *out, const struct mkd_nic_list *list)
{
	mkd_text_add(out, BEGIN);
	for (size_t i = 0; i < list->n; i++)
		add_nic(out, &list->nics[i], i);
	mkd_text_add(out, END);
}

static bool is_ours(const struct mkd_nic_list *list, struct mkd_span name)
{
	char ours[32];

	for (size_t i = 0; i < list->n; i++) {
		(void)snprintf(ours, sizeof(ours), "eth%zu", i);
		if (mkd_span_is(name, ours))
			return true;
	}
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
			add_block(out, &a->list);
		done = true;
	}
	if (!done)
		add_block(out, &a->list);
	return 0;
}
