/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/guestfile.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define LINKS_MAX 40 /* of a resolved path, as in the kernel */

static bool same(const struct mkd_buf *a, const struct mkd_buf *b)
{
	return a->len == b->len && (!a->len || memcmp(a->data, b->data, a->len) == 0);
}

static void swap_bufs(struct mkd_buf *a, struct mkd_buf *b)
{
	struct mkd_buf t = *a;

	*a = *b;
	*b = t;
}

/* All edits over text, in place. */
static int run_edits(const char *path, const struct mkd_edit *edits, size_t n, struct mkd_buf *text,
		     struct mkd_err *err)
{
	cleanup_buf struct mkd_buf out = { 0 };
	int r;

	for (size_t i = 0; i < n; i++) {
		mkd_buf_reset(&out);
		mkd_buf_add(&out, "", 0);
		r = edits[i].apply(mkd_span_buf(text), edits[i].arg, &out, err);
		if (r < 0)
			return mkd_wrap(err, "cannot edit '%s'", path);
		r = mkd_buf_check(&out, err);
		if (r < 0)
			return r;
		swap_bufs(text, &out);
	}
	return mkd_check_signal(err);
}

/* Applied again, the edits must leave their result alone. */
static int check_stable(const char *path, const struct mkd_edit *edits, size_t n,
			const struct mkd_buf *text, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf again = { 0 };
	int r;

	mkd_buf_add(&again, mkd_buf_cstr(text), text->len);
	r = mkd_buf_check(&again, err);
	if (r == 0)
		r = run_edits(path, edits, n, &again, err);
	if (r < 0)
		return r;
	if (!same(&again, text))
		return mkd_fail(err, MKD_EXIT_INTERNAL, ENOTRECOVERABLE,
				"editing '%s' twice gives another result; please report this",
				path);
	return 0;
}

static int put(const struct mkd_guest_io *io, const char *path, const struct mkd_buf *text,
	       mode_t mode, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf back = { 0 };
	int r = mkd_tree_write(io->tree, path, mkd_buf_cstr(text), text->len, mode, err);

	if (r == 0)
		r = mkd_tree_read(io->tree, path, text->len, &back, err);
	if (r < 0)
		return r;
	if (!same(&back, text))
		return mkd_fail(err, MKD_EXIT_IO, EIO, "'%s' reads back different", path);
	return 0;
}

int mkd_guest_edits(const struct mkd_guest_io *io, const char *path, mode_t mode,
		    const struct mkd_edit *edits, size_t n, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf old = { 0 }, text = { 0 };
	bool made = false;
	int r = mkd_tree_read(io->tree, path, MKD_GUEST_TEXT_MAX, &old, err);

	if (r == -ENOENT && mode) {
		made = true;
		mkd_buf_reset(&old);
		r = 0;
	}
	if (r < 0)
		return r;
	mkd_buf_add(&text, mkd_buf_cstr(&old), old.len);
	r = mkd_buf_check(&text, err);
	if (r == 0)
		r = run_edits(path, edits, n, &text, err);
	if (r == 0)
		r = check_stable(path, edits, n, &text, err);
	if (r < 0)
		return r;
	if (same(&old, &text) && (!made || !text.len)) {
		mkd_say(io->ui, MKD_DEBUG, "'%s' needs no change", path);
		return 0;
	}
	r = put(io, path, &text, mode ? mode : 0644, err);
	if (r == 0)
		mkd_say(io->ui, MKD_DEBUG, "%s '%s'", made ? "wrote" : "edited", path);
	return r;
}

int mkd_guest_edit(const struct mkd_guest_io *io, const char *path, mode_t mode,
		   struct mkd_edit edit, struct mkd_err *err)
{
	return mkd_guest_edits(io, path, mode, &edit, 1, err);
}

static int replace_all(struct mkd_span in, const void *arg, struct mkd_buf *out,
		       struct mkd_err *err)
{
	(void)in;
	(void)err;
	mkd_buf_str(out, arg);
	return 0;
}

int mkd_guest_write(const struct mkd_guest_io *io, const char *path, const char *text, mode_t mode,
		    struct mkd_err *err)
{
	struct mkd_edit all = { replace_all, text };

