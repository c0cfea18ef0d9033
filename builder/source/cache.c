/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "mkdomu/file.h"

static int default_path(char **ret, struct mkd_err *err)
{
	const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		return mkd_strdup("/var/cache/mkdomu", ret, err);
	/* The XDG specification: a relative path there is to be ignored. */
	if (xdg && *xdg == '/')
		return mkd_asprintf(ret, err, "%s/mkdomu", xdg);
	if (home && *home == '/')
		return mkd_asprintf(ret, err, "%s/.cache/mkdomu", home);
	(void)mkd_fail(err, MKD_EXIT_USAGE, ENOENT,
		       "cannot choose a cache folder: HOME is not set; name one with --cache");
	return -ENOENT;
}

static int check_owner(const struct stat *st, const char *path, struct mkd_err *err)
{
	if (st->st_uid != geteuid())
		return mkd_fail(err, MKD_EXIT_USAGE, EPERM,
				"cannot use the cache folder '%s': it belongs to user %u; name "
				"another with --cache",
				path, (unsigned)st->st_uid);
	if (st->st_mode & S_IWOTH)
		return mkd_fail(err, MKD_EXIT_USAGE, EPERM,
				"cannot use the cache folder '%s': everybody may write to it; "
				"chmod it to 0755 or name another with --cache",
				path);
	return 0;
}

static int open_dir(const char *path, int *ret_fd, struct mkd_err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT) {
		r = mkd_mkdirs(path, 0700, err);
		if (r == -EACCES || r == -EPERM || r == -EROFS)
			return mkd_fail(err, MKD_EXIT_USAGE, -r,
					"cannot make the cache folder '%s': %s; name another with "
					"--cache",
					path, strerror(-r));
		if (r < 0)
			return r;
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0 && errno == ENOTDIR)
		return mkd_fail(err, MKD_EXIT_USAGE, ENOTDIR,
				"cannot use the cache folder '%s': it is not a folder", path);
	if (fd < 0 || fstat(fd, &st) != 0)
		return mkd_fail_io(err, errno, "cannot open the cache folder '%s'", path);
	r = check_owner(&st, path, err);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

int mkd_cache_open(const char *dir, struct mkd_cache *ret, struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int fd = -1, r = dir ? mkd_strdup(dir, &path, err) : default_path(&path, err);

	if (r == 0)
		r = open_dir(path, &fd, err);
	if (r < 0)
		return r;
	*ret = (struct mkd_cache){ .dirfd = fd, .path = steal(&path) };
	return 0;
}

void mkd_cache_close(struct mkd_cache *c)
{
	if (c->dirfd >= 0)
		(void)close(c->dirfd);
	free(c->path);
	*c = (struct mkd_cache){ .dirfd = -1 };
}

static const char *lock_name(const char *name, char buf[static 256])
{
	(void)snprintf(buf, 256, "%s.lock", name);
	return buf;
}

