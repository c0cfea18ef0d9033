/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back of staging.h: what was changed in the folder, into the tree. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/stageopen.h"
#include "mkdomu/staging.h"

DEFINE_CLEANUP(closedirp, DIR *, closedir)

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/*
 * It goes twice over the folder. What differs is found out while nothing is taken: later a file
 * with two names, of which the hook changed one, would get its old content back.
 */
struct back {
	struct mkd_tree *t;
	struct mkd_err *err;
	unsigned depth;
	bool looking;           /* the first time */
	struct mkd_buf changes; /* of each file, a byte: bits below */
	size_t at;              /* the next one of these to be taken */
};

#define NEW_TEXT 1
#define NEW_MODE 2

static int failed(const struct back *b, int code, const char *path)
{
	return mkd_fail_errno(b->err, MKD_EXIT_HOOK, code, "cannot take back '%s'", path);
}

static int too_deep(const struct back *b, const char *path)
{
	return mkd_fail(b->err, MKD_EXIT_HOOK, E2BIG,
			"cannot take back '%s': it is more than %d folders deep", path,
			MKD_STAGING_DEPTH_MAX);
}

/* -- removal -- */

static int remove_all(struct back *b, const char *path)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_tree_stat st;
	int r = mkd_tree_stat(b->t, path, false, &st, b->err);

	if (r == 0 && S_ISDIR(st.mode))
		r = mkd_tree_list(b->t, path, &names, b->err);
	if (r == 0 && names.n && b->depth == MKD_STAGING_DEPTH_MAX)
		return too_deep(b, path);
	b->depth++;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *inner = NULL;

		r = mkd_asprintf(&inner, b->err, "%s/%s", path, names.v[i]);
		if (r == 0)
			r = remove_all(b, inner);
	}
	b->depth--;
	return r < 0 ? r : mkd_tree_remove(b->t, path, b->err);
}

/* *ret: is something of type (S_IFREG...) there? What else is there goes. */
static int clear(struct back *b, const char *path, mode_t type, struct mkd_tree_stat *st, bool *ret)
{
	struct mkd_err e;
	int r = mkd_tree_stat(b->t, path, false, st, &e);

	*ret = r == 0 && (st->mode & S_IFMT) == type;
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		*b->err = e;
	return r < 0 || *ret ? r : remove_all(b, path);
}

/* -- one entry -- */

static int read_file(const struct back *b, int fd, const char *path, struct mkd_buf *ret)
{
	char chunk[16384];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return failed(b, errno, path);
		mkd_buf_add(ret, chunk, (size_t)n);
		if (ret->len > MKD_STAGING_FILE_MAX)
			return mkd_fail(b->err, MKD_EXIT_HOOK, EFBIG,
					"cannot take back '%s': it is larger than %d MiB", path,
					(int)(MKD_STAGING_FILE_MAX / MIB));
	}
	return mkd_buf_check(ret, b->err);
}

static int set_mode(const struct back *b, const char *path, mode_t is, mode_t wanted)
{
	return (is ^ wanted) & 07777 ? mkd_tree_chmod(b->t, path, wanted & 07777, b->err) : 0;
}

static int look_at_file(struct back *b, const char *path, const struct mkd_buf *text, mode_t mode)
{
	cleanup_buf struct mkd_buf old = { 0 };
	struct mkd_tree_stat st;
	struct mkd_err e;
	char bits = NEW_TEXT | NEW_MODE;
	int r = mkd_tree_stat(b->t, path, false, &st, &e);

	if (r < 0 && e.exit != MKD_EXIT_HOOK) {
		*b->err = e;
		return r;
	}
	if (r == 0 && S_ISREG(st.mode) && st.size_bytes == text->len) {
		r = mkd_tree_read(b->t, path, MKD_STAGING_FILE_MAX, &old, b->err);
		if (r < 0)
			return r;
		if (memcmp(mkd_buf_cstr(&old), mkd_buf_cstr(text), text->len) == 0)
			bits &= ~NEW_TEXT;
	}
	if (r == 0 && !((st.mode ^ mode) & 07777))
		bits &= ~NEW_MODE;
	mkd_buf_add(&b->changes, &bits, 1);
	return mkd_buf_check(&b->changes, b->err);
}

