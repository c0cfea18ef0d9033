/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/consoles.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/inittab.h"

#define TABS "/etc/inittab.d"

/* Paths of what init reads beside inittab, and all their texts. */
struct tabs {
	struct mkd_strv paths;
	struct mkd_buf texts;
	size_t hvc0; /* the first with an active getty on it, from 1 on; 0 = none */
};

static void tabs_free(struct tabs *t)
{
	mkd_strv_free(&t->paths);
	mkd_buf_free(&t->texts);
}

/* init.c, read_inittab(): names that end in ".tab", with something before it. */
static bool is_tab(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcmp(name + len - 4, ".tab") == 0;
}

static int read_tab(const struct mkd_hook_ctx *c, const char *name, struct tabs *ret,
		    struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, err, TABS "/%s", name);

	if (r == 0)
		r = mkd_tree_read(c->tree, path, MKD_GUEST_TEXT_MAX, &text, err);
	if (r == -ENOENT || r == -EISDIR) /* a dangling link, a folder: init skips it */
		return 0;
	if (r == 0)
		r = mkd_strv_add(&ret->paths, path, err);
	if (r < 0)
		return r;
	if (!ret->hvc0 && mkd_inittab_has_hvc0(mkd_span_buf(&text)))
		ret->hvc0 = ret->paths.n;
	mkd_buf_add(&ret->texts, mkd_buf_cstr(&text), text.len);
	mkd_buf_str(&ret->texts, "\n");
	return mkd_buf_check(&ret->texts, err);
}

static int read_tabs(const struct mkd_hook_ctx *c, struct tabs *ret, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };
	int r;

	if (!mkd_tree_exists(c->tree, TABS))
		return 0;
	r = mkd_tree_list(c->tree, TABS, &names, err);
	if (r == -ENOTDIR)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (is_tab(names.v[i]))
			r = read_tab(c, names.v[i], ret, err);
	return r;
}

static int edit_tabs(const struct mkd_hook_ctx *c, const struct tabs *tabs, size_t keep,
		     struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = 0;

	for (size_t i = 0; r == 0 && i < tabs->paths.n; i++) {
		const bool has = keep == i + 1;

		r = mkd_guest_edit(&io, tabs->paths.v[i], 0,
				   (struct mkd_edit){ mkd_inittab_off, &has }, err);
	}
	return r;
}

/* inittab has a getty on hvc0, or gets one. */
static int edit_inittab(const struct mkd_hook_ctx *c, const struct tabs *tabs, bool has_hvc0,
			struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_inittab t = { mkd_console_getty(c->tree), mkd_span_buf(&tabs->texts) };

	if (!t.command && !has_hvc0)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: the root has no getty; looked for "
				"agetty, getty and mingetty in '/sbin', '/usr/sbin', '/usr/bin'");
	return mkd_guest_edit(&io, "/etc/inittab", 0,
			      (struct mkd_edit){ mkd_inittab_edit_beside, &t }, err);
}

static int edit_all(const struct mkd_hook_ctx *c, struct mkd_span text, const struct tabs *tabs,
		    struct mkd_err *err)
{
	static const bool none = false;
	const struct mkd_guest_io io = mkd_hook_io(c);
	bool has_hvc0 = mkd_inittab_has_hvc0(text);
	int r;

	if (!mkd_inittab_has_default(text) && !mkd_inittab_has_default(mkd_span_buf(&tabs->texts)))
		mkd_say(c->ui, MKD_WARN,
			"'/etc/inittab' has no initdefault line: init will ask for a runlevel on "
			"the console at each boot");
	if (has_hvc0 || !tabs->hvc0)
		r = edit_inittab(c, tabs, has_hvc0, err);
	else
		r = mkd_guest_edit(&io, "/etc/inittab", 0,
				   (struct mkd_edit){ mkd_inittab_off, &none }, err);
	return r < 0 ? r : edit_tabs(c, tabs, has_hvc0 ? 0 : tabs->hvc0, err);
}

int mkd_console_sysvinit(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup(tabs_free) struct tabs tabs = { 0 };
	int r = mkd_tree_read(c->tree, "/etc/inittab", MKD_GUEST_TEXT_MAX, &text, err);

	if (r == -ENOENT)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: '%s' is sysvinit, but there is no "
				"'/etc/inittab'",
				c->facts->init_target);
	if (r == 0)
		r = read_tabs(c, &tabs, err);
	return r < 0 ? r : edit_all(c, mkd_span_buf(&text), &tabs, err);
}
