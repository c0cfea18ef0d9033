/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The console under inits whose gettys are services: openrc-init, runit, dinit, s6-linux-init. */
#include <errno.h>
#include <string.h>

#include "mkdomu/consoles.h"
#include "mkdomu/service.h"
#include "mkdomu/shellvar.h"
#include "mkdomu/unitfile.h"

#define SCRIPT_MAX_BYTES (256 * KIB)

static int no_getty(struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
			"cannot set up a login on hvc0: the root has no getty; looked for agetty, "
			"getty and mingetty in '/sbin', '/usr/sbin', '/usr/bin'");
}

int mkd_console_runlevels(const struct mkd_hook_ctx *c, const char *keep, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_strv struct mkd_strv levels = { 0 };
	int r = mkd_tree_list(c->tree, "/etc/runlevels", &levels, err);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	for (size_t i = 0; r == 0 && i < levels.n; i++) {
		cleanup_free char *dir = NULL;

		r = mkd_asprintf(&dir, err, "/etc/runlevels/%s", levels.v[i]);
		if (r == 0)
			r = mkd_gettys_off(&io, dir, keep, err);
	}
	return r;
}

/* The port is what is behind the dot of the service's name; agetty-guide.md of OpenRC. */
int mkd_console_openrc(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const struct mkd_shellvar vars[] = { { "baud", "115200" },
						    { "term_type", "vt100" },
						    { "agetty_options", "-L" } };
	static const char service[] = "agetty.hvc0";
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_edit edits[ARRAY_LEN(vars)];
	int r;

	for (size_t i = 0; i < ARRAY_LEN(vars); i++)
		edits[i] = (struct mkd_edit){ mkd_shellvar_edit, &vars[i] };
	if (!mkd_tree_exists(c->tree, "/etc/init.d/agetty"))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: the root has openrc-init without "
				"the service '/etc/init.d/agetty'");
	r = mkd_guest_link(&io, "agetty", "/etc/init.d/agetty.hvc0", err);
	if (r == 0)
		r = mkd_tree_mkdirs(c->tree, "/etc/conf.d", 0755, err);
	if (r == 0)
		r = mkd_guest_edits(&io, "/etc/conf.d/agetty.hvc0", 0644, edits, ARRAY_LEN(edits),
				    err);
	if (r == 0)
		r = mkd_runlevel_add(&io, service, "default", err);
	return r < 0 ? r : mkd_console_runlevels(c, service, err);
}

/* A script of ours that must run as a program. */
static int write_program(const struct mkd_hook_ctx *c, const char *path, const char *text,
			 struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	int r = mkd_guest_write(&io, path, text, 0755, err);

	return r < 0 ? r : mkd_tree_chmod(c->tree, path, 0755, err);
}

/* dir/run, which execs the getty; runsv starts it in the session of its own, chpst(8) -P parts
 * them. */
static int write_run(const struct mkd_hook_ctx *c, const char *dir, const char *prefix,
		     struct mkd_err *err)
{
	const char *getty = mkd_console_getty(c->tree);
	cleanup_free char *path = NULL, *text = NULL;
	int r;

	if (!getty)
		return no_getty(err);
	r = mkd_asprintf(&path, err, "%s/run", dir);
	if (r == 0)
		r = mkd_asprintf(&text, err, "#!/bin/sh\nexec %s%s\n", prefix, getty);
	if (r == 0)
		r = mkd_tree_mkdirs(c->tree, dir, 0755, err);
	return r < 0 ? r : write_program(c, path, text, err);
}

