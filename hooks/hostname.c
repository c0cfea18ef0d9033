/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hosts.h"

#include "mkdomu/bbroot.h"
#include "mkdomu/hooks.h"
#include "mkdomu/shellvar.h"

/* The first static address, IPv4 before IPv6; else the one for hosts without. */
static const char *own_address(const struct mkd_guest *g)
{
	for (int v6 = 0; v6 <= 1; v6++)
		for (size_t i = 0; i < g->n_nics; i++)
			for (size_t k = 0; k < g->nics[i].n_addrs; k++)
				if (g->nics[i].addrs[k].v6 == v6)
					return g->nics[i].addrs[k].text;
	return "127.0.1.1";
}

int mkd_hook_hostname(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_shellvar var = { "hostname", c->guest->hostname };
	struct mkd_host host = { own_address(c->guest), c->guest->hostname };
	struct mkd_edit edit_var = { mkd_shellvar_edit, &var };
	struct mkd_edit edit_hosts = { mkd_hosts_edit, &host };
	cleanup_free char *line = NULL;
	int r = mkd_asprintf(&line, err, "%s\n", c->guest->hostname);

	if (r == 0)
		r = mkd_guest_write(&io, "/etc/hostname", line, 0644, err);
	/* OpenRC takes /etc/hostname first; this is what is left without it. */
	if (r == 0 && c->facts->openrc && mkd_tree_exists(c->tree, "/etc/conf.d"))
		r = mkd_guest_edit(&io, "/etc/conf.d/hostname", 0644, edit_var, err);
	/* BusyBox's init starts what its inittab says, and nothing by itself. */
	if (r == 0 && c->facts->init == MKD_INIT_BUSYBOX && !c->facts->openrc &&
	    mkd_tree_exists(c->tree, "/etc/inittab"))
		r = mkd_bb_at_boot(&io, "hostname", "-F /etc/hostname", err);
	if (r == 0)
		r = mkd_guest_edit(&io, "/etc/hosts", 0644, edit_hosts, err);
	return r;
}
