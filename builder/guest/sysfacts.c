/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/sysfacts.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mkdomu/guestfile.h"

#define PROGRAM_MAX_BYTES (8 * MIB)

const char *mkd_elf_machine(const void *data, size_t len)
{
	static const struct {
		uint8_t class, order;
		uint16_t machine;
		const char *name;
	} rows[] = {
		{ ELFCLASS64, ELFDATA2LSB, EM_X86_64, "x86_64" },
		{ ELFCLASS32, ELFDATA2LSB, EM_X86_64, "x32" },
		{ ELFCLASS32, ELFDATA2LSB, EM_386, "i386" },
		{ ELFCLASS64, ELFDATA2LSB, EM_AARCH64, "aarch64" },
		{ ELFCLASS32, ELFDATA2LSB, EM_ARM, "arm" },
		{ ELFCLASS64, ELFDATA2LSB, EM_RISCV, "riscv64" },
		{ ELFCLASS64, ELFDATA2LSB, EM_PPC64, "ppc64le" },
		{ ELFCLASS64, ELFDATA2MSB, EM_PPC64, "ppc64" },
		{ ELFCLASS32, ELFDATA2MSB, EM_PPC, "ppc" },
		{ ELFCLASS64, ELFDATA2MSB, EM_S390, "s390x" },
		{ ELFCLASS64, ELFDATA2LSB, 258 /* EM_LOONGARCH */, "loongarch64" },
	};
	const uint8_t *b = data;
	unsigned machine;

	if (len < 20 || memcmp(b, ELFMAG, SELFMAG) != 0)
		return NULL;
	machine = b[EI_DATA] == ELFDATA2MSB ? b[18] * 256U + b[19] : b[19] * 256U + b[18];
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].class == b[EI_CLASS] && rows[i].order == b[EI_DATA] &&
		    rows[i].machine == machine)
			return rows[i].name;
	return NULL;
}

/* Of init, or of the shell where init is a script. */
static void find_arch(struct mkd_tree *t, struct mkd_facts *f)
{
	const char *programs[] = { f->init_target, "/bin/sh", "/usr/bin/sh", "/bin/busybox" };

	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		cleanup_buf struct mkd_buf program = { 0 };
		struct mkd_err ignored;
		const char *name;

		if (!*programs[i] ||
		    mkd_tree_read(t, programs[i], PROGRAM_MAX_BYTES, &program, &ignored) < 0)
			continue;
		name = mkd_elf_machine(mkd_buf_cstr(&program), program.len);
		if (!name)
			continue;
		(void)snprintf(f->arch, sizeof(f->arch), "%s", name);
		return;
	}
}

