/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/inuse.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <libmount/libmount.h>

#include "mkdomu/buf.h"

DEFINE_CLEANUP(closedirp, DIR *, closedir)
DEFINE_CLEANUP(unref_table, struct libmnt_table *, mnt_unref_table)
DEFINE_CLEANUP(free_iter, struct libmnt_iter *, mnt_free_iter)

int mkd_subject_make(const struct mkd_host *host, const char *name, int fd, struct mkd_subject *ret,
		     struct mkd_err *err)
{
	struct mkd_subject s = { .host = host, .name = name };
	int r = 0;

	if (fstat(fd, &s.st) != 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot examine '%s'", name);
	if (S_ISBLK(s.st.st_mode))
		r = mkd_blockdev_related(host, s.st.st_rdev, &s.devs, err);
	if (r == 0)
		*ret = s;
	return r;
}

bool mkd_subject_is(const struct mkd_subject *s, const struct stat *st)
{
	if (S_ISBLK(st->st_mode))
		return mkd_devset_has(&s->devs, st->st_rdev);
	return s->devs.n == 0 && S_ISREG(st->st_mode) && st->st_dev == s->st.st_dev &&
	       st->st_ino == s->st.st_ino;
}

bool mkd_subject_is_path(const struct mkd_subject *s, const char *path)
{
	struct stat st;

	return path && *path == '/' && stat(path, &st) == 0 && mkd_subject_is(s, &st);
}

static int busy(const struct mkd_subject *s, struct mkd_err *err, const char *what, const char *who,
		const char *fix)
{
	return mkd_fail(err, MKD_EXIT_TARGET, EBUSY, "cannot use '%s': %s%s%s; %s", s->name, what,
			*who ? " " : "", who, fix);
}

/* *ret is the caller's. Lines that libmount cannot parse are skipped by it. */
static int read_table(const char *path, bool swaps, struct libmnt_table **ret, struct mkd_err *err)
{
	cleanup(unref_table) struct libmnt_table *tb = mnt_new_table();
	int r;

	if (!tb)
		return mkd_nomem(err);
	errno = 0;
	r = swaps ? mnt_table_parse_swaps(tb, path) : mnt_table_parse_file(tb, path);
	if (r != 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET,
				      r < 0   ? -r
				      : errno ? errno
					      : EIO,
				      "cannot read '%s' to see what is in use", path);
	*ret = steal(&tb);
	return 0;
}

/* By number, and for btrfs and the like, whose numbers are their own, by the source's. */
static bool fs_is(const struct mkd_subject *s, struct libmnt_fs *fs)
{
	return mkd_devset_has(&s->devs, mnt_fs_get_devno(fs)) ||
	       mkd_subject_is_path(s, mnt_fs_get_source(fs));
}

/* *ret = the first entry that is about the subject, borrowed from tb, or NULL. */
static int find_fs(const struct mkd_subject *s, struct libmnt_table *tb, struct libmnt_fs **ret,
		   struct mkd_err *err)
{
	cleanup(free_iter) struct libmnt_iter *it = mnt_new_iter(MNT_ITER_FORWARD);
	struct libmnt_fs *fs;

	if (!it)
		return mkd_nomem(err);
	*ret = NULL;
	while (!*ret && mnt_table_next_fs(tb, it, &fs) == 0)
		if (fs_is(s, fs))
			*ret = fs;
	return 0;
}

int mkd_inuse_mount(const struct mkd_subject *s, struct mkd_err *err)
{
	cleanup(unref_table) struct libmnt_table *tb = NULL;
	char path[4096];
	struct libmnt_fs *fs = NULL;
	int r;

	(void)snprintf(path, sizeof(path), "%s/self/mountinfo", s->host->proc);
	r = read_table(path, false, &tb, err);
	if (r == 0)
		r = find_fs(s, tb, &fs, err);
	if (r < 0 || !fs)
		return r;
	return busy(s, err, "it is mounted on", mnt_fs_get_target(fs), "unmount it first");
}

int mkd_inuse_swap(const struct mkd_subject *s, struct mkd_err *err)
{
	cleanup(unref_table) struct libmnt_table *tb = NULL;
	char path[4096];
	struct libmnt_fs *fs = NULL;
	int r;

	(void)snprintf(path, sizeof(path), "%s/swaps", s->host->proc);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return 0; /* a kernel without swap */
	r = read_table(path, true, &tb, err);
	if (r == 0)
		r = find_fs(s, tb, &fs, err);
	if (r < 0 || !fs)
		return r;
	return busy(s, err, "it is active swap:", mnt_fs_get_source(fs), "swapoff it first");
}

int mkd_inuse_holder(const struct mkd_subject *s, struct mkd_err *err)
{
	char holder[256], name[256];

	for (size_t i = 0; i < s->devs.n; i++) {
		if (!mkd_blockdev_holder(s->host, s->devs.dev[i], holder))
			continue;
		if (s->devs.dev[i] == s->st.st_rdev)
			return busy(s, err, "it is part of", holder,
				    "take that down first (lvchange, cryptsetup, mdadm --stop)");
		return mkd_fail(err, MKD_EXIT_TARGET, EBUSY,
				"cannot use '%s': %s on the same disk is part of %s; take that "
				"down first",
				s->name, mkd_blockdev_name(s->host, s->devs.dev[i], name), holder);
	}
	return 0;
}

/* What the mount that holds path is made of, down to whole disks. */
static int disks_of(const struct mkd_host *host, struct libmnt_table *tb, const char *path,
		    struct mkd_devset *ret, struct mkd_err *err)
{
	struct libmnt_fs *fs = mnt_table_find_target(tb, path, MNT_ITER_BACKWARD);
	const char *source = fs ? mnt_fs_get_source(fs) : NULL;
	struct stat st;
	int r;

