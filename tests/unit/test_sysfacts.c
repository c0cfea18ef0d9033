/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of what a root is made of, on small roots of several distributions' shapes. */
#include <errno.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/sysfacts.h"
#include "roottest.h"

struct elf {
	uint8_t class, order, machine[2]; /* the machine as it is in the file */
};

static const struct elf x86_64 = { 2, 1, { 62, 0 } }, aarch64 = { 2, 1, { 183, 0 } };

static size_t elf_header(const struct elf *e, uint8_t ret[static 64])
{
	memset(ret, 0, 64);
	memcpy(ret, "\177ELF", 4);
	ret[4] = e->class;
	ret[5] = e->order;
	memcpy(ret + 18, e->machine, 2);
	return 64;
}

static void put_elf(struct mkd_tree *t, const char *path, const struct elf *e)
{
	uint8_t header[64];
	size_t len = elf_header(e, header);
	struct mkd_err err = { 0 };

	tree_mem_parents(t, path);
	assert_ok(mkd_tree_write(t, path, header, len, 0755, &err), &err);
}

static void machines_are_named(void **state)
{
	static const struct {
		struct elf elf;
		const char *want;
	} rows[] = {
		{ { 2, 1, { 62, 0 } }, "x86_64" },     { { 1, 1, { 62, 0 } }, "x32" },
		{ { 1, 1, { 3, 0 } }, "i386" },        { { 2, 1, { 183, 0 } }, "aarch64" },
		{ { 1, 1, { 40, 0 } }, "arm" },        { { 2, 1, { 243, 0 } }, "riscv64" },
		{ { 2, 1, { 21, 0 } }, "ppc64le" },    { { 2, 2, { 0, 21 } }, "ppc64" },
		{ { 1, 2, { 0, 20 } }, "ppc" },        { { 2, 2, { 0, 22 } }, "s390x" },
		{ { 2, 1, { 2, 1 } }, "loongarch64" }, { { 2, 1, { 0, 62 } }, NULL },
		{ { 0, 0, { 62, 0 } }, NULL },
	};
	uint8_t header[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *name = mkd_elf_machine(header, elf_header(&rows[i].elf, header));

		if (rows[i].want)
			assert_string_equal(name, rows[i].want);
		else
			assert_null(name);
	}
	(void)elf_header(&x86_64, header);
	assert_null(mkd_elf_machine(header, 19));
	assert_null(mkd_elf_machine("#!/bin/sh\nexit 0\nexit 1\n", 24));
	assert_null(mkd_elf_machine("", 0));
}

static void another_machine_is_refused(void **state)
{
	static const struct {
		const char *found, *plan;
		bool fits;
	} rows[] = {
		{ "x86_64", "amd64", true },
		{ "i386", "amd64", true },
		{ "x86_64", "x86", false },
		{ "aarch64", "arm64", true },
		{ "arm", "arm64", true },
		{ "x86_64", "arm64", false },
		{ "", "amd64", true },
		{ "x86_64", "sparc", true },
		{ "x86_64", NULL, true },
		{ "s390x", "s390", true },
		{ "loongarch64", "loong", true },
		{ "riscv64", "amd64", false },
	};
	struct mkd_facts f = { .init_target = "/sbin/init" };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(f.arch, sizeof(f.arch), "%s", rows[i].found);
		if (rows[i].fits)
			assert_ok(mkd_facts_check_arch(&f, rows[i].plan, &err), &err);
		else
			assert_fails(mkd_facts_check_arch(&f, rows[i].plan, &err), &err, ENOEXEC,
				     MKD_EXIT_ARCHIVE, "the root's '/sbin/init' is a program for");
	}
	(void)snprintf(f.arch, sizeof(f.arch), "aarch64");
	assert_fails(mkd_facts_check_arch(&f, "amd64", &err), &err, ENOEXEC, MKD_EXIT_ARCHIVE,
		     "use a tarball for that, or give --arch arm64");
}

