/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the files that configure a guest's interfaces. */
#include "edittest.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/netfiles.h"

static void nics_are_rendered(void **state)
{
	static const struct {
		mkd_netifrc_render *render;
		size_t nic;
		const char *want;
	} rows[] = {
		{ mkd_netifrc_config, 0, "192.0.2.10/24\n2001:db8::10/64\n192.0.2.11/25" },
		{ mkd_netifrc_config, 1, "dhcp" },
		{ mkd_netifrc_config, 2, "null" },
		{ mkd_netifrc_routes, 0, "default via 192.0.2.1\ndefault via 2001:db8::1" },
		{ mkd_netifrc_routes, 1, "" },
		{ mkd_netifrc_dns, 0, "192.0.2.53 2001:db8::53" },
		{ mkd_networkd_network, 0,
		  "[Match]\nMACAddress=00:16:3e:01:02:03\nType=ether\n\n[Network]\n"
		  "IPv6AcceptRA=no\nAddress=192.0.2.10/24\nAddress=2001:db8::10/"
		  "64\nAddress=192.0.2.11/25\n"
		  "Gateway=192.0.2.1\nGateway=2001:db8::1\nDNS=192.0.2.53\nDNS=2001:db8::53\n" },
		{ mkd_networkd_network, 1,
		  "[Match]\nMACAddress=00:16:3e:04:05:06\nType=ether\n\n[Network]\nDHCP=ipv4\n"
		  "DNS=192.0.2.53\n" },
		{ mkd_networkd_network, 2,
		  "[Match]\nMACAddress=00:16:3e:07:08:09\nType=ether\n\n[Link]\n"
		  "RequiredForOnline=no\n\n[Network]\nIPv6AcceptRA=no\n" },
	};
	static const struct mkd_nic_list list = { edit_nics, 3 };
	struct mkd_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mkd_buf_reset(&out);
		rows[i].render(&list, rows[i].nic, &out);
		assert_string_equal(mkd_buf_cstr(&out), rows[i].want);
	}
	mkd_buf_reset(&out);
	mkd_networkd_link(&edit_nics[1], &out);
	assert_string_equal(out.data, "[Match]\nMACAddress=00:16:3e:04:05:06\nType=ether\n\n"
				      "[Link]\nName=eth1\n");
	mkd_buf_free(&out);
}

static void resolvers_replace_others(void **state)
{
	static const struct mkd_nic_list list = { edit_nics, 3 }, none = { edit_nics + 2, 1 };

	(void)state;
	assert_edit(mkd_resolv_edit, &list, "", "nameserver 192.0.2.53\nnameserver 2001:db8::53\n");
	assert_edit(
		mkd_resolv_edit, &list, "search example.org\nnameserver 10.0.0.1\noptions edns0",
		"search example.org\n#nameserver 10.0.0.1\noptions edns0\nnameserver 192.0.2.53\n"
		"nameserver 2001:db8::53\n");
	assert_edit(mkd_resolv_edit, &none, "nameserver 10.0.0.1", "nameserver 10.0.0.1");
}

#define BLOCK                                                                       \
	"# begin mkdomu\nauto eth0\niface eth0 inet static\n\taddress 192.0.2.10\n" \
	"\tnetmask 255.255.255.0\n\tgateway 192.0.2.1\n"                            \
	"\tup ip address add 192.0.2.11/25 dev eth0\n"                              \
	"\tpre-up echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra || :\n"            \
	"\tdns-nameservers 192.0.2.53 2001:db8::53\n"                               \
	"iface eth0 inet6 static\n\taddress 2001:db8::10\n\tnetmask 64\n"           \
	"\tgateway 2001:db8::1\nauto eth1\niface eth1 inet dhcp\n"                  \
	"\tdns-nameservers 192.0.2.53\nauto eth2\niface eth2 inet manual\n"         \
	"\tpre-up echo 0 >/proc/sys/net/ipv6/conf/eth2/accept_ra || :\n"            \
	"\tup ip link set dev eth2 up\n# end mkdomu\n"

static void interfaces_get_a_block(void **state)
{
	static const struct mkd_interfaces a = { { edit_nics, 3 }, false, false, false },
					   clear = { { edit_nics, 3 }, true, false, false };
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "auto lo\niface lo inet loopback\n\n" BLOCK },
		{ "# interfaces(5)\nsource /etc/network/interfaces.d/*",
		  "# interfaces(5)\nsource /etc/network/interfaces.d/*\n" BLOCK },
		{ "auto lo\n# begin mkdomu\nold\n# end mkdomu\niface lo inet loopback\n",
		  "auto lo\n" BLOCK "iface lo inet loopback\n" },
		{ "auto lo eth0 wlan0\r\nallow-hotplug eth1\niface eth0 inet static\n  address "
		  "10.0.0.1\n"
		  "\n# note\n  up a \\\n   b\niface wlan0 inet dhcp\n\tup x\n",
		  "#auto lo eth0 wlan0\r\nauto lo wlan0\n#allow-hotplug eth1\n#iface eth0 inet "
		  "static\n"
		  "#  address 10.0.0.1\n\n# note\n#  up a \\\n#   b\niface wlan0 inet dhcp\n\tup "
		  "x\n" BLOCK },
		{ "auto eth10\niface eth10 inet dhcp\n",
		  "auto eth10\niface eth10 inet dhcp\n" BLOCK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_edit(mkd_interfaces_edit, &a, rows[i].in, rows[i].want);
	assert_edit(mkd_interfaces_edit, &clear, "allow-hotplug eth0\niface eth0 inet dhcp\n",
		    "#allow-hotplug eth0\n#iface eth0 inet dhcp\n");
	assert_edit(mkd_interfaces_edit, &clear, "", "");
	/* mkd_interfaces_edit: -EINVAL */
	assert_edit_fails(mkd_interfaces_edit, &a, "# begin mkdomu\nauto eth0\n", EINVAL,
			  "end mkdomu");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(nics_are_rendered),
		cmocka_unit_test(resolvers_replace_others),
		cmocka_unit_test(interfaces_get_a_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