	if (!fs)
		return 0;
	r = mkd_blockdev_below(host, mnt_fs_get_devno(fs), ret, err);
	if (r == 0 && source && *source == '/' && stat(source, &st) == 0 && S_ISBLK(st.st_mode))
		r = mkd_blockdev_below(host, st.st_rdev, ret, err);
	return r;
}

int mkd_inuse_home(const struct mkd_subject *s, struct mkd_err *err)
{
	static const char *const homes[] = { "/", "/boot", "/boot/efi", "/usr", "/var" };
	cleanup(unref_table) struct libmnt_table *tb = NULL;
	char path[4096];
	int r;

	if (s->devs.n == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%s/self/mountinfo", s->host->proc);
	r = read_table(path, false, &tb, err);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(homes); i++) {
		struct mkd_devset disks = { .n = 0 };

		r = disks_of(s->host, tb, homes[i], &disks, err);
		if (r == 0 && mkd_devset_has(&disks, s->st.st_rdev))
			return busy(s, err, "this system itself is on it:", homes[i],
				    "name a partition, volume or disk of the guest's own");
	}
	return r;
}

/* F_OFD_GETLK sees OFD locks and POSIX locks of others; QEMU takes shared ones at bytes 100, 200.
 */
static int range_lock(const struct mkd_subject *s, int fd, struct mkd_err *err)
{
	struct flock fl = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char who[64] = "";

	if (fcntl(fd, F_OFD_GETLK, &fl) != 0 || fl.l_type == F_UNLCK)
		return 0; /* a file system without locks has nobody who holds one */
	if (fl.l_pid > 0)
		(void)snprintf(who, sizeof(who), "(process %d)", (int)fl.l_pid);
	return busy(s, err, "another program has it locked, as QEMU does for a running guest", who,
		    "shut that down first");
}

int mkd_inuse_lock(const struct mkd_subject *s, int fd, struct mkd_err *err)
{
	int r = range_lock(s, fd, err);

	if (r < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) {
		(void)flock(fd, LOCK_UN);
		return r;
	}
	return errno != EWOULDBLOCK
		       ? 0
		       : busy(s, err, "another program has it locked", "", "wait for it or end it");
}

/* The mountinfo of one process, when it shows the subject. */
static bool mounted_in(const struct mkd_subject *s, const char *pid, struct mkd_err *err)
{
	cleanup(unref_table) struct libmnt_table *tb = NULL;
	struct mkd_err ignored;
	char path[4096];
	struct libmnt_fs *fs = NULL;

	(void)snprintf(path, sizeof(path), "%s/%.32s/mountinfo", s->host->proc, pid);
	if (read_table(path, false, &tb, &ignored) < 0 || find_fs(s, tb, &fs, &ignored) < 0 || !fs)
		return false;
	(void)mkd_fail(err, MKD_EXIT_TARGET, EBUSY,
		       "cannot use '%s': it is mounted on %s in the mount namespace of process %s; "
		       "unmount it there first",
		       s->name, mnt_fs_get_target(fs), pid);
	return true;
}

int mkd_inuse_explain(const struct mkd_subject *s, struct mkd_err *err)
{
	cleanup(closedirp) DIR *proc = opendir(s->host->proc);

	for (struct dirent *d; proc && (d = readdir(proc));)
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && mounted_in(s, d->d_name, err))
			return -EBUSY;
	return busy(s, err, "the kernel or another program holds it for itself",
		    "(a mount just undone but still busy, or a tool that writes it)",
		    "find it with fuser or lsof");
}