/* An entry that came in between is all new. */
static int next_change(struct back *b)
{
	return b->at < b->changes.len ? b->changes.data[b->at++] : NEW_TEXT | NEW_MODE;
}

static int put_file(struct back *b, const char *path, const struct mkd_buf *text, mode_t mode)
{
	struct mkd_tree_stat old;
	int change = next_change(b), r;
	bool there;

	r = clear(b, path, S_IFREG, &old, &there);
	if (r == 0 && (!there || change & NEW_TEXT))
		r = mkd_tree_write(b->t, path, mkd_buf_cstr(text), text->len, mode & 07777, b->err);
	return r == 0 && there && change & NEW_MODE ? set_mode(b, path, old.mode, mode) : r;
}

static int take_file(struct back *b, int dirfd, const char *name, const char *path)
{
	cleanup_buf struct mkd_buf text = { 0 };
	mode_t mode = 0;
	cleanup_close int fd = mkd_stage_open(dirfd, name, false, 0400, &mode);
	int r;

	if (fd < 0)
		return failed(b, -fd, path);
	r = mkd_stage_restore(fd, 0400, mode);
	if (r < 0)
		return failed(b, -r, path);
	r = read_file(b, fd, path, &text);
	if (r < 0)
		return r;
	return b->looking ? look_at_file(b, path, &text, mode) : put_file(b, path, &text, mode);
}

static int take_link(struct back *b, int dirfd, const char *name, const char *path)
{
	char text[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, text, sizeof(text) - 1);
	cleanup_buf struct mkd_buf was = { 0 };
	struct mkd_tree_stat old;
	bool there;
	int r;

	if (n < 0)
		return failed(b, errno, path);
	if (b->looking)
		return 0;
	text[n] = '\0';
	r = clear(b, path, S_IFLNK, &old, &there);
	if (r == 0 && there)
		r = mkd_tree_readlink(b->t, path, &was, b->err);
	if (r == 0 && there && strcmp(mkd_buf_cstr(&was), text) != 0)
		r = mkd_tree_remove(b->t, path, b->err);
	return r < 0 ? r : mkd_tree_symlink(b->t, text, path, b->err);
}

static int take(struct back *b, int dirfd, const char *name, const char *path);

/* Names that the folder has, sorted: the order of what is made must not hang on that of readdir. */
static int names_in(const struct back *b, int fd, const char *path, struct mkd_strv *ret)
{
	int copy = openat(fd, ".", OPEN_DIR);
	cleanup(closedirp) DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	int r = 0;

	if (!dir) {
		int code = errno;

		closep_(&copy);
		return failed(b, code, path);
	}
	for (struct dirent *d; r == 0 && (errno = 0, d = readdir(dir));)
		if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			r = mkd_strv_add(ret, d->d_name, b->err);
	return r == 0 && errno ? failed(b, errno, path) : r;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Those of the guest that are not in the folder any more. What was never copied out stays. */
static int remove_gone(struct back *b, const char *path, const struct mkd_strv *kept)
{
	cleanup_strv struct mkd_strv names = { 0 };
	int r = mkd_tree_list(b->t, path, &names, b->err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *inner = NULL;
		struct mkd_tree_stat st;

		if (mkd_strv_has(kept, names.v[i]))
			continue;
		r = mkd_asprintf(&inner, b->err, "%s/%s", path, names.v[i]);
		if (r == 0)
			r = mkd_tree_stat(b->t, inner, false, &st, b->err);
		if (r == 0 && (S_ISREG(st.mode) || S_ISDIR(st.mode) || S_ISLNK(st.mode)))
			r = remove_all(b, inner);
	}
	return r;
}

static int take_all(struct back *b, int fd, const char *path)
{
	cleanup_strv struct mkd_strv names = { 0 };
	int r = names_in(b, fd, path, &names);

	if (r == 0 && names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_bytes);
	if (r == 0 && !b->looking)
		r = remove_gone(b, path, &names);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *inner = NULL;

		r = mkd_asprintf(&inner, b->err, "%s/%s", path, names.v[i]);
		if (r == 0)
			r = take(b, fd, names.v[i], inner);
	}
	return r;
}