int mkd_console_runit(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char *const names[] = { "agetty-hvc0", "getty-hvc0" };
	const struct mkd_guest_io io = mkd_hook_io(c);
	const char *level = mkd_runit_level(c->tree), *name = NULL;
	cleanup_buf struct mkd_buf service = { 0 };
	cleanup_free char *path = NULL;
	int r = 0;

	if (!level)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: the root has runit, but no folder "
				"of services to start; looked for '/etc/runit/runsvdir/default', "
				"'/etc/service', '/var/service' and '/service'");
	for (size_t i = 0; !name && i < ARRAY_LEN(names); i++)
		if (mkd_runit_service(c->tree, names[i], &service))
			name = names[i];
	if (!name) {
		name = names[0];
		mkd_buf_reset(&service);
		mkd_buf_printf(&service, "/etc/sv/%s", name);
		r = mkd_buf_check(&service, err);
		if (r == 0)
			r = write_run(c, mkd_buf_cstr(&service), "chpst -P ", err);
	}
	if (r == 0)
		r = mkd_asprintf(&path, err, "%s/%s", level, name);
	if (r == 0)
		r = mkd_guest_link(&io, mkd_buf_cstr(&service), path, err);
	return r < 0 ? r : mkd_gettys_off(&io, level, name, err);
}

/* A service of ours, behind what lets users log in where the root has such a thing. */
static int write_dinit(const struct mkd_hook_ctx *c, const char *path, struct mkd_err *err)
{
	static const char *const before[] = { "loginready", "login.target" };
	const struct mkd_guest_io io = mkd_hook_io(c);
	const char *getty = mkd_console_getty(c->tree);
	cleanup_buf struct mkd_buf text = { 0 }, found = { 0 };
	int r;

	if (!getty)
		return no_getty(err);
	mkd_buf_printf(&text, "type = process\ncommand = %s\nrestart = true\ntermsignal = HUP\n",
		       getty);
	for (size_t i = 0; i < ARRAY_LEN(before); i++)
		if (mkd_dinit_service(c->tree, before[i], &found)) {
			mkd_buf_printf(&text, "depends-on = %s\n", before[i]);
			break;
		}
	r = mkd_buf_check(&text, err);
	if (r == 0)
		r = mkd_tree_mkdirs(c->tree, "/etc/dinit.d", 0755, err);
	return r < 0 ? r : mkd_guest_write(&io, path, mkd_buf_cstr(&text), 0644, err);
}

/* Every folder "*.d" of services: gettys may hang on another service than boot. */
static int dinit_gettys_off(const struct mkd_hook_ctx *c, const char *keep, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_strv struct mkd_strv names = { 0 };
	int r = mkd_tree_list(c->tree, "/etc/dinit.d", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		size_t len = strlen(names.v[i]);
		cleanup_free char *dir = NULL;

		if (len < 3 || strcmp(names.v[i] + len - 2, ".d") != 0)
			continue;
		r = mkd_asprintf(&dir, err, "/etc/dinit.d/%s", names.v[i]);
		if (r == 0)
			r = mkd_gettys_off(&io, dir, keep, err);
	}
	return r;
}

int mkd_console_dinit(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char *const names[] = { "agetty-hvc0", "getty-hvc0", "hvc0" };
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_buf struct mkd_buf level = { 0 }, service = { 0 };
	cleanup_free char *path = NULL;
	const char *name = NULL;
	int r = 0;

	if (!mkd_dinit_level(c->tree, &level))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: the root has dinit, but its "
				"service boot has no 'waits-for.d' below '/etc'; looked for boot "
				"in '/etc/dinit.d', '/usr/lib/dinit.d' and '/lib/dinit.d'");
	for (size_t i = 0; !name && i < ARRAY_LEN(names); i++)
		if (mkd_dinit_service(c->tree, names[i], &service))
			name = names[i];
	if (!name) {
		name = names[1];
		mkd_buf_reset(&service);
		mkd_buf_printf(&service, "/etc/dinit.d/%s", name);
		r = mkd_buf_check(&service, err);
		if (r == 0)
			r = write_dinit(c, mkd_buf_cstr(&service), err);
	}
	if (r == 0)
		r = mkd_asprintf(&path, err, "%s/%s", mkd_buf_cstr(&level), name);
	if (r == 0)
		r = mkd_guest_link(&io, mkd_buf_cstr(&service), path, err);
	if (r == 0)
		r = mkd_gettys_off(&io, mkd_buf_cstr(&level), name, err);
	return r < 0 ? r : dinit_gettys_off(c, name, err);
}