/* What differs between distributions, each by the files that tell it. */
static void distributions_are_told_apart(void **state)
{
	static const struct {
		const char *paths[12];
		const char *packages;
		enum mkd_libc libc;
		unsigned udev_version;
		bool cloud_init;
	} rows[] = {
		{ { "/usr/bin/emerge", "/usr/lib64/ld-linux-x86-64.so.2", "/lib64 -> usr/lib64",
		    "/usr/bin/udevd", "/var/db/pkg/sys-apps/systemd-utils-254.13-r1/" },
		  "portage",
		  MKD_LIBC_GLIBC,
		  254,
		  false },
		{ { "/var/db/pkg/sys-libs/musl-1.2.5/", "/usr/lib/ld-musl-x86_64.so.1",
		    "/lib -> usr/lib" },
		  "portage",
		  MKD_LIBC_MUSL,
		  0,
		  false },
		{ { "/sbin/apk", "/lib/ld-musl-x86_64.so.1" }, "apk", MKD_LIBC_MUSL, 0, false },
		{ { "/usr/bin/apt-get", "/usr/bin/dpkg", "/lib64/ld-linux-x86-64.so.2",
		    "/lib/systemd/systemd-udevd",
		    "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-core-252.so",
		    "/usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-252.so",
		    "/etc/cloud/cloud.cfg" },
		  "apt",
		  MKD_LIBC_GLIBC,
		  252,
		  true },
		{ { "/usr/bin/pacman", "/usr/lib/ld-linux-x86-64.so.2", "/usr/bin/udevd",
		    "/usr/lib/systemd/libsystemd-shared-257.4-1-arch.so" },
		  "pacman",
		  MKD_LIBC_GLIBC,
		  257,
		  false },
		{ { "/usr/bin/xbps-install", "/usr/lib/ld-musl-x86_64.so.1",
		    "/usr/lib/ld-linux-x86-64.so.2", "/usr/bin/udevd" },
		  "xbps",
		  MKD_LIBC_GLIBC,
		  0,
		  false },
		{ { "/usr/bin/dnf", "/usr/bin/rpm", "/usr/bin/cloud-init",
		    "/usr/lib/systemd/libsystemd-shared-x.so", "/usr/bin/udevd" },
		  "dnf",
		  MKD_LIBC_UNKNOWN,
		  0,
		  true },
		/* a library without udevd names nothing */
		{ { "/usr/lib/systemd/libsystemd-shared-257.so" }, "", MKD_LIBC_UNKNOWN, 0, false },
	};
	struct mkd_err err = { 0 };
	struct mkd_facts f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = root_of(rows[i].paths);

		assert_ok(mkd_facts_find(t, &f, &err), &err);
		assert_string_equal(f.packages, rows[i].packages);
		assert_int_equal(f.libc, rows[i].libc);
		assert_int_equal(f.udev_version, rows[i].udev_version);
		assert_int_equal(f.cloud_init, rows[i].cloud_init);
		assert_string_equal(f.arch, "");
		tree_mem_free(t);
	}
}

/* An init that is a script has no machine; the shell that runs it has. */
static void the_machine_is_inits_or_the_shells(void **state)
{
	static const char *const paths[] = { "/sbin/init = #!/bin/sh\nexec s6-linux-init\n",
					     "/bin/sh -> dash", NULL };
	struct mkd_tree *t = root_of(paths);
	struct mkd_err err = { 0 };
	struct mkd_facts f;

	(void)state;
	put_elf(t, "/bin/dash", &aarch64);
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_string_equal(f.arch, "aarch64");
	put_elf(t, "/sbin/init", &x86_64);
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_string_equal(f.arch, "x86_64");
	tree_mem_free(t);
}

static struct mkd_tree *void_linux(void)
{
	static const char *const paths[] = {
		"/usr/bin/runit-init",
		"/sbin -> usr/bin",
		"/usr/bin/init -> runit-init",
		"/lib -> usr/lib",
		"/usr/lib/ld-musl-x86_64.so.1",
		"/usr/bin/xbps-install",
		"/usr/bin/dhcpcd",
		"/usr/bin/udevd",
		"/usr/bin/sshd",
		"/etc/sv/sshd/run = ssh-keygen -A\n",
		"/etc/passwd = root:x:0:0::/root:/bin/sh\n",
		"/etc/shadow = root:$6$abc$defghijklmnop:1::::::\n",
		"/etc/os-release = ID=void\nPRETTY_NAME=\"Void \\\"Linux\\\"\"\n",
		"/root/.ssh/authorized_keys = ssh-ed25519 AAAA\n",
		NULL,
	};
	struct mkd_tree *t = root_of(paths);

