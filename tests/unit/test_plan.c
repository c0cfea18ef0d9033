/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of plan: what settings make, and how it is explained. */
#include "plantest.h"

#include <string.h>
#include <sys/stat.h>

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

static void a_tarball_may_be_for_another_machine(void **state)
{
	struct mkd_plan p;

	(void)state;
	PLAN(NULL, &p, "disk=/srv/x.raw", "tarball=t.tar", "sha512=" SHA512, "arch=arm64");
	assert_string_equal(p.arch, "arm64");
	mkd_plan_free(&p);
	PLAN(NULL, &p, "disk=/srv/x.raw", "tarball=t.tar", "sha512=" SHA512);
	assert_string_equal(p.arch, "amd64");
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
	plan_settings(&s, pairs);
	assert_ok(mkd_plan_make(&s, "gentoo-base", &p, &err), &err);
	mkd_plan_explain(&p, &s, &text);
	assert_ok(mkd_buf_check(&text, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (!strstr(mkd_buf_cstr(&text), lines[i]))
			fail_msg("no line %sin:\n%s", lines[i], mkd_buf_cstr(&text));
	mkd_plan_free(&p);
	/* hooks that an option adds are not the profile's */
	assert_ok(mkd_settings_add(&s, MKD_KEY_ADD_HOOK, "more", "--hook", &err), &err);
	assert_ok(mkd_plan_make(&s, "gentoo-base", &p, &err), &err);
	mkd_buf_reset(&text);
	mkd_plan_explain(&p, &s, &text);
	assert_non_null(strstr(mkd_buf_cstr(&text), "  (p.conf:7, --hook)\n"));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(defaults_make_a_whole_plan),
		cmocka_unit_test(a_tarball_needs_no_profile_and_gets_every_hook),
		cmocka_unit_test(a_tarball_may_be_for_another_machine),
		cmocka_unit_test(hooks_have_paths),
		cmocka_unit_test(options_are_taken_over),
		cmocka_unit_test(interfaces_are_described_whole_with_nic),
		cmocka_unit_test(swap_can_be_left_out_or_be_a_file),
		cmocka_unit_test(devices_are_used_whole_unless_an_option_says_less),
		IN_DIR(a_relative_kernel_that_is_here_is_made_absolute),
		cmocka_unit_test(names_come_from_disks),
		cmocka_unit_test(a_plan_explains_itself_with_origins),
		cmocka_unit_test(random_settings_never_crash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
