/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/net.h"

static void a_whole_interface_is_parsed(void **state)
{
	struct mkd_err err = { 0 };
	struct mkd_nic nic;
	size_t n;
	char mac[18];

	(void)state;
	assert_ok(mkd_nic_parse("bridge=xenbr0,mac=00:16:3E:aB:00:ff,ip=192.0.2.10/24,"
				"ip=2001:DB8:0::10/64,gateway=192.0.2.1,gateway=fe80::1,"
				"dns=192.0.2.53,dns=::1",
				"--nic", &nic, 1, &n, &err),
		  &err);
	assert_ok(mkd_nic_check(&nic, "--nic", &err), &err);
	assert_string_equal(nic.bridge, "xenbr0");
	assert_true(nic.mac_given);
	assert_string_equal(mkd_mac_format(nic.mac, mac), "00:16:3e:ab:00:ff");
	assert_false(nic.dhcp);
	assert_int_equal(nic.n_addrs, 2);
	assert_string_equal(nic.addrs[0].text, "192.0.2.10");
	assert_int_equal(nic.addrs[0].prefix, 24);
	assert_string_equal(nic.addrs[1].text, "2001:db8::10");
	assert_true(nic.addrs[1].v6);
	assert_int_equal(nic.n_gateways, 2);
	assert_string_equal(nic.gateways[1].text, "fe80::1");
	assert_int_equal(nic.gateways[1].prefix, 0);
	assert_int_equal(nic.n_dns, 2);
}

