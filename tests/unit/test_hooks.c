/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of facts, the hook runner and the built-in hooks, on roots in memory. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/access.h"
#include "mkdomu/hooks.h"
#include "tree_mem.h"

#define MACHINE_ID "0123456789abcdef0123456789abcdef"
#define KEY        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4pQ0mUqMXVYjQm8ZJk1sQmR1mQm8c6m1m2m3m4m5m6"

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

static const struct mkd_guest guest = {
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

static struct mkd_tree *gentoo_openrc(void)
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

static struct mkd_tree *gentoo_systemd(void)
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

static struct mkd_tree *debian_sysvinit(void)
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

/* Without udev, as a minimal debootstrap has it. */
static struct mkd_tree *debian_systemd(void)
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

static int run(struct mkd_tree *t, const struct mkd_guest *g, const char *name, struct test_ui *ui,
	       struct mkd_err *err)
{
	struct mkd_facts facts;
	struct mkd_strv names = { 0 };
	struct mkd_hook_ctx c = { t, &facts, g, ui ? &ui->ui : NULL };
	int r = mkd_facts_find(t, &facts, err);

	for (const struct mkd_hook *h = mkd_hooks; h->name && r == 0; h++)
		if (!name || strcmp(name, h->name) == 0)
			r = mkd_strv_add(&names, h->name, err);
	if (r == 0)
		r = mkd_hooks_run(mkd_hooks, &names, &c, err);
	mkd_strv_free(&names);
	return r;
}

static void assert_text(struct mkd_tree *t, const char *path, const char *want)
{
	assert_string_equal(tree_mem_text(t, path), want);
}

static void assert_link(struct mkd_tree *t, const char *path, const char *want)
{
	struct mkd_buf text = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_tree_readlink(t, path, &text, &err), &err);
	assert_string_equal(mkd_buf_cstr(&text), want);
	mkd_buf_free(&text);
}

static void assert_mode(struct mkd_tree *t, const char *path, mode_t want)
{
	struct mkd_tree_stat st;
	struct mkd_err err = { 0 };

	assert_ok(mkd_tree_stat(t, path, false, &st, &err), &err);
	assert_int_equal(st.mode & 07777, want);
	assert_int_equal(st.uid, 0);
}

static void assert_said(const struct test_ui *ui, const char *words)
{
	if (!strstr(mkd_buf_cstr(&ui->said), words))
		fail_msg("'%s' is not in: %s", words, mkd_buf_cstr(&ui->said));
}

static void assert_unsaid(const struct test_ui *ui, const char *words)
{
	if (strstr(mkd_buf_cstr(&ui->said), words))
		fail_msg("'%s' is in: %s", words, mkd_buf_cstr(&ui->said));
}

