/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/facts.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/guestfile.h"
#include "mkdomu/shellvar.h"
#include "mkdomu/sysfacts.h"

#define OS_RELEASE_MAX_BYTES (64 * KIB)
#define INIT_MAX_BYTES       (8 * MIB) /* of a program that is looked into for its name */

const char *mkd_init_name(enum mkd_init init)
{
	static const char *const names[MKD_INIT_N] = {
		[MKD_INIT_UNKNOWN] = "unknown",    [MKD_INIT_SYSVINIT] = "sysvinit",
		[MKD_INIT_SYSTEMD] = "systemd",    [MKD_INIT_BUSYBOX] = "BusyBox init",
		[MKD_INIT_OPENRC] = "openrc-init", [MKD_INIT_RUNIT] = "runit",
		[MKD_INIT_S6] = "s6-linux-init",   [MKD_INIT_DINIT] = "dinit",
	};

	return init < MKD_INIT_N ? names[init] : names[MKD_INIT_UNKNOWN];
}

const char *mkd_init_token(enum mkd_init init)
{
	static const char *const tokens[MKD_INIT_N] = {
		[MKD_INIT_UNKNOWN] = "unknown",
		[MKD_INIT_SYSVINIT] = "sysvinit",
		[MKD_INIT_SYSTEMD] = "systemd",
		[MKD_INIT_BUSYBOX] = "busybox",
		[MKD_INIT_OPENRC] = "openrc-init",
		[MKD_INIT_RUNIT] = "runit",
		[MKD_INIT_S6] = "s6",
		[MKD_INIT_DINIT] = "dinit",
	};

	return init < MKD_INIT_N ? tokens[init] : tokens[MKD_INIT_UNKNOWN];
}

const char *mkd_netcfg_name(enum mkd_netcfg net)
{
	static const char *const names[MKD_NET_N] = {
		[MKD_NET_UNKNOWN] = "unknown",
		[MKD_NET_NETIFRC] = "netifrc",
		[MKD_NET_IFUPDOWN] = "ifupdown",
		[MKD_NET_NETWORKD] = "networkd",
		[MKD_NET_DHCPCD] = "dhcpcd",
		[MKD_NET_IFUPDOWN_NG] = "ifupdown-ng",
		[MKD_NET_NETWORKMANAGER] = "NetworkManager",
		[MKD_NET_CONNMAN] = "connman",
	};

	return net < MKD_NET_N ? names[net] : names[MKD_NET_UNKNOWN];
}

static bool any(struct mkd_tree *t, const char *const *paths)
{
	return mkd_guest_first(t, paths) != NULL;
}

#define ANY(t, ...) any(t, (const char *const[]){ __VA_ARGS__, NULL })

static void find_os(struct mkd_tree *t, struct mkd_facts *f)
{
	static const char *const files[] = { "/etc/os-release", "/usr/lib/os-release" };
	cleanup_buf struct mkd_buf text = { 0 }, value = { 0 };
	struct mkd_err ignored;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (mkd_tree_read(t, files[i], OS_RELEASE_MAX_BYTES, &text, &ignored) < 0)
			continue;
		const struct {
			const char *key;
			char *to;
			size_t size;
		} fields[] = {
			{ "ID", f->os_id, sizeof(f->os_id) },
			{ "VERSION_ID", f->os_version, sizeof(f->os_version) },
			{ "PRETTY_NAME", f->os_name, sizeof(f->os_name) },
		};
		for (size_t k = 0; k < ARRAY_LEN(fields); k++)
			if (mkd_shellvar_get(mkd_span_buf(&text), fields[k].key, &value))
				(void)snprintf(fields[k].to, fields[k].size, "%s",
					       mkd_buf_cstr(&value));
		return;
	}
}

/*
 * BusyBox may be linked hard to /sbin/init; its banner tells it from sysvinit. The init that
 * s6-linux-init-maker(8) writes is a script.
 */
static enum mkd_init init_inside(struct mkd_tree *t, const char *path)
{
	static const char banner[] = "BusyBox v", script[] = "s6-linux-init";
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err ignored;

