/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the user asks for by name, after the hooks that know by themselves what is right. */
#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/fileop.h"
#include "mkdomu/firstboot.h"
#include "mkdomu/hooks.h"

/* -- one file at a time -- */

static bool is_there(struct mkd_tree *t, const char *path, struct mkd_tree_stat *ret)
{
	struct mkd_err ignored;

	return mkd_tree_stat(t, path, false, ret, &ignored) == 0;
}

static bool is_folder(struct mkd_tree *t, const char *path)
{
	struct mkd_tree_stat st;
	struct mkd_err ignored;

	return mkd_tree_stat(t, path, true, &st, &ignored) == 0 && S_ISDIR(st.mode);
}

/* As "ln -sfn": in the place of a file or another link, never of a folder. */
static int put_link(struct mkd_tree *t, const char *target, const char *path, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf now = { 0 };
	struct mkd_tree_stat st;
	int r = 0;

	if (!is_there(t, path, &st))
		return mkd_tree_symlink(t, target, path, err);
	if (S_ISDIR(st.mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EISDIR,
				"cannot make the link '%s': a folder is there; delete it first",
				path);
	if (S_ISLNK(st.mode))
		r = mkd_tree_readlink(t, path, &now, err);
	if (r < 0 || (S_ISLNK(st.mode) && strcmp(mkd_buf_cstr(&now), target) == 0))
		return r;
	r = mkd_tree_remove(t, path, err);
	return r < 0 ? r : mkd_tree_symlink(t, target, path, err);
}

static int set_mode(struct mkd_tree *t, const char *path, mode_t mode, struct mkd_err *err)
{
	struct mkd_tree_stat st = { 0 };
	int r = mkd_tree_stat(t, path, true, &st, err);

	return r < 0 || (st.mode & 07777) == mode ? r : mkd_tree_chmod(t, path, mode, err);
}

static int put_file(struct mkd_tree *t, const struct mkd_copy_file *f, const char *path,
		    struct mkd_err *err)
{
	struct mkd_tree_stat st = { 0 };
	int r = 0;

	/* What is copied takes the place of a link; a link's target is another file. */
	if (is_there(t, path, &st) && S_ISLNK(st.mode))
		r = mkd_tree_remove(t, path, err);
	if (r == 0)
		r = mkd_tree_write(t, path, mkd_buf_cstr(&f->data), f->data.len, f->mode & 0777,
				   err);
	if (r == 0)
		r = mkd_tree_stat(t, path, true, &st, err);
	if (r == 0 && (st.uid || st.gid))
		r = mkd_tree_chown(t, path, 0, 0, err);
	return r < 0 ? r : set_mode(t, path, f->mode & 0777, err);
}

static int put_copy(struct mkd_tree *t, const struct mkd_copy_file *f, const char *dir,
		    struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, err, "%s/%s", dir, f->path);

	if (r < 0 || !path)
		return r;
	/* A folder that is there keeps its mode, and a link to one will do, as on a merged /usr. */
	if (S_ISDIR(f->mode))
		return is_folder(t, path) ? 0 : mkd_tree_mkdir(t, path, f->mode & 0777, err);
	if (S_ISLNK(f->mode))
		return put_link(t, mkd_buf_cstr(&f->data), path, err);
	return put_file(t, f, path, err);
}

static int copy_in(struct mkd_tree *t, const struct mkd_fileop *op, const struct mkd_copy *copy,
		   struct mkd_err *err)
{
	struct mkd_tree_stat st = { 0 };
	int r = mkd_tree_stat(t, op->path, true, &st, err);

	if (r == -ENOENT || (r == 0 && !S_ISDIR(st.mode)))
		return mkd_fail(err, MKD_EXIT_HOOK, r ? ENOENT : ENOTDIR,
				"'%s' is not a folder of the guest; make it by --mkdir", op->path);
	for (size_t i = 0; r == 0 && i < copy->n; i++)
		r = put_copy(t, &copy->v[i], op->path, err);
	return r;
}

/* An editor: the line arg behind the text, unless the text has it. */
static int add_line(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	struct mkd_span rest = in;
	struct mkd_line l;

	(void)err;
	mkd_text_span(out, in);
	while (mkd_line_next(&rest, &l))
		if (mkd_span_is(l.text, arg))
			return 0;
	mkd_text_add(out, arg);
	return 0;
}

/* -- delete -- */

/* All that is below a folder, after it. */
static int list_below(struct mkd_tree *t, struct mkd_strv *paths, size_t i, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_tree_stat st = { 0 };
	int r = mkd_tree_stat(t, paths->v[i], false, &st, err);

	if (r < 0 || !S_ISDIR(st.mode))
		return r;
	r = mkd_tree_list(t, paths->v[i], &names, err);
	for (size_t k = 0; r == 0 && k < names.n; k++) {
		cleanup_free char *path = NULL;

		r = mkd_asprintf(&path, err, "%s/%s", paths->v[i], names.v[k]);
		if (r == 0)
			r = mkd_strv_add(paths, path, err);
	}
	return r;
}

