/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guestroots.h"

static const struct mkd_nic nics[] = {
	{ .mac = { 0, 0x16, 0x3e, 1, 2, 3 },
	  .addrs = { { "192.0.2.10", false, 24 } },
	  .n_addrs = 1,
	  .gateways = { { "192.0.2.1", false, 0 } },
	  .n_gateways = 1,
	  .dns = { { "192.0.2.53", false, 0 } },
	  .n_dns = 1 },
	{ .devid = 1, .mac = { 0, 0x16, 0x3e, 4, 5, 6 }, .dhcp = true },
};

const struct mkd_guest guest = {
	.name = "web1",
	.hostname = "web1",
	.nics = nics,
	.n_nics = 2,
	.root_dev = "/dev/xvda1",
	.root_fstype = "ext4",
	.swap_dev = "/dev/xvda2",
	.machine_id = MACHINE_ID,
	.root_password = "secret",
	.password_salt = "abcdefghijklmnop",
	.authorized_keys = KEY " me\n",
	.epoch_sec = INT64_C(20000) * 86400 + 5,
};

/* What every root here has. */
static void seed_base(struct mkd_tree *t, const char *id)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "NAME=x\nID=%s\nVERSION_ID=\"1\"\nPRETTY_NAME='A %s'\n",
		       id, id);
	tree_mem_file(t, "/usr/lib/os-release", text);
	tree_mem_symlink(t, "../usr/lib/os-release", "/etc/os-release");
	tree_mem_file(t, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	tree_mem_file(t, "/etc/shadow", "root:*:10770:0:::::\nbin:*:9797:0:::::\n");
	tree_mem_file(t, "/etc/fstab", "# fstab\n#LABEL=boot /boot ext4 defaults 1 2\n");
	tree_mem_file(t, "/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
	tree_mem_dir(t, "/root");
	tree_mem_dir(t, "/etc/ssh");
	tree_mem_file(t, "/usr/bin/busybox", "");
}

static void seed_merged(struct mkd_tree *t, bool sbin_in_bin)
{
	tree_mem_symlink(t, "usr/bin", "/bin");
	tree_mem_symlink(t, sbin_in_bin ? "usr/bin" : "usr/sbin", "/sbin");
	tree_mem_symlink(t, "usr/lib", "/lib");
	tree_mem_dir(t, "/usr/lib");
	tree_mem_dir(t, "/usr/bin");
	if (sbin_in_bin)
		tree_mem_symlink(t, "bin", "/usr/sbin");
}

struct mkd_tree *gentoo_openrc(void)
{
	struct mkd_tree *t = tree_mem_new();

	seed_merged(t, true);
	seed_base(t, "gentoo");
	tree_mem_file(t, "/usr/bin/init", "ELF");
	tree_mem_file(t, "/usr/bin/openrc", "ELF");
	tree_mem_file(t, "/usr/bin/agetty", "ELF");
	tree_mem_file(t, "/usr/bin/sshd", "ELF");
	tree_mem_file(t, "/usr/lib/systemd/systemd-udevd", "ELF");
	tree_mem_file(t, "/etc/inittab",
		      "id:3:initdefault:\n"
		      "c1:12345:respawn:/sbin/agetty --noclear 38400 tty1 linux\n"
		      "#s0:12345:respawn:/sbin/agetty -L 115200 ttyS0 vt100\n");
	tree_mem_file(t, "/etc/rc.conf", "# what\n#rc_sys=\"\"\n");
	tree_mem_file(t, "/etc/conf.d/hwclock", "clock=\"local\"\n");
	tree_mem_file(t, "/etc/conf.d/hostname", "hostname=\"localhost\"\n");
	tree_mem_file(t, "/etc/init.d/net.lo", "#!/sbin/openrc-run\n");
	tree_mem_file(t, "/etc/init.d/sshd", "#!/sbin/openrc-run\n\tssh-keygen -A || return 2\n");
	tree_mem_dir(t, "/etc/runlevels/default");
	return t;
}

#define SERIAL_GETTY                                                                       \
	"[Unit]\nBindsTo=dev-%i.device\nAfter=dev-%i.device getty-pre.target\n[Service]\n" \
	"TTYPath=/dev/%I\n[Install]\nWantedBy=getty.target\n"

static void seed_units(struct mkd_tree *t)
{
	tree_mem_file(t, "/usr/lib/systemd/systemd", "ELF");
	tree_mem_file(t, "/usr/lib/systemd/system/serial-getty@.service", SERIAL_GETTY);
	tree_mem_file(t, "/usr/lib/systemd/systemd-networkd", "ELF");
	tree_mem_file(t, "/usr/lib/systemd/system/systemd-networkd.service",
		      "[Unit]\nAlso=not.here\n[Service]\nWantedBy=no.target\n[Install]\n"
		      "WantedBy=multi-user.target\nAlso=systemd-networkd.socket missing.service\n"
		      "; WantedBy=x.target\nAlias=dbus-org.freedesktop.network1.service ../evil\n");
	tree_mem_file(t, "/usr/lib/systemd/system/systemd-networkd.socket",
		      "[Install]\nWantedBy=sockets.target\nAlso=systemd-networkd.service\n");
}

struct mkd_tree *gentoo_systemd(void)
{
	struct mkd_tree *t = tree_mem_new();

	seed_merged(t, true);
	seed_base(t, "gentoo");
	seed_units(t);
	tree_mem_symlink(t, "../lib/systemd/systemd", "/usr/bin/init");
	tree_mem_file(t, "/usr/bin/agetty", "ELF");
	tree_mem_file(t, "/usr/bin/sshd", "ELF");
	tree_mem_file(t, "/usr/lib/systemd/systemd-udevd", "ELF");
	tree_mem_file(t, "/usr/lib/systemd/systemd-resolved", "ELF");
	tree_mem_file(t, "/usr/lib/systemd/system/systemd-resolved.service",
		      "[Install]\nWantedBy=sysinit.target\n"
		      "Alias=dbus-org.freedesktop.resolve1.service\n");
	tree_mem_file(t, "/usr/lib/systemd/system/sshd.service",
		      "[Install]\nWantedBy=multi-user.target\n");
	tree_mem_file(t, "/usr/lib/systemd/system/sshdgenkeys.service", "[Service]\n");
	tree_mem_file(t, "/etc/login.defs", "# x\nENCRYPT_METHOD YESCRYPT\n");
	return t;
}

struct mkd_tree *debian_sysvinit(void)
{
	struct mkd_tree *t = tree_mem_new();

	seed_base(t, "debian");
	tree_mem_file(t, "/sbin/init", "ELF");
	tree_mem_file(t, "/sbin/agetty", "ELF");
	tree_mem_file(t, "/sbin/ifup", "ELF");
	tree_mem_file(t, "/sbin/dhclient", "ELF");
	tree_mem_file(t, "/usr/sbin/sshd", "ELF");
	tree_mem_file(t, "/lib/systemd/systemd-udevd", "ELF");
	tree_mem_file(t, "/etc/inittab",
		      "id:2:initdefault:\n1:2345:respawn:/sbin/getty --noclear 38400 tty1\n");
	tree_mem_file(t, "/etc/network/interfaces", "source /etc/network/interfaces.d/*\n");
	tree_mem_file(t, "/etc/network/interfaces.d/setup", "auto eth0\niface eth0 inet dhcp\n");
	tree_mem_file(t, "/etc/securetty", "console\ntty1");
	tree_mem_file(t, "/etc/resolv.conf", "nameserver 10.9.9.9\n");
	tree_mem_file(t, "/etc/init.d/ssh", "#!/bin/sh\n");
	tree_mem_file(t, "/etc/init.d/rc", "#!/bin/sh\n");
	tree_mem_symlink(t, "../init.d/ssh", "/etc/rc2.d/S01ssh");
	tree_mem_file(t, "/etc/ssh/ssh_host_rsa_key", "secret");
	tree_mem_file(t, "/etc/ssh/ssh_host_rsa_key.pub", "public");
	tree_mem_file(t, "/etc/ssh/sshd_config", "#PermitRootLogin yes\nPermitRootLogin no\n");
	tree_mem_file(t, "/etc/udev/rules.d/70-persistent-net.rules", "x");
	tree_mem_file(t, "/etc/udev/rules.d/80-mine.rules", "x");
	tree_mem_file(t, "/var/lib/dhcp/dhclient.leases", "x");
	tree_mem_file(t, "/var/lib/urandom/random-seed", "x");
	tree_mem_file(t, "/var/lib/dbus/machine-id", "ffffffffffffffffffffffffffffffff\n");
	return t;
}

struct mkd_tree *debian_systemd(void)
{
	struct mkd_tree *t = tree_mem_new();

	seed_merged(t, false);
	seed_base(t, "debian");
	seed_units(t);
	tree_mem_symlink(t, "/lib/systemd/systemd", "/usr/sbin/init");
	tree_mem_file(t, "/usr/sbin/agetty", "ELF");
	tree_mem_file(t, "/etc/machine-id", "");
	tree_mem_file(t, "/etc/shadow", "root:*:19000:0:99999:7:::\nme:$y$j9T$x:1::::::\n");
	return t;
}