static int make_dir(struct back *b, const char *path, mode_t mode)
{
	struct mkd_tree_stat old;
	bool there;
	int r = clear(b, path, S_IFDIR, &old, &there);

	if (r < 0)
		return r;
	return there ? set_mode(b, path, old.mode, mode)
		     : mkd_tree_mkdirs(b->t, path, mode & 07777, b->err);
}

static int take_dir(struct back *b, int dirfd, const char *name, const char *path)
{
	mode_t mode = 0;
	cleanup_close int fd = mkd_stage_open(dirfd, name, true, 0700, &mode);
	int r;

	if (fd < 0)
		return failed(b, -fd, path);
	if (b->depth == MKD_STAGING_DEPTH_MAX)
		return too_deep(b, path);
	r = b->looking ? 0 : make_dir(b, path, mode);
	b->depth++;
	if (r == 0)
		r = take_all(b, fd, path);
	b->depth--;
	if (r < 0)
		return r;
	r = mkd_stage_restore(fd, 0700, mode); /* for the second time */
	return r < 0 ? failed(b, -r, path) : 0;
}

static int take(struct back *b, int dirfd, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return failed(b, errno, path);
	if (S_ISREG(st.st_mode))
		return take_file(b, dirfd, name, path);
	if (S_ISLNK(st.st_mode))
		return take_link(b, dirfd, name, path);
	if (S_ISDIR(st.st_mode))
		return take_dir(b, dirfd, name, path);
	return mkd_fail(b->err, MKD_EXIT_HOOK, EINVAL,
			"cannot take back '%s': it is a device, fifo or socket; only files, "
			"folders and symlinks are",
			path);
}

/* -- a path -- */

/* The path is not in the folder (any more): nor is it to be in the guest. */
static int path_is_gone(struct back *b, const char *path)
{
	struct mkd_tree_stat st;
	struct mkd_err e;
	int r;

	if (b->looking)
		return 0;
	r = mkd_tree_stat(b->t, path, false, &st, &e);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r < 0)
		*b->err = e;
	if (r < 0 || !(S_ISREG(st.mode) || S_ISDIR(st.mode) || S_ISLNK(st.mode)))
		return r;
	return remove_all(b, path);
}

/* The folders above a path that is there: those that are not in the guest are made. */
static int make_parents(struct back *b, char *path)
{
	char *slash = strrchr(path, '/');
	int r = 0;

	if (slash > path) {
		*slash = '\0';
		r = mkd_tree_mkdirs(b->t, path, 0755, b->err);
		*slash = '/';
	}
	return r;
}

static int take_path(struct back *b, const struct mkd_staging *s, const char *path)
{
	cleanup_close int fd = openat(s->dirfd, ".", OPEN_DIR);
	cleanup_free char *copy = NULL;
	int r = mkd_strdup(path, &copy, b->err);
	struct stat st;
	char *name = copy;
	mode_t mode = 0;

	if (r == 0 && fd < 0)
		return failed(b, errno, path);
	for (char *slash; r == 0 && (slash = strchr(name + 1, '/')); name = slash) {
		int next;

		*slash = '\0';
		next = mkd_stage_open(fd, name + 1, true, 0700, &mode);
		if (next < 0 && next != -ENOENT)
			return failed(b, -next, copy);
		*slash = '/';
		if (next < 0)
			return path_is_gone(b, path);
		(void)close(fd);
		fd = next;
	}
	if (r < 0)
		return r;
	if (fstatat(fd, name + 1, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? path_is_gone(b, path) : failed(b, errno, path);
	if (!b->looking)
		r = make_parents(b, copy);
	return r < 0 ? r : take(b, fd, name + 1, path);
}

static int take_paths(struct back *b, const struct mkd_staging *s)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->paths->n; i++)
		r = take_path(b, s, s->paths->v[i]);
	return r;
}

int mkd_staging_back(const struct mkd_staging *s, struct mkd_tree *t, struct mkd_err *err)
{
	struct back b = { .t = t, .err = err, .looking = true };
	int r;

	/* it is nobody's, and the hook may have shut it */
	if (geteuid() != 0)
		(void)fchmod(s->dirfd, 0755);
	r = take_paths(&b, s);
	b.looking = false;
	if (r == 0)
		r = take_paths(&b, s);
	mkd_buf_free(&b.changes);
	return r;
}
