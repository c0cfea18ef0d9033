/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/consoles.h"

#include <errno.h>
#include <string.h>

static int unknown_init(const struct mkd_facts *f, struct mkd_err *err)
{
	if (!f->init_target[0])
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
				"cannot set up a login on hvc0: there is no init; looked for "
				"'/sbin/init', '/etc/init' and '/bin/init'; use a tarball with "
				"one, or leave this hook out");
	return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
			"cannot set up a login on hvc0: '%s' leads to '%s', which is no init that "
			"I know; looked for systemd, BusyBox, openrc-init, runit-init, dinit, "
			"s6-linux-init, and sysvinit (an 'init' with '/etc/inittab', "
			"'/etc/init.d/rc' or OpenRC); use another tarball, or leave this hook out "
			"and set it up yourself",
			f->init_path, f->init_target);
}

/* The getty's command for inittab; NULL when there is no getty. */
const char *mkd_console_getty(struct mkd_tree *t)
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

int mkd_hook_console(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_edit securetty = { add_tty, "hvc0" };
	int r;

	switch (c->facts->init) {
	case MKD_INIT_SYSVINIT:
		r = mkd_console_sysvinit(c, err);
		break;
	case MKD_INIT_SYSTEMD:
		r = mkd_console_systemd(c, err);
		break;
	case MKD_INIT_BUSYBOX:
		r = mkd_console_busybox(c, err);
		break;
	case MKD_INIT_OPENRC:
		r = mkd_console_openrc(c, err);
		break;
	case MKD_INIT_RUNIT:
		r = mkd_console_runit(c, err);
		break;
	case MKD_INIT_DINIT:
		r = mkd_console_dinit(c, err);
		break;
	case MKD_INIT_S6:
		r = mkd_console_s6(c, err);
		break;
	default:
		return unknown_init(c->facts, err);
	}
	/* Never two on hvc0: inittab's it is. */
	if (r == 0 && c->facts->openrc &&
	    (c->facts->init == MKD_INIT_SYSVINIT || c->facts->init == MKD_INIT_BUSYBOX))
		r = mkd_console_runlevels(c, NULL, err);
	if (r == 0)
		r = mkd_console_poweroff(c, err);
	/* Only where it exists: a new one would lock root out of all terminals it does not name. */
	if (r == 0 && c->facts->securetty)
		r = mkd_guest_edit(&io, "/etc/securetty", 0, securetty, err);
	return r;
}