static int delete_all(const struct mkd_guest_io *io, const char *path, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv paths = { 0 };
	int r = mkd_strv_add(&paths, path, err);

	for (size_t i = 0; r == 0 && i < paths.n; i++)
		r = list_below(io->tree, &paths, i, err);
	if (r == 0)
		r = mkd_check_signal(err);
	for (size_t i = paths.n; r == 0 && i > 0; i--)
		r = mkd_tree_remove(io->tree, paths.v[i - 1], err);
	if (r == 0)
		mkd_say(io->ui, MKD_DEBUG, "removed '%s'%s", path,
			paths.n > 1 ? " and all in it" : "");
	return r;
}

/* Each path of from, with the names in it that match; a name that is no pattern as it is. */
static int expand(struct mkd_tree *t, const struct mkd_strv *from, struct mkd_span name,
		  struct mkd_strv *to, struct mkd_err *err)
{
	cleanup_free char *pattern = NULL;
	int r = mkd_asprintf(&pattern, err, "%.*s", (int)name.len, name.p);

	for (size_t i = 0; r == 0 && i < from->n; i++) {
		cleanup_strv struct mkd_strv names = { 0 };
		struct mkd_err ignored;

		if (!strpbrk(pattern, "*?["))
			r = mkd_strv_add(&names, pattern, err);
		else if (mkd_tree_list(t, *from->v[i] ? from->v[i] : "/", &names, &ignored) ==
			 -ENOMEM)
			r = mkd_nomem(err);
		for (size_t k = 0; r == 0 && k < names.n; k++) {
			cleanup_free char *path = NULL;

			if (strpbrk(pattern, "*?[") &&
			    fnmatch(pattern, names.v[k], FNM_PERIOD) != 0)
				continue;
			r = mkd_asprintf(&path, err, "%s/%s", from->v[i], names.v[k]);
			if (r == 0)
				r = mkd_strv_add(to, path, err);
		}
	}
	return r;
}

static int delete_op(const struct mkd_guest_io *io, const char *pattern, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv paths = { 0 };
	struct mkd_span rest = mkd_span_of(pattern), name;
	size_t found = 0;
	int r = mkd_strv_add(&paths, "", err);

	while (r == 0 && mkd_field_next(&rest, '/', &name)) {
		struct mkd_strv next = { 0 };

		if (!name.len || mkd_span_is(name, "."))
			continue;
		r = expand(io->tree, &paths, name, &next, err);
		mkd_strv_free(&paths);
		paths = next;
	}
	for (size_t i = 0; r == 0 && i < paths.n; i++) {
		if (!mkd_guest_has(io->tree, paths.v[i]))
			continue;
		found++;
		r = delete_all(io, paths.v[i], err);
	}
	if (r == 0 && !found)
		mkd_say(io->ui, MKD_INFO, "there is no '%s' to delete", pattern);
	return r;
}

/* -- all of them -- */

static int first_boot(const struct mkd_hook_ctx *c, const struct mkd_fileop *op,
		      const struct mkd_copy *copy, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_firstboot s = { .number = 1,
				   .name = strrchr(op->src, '/') + 1,
				   .text = mkd_buf_cstr(&copy->v[0].data),
				   .len = copy->v[0].data.len };

	for (const struct mkd_fileop *before = c->guest->fileops; before < op; before++)
		s.number += before->kind == MKD_FILEOP_FIRSTBOOT;
	return mkd_firstboot_add(&io, c->facts, &s, err);
}

static int run(const struct mkd_hook_ctx *c, const struct mkd_fileop *op,
	       const struct mkd_copy *copy, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);

	switch (op->kind) {
	case MKD_FILEOP_COPY_IN:
		return copy_in(c->tree, op, copy, err);
	case MKD_FILEOP_WRITE:
		return mkd_tree_write(c->tree, op->path, op->text, strlen(op->text), 0644, err);
	case MKD_FILEOP_APPEND_LINE:
		return mkd_guest_edit(&io, op->path, 0644, (struct mkd_edit){ add_line, op->text },
				      err);
	case MKD_FILEOP_DELETE:
		return delete_op(&io, op->path, err);
	case MKD_FILEOP_MKDIR:
		return mkd_tree_mkdirs(c->tree, op->path, 0755, err);
	case MKD_FILEOP_LINK:
		return put_link(c->tree, op->text, op->path, err);
	case MKD_FILEOP_CHMOD:
		return set_mode(c->tree, op->path, op->mode, err);
	case MKD_FILEOP_FIRSTBOOT:
		break;
	}
	return first_boot(c, op, copy, err);
}

int mkd_hook_files(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->guest->n_fileops; i++) {
		const struct mkd_fileop *op = &c->guest->fileops[i];

		r = run(c, op, &c->guest->copies[i], err);
		if (r < 0 && r != -EINTR)
			r = mkd_wrap(err, "%s", op->origin);
	}
	return r;
}
