/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NetworkManager, dhcpcd, and the tools that are not used. */
#include "mkdomu/hooknet.h"

#include <errno.h>

#include "mkdomu/netpick.h"
#include "mkdomu/nmfiles.h"
#include "mkdomu/service.h"

#define NM_DIR       "/etc/NetworkManager/system-connections"
#define NM_UNMANAGED "/etc/NetworkManager/conf.d/90-mkdomu.conf"
#define NM_WIFI_ONLY "NetworkManager/conf.d/10-globally-managed-devices.conf"

/* sysvinit's own links are there since the package came. */
static int enable(const struct mkd_hook_ctx *c, const char *service, struct mkd_err *err)
{
	const char *const names[] = { service, NULL };
	const struct mkd_guest_io io = mkd_hook_io(c);
	bool done = false;
	int r = mkd_service_enable(&io, c->facts, names, &done, err);

	if (r == 0 && !done && (c->facts->init != MKD_INIT_SYSVINIT || c->facts->openrc))
		mkd_say(c->ui, MKD_WARN,
			"the network is set up for %s, but I found no service of that name to "
			"start: have it started at boot",
			service);
	return r;
}

int mkd_networkmanager_set(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = mkd_tree_mkdirs(c->tree, NM_DIR, 0755, err);

	for (size_t i = 0; r == 0 && i < c->guest->n_nics; i++) {
		cleanup_buf struct mkd_buf text = { 0 };
		cleanup_free char *path = NULL;
		char name[MKD_IFNAME_SIZE];

		mkd_nm_keyfile(&c->guest->nics[i], &text);
		r = mkd_buf_check(&text, err);
		if (r == 0)
			r = mkd_asprintf(&path, err, NM_DIR "/mkdomu-%s.nmconnection",
					 mkd_nic_name(&c->guest->nics[i], name));
		if (r == 0)
			r = mkd_guest_write(&io, path, mkd_buf_cstr(&text), 0600, err);
		if (r == 0) /* one that was there */
			r = mkd_tree_chmod(c->tree, path, 0600, err);
	}
	if (r == 0)
		r = mkd_guest_remove(&io, NM_UNMANAGED, err);
	/* Ubuntu leaves Ethernet to netplan by this file; an own one of the name takes its place.
	 */
	if (r == 0 && mkd_tree_exists(c->tree, "/usr/lib/" NM_WIFI_ONLY)) {
		r = mkd_tree_mkdirs(c->tree, "/etc/NetworkManager/conf.d", 0755, err);
		if (r == 0)
			r = mkd_guest_write(&io, "/etc/" NM_WIFI_ONLY, "# by mkdomu: all are\n",
					    0644, err);
	}
	return r < 0 ? r : enable(c, "NetworkManager", err);
}

int mkd_dhcpcd_set(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	const struct mkd_nic_list list = mkd_hook_nics(c);
	const char *lacks = mkd_dhcpcd_lacks(&list);
	int r;

	if (lacks)
		return mkd_fail(
			err, MKD_EXIT_HOOK, ENOTSUP,
			"cannot set up the network: dhcpcd, which is all that this root "
			"has, cannot do %s; leave that out, or use a root with another tool",
			lacks);
	r = mkd_guest_edit(&io, "/etc/dhcpcd.conf", 0644,
			   (struct mkd_edit){ mkd_dhcpcd_edit, &list }, err);
	return r < 0 ? r : enable(c, "dhcpcd", err);
}

static int unmanage(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	const struct mkd_nic_list list = mkd_hook_nics(c);
	cleanup_buf struct mkd_buf text = { 0 };
	int r;

	mkd_nm_unmanaged(&list, &text);
	r = mkd_buf_check(&text, err);
	if (r == 0)
		r = mkd_tree_mkdirs(c->tree, "/etc/NetworkManager/conf.d", 0755, err);
	return r < 0 ? r : mkd_guest_write(&io, NM_UNMANAGED, mkd_buf_cstr(&text), 0644, err);
}

static int netifrc_off(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->guest->n_nics; i++) {
		char name[MKD_IFNAME_SIZE], service[32];

		(void)snprintf(service, sizeof(service), "net.%s",
			       mkd_nic_name(&c->guest->nics[i], name));
		r = mkd_service_off(&io, service, err);
	}
	return r;
}

int mkd_network_silence(const struct mkd_hook_ctx *c, enum mkd_netcfg used, struct mkd_err *err)
{
	const unsigned ifup = MKD_NET_BIT(MKD_NET_IFUPDOWN) | MKD_NET_BIT(MKD_NET_IFUPDOWN_NG);
	const unsigned others = c->facts->net_tools & ~MKD_NET_BIT(used);
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = 0;

	if (others & MKD_NET_BIT(MKD_NET_NETWORKMANAGER))
		r = unmanage(c, err);
	if (r == 0 && others & MKD_NET_BIT(MKD_NET_DHCPCD))
		r = mkd_service_off(&io, "dhcpcd", err);
	if (r == 0 && others & MKD_NET_BIT(MKD_NET_CONNMAN))
		r = mkd_service_off(&io, "connman", err);
	if (r == 0 && others & MKD_NET_BIT(MKD_NET_NETIFRC))
		r = netifrc_off(c, err);
	if (r == 0 && others & ifup && !(MKD_NET_BIT(used) & ifup))
		r = mkd_ifupdown_clear(c, err);
	return r;
}
