/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Modules into the guest, and which drivers they are; declared in modules.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/modules.h"
#include "mkdomu/sha256.h"

struct putting {
	const struct mkd_modules *m;
	struct mkd_tree *tree;
	const char *top; /* "/lib/modules/6.1.0" */
	struct mkd_err *err;
};

static const struct mkd_module_file *find(const struct mkd_modules *m, const char *path)
{
	size_t from = 0, to = m->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;
		int c = strcmp(m->v[mid].path, path);

		if (c == 0)
			return &m->v[mid];
		if (c < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

/* -- what was there before -- */

static int list_below(const struct putting *p, struct mkd_strv *paths, size_t i)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_tree_stat st = { 0 };
	int r = mkd_tree_stat(p->tree, paths->v[i], false, &st, p->err);

	if (r < 0 || !S_ISDIR(st.mode))
		return r;
	r = mkd_tree_list(p->tree, paths->v[i], &names, p->err);
	for (size_t k = 0; r == 0 && k < names.n; k++) {
		cleanup_free char *path = NULL;

		r = mkd_asprintf(&path, p->err, "%s/%s", paths->v[i], names.v[k]);
		if (r == 0)
			r = mkd_strv_add(paths, path, p->err);
	}
	return r;
}

/* One of the same kind stays, and is written again only where it differs. */
static bool may_stay(const struct putting *p, const char *path)
{
	const char *below = path + strlen(p->top);
	const struct mkd_module_file *f = find(p->m, *below ? below + 1 : below);
	struct mkd_tree_stat st;
	struct mkd_err ignored;

	return f && mkd_tree_stat(p->tree, path, false, &st, &ignored) == 0 &&
	       (f->is_dir ? S_ISDIR(st.mode) : S_ISREG(st.mode));
}

static int remove_others(const struct putting *p)
{
	cleanup_strv struct mkd_strv paths = { 0 };
	struct mkd_tree_stat st;
	struct mkd_err ignored;
	int r;

	if (mkd_tree_stat(p->tree, p->top, false, &st, &ignored) < 0)
		return 0;
	r = mkd_strv_add(&paths, p->top, p->err);
	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = list_below(p, &paths, i);
	for (size_t i = paths.n; r == 0 && i > 0; i--)
		if (!may_stay(p, paths.v[i - 1]))
			r = mkd_tree_remove(p->tree, paths.v[i - 1], p->err);
	return r;
}

/* -- what comes -- */

static int put_file(const struct putting *p, const struct mkd_module_file *f, const char *path)
{
	cleanup_buf struct mkd_buf data = { 0 };
	cleanup_free char *from = NULL;
	uint8_t sum[MKD_SHA256_BYTES];
	int r = mkd_asprintf(&from, p->err, "%s/%s", p->m->dir, f->path);

	if (r == 0 && from)
		r = mkd_file_read(AT_FDCWD, from, MKD_MODULES_FILE_MAX, MKD_EXIT_USAGE, &data,
				  p->err);
	if (r == 0)
		r = mkd_sha256(mkd_buf_cstr(&data), data.len, sum, p->err);
	if (r == 0 && memcmp(sum, f->sha256, sizeof(sum)) != 0)
		r = mkd_fail(p->err, MKD_EXIT_USAGE, EBADMSG,
			     "'%s' has changed while the guest was built; build again", from);
	return r < 0 ? r
		     : mkd_tree_write(p->tree, path, mkd_buf_cstr(&data), data.len, 0644, p->err);
}

/* A file or folder that was there keeps neither owner nor mode. */
static int settle(const struct putting *p, const char *path, mode_t mode)
{
	struct mkd_tree_stat st = { 0 };
	int r = mkd_tree_stat(p->tree, path, false, &st, p->err);

	if (r == 0 && (st.uid || st.gid))
		r = mkd_tree_chown(p->tree, path, 0, 0, p->err);
	return r < 0 || (st.mode & 07777) == mode ? r : mkd_tree_chmod(p->tree, path, mode, p->err);
}

static int put_one(const struct putting *p, const struct mkd_module_file *f)
{
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, p->err, "%s%s%s", p->top, *f->path ? "/" : "", f->path);

	if (r < 0 || !path)
		return r;
	r = f->is_dir ? mkd_tree_mkdir(p->tree, path, 0755, p->err) : put_file(p, f, path);
	return r < 0 ? r : settle(p, path, f->is_dir ? 0755 : 0644);
}

int mkd_modules_put(const struct mkd_modules *m, struct mkd_tree *t, const char *base,
		    struct mkd_err *err)
{
	cleanup_free char *top = NULL;
	struct putting p = { .m = m, .tree = t, .err = err };
	int r = mkd_asprintf(&top, err, "%s/%s", base, m->version);

	if (r < 0)
		return r;
	p.top = top;
	r = mkd_tree_mkdirs(t, base, 0755, err);
	if (r == 0)
		r = remove_others(&p);
	for (size_t i = 0; r == 0 && i < m->n; i++) {
		r = put_one(&p, &m->v[i]);
		if (r == 0)
			r = mkd_check_signal(err);
	}
	return r;
}

/* -- drivers -- */

static bool same_name(const char *a, const char *b, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (a[i] != b[i] && !(strchr("-_", a[i]) && strchr("-_", b[i])))
			return false;
	return true;
}

/* Does a line have a file NAME.ko, or NAME.ko.xz, before a ':' or its end? */
static bool lists(const struct mkd_buf *text, const char *name)
{
	const char *p = mkd_buf_cstr(text);
	size_t len = strlen(name);

	while (*p) {
		size_t n = strcspn(p, ":\n");
		const char *base = p;

		for (size_t i = 0; i < n; i++)
			if (p[i] == '/')
				base = p + i + 1;
		if ((size_t)(p + n - base) >= len + 3 && same_name(base, name, len) &&
		    strncmp(base + len, ".ko", 3) == 0)
			return true;
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	return false;
}

enum mkd_driver mkd_modules_driver(const struct mkd_modules *m, const char *name)
{
	if (lists(&m->builtin, name))
		return MKD_DRIVER_BUILTIN;
	return lists(&m->dep, name) ? MKD_DRIVER_MODULE : MKD_DRIVER_NONE;
}
