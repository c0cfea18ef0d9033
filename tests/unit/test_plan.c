/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/plan.h"

#define HEX16  "0123456789abcdef"
#define SHA512 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16 HEX16
#define FPR    "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910"

/* "key=value" pairs, as from the command line; "@key=value" as from line 7 of a profile. */
static void fill(struct mkd_settings *s, const char *const *pairs)
{
	struct mkd_err err = { 0 };

	for (; *pairs; pairs++) {
		const char *pair = *pairs + (**pairs == '@'), *eq = strchr(pair, '=');
		size_t len = eq ? (size_t)(eq - pair) : strlen(pair), key = 0;
		char origin[64];

		while (key < MKD_N_KEYS && (strncmp(mkd_setting_info[key].name, pair, len) != 0 ||
					    mkd_setting_info[key].name[len]))
			key++;
		if (key == MKD_N_KEYS)
			fail_msg("no key: %s", pair);
		(void)snprintf(origin, sizeof(origin), "--%.*s", (int)len, pair);
		assert_ok(mkd_settings_add(s, (enum mkd_key)key, eq ? eq + 1 : "yes",
					   pair == *pairs ? origin : "p.conf:7", &err),
			  &err);
	}
}

static int make(const char *profile, const char *const *pairs, struct mkd_plan *p,
		struct mkd_err *err)
{
	struct mkd_settings s = { 0 };
	int r;

	fill(&s, pairs);
	r = mkd_plan_make(&s, profile, p, err);
	mkd_settings_free(&s);
	return r;
}

#define PLAN(profile, p, ...)                                                                  \
	do {                                                                                   \
		struct mkd_err err_ = { 0 };                                                   \
		assert_ok(make(profile, (const char *const[]){ __VA_ARGS__, NULL }, p, &err_), \
			  &err_);                                                              \
	} while (0)

#define GENTOO                                                                       \
	"@kind=gentoo", "@mirror=https://a.example", "@variant=stage3-amd64-openrc", \
		"@keyring=/k.asc", "@signer=" FPR, "@hooks=console", "@hooks=fstab"

static void defaults_make_a_whole_plan(void **state)
{
	struct mkd_plan p;
	char want[600];

	PLAN("/etc/x/gentoo-base.conf", &p, GENTOO, "disk=web1.img");
	(void)snprintf(want, sizeof(want), "%s/web1.img", (const char *)*state);
	assert_string_equal(p.disk, want);
	assert_false(p.disk_is_device);
	assert_int_equal(p.size_bytes, 10 * GIB);
	assert_int_equal(p.swap_kind, MKD_SWAP_PARTITION);
	assert_int_equal(p.swap_bytes, GIB);
	assert_int_equal(p.layout, MKD_LAYOUT_AUTO);
	assert_string_equal(p.arch, "amd64");
	assert_string_equal(p.profile, "gentoo-base");
	assert_string_equal(p.name, "web1");
	assert_string_equal(p.hostname, "web1");
	(void)snprintf(want, sizeof(want), "%s/web1.cfg", (const char *)*state);
	assert_string_equal(p.cfg_path, want);
	assert_string_equal(p.type, "pv");
	assert_int_equal(p.memory_mib, 1024);
	assert_int_equal(p.maxmem_mib, 0);
	assert_int_equal(p.vcpus, 1);
	assert_string_equal(p.on_poweroff, "destroy");
	assert_string_equal(p.on_reboot, "restart");
	assert_string_equal(p.on_crash, "destroy");
	assert_null(p.kernel);
	assert_int_equal(p.hooks.n, 2);
	assert_int_equal(p.n_nics, 1);
	assert_true(p.nics[0].dhcp);
	assert_false(p.nics[0].mac_given);
	assert_null(p.seed);
	mkd_plan_free(&p);
}

