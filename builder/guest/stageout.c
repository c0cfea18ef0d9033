/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way out of staging.h: from the tree into the folder. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/staging.h"

#define OPEN_DIR (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct out {
	const struct mkd_staging *s;
	struct mkd_tree *t;
	struct mkd_err *err;
	struct mkd_strv above; /* folders on the way to a path, which are made */
	unsigned depth;
};

static int failed(const struct out *o, int code, const char *path)
{
	if (code == ENOSPC)
		return mkd_fail(o->err, MKD_EXIT_HOOK, ENOSPC,
				"cannot stage '%s': it is more than a staged folder takes; declare "
				"less, or mode=mounted",
				path);
	return mkd_fail_errno(o->err, MKD_EXIT_HOOK, code, "cannot stage '%s'", path);
}

static int own(const struct out *o, int dirfd, const char *name, const char *path)
{
	if (o->s->owner >= 0 &&
	    fchownat(dirfd, name, (uid_t)o->s->owner, (gid_t)o->s->owner, AT_SYMLINK_NOFOLLOW) != 0)
		return failed(o, errno, path);
	return 0;
}

static int put_file(const struct out *o, int dirfd, const char *name, const char *path, mode_t mode)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_close int fd = -1;
	int r = mkd_tree_read(o->t, path, MKD_STAGING_FILE_MAX, &text, o->err);

	if (r < 0)
		return r;
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	r = fd < 0 ? -errno : mkd_write_full(fd, text.data, text.len);
	if (r < 0)
		return failed(o, -r, path);
	r = own(o, dirfd, name, path);
	/* after the owner, whose change takes set-user-ID bits away */
	return r == 0 && fchmod(fd, mode & 07777) != 0 ? failed(o, errno, path) : r;
}

static int put_link(const struct out *o, int dirfd, const char *name, const char *path)
{
	cleanup_buf struct mkd_buf text = { 0 };
	int r = mkd_tree_readlink(o->t, path, &text, o->err);

	if (r < 0)
		return r;
	if (symlinkat(mkd_buf_cstr(&text), dirfd, name) != 0)
		return failed(o, errno, path);
	return own(o, dirfd, name, path);
}

static int put(struct out *o, int dirfd, const char *name, const char *path);

static int put_all(struct out *o, int dirfd, const char *path)
{
	cleanup_strv struct mkd_strv names = { 0 };
	int r = mkd_tree_list(o->t, path, &names, o->err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *inner = NULL;

		r = mkd_asprintf(&inner, o->err, "%s/%s", path, names.v[i]);
		if (r == 0)
			r = put(o, dirfd, names.v[i], inner);
	}
	return r;
}

static int put_dir(struct out *o, int dirfd, const char *name, const char *path, mode_t mode)
{
	cleanup_close int fd = -1;
	int r;

	if (o->depth == MKD_STAGING_DEPTH_MAX)
		return mkd_fail(o->err, MKD_EXIT_HOOK, E2BIG,
				"cannot stage '%s': it is more than %d folders deep", path,
				MKD_STAGING_DEPTH_MAX);
	if (mkdirat(dirfd, name, 0700) != 0)
		return failed(o, errno, path);
	fd = openat(dirfd, name, OPEN_DIR);
	if (fd < 0)
		return failed(o, errno, path);
	o->depth++;
	r = put_all(o, fd, path);
	o->depth--;
	if (r == 0)
		r = own(o, dirfd, name, path);
	return r == 0 && fchmod(fd, mode & 07777) != 0 ? failed(o, errno, path) : r;
}

static int put(struct out *o, int dirfd, const char *name, const char *path)
{
	struct mkd_tree_stat st;
	int r = mkd_tree_stat(o->t, path, false, &st, o->err);

	if (r < 0)
		return r;
	if (S_ISREG(st.mode))
		return put_file(o, dirfd, name, path, st.mode);
	if (S_ISLNK(st.mode))
		return put_link(o, dirfd, name, path);
	return S_ISDIR(st.mode) ? put_dir(o, dirfd, name, path, st.mode) : 0;
}

/* A folder on the way to a path. More goes into it: its mode comes last, by finish_above. */
static int step_into(struct out *o, int *fd, const char *name, const char *path)
{
	int next, r = 0;

	if (mkdirat(*fd, name, 0755) == 0)
		r = mkd_strv_add(&o->above, path, o->err);
	else if (errno != EEXIST)
		return failed(o, errno, path);
	next = r == 0 ? openat(*fd, name, OPEN_DIR) : -1;
	if (r == 0 && next < 0)
		return failed(o, errno, path);
	(void)close(*fd);
	*fd = next;
	return r;
}

/* Owner and mode as in the guest, or 0755 where it has none; the inner ones first. */
static int finish_above(struct out *o)
{
	int r = 0;

	for (size_t i = o->above.n; r == 0 && i; i--) {
		const char *path = o->above.v[i - 1];
		struct mkd_tree_stat st = { .mode = 0755 };
		struct mkd_err e;

		r = mkd_tree_stat(o->t, path, false, &st, &e);
		if (r < 0 && r != -ENOENT) {
			*o->err = e;
			return r;
		}
		r = own(o, o->s->dirfd, path + 1, path);
		if (r == 0 && fchmodat(o->s->dirfd, path + 1, st.mode & 07777, 0) != 0)
			r = failed(o, errno, path);
	}
	return r;
}

static int refuse_link(const struct out *o, const char *link)
{
	cleanup_buf struct mkd_buf text = { 0 };
	int r = mkd_tree_readlink(o->t, link, &text, o->err);

	return r < 0 ? r
		     : mkd_fail(o->err, MKD_EXIT_HOOK, ELOOP,
				"cannot stage '%s': it is a symlink to '%s' in this guest; declare "
				"the path that it leads to",
				link, mkd_buf_cstr(&text));
}

/* Each component in turn: true folders, for a symlink among them would lead elsewhere. */
static int put_path(struct out *o, const char *path)
{
	cleanup_close int fd = openat(o->s->dirfd, ".", OPEN_DIR);
	cleanup_free char *copy = NULL;
	int r = mkd_strdup(path, &copy, o->err);

	if (r == 0 && fd < 0)
		return failed(o, errno, path);
	for (char *s = copy; r == 0 && s;) {
		char *slash = strchr(s + 1, '/');
		struct mkd_tree_stat st;
		struct mkd_err e;
		bool there;

		if (slash)
			*slash = '\0';
		r = mkd_tree_stat(o->t, copy, false, &st, &e);
		there = r == 0;
		if (r < 0 && r != -ENOENT) {
			*o->err = e;
			return r;
		}
		if (there && S_ISLNK(st.mode))
			return refuse_link(o, copy);
		if (!slash)
			return there ? put(o, fd, s + 1, copy) : 0;
		r = step_into(o, &fd, s + 1, copy);
		*slash = '/';
		s = slash;
	}
	return r;
}

int mkd_staging_out(const struct mkd_staging *s, struct mkd_tree *t, struct mkd_err *err)
{
	struct out o = { .s = s, .t = t, .err = err };
	int r = own(&o, s->dirfd, ".", "/");

	for (size_t i = 0; r == 0 && i < s->paths->n; i++)
		r = put_path(&o, s->paths->v[i]);
	if (r == 0)
		r = finish_above(&o);
	mkd_strv_free(&o.above);
	return r;
}
