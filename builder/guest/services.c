/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enabling services: the second half of guestfile.h. */
#include "mkdomu/guestfile.h"

#include <errno.h>
#include <string.h>

#define UNIT_MAX_BYTES (256 * KIB)
#define UNITS_MAX      32 /* enabled together by Also= */

int mkd_runlevel_add(const struct mkd_guest_io *io, const char *service, const char *level,
		     struct mkd_err *err)
{
	cleanup_free char *target = NULL, *path = NULL;
	int r = mkd_asprintf(&target, err, "/etc/init.d/%s", service);

	if (r == 0)
		r = mkd_asprintf(&path, err, "/etc/runlevels/%s/%s", level, service);
	return r < 0 ? r : mkd_guest_link(io, target, path, err);
}

bool mkd_unit_find(struct mkd_tree *t, const struct mkd_facts *facts, const char *unit,
		   struct mkd_buf *ret)
{
	const char *dirs[] = { "/etc/systemd", facts->unit_dir, "/usr/lib/systemd",
			       "/lib/systemd" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		if (!*dirs[i])
			continue;
		mkd_buf_reset(ret);
		mkd_buf_printf(ret, "%s/system/%s", dirs[i], unit);
		if (!ret->failed && mkd_tree_exists(t, mkd_buf_cstr(ret)))
			return true;
	}
	return false;
}

/* One unit being enabled. */
struct enabling {
	const struct mkd_guest_io *io;
	const char *unit; /* its name */
	const char *file; /* its path */
	struct mkd_strv *queue;
};

static int link_into(const struct enabling *e, const char *kind, struct mkd_span word,
		     struct mkd_err *err)
{
	cleanup_buf struct mkd_buf path = { 0 };
	int r;

	mkd_buf_str(&path, "/etc/systemd/system/");
	mkd_text_span(&path, word);
	if (*kind)
		mkd_buf_printf(&path, ".%s/%s", kind, e->unit);
	r = mkd_buf_check(&path, err);
	return r < 0 ? r : mkd_guest_link(e->io, e->file, mkd_buf_cstr(&path), err);
}

static int queue_unit(const struct enabling *e, struct mkd_span word, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf name = { 0 };
	int r;

	mkd_text_span(&name, word);
	r = mkd_buf_check(&name, err);
	if (r < 0 || mkd_strv_has(e->queue, mkd_buf_cstr(&name)) || e->queue->n >= UNITS_MAX)
		return r;
	return mkd_strv_add(e->queue, mkd_buf_cstr(&name), err);
}

/* A word of a unit file becomes part of a path: no slash, no specifier that we cannot expand. */
static bool is_unit_name(struct mkd_span s)
{
	return s.len && s.len < 256 && *s.p != '.' && !memchr(s.p, '/', s.len) &&
	       !memchr(s.p, '%', s.len) && !memchr(s.p, '\0', s.len);
}

static int install_line(const struct enabling *e, struct mkd_span line, struct mkd_err *err)
{
	struct mkd_span key, word;
	int r = 0;

	(void)mkd_field_next(&line, '=', &key);
	key = mkd_span_trim(key);
	while (r == 0 && mkd_word_next(&line, &word)) {
		if (!is_unit_name(word))
			continue;
		if (mkd_span_is(key, "WantedBy"))
			r = link_into(e, "wants", word, err);
		else if (mkd_span_is(key, "RequiredBy"))
			r = link_into(e, "requires", word, err);
		else if (mkd_span_is(key, "Alias"))
			r = link_into(e, "", word, err);
		else if (mkd_span_is(key, "Also"))
			r = queue_unit(e, word, err);
	}
	return r;
}

static int enable_one(const struct enabling *e, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_line l;
	struct mkd_span rest, s;
	bool install = false;
	int r = mkd_tree_read(e->io->tree, e->file, UNIT_MAX_BYTES, &text, err);

	for (rest = mkd_span_buf(&text); r == 0 && mkd_line_next(&rest, &l);) {
		s = mkd_span_trim(l.text);
		if (mkd_span_starts(s, "["))
			install = mkd_span_is(s, "[Install]");
		else if (install && !mkd_line_idle(&l) && *s.p != ';')
			r = install_line(e, s, err);
	}
	return r;
}

bool mkd_unit_masked(struct mkd_tree *t, const char *unit)
{
	cleanup_buf struct mkd_buf path = { 0 }, target = { 0 };
	struct mkd_err ignored;

	mkd_buf_printf(&path, "/etc/systemd/system/%s", unit);
	return !path.failed && mkd_tree_readlink(t, mkd_buf_cstr(&path), &target, &ignored) == 0 &&
	       mkd_span_is(mkd_span_buf(&target), "/dev/null");
}

int mkd_unit_enable(const struct mkd_guest_io *io, const struct mkd_facts *facts, const char *unit,
		    struct mkd_err *err)
{
	cleanup_strv struct mkd_strv queue = { 0 };
	cleanup_buf struct mkd_buf file = { 0 };
	int r;

	if (mkd_unit_masked(io->tree, unit))
		return mkd_fail(err, MKD_EXIT_HOOK, EPERM,
				"cannot enable '%s': this root masks it, by "
				"'/etc/systemd/system/%s'; use another tarball, or leave this hook "
				"out",
				unit, unit);
	r = mkd_strv_add(&queue, unit, err);
	for (size_t i = 0; r == 0 && i < queue.n; i++) {
		struct enabling e = { .io = io, .unit = queue.v[i], .queue = &queue };

		if (mkd_unit_find(io->tree, facts, e.unit, &file)) {
			e.file = mkd_buf_cstr(&file);
			r = enable_one(&e, err);
		} else if (i == 0) {
			r = mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				     "cannot enable '%s': no such unit in '%s/system' or "
				     "'/etc/systemd/system'",
				     unit, facts->unit_dir);
		}
	}
	return r;
}
