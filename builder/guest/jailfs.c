/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/jailfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "mkdomu/file.h"

#define NEW   "/tmp" /* where the new root is built; every host has it */
#define QUIET (MS_NOSUID | MS_NODEV)
#define INNER NEW MKD_JAIL_ROOT
#define PROC  "hidepid=2"

/* Of the host, when they are there: links as links, the rest bound read-only. */
static const char *const programs[] = {
	"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix", "/gnu",
};
static const char *const config[] = {
	"/etc/ld.so.cache",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/alternatives",
	"/etc/ca-certificates",
	/* never the whole of ssl and pki: private keys are in there */
	"/etc/ssl/certs",
	"/etc/ssl/cert.pem",
	"/etc/ssl/ca-bundle.pem",
	"/etc/ssl/openssl.cnf",
	"/etc/pki/ca-trust/extracted",
	"/etc/pki/tls/certs",
	"/etc/pki/tls/cert.pem",
	"/etc/pki/tls/openssl.cnf",
};
static const char *const net_config[] = {
	"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols",
};
static const char *const devices[] = {
	"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",
};
static const char *const dev_links[][2] = {
	{ "/proc/self/fd", "fd" },
	{ "/proc/self/fd/0", "stdin" },
	{ "/proc/self/fd/1", "stdout" },
	{ "/proc/self/fd/2", "stderr" },
};

static int mount_at(const char *what, const char *where, const char *type, unsigned long flags,
		    const char *options)
{
	return mount(what, where, type, flags, options) != 0 ? -errno : 0;
}

static int lock_tree(const char *path, uint64_t flags)
{
	struct mount_attr attr = { .attr_set = flags };

	return syscall(SYS_mount_setattr, AT_FDCWD, path, AT_RECURSIVE, &attr, sizeof(attr)) != 0
		       ? -errno
		       : 0;
}

static int make_file(const char *path, const void *data, size_t len, mode_t mode)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int r = fd < 0 ? -errno : mkd_write_full(fd, data, len);

	return r == 0 && fchmod(fd, mode) != 0 ? -errno : r;
}

/* Of the host, at the same place below prefix. What is not there is left out. */
static int bind_one(const char *prefix, const char *path, bool device)
{
	char to[PATH_MAX], text[PATH_MAX];
	struct stat st;
	ssize_t n;
	int r = 0;

	(void)snprintf(to, sizeof(to), "%s%s", prefix, path);
	n = readlink(path, text, sizeof(text) - 1);
	if (n > 0 && strncmp(path, "/etc/", 5) != 0) {
		text[n] = '\0';
		return symlink(text, to) != 0 ? -errno : 0;
	}
	if (stat(path, &st) != 0)
		return 0;
	if (S_ISDIR(st.st_mode))
		r = mkdir(to, 0755) != 0 ? -errno : 0;
	else
		r = make_file(to, "", 0, 0444);
	if (r == 0)
		r = mount_at(path, to, NULL, MS_BIND | MS_REC, NULL);
	if (r == 0)
		r = lock_tree(to,
			      device ? MOUNT_ATTR_NOSUID
				     : MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	return r;
}

static int bind_all(const char *const *paths, size_t n)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++)
		r = bind_one(NEW, paths[i], false);
	return r;
}

/* In the jail's root, and again in a mounted guest: prefix is a folder that has a "dev". */
static int make_dev(const char *prefix)
{
	char path[PATH_MAX];
	int r;

	(void)snprintf(path, sizeof(path), "%s/dev", prefix);
	r = mount_at("tmpfs", path, "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k");
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(devices); i++)
		r = bind_one(prefix, devices[i], true);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(dev_links); i++) {
		(void)snprintf(path, sizeof(path), "%s/dev/%s", prefix, dev_links[i][1]);
		r = symlink(dev_links[i][0], path) != 0 ? -errno : 0;
	}
	(void)snprintf(path, sizeof(path), "%s/dev", prefix);
	/* not recursive: the devices below are bound, and stay what they are */
	if (r == 0)
		r = mount_at(NULL, path, NULL,
			     MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC,
			     NULL);
	return r;
}

static int make_folders(void)
{
	static const char *const folders[] = {
		"/dev",     "/etc",         "/etc/ssl",
		"/etc/pki", "/etc/pki/tls", "/etc/pki/ca-trust",
		"/mkdomu",  "/mkdomu/hook", "/mkdomu/root",
		"/proc",    "/root",        "/run",
		"/tmp",     "/var",
	};

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), NEW "%s", folders[i]);
		if (mkdir(path, 0755) != 0)
			return -errno;
	}
	return symlink("../tmp", NEW "/var/tmp") != 0 ? -errno : 0;
}

