/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tree_walk.h"

#include <errno.h>
#include <string.h>

struct walker {
	const struct mkd_walk_fs *fs;
	struct mkd_buf rest; /* what is still to be walked, from pos on */
	size_t pos;
	uint64_t *dirs; /* the folders from the root to here */
	size_t depth, cap;
	unsigned links;
};

static int push(struct walker *w, uint64_t dir, struct mkd_err *err)
{
	size_t cap = w->cap ? 2 * w->cap : 16;
	uint64_t *p;

	if (w->depth == w->cap) {
		p = reallocarray(w->dirs, cap, sizeof(*p));
		if (!p)
			return mkd_nomem(err);
		w->dirs = p;
		w->cap = cap;
	}
	w->dirs[w->depth++] = dir;
	return 0;
}

/* Take the next component; "" at the end of the path. */
static int next_name(struct walker *w, char name[static MKD_NAME_MAX + 1], struct mkd_err *err)
{
	const char *s = mkd_buf_cstr(&w->rest) + w->pos;
	size_t skip = strspn(s, "/");
	size_t len = strcspn(s + skip, "/");

	if (len > MKD_NAME_MAX)
		return mkd_fail(err, MKD_EXIT_HOOK, ENAMETOOLONG,
				"a name in it is longer than %d bytes", MKD_NAME_MAX);
	memcpy(name, s + skip, len);
	name[len] = '\0';
	w->pos += skip + len;
	return 0;
}

static bool at_end(const struct walker *w)
{
	return mkd_buf_cstr(&w->rest)[w->pos] == '\0';
}

/* Put the text of a link before the rest of the path. */
static int follow_link(struct walker *w, uint64_t link, const char *name, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	int r;

	if (++w->links > MKD_LINKS_MAX)
		return mkd_fail(err, MKD_EXIT_HOOK, ELOOP, "it leads through more than %d symlinks",
				MKD_LINKS_MAX);
	r = w->fs->readlink(w->fs->ctx, link, &text, err);
	if (r < 0)
		return r;
	if (!text.failed && (!text.len || memchr(text.data, '\0', text.len)))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "the symlink '%s' leads nowhere", name);
	if (mkd_buf_cstr(&text)[0] == '/')
		w->depth = 1;
	mkd_buf_str(&text, mkd_buf_cstr(&w->rest) + w->pos);
	r = mkd_buf_check(&text, err);
	if (r < 0)
		return r;
	mkd_buf_free(&w->rest);
	w->rest = text;
	w->pos = 0;
	text = (struct mkd_buf){ 0 };
	return 0;
}

/* One component that is neither "." nor "..": 1 when the walk ends with it. */
static int step(struct walker *w, bool follow, struct mkd_walk *at, struct mkd_err *err)
{
	int r;

	at->dir = w->dirs[w->depth - 1];
	r = w->fs->lookup(w->fs->ctx, at->dir, at->name, &at->node, err);
	if (r < 0)
		return r;
	switch (at->node.type) {
	case MKD_NODE_LINK:
		if (at_end(w) && !follow)
			return 1;
		return follow_link(w, at->node.id, at->name, err);
	case MKD_NODE_DIR:
		r = push(w, at->node.id, err);
		return r < 0 ? r : at_end(w);
	case MKD_NODE_NONE:
		if (at_end(w))
			return 1;
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "there is no '%s'", at->name);
	default:
		if (at_end(w))
			return 1;
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTDIR, "'%s' is not a folder", at->name);
	}
}

static int walk(struct walker *w, bool follow, struct mkd_walk *at, struct mkd_err *err)
{
	int r = 0;

	while (r == 0) {
		r = next_name(w, at->name, err);
		if (r < 0)
			return r;
		if (!at->name[0])
			break;
		if (strcmp(at->name, "..") == 0)
			w->depth -= w->depth > 1;
		else if (strcmp(at->name, ".") != 0)
			r = step(w, follow, at, err);
	}
	if (r == 0) { /* it ended in "/", "." or ".." */
		at->name[0] = '\0';
		at->node = (struct mkd_node){ w->dirs[w->depth - 1], MKD_NODE_DIR };
		at->dir = w->dirs[w->depth > 1 ? w->depth - 2 : 0];
	}
	return r < 0 ? r : 0;
}

int mkd_walk(const struct mkd_walk_fs *fs, const char *path, bool follow, struct mkd_walk *ret,
	     struct mkd_err *err)
{
	struct walker w = { .fs = fs };
	struct mkd_walk at = { 0 };
	int r;

	mkd_buf_str(&w.rest, path);
	r = mkd_buf_check(&w.rest, err);
	if (r == 0)
		r = push(&w, fs->root, err);
	if (r == 0)
		r = walk(&w, follow, &at, err);
	mkd_buf_free(&w.rest);
	free(w.dirs);
	if (r == 0)
		*ret = at;
	return r;
}
