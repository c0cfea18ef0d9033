/* SPDX-License-Identifier: GPL-2.0-or-later */
/* facts.h - what is found in a guest's root. Hooks are driven by these, never by a release's name.
 */
#ifndef MKDOMU_FACTS_H
#define MKDOMU_FACTS_H

#include "mkdomu/tree.h"

enum mkd_init {
	MKD_INIT_UNKNOWN,
	MKD_INIT_SYSVINIT,
	MKD_INIT_SYSTEMD,
	MKD_INIT_BUSYBOX,
	MKD_INIT_OPENRC, /* openrc-init(8) */
	MKD_INIT_RUNIT,
	MKD_INIT_S6, /* s6-linux-init(8) */
	MKD_INIT_DINIT,
	MKD_INIT_N,
};

enum mkd_netcfg { /* the tool whose files configure the network */
		  MKD_NET_UNKNOWN,
		  MKD_NET_NETIFRC,     /* /etc/init.d/net.lo */
		  MKD_NET_IFUPDOWN,    /* /sbin/ifup and /etc/network */
		  MKD_NET_NETWORKD,    /* systemd-networkd */
		  MKD_NET_DHCPCD,      /* dhcpcd(8), which also sets what dhcpcd.conf(5) says */
		  MKD_NET_IFUPDOWN_NG, /* its own ifup(8), with /etc/network */
		  MKD_NET_NETWORKMANAGER,
		  MKD_NET_CONNMAN,
		  MKD_NET_N,
};

/* The place of a tool in a set of them. */
#define MKD_NET_BIT(netcfg) (1U << (netcfg))

enum mkd_libc { MKD_LIBC_UNKNOWN, MKD_LIBC_GLIBC, MKD_LIBC_MUSL };

struct mkd_facts {
	char os_id[64], os_version[64], os_name[128]; /* os-release(5); "" = none */
	enum mkd_init init;
	bool openrc;           /* /sbin/openrc: its services and runlevels */
	bool merged_usr;       /* /lib is a link to usr/lib */
	bool securetty;        /* /etc/securetty exists */
	bool sshd;             /* an sshd is installed */
	bool udev;             /* udevd, so that interfaces may be renamed */
	bool resolved;         /* systemd-resolved */
	enum mkd_netcfg net;   /* the one that is used */
	unsigned net_tools;    /* MKD_NET_BIT of each that is installed, used or not */
	char init_target[256]; /* where init_path leads; "" = there is no init */
	char unit_dir[32];     /* "/usr/lib/systemd" or "/lib/systemd" */
	char init_path[16];    /* "/sbin/init", or another that the kernel tries */
	char arch[16];         /* machine of init's program, as uname(2) says it; "" = not known */
	enum mkd_libc libc;
	unsigned udev_version; /* systemd's; 0 = not known */
	bool cloud_init;
	char packages[16]; /* the package manager, as "portage"; "" = none that is known */
};

/*
 * Look around. Not knowing something is a fact, not an error; an unknown init is reported by the
 * hooks that need it.
 *	-ENOENT  no /etc: not a root file system (ARCHIVE)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_facts_find(struct mkd_tree *t, struct mkd_facts *ret, struct mkd_err *err);

const char *mkd_init_name(enum mkd_init init); /* for a reader, as "BusyBox init" */
/* For programs: unknown, sysvinit, systemd, busybox, openrc-init, runit, s6, dinit. */
const char *mkd_init_token(enum mkd_init init);
const char *mkd_netcfg_name(enum mkd_netcfg net); /* "ifupdown-ng"; "unknown" */

#endif
