/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tree.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/tree_walk.h"

/* Bits of mode that a hook may set; the type is the operation's. */
#define MODE_BITS 07777
/* Of a path in a message, so that the cause after it is never cut off. */
#define PATH_SHOWN 400

struct path {
	char s[MKD_PATH_MAX + 1]; /* absolute, without "//", "." or a '/' at its end */
	bool folder;              /* it was written with a '/' or "." at its end */
};

/* What is wrong with a path, or 0; ".." stays, as only the walk knows where it leads. */
static int clean(const char *path, struct path *ret, struct mkd_err *err)
{
	size_t used = 0;

	if (path[0] != '/')
		return mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it is not an absolute path");
	if (strlen(path) > MKD_PATH_MAX)
		return mkd_fail(err, MKD_EXIT_HOOK, ENAMETOOLONG, "it is longer than %d bytes",
				MKD_PATH_MAX);
	ret->folder = true;
	for (const char *s = path + strspn(path, "/"); *s; s += strspn(s, "/")) {
		size_t len = strcspn(s, "/");

		if (len > MKD_NAME_MAX)
			return mkd_fail(err, MKD_EXIT_HOOK, ENAMETOOLONG,
					"a name in it is longer than %d bytes", MKD_NAME_MAX);
		ret->folder = s[len] == '/' || (len == 1 && *s == '.');
		if (len != 1 || *s != '.') {
			ret->s[used++] = '/';
			memcpy(ret->s + used, s, len);
			used += len;
		}
		s += len;
	}
	if (!used)
		ret->s[used++] = '/';
	ret->s[used] = '\0';
	return 0;
}

/* Back ends say the cause; what was to be done, and to which file, comes before it here. */
static int done(int r, const char *verb, const char *path, struct mkd_err *err)
{
	bool cut = strlen(path) > PATH_SHOWN;

	if (r < 0)
		return mkd_wrap(err, "cannot %s '%.*s%s'", verb, PATH_SHOWN, path,
				cut ? "..." : "");
	return 0;
}

int mkd_tree_stat(struct mkd_tree *t, const char *path, bool follow, struct mkd_tree_stat *ret,
		  struct mkd_err *err)
{
	struct mkd_tree_stat st;
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0)
		r = t->ops->stat(t, p.s, follow, &st, err);
	if (r == 0)
		*ret = st;
	return done(r, "look at", path, err);
}

bool mkd_tree_exists(struct mkd_tree *t, const char *path)
{
	struct mkd_tree_stat st;
	struct mkd_err err;

	return mkd_tree_stat(t, path, true, &st, &err) == 0;
}

int mkd_tree_read(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		  struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	mkd_buf_reset(ret);
	if (r == 0)
		r = t->ops->read(t, p.s, max_bytes, ret, err);
	mkd_buf_add(ret, "", 0); /* an empty file is a string too */
	if (r == 0)
		r = mkd_buf_check(ret, err);
	return done(r, "read", path, err);
}

int mkd_tree_readlink(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
		      struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	mkd_buf_reset(ret);
	if (r == 0)
		r = t->ops->readlink(t, p.s, ret, err);
	if (r == 0)
		r = mkd_buf_check(ret, err);
	return done(r, "read the symlink", path, err);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int mkd_tree_list(struct mkd_tree *t, const char *path, struct mkd_strv *ret, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0)
		r = t->ops->list(t, p.s, &names, err);
	if (r < 0)
		return done(r, "list", path, err);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_bytes);
	mkd_strv_free(ret);
	*ret = names;
	names = (struct mkd_strv){ 0 };
	return 0;
}

int mkd_tree_write(struct mkd_tree *t, const char *path, const void *data, size_t len, mode_t mode,
		   struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0 && p.folder)
		r = mkd_fail(err, MKD_EXIT_HOOK, EISDIR, "it names a folder");
	if (r == 0)
		r = t->ops->write(t, p.s, data, len, mode & MODE_BITS, err);
	return done(r, "write", path, err);
}

int mkd_tree_symlink(struct mkd_tree *t, const char *target, const char *path, struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0 && !target[0])
		r = mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "its target is empty");
	if (r == 0 && strlen(target) > MKD_PATH_MAX)
		r = mkd_fail(err, MKD_EXIT_HOOK, ENAMETOOLONG, "its target is longer than %d bytes",
			     MKD_PATH_MAX);
	if (r == 0 && p.folder)
		r = mkd_fail(err, MKD_EXIT_HOOK, EEXIST, "it names a folder");
	if (r == 0)
		r = t->ops->symlink(t, target, p.s, err);
	return done(r, "make the symlink", path, err);
}

int mkd_tree_mkdir(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0)
		r = t->ops->mkdir(t, p.s, mode & MODE_BITS, err);
	return done(r, "make the folder", path, err);
}

/* The folders above the last component of p, which is cut in place and restored. */
static int make_parents(struct mkd_tree *t, char *p, struct mkd_err *err)
{
	int r = 0;

	for (char *slash = strchr(p + 1, '/'); slash && r == 0; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = t->ops->mkdir(t, p, 0755, err);
		if (r == -EEXIST)
			r = mkd_fail(err, MKD_EXIT_HOOK, ENOTDIR, "'%s' is not a folder", p);
		*slash = '/';
	}
	return r;
}

int mkd_tree_mkdirs(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0)
		r = make_parents(t, p.s, err);
	if (r == 0)
		r = t->ops->mkdir(t, p.s, mode & MODE_BITS, err);
	return done(r, "make the folder", path, err);
}

int mkd_tree_remove(struct mkd_tree *t, const char *path, struct mkd_err *err)
{
	struct path p;
	const char *last;
	int r = clean(path, &p, err);

	last = r == 0 ? strrchr(p.s, '/') : NULL;
	if (last && (!last[1] || strcmp(last, "/..") == 0))
		r = mkd_fail(err, MKD_EXIT_HOOK, EINVAL, "it has no name of its own");
	if (r == 0)
		r = t->ops->remove(t, p.s, err);
	return done(r, "remove", path, err);
}

int mkd_tree_chmod(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0)
		r = t->ops->chmod(t, p.s, mode & MODE_BITS, err);
	return done(r, "change the mode of", path, err);
}

int mkd_tree_chown(struct mkd_tree *t, const char *path, uint32_t uid, uint32_t gid,
		   struct mkd_err *err)
{
	struct path p;
	int r = clean(path, &p, err);

	if (r == 0)
		r = t->ops->chown(t, p.s, uid, gid, err);
	return done(r, "change the owner of", path, err);
}
