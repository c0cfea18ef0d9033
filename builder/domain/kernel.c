/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/kernel.h"

#include <ctype.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#define PREFIX "vmlinuz-"

/* Fit for the name of a file and for the domU config. */
#define VERSION_CHARS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+~-"

DEFINE_CLEANUP(dirp, DIR *, closedir)

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

/* The version in a kernel's file name, or NULL. */
static const char *version_of(const char *name)
{
	const char *version;

	if (strncmp(name, PREFIX, strlen(PREFIX)) != 0)
		return NULL;
	version = name + strlen(PREFIX);
	if (!isdigit((unsigned char)*version) || ends_with(name, ".old") ||
	    ends_with(name, ".bak") || ends_with(name, "~") || strstr(name, ".dpkg-"))
		return NULL;
	return version;
}

static bool is_file(int dirfd, const char *name)
{
	struct stat st;

	return fstatat(dirfd, name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

/* *best keeps the newest version seen; NULL when there is none. */
static int find_newest(DIR *d, const char *dir, char **best, struct mkd_err *err)
{
	for (;;) {
		const struct dirent *e;
		const char *version;
		int r;

		errno = 0;
		e = readdir(d);
		if (!e)
			return errno ? mkd_fail_errno(err, MKD_EXIT_USAGE, errno,
						      "cannot read the folder '%s'", dir)
				     : 0;
		version = version_of(e->d_name);
		if (!version || (*best && strverscmp(version, *best) <= 0) ||
		    !is_file(dirfd(d), e->d_name))
			continue;
		free(steal(best));
		r = mkd_strdup(version, best, err);
		if (r < 0)
			return r;
	}
}

/* *ret stays NULL when no initrd of this version is there. */
static int find_ramdisk(int dir_fd, const char *dir, const char *version, char **ret,
			struct mkd_err *err)
{
	static const char *const forms[][2] = { { "initrd.img-", "" },
						{ "initramfs-", ".img" },
						{ "initrd-", "" } };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		cleanup_free char *name = NULL;
		int r = mkd_asprintf(&name, err, "%s%s%s", forms[i][0], version, forms[i][1]);

		if (r < 0)
			return r;
		if (is_file(dir_fd, name))
			return mkd_asprintf(ret, err, "%s/%s", dir, name);
	}
	return 0;
}

int mkd_kernel_newest(const char *dir, char **ret_kernel, char **ret_ramdisk, struct mkd_err *err)
{
	cleanup_free char *version = NULL, *kernel = NULL, *ramdisk = NULL;
	cleanup(dirp) DIR *d = opendir(dir);
	int r;

	if (!d)
		return mkd_fail_errno(err, MKD_EXIT_USAGE, errno,
				      "cannot look for a kernel in '%s'; name one with --kernel",
				      dir);
	r = find_newest(d, dir, &version, err);
	if (r < 0)
		return r;
	if (!version)
		return mkd_fail(err, MKD_EXIT_USAGE, ENOENT,
				"there is no kernel '" PREFIX "VERSION' in '%s'; name the guest's "
				"kernel with --kernel",
				dir);
	r = mkd_asprintf(&kernel, err, "%s/" PREFIX "%s", dir, version);
	if (r == 0)
		r = find_ramdisk(dirfd(d), dir, version, &ramdisk, err);
	if (r < 0)
		return r;
	*ret_kernel = steal(&kernel);
	*ret_ramdisk = steal(&ramdisk);
	return 0;
}

/* What of a file's start is looked at: the bzImage header ends before. */
struct head {
	uint8_t b[1024];
	size_t len;
};

static int read_head(int fd, const char *path, struct head *h, struct mkd_err *err)
{
	h->len = 0;
	while (h->len < sizeof(h->b)) {
		ssize_t n = pread(fd, h->b + h->len, sizeof(h->b) - h->len, (off_t)h->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mkd_fail_io(err, errno, "cannot read the kernel '%s'", path);
		if (n == 0)
			break;
		h->len += (size_t)n;
	}
	return 0;
}

/* Replace a gzip'd head by what it unpacks to, as far as that goes; false when it is not gzip. */
static bool gunzip_head(struct head *h)
{
	struct head out = { .len = 0 };
	z_stream z = { .next_in = h->b,
		       .avail_in = (uInt)h->len,
		       .next_out = out.b,
		       .avail_out = sizeof(out.b) };

	if (h->len < 3 || h->b[0] != 0x1f || h->b[1] != 0x8b)
		return false;
	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return false;
	(void)inflate(&z, Z_SYNC_FLUSH);
	(void)inflateEnd(&z);
	out.len = sizeof(out.b) - z.avail_out;
	*h = out;
	return true;
}

/* The boot protocol's version as 0x208, or 0 when this is no x86 Linux boot image. */
static unsigned boot_protocol(const struct head *h)
{
	if (h->len < 0x208 || h->b[0x1fe] != 0x55 || h->b[0x1ff] != 0xaa ||
	    memcmp(h->b + 0x202, "HdrS", 4) != 0)
		return 0;
	return h->b[0x206] | (unsigned)h->b[0x207] << 8;
}

/* A program: ET_EXEC as vmlinux is, or ET_DYN as position-independent kernels are. */
static bool is_elf(const struct head *h)
{
	return h->len >= 20 && memcmp(h->b, "\177ELF", 4) == 0 && (h->b[4] == 1 || h->b[4] == 2) &&
	       (h->b[16] == 2 || h->b[16] == 3) && h->b[17] == 0;
}

static bool is_arm64_image(const struct head *h)
{
	return h->len >= 64 && memcmp(h->b + 56, "ARM\x64", 4) == 0;
}

/* "x86" or "arm64"; NULL = not known. */
static const char *family_of_kernel(const struct head *h)
{
	unsigned machine;

	if (boot_protocol(h))
		return "x86";
	if (is_arm64_image(h))
		return "arm64";
	if (!is_elf(h) || h->b[5] != 1) /* little-endian, as both are */
		return NULL;
	machine = h->b[18] | (unsigned)h->b[19] << 8;
	return machine == EM_386 || machine == EM_X86_64 ? "x86"
	       : machine == EM_AARCH64                   ? "arm64"
							 : NULL;
}

/* By the words of Gentoo, Debian and of uname(1). A 64-bit kernel runs 32-bit x86 roots. */
static const char *family_of_root(const char *arch)
{
	static const char *const words[][2] = {
		{ "amd64", "x86" }, { "x86_64", "x86" },  { "x86", "x86" },
		{ "i386", "x86" },  { "i486", "x86" },    { "i686", "x86" },
		{ "x32", "x86" },   { "arm64", "arm64" }, { "aarch64", "arm64" },
	};

	for (size_t i = 0; arch && i < ARRAY_LEN(words); i++)
		if (strcmp(words[i][0], arch) == 0)
			return words[i][1];
	return NULL;
}

static int judge(const char *path, const char *arch, struct head *h, struct mkd_err *err)
{
	const char *want = family_of_root(arch), *is;
	unsigned protocol;

	(void)gunzip_head(h);
	protocol = boot_protocol(h);
	is = family_of_kernel(h);
	if (want && is && strcmp(want, is) != 0)
		return mkd_fail(
			err, MKD_EXIT_USAGE, EINVAL,
			"cannot use the kernel '%s': it is for %s, and the root file system "
			"is for %s; name the guest's kernel with --kernel",
			path, is, arch);
	if (protocol >= 0x208 || is_elf(h) || is_arm64_image(h))
		return 0;
	if (protocol)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use the kernel '%s': its boot protocol is %u.%02u, Xen "
				"needs 2.08 or later",
				path, protocol >> 8, protocol & 0xff);
	return mkd_fail(
		err, MKD_EXIT_USAGE, EINVAL,
		"cannot use the kernel '%s': it is no bzImage, ELF or arm64 image; name the "
		"guest's kernel",
		path);
}

int mkd_kernel_look(const char *path, const char *arch, enum mkd_kernel_check *ret,
		    struct mkd_err *err)
{
	/* O_NONBLOCK: a fifo must not hang the check */
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
		*ret = MKD_KERNEL_ABSENT;
		return 0;
	}
	if (fd < 0 && (errno == EACCES || errno == EPERM)) {
		*ret = MKD_KERNEL_UNREADABLE;
		return 0;
	}
	if (fd < 0)
		return mkd_fail_io(err, errno, "cannot open the kernel '%s'", path);
	if (fstat(fd, &st) != 0)
		return mkd_fail_io(err, errno, "cannot look at the kernel '%s'", path);
	if (!S_ISREG(st.st_mode))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use the kernel '%s': it is not a file", path);
	r = mkd_kernel_look_fd(fd, path, arch, err);
	if (r < 0)
		return r;
	*ret = MKD_KERNEL_OK;
	return 0;
}