	if (mkd_tree_read(t, path, INIT_MAX_BYTES, &text, &ignored) < 0)
		return MKD_INIT_UNKNOWN;
	if (memmem(mkd_buf_cstr(&text), text.len, banner, sizeof(banner) - 1))
		return MKD_INIT_BUSYBOX;
	if (mkd_span_starts(mkd_span_buf(&text), "#!") &&
	    memmem(mkd_buf_cstr(&text), text.len, script, sizeof(script) - 1))
		return MKD_INIT_S6;
	return MKD_INIT_UNKNOWN;
}

static enum mkd_init init_of(struct mkd_tree *t, const char *target, bool openrc)
{
	static const struct {
		const char *name;
		enum mkd_init init;
	} names[] = {
		{ "systemd", MKD_INIT_SYSTEMD },  { "openrc-init", MKD_INIT_OPENRC },
		{ "runit-init", MKD_INIT_RUNIT }, { "runit", MKD_INIT_RUNIT },
		{ "dinit", MKD_INIT_DINIT },      { "s6-linux-init", MKD_INIT_S6 },
	};
	const char *name = strrchr(target, '/');
	enum mkd_init inside;

	if (!mkd_tree_exists(t, target))
		return MKD_INIT_UNKNOWN;
	if (!name)
		return MKD_INIT_UNKNOWN;
	if (strncmp(name, "/busybox", 8) == 0)
		return MKD_INIT_BUSYBOX;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name + 1, names[i].name) == 0)
			return names[i].init;
	/* sysvinit has no name of its own: an "init" that is no link, and company that it keeps. */
	if (strcmp(name, "/init") != 0)
		return MKD_INIT_UNKNOWN;
	inside = init_inside(t, target);
	if (inside != MKD_INIT_UNKNOWN)
		return inside;
	if (openrc || ANY(t, "/etc/inittab", "/etc/init.d/rcS", "/etc/init.d/rc", "/sbin/telinit"))
		return MKD_INIT_SYSVINIT;
	return MKD_INIT_UNKNOWN;
}

static int find_init(struct mkd_tree *t, struct mkd_facts *f, struct mkd_err *err)
{
	/* In the order of kernel_init() in Linux's init/main.c, as far as they are no shells. */
	static const char *const paths[] = { "/sbin/init", "/etc/init", "/bin/init" };
	cleanup_buf struct mkd_buf target = { 0 };
	struct mkd_err loop;
	size_t i = 0;
	int r;

	f->openrc = ANY(t, "/sbin/openrc", "/usr/sbin/openrc", "/usr/bin/openrc");
	while (i < ARRAY_LEN(paths) && !mkd_guest_has(t, paths[i]))
		i++;
	if (i == ARRAY_LEN(paths))
		return 0;
	r = mkd_guest_resolve(t, paths[i], &target, &loop);
	if (r == -ENOMEM)
		return mkd_nomem(err);
	if (r < 0) /* a link to itself: no init that we know, and the hooks say so */
		return 0;
	(void)snprintf(f->init_path, sizeof(f->init_path), "%s", paths[i]);
	(void)snprintf(f->init_target, sizeof(f->init_target), "%s", mkd_buf_cstr(&target));
	f->init = init_of(t, mkd_buf_cstr(&target), f->openrc);
	return 0;
}

/* ifup(8) goes by one name in Debian's ifupdown, in BusyBox and in ifupdown-ng; only the last has
 * executors. */
static unsigned find_net_tools(struct mkd_tree *t)
{
	static const struct {
		enum mkd_netcfg tool;
		const char *paths[5];
	} rows[] = {
		{ MKD_NET_NETIFRC, { "/etc/init.d/net.lo" } },
		{ MKD_NET_NETWORKD,
		  { "/usr/lib/systemd/systemd-networkd", "/lib/systemd/systemd-networkd" } },
		{ MKD_NET_DHCPCD, { "/sbin/dhcpcd", "/usr/sbin/dhcpcd", "/usr/bin/dhcpcd" } },
		{ MKD_NET_NETWORKMANAGER,
		  { "/usr/sbin/NetworkManager", "/usr/bin/NetworkManager" } },
		{ MKD_NET_CONNMAN, { "/usr/sbin/connmand", "/usr/bin/connmand" } },
	};
	unsigned set = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (any(t, rows[i].paths))
			set |= MKD_NET_BIT(rows[i].tool);
	if (ANY(t, "/sbin/ifup", "/usr/sbin/ifup", "/usr/bin/ifup") && ANY(t, "/etc/network"))
		set |= ANY(t, "/usr/libexec/ifupdown-ng", "/usr/lib/ifupdown-ng")
			       ? MKD_NET_BIT(MKD_NET_IFUPDOWN_NG)
			       : MKD_NET_BIT(MKD_NET_IFUPDOWN);
	return set;
}