static void a_tarball_needs_no_profile_and_gets_every_hook(void **state)
{
	struct mkd_plan p;

	(void)state;
	PLAN(NULL, &p, "disk=/srv/x.raw", "tarball=t.tar", "sha512=" SHA512, "no-hook=clock");
	assert_null(p.profile);
	assert_string_equal(p.tarball, "t.tar");
	assert_int_equal(strlen(p.sha512), 128);
	assert_int_equal(p.hooks.n, 6);
	assert_false(mkd_strv_has(&p.hooks, "clock"));
	assert_string_equal(p.name, "x");
	assert_string_equal(p.cfg_path, "/srv/x.cfg");
	mkd_plan_free(&p);
	PLAN(NULL, &p, "disk=/srv/x.raw", "tarball=t.tar", "sha256=" HEX16 HEX16 HEX16 HEX16);
	assert_int_equal(strlen(p.sha256), 64);
	assert_null(p.sha512);
	mkd_plan_free(&p);
	PLAN("/etc/x/gentoo-base.conf", &p, GENTOO, "disk=x.img", "tarball=t.tar", "unverified");
	assert_int_equal(p.mirrors.n, 0);
	mkd_plan_free(&p);
	PLAN("generic", &p, "disk=/srv/x.raw", "tarball=t.tar", "unverified", "no-hooks",
	     "@hooks=a");
	assert_int_equal(p.hooks.n, 0);
	assert_true(p.unverified);
	mkd_plan_free(&p);
	PLAN("generic", &p, "disk=/srv/x.raw", "tarball=t.tar", "unverified");
	assert_int_equal(p.hooks.n, 0);
	mkd_plan_free(&p);
}

static void hooks_have_paths(void **state)
{
	struct mkd_plan p;

	(void)state;
	PLAN("/etc/x/p.conf", &p, "disk=/srv/x.raw", "tarball=t.tar", "unverified",
	     "@hooks=console", "@hooks=./own", "@hooks=fstab", "hook=/a/fstab", "hook=b/last",
	     "hook=name", "no-hook=console");
	assert_string_equal(p.profile_dir, "/etc/x");
	assert_int_equal(p.hooks.n, 4);
	assert_int_equal(p.hook_paths.n, 4);
	assert_string_equal(p.hooks.v[0], "own");
	assert_string_equal(p.hook_paths.v[0], "/etc/x/./own"); /* of the profile's folder */
	assert_string_equal(p.hooks.v[1], "fstab");             /* in the other's place */
	assert_string_equal(p.hook_paths.v[1], "/a/fstab");
	assert_string_equal(p.hooks.v[2], "last");
	assert_string_equal(p.hook_paths.v[2], "b/last");
	assert_string_equal(p.hooks.v[3], "name");
	assert_string_equal(p.hook_paths.v[3], "");
	mkd_plan_free(&p);
}

static void options_are_taken_over(void **state)
{
	struct mkd_plan p;

	(void)state;
	PLAN("b", &p, GENTOO, "disk=/a/w.img", "swap=/a/s.img", "swap-size=2G", "size=20G",
	     "name=db_1", "type=pvh", "kernel=/boot/k", "ramdisk=/boot/r", "extra=a=b quiet",
	     "memory=512", "maxmem=2048", "vcpus=512", "bridge=br0", "mac=00:16:3e:00:00:01",
	     "ip=192.0.2.9/24", "ip=2001:db8::9/64", "gateway=192.0.2.1", "dns=192.0.2.2",
	     "on-crash=preserve", "cfg=/c/x.cfg", "root-password-file=/p", "authorized-keys=/k",
	     "seed=s e", "threads=3", "offline", "force", "cache=/var/x");
	assert_int_equal(p.swap_kind, MKD_SWAP_DISK);
	assert_string_equal(p.swap_disk, "/a/s.img");
	assert_int_equal(p.swap_bytes, 2 * GIB);
	assert_int_equal(p.size_bytes, 20 * GIB);
	assert_string_equal(p.name, "db_1");
	assert_string_equal(p.hostname, "db-1");
	assert_string_equal(p.type, "pvh");
	assert_string_equal(p.kernel, "/boot/k");
	assert_string_equal(p.ramdisk, "/boot/r");
	assert_string_equal(p.extra, "a=b quiet");
	assert_int_equal(p.maxmem_mib, 2048);
	assert_int_equal(p.vcpus, 512);
	assert_false(p.nics[0].dhcp);
	assert_int_equal(p.nics[0].n_addrs, 2);
	assert_string_equal(p.on_crash, "preserve");
	assert_string_equal(p.cfg_path, "/c/x.cfg");
	assert_string_equal(p.root_password_file, "/p");
	assert_string_equal(p.authorized_keys_file, "/k");
	assert_string_equal(p.seed, "s e");
	assert_int_equal(p.threads, 3);
	assert_true(p.offline && p.force);
	assert_string_equal(p.cache_dir, "/var/x");
	mkd_plan_free(&p);
}

