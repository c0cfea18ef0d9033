/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console under systemd: an instance of serial-getty@.service. */
#include <errno.h>

#include "mkdomu/consoles.h"
#include "mkdomu/unitfile.h"

#define UNIT_MAX_BYTES (256 * KIB)
#define GETTY_UNIT     "serial-getty@.service"
#define HVC0_UNIT      "serial-getty@hvc0.service"

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

int mkd_console_systemd(const struct mkd_hook_ctx *c, struct mkd_err *err)
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
	if (!mkd_console_getty(c->tree))
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
