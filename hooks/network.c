/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hooknet.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/bbroot.h"
#include "mkdomu/netpick.h"
#include "mkdomu/shellvar.h"

#define STUB_RESOLV "../run/systemd/resolve/stub-resolv.conf"

static bool any_dhcp(const struct mkd_guest *g)
{
	for (size_t i = 0; i < g->n_nics; i++)
		if (g->nics[i].dhcp)
			return true;
	return false;
}

static bool any_config(const struct mkd_guest *g)
{
	for (size_t i = 0; i < g->n_nics; i++)
		if (!mkd_nic_is_bare(&g->nics[i]))
			return true;
	return false;
}

static void warn_without_client(const struct mkd_hook_ctx *c)
{
	static const char *const clients[] = { "/sbin/dhcpcd",     "/usr/sbin/dhcpcd",
					       "/sbin/dhclient",   "/usr/sbin/dhclient",
					       "/sbin/udhcpc",     "/usr/sbin/udhcpc",
					       "/usr/bin/udhcpc",  "/bin/busybox",
					       "/usr/bin/busybox", NULL };

	if (any_dhcp(c->guest) && !mkd_guest_first(c->tree, clients))
		mkd_say(c->ui, MKD_WARN,
			"DHCP is asked for, but this root has no DHCP client: install dhcpcd, or "
			"give static addresses");
}

/* resolv.conf is somebody else's when it is a link, or when resolvconf(8) writes it. */
static int static_resolv(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char path[] = "/etc/resolv.conf";
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_nic_list list = mkd_hook_nics(c);
	struct mkd_tree_stat st;
	struct mkd_err ignored;
	bool dns = false;

	for (size_t i = 0; i < list.n; i++)
		dns = dns || list.nics[i].n_dns || list.nics[i].n_search;
	if (!dns)
		return 0;
	if (mkd_tree_stat(c->tree, path, false, &st, &ignored) == 0 &&
	    (st.mode & S_IFMT) == S_IFLNK) {
		mkd_say(c->ui, MKD_DEBUG, "'%s' is a link: managed by something else", path);
		return 0;
	}
	return mkd_guest_edit(&io, path, 0644, (struct mkd_edit){ mkd_resolv_edit, &list }, err);
}

/* "<dir><base><place><suffix>" with the text of an interface: 20-mkdomu-0.network, -0.10.network.
 */
static int write_one(const struct mkd_hook_ctx *c, const struct mkd_nic *nic, const char *base,
		     const char *suffix, const struct mkd_buf *text, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_free char *path = NULL;
	char name[MKD_IFNAME_SIZE];
	int r = mkd_buf_check(text, err);

	if (r == 0) /* what is behind "eth" */
		r = mkd_asprintf(&path, err, "/etc/systemd/network/%s-mkdomu-%s%s", base,
				 mkd_nic_name(nic, name) + 3, suffix);
	return r < 0 ? r : mkd_guest_write(&io, path, mkd_buf_cstr(text), 0644, err);
}

/* udev names netfronts enX<n> since 250; a link file of a lower number than 99 keeps eth<n>. */
static int keep_names(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r = 0;

	if (!c->facts->udev)
		return 0;
	r = mkd_tree_mkdirs(c->tree, "/etc/systemd/network", 0755, err);
	for (size_t i = 0; r == 0 && i < c->guest->n_nics; i++) {
		cleanup_buf struct mkd_buf text = { 0 };

		if (c->guest->nics[i].vlan)
			continue;
		mkd_networkd_link(&c->guest->nics[i], &text);
		r = write_one(c, &c->guest->nics[i], "10", ".link", &text, err);
	}
	return r;
}

/* The variables of one interface; those without a value are taken out of force. */
static int netifrc_vars(const struct mkd_hook_ctx *c, size_t i, struct mkd_err *err)
{
	static const struct {
		const char *key;
		mkd_netifrc_render *render;
	} rows[] = {
		{ "config", mkd_netifrc_config },   { "routes", mkd_netifrc_routes },
		{ "dns_servers", mkd_netifrc_dns }, { "dns_search", mkd_netifrc_search },
		{ "mtu", mkd_netifrc_mtu },         { "vlans", mkd_netifrc_vlans },
	};
	const struct mkd_guest_io io = mkd_hook_io(c);
	const struct mkd_nic_list list = mkd_hook_nics(c);
	struct mkd_buf values[ARRAY_LEN(rows)] = { 0 };
	struct mkd_shellvar vars[ARRAY_LEN(rows)];
	struct mkd_edit edits[ARRAY_LEN(rows)];
	char keys[ARRAY_LEN(rows)][48], name[MKD_IFNAME_SIZE];
	char *dot = strchr(mkd_nic_name(&list.nics[i], name), '.');
	int r = 0;

	if (dot)
		*dot = '_';
	for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
		rows[k].render(&list, i, &values[k]);
		if (r == 0)
			r = mkd_buf_check(&values[k], err);
		(void)snprintf(keys[k], sizeof(keys[k]), "%s_%s", rows[k].key, name);
		vars[k] = (struct mkd_shellvar){ keys[k], values[k].len ? values[k].data : NULL };
		edits[k] = (struct mkd_edit){ mkd_shellvar_edit, &vars[k] };
	}
	if (r == 0)
		r = mkd_guest_edits(&io, "/etc/conf.d/net", 0644, edits, ARRAY_LEN(edits), err);
	for (size_t k = 0; k < ARRAY_LEN(rows); k++)
		mkd_buf_free(&values[k]);
	return r;
}