/* Does a service in dir have a getty on hvc0 already? */
static bool s6_has_hvc0(struct mkd_tree *t, const char *dir)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_err ignored;
	bool found = false;

	if (mkd_tree_list(t, dir, &names, &ignored) < 0)
		return false;
	for (size_t i = 0; !found && i < names.n; i++) {
		cleanup_buf struct mkd_buf path = { 0 }, text = { 0 };

		mkd_buf_printf(&path, "%s/%s/run", dir, names.v[i]);
		found = !path.failed &&
			mkd_tree_read(t, mkd_buf_cstr(&path), SCRIPT_MAX_BYTES, &text, &ignored) ==
				0 &&
			mkd_unit_mentions(mkd_span_buf(&text), "getty") &&
			mkd_unit_mentions(mkd_span_buf(&text), "hvc0");
	}
	return found;
}

/*
 * s6-linux-init(8) copies run-image to /run, and s6-svscan starts what is in its folder service:
 * where "s6-linux-init-maker -G" puts its early getty, ours is, in its stead. s6-supervise gives
 * it a session.
 */
int mkd_console_s6(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char *const dirs[] = { "/etc/s6-linux-init/current/run-image/service",
					    "/etc/s6/current/run-image/service", NULL };
	const char *dir = mkd_guest_first(c->tree, dirs);
	cleanup_free char *service = NULL;
	int r = 0;

	if (!dir)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set up a login on hvc0: the root has s6-linux-init, but no "
				"folder '%s' or '%s'",
				dirs[0], dirs[1]);
	if (!s6_has_hvc0(c->tree, dir)) {
		r = mkd_asprintf(&service, err, "%s/s6-linux-init-early-getty", dir);
		if (r == 0)
			r = write_run(c, service, "", err);
	}
	if (r == 0)
		mkd_say(c->ui, MKD_WARN,
			"s6-rc's database is left as it is: gettys on tty1 and so on that it may "
			"have, without a terminal here, are to be taken out in the guest");
	return r;
}

/* For "xl shutdown" the kernel runs /sbin/poweroff, without arguments; an init of which the
 * programs have other names gets it as a script. */
int mkd_console_poweroff(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const struct {
		enum mkd_init init;
		const char *programs[3], *args[2];
	} rows[] = {
		{ MKD_INIT_OPENRC,
		  { "/sbin/openrc-shutdown", "/usr/bin/openrc-shutdown" },
		  { "--poweroff now", "--reboot now" } },
		{ MKD_INIT_RUNIT, { "/sbin/runit-init", "/usr/bin/runit-init" }, { "0", "6" } },
		{ MKD_INIT_S6,
		  { "/bin/s6-linux-init-shutdown", "/usr/bin/s6-linux-init-shutdown" },
		  { "-p now", "-r now" } },
	};
	static const char *const paths[] = { "/sbin/poweroff", "/sbin/reboot" };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const char *program = mkd_guest_first(c->tree, rows[i].programs);

		if (c->facts->init != rows[i].init || !program)
			continue;
		for (size_t k = 0; r == 0 && k < ARRAY_LEN(paths); k++) {
			cleanup_free char *text = NULL;

			if (mkd_guest_has(c->tree, paths[k]))
				continue;
			r = mkd_asprintf(&text, err, "#!/bin/sh\nexec %s %s\n", program,
					 rows[i].args[k]);
			if (r == 0)
				r = write_program(c, paths[k], text, err);
		}
	}
	if (r == 0 && !mkd_guest_has(c->tree, paths[0]))
		mkd_say(c->ui, MKD_WARN,
			"there is no '/sbin/poweroff' in this root, which the kernel runs for 'xl "
			"shutdown': the guest will not go down by itself");
	return r;
}