static void facts_are_found(void **state)
{
	static const struct {
		struct mkd_tree *(*make)(void);
		struct mkd_facts want;
	} rows[] = {
		{ gentoo_openrc,
		  { .os_id = "gentoo",
		    .os_version = "1",
		    .os_name = "A gentoo",
		    .init = MKD_INIT_SYSVINIT,
		    .openrc = true,
		    .merged_usr = true,
		    .securetty = false,
		    .sshd = true,
		    .udev = true,
		    .resolved = false,
		    .net = MKD_NET_NETIFRC,
		    .net_tools = MKD_NET_BIT(MKD_NET_NETIFRC),
		    .init_target = "/usr/bin/init",
		    .unit_dir = "/usr/lib/systemd" } },
		{ gentoo_systemd,
		  { .os_id = "gentoo",
		    .os_version = "1",
		    .os_name = "A gentoo",
		    .init = MKD_INIT_SYSTEMD,
		    .openrc = false,
		    .merged_usr = true,
		    .securetty = false,
		    .sshd = true,
		    .udev = true,
		    .resolved = true,
		    .net = MKD_NET_NETWORKD,
		    .net_tools = MKD_NET_BIT(MKD_NET_NETWORKD),
		    .init_target = "/usr/lib/systemd/systemd",
		    .unit_dir = "/usr/lib/systemd" } },
		{ debian_sysvinit,
		  { .os_id = "debian",
		    .os_version = "1",
		    .os_name = "A debian",
		    .init = MKD_INIT_SYSVINIT,
		    .openrc = false,
		    .merged_usr = false,
		    .securetty = true,
		    .sshd = true,
		    .udev = true,
		    .resolved = false,
		    .net = MKD_NET_IFUPDOWN,
		    .net_tools = MKD_NET_BIT(MKD_NET_IFUPDOWN),
		    .init_target = "/sbin/init",
		    .unit_dir = "/usr/lib/systemd" } },
		{ debian_systemd,
		  { .os_id = "debian",
		    .os_version = "1",
		    .os_name = "A debian",
		    .init = MKD_INIT_SYSTEMD,
		    .openrc = false,
		    .merged_usr = true,
		    .securetty = false,
		    .sshd = false,
		    .udev = false,
		    .resolved = false,
		    .net = MKD_NET_NETWORKD,
		    .net_tools = MKD_NET_BIT(MKD_NET_NETWORKD),
		    .init_target = "/usr/lib/systemd/systemd",
		    .unit_dir = "/usr/lib/systemd" } },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = rows[i].make();
		const struct mkd_facts *w = &rows[i].want;
		struct mkd_facts f;

		assert_ok(mkd_facts_find(t, &f, &err), &err);
		assert_string_equal(f.os_id, w->os_id);
		assert_string_equal(f.os_version, w->os_version);
		assert_string_equal(f.os_name, w->os_name);
		assert_string_equal(f.init_target, w->init_target);
		assert_string_equal(f.unit_dir, w->unit_dir);
		assert_int_equal(f.init, w->init);
		assert_int_equal(f.net, w->net);
		assert_int_equal(f.net_tools, w->net_tools);
		assert_int_equal(f.openrc, w->openrc);
		assert_int_equal(f.merged_usr, w->merged_usr);
		assert_int_equal(f.securetty, w->securetty);
		assert_int_equal(f.sshd, w->sshd);
		assert_int_equal(f.udev, w->udev);
		assert_int_equal(f.resolved, w->resolved);
		tree_mem_free(t);
	}
	assert_string_equal(mkd_init_name(MKD_INIT_SYSTEMD), "systemd");
	assert_string_equal(mkd_init_name(MKD_INIT_SYSVINIT), "sysvinit");
	assert_string_equal(mkd_init_name(MKD_INIT_UNKNOWN), "unknown");
}

static void networkd_is_used_beside_ifupdown_only_when_enabled(void **state)
{
	struct mkd_tree *t = debian_systemd();
	struct mkd_err err = { 0 };
	struct mkd_facts f;

	(void)state;
	tree_mem_file(t, "/usr/sbin/ifup", "ELF");
	tree_mem_dir(t, "/etc/network");
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_int_equal(f.net, MKD_NET_IFUPDOWN);
	tree_mem_symlink(t, "/lib/systemd/system/systemd-networkd.service",
			 "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service");
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_int_equal(f.net, MKD_NET_NETWORKD);
	tree_mem_free(t);
}

static void unknown_inits_are_refused_by_name(void **state)
{
	static const struct {
		const char *target, *content, *words;
	} rows[] = {
		{ "/sbin/finit", "x", "leads to '/sbin/finit'" },
		{ "shepherd", "x", "leads to '/sbin/shepherd', which is no init" },
		{ "missing", NULL, "leads to '/sbin/missing'" },
		{ "init", NULL, "there is no init" },
		{ NULL, NULL, "there is no init" },
	};
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = tree_mem_new();

		tree_mem_file(t, "/etc/inittab", "id:3:initdefault:\n");
		tree_mem_file(t, "/sbin/agetty", "ELF");
		if (rows[i].target)
			tree_mem_symlink(t, rows[i].target, "/sbin/init");
		if (rows[i].content)
			tree_mem_file(t,
				      !rows[i].target          ? "/sbin/init"
				      : *rows[i].target == '/' ? rows[i].target
							       : "/sbin/shepherd",
				      rows[i].content);
		/* mkd_hook_console: -ENOTSUP */
		assert_fails(run(t, &guest, "console", NULL, &err), &err, ENOTSUP, MKD_EXIT_HOOK,
			     rows[i].words);
		assert_true(strncmp(err.msg, "hook 'console': ", 16) == 0);
		tree_mem_free(t);
	}
}

