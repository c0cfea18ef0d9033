/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_net.h - the guest's network interfaces out of the settings; for plan.c. */
#ifndef MKDOMU_PLAN_NET_H
#define MKDOMU_PLAN_NET_H

#include "mkdomu/net.h"
#include "mkdomu/settings.h"

/*
 * Without --nic one interface, by DHCP unless it has an address; else one for each --nic and for
 * each VLAN on it. A profile's bridge and mtu (each NIC), gateway, dns and search (the first) fill
 * what is left open.
 *	-EINVAL  wrong, contradictory, or two interfaces with one address (USAGE)
 *	-E2BIG   too many interfaces or addresses (USAGE)   -ENOMEM
 */
must_check int mkd_plan_nics(const struct mkd_settings *s, struct mkd_nic ret[static MKD_IFACES],
			     size_t *ret_n, struct mkd_err *err);

#endif