static int make_files(const struct mkd_jail_req *req)
{
	static const char passwd[] = "root:x:0:0:root:/tmp:/bin/sh\n"
				     "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n";
	static const char group[] = "root:x:0:\nnogroup:x:65534:\n";
	char path[NAME_MAX + 64];
	int r = make_file(NEW "/etc/passwd", passwd, sizeof(passwd) - 1, 0444);

	if (r == 0)
		r = make_file(NEW "/etc/group", group, sizeof(group) - 1, 0444);
	if (r == 0)
		r = make_file(NEW MKD_JAIL_JSON, req->json, strlen(req->json), 0444);
	(void)snprintf(path, sizeof(path), NEW "/mkdomu/hook/%s", req->name);
	return r < 0 ? r : make_file(path, req->program, req->program_len, 0555);
}

/*
 * The host has no way in here but /proc/PID/root, which is shut to other users; this is the second
 * lock. Not with a mounted disk, where a hook may become any user of the guest.
 */
static int shut(int owner)
{
	static const char path[] = NEW "/mkdomu";

	if (owner >= 0 && chown(path, (uid_t)owner, (gid_t)owner) != 0)
		return -errno;
	return chmod(path, 0700) != 0 ? -errno : 0;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What programs in a chroot(2) expect, and what they must not leave behind. */
static int furnish(void)
{
	static const char *const temps[] = { INNER "/tmp", INNER "/run" };
	char options[2][48];
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(temps); i++)
		(void)snprintf(options[i], sizeof(options[i]), "mode=%s,size=%dm",
			       i ? "755" : "1777", MKD_JAIL_STAGE_MIB);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(temps); i++)
		if (is_folder(temps[i]))
			r = mount_at("tmpfs", temps[i], "tmpfs", QUIET, options[i]);
	if (r == 0 && is_folder(INNER "/proc"))
		r = mount_at("proc", INNER "/proc", "proc", QUIET | MS_NOEXEC | MS_RDONLY, PROC);
	if (r == 0 && is_folder(INNER "/dev"))
		r = make_dev(INNER);
	return r;
}

static int make_work(const struct mkd_jail_req *req, const char **step)
{
	char options[64];
	int r;

	*step = "mounting its temporary folder";
	(void)snprintf(options, sizeof(options), "mode=1777,size=%dm", MKD_JAIL_STAGE_MIB);
	r = mount_at("tmpfs", NEW "/tmp", "tmpfs", QUIET, options);
	if (r < 0)
		return r;
	if (!req->device) {
		*step = "mounting the staged folder";
		(void)snprintf(options, sizeof(options), "mode=755,size=%dm,nr_inodes=200k",
			       MKD_JAIL_STAGE_MIB);
		return mount_at("tmpfs", INNER, "tmpfs", QUIET, options);
	}
	*step = "mounting the guest's file system";
	r = mount_at(req->device, INNER, "ext4", QUIET | MS_NOATIME, "noinit_itable");
	if (r < 0)
		return r;
	*step = "mounting what a chroot needs";
	return furnish();
}

static int enter(void)
{
	if (chdir(NEW) != 0 || syscall(SYS_pivot_root, ".", ".") != 0 ||
	    umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return -errno;
	return mount_at(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV,
			NULL);
}

int mkd_jailfs_build(const struct mkd_jail_req *req, int owner, bool *has_proc, const char **step)
{
	int r;

	*step = "making its mounts private";
	r = mount_at(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	*step = r < 0 ? *step : "mounting its root";
	if (r == 0)
		r = mount_at("tmpfs", NEW, "tmpfs", QUIET, "mode=755,size=64m");
	*step = r < 0 ? *step : "making its root";
	if (r == 0)
		r = make_folders();
	if (r == 0)
		r = make_files(req);
	if (r == 0 && !req->device)
		r = shut(owner);
	*step = r < 0 ? *step : "showing it the host's programs";
	if (r == 0)
		r = bind_all(programs, ARRAY_LEN(programs));
	if (r == 0)
		r = bind_all(config, ARRAY_LEN(config));
	if (r == 0 && req->network)
		r = bind_all(net_config, ARRAY_LEN(net_config));
	*step = r < 0 ? *step : "making its devices";
	if (r == 0)
		r = make_dev(NEW);
	if (r < 0)
		return r;
	/* a container's masked procfs may not be mounted again by an ordinary user: do without */
	*has_proc = mount_at("proc", NEW "/proc", "proc", QUIET | MS_NOEXEC, PROC) == 0;
	r = make_work(req, step);
	if (r < 0)
		return r;
	*step = "entering its root";
	return enter();
}

int mkd_jailfs_lock_proc(void)
{
	return mount_at(NULL, "/proc", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | QUIET | MS_NOEXEC,
			NULL);
}

int mkd_jailfs_unmount(void)
{
	static const char *const inner[] = { "/dev", "/proc", "/run", "/tmp" };
	char path[64];

	for (size_t i = 0; i < ARRAY_LEN(inner); i++) {
		(void)snprintf(path, sizeof(path), MKD_JAIL_ROOT "%s", inner[i]);
		(void)umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
	return umount2(MKD_JAIL_ROOT, UMOUNT_NOFOLLOW) != 0 ? -errno : 0;
}
