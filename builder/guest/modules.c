/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/modules.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/sha256.h"

#define INDEX_MAX (16 * MIB) /* of modules.dep; a distribution's has 1 MiB */

DEFINE_CLEANUP(modules_dirp, DIR *, closedir)

struct reading {
	const char *origin;
	struct mkd_modules *to;
	size_t room; /* of to->v */
	struct mkd_err *err;
};

/* -- which folder -- */

static bool has_index(const char *dir)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/modules.dep", dir) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

static bool has_modules(const char *dir)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s/kernel", dir) < (int)sizeof(path) &&
	       access(path, F_OK) == 0;
}

/* The version is a name in the guest, and goes into the manifest. */
static bool is_version(const char *s)
{
	return isdigit((unsigned char)*s) && strlen(s) <= 128 &&
	       !s[strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+~-")];
}

/* Without links: the last component is the version, whatever leads there. */
static int real_dir(struct reading *rd, const char *path, char **ret)
{
	*ret = realpath(path, NULL);
	if (*ret)
		return 0;
	return errno == ENOMEM ? mkd_nomem(rd->err)
			       : mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno,
						"%s: cannot use '%s'", rd->origin, path);
}

static int take_dir(struct reading *rd, const char *path, const char *version)
{
	cleanup_free char *below = NULL;
	int r = real_dir(rd, path, &rd->to->dir);

	if (r < 0 || has_index(rd->to->dir) || has_modules(rd->to->dir))
		return r;
	if (!version)
		return mkd_fail(rd->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' has no modules in it, and which folder below it is meant "
				"is not known, as the kernel's version is not; name that folder",
				rd->origin, path);
	r = mkd_asprintf(&below, rd->err, "%s/%s", rd->to->dir, version);
	free(steal(&rd->to->dir));
	return r < 0 || !below ? r : real_dir(rd, below, &rd->to->dir);
}

static int check_version(struct reading *rd, const char *path, const char *version)
{
	struct mkd_modules *m = rd->to;

	if (!m->dir)
		return mkd_nomem(rd->err);
	m->version = strrchr(m->dir, '/') + 1;
	if (!is_version(m->version))
		return mkd_fail(rd->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is not named as a kernel's version, like 6.1.0-44-amd64",
				rd->origin, path);
	if (version && strcmp(version, m->version) != 0)
		return mkd_fail(rd->err, MKD_EXIT_USAGE, EBADMSG,
				"%s: '%s' has the modules of kernel %s, and the guest's kernel is "
				"%s; name the folder of that, or another --kernel",
				rd->origin, path, m->version, version);
	return 0;
}

/* -- what is in it -- */

static int host_path(const struct mkd_modules *m, const struct mkd_module_file *f, char **ret,
		     struct mkd_err *err)
{
	return mkd_asprintf(ret, err, "%s%s%s", m->dir, *f->path ? "/" : "", f->path);
}

static int append(struct reading *rd, const char *dir, const char *name)
{
	struct mkd_modules *m = rd->to;
	int r;

	if (m->n == MKD_MODULES_FILES_MAX)
		return mkd_fail(rd->err, MKD_EXIT_USAGE, E2BIG,
				"%s: '%s' has over %d files in it; a kernel has fewer modules",
				rd->origin, m->dir, MKD_MODULES_FILES_MAX);
	if (m->n == rd->room) {
		size_t room = rd->room ? 2 * rd->room : 256;
		struct mkd_module_file *v = reallocarray(m->v, room, sizeof(*v));

		if (!v)
			return mkd_nomem(rd->err);
		m->v = v;
		rd->room = room;
	}
	m->v[m->n] = (struct mkd_module_file){ 0 };
	r = mkd_asprintf(&m->v[m->n].path, rd->err, "%s%s%s", dir, *dir ? "/" : "", name);
	m->n += r == 0;
	return r;
}