static enum mkd_netcfg find_net(struct mkd_tree *t, const struct mkd_facts *f)
{
	bool ifup = ANY(t, "/sbin/ifup", "/usr/sbin/ifup") && ANY(t, "/etc/network");

	if (f->init == MKD_INIT_SYSTEMD) {
		bool networkd = ANY(t, "/usr/lib/systemd/systemd-networkd",
				    "/lib/systemd/systemd-networkd");

		/* Where both are installed, an ifupdown that nobody turned off is the one in use.
		 */
		if (networkd && (!ifup || mkd_guest_has(t, "/etc/systemd/system/multi-user.target."
							   "wants/systemd-networkd.service")))
			return MKD_NET_NETWORKD;
	} else if (f->openrc && ANY(t, "/etc/init.d/net.lo")) {
		return MKD_NET_NETIFRC;
	}
	return ifup ? MKD_NET_IFUPDOWN : MKD_NET_UNKNOWN;
}

/* Of a merged /usr the name is /usr/lib, as systemctl(1) writes it. */
static const char *find_unit_dir(struct mkd_tree *t, const struct mkd_facts *f)
{
	if (!f->merged_usr && ANY(t, "/lib/systemd/system"))
		return "/lib/systemd";
	return "/usr/lib/systemd";
}

/* Any file system has some path; one without this is not that of a machine. */
static int check_root(struct mkd_tree *t, struct mkd_err *err)
{
	struct mkd_tree_stat st;
	int r = mkd_tree_stat(t, "/etc", true, &st, err);

	if (r != -ENOENT && r != -ENOTDIR && r != -ELOOP)
		return r;
	return mkd_fail(err, MKD_EXIT_ARCHIVE, ENOENT,
			"the tarball is not a root file system: there is no '/etc' in it%s",
			mkd_guest_has(t, "/sbin/init") ? ""
						       : ", nor '/sbin/init'; is there a folder "
							 "around the root?");
}

int mkd_facts_find(struct mkd_tree *t, struct mkd_facts *ret, struct mkd_err *err)
{
	struct mkd_facts f = { 0 };
	cleanup_buf struct mkd_buf link = { 0 };
	struct mkd_err ignored;
	int r;

	r = check_root(t, err);
	if (r < 0)
		return r;
	r = find_init(t, &f, err);
	if (r < 0)
		return r;
	find_os(t, &f);
	f.merged_usr = mkd_tree_readlink(t, "/lib", &link, &ignored) == 0 &&
		       strstr(mkd_buf_cstr(&link), "usr/lib");
	f.securetty = mkd_tree_exists(t, "/etc/securetty");
	f.sshd = ANY(t, "/usr/sbin/sshd", "/usr/bin/sshd", "/sbin/sshd");
	f.udev = ANY(t, "/usr/lib/systemd/systemd-udevd", "/lib/systemd/systemd-udevd",
		     "/sbin/udevd", "/usr/sbin/udevd", "/usr/bin/udevd", "/usr/lib/udev/udevd");
	f.resolved = ANY(t, "/usr/lib/systemd/systemd-resolved", "/lib/systemd/systemd-resolved");
	(void)snprintf(f.unit_dir, sizeof(f.unit_dir), "%s", find_unit_dir(t, &f));
	f.net_tools = find_net_tools(t);
	f.net = find_net(t, &f);
	mkd_sysfacts_find(t, &f);
	*ret = f;
	return 0;
}