	put_elf(t, "/usr/bin/runit-init", &x86_64);
	return t;
}

static void facts_are_reported_as_lines(void **state)
{
	struct mkd_tree *t = void_linux();
	struct mkd_buf out = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_facts_report(t, false, &out, &err), &err);
	assert_string_equal(mkd_buf_cstr(&out),
			    "  system    Void \"Linux\"\n"
			    "  version   unknown\n"
			    "  machine   x86_64\n"
			    "  libc      musl\n"
			    "  init      runit, /sbin/init -> /usr/bin/runit-init\n"
			    "  usr       merged\n"
			    "  packages  xbps\n"
			    "  network   dhcpcd\n"
			    "  udev      yes: eth0 or enX0\n"
			    "  sshd      yes\n"
			    "  cloudinit no\n"
			    "  root      password set, 1 ssh key\n");
	mkd_buf_free(&out);
	tree_mem_free(t);
}

static void facts_are_reported_as_json(void **state)
{
	struct mkd_tree *t = void_linux();
	struct mkd_buf out = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_facts_report(t, true, &out, &err), &err);
	assert_string_equal(
		mkd_buf_cstr(&out),
		"{\n  \"os\": {\n    \"id\": \"void\",\n    \"version\": \"\",\n"
		"    \"name\": \"Void \\\"Linux\\\"\"\n  },\n"
		"  \"machine\": \"x86_64\",\n  \"libc\": \"musl\",\n"
		"  \"init\": {\n    \"kind\": \"runit\",\n    \"path\": \"/sbin/init\",\n"
		"    \"target\": \"/usr/bin/runit-init\",\n    \"openrc\": false\n  },\n"
		"  \"mergedUsr\": true,\n  \"packages\": \"xbps\",\n"
		"  \"network\": {\n    \"used\": \"unknown\",\n    \"tools\": [\n      \"dhcpcd\"\n"
		"    ],\n    \"resolved\": false,\n    \"udev\": true,\n    \"udevVersion\": 0,\n"
		"    \"firstInterface\": \"eth0 or enX0\"\n  },\n"
		"  \"sshd\": true,\n  \"sshdHostKeys\": true,\n  \"cloudInit\": false,\n"
		"  \"root\": {\n    \"password\": \"set\",\n    \"sshKeys\": 1\n  }\n}\n");
	mkd_buf_free(&out);
	tree_mem_free(t);
}

static void a_bare_root_is_reported_too(void **state)
{
	static const char *const paths[] = { NULL };
	struct mkd_tree *t = root_of(paths);
	struct mkd_buf out = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_facts_report(t, false, &out, &err), &err);
	assert_non_null(
		strstr(mkd_buf_cstr(&out), "  init      unknown\n  usr       not merged\n"));
	assert_non_null(strstr(mkd_buf_cstr(&out), "  network   none that is known\n"));
	assert_non_null(strstr(mkd_buf_cstr(&out), "  udev      no: eth0\n  sshd      no\n"));
	assert_non_null(strstr(mkd_buf_cstr(&out), "  root      password locked, 0 ssh keys\n"));
	assert_nomem_some(mkd_facts_report(t, true, &out, &err), &err, mkd_buf_reset(&out));
	mkd_buf_free(&out);
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines_are_named),
		cmocka_unit_test(another_machine_is_refused),
		cmocka_unit_test(distributions_are_told_apart),
		cmocka_unit_test(the_machine_is_inits_or_the_shells),
		cmocka_unit_test(facts_are_reported_as_lines),
		cmocka_unit_test(facts_are_reported_as_json),
		cmocka_unit_test(a_bare_root_is_reported_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
