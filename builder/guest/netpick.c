/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/netpick.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "mkdomu/nmfiles.h"
#include "mkdomu/service.h"

static int add_if_there(struct mkd_tree *t, struct mkd_strv *ret, struct mkd_err *err,
			const char *fmt, ...) printf_like(4, 5);
static int add_if_there(struct mkd_tree *t, struct mkd_strv *ret, struct mkd_err *err,
			const char *fmt, ...)
{
	struct mkd_tree_stat st;
	struct mkd_err ignored;
	char path[512];
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path)) /* no service has such a name */
		return 0;
	r = mkd_tree_stat(t, path, false, &st, &ignored);
	if (r < 0)
		return r == -ENOMEM ? mkd_nomem(err) : 0;
	return mkd_strv_add(ret, path, err);
}

/* Folders that are not there hold nothing. */
static int names_in(struct mkd_tree *t, const char *dir, struct mkd_strv *ret, struct mkd_err *err)
{
	struct mkd_err ignored;
	int r = mkd_tree_list(t, dir, ret, &ignored);

	return r == -ENOMEM ? mkd_nomem(err) : 0;
}

/* "S10networking" of "networking" */
static bool starts_it(const char *name, const char *service)
{
	return name[0] == 'S' && strlen(name) > 3 && strcmp(name + 3, service) == 0;
}

static int rc_links(struct mkd_tree *t, const char *service, struct mkd_strv *ret,
		    struct mkd_err *err)
{
	static const char levels[] = "S2345";
	int r = 0;

	for (const char *l = levels; *l && r == 0; l++) {
		cleanup_strv struct mkd_strv names = { 0 };
		char dir[] = "/etc/rcS.d";

		dir[7] = *l;
		r = names_in(t, dir, &names, err);
		for (size_t i = 0; i < names.n && r == 0; i++)
			if (starts_it(names.v[i], service))
				r = add_if_there(t, ret, err, "%s/%s", dir, names.v[i]);
	}
	return r;
}

static bool is_wants(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && (strcmp(dot, ".wants") == 0 || strcmp(dot, ".requires") == 0);
}

int mkd_service_links(struct mkd_tree *t, const char *service, struct mkd_strv *ret,
		      struct mkd_err *err)
{
	cleanup_strv struct mkd_strv levels = { 0 }, wants = { 0 };
	const char *runit = mkd_runit_level(t);
	int r = names_in(t, "/etc/runlevels", &levels, err);

	for (size_t i = 0; i < levels.n && r == 0; i++)
		r = add_if_there(t, ret, err, "/etc/runlevels/%s/%s", levels.v[i], service);
	if (r == 0)
		r = names_in(t, "/etc/systemd/system", &wants, err);
	for (size_t i = 0; i < wants.n && r == 0; i++)
		if (is_wants(wants.v[i]))
			r = add_if_there(t, ret, err, "/etc/systemd/system/%s/%s.service",
					 wants.v[i], service);
	if (r == 0)
		r = rc_links(t, service, ret, err);
	return r < 0 || !runit ? r : add_if_there(t, ret, err, "%s/%s", runit, service);
}

/* The K link of an S link in rc?.d. */
static int stop_link(const struct mkd_guest_io *io, const char *start, const char *service,
		     struct mkd_err *err)
{
	cleanup_free char *stop = NULL, *target = NULL;
	int r;

	if (strncmp(start, "/etc/rc", 7) != 0 || start[8] != '.')
		return 0;
	r = mkd_asprintf(&stop, err, "%.11sK01%s", start, service);
	if (r == 0)
		r = mkd_asprintf(&target, err, "../init.d/%s", service);
	return r < 0 ? r : mkd_guest_link(io, target, stop, err);
}

int mkd_service_off(const struct mkd_guest_io *io, const char *service, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv links = { 0 };
	int r = mkd_service_links(io->tree, service, &links, err);

	for (size_t i = 0; i < links.n && r == 0; i++) {
		r = stop_link(io, links.v[i], service, err);
		if (r == 0)
			r = mkd_tree_remove(io->tree, links.v[i], err);
		if (r == 0)
			mkd_say(io->ui, MKD_INFO, "removed '%s'", links.v[i]);
	}
	return r;
}

/* Names differ between distributions. */
static const struct {
	enum mkd_netcfg tool;
	const char *services[2];
} tools[] = {
	{ MKD_NET_NETWORKD, { "systemd-networkd" } },
	{ MKD_NET_NETWORKMANAGER, { "NetworkManager", "network-manager" } },
	{ MKD_NET_IFUPDOWN_NG, { "networking" } },
	{ MKD_NET_NETIFRC, { "net.eth0" } },
	{ MKD_NET_IFUPDOWN, { "networking" } },
	{ MKD_NET_DHCPCD, { "dhcpcd" } },
};

static int is_enabled(struct mkd_tree *t, size_t i, bool *ret, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv links = { 0 };
	int r = 0;

	for (size_t k = 0; k < 2 && tools[i].services[k] && r == 0; k++)
		r = mkd_service_links(t, tools[i].services[k], &links, err);
	*ret = links.n > 0;
	return r;
}

static bool is_usable(const struct mkd_facts *f, const struct mkd_nic_list *list, size_t i)
{
	if (!(f->net_tools & MKD_NET_BIT(tools[i].tool)))
		return false;
	if (tools[i].tool == MKD_NET_NETWORKD)
		return f->init == MKD_INIT_SYSTEMD;
	if (tools[i].tool == MKD_NET_NETIFRC)
		return f->openrc;
	return tools[i].tool != MKD_NET_DHCPCD || !mkd_dhcpcd_lacks(list);
}

int mkd_netpick(struct mkd_tree *t, const struct mkd_facts *f, const struct mkd_nic_list *list,
		enum mkd_netcfg *ret, struct mkd_err *err)
{
	enum mkd_netcfg installed = MKD_NET_UNKNOWN;
	bool enabled;
	int r;

	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		if (!is_usable(f, list, i))
			continue;
		r = is_enabled(t, i, &enabled, err);
		if (r < 0)
			return r;
		if (enabled) {
			*ret = tools[i].tool;
			return 0;
		}
		if (installed == MKD_NET_UNKNOWN)
			installed = tools[i].tool;
	}
	*ret = f->net != MKD_NET_UNKNOWN ? f->net : installed;
	return 0;
}
