/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hooknet.h - parts of the network hook that have a file of their own. */
#ifndef MKDOMU_HOOKNET_H
#define MKDOMU_HOOKNET_H

#include "mkdomu/hooks.h"
#include "mkdomu/netfiles.h"

static inline struct mkd_nic_list mkd_hook_nics(const struct mkd_hook_ctx *c)
{
	return (struct mkd_nic_list){ c->guest->nics, c->guest->n_nics };
}

/* Take our interfaces out of ifupdown's files. Errors: mkd_guest_edit. */
must_check int mkd_ifupdown_clear(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* Errors: mkd_guest_write, mkd_service_enable. */
must_check int mkd_networkmanager_set(const struct mkd_hook_ctx *c, struct mkd_err *err);
/*
 * Write dhcpcd.conf(5) and enable dhcpcd.
 *	-ENOTSUP  what mkd_dhcpcd_lacks names (HOOK)
 *	and mkd_guest_edit, mkd_service_enable
 */
must_check int mkd_dhcpcd_set(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 * Keep the tools that are not used off our interfaces: NetworkManager is told to leave them alone,
 * ifupdown keeps the others of its file, dhcpcd, connman and netifrc's services do not start.
 * Errors: mkd_guest_write, mkd_guest_edit, mkd_service_off.
 */
must_check int mkd_network_silence(const struct mkd_hook_ctx *c, enum mkd_netcfg used,
				   struct mkd_err *err);

#endif