static int sysctls(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char path[] = "/etc/sysctl.d/60-mkdomu-net.conf";
	const struct mkd_guest_io io = mkd_hook_io(c);
	const struct mkd_nic_list list = mkd_hook_nics(c);
	cleanup_buf struct mkd_buf text = { 0 };
	int r;

	mkd_net_sysctl(&list, &text);
	r = mkd_buf_check(&text, err);
	if (r < 0)
		return r;
	if (!text.len)
		return mkd_guest_remove(&io, path, err);
	r = mkd_tree_mkdirs(c->tree, "/etc/sysctl.d", 0755, err);
	return r < 0 ? r : mkd_guest_write(&io, path, mkd_buf_cstr(&text), 0644, err);
}

/* A NIC's service, which starts its VLANs too. */
static int netifrc_start(const struct mkd_hook_ctx *c, const struct mkd_nic *nic,
			 struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_free char *service = NULL, *path = NULL;
	char name[MKD_IFNAME_SIZE];
	int r = mkd_asprintf(&service, err, "net.%s", mkd_nic_name(nic, name));

	if (r == 0)
		r = mkd_asprintf(&path, err, "/etc/init.d/%s", service);
	if (r == 0)
		r = mkd_guest_link(&io, "net.lo", path, err);
	return r < 0 ? r : mkd_runlevel_add(&io, service, "default", err);
}

static int netifrc(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r = mkd_tree_mkdirs(c->tree, "/etc/conf.d", 0755, err);

	for (size_t i = 0; r == 0 && i < c->guest->n_nics; i++) {
		r = netifrc_vars(c, i, err);
		if (r == 0 && !c->guest->nics[i].vlan)
			r = netifrc_start(c, &c->guest->nics[i], err);
	}
	if (r == 0)
		r = sysctls(c, err);
	if (r == 0)
		warn_without_client(c);
	return r < 0 ? r : static_resolv(c, err);
}

/* A package puts its own file in interfaces.d; what it says of our NICs must not count twice. */
static int clear_included(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char dir[] = "/etc/network/interfaces.d";
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_interfaces arg = { mkd_hook_nics(c), true, false, false };
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_err ignored;
	int r = 0;

	if (mkd_tree_list(c->tree, dir, &names, &ignored) < 0)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = NULL;
		struct mkd_tree_stat st;

		r = mkd_asprintf(&path, err, "%s/%s", dir, names.v[i]);
		if (r == 0 && mkd_tree_stat(c->tree, path, true, &st, &ignored) == 0 &&
		    (st.mode & S_IFMT) == S_IFREG)
			r = mkd_guest_edit(&io, path, 0,
					   (struct mkd_edit){ mkd_interfaces_edit, &arg }, err);
	}
	return r;
}

/* Debian's ifupdown comes enabled; under OpenRC and under BusyBox's init it may not. */
static int ifup_at_boot(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);

	if (c->facts->openrc && mkd_tree_exists(c->tree, "/etc/init.d/networking"))
		return mkd_runlevel_add(&io, "networking", "boot", err);
	if (c->facts->openrc || c->facts->init != MKD_INIT_BUSYBOX ||
	    !mkd_tree_exists(c->tree, "/etc/inittab"))
		return 0;
	return mkd_bb_at_boot(&io, "ifup", "-a", err);
}

int mkd_ifupdown_clear(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char path[] = "/etc/network/interfaces";
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_interfaces arg = { mkd_hook_nics(c), true, false, false };
	int r = clear_included(c, err);

	if (r < 0 || !mkd_tree_exists(c->tree, path))
		return r;
	return mkd_guest_edit(&io, path, 0, (struct mkd_edit){ mkd_interfaces_edit, &arg }, err);
}

static bool has_cidr(const struct mkd_hook_ctx *c)
{
	return c->facts->net_tools & MKD_NET_BIT(MKD_NET_IFUPDOWN_NG);
}

/* BusyBox refuses the whole file for a method that it does not know. */
static bool has_dhcp6(const struct mkd_hook_ctx *c)
{
	cleanup_buf struct mkd_buf where = { 0 };
	struct mkd_err ignored;

	return !has_cidr(c) && mkd_guest_resolve(c->tree, "/sbin/ifup", &where, &ignored) == 0 &&
	       !strstr(mkd_buf_cstr(&where), "busybox");
}

