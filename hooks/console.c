/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hooks.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/inittab.h"
#include "mkdomu/unitfile.h"

#define UNIT_MAX_BYTES (256 * KIB)
#define GETTY_UNIT     "serial-getty@.service"
#define HVC0_UNIT      "serial-getty@hvc0.service"

static int unknown_init(const struct mkd_facts *f, struct mkd_err *err)
{
	if (!f->init_target[0])
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
				"cannot set up a login on hvc0: there is no init at '/sbin/init'; "
				"use a tarball with sysvinit or systemd, or leave this hook out");
	if (strcmp(f->init_target, "/sbin/init") == 0 ||
	    strcmp(f->init_target, "/usr/bin/init") == 0 ||
	    strcmp(f->init_target, "/usr/sbin/init") == 0)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
				"cannot set up a login on hvc0: '%s' is neither a link to systemd "
				"nor sysvinit's (it is BusyBox, or there is no '/etc/inittab', "
				"'/etc/init.d/rc' or OpenRC); use another tarball, or leave this "
				"hook out and set it up yourself",
				f->init_target);
	return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
			"cannot set up a login on hvc0: '/sbin/init' leads to '%s', which is "
			"neither sysvinit nor systemd; use another tarball, or leave this hook out "
			"and set it up yourself",
			f->init_target);
}

/* The getty's command for inittab; NULL when there is no getty. */
static const char *getty_command(struct mkd_tree *t)
{
	static const struct {
		const char *path, *command;
	} gettys[] = {
		{ "/sbin/agetty", "/sbin/agetty -L 115200 hvc0 vt100" },
		{ "/usr/sbin/agetty", "/usr/sbin/agetty -L 115200 hvc0 vt100" },
		{ "/usr/bin/agetty", "/usr/bin/agetty -L 115200 hvc0 vt100" },
		{ "/sbin/getty", "/sbin/getty -L 115200 hvc0 vt100" },
		{ "/usr/sbin/getty", "/usr/sbin/getty -L 115200 hvc0 vt100" },
		{ "/sbin/mingetty", "/sbin/mingetty hvc0" },
	};

	for (size_t i = 0; i < ARRAY_LEN(gettys); i++)
		if (mkd_tree_exists(t, gettys[i].path))
			return gettys[i].command;
	return NULL;
}

static int edit_inittab(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_edit edit = { mkd_inittab_edit, getty_command(c->tree) };
	int r = mkd_tree_read(c->tree, "/etc/inittab", MKD_GUEST_TEXT_MAX, &text, err);

	if (r == -ENOENT)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: '%s' is sysvinit, but there is no "
				"'/etc/inittab'",
				c->facts->init_target);
	if (r < 0)
		return r;
	if (!edit.arg && mkd_inittab_has_hvc0(mkd_span_buf(&text)))
		edit.arg = ""; /* nothing will be added */
	if (!edit.arg)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: the root has no getty; looked for "
				"agetty, getty and mingetty in '/sbin', '/usr/sbin', '/usr/bin'");
	if (!mkd_inittab_has_default(mkd_span_buf(&text)))
		mkd_say(c->ui, MKD_WARN,
			"'/etc/inittab' has no initdefault line: init will ask for a runlevel on "
			"the console at each boot");
	return mkd_guest_edit(&io, "/etc/inittab", 0, edit, err);
}

/* A line that names the terminal, or one more. */
static int add_tty(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	struct mkd_span rest = in;
	bool there = false;
	struct mkd_line l;

	(void)err;
	while (mkd_line_next(&rest, &l)) {
		struct mkd_span words = mkd_span_trim(l.text), word;

		there = there || (mkd_word_next(&words, &word) && mkd_span_is(word, arg));
	}
	mkd_text_span(out, in);
	if (!there)
		mkd_text_add(out, arg);
	return 0;
}

/* Without udev no .device unit comes up: hvc0 gets a unit of its own that is not bound to one. */
static int unbound_getty(const struct mkd_hook_ctx *c, const char *template, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 }, out = { 0 };
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = mkd_tree_read(c->tree, template, UNIT_MAX_BYTES, &text, err);

	if (r == 0)
		r = mkd_unit_unbind(mkd_span_buf(&text), NULL, &out, err);
	if (r == 0)
		r = mkd_buf_check(&out, err);
	if (r == 0)
		r = mkd_tree_mkdirs(c->tree, "/etc/systemd/system", 0755, err);
	return r < 0 ? r
		     : mkd_guest_write(&io, "/etc/systemd/system/" HVC0_UNIT, mkd_buf_cstr(&out),
				       0644, err);
}

static int systemd_getty(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf template = { 0 };
	const struct mkd_guest_io io = mkd_hook_io(c);
	const char *target;
	int r = 0;

	if (!mkd_unit_find(c->tree, c->facts, GETTY_UNIT, &template) &&
	    !mkd_unit_masked(c->tree, GETTY_UNIT))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: there is no unit '" GETTY_UNIT
				"' in '%s/system'",
				c->facts->unit_dir);
	if (mkd_unit_masked(c->tree, HVC0_UNIT) || mkd_unit_masked(c->tree, GETTY_UNIT))
		return mkd_fail(err, MKD_EXIT_HOOK, EPERM,
				"cannot set up a login on hvc0: this root masks '" HVC0_UNIT
				"' or '" GETTY_UNIT "' in '/etc/systemd/system'");
	if (!getty_command(c->tree))
		mkd_say(c->ui, MKD_WARN,
			"the root has no agetty, which '" GETTY_UNIT "' starts: there will be no "
			"login on the console");
	target = mkd_buf_cstr(&template);
	if (!c->facts->udev) {
		r = unbound_getty(c, target, err);
		target = "/etc/systemd/system/" HVC0_UNIT;
	}
	/* systemd-getty-generator(8) finds hvc0 by itself; the link also holds without it. */
	return r < 0 ? r
		     : mkd_guest_link(&io, target,
				      "/etc/systemd/system/getty.target.wants/" HVC0_UNIT, err);
}

int mkd_hook_console(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_edit securetty = { add_tty, "hvc0" };
	int r;

	switch (c->facts->init) {
	case MKD_INIT_SYSVINIT:
		r = edit_inittab(c, err);
		break;
	case MKD_INIT_SYSTEMD:
		r = systemd_getty(c, err);
		break;
	default:
		return unknown_init(c->facts, err);
	}
	/* Only where it exists: a new one would lock root out of all terminals it does not name. */
	if (r == 0 && c->facts->securetty)
		r = mkd_guest_edit(&io, "/etc/securetty", 0, securetty, err);
	return r;
}
