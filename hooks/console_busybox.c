/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console under BusyBox's init: its inittab, and a way to shut down. */
#include <errno.h>
#include <string.h>

#include "mkdomu/bbinittab.h"
#include "mkdomu/bbroot.h"
#include "mkdomu/consoles.h"
#include "mkdomu/unitfile.h"

#define INITTAB "/etc/inittab"

static bool find_getty(struct mkd_tree *t, struct mkd_buf *ret)
{
	const char *command = mkd_console_getty(t);

	if (command) {
		mkd_buf_str(ret, command);
		return true;
	}
	if (!mkd_bb_applet(t, "getty", ret))
		return false;
	mkd_buf_str(ret, " -L 115200 hvc0 vt100");
	return true;
}

/* What unmounts. BusyBox's init itself only kills and reboots. */
static void find_shutdown(const struct mkd_hook_ctx *c, struct mkd_buf *ret)
{
	static const struct {
		const char *applet, *args;
	} rows[] = { { "swapoff", "-a" }, { "umount", "-a -r" } };
	cleanup_buf struct mkd_buf command = { 0 };

	if (c->facts->openrc) {
		mkd_buf_str(ret, "/sbin/openrc shutdown\n");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (mkd_bb_applet(c->tree, rows[i].applet, &command))
			mkd_buf_printf(ret, "%s %s\n", mkd_buf_cstr(&command), rows[i].args);
}

/*
 * Without the file init does all this by itself, and a shell on the console without a password;
 * what it does not do once there is one is in this.
 */
static int make_inittab(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_buf struct mkd_buf text = { 0 }, command = { 0 };
	int r;

	if (mkd_tree_exists(c->tree, "/etc/init.d/rcS"))
		mkd_buf_str(&text, "::sysinit:/etc/init.d/rcS\n");
	if (mkd_bb_applet(c->tree, "reboot", &command))
		mkd_buf_printf(&text, "::ctrlaltdel:%s\n", mkd_buf_cstr(&command));
	mkd_buf_printf(&text, "::restart:%s\n", c->facts->init_path);
	r = mkd_buf_check(&text, err);
	return r < 0 ? r : mkd_guest_write(&io, INITTAB, mkd_buf_cstr(&text), 0644, err);
}

static int edit_inittab(const struct mkd_hook_ctx *c, struct mkd_span text, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_buf struct mkd_buf getty = { 0 }, shutdown = { 0 };
	struct mkd_bbinittab arg;
	int r;

	if (!find_getty(c->tree, &getty) && !mkd_bbinittab_has_hvc0(text))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: the root has no getty; looked for "
				"agetty, getty and mingetty in '/sbin', '/usr/sbin', '/usr/bin', "
				"and in BusyBox");
	find_shutdown(c, &shutdown);
	r = mkd_buf_check(&getty, err);
	if (r == 0)
		r = mkd_buf_check(&shutdown, err);
	if (r < 0)
		return r;
	arg = (struct mkd_bbinittab){ mkd_buf_cstr(&getty), mkd_buf_cstr(&shutdown) };
	return mkd_guest_edit(&io, INITTAB, 0, (struct mkd_edit){ mkd_bbinittab_edit, &arg }, err);
}

/* An inittab that was made for OpenRC boots into nothing without it, as in Alpine's minirootfs. */
static void warn_without_openrc(const struct mkd_hook_ctx *c, struct mkd_span text)
{
	if (!c->facts->openrc && mkd_unit_mentions(text, "/openrc "))
		mkd_say(c->ui, MKD_WARN,
			"'" INITTAB "' starts OpenRC, which is not in this root: no service will "
			"start and the root file system stays read-only; install openrc (Alpine: "
			"'apk add alpine-base') in the tarball");
}

/* For "xl shutdown" the kernel runs /sbin/poweroff, which signals init. */
static int link_applets(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char *const applets[] = { "poweroff", "reboot" };
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_buf struct mkd_buf command = { 0 }, path = { 0 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(applets); i++) {
		char *blank;

		mkd_buf_reset(&path);
		mkd_buf_printf(&path, "/sbin/%s", applets[i]);
		r = mkd_buf_check(&path, err);
		if (r < 0 || mkd_guest_has(c->tree, mkd_buf_cstr(&path)) ||
		    !mkd_bb_applet(c->tree, applets[i], &command))
			continue;
		blank = strchr(command.data, ' ');
		if (blank)
			*blank = '\0';
		r = mkd_guest_link(&io, command.data, mkd_buf_cstr(&path), err);
	}
	return r;
}

int mkd_console_busybox(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	int r = mkd_tree_read(c->tree, INITTAB, MKD_GUEST_TEXT_MAX, &text, err);

	if (r == -ENOENT) {
		r = make_inittab(c, err);
		mkd_buf_reset(&text);
	}
	if (r == 0)
		r = edit_inittab(c, mkd_span_buf(&text), err);
	if (r < 0)
		return r;
	warn_without_openrc(c, mkd_span_buf(&text));
	return link_applets(c, err);
}
