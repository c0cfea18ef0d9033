/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of facts: what is found in roots of several distributions' shapes. */
#include "test.h"

#include <string.h>

#include "mkdomu/facts.h"
#include "tree_mem.h"

/* A root with these paths in it: "FILE", "FOLDER/" or "LINK -> TARGET". */
static struct mkd_tree *root_of(const char *const *paths)
{
	struct mkd_tree *t = tree_mem_new();

	tree_mem_dir(t, "/etc");
	for (; *paths; paths++) {
		char path[128];
		char *arrow;

		(void)snprintf(path, sizeof(path), "%s", *paths);
		arrow = strstr(path, " -> ");
		if (arrow) {
			*arrow = '\0';
			tree_mem_symlink(t, arrow + 4, path);
		} else if (path[strlen(path) - 1] == '/') {
			path[strlen(path) - 1] = '\0';
			tree_mem_dir(t, path);
		} else {
			tree_mem_file(t, path, "ELF");
		}
	}
	return t;
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
		cmocka_unit_test(network_tools_are_found_used_or_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
