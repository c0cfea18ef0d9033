/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/domain/xl.c. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/xl.h"

static const struct mkd_xl_disk two_disks[] = {
	{ "xvda1", "/dev/vg0/web1-root" },
	{ "xvda2", "/dev/vg0/web1-swap" },
};
static const struct mkd_xl_vif one_vif[] = {
	{ "00:16:3e:12:34:56", "xenbr0", "192.0.2.10 192.0.2.11", 1400 },
};

static struct mkd_xl_domain full(void)
{
	return (struct mkd_xl_domain){
		.comment = "by mkdomu\n\nfrom stage3-amd64-openrc",
		.name = "web1",
		.uuid = "4fb6a0e5-6a36-5d0f-8f43-2ad2f0f8f2b7",
		.type = "pv",
		.kernel = "/boot/vmlinuz-6.12",
		.ramdisk = "/boot/initrd.img-6.12",
		.cmdline = "root=/dev/xvda1 ro console=hvc0 net.ifnames=0",
		.memory_mib = 1024,
		.maxmem_mib = 2048,
		.vcpus = 2,
		.disks = two_disks,
		.n_disks = 2,
		.vifs = one_vif,
		.n_vifs = 1,
		.on_poweroff = "destroy",
		.on_reboot = "restart",
		.on_crash = "destroy",
	};
}

static void a_full_config_is_written_key_by_key(void **state)
{
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_xl_domain d = full();
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_xl_render(&d, &out, &err), &err);
	assert_string_equal(
		mkd_buf_cstr(&out),
		"# by mkdomu\n"
		"#\n"
		"# from stage3-amd64-openrc\n"
		"name = \"web1\"\n"
		"type = \"pv\"\n"
		"uuid = \"4fb6a0e5-6a36-5d0f-8f43-2ad2f0f8f2b7\"\n"
		"kernel = \"/boot/vmlinuz-6.12\"\n"
		"ramdisk = \"/boot/initrd.img-6.12\"\n"
		"cmdline = \"root=/dev/xvda1 ro console=hvc0 net.ifnames=0\"\n"
		"memory = 1024\n"
		"maxmem = 2048\n"
		"vcpus = 2\n"
		"disk = [\n"
		"  \"format=raw,vdev=xvda1,access=rw,target=/dev/vg0/web1-root\",\n"
		"  \"format=raw,vdev=xvda2,access=rw,target=/dev/vg0/web1-swap\",\n"
		"]\n"
		"vif = [\n"
		"  \"mac=00:16:3e:12:34:56,bridge=xenbr0,mtu=1400,ip=192.0.2.10 192.0.2.11\",\n"
		"]\n"
		"on_poweroff = \"destroy\"\n"
		"on_reboot = \"restart\"\n"
		"on_crash = \"destroy\"\n");
}

static void what_is_not_given_is_left_out(void **state)
{
	static const struct mkd_xl_disk disk[] = { { "xvda", "/srv/a, b 'c'.img" } };
	static const struct mkd_xl_vif vif[] = { { "00:16:3E:00:00:01", "", NULL, 0 } };
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_xl_domain d = { .name = "w",
				   .uuid = "4FB6A0E5-6a36-5d0f-8f43-2ad2f0f8f2b7",
				   .type = "pvh",
				   .kernel = "/k",
				   .cmdline = "",
				   .memory_mib = 64,
				   .vcpus = 1,
				   .disks = disk,
				   .n_disks = 1,
				   .vifs = vif,
				   .n_vifs = 1 };
	struct mkd_err err = { 0 };

	(void)state;
	mkd_buf_str(&out, "#\n");
	assert_ok(mkd_xl_render(&d, &out, &err), &err);
	assert_string_equal(mkd_buf_cstr(&out),
			    "#\n"
			    "name = \"w\"\n"
			    "type = \"pvh\"\n"
			    "uuid = \"4FB6A0E5-6a36-5d0f-8f43-2ad2f0f8f2b7\"\n"
			    "kernel = \"/k\"\n"
			    "memory = 64\n"
			    "vcpus = 1\n"
			    "disk = [\n"
			    "  \"format=raw,vdev=xvda,access=rw,target=/srv/a, b 'c'.img\",\n"
			    "]\n"
			    "vif = [\n"
			    "  \"mac=00:16:3E:00:00:01\",\n"
			    "]\n");
	d.n_disks = d.n_vifs = 0;
	mkd_buf_reset(&out);
	assert_ok(mkd_xl_render(&d, &out, &err), &err);
	assert_null(strchr(mkd_buf_cstr(&out), '['));
}

static void refused(const struct mkd_xl_domain *d, const char *words)
{
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_err err = { 0 };

	mkd_buf_str(&out, "before");
	assert_fails(mkd_xl_render(d, &out, &err), &err, EINVAL, MKD_EXIT_USAGE, words);
	assert_string_equal(mkd_buf_cstr(&out), "before");
}

#define assert_refused(key, value, words)         \
	do {                                      \
		struct mkd_xl_domain d_ = full(); \
		d_.key = (value);                 \
		refused(&d_, (words));            \
	} while (0)