static bool any_name(struct mkd_tree *t, const char *dir, const char *prefix)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_err ignored;

	if (mkd_tree_list(t, dir, &names, &ignored) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (strncmp(names.v[i], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/* By the dynamic linker. A root may have both, for programs of others: glibc's is then it. */
static enum mkd_libc find_libc(struct mkd_tree *t)
{
	static const char *const dirs[] = { "/lib64", "/lib", "/usr/lib64", "/usr/lib" };
	enum mkd_libc found = MKD_LIBC_UNKNOWN;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		if (any_name(t, dirs[i], "ld-linux") || any_name(t, dirs[i], "ld64.so"))
			return MKD_LIBC_GLIBC;
		if (any_name(t, dirs[i], "ld-musl-"))
			found = MKD_LIBC_MUSL;
	}
	return found;
}

/* The number behind prefix in the first name of dir that starts so; 0 = none. */
static unsigned version_in(struct mkd_tree *t, const char *dir, const char *prefix)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_err ignored;
	size_t len = strlen(prefix);

	if (mkd_tree_list(t, dir, &names, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < names.n; i++) {
		unsigned long v;

		if (strncmp(names.v[i], prefix, len) != 0)
			continue;
		v = strtoul(names.v[i] + len, NULL, 10);
		if (v > 0 && v < 10000)
			return (unsigned)v;
	}
	return 0;
}

/* systemd's library has the version in its name; Portage has it in the package's. */
static unsigned find_udev_version(struct mkd_tree *t)
{
	static const struct {
		const char *dir, *prefix;
	} rows[] = {
		{ "/usr/lib/systemd", "libsystemd-shared-" },
		{ "/lib/systemd", "libsystemd-shared-" },
		{ "/usr/lib/x86_64-linux-gnu/systemd", "libsystemd-shared-" },
		{ "/usr/lib/aarch64-linux-gnu/systemd", "libsystemd-shared-" },
		{ "/usr/lib/i386-linux-gnu/systemd", "libsystemd-shared-" },
		{ "/usr/lib64/systemd", "libsystemd-shared-" },
		{ "/var/db/pkg/sys-apps", "systemd-utils-" },
		{ "/var/db/pkg/sys-apps", "systemd-" },
		{ "/var/lib/pacman/local", "systemd-libs-" },
	};
	unsigned v = 0;

	for (size_t i = 0; !v && i < ARRAY_LEN(rows); i++)
		v = version_in(t, rows[i].dir, rows[i].prefix);
	return v;
}

static const char *find_packages(struct mkd_tree *t)
{
	static const struct {
		const char *name, *paths[4];
	} rows[] = {
		{ "portage", { "/usr/bin/emerge", "/var/db/pkg" } },
		{ "apk", { "/sbin/apk", "/usr/bin/apk", "/usr/sbin/apk" } },
		{ "apt", { "/usr/bin/apt-get" } },
		{ "dpkg", { "/usr/bin/dpkg" } },
		{ "pacman", { "/usr/bin/pacman" } },
		{ "xbps", { "/usr/bin/xbps-install" } },
		{ "dnf", { "/usr/bin/dnf", "/usr/bin/dnf5", "/usr/bin/microdnf" } },
		{ "zypper", { "/usr/bin/zypper" } },
		{ "opkg", { "/bin/opkg", "/usr/bin/opkg" } },
		{ "rpm", { "/usr/bin/rpm" } },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (mkd_guest_first(t, rows[i].paths))
			return rows[i].name;
	return "";
}

void mkd_sysfacts_find(struct mkd_tree *t, struct mkd_facts *f)
{
	static const char *const cloud[] = { "/usr/bin/cloud-init", "/etc/cloud/cloud.cfg", NULL };

	find_arch(t, f);
	f->libc = find_libc(t);
	f->udev_version = f->udev ? find_udev_version(t) : 0;
	f->cloud_init = mkd_guest_first(t, cloud) != NULL;
	(void)snprintf(f->packages, sizeof(f->packages), "%s", find_packages(t));
}

/* What --arch names, and the programs that such a machine runs: its own first. */
static const struct {
	const char *arch, *runs[4];
} machines[] = {
	{ "amd64", { "x86_64", "i386", "x32" } },
	{ "x86", { "i386" } },
	{ "arm64", { "aarch64", "arm" } },
	{ "arm", { "arm" } },
	{ "riscv", { "riscv64" } },
	{ "ppc", { "ppc", "ppc64", "ppc64le" } },
	{ "s390", { "s390x" } },
	{ "loong", { "loongarch64" } },
};

static int refuse_arch(const struct mkd_facts *f, const char *arch, struct mkd_err *err)
{
	const char *own = NULL;

	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		const char *first = machines[i].runs[0];

		if (first && strcmp(f->arch, first) == 0)
			own = machines[i].arch;
	}
	return mkd_fail(err, MKD_EXIT_ARCHIVE, ENOEXEC,
			"the root's '%s' is a program for %s, but the guest is to be %s; use a "
			"tarball for that%s%s",
			f->init_target, f->arch, arch, own ? ", or give --arch " : "",
			own ? own : "");
}

int mkd_facts_check_arch(const struct mkd_facts *f, const char *arch, struct mkd_err *err)
{
	if (!arch || !f->arch[0])
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(machines); i++) {
		if (strcmp(arch, machines[i].arch) != 0)
			continue;
		for (const char *const *r = machines[i].runs; *r; r++)
			if (strcmp(f->arch, *r) == 0)
				return 0;
		return refuse_arch(f, arch, err);
	}
	return 0;
}