/* Is the locked file still the one of that name? Its last holder may have removed it meanwhile. */
static bool is_current(const struct mkd_cache *c, const char *lock, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(c->dirfd, lock, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Polled: a signal that comes just before a blocking flock(2) would wait as long as that does. */
static int wait_lock(int fd, const char *name, struct mkd_ui *ui, bool *told, struct mkd_err *err)
{
	static const struct timespec slice = { .tv_nsec = 50 * 1000000L };

	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		int r = mkd_check_signal(err);

		if (r < 0)
			return r;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return mkd_fail_io(err, errno, "cannot lock '%s' in the cache", name);
		if (!*told)
			mkd_say(ui, MKD_INFO, "waiting for another run that uses '%s'", name);
		*told = true;
		(void)nanosleep(&slice, NULL);
	}
	return 0;
}

int mkd_cache_lock(const struct mkd_cache *c, const char *name, struct mkd_ui *ui, int *ret_fd,
		   struct mkd_err *err)
{
	bool told = false;
	char lock[256];

	(void)lock_name(name, lock);
	for (;;) {
		cleanup_close int fd =
			openat(c->dirfd, lock,
			       O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
		int r;

		if (fd < 0)
			return mkd_fail_io(err, errno, "cannot create '%s' in the cache", lock);
		r = wait_lock(fd, name, ui, &told, err);
		if (r < 0)
			return r;
		if (is_current(c, lock, fd)) {
			*ret_fd = steal_fd(&fd);
			return 0;
		}
	}
}

bool mkd_cache_trylock(const struct mkd_cache *c, const char *name, int *ret_fd)
{
	char lock[256];
	cleanup_close int fd = openat(c->dirfd, lock_name(name, lock),
				      O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0 || !is_current(c, lock, fd))
		return false;
	*ret_fd = steal_fd(&fd);
	return true;
}

void mkd_cache_unlock(const struct mkd_cache *c, const char *name, int fd)
{
	char lock[256];

	if (fd < 0)
		return;
	(void)unlinkat(c->dirfd, lock_name(name, lock), 0);
	(void)close(fd);
}

int mkd_cache_get(const struct mkd_cache *c, const char *name, int *ret_fd, uint64_t *ret_bytes,
		  struct mkd_err *err)
{
	cleanup_close int fd =
		openat(c->dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st = { 0 };

	if (fd < 0 && errno == ENOENT)
		return mkd_fail(err, MKD_EXIT_NET, ENOENT, "'%s' is not in the cache '%s'", name,
				c->path);
	if (fd < 0 && errno != ELOOP && errno != ENXIO)
		return mkd_fail_io(err, errno, "cannot open '%s/%s'", c->path, name);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
	    (st.st_uid != geteuid() && st.st_uid != 0) || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return mkd_fail(err, MKD_EXIT_USAGE, EPERM,
				"cannot use '%s/%s': it is not a regular file that only its owner "
				"can change; remove it",
				c->path, name);
	*ret_bytes = (uint64_t)st.st_size;
	*ret_fd = steal_fd(&fd);
	return 0;
}

int mkd_cache_read(const struct mkd_cache *c, const char *name, size_t max_bytes,
		   struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	uint64_t size_bytes = 0;
	int r = mkd_cache_get(c, name, &fd, &size_bytes, err);

	if (r < 0)
		return r;
	if (size_bytes > max_bytes)
		return mkd_fail(err, MKD_EXIT_VERIFY, EFBIG,
				"cannot read '%s/%s': it is larger than the limit of %zu bytes",
				c->path, name, max_bytes);
	mkd_buf_reset(ret);
	mkd_buf_add(ret, "", 0);
	for (char chunk[4096]; ret->len < size_bytes;) {
		uint64_t left = size_bytes - ret->len;
		size_t n = left < sizeof(chunk) ? (size_t)left : sizeof(chunk);

		r = mkd_pread_full(fd, chunk, n, ret->len);
		if (r < 0)
			return mkd_fail_io(err, -r, "cannot read '%s/%s'", c->path, name);
		mkd_buf_add(ret, chunk, n);
		if (ret->failed)
			break;
	}
	return mkd_buf_check(ret, err);
}

int mkd_cache_put(const struct mkd_cache *c, const char *name, const void *data, size_t len,
		  struct mkd_err *err)
{
	return mkd_file_write(c->dirfd, name, data, len, 0600, err);
}

void mkd_cache_drop(const struct mkd_cache *c, const char *name)
{
	(void)unlinkat(c->dirfd, name, 0);
}

static const char seen_head[] = "mkdomu-seen 1\nts ";

/* *ret_sec = 0 where nothing was seen yet. */
static int seen_read(const struct mkd_cache *c, const char *entry, int64_t *ret_sec,
		     struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	const char *p;
	int64_t v = 0;
	int r = mkd_cache_read(c, entry, 4096, &text, err);

	*ret_sec = 0;
	if (r == -ENOENT)
		return 0;
	if (r < 0 && r != -EFBIG)
		return r;
	p = mkd_buf_cstr(&text);
	if (r == 0 && strncmp(p, seen_head, sizeof(seen_head) - 1) == 0) {
		p += sizeof(seen_head) - 1;
		for (; *p >= '0' && *p <= '9' && v < INT64_MAX / 20; p++)
			v = v * 10 + (*p - '0');
	}
	if (r < 0 || v == 0 || strcmp(p, "\n") != 0 || strlen(text.data) != text.len)
		return mkd_fail(err, MKD_EXIT_USAGE, EUCLEAN,
				"cannot tell whether the release is fresh: the state file '%s/%s' "
				"is damaged; remove it to start anew",
				c->path, entry);
	*ret_sec = v;
	return 0;
}

static int seen_entry(const char *name, char **ret, struct mkd_err *err)
{
	return mkd_asprintf(ret, err, "%s.seen", name);
}

int mkd_cache_seen_check(const struct mkd_cache *c, const char *name, int64_t sec,
			 struct mkd_err *err)
{
	cleanup_free char *entry = NULL;
	int64_t seen = 0;
	int r = seen_entry(name, &entry, err);

	if (r == 0)
		r = seen_read(c, entry, &seen, err);
	if (r < 0 || sec >= seen)
		return r;
	if (sec == 0)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"refused as a rollback: this release list does not say when it was "
				"signed, one seen earlier did; try another mirror, or remove "
				"'%s/%s' if it is what you want",
				c->path, entry);
	return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
			"refused as a rollback: this release list was signed %" PRId64
			" minutes before one seen earlier; try another mirror or later, or remove "
			"'%s/%s' if it is what you want",
			(seen - sec + 59) / 60, c->path, entry);
}

int mkd_cache_seen_note(const struct mkd_cache *c, const char *name, int64_t sec,
			struct mkd_err *err)
{
	cleanup_free char *entry = NULL;
	char text[64];
	int64_t seen = 0;
	int n, lock = -1, r = seen_entry(name, &entry, err);

	/* Two runs that end together must not make it go back. */
	if (r == 0)
		r = mkd_cache_lock(c, entry, NULL, &lock, err);
	if (r < 0)
		return r;
	r = seen_read(c, entry, &seen, err);
	n = snprintf(text, sizeof(text), "%s%" PRId64 "\n", seen_head, sec);
	if (r == 0 && sec > seen)
		r = mkd_cache_put(c, entry, text, (size_t)n, err);
	mkd_cache_unlock(c, entry, lock);
	return r;
}