static void strings_that_the_format_cannot_carry(void **state)
{
	(void)state;
	assert_refused(cmdline, "root=/dev/xvda1 a=\"b\"", "cmdline 'root=/dev/xvda1 a=\"b\"'");
	assert_refused(cmdline, "a\\b", "backslash");
	assert_refused(cmdline, "a\nb", "control character");
	assert_refused(kernel, "/boot/k\"", "kernel");
	assert_refused(kernel, "/boot/k\x7f", "control character");
	assert_refused(ramdisk, "/boot/r\\", "ramdisk");
	assert_refused(comment, "a\rb", "comment");
	assert_refused(comment, "a\n\033[2J", "comment");
}

static void names_uuids_types_and_actions_that_are_none(void **state)
{
	static const char *const names[] = { "",    "a b", "a'b", "a\"b",     "a/b",
					     "a,b", "123", "a=b", "\303\244", "a\n" };
	static const char *const uuids[] = { "", "4fb6a0e56a365d0f8f432ad2f0f8f2b7",
					     "4fb6a0e5-6a36-5d0f-8f43-2ad2f0f8f2b",
					     "4fb6a0e5-6a36-5d0f-8f43-2ad2f0f8f2b77",
					     "4fb6a0e5-6a36-5d0f-8f43-2ad2f0f8f2bg" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_refused(name, names[i], "name '");
	for (size_t i = 0; i < ARRAY_LEN(uuids); i++)
		assert_refused(uuid, uuids[i], "uuid '");
	assert_refused(type, "hvm", "use pv or pvh");
	assert_refused(type, NULL, "type");
	assert_refused(on_poweroff, "off", "on_poweroff 'off'");
	assert_refused(on_reboot, "", "on_reboot");
	assert_refused(on_crash, "Destroy", "on_crash 'Destroy'");
}

static void paths_must_be_absolute(void **state)
{
	(void)state;
	assert_refused(kernel, "vmlinuz", "kernel 'vmlinuz'");
	assert_refused(kernel, NULL, "kernel");
	assert_refused(ramdisk, "", "ramdisk");
	assert_refused(ramdisk, "./r", "not an absolute path");
}

static void numbers_out_of_range(void **state)
{
	(void)state;
	assert_refused(memory_mib, 0, "memory");
	assert_refused(vcpus, 0, "vcpus");
	assert_refused(maxmem_mib, 1023, "maxmem 1023 MiB");
}

static void disks_that_xl_would_misread(void **state)
{
	static const struct mkd_xl_disk bad[] = {
		{ "sda1", "/x" },       { "xvd", "/x" },      { "xvd1", "/x" },
		{ "xvda01", "/x" },     { "xvda1,ro", "/x" }, { "xvda1 ", "/x" },
		{ "xvda", "vg0/web1" }, { "xvda", "" },       { "xvda", "/a\"b" },
		{ "xvda", "/a\nb" },    { "xvda", "/a,," },   { NULL, "/a" },
	};
	static const struct mkd_xl_disk twice[] = { { "xvda1", "/a" }, { "xvda1", "/b" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct mkd_xl_domain d = full();

		d.disks = &bad[i];
		d.n_disks = 1;
		refused(&d, "disk ");
	}
	assert_refused(disks, twice, "two disks have this name");
}

static void vifs_that_xl_would_misread(void **state)
{
	static const struct {
		struct mkd_xl_vif vif;
		const char *words;
	} bad[] = {
		{ { NULL, NULL, NULL, 0 }, "vif mac" },
		{ { "00:16:3e:12:34", NULL, NULL, 0 }, "six pairs" },
		{ { "00:16:3e:12:34:567", NULL, NULL, 0 }, "six pairs" },
		{ { "00-16-3e-12-34-56", NULL, NULL, 0 }, "six pairs" },
		{ { "01:16:3e:12:34:56", NULL, NULL, 0 }, "multicast" },
		{ { "00:16:3e:12:34:56", "br0,script=x", NULL, 0 }, "vif bridge 'br0,script=x'" },
		{ { "00:16:3e:12:34:56", "br 0", NULL, 0 }, "vif bridge" },
		{ { "00:16:3e:12:34:56", "br\"", NULL, 0 }, "vif bridge" },
		{ { "00:16:3e:12:34:56", NULL, "192.0.2.1,rate=1", 0 }, "vif ip" },
		{ { "00:16:3e:12:34:56", NULL, "192.0.2.1/24", 0 }, "vif ip" },
		{ { "00:16:3e:12:34:56", NULL, "192.0.2.1 2001:db8::1", 0 }, "vif ip" },
		{ { "00:16:3e:12:34:56", NULL, "", 0 }, "vif ip" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_refused(vifs, &bad[i].vif, bad[i].words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_config_is_written_key_by_key),
		cmocka_unit_test(what_is_not_given_is_left_out),
		cmocka_unit_test(strings_that_the_format_cannot_carry),
		cmocka_unit_test(names_uuids_types_and_actions_that_are_none),
		cmocka_unit_test(paths_must_be_absolute),
		cmocka_unit_test(numbers_out_of_range),
		cmocka_unit_test(disks_that_xl_would_misread),
		cmocka_unit_test(vifs_that_xl_would_misread),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
