/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/hooks.h"
#include "mkdomu/shellvar.h"

#define ZONES       "/usr/share/zoneinfo"
#define LOCALES     "/usr/lib/locale"
#define ARCHIVE_MAX (64 * MIB) /* a locale-archive with everything is larger */
#define FOLDERS_MAX 1000       /* of keymaps */

static int missing(const char *what, const char *value, const char *todo, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "this root has no %s '%s'; %s", what, value,
			todo);
}

static int set_var(const struct mkd_hook_ctx *c, const char *path, const char *name,
		   const char *value, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	const struct mkd_shellvar var = { name, value };

	return mkd_guest_edit(&io, path, 0644, (struct mkd_edit){ mkd_shellvar_edit, &var }, err);
}

static bool is_debian(struct mkd_tree *t)
{
	return mkd_tree_exists(t, "/var/lib/dpkg") && mkd_tree_exists(t, "/etc/default");
}

/* -- time zone -- */

static int link_zone(const struct mkd_hook_ctx *c, const char *target, struct mkd_err *err)
{
	static const char path[] = "/etc/localtime";
	cleanup_buf struct mkd_buf now = { 0 };
	struct mkd_tree_stat st;
	struct mkd_err ignored;
	int r = 0;

	if (mkd_tree_stat(c->tree, path, false, &st, &ignored) < 0)
		return mkd_tree_symlink(c->tree, target, path, err);
	if (S_ISDIR(st.mode))
		return mkd_fail(err, MKD_EXIT_HOOK, EISDIR, "'%s' is a folder", path);
	if (S_ISLNK(st.mode))
		r = mkd_tree_readlink(c->tree, path, &now, err);
	if (r < 0 || strcmp(mkd_buf_cstr(&now), target) == 0)
		return r;
	r = mkd_tree_remove(c->tree, path, err);
	return r < 0 ? r : mkd_tree_symlink(c->tree, target, path, err);
}

static int set_zone(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	const char *zone = c->guest->timezone;
	cleanup_free char *target = NULL, *line = NULL;
	struct mkd_tree_stat st = { 0 };
	struct mkd_err ignored;
	int r = mkd_asprintf(&target, err, ".." ZONES "/%s", zone); /* as timedatectl(1) has it */

	if (r == 0)
		r = mkd_asprintf(&line, err, "%s\n", zone);
	if (r < 0 || !target)
		return r;
	if (mkd_tree_stat(c->tree, target + 2, true, &st, &ignored) < 0 || !S_ISREG(st.mode))
		return missing("time zone", zone,
			       "names are those of the files in '" ZONES
			       "', which tzdata or timezone-data brings",
			       err);
	r = link_zone(c, target, err);
	if (r == 0 && (mkd_guest_has(c->tree, "/etc/timezone") || is_debian(c->tree) ||
		       (c->facts->openrc && c->facts->init != MKD_INIT_SYSTEMD)))
		r = mkd_guest_write(&io, "/etc/timezone", line, 0644, err);
	return r;
}

/* -- locale -- */

/* As glibc names it: of the codeset letters and digits alone, in lower case: "en_US.utf8". */
static void normalise(const char *name, char ret[static 80])
{
	size_t n = 0;
	bool codeset = false;

	for (; *name && n < 79; name++) {
		if (*name == '@')
			codeset = false;
		if (codeset && !isalnum((unsigned char)*name))
			continue;
		ret[n++] = codeset ? (char)tolower((unsigned char)*name) : *name;
		if (*name == '.')
			codeset = true;
	}
	ret[n] = '\0';
}

/* The archive's names end in a NUL, and what is before one is the end of another string. */
static int in_archive(const struct mkd_hook_ctx *c, const char *name, bool *ret,
		      struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	int r = mkd_tree_read(c->tree, LOCALES "/locale-archive", ARCHIVE_MAX, &text, err);
	size_t len = strlen(name) + 1;

	*ret = false;
	if (r == -EFBIG) {
		mkd_say(c->ui, MKD_WARN, "cannot tell whether this root has the locale '%s'", name);
		*ret = true;
		return 0;
	}
	if (r == -ENOENT)
		return 0;
	for (const char *p = text.data, *end = p + text.len; r == 0 && p && p < end; p++) {
		p = memmem(p, (size_t)(end - p), name, len);
		if (!p)
			break;
		*ret = *ret || (p > text.data && !p[-1]);
	}
	return r;
}

static bool is_musl(struct mkd_tree *t)
{
	static const char *const loaders[] = { "/lib/ld-musl-x86_64.so.1",
					       "/lib/ld-musl-aarch64.so.1",
					       "/lib/ld-musl-i386.so.1", NULL };

	return mkd_guest_first(t, loaders) != NULL;
}

static int check_locale(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const char *name = c->guest->locale;
	char plain[80], path[128];
	bool found = false;
	int r;

	normalise(name, plain);
	(void)snprintf(path, sizeof(path), LOCALES "/%s", plain);
	if (strcmp(name, "C") == 0 || strcmp(name, "POSIX") == 0 || strcmp(plain, "C.utf8") == 0 ||
	    is_musl(c->tree) || mkd_tree_exists(c->tree, path))
		return 0;
	r = in_archive(c, plain, &found, err);
	return r < 0 || found ? r
			      : missing("locale", name,
					"it has to be generated there, by locale-gen", err);
}

/* An editor for env-update(1)'s results: the line arg in the place of what begins as it does. */
static int replace_line(struct mkd_span in, const void *arg, struct mkd_buf *out,
			struct mkd_err *err)
{
	const char *line = arg, *end = strpbrk(line, "'");
	char prefix[32];
	struct mkd_line l;

