/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/fileop.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/json.h"
#include "mkdomu/suggest.h"

#define GUEST_PATH_MAX 4095

static const char *const words[] = {
	[MKD_FILEOP_COPY_IN] = "copy-in",
	[MKD_FILEOP_WRITE] = "write",
	[MKD_FILEOP_APPEND_LINE] = "append-line",
	[MKD_FILEOP_DELETE] = "delete",
	[MKD_FILEOP_MKDIR] = "mkdir",
	[MKD_FILEOP_LINK] = "link",
	[MKD_FILEOP_CHMOD] = "chmod",
	[MKD_FILEOP_FIRSTBOOT] = "firstboot",
};

const char *mkd_fileop_word(enum mkd_fileop_kind kind)
{
	return words[kind];
}

/* Which one, and its argument in *ret; ARRAY_LEN(words) = none. */
static size_t kind_of(const char *text, const char **ret)
{
	size_t i = 0, len = strcspn(text, " ");

	while (i < ARRAY_LEN(words) &&
	       (strlen(words[i]) != len || memcmp(words[i], text, len) != 0))
		i++;
	*ret = text + len + (text[len] == ' ');
	return i;
}

bool mkd_fileop_source(const char *text, size_t *ret_at, size_t *ret_len)
{
	const char *arg;
	size_t kind = kind_of(text, &arg);

	if (kind != MKD_FILEOP_COPY_IN && kind != MKD_FILEOP_FIRSTBOOT)
		return false;
	*ret_at = (size_t)(arg - text);
	*ret_len = kind == MKD_FILEOP_COPY_IN ? strcspn(arg, ":") : strlen(arg);
	return true;
}

/* One op in the making. */
struct making {
	const struct mkd_draft *j;
	struct mkd_fileop op;
};

static int wrong(const struct making *m, const char *what, const char *right)
{
	return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL, "%s: %s; write %s", m->op.origin, what,
			right);
}

/* A path in the guest. */
static int take_path(struct making *m, const char *text, const char **ret)
{
	if (strlen(text) > GUEST_PATH_MAX)
		return mkd_fail(m->j->err, MKD_EXIT_USAGE, E2BIG,
				"%s: the path in the guest is longer than %d bytes", m->op.origin,
				GUEST_PATH_MAX);
	if (*text != '/')
		return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%.200s' is not a path in the guest; write it with a '/' at "
				"its start",
				m->op.origin, text);
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL,
					"%s: the path '%.200s' has a control character in it",
					m->op.origin, text);
	return mkd_draft_keep(m->j, text, ret);
}

/* A file of this host. */
static int take_src(struct making *m, const char *text)
{
	cleanup_free char *path = NULL;
	cleanup_free char *plain = NULL;
	size_t len = strlen(text);
	int r;

	while (len > 1 && text[len - 1] == '/') /* a shell completes folders so */
		len--;
	r = mkd_asprintf(&plain, m->j->err, "%.*s", (int)len, text);
	if (r == 0 && plain)
		r = mkd_value_path(plain, m->op.origin, &path, m->j->err);
	return r < 0 ? r : mkd_draft_keep(m->j, path, &m->op.src);
}

/* "FIRST:REST"; *ret_first is the caller's, *ret_rest points into arg. */
static int split(struct making *m, const char *arg, const char *form, char **ret_first,
		 const char **ret_rest)
{
	const char *colon = strchr(arg, ':');

	if (!colon || colon == arg)
		return wrong(m, colon ? "there is nothing before the ':'" : "there is no ':' in it",
			     form);
	*ret_rest = colon + 1;
	return mkd_asprintf(ret_first, m->j->err, "%.*s", (int)(colon - arg), arg);
}

static int copy_in(struct making *m, const char *arg)
{
	cleanup_free char *src = NULL;
	const char *dir = NULL;
	int r = split(m, arg, "SRC:DIR", &src, &dir);

	if (r == 0 && src)
		r = take_src(m, src);
	return r < 0 ? r : take_path(m, dir, &m->op.path);
}

/* For "write" and "append-line". */
static int content(struct making *m, const char *arg)
{
	bool line = m->op.kind == MKD_FILEOP_APPEND_LINE;
	cleanup_free char *path = NULL;
	const char *text = NULL;
	int r = split(m, arg, line ? "PATH:LINE" : "PATH:TEXT", &path, &text);

	if (r == 0 && path)
		r = take_path(m, path, &m->op.path);
	if (r < 0 || !text)
		return r;
	if (line && strchr(text, '\n'))
		return wrong(m, "the line has more lines in it", "--append-line once for each");
	if (!mkd_json_is_text(text)) /* a manifest could not have it */
		return wrong(m, "the text is not UTF-8", "it to a file, and use --copy-in");
	return mkd_draft_keep(m->j, text, &m->op.text);
}

static int link_op(struct making *m, const char *arg)
{
	cleanup_free char *target = NULL;
	const char *at = NULL;
	int r = split(m, arg, "TARGET:LINK", &target, &at);

	if (r == 0 && target)
		r = mkd_value_text(target, m->op.origin, GUEST_PATH_MAX, m->j->err);
	if (r == 0 && target)
		r = mkd_draft_keep(m->j, target, &m->op.text);
	return r < 0 ? r : take_path(m, at, &m->op.path);
}