static void interfaces_are_described_whole_with_nic(void **state)
{
	struct mkd_plan p;

	(void)state;
	PLAN("b", &p, GENTOO, "disk=/a/w.img", "nic=ip=192.0.2.9/24", "nic=bridge=br1,ip=dhcp",
	     "@bridge=br0", "@dns=192.0.2.53", "@gateway=192.0.2.1");
	assert_int_equal(p.n_nics, 2);
	assert_string_equal(p.nics[0].bridge, "br0");
	assert_string_equal(p.nics[0].dns[0].text, "192.0.2.53");
	assert_string_equal(p.nics[0].gateways[0].text, "192.0.2.1");
	assert_string_equal(p.nics[1].bridge, "br1");
	assert_int_equal(p.nics[1].n_dns, 0);
	assert_true(p.nics[1].dhcp);
	mkd_plan_free(&p);
	PLAN("b", &p, GENTOO, "disk=/a/w.img", "ip=2001:db8::9/64", "dhcp");
	assert_true(p.nics[0].dhcp);
	assert_int_equal(p.nics[0].n_addrs, 1);
	mkd_plan_free(&p);
}

static void swap_can_be_left_out_or_be_a_file(void **state)
{
	struct mkd_plan p;

	(void)state;
	PLAN("b", &p, GENTOO, "disk=/a/w.img", "swap=none", "@swap-size=1G");
	assert_int_equal(p.swap_kind, MKD_SWAP_NONE);
	assert_int_equal(p.swap_bytes, 0);
	mkd_plan_free(&p);
	PLAN("b", &p, GENTOO, "disk=/a/w.img", "@swap=file", "layout=gpt", "@swap-size=64M");
	assert_int_equal(p.swap_kind, MKD_SWAP_FILE);
	assert_int_equal(p.swap_bytes, 64 * MIB);
	assert_int_equal(p.layout, MKD_LAYOUT_GPT);
	mkd_plan_free(&p);
	PLAN("b", &p, GENTOO, "disk=/a/w.img", "swap=./none");
	assert_int_equal(p.swap_kind, MKD_SWAP_DISK);
	assert_non_null(strstr(p.swap_disk, "/none"));
	mkd_plan_free(&p);
}

