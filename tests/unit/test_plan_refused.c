/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of plan: values and contradictions that are refused. */
#include "plantest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct refusal {
	const char *pairs[4]; /* beside a disk and a profile like gentoo-base */
	const char *words;
};

static void assert_refused(const struct refusal *row)
{
	const char *const base[] = { GENTOO };
	const char *pairs[ARRAY_LEN(base) + ARRAY_LEN(row->pairs) + 2] = { NULL };
	struct mkd_plan p = { .vcpus = 7 };
	struct mkd_err err;
	bool disk = false;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(row->pairs) && row->pairs[i]; i++) {
		disk |= strncmp(row->pairs[i], "disk=", 5) == 0;
		pairs[n++] = row->pairs[i];
	}
	for (size_t i = 0; i < ARRAY_LEN(base); i++) {
		size_t len = strcspn(base[i], "=");
		bool given = false;

		for (size_t j = 0; j < ARRAY_LEN(row->pairs) && row->pairs[j]; j++)
			given |= strncmp(row->pairs[j] + (row->pairs[j][0] == '@'), base[i] + 1,
					 len) == 0;
		if (!given)
			pairs[n++] = base[i];
	}
	if (!disk)
		pairs[n++] = "disk=/a/w.img";
	assert_fails(plan_make("gentoo-base", pairs, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     row->words);
	assert_int_equal(p.vcpus, 7);
}

