/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_net.h - the guest's network interfaces out of the settings; for plan.c. */
#ifndef MKDOMU_PLAN_NET_H
#define MKDOMU_PLAN_NET_H

#include "mkdomu/net.h"
#include "mkdomu/settings.h"

#define MKD_NICS 8

/*
 * Without --nic one interface, by DHCP unless it has an address; else one for each --nic, where a
 * profile's bridge (each), gateway and dns (the first) fill what is left open.
 *	-EINVAL  wrong, contradictory, or two interfaces with one address (USAGE)
 *	-E2BIG   too many interfaces or addresses (USAGE)   -ENOMEM
 */
must_check int mkd_plan_nics(const struct mkd_settings *s, struct mkd_nic ret[static MKD_NICS],
			     size_t *ret_n, struct mkd_err *err);

#endif