static void values_of_an_interface_that_are_wrong(void **state)
{
	static const struct {
		const char *key, *value, *words;
	} rows[] = {
		{ "ip", "192.0.2.10", "no prefix length" },
		{ "ip", "192.0.2.10/", "1 to 32" },
		{ "ip", "192.0.2.10/0", "1 to 32" },
		{ "ip", "192.0.2.10/33", "1 to 32" },
		{ "ip", "192.0.2.10/024", "1 to 32" },
		{ "ip", "192.0.2.10/255.255.255.0", "1 to 32" },
		{ "ip", "192.0.2.10/-1", "1 to 32" },
		{ "ip", "192.0.2.10/4294967320", "1 to 32" },
		{ "ip", "2001:db8::1/129", "1 to 128" },
		{ "ip", "192.0.2.256/24", "not an IP address" },
		{ "ip", "192.0.2.010/24", "not an IP address" },
		{ "ip", "192.0.2/24", "not an IP address" },
		{ "ip", "/24", "not an IP address" },
		{ "ip", "", "no prefix" },
		{ "ip", "0.0.0.0/8", "0.0.0.0/8" },
		{ "ip", "127.0.0.1/8", "loopback" },
		{ "ip", "::1/128", "loopback" },
		{ "ip", "::/64", "unspecified" },
		{ "ip", "224.0.0.1/4", "multicast" },
		{ "ip", "255.255.255.255/32", "240.0.0.0/4" },
		{ "ip", "ff02::1/16", "multicast" },
		{ "ip", "::ffff:192.0.2.1/120", "write it as IPv4" },
		{ "ip", "fe80::1%eth0/64", "zone" },
		{ "ip",
		  "1111111111111111111111111111111111111111111111111111111111111111111111111/24",
		  "not an IP address" },
		{ "gateway", "192.0.2.1/24", "not an IP address" },
		{ "gateway", "127.0.0.1", "loopback" },
		{ "gateway", "web", "not an IP address" },
		{ "dns", "0.0.0.0", "0.0.0.0/8" },
		{ "dns", "ff02::fb", "multicast" },
		{ "mac", "00:16:3e:12:34", "not a MAC" },
		{ "mac", "00-16-3e-12-34-56", "not a MAC" },
		{ "mac", "00:16:3e:12:34:5g", "not a MAC" },
		{ "mac", "00:16:3e:12:34:567", "not a MAC" },
		{ "mac", "0:016:3e:12:34:56", "not a MAC" },
		{ "mac", "", "not a MAC" },
		{ "mac", "01:16:3e:12:34:56", "multicast" },
		{ "mac", "ff:ff:ff:ff:ff:ff", "multicast" },
		{ "mac", "00:00:00:00:00:00", "no MAC" },
		{ "bridge", "", "1 to 15" },
		{ "bridge", "sixteencharacter", "1 to 15" },
		{ "bridge", "br 0", "letters" },
		{ "bridge", "..", "letters" },
		{ "bridge", "br0;x", "letters" },
		{ "bridge", "br/0", "letters" },
		{ "gatway", "192.0.2.1", "did you mean 'gateway'" },
		{ "ip6", "slaac6", "neither auto, dhcp, none" },
		{ "ip6", "192.0.2.10/24", "give it as ip" },
		{ "ip6", "2001:db8::1/129", "1 to 128" },
		{ "ip6", "", "neither auto" },
		{ "mtu", "67", "68 to 65535" },
		{ "mtu", "65536", "68 to 65535" },
		{ "mtu", "01500", "68 to 65535" },
		{ "mtu", "1500 ", "68 to 65535" },
		{ "mtu", "1k", "68 to 65535" },
		{ "mtu", "", "68 to 65535" },
		{ "route", "", "is not a route" },
		{ "route", "10.0.0.0/8", "is not a route" },
		{ "route", "10.0.0.0/8 via", "is not a route" },
		{ "route", "10.0.0.0/8 dev 192.0.2.1", "is not a route" },
		{ "route", "10.0.0.0/8 via 192.0.2.1 metric", "is not a route" },
		{ "route", "10.0.0.0 via 192.0.2.1", "no prefix length" },
		{ "route", "10.0.0.1/8 via 192.0.2.1", "behind its prefix" },
		{ "route", "default via 192.0.2.1", "give it as gateway" },
		{ "route", "::/0 via fe80::1", "give it as gateway" },
		{ "route", "224.0.0.0/4 via 192.0.2.1", "multicast" },
		{ "route", "127.0.0.0/8 via 192.0.2.1", "no route leads to" },
		{ "route", "fe80::/64 via fe80::1", "no route leads to" },
		{ "route", "10.0.0.0/8 via fe80::1", "one IP version to the other" },
		{ "route", "10.0.0.0/8 via 127.0.0.1", "loopback" },
		{ "route", "10.0.0.0/8 via x", "not an IP address" },
		{ "search", "", "not a domain" },
		{ "search", "a..b", "not a domain" },
		{ "search", "a b", "not a domain" },
		{ "search", "example.org.", "not a domain" },
		{ "search", "a,b\n", "not a domain" },
	};
	struct mkd_nic nic = { 0 }, zero = { 0 };
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_fails(mkd_nic_set(&nic, rows[i].key, rows[i].value, "x.conf:7", &err), &err,
			     EINVAL, MKD_EXIT_USAGE, rows[i].words);
		assert_memory_equal(err.msg, "x.conf:7: ", 10);
	}
	assert_memory_equal(&nic, &zero, sizeof(nic));
}

