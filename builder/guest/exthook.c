/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/exthook.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/sha256.h"

DEFINE_CLEANUP(closedirp, DIR *, closedir)

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

bool mkd_exthook_is_name(const char *name)
{
	static const char chars[] = "0123456789abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ._+-";
	size_t len = strlen(name);

	return len && len <= MKD_HOOK_NAME_MAX && strspn(name, chars) == len &&
	       !strchr("._+-", name[0]);
}

/* -- where -- */

int mkd_exthook_places(const char *beside, struct mkd_strv *ret, struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	struct mkd_strv l = { 0 };
	int r = beside ? mkd_asprintf(&path, err, "%s/hooks", beside) : 0;

	if (r == 0 && path)
		r = mkd_strv_add(&l, path, err);
	if (r == 0)
		r = mkd_strv_add_config(&l, "hooks", err);
	if (r == 0)
		r = mkd_strv_add(&l, "/etc/mkdomu/hooks", err);
	if (r == 0)
		r = mkd_strv_add(&l, MKD_HOOK_DIR, err);
	if (r < 0)
		mkd_strv_free(&l);
	else
		*ret = l;
	return r;
}

static int find(const char *beside, const char *name, char **ret, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv dirs = { 0 };
	cleanup_buf struct mkd_buf tried = { 0 };
	int r = mkd_exthook_places(beside, &dirs, err);

	for (size_t i = 0; i < dirs.n && r == 0; i++) {
		cleanup_free char *path = NULL;

		r = mkd_asprintf(&path, err, "%s/%s", dirs.v[i], name);
		if (r == 0 && access(path, F_OK) == 0) {
			*ret = steal(&path);
			return 0;
		}
		mkd_buf_printf(&tried, "%s%s", i ? ", " : "", dirs.v[i]);
	}
	return r < 0 ? r
		     : mkd_fail(err, MKD_EXIT_USAGE, ENOENT,
				"there is no hook '%s': it is not built in, and not in %s", name,
				mkd_buf_cstr(&tried));
}

/* -- reading one -- */

/* May others than root and this user write by way of the group? */
static bool is_shared(const struct stat *st)
{
	/* a user's private group has the user's number: useradd's USERGROUPS_ENAB */
	bool own = st->st_gid == getegid() && (uid_t)st->st_gid == geteuid();

	return st->st_mode & 0020 && st->st_gid != 0 && !own;
}

static int check_file(int fd, const char *path, struct mkd_err *err)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return mkd_fail_errno(err, MKD_EXIT_USAGE, errno, "cannot use the hook '%s'", path);
	if (!S_ISREG(st.st_mode))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use the hook '%s': it is no regular file", path);
	if (!(st.st_mode & 0111))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use the hook '%s': it is not executable; chmod +x it",
				path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return mkd_fail(err, MKD_EXIT_USAGE, EPERM,
				"cannot use the hook '%s': another user owns it; copy it", path);
	if (st.st_mode & 0002)
		return mkd_fail(err, MKD_EXIT_USAGE, EPERM,
				"cannot use the hook '%s': everybody may write to it; chmod o-w it",
				path);
	if (is_shared(&st))
		return mkd_fail(err, MKD_EXIT_USAGE, EPERM,
				"cannot use the hook '%s': its group may write to it; chmod g-w it",
				path);
	return 0;
}

static int read_one(struct mkd_exthook *h, struct mkd_err *err)
{
	cleanup_close int fd = open(h->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	char self[32];
	int r;

	if (fd < 0)
		return mkd_fail_errno(err, MKD_EXIT_USAGE, errno, "cannot use the hook '%s'",
				      h->path);
	r = check_file(fd, h->path, err);
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (r == 0) {
		r = mkd_file_read(AT_FDCWD, self, MKD_EXTHOOK_MAX, MKD_EXIT_USAGE, &h->program,
				  err);
		if (r < 0 && r != -ENOMEM)
			r = mkd_wrap(err, "cannot use the hook '%s'", h->path);
	}
	if (r == 0)
		r = mkd_sha256(h->program.data, h->program.len, h->sha256, err);
	return r < 0 ? r
		     : mkd_hookhead_parse(h->program.data, h->program.len, h->path, &h->head, err);
}

int mkd_exthook_find(const char *beside, const char *name_or_path, struct mkd_exthook *ret,
		     struct mkd_err *err)
{
	struct mkd_exthook h = { 0 };
	const char *name = base_of(name_or_path);
	int r;

	if (!mkd_exthook_is_name(name))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"'%.200s' is not a hook's name: it has 1 to %d letters, digits and "
				"'._+-', a letter or digit first",
				name, MKD_HOOK_NAME_MAX);
	(void)snprintf(h.name, sizeof(h.name), "%s", name);
	if (name == name_or_path)
		r = find(beside, name, &h.path, err);
	else
		r = mkd_strdup(name_or_path, &h.path, err);
	if (r == 0)
		r = read_one(&h, err);
	if (r < 0)
		mkd_exthook_free(&h);
	else
		*ret = h;
	return r;
}

/* -- all -- */

static bool listed(const struct mkd_strv *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(base_of(l->v[i]), name) == 0)
			return true;
	return false;
}

static int list_dir(const char *path, struct mkd_strv *ret, struct mkd_err *err)
{
	cleanup(closedirp) DIR *dir = opendir(path);
	int r = 0;

	for (struct dirent *d; dir && r == 0 && (d = readdir(dir));) {
		cleanup_free char *file = NULL;
		struct stat st;

		if (!mkd_exthook_is_name(d->d_name) || listed(ret, d->d_name))
			continue;
		r = mkd_asprintf(&file, err, "%s/%s", path, d->d_name);
		if (r == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & 0111)
			r = mkd_strv_add(ret, file, err);
	}
	return r;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(base_of(*(char *const *)a), base_of(*(char *const *)b));
}

int mkd_exthook_list(const char *beside, struct mkd_strv *ret, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv dirs = { 0 };
	struct mkd_strv l = { 0 };
	int r = mkd_exthook_places(beside, &dirs, err);

	for (size_t i = 0; r == 0 && i < dirs.n; i++)
		r = list_dir(dirs.v[i], &l, err);
	if (r < 0) {
		mkd_strv_free(&l);
		return r;
	}
	if (l.n)
		qsort(l.v, l.n, sizeof(*l.v), by_name);
	*ret = l;
	return 0;
}

void mkd_exthook_free(struct mkd_exthook *h)
{
	free(h->path);
	mkd_buf_free(&h->program);
	mkd_hookhead_free(&h->head);
	*h = (struct mkd_exthook){ 0 };
}