static void a_folder_that_is_no_root_is_refused(void **state)
{
	struct mkd_tree *t = tree_mem_new();
	struct mkd_facts f = { .os_id = "kept" };
	struct mkd_err err;

	(void)state;
	tree_mem_dir(t, "/root.x86_64/etc");
	assert_fails(mkd_facts_find(t, &f, &err), &err, ENOENT, MKD_EXIT_ARCHIVE,
		     "nor '/sbin/init'; is there a folder around the root?");
	tree_mem_file(t, "/sbin/init", "#!/bin/sh\n");
	assert_fails(mkd_facts_find(t, &f, &err), &err, ENOENT, MKD_EXIT_ARCHIVE,
		     "not a root file system: there is no '/etc' in it");
	assert_string_equal(f.os_id, "kept");
	tree_mem_free(t);
}

/* All hooks, twice: the second run changes nothing and says no more than that. */
static void every_hook_is_idempotent_on_every_root(void **state)
{
	static struct mkd_tree *(*const makers[])(void) = { gentoo_openrc, gentoo_systemd,
							    debian_sysvinit, debian_systemd };
	struct mkd_buf first = { 0 }, second = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
		struct mkd_tree *t = makers[i]();
		struct test_ui ui;
		unsigned changes;

		assert_ok(run(t, &guest, NULL, NULL, &err), &err);
		mkd_buf_reset(&first);
		tree_mem_dump(t, &first);
		changes = tree_mem_changes(t);
		test_ui_init(&ui);
		assert_ok(run(t, &guest, NULL, &ui, &err), &err);
		mkd_buf_reset(&second);
		tree_mem_dump(t, &second);
		assert_string_equal(mkd_buf_cstr(&second), mkd_buf_cstr(&first));
		assert_int_equal(tree_mem_changes(t), changes);
		assert_unsaid(&ui, "edited '");
		assert_unsaid(&ui, "wrote '");
		assert_unsaid(&ui, "linked '");
		assert_unsaid(&ui, "removed '");
		assert_unsaid(&ui, "secret");
		mkd_buf_free(&ui.said);
		tree_mem_free(t);
	}
	mkd_buf_free(&first);
	mkd_buf_free(&second);
}

#define CONFD_NET                                                                \
	"config_eth0=\"192.0.2.10/24\"\nroutes_eth0=\"default via 192.0.2.1\"\n" \
	"dns_servers_eth0=\"192.0.2.53\"\nconfig_eth1=\"dhcp\"\n"