	return mkd_guest_edit(io, path, mode, all, err);
}

/* The folder that path is in, made if missing. */
static int make_parent(struct mkd_tree *t, const char *path, struct mkd_err *err)
{
	cleanup_free char *dir = NULL;
	int r = mkd_strdup(path, &dir, err);
	char *slash;

	if (r < 0)
		return r;
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	return mkd_tree_mkdirs(t, dir, 0755, err);
}

int mkd_guest_link(const struct mkd_guest_io *io, const char *target, const char *path,
		   struct mkd_err *err)
{
	struct mkd_tree_stat st;
	struct mkd_err ignored;
	int r;

	if (mkd_tree_stat(io->tree, path, false, &st, &ignored) == 0 &&
	    (st.mode & S_IFMT) == S_IFLNK) {
		mkd_say(io->ui, MKD_DEBUG, "the link '%s' is there already", path);
		return 0;
	}
	r = make_parent(io->tree, path, err);
	if (r == 0)
		r = mkd_tree_symlink(io->tree, target, path, err);
	if (r == 0)
		mkd_say(io->ui, MKD_DEBUG, "linked '%s' to '%s'", path, target);
	return r;
}

bool mkd_guest_has(struct mkd_tree *t, const char *path)
{
	struct mkd_tree_stat st;
	struct mkd_err ignored;

	return mkd_tree_stat(t, path, false, &st, &ignored) == 0;
}

int mkd_guest_remove(const struct mkd_guest_io *io, const char *path, struct mkd_err *err)
{
	int r;

	if (!mkd_guest_has(io->tree, path))
		return 0;
	r = mkd_tree_remove(io->tree, path, err);
	if (r == 0)
		mkd_say(io->ui, MKD_INFO, "removed '%s'", path);
	return r;
}

const char *mkd_guest_first(struct mkd_tree *t, const char *const *paths)
{
	for (; *paths; paths++)
		if (mkd_tree_exists(t, *paths))
			return *paths;
	return NULL;
}

/* Put the component s behind done; a link's text comes before the rest of the way instead. */
static void step(struct mkd_tree *t, struct mkd_span s, struct mkd_buf *done, struct mkd_buf *link)
{
	size_t before = done->len;
	struct mkd_err ignored;

	mkd_buf_reset(link);
	if (!s.len || mkd_span_is(s, "."))
		return;
	if (mkd_span_is(s, "..")) {
		const char *slash = strrchr(mkd_buf_cstr(done), '/');

		done->len = slash ? (size_t)(slash - done->data) : 0;
	} else {
		mkd_buf_str(done, "/");
		mkd_text_span(done, s);
		if (mkd_tree_readlink(t, mkd_buf_cstr(done), link, &ignored) == 0)
			done->len = link->data[0] == '/' ? 0 : before;
		else
			mkd_buf_reset(link);
	}
	if (done->data)
		done->data[done->len] = '\0';
}

int mkd_guest_resolve(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
		      struct mkd_err *err)
{
	cleanup_buf struct mkd_buf todo = { 0 }, next = { 0 }, link = { 0 };
	unsigned links = 0;
	struct mkd_span rest, s;

	mkd_buf_reset(ret);
	mkd_buf_str(&todo, path);
	for (rest = mkd_span_buf(&todo); mkd_field_next(&rest, '/', &s);) {
		step(t, s, ret, &link);
		if (!link.len)
			continue;
		if (++links > LINKS_MAX)
			return mkd_fail(err, MKD_EXIT_HOOK, ELOOP,
					"cannot follow '%s': over %d symlinks", path, LINKS_MAX);
		mkd_buf_reset(&next);
		mkd_buf_add(&next, link.data, link.len);
		if (rest.p) {
			mkd_buf_str(&next, "/");
			mkd_text_span(&next, rest);
		}
		swap_bufs(&todo, &next);
		rest = mkd_span_buf(&todo);
	}
	if (!ret->len)
		mkd_buf_str(ret, "/");
	ret->failed = ret->failed || todo.failed || next.failed || link.failed;
	return mkd_buf_check(ret, err);
}