int mkd_kernel_look_fd(int fd, const char *path, const char *arch, struct mkd_err *err)
{
	struct head head;
	int r = read_head(fd, path, &head, err);

	return r < 0 ? r : judge(path, arch, &head, err);
}

/* The setup header says where the text is: "6.1.0-44-amd64 (debian-kernel@...) #1 SMP ...". */
bool mkd_kernel_version(int fd, char ret[static MKD_KERNEL_VERSION])
{
	char text[MKD_KERNEL_VERSION];
	struct head h = { .len = 0x210 };
	unsigned at;
	size_t len;
	ssize_t n;

	*ret = '\0';
	if (pread(fd, h.b, h.len, 0) != (ssize_t)h.len || !boot_protocol(&h))
		return false;
	at = h.b[0x20e] | (unsigned)h.b[0x20f] << 8;
	n = at ? pread(fd, text, sizeof(text) - 1, 0x200 + at) : 0;
	if (n <= 0)
		return false;
	text[n] = '\0';
	len = strspn(text, VERSION_CHARS);
	if (!isdigit((unsigned char)*text) || (text[len] != ' ' && text[len] != '\0'))
		return false;
	(void)snprintf(ret, MKD_KERNEL_VERSION, "%.*s", (int)len, text);
	return true;
}

const char *mkd_kernel_name_version(const char *name)
{
	const char *version = version_of(name);

	return version && strlen(version) < MKD_KERNEL_VERSION &&
			       !version[strspn(version, VERSION_CHARS)]
		       ? version
		       : NULL;
}