static void an_interface_takes_a_number_of_addresses(void **state)
{
	struct mkd_nic nic = { 0 };
	struct mkd_err err = { 0 };
	char text[32];

	(void)state;
	for (int i = 0; i < MKD_NIC_ADDRS; i++) {
		(void)snprintf(text, sizeof(text), "192.0.2.%d/24", i + 1);
		assert_ok(mkd_nic_set(&nic, "ip", text, "--ip", &err), &err);
		(void)snprintf(text, sizeof(text), "192.0.2.%d", i + 1);
		assert_ok(mkd_nic_set(&nic, "dns", text, "--dns", &err), &err);
	}
	assert_fails(mkd_nic_set(&nic, "ip", "192.0.2.99/24", "--ip", &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "up to 8");
	assert_fails(mkd_nic_set(&nic, "dns", "192.0.2.99", "--dns", &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "up to 8");
	assert_ok(mkd_nic_set(&nic, "gateway", "192.0.2.1", "--gateway", &err), &err);
	assert_ok(mkd_nic_set(&nic, "gateway", "192.0.2.2", "--gateway", &err), &err);
	assert_int_equal(nic.n_gateways, 1);
	assert_string_equal(nic.gateways[0].text, "192.0.2.2");
}

static void specs_that_are_wrong(void **state)
{
	static const struct {
		const char *spec, *words;
	} rows[] = {
		{ "", "KEY=VALUE" },
		{ "bridge", "KEY=VALUE" },
		{ "bridge=a,", "KEY=VALUE" },
		{ "bridge=a,bridge=b", "twice" },
		{ "mac=00:16:3e:00:00:01,mac=00:16:3e:00:00:02", "twice" },
		{ "script=x", "no 'script'" },
		{ "ip=dhcp4", "no prefix" },
		{ "bridge=a=b", "letters" },
		{ "mtu=1400,mtu=1400", "twice" },
		{ "vlan=0", "1 to 4094" },
		{ "vlan=4095", "1 to 4094" },
		{ "vlan=x", "1 to 4094" },
		{ "ip6=auto,ip6=dhcp", "choose one" },
		{ "vlan=5,bridge=a", "put it before vlan=" },
		{ "vlan=5,mac=00:16:3e:00:00:01", "put it before vlan=" },
		{ "vlan=5,vlan=6,vlan=5", "given twice" },
		{ "vlan=5,mtu=1400,mtu=1400", "twice" },
	};
	struct mkd_nic nics[8];
	size_t n;
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_fails(mkd_nic_parse(rows[i].spec, "--nic", nics, 8, &n, &err), &err, EINVAL,
			     MKD_EXIT_USAGE, rows[i].words);
}

static void interfaces_are_checked_as_a_whole(void **state)
{
	static const struct {
		const char *spec, *words; /* NULL = fine */
	} rows[] = {
		{ "ip=dhcp", NULL },
		{ "ip=dhcp,ip=2001:db8::1/64", NULL },
		{ "ip=192.0.2.0/31", NULL },
		{ "ip=192.0.2.255/32", NULL },
		{ "ip=2001:db8::/127", NULL },
		{ "ip=192.0.2.1/24,gateway=192.0.2.254", NULL },
		{ "ip=10.0.0.5/8,ip=192.0.2.9/29,gateway=192.0.2.14", NULL },
		{ "ip=2001:db8::5/64,gateway=2001:db8::1,gateway=192.0.2.1", "no static IPv4" },
		{ "ip=dhcp,ip=192.0.2.1/24", "beside DHCP" },
		{ "ip=dhcp,gateway=192.0.2.1", "DHCP brings its own" },
		{ "ip=192.0.2.1/24,gateway=2001:db8::1", "no static IPv6" },
		{ "ip=192.0.2.1/24,gateway=192.0.3.1", "outside the networks" },
		{ "ip=192.0.2.9/29,gateway=192.0.2.16", "outside the networks" },
		{ "ip=192.0.2.1/24,gateway=192.0.2.1", "own address" },
		{ "ip=192.0.2.0/24", "of its network" },
		{ "ip=2001:db8::/64", "of its network" },
		{ "ip=192.0.2.255/24", "broadcast" },
		{ "ip=192.0.2.7/29", "broadcast" },
		{ "ip=192.0.2.1/24,ip=192.0.2.1/25", "given twice" },
		{ "ip=2001:db8::1/64,ip=2001:db8:0::1/64", "given twice" },
		{ "dns=192.0.2.1,dns=192.0.2.1", "given twice" },
		{ "search=a.b,search=A.B", "given twice" },
		{ "ip=none,ip6=slaac", NULL },
		{ "ip=none,ip=dhcp", "contradicts an IPv4" },
		{ "ip=none,ip=192.0.2.1/24", "contradicts an IPv4" },
		{ "ip6=none,ip=2001:db8::1/64", "contradicts an IPv6" },
		{ "ip=dhcp,mtu=576", NULL },
		{ "ip6=auto,mtu=1279", "needs 1280" },
		{ "ip=192.0.2.1/24,route=10.0.0.0/8 via 192.0.2.9", NULL },
		{ "ip=192.0.2.1/24,route=10.0.0.0/8   via\t192.0.2.9 ", NULL },
		{ "ip=dhcp,route=10.0.0.0/8 via 192.0.2.9", NULL },
		{ "ip=dhcp,route=2001:db8:1::/48 via fe80::1", NULL },
		{ "ip=192.0.2.1/24,route=10.0.0.0/8 via 192.0.3.9", "outside the networks" },
		{ "ip=192.0.2.1/24,route=10.0.0.0/8 via 192.0.2.1", "own address" },
		{ "ip6=auto,ip=none,route=10.0.0.0/8 via 192.0.2.1", "no IPv4 address" },
		{ "ip=192.0.2.1/24,ip6=none,route=2001:db8::/48 via fe80::1", "no IPv6 address" },
		{ "ip=192.0.2.1/24,route=10.0.0.0/8 via 192.0.2.9,route=10.0.0.0/8 via 192.0.2.8",
		  "given two routes" },
	};
	const struct mkd_nic_from from = { .all = "network", .ip = "--ip", .route = "--route" };
	struct mkd_nic nic;
	size_t n;
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(mkd_nic_parse(rows[i].spec, "--nic", &nic, 1, &n, &err), &err);
		if (rows[i].words)
			assert_fails(mkd_nic_check(&nic, "--nic", &err), &err, EINVAL,
				     MKD_EXIT_USAGE, rows[i].words);
		else
			assert_ok(mkd_nic_check(&nic, "--nic", &err), &err);
	}
	/* and by the option that it came from */
	assert_ok(mkd_nic_parse("ip=192.0.2.1/24,route=10.0.0.0/8 via 192.0.3.9", "--nic", &nic, 1,
				&n, &err),
		  &err);
	assert_fails(mkd_nic_check_from(&nic, &from, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--route: ");
}

static void vlans_come_behind_their_interface(void **state)
{
	struct mkd_nic nics[8];
	struct mkd_err err = { 0 };
	size_t n = 0;

	(void)state;
	assert_ok(mkd_nic_parse("mac=00:16:3e:00:00:01,bridge=br0,mtu=9000,vlan=10,ip=192.0.2.2/24,"
				"mtu=1400,vlan=4094,ip6=auto",
				"--nic", nics, 8, &n, &err),
		  &err);
	assert_int_equal(n, 3);
	assert_int_equal(nics[0].vlan, 0);
	assert_int_equal(nics[0].n_addrs, 0);
	assert_true(mkd_nic_is_bare(&nics[0]));
	assert_int_equal(nics[1].vlan, 10);
	assert_int_equal(nics[1].mtu, 1400);
	assert_memory_equal(nics[1].mac, nics[0].mac, 6);
	assert_string_equal(nics[2].bridge, "br0");
	assert_int_equal(nics[2].ip6, MKD_IP6_AUTO);
	assert_fails(mkd_nic_parse("vlan=1,vlan=2", "--nic", nics, 2, &n, &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "VLAN '2' is one too many");
	assert_int_equal(n, 3);
}

static void pairs_of_interfaces_are_checked(void **state)
{
	static const struct {
		const char *a, *b, *words;
		bool vlan;
	} rows[] = {
		{ "ip=192.0.2.1/24", "ip=192.0.2.2/24", NULL, false },
		{ "ip=192.0.2.1/24", "ip=192.0.2.1/25", "have the address '192.0.2.1'", false },
		{ "mac=00:16:3e:00:00:01", "mac=00:16:3e:00:00:01", "have the MAC", false },
		{ "mac=00:16:3e:00:00:01", "mac=00:16:3e:00:00:01", NULL, true },
		{ "ip=192.0.2.1/24,gateway=192.0.2.9", "ip=10.0.0.1/8,gateway=10.0.0.2",
		  "second gateway", false },
		{ "ip=192.0.2.1/24,gateway=192.0.2.9", "ip=2001:db8::1/64,gateway=fe80::1", NULL,
		  false },
		{ "bridge=a", "mtu=1500", NULL, true },
		{ "bridge=a", "mtu=1501", "larger than that", true },
		{ "mtu=1400", "mtu=1401", "larger than that", true },
		{ "mtu=1400", "mtu=9000", NULL, false },
	};
	struct mkd_nic a, b;
	struct mkd_err err = { 0 };
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_ok(mkd_nic_parse(rows[i].a, "--nic", &a, 1, &n, &err), &err);
		assert_ok(mkd_nic_parse(rows[i].b, "--nic", &b, 1, &n, &err), &err);
		b.devid = rows[i].vlan ? 0 : 1;
		b.vlan = rows[i].vlan ? 7 : 0;
		if (rows[i].words)
			assert_fails(mkd_nic_check_pair(&a, &b, "--nic", &err), &err, EINVAL,
				     MKD_EXIT_USAGE, rows[i].words);
		else
			assert_ok(mkd_nic_check_pair(&a, &b, "--nic", &err), &err);
	}
}

static void domains_are_checked(void **state)
{
	struct mkd_err err = { 0 };
	char name[300];

	(void)state;
	assert_ok(mkd_domain_check("Example.org", "--search", &err), &err);
	memset(name, 'a', sizeof(name));
	for (size_t i = 63; i < 253; i += 64)
		name[i] = '.';
	name[253] = '\0';
	assert_ok(mkd_domain_check(name, "--search", &err), &err);
	name[253] = 'a';
	name[254] = '\0';
	assert_fails(mkd_domain_check(name, "--search", &err), &err, EINVAL, MKD_EXIT_USAGE, "253");
	assert_fails(mkd_domain_check("_x", "--search", &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--search: '_x' is not a domain");
}

static void host_names_are_checked(void **state)
{
	static const char long63[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const char *const good[] = { "a", "web1", "Web-1.example.org", "1a", long63 };
	static const char *const bad[] = { "",     ".",   "a.",  ".a",  "a..b",  "-a",    "a-",
					   "a.-b", "a_b", "a b", "a\n", "w\xc3", "a/../b" };
	struct mkd_err err = { 0 };
	char name[66];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_ok(mkd_hostname_check(good[i], "--hostname", &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_hostname_check(bad[i], "--hostname", &err), &err, EINVAL,
			     MKD_EXIT_USAGE, "--hostname: '");
	(void)snprintf(name, sizeof(name), "%sa", long63);
	assert_fails(mkd_hostname_check(name, "o", &err), &err, EINVAL, MKD_EXIT_USAGE, "1 to 63");
	(void)snprintf(name, sizeof(name), "%.62s.a", long63);
	assert_ok(mkd_hostname_check(name, "o", &err), &err);
	(void)snprintf(name, sizeof(name), "%.62s.aa", long63);
	assert_fails(mkd_hostname_check(name, "o", &err), &err, EINVAL, MKD_EXIT_USAGE, "up to 64");
}

static void networks_of_routes_are_parsed(void **state)
{
	struct mkd_addr a = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_addr_parse_net("2001:DB8:1::/48", "o", &a, &err), &err);
	assert_string_equal(a.text, "2001:db8:1::");
	assert_int_equal(a.prefix, 48);
	/* mkd_addr_parse_net: -EINVAL */
	assert_fails(mkd_addr_parse_net("10.1.0.0/8", "o", &a, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "behind its prefix");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_interface_is_parsed),
		cmocka_unit_test(values_of_an_interface_that_are_wrong),
		cmocka_unit_test(an_interface_takes_a_number_of_addresses),
		cmocka_unit_test(specs_that_are_wrong),
		cmocka_unit_test(interfaces_are_checked_as_a_whole),
		cmocka_unit_test(vlans_come_behind_their_interface),
		cmocka_unit_test(pairs_of_interfaces_are_checked),
		cmocka_unit_test(domains_are_checked),
		cmocka_unit_test(networks_of_routes_are_parsed),
		cmocka_unit_test(host_names_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