static void devices_are_used_whole_unless_an_option_says_less(void **state)
{
	struct mkd_plan p;
	struct stat st;

	(void)state;
	if (stat("/dev/loop0", &st) != 0 || !S_ISBLK(st.st_mode)) {
		print_message("no /dev/loop0 here: not tested\n");
		return;
	}
	PLAN("gentoo-base", &p, GENTOO, "disk=/dev/loop0", "@size=10G", "@swap-size=3G");
	assert_true(p.disk_is_device);
	assert_int_equal(p.size_bytes, 0);
	assert_int_equal(p.swap_bytes, 3 * GIB);
	assert_string_equal(p.name, "gentoo-base-loop0");
	assert_string_equal(p.cfg_path, "/etc/xen/gentoo-base-loop0.cfg");
	mkd_plan_free(&p);
	PLAN("b", &p, GENTOO, "disk=/a/w.img", "swap=/dev/loop0", "@swap-size=3G");
	assert_true(p.swap_is_device);
	assert_int_equal(p.swap_bytes, 0);
	mkd_plan_free(&p);
	PLAN("b", &p, GENTOO, "disk=/dev/loop0", "size=2G");
	assert_int_equal(p.size_bytes, 2 * GIB);
	mkd_plan_free(&p);
}

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
	assert_fails(make("gentoo-base", pairs, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
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
		{ { "ip=192.0.2.1/24", "dhcp" }, "beside DHCP" },
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
	assert_fails(make("b", no_disk, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "give --disk PATH");
	assert_fails(make(NULL, nothing, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "nothing to build from; give --profile NAME");
	assert_fails(make("b", no_variant, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "the source lacks 'variant'");
	assert_fails(make("b", no_keyring, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
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
	assert_fails(make("b", no_dev, &p, &err), &err, ENOENT, MKD_EXIT_TARGET,
		     "--disk: cannot use the device '/dev/mkdomu-no-such'");
	assert_fails(make("b", no_swap, &p, &err), &err, ENOENT, MKD_EXIT_TARGET, "--swap: ");
	assert_fails(make("b", huge, &p, &err), &err, ERANGE, MKD_EXIT_USAGE, "--size: ");
	for (size_t i = 0; i < MKD_NICS + 1; i++)
		many[3 + i] = "nic=ip=dhcp";
	assert_fails(make(NULL, many, &p, &err), &err, E2BIG, MKD_EXIT_USAGE, "up to 8");
	for (size_t i = 0; i < MKD_NIC_ADDRS + 1; i++)
		many[3 + i] = "dns=192.0.2.1";
	assert_fails(make(NULL, many, &p, &err), &err, E2BIG, MKD_EXIT_USAGE, "one too many");
	assert_fails(make("b", no_lv, &p, &err), &err, ENOENT, MKD_EXIT_TARGET,
		     "no volume 'mkdomu-no-such' in '/dev/shm'");
}

static void one_file_under_two_names_is_one_disk(void **state)
{
	struct mkd_plan p;
	struct mkd_err err;
	const char *const pairs[] = { GENTOO, "disk=w.img", "swap=link.img", NULL };

	test_write(test_path(state, "w.img"), "x", 1);
	assert_int_equal(symlink("w.img", test_path(state, "link.img")), 0);
	assert_fails(make("b", pairs, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "the same as --disk");
}

static void a_relative_kernel_that_is_here_is_made_absolute(void **state)
{
	struct mkd_plan p;

	test_write(test_path(state, "vmlinuz"), "x", 1);
	PLAN("b", &p, GENTOO, "disk=d.img", "kernel=./vmlinuz");
	assert_string_equal(p.kernel, test_path(state, "vmlinuz"));
	mkd_plan_free(&p);
}

static void names_come_from_disks(void **state)
{
	static const struct {
		const char *disk, *profile, *want;
	} rows[] = {
		{ "/srv/web1.img", "gentoo", "web1" },
		{ "web1", "gentoo", "web1" },
		{ "vg0/web1", NULL, "web1" },
		{ "/srv/Web.Example.org.RAW", NULL, "Web.Example.org" },
		{ "/srv/a b\xc3\xa4.img", NULL, "a-b--" },
		{ "/srv/web1.qcow2", NULL, "web1.qcow2" },
		{ "/srv/.img", NULL, ".img" },
		{ "/dev/vg0/web1", "gentoo", "web1" },
		{ "/dev/mapper/vg0-web1", "gentoo", "vg0-web1" },
		{ "/dev/shm/t.img", "gentoo", "t" },
		{ "/dev/sdb10", "gentoo", "gentoo-sdb10" },
		{ "/dev/sdb10", NULL, "guest-sdb10" },
		{ "/dev/sdb10", "my profile", "my-profile-sdb10" },
		{ "/dev/disk/by-id/ata-X:1", "gentoo", "gentoo-ata-X-1" },
	};
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup_free char *name = NULL;

		assert_ok(mkd_plan_name(rows[i].disk, rows[i].profile, &name, &err), &err);
		assert_string_equal(name, rows[i].want);
	}
}

static void a_plan_explains_itself_with_origins(void **state)
{
	static const char *const pairs[] = { GENTOO, "disk=/a/w.img", "@memory=512",
					     "ip=192.0.2.9/24", NULL };
	static const char *const lines[] = {
		"profile:      gentoo-base                                   (--profile)\n",
		"mirror:       https://a.example                             (p.conf:7)\n",
		"disk:         /a/w.img, an image                            (--disk)\n",
		"size:         10 GiB                                        (default)\n",
		"layout:       gpt                                           (default)\n",
		"hooks:        console fstab                                 (p.conf:7)\n",
		"memory:       512 MiB                                       (p.conf:7)\n",
		"kernel:       the newest in /boot                           (default)\n",
		"eth0:         bridge=xl's default mac=derived ip=192.0.2.9/24  (--ip)\n",
		"cfg:          /a/w.cfg                                      (default)\n",
	};
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_settings s = { 0 };
	struct mkd_plan p;
	struct mkd_err err = { 0 };

	(void)state;
	fill(&s, pairs);
	assert_ok(mkd_plan_make(&s, "gentoo-base", &p, &err), &err);
	mkd_plan_explain(&p, &s, &text);
	assert_ok(mkd_buf_check(&text, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!strstr(mkd_buf_cstr(&text), lines[i]))
			fail_msg("no line %sin:\n%s", lines[i], mkd_buf_cstr(&text));
	mkd_plan_free(&p);
	mkd_settings_free(&s);
}

static uint32_t draw(uint32_t *x, uint32_t below)
{
	*x = *x * 1664525 + 1013904223;
	return (*x >> 8) % below;
}

/* Any text in any setting makes a plan that explains itself, or an error that says something. */
static void random_settings_never_crash(void **state)
{
	static const char *const words[] = {
		"0",
		"1024",
		"08",
		"-1",
		"4G",
		"none",
		"file",
		"gpt",
		"bare",
		"/a/b",
		"x/y",
		"../..",
		"a'b",
		"\n",
		"",
		"pv",
		"destroy",
		"192.0.2.1/24",
		"192.0.2.1",
		"::1/64",
		"dhcp",
		"br0",
		"ip=dhcp",
		FPR,
		"https://a.example",
		SHA512,
		"gentoo",
		"console",
		"9999999999999999999999",
		"00:16:3e:00:00:01",
		"mac=,,=",
		"yes",
		"\xff\xfe",
	};
	static const enum mkd_key always[] = { MKD_KEY_DISK, MKD_KEY_TARBALL, MKD_KEY_UNVERIFIED };
	uint32_t x = 1;
	size_t made = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		cleanup_buf struct mkd_buf text = { 0 };
		struct mkd_settings s = { 0 };
		struct mkd_plan p = { 0 };
		struct mkd_err err = { 0 };
		int r;

		for (size_t j = 0; j < ARRAY_LEN(always) && draw(&x, 8); j++)
			assert_ok(mkd_settings_add(&s, always[j], "/w/x.img", "--x", &err), &err);
		for (uint32_t j = draw(&x, 4); j; j--)
			r = mkd_settings_add(&s, (enum mkd_key)draw(&x, MKD_N_KEYS),
					     words[draw(&x, ARRAY_LEN(words))],
					     draw(&x, 2) ? "--some" : "p.conf:3", &err);
		r = mkd_plan_make(&s, draw(&x, 2) ? "p" : NULL, &p, &err);
		if (r == 0) {
			mkd_plan_explain(&p, &s, &text);
			assert_true(text.len > 100);
			assert_non_null(p.name);
			assert_non_null(p.cfg_path);
			made++;
		} else {
			assert_int_equal(r, -err.code);
			assert_true(strlen(err.msg) > 10);
			assert_null(strchr(err.msg, '\n'));
		}
		mkd_plan_free(&p);
		mkd_settings_free(&s);
	}
	assert_true(made > 1000 && made < 19000);
}

static int enter_dir(void **state)
{
	int r = test_dir_setup(state);

	return r < 0 ? r : chdir(*state);
}

static int leave_dir(void **state)
{
	return chdir("/") < 0 ? -1 : test_dir_teardown(state);
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, enter_dir, leave_dir)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(defaults_make_a_whole_plan),
		cmocka_unit_test(a_tarball_needs_no_profile_and_gets_every_hook),
		cmocka_unit_test(hooks_have_paths),
		cmocka_unit_test(options_are_taken_over),
		cmocka_unit_test(interfaces_are_described_whole_with_nic),
		cmocka_unit_test(swap_can_be_left_out_or_be_a_file),
		cmocka_unit_test(devices_are_used_whole_unless_an_option_says_less),
		cmocka_unit_test(wrong_values_are_refused_with_their_origin),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(other_errors_have_their_own_numbers),
		IN_DIR(one_file_under_two_names_is_one_disk),
		IN_DIR(a_relative_kernel_that_is_here_is_made_absolute),
		cmocka_unit_test(names_come_from_disks),
		cmocka_unit_test(a_plan_explains_itself_with_origins),
		cmocka_unit_test(random_settings_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