static int chmod_op(struct making *m, const char *arg)
{
	cleanup_free char *mode = NULL;
	const char *path = NULL;
	int r = split(m, arg, "MODE:PATH", &mode, &path);

	if (r < 0 || !mode)
		return r;
	if (strlen(mode) < 3 || strlen(mode) > 5 || strspn(mode, "01234567") != strlen(mode) ||
	    strtoul(mode, NULL, 8) > 07777)
		return wrong(m, "the mode is not an octal one", "it like 0750");
	m->op.mode = (mode_t)strtoul(mode, NULL, 8);
	return take_path(m, path, &m->op.path);
}

/* "/etc/..", which is all of the root. */
static bool is_up(const char *path)
{
	size_t len = strlen(path);

	while (len &&
	       (path[len - 1] == '/' || (path[len - 1] == '.' && len > 1 && path[len - 2] == '/')))
		len--;
	return len > 2 && memcmp(path + len - 3, "/..", 3) == 0;
}

/* "/", "/./", and a pattern for all that there is, as "/" and a star; "etc/.." leads nowhere. */
static bool is_all(const char *path)
{
	size_t len, below = 0; /* how many folders the names lead down */

	for (const char *p = path; *p; p += len) {
		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len == 2 && memcmp(p, "..", 2) == 0)
			below -= below > 0;
		else if (len && !(len == 1 && *p == '.') &&
			 (strspn(p, "*?") < len || !memchr(p, '*', len)))
			below++;
	}
	return *path == '/' && !below;
}

static int fill(struct making *m, const char *arg)
{
	switch (m->op.kind) {
	case MKD_FILEOP_COPY_IN:
		return copy_in(m, arg);
	case MKD_FILEOP_WRITE:
	case MKD_FILEOP_APPEND_LINE:
		return content(m, arg);
	case MKD_FILEOP_LINK:
		return link_op(m, arg);
	case MKD_FILEOP_CHMOD:
		return chmod_op(m, arg);
	case MKD_FILEOP_FIRSTBOOT:
		return take_src(m, arg);
	case MKD_FILEOP_DELETE:
	case MKD_FILEOP_MKDIR:
		break;
	}
	if (m->op.kind == MKD_FILEOP_DELETE && is_up(arg))
		return wrong(m, "a path that ends in '..' names what is not meant",
			     "the path without it");
	if (m->op.kind == MKD_FILEOP_DELETE && is_all(arg))
		return wrong(m, "that is all of the root", "a path in it");
	return take_path(m, arg, &m->op.path);
}

static int add(const struct mkd_draft *j, const struct mkd_fileop *op)
{
	struct mkd_plan *p = j->p;

	if (p->n_fileops == MKD_FILEOPS_MAX)
		return mkd_fail(j->err, MKD_EXIT_USAGE, E2BIG,
				"%s: over %d changes of files; put them into the tarball, or into "
				"a folder for --copy-in",
				op->origin, MKD_FILEOPS_MAX);
	p->fileops[p->n_fileops++] = *op;
	return 0;
}

/* One link a name. */
static int add_links(struct making *m)
{
	const char *rest = m->op.path;
	int r = 0;

	while (r == 0 && rest) {
		const char *colon = strchr(rest, ':');
		cleanup_free char *one = NULL;

		r = mkd_asprintf(&one, m->j->err, "%.*s",
				 (int)(colon ? (size_t)(colon - rest) : strlen(rest)), rest);
		if (r == 0 && one)
			r = take_path(m, one, &m->op.path);
		if (r == 0)
			r = add(m->j, &m->op);
		rest = colon ? colon + 1 : NULL;
	}
	return r;
}

static int take_one(const struct mkd_draft *j, const char *text, const char *origin)
{
	struct making m = { .j = j };
	const char *arg;
	size_t kind = kind_of(text, &arg);
	char word[32], hint[112];
	struct mkd_suggest near = { .word = word };
	int r = mkd_draft_keep(j, origin, &m.op.origin);

	if (r < 0)
		return r;
	(void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, " "), text);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		mkd_suggest_offer(&near, words[i]);
	if (kind == ARRAY_LEN(words))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%.100s' does not begin with a word for a change of files, "
				"like 'write'%s",
				origin, text, mkd_suggest_text(&near, "", hint));
	m.op.kind = (enum mkd_fileop_kind)kind;
	r = *arg ? fill(&m, arg) : wrong(&m, "the value is empty", "what is to be changed");
	if (r < 0)
		return r;
	return kind == MKD_FILEOP_LINK ? add_links(&m) : add(j, &m.op);
}

int mkd_fileops_plan(const struct mkd_draft *j)
{
	const struct mkd_setting *at = &j->s->of[MKD_KEY_FILES];
	int r = 0;

	if (!at->values.n)
		return 0;
	j->p->fileops = calloc(MKD_FILEOPS_MAX, sizeof(*j->p->fileops));
	if (!j->p->fileops)
		return mkd_nomem(j->err);
	for (size_t i = 0; r == 0 && i < at->values.n; i++)
		r = take_one(j, at->values.v[i], at->origins.v[i]);
	return r;
}
