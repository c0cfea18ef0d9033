/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/bbroot.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/bbinittab.h"
#include "mkdomu/unitfile.h"

#define PROGRAM_MAX_BYTES (8 * MIB)
#define SCRIPT_MAX_BYTES  (256 * KIB)

/* The names of all applets are one string in the program, parted by NUL bytes. */
static bool has_applet(struct mkd_tree *t, const char *path, const char *name)
{
	cleanup_buf struct mkd_buf program = { 0 };
	struct mkd_err ignored;
	char word[32];
	int len = snprintf(word, sizeof(word), "%c%s", 0, name) + 1;

	return mkd_tree_read(t, path, PROGRAM_MAX_BYTES, &program, &ignored) == 0 &&
	       memmem(mkd_buf_cstr(&program), program.len, word, (size_t)len);
}

bool mkd_bb_applet(struct mkd_tree *t, const char *name, struct mkd_buf *ret)
{
	static const char *const dirs[] = { "/sbin", "/bin", "/usr/sbin", "/usr/bin" };
	static const char *const programs[] = { "/bin/busybox", "/usr/bin/busybox",
						"/sbin/busybox" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		mkd_buf_reset(ret);
		mkd_buf_printf(ret, "%s/%s", dirs[i], name);
		if (!ret->failed && mkd_tree_exists(t, mkd_buf_cstr(ret)))
			return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		if (!has_applet(t, programs[i], name))
			continue;
		mkd_buf_reset(ret);
		mkd_buf_printf(ret, "%s %s", programs[i], name);
		return !ret->failed;
	}
	return false;
}

static bool file_mentions(struct mkd_tree *t, const char *path, const char *word)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err ignored;

	return mkd_tree_read(t, path, SCRIPT_MAX_BYTES, &text, &ignored) == 0 &&
	       mkd_unit_mentions(mkd_span_buf(&text), word);
}

static bool boot_mentions(struct mkd_tree *t, const char *word)
{
	static const char *const dirs[] = { "/etc/init.d", "/etc/rc.d", "/etc/rcS.d" };

	if (file_mentions(t, "/etc/inittab", word))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++) {
		cleanup_strv struct mkd_strv names = { 0 };
		struct mkd_err ignored;
		bool found = false;

		if (mkd_tree_list(t, dirs[i], &names, &ignored) < 0)
			continue;
		for (size_t k = 0; !found && k < names.n; k++) {
			cleanup_buf struct mkd_buf path = { 0 };

			mkd_buf_printf(&path, "%s/%s", dirs[i], names.v[k]);
			found = !path.failed && file_mentions(t, mkd_buf_cstr(&path), word);
		}
		if (found)
			return true;
	}
	return false;
}

int mkd_bb_at_boot(const struct mkd_guest_io *io, const char *applet, const char *args,
		   struct mkd_err *err)
{
	cleanup_buf struct mkd_buf command = { 0 };
	struct mkd_edit edit;
	int r;

	if (boot_mentions(io->tree, applet))
		return 0;
	if (!mkd_bb_applet(io->tree, applet, &command)) {
		mkd_say(io->ui, MKD_WARN, "nothing in this root runs '%s' at boot, and it has none",
			applet);
		return 0;
	}
	mkd_buf_printf(&command, " %s", args);
	r = mkd_buf_check(&command, err);
	edit = (struct mkd_edit){ mkd_bbinittab_sysinit, mkd_buf_cstr(&command) };
	return r < 0 ? r : mkd_guest_edit(io, "/etc/inittab", 0, edit, err);
}
