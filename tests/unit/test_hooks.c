/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the built-in hooks: what all of them make of each root, and that twice is once. */
#include "guestroots.h"

#include <string.h>

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

		assert_ok(root_hook(t, &guest, NULL, NULL, &err), &err);
		mkd_buf_reset(&first);
		tree_mem_dump(t, &first);
		changes = tree_mem_changes(t);
		test_ui_init(&ui);
		assert_ok(root_hook(t, &guest, NULL, &ui, &err), &err);
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

/* All hooks have run on it; what they said is in ui. */
static struct mkd_tree *set_up(struct mkd_tree *t, struct test_ui *ui)
{
	struct mkd_err err = { 0 };

	test_ui_init(ui);
	assert_ok(root_hook(t, &guest, NULL, ui, &err), &err);
	return t;
}

#define CONFD_NET                                                                \
	"config_eth0=\"192.0.2.10/24\"\nroutes_eth0=\"default via 192.0.2.1\"\n" \
	"dns_servers_eth0=\"192.0.2.53\"\nconfig_eth1=\"dhcp\"\n"

static void a_gentoo_with_openrc_is_set_up(void **state)
{
	struct test_ui ui;
	struct mkd_tree *t = set_up(gentoo_openrc(), &ui);

	(void)state;
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
	assert_ok(root_hook(t, &guest, NULL, NULL, &err), &err);
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
	struct test_ui ui;
	struct mkd_tree *t = set_up(debian_sysvinit(), &ui);

	(void)state;
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
	struct test_ui ui;
	struct mkd_tree *t = set_up(debian_systemd(), &ui);

	(void)state;
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
	assert_ok(root_hook(t, &little, NULL, NULL, &err), &err);
	assert_text(t, "/etc/fstab", "# fstab\n#LABEL=boot /boot ext4 defaults 1 2\n");
	assert_text(t, "/etc/conf.d/net", "(none)");
	assert_text(t, "/etc/shadow", "root:*:10770:0:::::\nbin:*:9797:0:::::\n");
	assert_false(mkd_guest_has(t, "/root/.ssh"));
	assert_false(mkd_guest_has(t, "/etc/systemd/network"));
	assert_text(t, "/etc/hosts", "127.0.0.1\tlocalhost\n::1\tlocalhost\n127.0.1.1\tx\n");
	tree_mem_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_hook_is_idempotent_on_every_root),
		cmocka_unit_test(a_gentoo_with_openrc_is_set_up),
		cmocka_unit_test(a_gentoo_with_systemd_is_set_up),
		cmocka_unit_test(a_debian_with_sysvinit_is_set_up),
		cmocka_unit_test(a_debian_with_systemd_but_no_udev_gets_an_unbound_login),
		cmocka_unit_test(a_guest_that_asks_for_little_gets_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