static void a_gentoo_with_openrc_is_set_up(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err = { 0 };
	struct test_ui ui;

	(void)state;
	test_ui_init(&ui);
	assert_ok(run(t, &guest, NULL, &ui, &err), &err);
	assert_text(t, "/etc/inittab",
		    "id:3:initdefault:\n"
		    "#c1:12345:respawn:/sbin/agetty --noclear 38400 tty1 linux\n"
		    "#s0:12345:respawn:/sbin/agetty -L 115200 ttyS0 vt100\n"
		    "h0:12345:respawn:/sbin/agetty -L 115200 hvc0 vt100\n");
	assert_text(t, "/etc/fstab",
		    "# fstab\n#LABEL=boot /boot ext4 defaults 1 2\n"
		    "/dev/xvda1\t/\text4\tdefaults,noatime\t0 1\n"
		    "/dev/xvda2\tnone\tswap\tsw\t0 0\n");
	assert_text(t, "/etc/rc.conf", "# what\nrc_sys=\"xenU\"\n");
	assert_text(t, "/etc/conf.d/hwclock", "#clock=\"local\"\nclock=\"UTC\"\n");
	assert_text(t, "/etc/conf.d/hostname", "#hostname=\"localhost\"\nhostname=\"web1\"\n");
	assert_text(t, "/etc/hostname", "web1\n");
	assert_text(t, "/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.10\tweb1\n");
	assert_text(t, "/etc/conf.d/net", CONFD_NET);
	assert_text(t, "/etc/resolv.conf", "nameserver 192.0.2.53\n");
	assert_link(t, "/etc/init.d/net.eth0", "net.lo");
	assert_link(t, "/etc/init.d/net.eth1", "net.lo");
	assert_link(t, "/etc/runlevels/default/net.eth0", "/etc/init.d/net.eth0");
	assert_link(t, "/etc/runlevels/default/net.eth1", "/etc/init.d/net.eth1");
	assert_link(t, "/etc/runlevels/default/sshd", "/etc/init.d/sshd");
	assert_text(t, "/etc/systemd/network/10-mkdomu-0.link",
		    "[Match]\nMACAddress=00:16:3e:01:02:03\nType=ether\n\n[Link]\nName=eth0\n");
	assert_text(t, "/etc/machine-id", "(none)");
	assert_text(t, "/etc/securetty", "(none)");
	assert_text(t, "/root/.ssh/authorized_keys", KEY " me\n");
	assert_mode(t, "/root/.ssh", 0700);
	assert_mode(t, "/root/.ssh/authorized_keys", 0600);
	assert_true(strncmp(tree_mem_text(t, "/etc/shadow"), "root:$6$abcdefghijklmnop$", 25) == 0);
	assert_non_null(
		strstr(tree_mem_text(t, "/etc/shadow"), ":20000:0:::::\nbin:*:9797:0:::::\n"));
	assert_said(&ui, "edited '/etc/inittab'");
	assert_unsaid(&ui, "secret");
	assert_unsaid(&ui, "ssh-keygen");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void a_gentoo_with_systemd_is_set_up(void **state)
{
	struct mkd_tree *t = gentoo_systemd();
	struct mkd_err err = { 0 };

	(void)state;
	tree_mem_file(t, "/etc/resolv.conf", "nameserver 10.9.9.9\n");
	assert_ok(run(t, &guest, NULL, NULL, &err), &err);
	assert_link(t, "/etc/systemd/system/getty.target.wants/serial-getty@hvc0.service",
		    "/usr/lib/systemd/system/serial-getty@.service");
	assert_text(t, "/etc/systemd/system/serial-getty@hvc0.service", "(none)");
	assert_link(t, "/etc/systemd/system/multi-user.target.wants/systemd-networkd.service",
		    "/usr/lib/systemd/system/systemd-networkd.service");
	assert_link(t, "/etc/systemd/system/dbus-org.freedesktop.network1.service",
		    "/usr/lib/systemd/system/systemd-networkd.service");
	assert_link(t, "/etc/systemd/system/sockets.target.wants/systemd-networkd.socket",
		    "/usr/lib/systemd/system/systemd-networkd.socket");
	assert_link(t, "/etc/systemd/system/sysinit.target.wants/systemd-resolved.service",
		    "/usr/lib/systemd/system/systemd-resolved.service");
	assert_link(t, "/etc/systemd/system/multi-user.target.wants/sshd.service",
		    "/usr/lib/systemd/system/sshd.service");
	assert_link(t, "/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
	assert_false(mkd_guest_has(t, "/etc/systemd/system/x.target.wants"));
	assert_false(mkd_guest_has(t, "/etc/systemd/system/no.target.wants"));
	assert_false(mkd_guest_has(t, "/etc/systemd/evil"));
	assert_text(t, "/etc/systemd/network/20-mkdomu-0.network",
		    "[Match]\nMACAddress=00:16:3e:01:02:03\nType=ether\n\n[Network]\n"
		    "Address=192.0.2.10/24\nGateway=192.0.2.1\nDNS=192.0.2.53\n");
	assert_text(t, "/etc/machine-id", MACHINE_ID "\n");
	assert_mode(t, "/etc/machine-id", 0444);
	assert_text(t, "/etc/rc.conf", "(none)");
	assert_true(strncmp(tree_mem_text(t, "/etc/shadow"), "root:$y$j9T$abcdefghijklmnop$", 29) ==
		    0);
	tree_mem_free(t);
}

static void a_debian_with_sysvinit_is_set_up(void **state)
{
	struct mkd_tree *t = debian_sysvinit();
	struct mkd_err err = { 0 };
	struct test_ui ui;

	(void)state;
	test_ui_init(&ui);
	assert_ok(run(t, &guest, NULL, &ui, &err), &err);
	assert_text(t, "/etc/inittab",
		    "id:2:initdefault:\n#1:2345:respawn:/sbin/getty --noclear 38400 tty1\n"
		    "h0:2345:respawn:/sbin/agetty -L 115200 hvc0 vt100\n");
	assert_text(t, "/etc/securetty", "console\ntty1\nhvc0\n");
	assert_text(t, "/etc/network/interfaces.d/setup", "#auto eth0\n#iface eth0 inet dhcp\n");
	assert_text(t, "/etc/network/interfaces",
		    "source /etc/network/interfaces.d/*\n# begin mkdomu\nauto eth0\n"
		    "iface eth0 inet static\n\taddress 192.0.2.10\n\tnetmask 255.255.255.0\n"
		    "\tgateway 192.0.2.1\n\tdns-nameservers 192.0.2.53\nauto eth1\n"
		    "iface eth1 inet dhcp\n# end mkdomu\n");
	assert_text(t, "/etc/resolv.conf", "#nameserver 10.9.9.9\nnameserver 192.0.2.53\n");
	assert_text(t, "/etc/ssh/ssh_host_rsa_key", "(none)");
	assert_text(t, "/etc/ssh/ssh_host_rsa_key.pub", "(none)");
	assert_text(t, "/etc/udev/rules.d/70-persistent-net.rules", "(none)");
	assert_text(t, "/etc/udev/rules.d/80-mine.rules", "x");
	assert_text(t, "/var/lib/dhcp/dhclient.leases", "(none)");
	assert_text(t, "/var/lib/urandom/random-seed", "(none)");
	assert_text(t, "/etc/machine-id", MACHINE_ID "\n");
	assert_text(t, "/var/lib/dbus/machine-id", MACHINE_ID "\n");
	assert_said(&ui, "removed '/etc/ssh/ssh_host_rsa_key'");
	assert_said(&ui, "nothing in this root makes ssh host keys");
	assert_said(&ui, "PermitRootLogin no");
	assert_unsaid(&ui, "how to start sshd");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void a_debian_with_systemd_but_no_udev_gets_an_unbound_login(void **state)
{
	struct mkd_tree *t = debian_systemd();
	struct mkd_err err = { 0 };
	struct test_ui ui;

	(void)state;
	test_ui_init(&ui);
	assert_ok(run(t, &guest, NULL, &ui, &err), &err);
	assert_text(t, "/etc/systemd/system/serial-getty@hvc0.service",
		    "[Unit]\n#BindsTo=dev-%i.device\nAfter=getty-pre.target\n[Service]\n"
		    "TTYPath=/dev/%I\n[Install]\nWantedBy=getty.target\n");
	assert_link(t, "/etc/systemd/system/getty.target.wants/serial-getty@hvc0.service",
		    "/etc/systemd/system/serial-getty@hvc0.service");
	assert_non_null(
		strstr(tree_mem_text(t, "/etc/fstab"),
		       "/dev/xvda2\tnone\tswap\tsw,nofail,x-systemd.device-timeout=1s\t0 0\n"));
	assert_text(t, "/etc/systemd/network/10-mkdomu-0.link", "(none)");
	assert_text(t, "/etc/resolv.conf", "nameserver 192.0.2.53\n");
	assert_text(t, "/etc/machine-id", MACHINE_ID "\n");
	assert_mode(t, "/etc/machine-id", 0444);
	assert_true(strncmp(tree_mem_text(t, "/etc/shadow"), "root:$y$", 8) == 0);
	assert_said(&ui, "systemd without udev");
	assert_said(&ui, "no sshd is installed");
	assert_said(&ui, "systemd-networkd without udev");
	assert_said(&ui, "takes name servers from DHCP");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void a_guest_that_asks_for_little_gets_little(void **state)
{
	static const struct mkd_guest little = { .name = "x", .hostname = "x" };
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(run(t, &little, NULL, NULL, &err), &err);
	assert_text(t, "/etc/fstab", "# fstab\n#LABEL=boot /boot ext4 defaults 1 2\n");
	assert_text(t, "/etc/conf.d/net", "(none)");
	assert_text(t, "/etc/shadow", "root:*:10770:0:::::\nbin:*:9797:0:::::\n");
	assert_false(mkd_guest_has(t, "/root/.ssh"));
	assert_false(mkd_guest_has(t, "/etc/systemd/network"));
	assert_text(t, "/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.1.1\tx\n");
	tree_mem_free(t);
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		const char *hook, *remove, *words;
		int code;
	} rows[] = {
		{ "console", "/etc/inittab", "there is no '/etc/inittab'", ENOENT },
		{ "console", "/sbin/agetty", "has no getty", ENOENT },
		{ "network", "/sbin/ifup", "looked for netifrc", ENOTSUP },
		{ "access", "/etc/shadow", "has no '/etc/shadow'", ENOENT },
		{ "access", "/etc/passwd", "'/etc/passwd'", ENOENT },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = debian_sysvinit();

		assert_ok(mkd_tree_remove(t, rows[i].remove, &err), &err);
		/*
		 * mkd_hook_console: -ENOENT; mkd_hook_network: -ENOTSUP; mkd_hook_access:
		 * -ENOENT
		 */
		assert_fails(run(t, &guest, rows[i].hook, NULL, &err), &err, rows[i].code,
			     MKD_EXIT_HOOK, rows[i].words);
		tree_mem_free(t);
	}
}

static void systemd_without_its_getty_unit_is_refused(void **state)
{
	struct mkd_tree *t = gentoo_systemd();
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_tree_remove(t, "/usr/lib/systemd/system/serial-getty@.service", &err), &err);
	assert_fails(run(t, &guest, "console", NULL, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "there is no unit 'serial-getty@.service'");
	assert_ok(mkd_tree_remove(t, "/usr/lib/systemd/system/systemd-networkd.service", &err),
		  &err);
	assert_fails(run(t, &guest, "network", NULL, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "cannot enable 'systemd-networkd.service'");
	tree_mem_free(t);
}

static void masked_units_are_not_enabled_behind_the_roots_back(void **state)
{
	static const char *const rows[][2] = {
		{ "console", "serial-getty@hvc0.service" },
		{ "console", "serial-getty@.service" },
		{ "network", "systemd-networkd.service" },
		{ "access", "sshd.service" },
	};
	char path[128];
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = gentoo_systemd();

		(void)snprintf(path, sizeof(path), "/etc/systemd/system/%s", rows[i][1]);
		tree_mem_symlink(t, "/dev/null", path);
		/* mkd_hook_console: -EPERM */
		assert_fails(run(t, &guest, rows[i][0], NULL, &err), &err, EPERM, MKD_EXIT_HOOK,
			     "this root masks ");
		tree_mem_free(t);
	}
}

static void bad_files_are_named_with_their_line(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_tree_write(t, "/etc/rc.conf", "a=1\nb=\"\n", 8, 0644, &err), &err);
	assert_fails(run(t, &guest, "clock", NULL, &err), &err, EINVAL, MKD_EXIT_HOOK,
		     "hook 'clock': cannot edit '/etc/rc.conf': line 2");
	assert_ok(mkd_tree_remove(t, "/etc/fstab", &err), &err);
	tree_mem_dir(t, "/etc/fstab");
	assert_fails(run(t, &guest, "fstab", NULL, &err), &err, EISDIR, MKD_EXIT_HOOK,
		     "'/etc/fstab'");
	tree_mem_free(t);
}

static void a_full_disk_is_reported(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err;

	(void)state;
	tree_mem_room(t, 1, 1);
	assert_fails(run(t, &guest, "network", NULL, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "hook 'network'");
	tree_mem_free(t);
}

static void links_of_a_root_stay_inside_it(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err = { 0 };
	struct mkd_buf where = { 0 };

	(void)state;
	assert_ok(mkd_tree_remove(t, "/etc/hosts", &err), &err);
	tree_mem_symlink(t, "../../../../run/hosts", "/etc/hosts");
	tree_mem_dir(t, "/run");
	assert_ok(run(t, &guest, "hostname", NULL, &err), &err);
	assert_non_null(strstr(tree_mem_text(t, "/run/hosts"), "web1"));
	tree_mem_symlink(t, "b", "/a");
	tree_mem_symlink(t, "a", "/b");
	assert_fails(mkd_guest_resolve(t, "/a/x", &where, &err), &err, ELOOP, MKD_EXIT_HOOK, "40");
	assert_ok(mkd_guest_resolve(t, "/sbin/../../etc/./os-release", &where, &err), &err);
	assert_string_equal(where.data, "/usr/lib/os-release");
	assert_ok(mkd_guest_resolve(t, "/..", &where, &err), &err);
	assert_string_equal(where.data, "/");
	assert_ok(mkd_guest_resolve(t, "/no/such", &where, &err), &err);
	assert_string_equal(where.data, "/no/such");
	mkd_buf_free(&where);
	tree_mem_free(t);
}

static int add_x(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	(void)arg;
	(void)err;
	mkd_text_span(out, in);
	mkd_buf_str(out, "x");
	return 0;
}

static void an_edit_that_never_settles_is_refused(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_guest_io io = { t, NULL };
	struct mkd_edit edit = { add_x, NULL };
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_guest_edit(&io, "/etc/rc.conf", 0, edit, &err), &err, ENOTRECOVERABLE,
		     MKD_EXIT_INTERNAL, "twice");
	assert_text(t, "/etc/rc.conf", "# what\n#rc_sys=\"\"\n");
	assert_fails(mkd_guest_edit(&io, "/etc/none", 0, edit, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "/etc/none");
	tree_mem_file(t, "/etc/taken", "");
	assert_fails(mkd_guest_link(&io, "x", "/etc/taken", &err), &err, EEXIST, MKD_EXIT_HOOK,
		     "/etc/taken");
	tree_mem_free(t);
}

static const struct mkd_tree_ops *true_ops;

static int lying_read(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		      struct mkd_err *err)
{
	int r = true_ops->read(t, path, max_bytes, ret, err);

	if (r == 0 && ret->len)
		ret->data[0] ^= 1;
	return r;
}

static void what_reads_back_different_is_not_done(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_guest_io io = { t, NULL };
	struct mkd_tree_ops ops = *t->ops;
	struct mkd_err err;

	(void)state;
	true_ops = t->ops;
	ops.read = lying_read;
	t->ops = &ops;
	assert_fails(mkd_guest_write(&io, "/etc/new", "text", 0644, &err), &err, EIO, MKD_EXIT_IO,
		     "'/etc/new' reads back different");
	t->ops = true_ops;
	tree_mem_free(t);
}

static void a_hash_is_taken_as_it_is(void **state)
{
	static const char hash[] = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.Xn7FSvv79c6bu/kgV/.kBlx/ChE9.FW";
	struct mkd_guest g = guest;
	struct mkd_tree *t = debian_sysvinit();
	struct mkd_err err = { 0 };

	(void)state;
	g.root_password = hash;
	g.epoch_sec = 0;
	assert_ok(mkd_tree_write(t, "/etc/passwd", "root::0:0::/home/r:/bin/sh\n", 27, 0644, &err),
		  &err);
	assert_ok(mkd_tree_chmod(t, "/etc/shadow", 0640, &err), &err);
	assert_ok(run(t, &g, "access", NULL, &err), &err);
	assert_true(strncmp(tree_mem_text(t, "/etc/shadow"), "root:$2b$05$", 12) == 0);
	assert_non_null(strstr(tree_mem_text(t, "/etc/shadow"), "FW:1:0:::::\n"));
	assert_mode(t, "/etc/shadow", 0640);
	assert_text(t, "/etc/passwd", "root:x:0:0::/home/r:/bin/sh\n");
	assert_text(t, "/home/r/.ssh/authorized_keys", KEY " me\n");
	assert_mode(t, "/home/r", 0700);
	g.root_password = "a:b\nroot2::0:0";
	assert_fails(run(t, &g, "access", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE, "control");
	g.root_password = NULL;
	g.authorized_keys = "-----BEGIN OPENSSH PRIVATE KEY-----\n";
	assert_fails(run(t, &g, "access", NULL, &err), &err, EINVAL, MKD_EXIT_USAGE, "private key");
	tree_mem_free(t);
}

static void keys_are_added_to_those_that_are_there(void **state)
{
	struct mkd_guest g = guest;
	struct mkd_tree *t = gentoo_systemd();
	struct mkd_err err = { 0 };
	struct mkd_access a;
	struct mkd_facts f;

	(void)state;
	g.root_password = NULL;
	g.authorized_keys = "# mine\r\n" KEY " me\r\n" KEY " me\n";
	tree_mem_file(t, "/root/.ssh/authorized_keys", "ssh-rsa old");
	assert_ok(mkd_tree_write(t, "/etc/shadow", "root:!:1::\nb:!:1::\n", 20, 0640, &err), &err);
	assert_ok(run(t, &g, "access", NULL, &err), &err);
	assert_text(t, "/root/.ssh/authorized_keys", "ssh-rsa old\n" KEY " me\n");
	assert_text(t, "/etc/shadow", "root:*:1::\nb:!:1::\n");
	assert_mode(t, "/root/.ssh", 0700);
	assert_mode(t, "/root/.ssh/authorized_keys", 0600);
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_ok(mkd_access_find(t, &f, &a, &err), &err);
	assert_int_equal(a.n_keys, 2);
	assert_int_equal(a.password, MKD_ROOT_LOCKED);
	assert_true(a.sshd && a.host_keys);
	assert_string_equal(a.home, "/root");
	tree_mem_free(t);
}

static void unknown_hooks_are_refused_before_any_runs(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_strv names = { 0 };
	struct mkd_facts facts;
	struct mkd_hook_ctx c = { t, &facts, &guest, NULL };
	struct mkd_err err = { 0 };
	unsigned before;

	(void)state;
	assert_ok(mkd_facts_find(t, &facts, &err), &err);
	before = tree_mem_changes(t);
	assert_ok(mkd_strv_add(&names, "fstab", &err), &err);
	assert_ok(mkd_strv_add(&names, "nope", &err), &err);
	assert_fails(mkd_hooks_run(mkd_hooks, &names, &c, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "there is no hook 'nope'; there are: identity, console");
	assert_int_equal(tree_mem_changes(t), before);
	mkd_strv_free(&names);
	assert_ok(mkd_strv_add(&names, "fstab", &err), &err);
	mkd_signal_set(SIGINT);
	assert_fails(mkd_hooks_run(mkd_hooks, &names, &c, &err), &err, EINTR, 128 + SIGINT,
		     "signal 2");
	mkd_signal_set(0);
	assert_non_null(mkd_hook_find(mkd_hooks, "clock"));
	assert_null(mkd_hook_find(mkd_hooks, "cloc"));
	mkd_strv_free(&names);
	tree_mem_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_found),
		cmocka_unit_test(networkd_is_used_beside_ifupdown_only_when_enabled),
		cmocka_unit_test(unknown_inits_are_refused_by_name),
		cmocka_unit_test(a_folder_that_is_no_root_is_refused),
		cmocka_unit_test(every_hook_is_idempotent_on_every_root),
		cmocka_unit_test(a_gentoo_with_openrc_is_set_up),
		cmocka_unit_test(a_gentoo_with_systemd_is_set_up),
		cmocka_unit_test(a_debian_with_sysvinit_is_set_up),
		cmocka_unit_test(a_debian_with_systemd_but_no_udev_gets_an_unbound_login),
		cmocka_unit_test(a_guest_that_asks_for_little_gets_little),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(systemd_without_its_getty_unit_is_refused),
		cmocka_unit_test(masked_units_are_not_enabled_behind_the_roots_back),
		cmocka_unit_test(bad_files_are_named_with_their_line),
		cmocka_unit_test(a_full_disk_is_reported),
		cmocka_unit_test(links_of_a_root_stay_inside_it),
		cmocka_unit_test(an_edit_that_never_settles_is_refused),
		cmocka_unit_test(what_reads_back_different_is_not_done),
		cmocka_unit_test(a_hash_is_taken_as_it_is),
		cmocka_unit_test(keys_are_added_to_those_that_are_there),
		cmocka_unit_test(unknown_hooks_are_refused_before_any_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