static void wrong_values_are_refused_with_their_origin(void **state)
{
	static const struct refusal rows[] = {
		{ { "memory=08" }, "--memory: '08' begins with a zero" },
		{ { "@memory=08" }, "p.conf:7: '08' begins with a zero" },
		{ { "memory=512M" },
		  "--memory: '512M' is not a number of MiB; write plain digits" },
		{ { "memory=" }, "is not a number" },
		{ { "memory=-5" }, "is not a number" },
		{ { "memory=0" }, "give 64 to 16777216 MiB" },
		{ { "memory=4" }, "give 64 to 16777216 MiB" },
		{ { "memory=100000000000000000000" }, "out of range" },
		{ { "memory=4294967808" }, "out of range" },
		{ { "memory=2048", "maxmem=1024" }, "less than the memory, 2048 MiB (--memory)" },
		{ { "maxmem=512" }, "less than the memory, 1024 MiB (default)" },
		{ { "vcpus=0" }, "--vcpus: '0' is out of range; give 1 to 512 CPUs" },
		{ { "vcpus=513" }, "give 1 to 512" },
		{ { "vcpus=two" }, "is not a number of CPUs" },
		{ { "threads=257" }, "give 1 to 256 threads" },
		{ { "type=hvm" }, "--type: 'hvm' is not one of: pv, pvh" },
		{ { "on-crash=preserv" }, "did you mean 'preserve'?" },
		{ { "on-reboot=reboot" }, "is not one of: restart, destroy" },
		{ { "size=10X" }, "--size: '10X' is not a size" },
		{ { "@size=0" }, "p.conf:7: '0' is no size" },
		{ { "swap-size=0G" }, "--swap-size: '0G' is no size" },
		{ { "layout=mbr" }, "--layout: 'mbr' is not one of: bare, gpt" },
		{ { "name=" }, "--name: '' is not a domain name" },
		{ { "name=." }, "begin with a letter" },
		{ { "name=-a" }, "begin with a letter" },
		{ { "name=a b" }, "use letters" },
		{ { "name=a/b" }, "use letters" },
		{ { "name=a;b" }, "use letters" },
		{ { "name=a\"b" }, "use letters" },
		{ { "name=a\nb" }, "use letters" },
		{ { "name=\xc3\xa4" }, "begin with a letter" },
		{ { "name=123" }, "domain id" },
		{ { "name=domain-0" }, "dom0's own" },
		{ { "name=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
		  "1 to 64" },
		{ { "disk=/a/123.img" }, "give --name NAME" },
		{ { "disk=/a/.img" }, "give --name NAME" },
		{ { "name=a_" }, "give --hostname NAME" },
		{ { "hostname=a_b" }, "--hostname: 'a_b' is not a host name" },
		{ { "disk=" }, "--disk: the value is empty" },
		{ { "disk=/a/" }, "does not name a file" },
		{ { "disk=.." }, "does not name a file" },
		{ { "disk=/a/w'.img" }, "quote or a backslash" },
		{ { "disk=/a/w\".img" }, "quote or a backslash" },
		{ { "disk=/a/w\\.img" }, "quote or a backslash" },
		{ { "disk=/a/w\n.img" }, "control character" },
		{ { "swap=/a/s'.img" }, "--swap: '/a/s'.img' has a quote" },
		{ { "kernel=no-such-kernel" }, "give the absolute path in dom0" },
		{ { "kernel=/boot/k'" }, "quote" },
		{ { "ramdisk=/boot/r" }, "its kernel is not named" },
		{ { "extra=a='b'" }, "--extra: 'a='b'' has a quote" },
		{ { "extra=a\tb" }, "control character" },
		{ { "extra=quiet root=/dev/sda" }, "'root=' is set from the disk's layout" },
		{ { "extra=root=/dev/sda" }, "'root=' is set from the disk's layout" },
		{ { "mac=01:00:00:00:00:00" }, "--mac: '01:00:00:00:00:00' is a multicast" },
		{ { "bridge=a;b" }, "--bridge: 'a;b' is not a bridge name" },
		{ { "ip=192.0.2.1" }, "--ip: '192.0.2.1' has no prefix" },
		{ { "nic=foo" }, "--nic: 'foo' is not KEY=VALUE" },
		{ { "@gateway=192.0.2.1" }, "p.conf:7: '192.0.2.1' is an IPv4 gateway, but" },
		{ { "cfg=/a/" }, "--cfg: '/a/' does not name a file" },
		{ { "signer=2D182910" }, "is a key id" },
		{ { "@signer=13EB" }, "p.conf:7: '13EB' has to be 40 hex digits" },
		{ { "mirror=ftp://a" }, "--mirror: 'ftp://a' is not a URL" },
		{ { "mirror=https:///x" }, "is not a URL" },
		{ { "mirror=https://a/?x" }, "blank, quote" },
		{ { "variant=../x" }, "--variant: '../x' is not a name on a mirror" },
		{ { "arch=a/b" }, "is not a name on a mirror" },
		{ { "strip=/root" }, "--strip: '/root' is not a folder of a tarball" },
		{ { "@strip=a/" }, "p.conf:7: 'a/' is not a folder" },
		{ { "strip=a//b" }, "is not a folder" },
		{ { "strip=." }, "is not a folder" },
		{ { "strip=a/../b" }, "'a/../b' is not a folder" },
		{ { "@kind=debian" }, "p.conf:7: 'debian' is not one of: none, gentoo, files" },
		{ { "tarball=t", "sha512=abc" }, "--sha512: 'abc' has to be 128 hex digits" },
		{ { "hook=console" }, "hook 'console' is given twice" },
		{ { "hook=/x/" }, "'/x/' is a folder" },
		{ { "hook=a", "no-hooks" }, "--no-hooks leaves out all" },
		{ { "no-hook=consol" }, "no hook 'consol' would run; did you mean 'console'?" },
		{ { "@hooks=a", "@hooks=a" }, "hook 'a' is given twice" },
		{ { "seed=" }, "--seed: the value is empty" },
		{ { "root-password-file=" }, "the value is empty" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused(&rows[i]);
}

static void contradictions_are_refused(void **state)
{
	static const struct refusal rows[] = {
		{ { "nic=ip=dhcp", "ip=192.0.2.1/24" }, "'--ip' together with --nic" },
		{ { "nic=ip=dhcp", "dhcp" }, "'--dhcp' together with --nic" },
		{ { "nic=ip=dhcp", "bridge=br0" }, "'--bridge' together with --nic" },
		{ { "nic=mac=00:16:3e:00:00:01", "nic=mac=00:16:3e:00:00:01" },
		  "two interfaces have the MAC address '00:16:3e:00:00:01'" },
		{ { "nic=ip=192.0.2.1/24", "nic=ip=192.0.2.1/25" },
		  "have the address '192.0.2.1'" },
		{ { "ip=192.0.2.1/24", "dhcp" },
		  "--ip: '192.0.2.1' is a static IPv4 address beside" },
		/* each by the option that it came with */
		{ { "ip=192.0.2.1/24", "gateway=192.0.2.2", "route=10.0.0.0/8 via 192.0.3.9" },
		  "--route: '192.0.3.9' is a route's gateway outside" },
		{ { "ip=192.0.2.1/24", "route=10.0.0.0/8 via 192.0.2.9",
		    "route=10.0.0.0/8 via 192.0.2.8" },
		  "--route: '10.0.0.0' is given two routes" },
		{ { "ip=192.0.2.0/24", "gateway=192.0.2.2" },
		  "--ip: '192.0.2.0' is the address of its network" },
		{ { "ip=192.0.2.1/24", "gateway=192.0.3.2" }, "--gateway: '192.0.3.2' is a" },
		{ { "ip=2001:db8::/64", "ip6=auto" }, "--ip: '2001:db8::' is the address of" },
		{ { "ip6=2001:db8::/64" }, "--ip6: '2001:db8::' is the address of" },
		{ { "ip=2001:db8::1/64", "ip6=none" }, "--ip6: 'ip6=none' contradicts" },
		{ { "ip=none", "dhcp" }, "--ip: 'ip=none' contradicts" },
		{ { "mtu=1000", "ip6=auto" }, "--mtu: '1000' is an MTU too small" },
		{ { "dns=192.0.2.53", "dns=192.0.2.53" }, "--dns: '192.0.2.53' is given twice" },
		{ { "search=a.example", "search=A.example" },
		  "--search: 'A.example' is given twice" },
		{ { "ip=192.0.2.1/24", "gateway=192.0.2.2", "gateway=192.0.2.3" },
		  "--gateway: 2 gateways" },
		{ { "tarball=t", "unverified", "signature=s" }, "--signature asks for a check" },
		{ { "tarball=t", "unverified", "sha512=" SHA512 },
		  "--sha512 or --sha256 asks for a check" },
		{ { "tarball=t" }, "nothing says how to verify it" },
		{ { "tarball=t", "unverified", "mirror=https://a" }, "cannot use '--mirror'" },
		{ { "tarball=t", "unverified", "variant=x" }, "cannot use '--variant'" },
		{ { "unverified" }, "tarballs of a mirror are always verified" },
		{ { "sha512=" SHA512 }, "cannot use '--sha512': it is about --tarball" },
		{ { "@kind=none" }, "profile 'gentoo-base' names no source; give --tarball FILE" },
		{ { "swap=/a/s.img", "layout=gpt" }, "swap on a disk of its own (--swap)" },
		{ { "layout=bare" }, "give --swap none, --swap file" },
		{ { "swap=none", "swap-size=1G" }, "cannot use '--swap-size'" },
		{ { "swap=/a/w.img" }, "the same as --disk" },
		{ { "name=x", "disk=/a/x.cfg" }, "would overwrite the disk" },
		{ { "cfg=/a/w.img" }, "would overwrite the disk" },
		{ { "cfg=/a/s.img", "swap=/a/s.img" }, "would overwrite the disk" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_refused(&rows[i]);
}

static void what_is_missing_is_named(void **state)
{
	static const char *const no_disk[] = { GENTOO, NULL };
	static const char *const nothing[] = { "disk=/a/w.img", NULL };
	static const char *const no_variant[] = { "disk=/a/w.img", "@kind=gentoo",
						  "mirror=https://a", NULL };
	static const char *const no_keyring[] = { "disk=/a/w.img", "tarball=t", "signature=s",
						  NULL };
	struct mkd_plan p;
	struct mkd_err err;

	(void)state;
	assert_fails(plan_make("b", no_disk, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "give --disk PATH");
	assert_fails(plan_make(NULL, nothing, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "nothing to build from; give --profile NAME");
	assert_fails(plan_make("b", no_variant, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "the source lacks 'variant'");
	assert_fails(plan_make("b", no_keyring, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "give --keyring FILE and --signer FPR");
}

static void other_errors_have_their_own_numbers(void **state)
{
	const char *many[2 * MKD_NICS + 4] = { "disk=/a/w.img", "tarball=t", "unverified" };
	static const char *const no_dev[] = { "disk=/dev/mkdomu-no-such", NULL };
	static const char *const no_swap[] = { "disk=/a/w", "swap=/dev/mkdomu-no-such", NULL };
	static const char *const no_lv[] = { "disk=shm/mkdomu-no-such", NULL };
	static const char *const huge[] = { "disk=/a/w", "size=99999999P", NULL };
	struct mkd_plan p;
	struct mkd_err err;

	(void)state;
	assert_fails(plan_make("b", no_dev, &p, &err), &err, ENOENT, MKD_EXIT_TARGET,
		     "--disk: cannot use the device '/dev/mkdomu-no-such'");
	assert_fails(plan_make("b", no_swap, &p, &err), &err, ENOENT, MKD_EXIT_TARGET, "--swap: ");
	assert_fails(plan_make("b", huge, &p, &err), &err, ERANGE, MKD_EXIT_USAGE, "--size: ");
	for (size_t i = 0; i < MKD_NICS + 1; i++)
		many[3 + i] = "nic=ip=dhcp";
	assert_fails(plan_make(NULL, many, &p, &err), &err, E2BIG, MKD_EXIT_USAGE, "up to 8");
	for (size_t i = 0; i < MKD_NIC_ADDRS + 1; i++)
		many[3 + i] = "dns=192.0.2.1";
	assert_fails(plan_make(NULL, many, &p, &err), &err, E2BIG, MKD_EXIT_USAGE, "one too many");
	assert_fails(plan_make("b", no_lv, &p, &err), &err, ENOENT, MKD_EXIT_TARGET,
		     "no volume 'mkdomu-no-such' in '/dev/shm'");
}

static void one_file_under_two_names_is_one_disk(void **state)
{
	struct mkd_plan p;
	struct mkd_err err;
	const char *const pairs[] = { GENTOO, "disk=w.img", "swap=link.img", NULL };

	test_write(test_path(state, "w.img"), "x", 1);
	assert_int_equal(symlink("w.img", test_path(state, "link.img")), 0);
	assert_fails(plan_make("b", pairs, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "the same as --disk");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_values_are_refused_with_their_origin),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(other_errors_have_their_own_numbers),
		IN_DIR(one_file_under_two_names_is_one_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
