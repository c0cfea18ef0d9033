/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tmpname.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#define TRIES       16
#define SUFFIX      "XXXXXX"
#define MAX_KEPT    200 /* of the image's name in the hidden one, which has 255 bytes at most */
#define HIDDEN_MODE 0600

DEFINE_CLEANUP(closedirp, DIR *, closedir)

static int fail(struct mkd_err *err, int code, const char *name)
{
	if (code == EACCES || code == EPERM || code == EROFS)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, code,
				      "cannot create '%s' in its folder", name);
	return mkd_fail_io(err, code, "cannot create '%s'", name);
}

/* ".NAME.mkdomu-"; the random end of it never gets into a result. */
static void hidden_prefix(const char *name, char buf[static 256])
{
	(void)snprintf(buf, 256, ".%.*s.mkdomu-", MAX_KEPT, name);
}

static void hidden_name(const char *name, char buf[static 256])
{
	uint32_t r = 0;
	size_t len;

	if (getrandom(&r, sizeof(r), GRND_NONBLOCK) != (ssize_t)sizeof(r))
		r = (uint32_t)getpid();
	hidden_prefix(name, buf);
	len = strlen(buf);
	(void)snprintf(buf + len, 256 - len, "%06x", r & 0xffffff);
}

/* A lock says that its writer lives. */
static void remove_if_dead(int dirfd, const char *name)
{
	cleanup_close int fd =
		openat(dirfd, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	    flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(dirfd, name, 0);
}

static void remove_leftovers(int dirfd, const char *name)
{
	cleanup(closedirp) DIR *dir = NULL;
	int copy = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char prefix[256];
	size_t len;

	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir) {
		closep_(&copy);
		return;
	}
	hidden_prefix(name, prefix);
	len = strlen(prefix);
	for (struct dirent *d; (d = readdir(dir));)
		if (strncmp(d->d_name, prefix, len) == 0 &&
		    strlen(d->d_name) == len + strlen(SUFFIX))
			remove_if_dead(dirfd, d->d_name);
}

static int open_hidden(int dirfd, const char *name, struct mkd_tmpname *t)
{
	for (int i = 0; i < TRIES; i++) {
		hidden_name(name, t->hidden);
		t->fd = openat(dirfd, t->hidden, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			       HIDDEN_MODE);
		if (t->fd >= 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

int mkd_tmpname_open(int dirfd, const char *name, bool named, struct mkd_tmpname *ret,
		     struct mkd_err *err)
{
	struct mkd_tmpname t = { .fd = -1 };
	int r;

	remove_leftovers(dirfd, name);
	if (!named) {
		t.fd = openat(dirfd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, HIDDEN_MODE);
		/* EISDIR, ENOENT: kernels and file systems that do not know the flag, open(2) */
		if (t.fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
			return fail(err, errno, name);
	}
	r = t.fd < 0 ? open_hidden(dirfd, name, &t) : 0;
	if (r < 0)
		return fail(err, -r, name);
	/* for remove_if_dead of others, while it has a hidden name */
	(void)flock(t.fd, LOCK_EX | LOCK_NB);
	/* the umask has taken its bits from the mode above; they are the owner's */
	(void)fchmod(t.fd, HIDDEN_MODE);
	*ret = t;
	return 0;
}

static int link_as(int dirfd, const struct mkd_tmpname *t, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	return linkat(AT_FDCWD, path, dirfd, name, AT_SYMLINK_FOLLOW) == 0 ? 0 : -errno;
}

/* linkat cannot replace, rename can: so the unnamed file passes through a hidden name. */
static int name_hidden(int dirfd, struct mkd_tmpname *t, const char *name)
{
	int r = *t->hidden ? 0 : -EEXIST;

	for (int i = 0; r == -EEXIST && i < TRIES; i++) {
		char hidden[256];

		hidden_name(name, hidden);
		r = link_as(dirfd, t, hidden);
		if (r == 0)
			memcpy(t->hidden, hidden, sizeof(hidden));
	}
	return r;
}

static int exchange(int dirfd, struct mkd_tmpname *t, const char *name)
{
	int r = name_hidden(dirfd, t, name);

	if (r < 0)
		return r;
	if (renameat2(dirfd, t->hidden, dirfd, name, RENAME_EXCHANGE) == 0) {
		t->swapped = true;
		return 0;
	}
	/* EINVAL: file systems without the flag; ENOENT: the old file has gone meanwhile */
	if (errno != EINVAL && errno != ENOSYS && errno != ENOENT)
		return -errno;
	if (renameat(dirfd, t->hidden, dirfd, name) != 0)
		return -errno;
	t->hidden[0] = '\0';
	return 0;
}

static int name_new(int dirfd, struct mkd_tmpname *t, const char *name)
{
	if (!*t->hidden)
		return link_as(dirfd, t, name);
	if (renameat2(dirfd, t->hidden, dirfd, name, RENAME_NOREPLACE) != 0) {
		/* file systems without the flag: a hard link does not replace either */
		if (errno != EINVAL && errno != ENOSYS)
			return -errno;
		if (linkat(dirfd, t->hidden, dirfd, name, 0) != 0)
			return -errno;
		(void)unlinkat(dirfd, t->hidden, 0);
	}
	t->hidden[0] = '\0';
	return 0;
}

int mkd_tmpname_commit(int dirfd, struct mkd_tmpname *t, const char *name, bool replace,
		       struct mkd_err *err)
{
	int r = replace ? exchange(dirfd, t, name) : name_new(dirfd, t, name);

	if (r == -EEXIST)
		return mkd_fail(err, MKD_EXIT_TARGET, EEXIST,
				"cannot publish '%s': a file of that name has come to exist; "
				"--force replaces it",
				name);
	t->placed = r == 0 && !replace;
	/* EINVAL: file systems that do not sync folders, cifs for one */
	if (r == 0 && fsync(dirfd) != 0 && errno != EINVAL) {
		r = -errno;
		mkd_tmpname_revert(dirfd, t, name);
	}
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot publish '%s'", name);
	return 0;
}

void mkd_tmpname_revert(int dirfd, struct mkd_tmpname *t, const char *name)
{
	if (t->swapped)
		(void)renameat2(dirfd, t->hidden, dirfd, name, RENAME_EXCHANGE);
	else if (t->placed)
		(void)unlinkat(dirfd, name, 0);
	t->swapped = t->placed = false;
	(void)fsync(dirfd);
}

void mkd_tmpname_close(int dirfd, struct mkd_tmpname *t)
{
	if (*t->hidden)
		(void)unlinkat(dirfd, t->hidden, 0);
	t->hidden[0] = '\0';
	closep_(&t->fd);
	t->fd = -1;
}