/* They lead to the source that the kernel was made of, or to its headers. */
static bool is_left_out(const char *dir, const char *name)
{
	return !*dir && (strcmp(name, "build") == 0 || strcmp(name, "source") == 0);
}

static int list_dir(struct reading *rd, const char *dir, const char *path)
{
	cleanup(modules_dirp) DIR *d = opendir(path);
	const struct dirent *e;
	int r = 0;

	if (!d)
		return mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno, "%s: cannot list '%s'",
				      rd->origin, path);
	while (r == 0) {
		errno = 0;
		e = readdir(d);
		if (!e)
			return errno ? mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno,
						      "%s: cannot list '%s'", rd->origin, path)
				     : 0;
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    !is_left_out(dir, e->d_name))
			r = append(rd, dir, e->d_name);
	}
	return r;
}

static int digest_file(struct reading *rd, struct mkd_module_file *f, const char *path)
{
	cleanup_buf struct mkd_buf data = { 0 };
	int r = mkd_file_read(AT_FDCWD, path, MKD_MODULES_FILE_MAX, MKD_EXIT_USAGE, &data, rd->err);

	if (r < 0)
		return r == -EINTR ? r : mkd_wrap(rd->err, "%s", rd->origin);
	rd->to->size_bytes += data.len;
	if (rd->to->size_bytes > MKD_MODULES_TOTAL_MAX)
		return mkd_fail(rd->err, MKD_EXIT_USAGE, EFBIG,
				"%s: '%s' has over %d MiB in it; strip the modules (make "
				"modules_install INSTALL_MOD_STRIP=1)",
				rd->origin, rd->to->dir, (int)(MKD_MODULES_TOTAL_MAX / MIB));
	return mkd_sha256(mkd_buf_cstr(&data), data.len, f->sha256, rd->err);
}

/* A link to a file is that file; to a folder it is none of what depmod makes. */
static int read_one(struct reading *rd, size_t i)
{
	cleanup_free char *path = NULL, *dir = NULL;
	struct stat st;
	bool is_link;
	int r = host_path(rd->to, &rd->to->v[i], &path, rd->err);

	if (r < 0 || !path)
		return r;
	is_link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	if (stat(path, &st) != 0)
		return mkd_fail_errno(rd->err, MKD_EXIT_USAGE, errno, "%s: cannot read '%s'",
				      rd->origin, path);
	if (S_ISREG(st.st_mode))
		return digest_file(rd, &rd->to->v[i], path);
	if (!S_ISDIR(st.st_mode) || is_link)
		return mkd_fail(rd->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is neither file nor folder; remove it from the modules",
				rd->origin, path);
	rd->to->v[i].is_dir = true;
	r = mkd_strdup(rd->to->v[i].path, &dir, rd->err); /* v may move */
	return r < 0 ? r : list_dir(rd, dir, path);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct mkd_module_file *)a)->path,
		      ((const struct mkd_module_file *)b)->path);
}

static int to_path(const void *path, const void *file)
{
	return strcmp(path, ((const struct mkd_module_file *)file)->path);
}

static bool is_there(const struct mkd_modules *m, const char *path)
{
	return m->n && bsearch(path, m->v, m->n, sizeof(*m->v), to_path) != NULL;
}

static int digest(struct mkd_modules *m, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf list = { 0 };
	int r;

	for (size_t i = 0; i < m->n; i++) {
		const struct mkd_module_file *f = &m->v[i];

		mkd_buf_str(&list, f->is_dir ? "0755 d" : "0644 f ");
		for (size_t k = 0; !f->is_dir && k < sizeof(f->sha256); k++)
			mkd_buf_printf(&list, "%02x", f->sha256[k]);
		mkd_buf_printf(&list, " %s%s%s", m->version, *f->path ? "/" : "", f->path);
		mkd_buf_add(&list, "", 1);
	}
	r = mkd_buf_check(&list, err);
	return r < 0 ? r : mkd_sha256(mkd_buf_cstr(&list), list.len, m->sha256, err);
}