static int ifupdown(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_interfaces arg = { mkd_hook_nics(c), false, has_cidr(c), has_dhcp6(c) };
	int r = clear_included(c, err);

	for (size_t i = 0; i < c->guest->n_nics && !arg.dhcp6; i++)
		if (c->guest->nics[i].ip6 == MKD_IP6_DHCP)
			mkd_say(c->ui, MKD_WARN,
				"this root's ifup(8) has no DHCPv6: its IPv6 is left to router "
				"advertisements");

	if (r == 0)
		r = mkd_guest_edit(&io, "/etc/network/interfaces", 0644,
				   (struct mkd_edit){ mkd_interfaces_edit, &arg }, err);
	if (r == 0)
		r = ifup_at_boot(c, err);
	if (r == 0)
		warn_without_client(c);
	return r < 0 ? r : static_resolv(c, err);
}

/* The link that resolved wants in place of whatever was there. */
static int stub_resolv(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char path[] = "/etc/resolv.conf";
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_tree_stat st;
	struct mkd_err ignored;
	int r = 0;

	if (mkd_tree_stat(c->tree, path, false, &st, &ignored) == 0 &&
	    (st.mode & S_IFMT) == S_IFREG)
		r = mkd_guest_remove(&io, path, err);
	if (r == 0)
		r = mkd_guest_link(&io, STUB_RESOLV, path, err);
	return r < 0 ? r : mkd_unit_enable(&io, c->facts, "systemd-resolved.service", err);
}

static int networkd_files(const struct mkd_hook_ctx *c, size_t i, struct mkd_err *err)
{
	const struct mkd_nic_list list = mkd_hook_nics(c);
	const struct mkd_nic *nic = &list.nics[i];
	cleanup_buf struct mkd_buf network = { 0 }, netdev = { 0 };
	int r;

	mkd_networkd_network(&list, i, &network);
	r = write_one(c, nic, "20", ".network", &network, err);
	if (r < 0 || !nic->vlan)
		return r;
	mkd_networkd_netdev(nic, &netdev);
	return write_one(c, nic, "20", ".netdev", &netdev, err);
}

static int networkd(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = mkd_tree_mkdirs(c->tree, "/etc/systemd/network", 0755, err);

	for (size_t i = 0; r == 0 && i < c->guest->n_nics; i++)
		r = networkd_files(c, i, err);
	if (r == 0)
		r = mkd_unit_enable(&io, c->facts, "systemd-networkd.service", err);
	if (r < 0)
		return r;
	if (!c->facts->udev)
		mkd_say(c->ui, MKD_WARN,
			"this root has systemd-networkd without udev, for which it waits for ever: "
			"install udev");
	if (c->facts->resolved)
		return stub_resolv(c, err);
	if (any_dhcp(c->guest))
		mkd_say(c->ui, MKD_WARN,
			"nothing in this root takes name servers from DHCP: install "
			"systemd-resolved, or give --dns");
	return static_resolv(c, err);
}

static int set_up(const struct mkd_hook_ctx *c, enum mkd_netcfg tool, struct mkd_err *err)
{
	switch (tool) {
	case MKD_NET_NETIFRC:
		return netifrc(c, err);
	case MKD_NET_IFUPDOWN:
	case MKD_NET_IFUPDOWN_NG:
		return ifupdown(c, err);
	case MKD_NET_NETWORKD:
		return networkd(c, err);
	case MKD_NET_NETWORKMANAGER:
		return mkd_networkmanager_set(c, err);
	case MKD_NET_DHCPCD:
		return mkd_dhcpcd_set(c, err);
	default:
		break;
	}
	mkd_say(c->ui, MKD_WARN,
		"no network tool that I know is in this root; its interfaces are "
		"left to you");
	return 0;
}

int mkd_hook_network(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_nic_list list = mkd_hook_nics(c);
	enum mkd_netcfg tool = MKD_NET_UNKNOWN;
	int r = mkd_netpick(c->tree, c->facts, &list, &tool, err);

	if (r < 0)
		return r;
	if (tool == MKD_NET_UNKNOWN && c->facts->net_tools & MKD_NET_BIT(MKD_NET_DHCPCD))
		tool = MKD_NET_DHCPCD; /* whose refusal says more */
	if (tool == MKD_NET_UNKNOWN && any_config(c->guest))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
				"cannot set up the network: this root has no tool for it that I "
				"know; looked for netifrc ('/etc/init.d/net.lo'), ifupdown "
				"('/sbin/ifup', '/etc/network'), systemd-networkd under systemd, "
				"NetworkManager, dhcpcd; give --ip none, or leave this hook out by "
				"--no-hook network");
	mkd_say(c->ui, MKD_DEBUG, "the network is set up for %s", mkd_netcfg_name(tool));
	r = keep_names(c, err);
	if (r == 0)
		r = set_up(c, tool, err);
	return r < 0 || tool == MKD_NET_UNKNOWN ? r : mkd_network_silence(c, tool, err);
}
