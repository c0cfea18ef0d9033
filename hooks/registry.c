/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hooks.h"

static bool has_nics(const struct mkd_hook_ctx *c)
{
	return c->guest->n_nics > 0;
}

static bool has_root(const struct mkd_hook_ctx *c)
{
	return c->guest->root_dev != NULL;
}

static bool has_hostname(const struct mkd_hook_ctx *c)
{
	return c->guest->hostname != NULL;
}

static bool has_clock(const struct mkd_hook_ctx *c)
{
	return c->facts->openrc && c->facts->init != MKD_INIT_SYSTEMD;
}

static bool has_access(const struct mkd_hook_ctx *c)
{
	return c->guest->root_state || c->guest->root_password || c->guest->authorized_keys ||
	       c->guest->n_users;
}

static bool has_locale(const struct mkd_hook_ctx *c)
{
	return c->guest->timezone || c->guest->locale || c->guest->keymap;
}

static bool has_files(const struct mkd_hook_ctx *c)
{
	return c->guest->n_fileops > 0;
}

static bool has_modules(const struct mkd_hook_ctx *c)
{
	return c->guest->modules != NULL;
}

const struct mkd_hook mkd_hooks[] = {
	{ "identity", "remove what must not be shared, give the guest its machine id",
	  "/etc/machine-id /var/lib/dbus/machine-id /etc/ssh /etc/dropbear /etc/udev/rules.d "
	  "/var/lib /etc/systemd/system",
	  NULL, mkd_hook_identity },
	{ "console", "a login on the Xen console, hvc0, and none on terminals that are not there",
	  "/etc/inittab /etc/inittab.d /etc/securetty /etc/systemd/system /etc/init.d "
	  "/etc/conf.d /etc/runlevels "
	  "/etc/sv /etc/runit /etc/service /etc/dinit.d /etc/s6 /etc/s6-linux-init /sbin/poweroff "
	  "/sbin/reboot",
	  NULL, mkd_hook_console },
	{ "fstab", "the root file system and the swap", "/etc/fstab", has_root, mkd_hook_fstab },
	{ "hostname", "the host's name",
	  "/etc/hostname /etc/conf.d/hostname /etc/hosts /etc/inittab", has_hostname,
	  mkd_hook_hostname },
	{ "network", "network interfaces, addresses, resolvers",
	  "/etc/conf.d/net /etc/init.d /etc/runlevels /etc/network /etc/systemd/network "
	  "/etc/NetworkManager /etc/dhcpcd.conf /etc/sysctl.d /etc/rc?.d /etc/runit "
	  "/etc/systemd/system /etc/resolv.conf /etc/inittab",
	  has_nics, mkd_hook_network },
	{ "clock", "no hardware clock: the time is Xen's", "/etc/rc.conf /etc/conf.d/hwclock",
	  has_clock, mkd_hook_clock },
	{ "access", "root's password and ssh keys, and accounts of users",
	  "/etc/passwd /etc/shadow /etc/group /etc/gshadow /root/.ssh /home /etc/sudoers "
	  "/etc/sudoers.d /etc/runlevels /etc/systemd/system /etc/runit "
	  "/etc/service /etc/dinit.d",
	  has_access, mkd_hook_access },
	{ "locale", "time zone, locale and keymap, where they are asked for",
	  "/etc/localtime /etc/timezone /etc/locale.conf /etc/default /etc/env.d /etc/profile.env "
	  "/etc/vconsole.conf /etc/conf.d/keymaps",
	  has_locale, mkd_hook_locale },
	{ "modules", "the kernel's modules that --modules names", "/lib/modules /usr/lib/modules",
	  has_modules, mkd_hook_modules },
	/* last: what the user says of a file is said after the hooks */
	{ "files",
	  "what --copy-in, --write, --append-line, --delete, --mkdir, --link, --chmod and "
	  "--firstboot ask for",
	  "/", has_files, mkd_hook_files },
	{ NULL, NULL, NULL, NULL, NULL },
};

static const struct {
	bool (*applies)(const struct mkd_hook_ctx *c);
	const char *when;
} whens[] = {
	{ NULL, "always" },
	{ has_root, "always" },
	{ has_hostname, "always" },
	{ has_nics, "the guest has a network interface" },
	{ has_clock, "the guest has OpenRC, and not systemd" },
	{ has_access, "a password or key for root, or a user, is given" },
	{ has_locale, "--timezone, --locale or --keymap is given" },
	{ has_files, "one of these options is given" },
	{ has_modules, "--modules is given" },
};

const char *mkd_hook_when(const struct mkd_hook *h)
{
	for (size_t i = 0; i < ARRAY_LEN(whens); i++)
		if (whens[i].applies == h->applies)
			return whens[i].when;
	return "it finds something to do";
}