/* -- what depmod says of it -- */

static int run_depmod(struct reading *rd, int code, const char *what)
{
	const struct mkd_modules *m = rd->to;
	size_t len = strlen(m->dir) - strlen(m->version) - 1; /* ".../lib/modules" */
	const char *tail = "/lib/modules";
	size_t root = len > strlen(tail) ? len - strlen(tail) : 0;
	char command[PATH_MAX + 64] = "";

	if (len >= strlen(tail) && strncmp(m->dir + root, tail, strlen(tail)) == 0)
		(void)snprintf(command, sizeof(command), "; run 'depmod %s%.*s%s%s'",
			       root ? "-b " : "-a", (int)root, m->dir, " ", m->version);
	return mkd_fail(rd->err, MKD_EXIT_USAGE, code, "%s: '%s' %s%s", rd->origin, m->dir, what,
			*command ? command
				 : "; move it to lib/modules of a folder ROOT, and run 'depmod -b "
				   "ROOT VERSION'");
}

static int read_index(struct reading *rd, const char *name, struct mkd_buf *ret)
{
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, rd->err, "%s/%s", rd->to->dir, name);

	if (r == 0)
		r = mkd_file_read(AT_FDCWD, path, INDEX_MAX, MKD_EXIT_USAGE, ret, rd->err);
	return r < 0 && r != -EINTR && r != -ENOMEM ? mkd_wrap(rd->err, "%s", rd->origin) : r;
}

/* All that it lists has to be there: "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz". */
static int check_index(struct reading *rd)
{
	static const char *const needed[] = { "modules.dep", "modules.alias", "modules.symbols" };
	struct mkd_modules *m = rd->to;
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		char what[64];

		(void)snprintf(what, sizeof(what), "lacks '%s', which depmod makes", needed[i]);
		if (!is_there(m, needed[i]))
			return run_depmod(rd, ENOENT, what);
	}
	r = read_index(rd, "modules.dep", &m->dep);
	if (r == 0 && is_there(m, "modules.builtin"))
		r = read_index(rd, "modules.builtin", &m->builtin);
	for (const char *p = mkd_buf_cstr(&m->dep); r == 0 && *p; p += strcspn(p, "\n")) {
		cleanup_free char *name = NULL;

		p += *p == '\n';
		if (!*p || *p == '/' || *p == '\n')
			continue;
		r = mkd_asprintf(&name, rd->err, "%.*s", (int)strcspn(p, ":\n"), p);
		if (r == 0 && name && !is_there(m, name))
			return run_depmod(rd, EINVAL, "has no longer what its modules.dep lists");
	}
	return r;
}

int mkd_modules_read(const char *path, const char *version, const char *likely, const char *origin,
		     struct mkd_modules *ret, struct mkd_err *err)
{
	struct mkd_modules m = { 0 };
	struct reading rd = { .origin = origin, .to = &m, .err = err };
	int r = take_dir(&rd, path, version ? version : likely);

	if (r == 0)
		r = check_version(&rd, path, version);
	if (r == 0)
		r = append(&rd, "", "");
	for (size_t i = 0; r == 0 && i < m.n; i++) {
		r = read_one(&rd, i);
		if (r == 0)
			r = mkd_check_signal(err);
	}
	if (r == 0 && m.v) {
		qsort(m.v, m.n, sizeof(*m.v), by_path);
		r = check_index(&rd);
	}
	if (r == 0)
		r = digest(&m, err);
	if (r < 0)
		mkd_modules_free(&m);
	else
		*ret = m;
	return r;
}

void mkd_modules_free(struct mkd_modules *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->v[i].path);
	free(m->v);
	free(m->dir);
	mkd_buf_free(&m->builtin);
	mkd_buf_free(&m->dep);
	*m = (struct mkd_modules){ 0 };
}