	(void)err;
	(void)snprintf(prefix, sizeof(prefix), "%.*s", (int)(end - line), line);
	while (mkd_line_next(&in, &l))
		if (!mkd_span_starts(l.text, prefix))
			mkd_text_keep(out, &l);
	mkd_text_add(out, line);
	return 0;
}

/* Gentoo: a file for env-update(1), and what it would make of it, as nobody runs it at boot. */
static int set_env(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char *const made[] = { "/etc/profile.env", "/etc/csh.env" };
	const struct mkd_guest_io io = mkd_hook_io(c);
	char line[128];
	int r = set_var(c, "/etc/env.d/02locale", "LANG", c->guest->locale, err);

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(made); i++) {
		if (!mkd_tree_exists(c->tree, made[i]))
			continue;
		(void)snprintf(line, sizeof(line), i ? "setenv LANG '%s'" : "export LANG='%s'",
			       c->guest->locale);
		r = mkd_guest_edit(&io, made[i], 0644, (struct mkd_edit){ replace_line, line },
				   err);
	}
	return r;
}

static int set_locale(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	bool gentoo = mkd_tree_exists(c->tree, "/etc/env.d");
	bool debian = is_debian(c->tree);
	int r = check_locale(c, err);

	if (r == 0 && gentoo)
		r = set_env(c, err);
	if (r == 0 && debian)
		r = set_var(c, "/etc/default/locale", "LANG", c->guest->locale, err);
	if (r == 0 && (c->facts->init == MKD_INIT_SYSTEMD || (!gentoo && !debian)))
		r = set_var(c, "/etc/locale.conf", "LANG", c->guest->locale, err);
	return r;
}

/* -- keymap -- */

static bool is_keymap(const char *file, const char *name)
{
	size_t len = strlen(name);

	return strncmp(file, name, len) == 0 &&
	       (strcmp(file + len, ".map") == 0 || strcmp(file + len, ".map.gz") == 0 ||
		strcmp(file + len, ".bmap") == 0 || strcmp(file + len, ".bmap.gz") == 0);
}

/* In one of the folders or below; -ENOENT without a message: there are none to look into. */
static int find_keymap(struct mkd_tree *t, const char *name, bool *ret, struct mkd_err *err)
{
	static const char *const tops[] = { "/usr/share/keymaps", "/usr/share/kbd/keymaps",
					    "/usr/lib/kbd/keymaps", "/usr/share/bkeymaps" };
	cleanup_strv struct mkd_strv dirs = { 0 };
	size_t n_tops = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(tops); i++)
		if (mkd_tree_exists(t, tops[i])) {
			r = mkd_strv_add(&dirs, tops[i], err);
			n_tops++;
		}
	for (size_t i = 0; r == 0 && i < dirs.n && dirs.n < FOLDERS_MAX; i++) {
		cleanup_strv struct mkd_strv names = { 0 };
		struct mkd_err ignored;

		if (mkd_tree_list(t, dirs.v[i], &names, &ignored) < 0)
			continue; /* a file */
		for (size_t k = 0; r == 0 && k < names.n; k++) {
			cleanup_free char *path = NULL;

			*ret = *ret || is_keymap(names.v[k], name);
			if (strchr(names.v[k], '.')) /* no folder */
				continue;
			r = mkd_asprintf(&path, err, "%s/%s", dirs.v[i], names.v[k]);
			if (r == 0)
				r = mkd_strv_add(&dirs, path, err);
		}
	}
	return r < 0 ? r : n_tops ? 0 : -ENOENT;
}

static int check_layout(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char symbols[] = "/usr/share/X11/xkb/symbols";
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", symbols, c->guest->keymap);
	if (mkd_tree_exists(c->tree, path))
		return 0;
	if (mkd_tree_exists(c->tree, symbols))
		return missing("keyboard layout", c->guest->keymap,
			       "names are those of the files in '/usr/share/X11/xkb/symbols'", err);
	mkd_say(c->ui, MKD_WARN, "cannot tell whether this root knows the keyboard layout '%s'",
		c->guest->keymap);
	return 0;
}

static int check_keymap(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	bool found = false;
	int r = find_keymap(c->tree, c->guest->keymap, &found, err);

	if (r == -ENOENT) {
		mkd_say(c->ui, MKD_WARN, "cannot tell whether this root knows the keymap '%s'",
			c->guest->keymap);
		return 0;
	}
	return r < 0 || found ? r
			      : missing("keymap", c->guest->keymap,
					"names are those of the files that kbd brings, without "
					"'.map.gz'",
					err);
}

static int set_keymap(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	const char *keymap = c->guest->keymap;
	int r;

	if (is_debian(c->tree)) { /* setupcon(1) makes the console's from XKB's */
		r = check_layout(c, err);
		return r < 0 ? r : set_var(c, "/etc/default/keyboard", "XKBLAYOUT", keymap, err);
	}
	r = check_keymap(c, err);
	if (r < 0)
		return r;
	if (c->facts->openrc && c->facts->init != MKD_INIT_SYSTEMD)
		return set_var(c, "/etc/conf.d/keymaps", "keymap", keymap, err);
	return set_var(c, "/etc/vconsole.conf", "KEYMAP", keymap, err);
}

int mkd_hook_locale(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r = 0;

	if (c->guest->timezone)
		r = set_zone(c, err);
	if (r == 0 && c->guest->locale)
		r = set_locale(c, err);
	if (r == 0 && c->guest->keymap)
		r = set_keymap(c, err);
	return r;
}
