/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of facts: what is found in roots of several distributions' shapes. */
#include "guestroots.h"

#include <errno.h>
#include <string.h>

static void facts_are_found(void **state)
{
	static const struct {
		struct mkd_tree *(*make)(void);
		struct mkd_facts want;
	} rows[] = {
		{ gentoo_openrc,
		  { .os_id = "gentoo",
		    .os_name = "A gentoo",
		    .init = MKD_INIT_SYSVINIT,
		    .openrc = true,
		    .merged_usr = true,
		    .sshd = true,
		    .udev = true,
		    .net = MKD_NET_NETIFRC,
		    .net_tools = MKD_NET_BIT(MKD_NET_NETIFRC),
		    .init_target = "/usr/bin/init" } },
		{ gentoo_systemd,
		  { .os_id = "gentoo",
		    .os_name = "A gentoo",
		    .init = MKD_INIT_SYSTEMD,
		    .merged_usr = true,
		    .sshd = true,
		    .udev = true,
		    .resolved = true,
		    .net = MKD_NET_NETWORKD,
		    .net_tools = MKD_NET_BIT(MKD_NET_NETWORKD),
		    .init_target = "/usr/lib/systemd/systemd" } },
		{ debian_sysvinit,
		  { .os_id = "debian",
		    .os_name = "A debian",
		    .init = MKD_INIT_SYSVINIT,
		    .securetty = true,
		    .sshd = true,
		    .udev = true,
		    .net = MKD_NET_IFUPDOWN,
		    .net_tools = MKD_NET_BIT(MKD_NET_IFUPDOWN),
		    .init_target = "/sbin/init" } },
		{ debian_systemd,
		  { .os_id = "debian",
		    .os_name = "A debian",
		    .init = MKD_INIT_SYSTEMD,
		    .merged_usr = true,
		    .net = MKD_NET_NETWORKD,
		    .net_tools = MKD_NET_BIT(MKD_NET_NETWORKD),
		    .init_target = "/usr/lib/systemd/systemd" } },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = rows[i].make();
		const struct mkd_facts *w = &rows[i].want;
		struct mkd_facts f;

		assert_ok(mkd_facts_find(t, &f, &err), &err);
		assert_string_equal(f.os_id, w->os_id);
		assert_string_equal(f.os_version, "1");
		assert_string_equal(f.os_name, w->os_name);
		assert_string_equal(f.init_target, w->init_target);
		assert_string_equal(f.unit_dir, "/usr/lib/systemd");
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

static void network_tools_are_found_used_or_not(void **state)
{
	static const struct {
		const char *paths[6];
		unsigned want;
	} rows[] = {
		{ { "/etc/init.d/net.lo" }, MKD_NET_BIT(MKD_NET_NETIFRC) },
		{ { "/sbin/ifup", "/etc/network/" }, MKD_NET_BIT(MKD_NET_IFUPDOWN) },
		{ { "/sbin/ifup" }, 0 }, /* as in a BusyBox that nobody configures */
		{ { "/usr/bin/ifupdown", "/usr/bin/ifup -> ifupdown", "/etc/network/",
		    "/usr/libexec/ifupdown-ng/" },
		  MKD_NET_BIT(MKD_NET_IFUPDOWN_NG) },
		{ { "/usr/lib/systemd/systemd-networkd", "/usr/sbin/NetworkManager" },
		  MKD_NET_BIT(MKD_NET_NETWORKD) | MKD_NET_BIT(MKD_NET_NETWORKMANAGER) },
		{ { "/sbin -> usr/bin", "/usr/bin/dhcpcd", "/usr/sbin/connmand" },
		  MKD_NET_BIT(MKD_NET_DHCPCD) | MKD_NET_BIT(MKD_NET_CONNMAN) },
		{ { "/usr/bin/cat" }, 0 },
	};
	struct mkd_err err;
	struct mkd_facts f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = root_of(rows[i].paths);

		assert_ok(mkd_facts_find(t, &f, &err), &err);
		assert_int_equal(f.net_tools, rows[i].want);
		tree_mem_free(t);
	}
	assert_string_equal(mkd_netcfg_name(MKD_NET_UNKNOWN), "unknown");
	assert_string_equal(mkd_netcfg_name(MKD_NET_IFUPDOWN_NG), "ifupdown-ng");
	assert_string_equal(mkd_netcfg_name(MKD_NET_N), "unknown");
	for (enum mkd_netcfg net = MKD_NET_NETIFRC; net < MKD_NET_N; net++)
		assert_string_not_equal(mkd_netcfg_name(net), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts_are_found),
		cmocka_unit_test(networkd_is_used_beside_ifupdown_only_when_enabled),
		cmocka_unit_test(a_folder_that_is_no_root_is_refused),
		cmocka_unit_test(network_tools_are_found_used_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
