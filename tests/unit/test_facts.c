/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of facts: what is found in roots of several distributions' shapes. */
#include "roottest.h"

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
		cmocka_unit_test(network_tools_are_found_used_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
