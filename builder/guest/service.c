/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/service.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/stat.h>

#define SERVICE_MAX_BYTES (256 * KIB)
#define DOWN              "There is no such terminal in a Xen guest.\n" /* runsv(8) looks for the name alone */

const char *mkd_runit_level(struct mkd_tree *t)
{
	static const char *const dirs[] = { "/etc/runit/runsvdir/default", "/etc/service",
					    "/var/service", "/service", NULL };

	return mkd_guest_first(t, dirs);
}

static bool find_in(struct mkd_tree *t, const char *const *dirs, const char *name,
		    struct mkd_buf *ret)
{
	for (; *dirs; dirs++) {
		mkd_buf_reset(ret);
		mkd_buf_printf(ret, "%s/%s", *dirs, name);
		if (!ret->failed && mkd_tree_exists(t, mkd_buf_cstr(ret)))
			return true;
	}
	return false;
}

bool mkd_runit_service(struct mkd_tree *t, const char *name, struct mkd_buf *ret)
{
	static const char *const dirs[] = { "/etc/sv", "/etc/runit/sv", "/usr/share/runit/sv",
					    NULL };

	return find_in(t, dirs, name, ret);
}

bool mkd_dinit_service(struct mkd_tree *t, const char *name, struct mkd_buf *ret)
{
	static const char *const dirs[] = { "/etc/dinit.d", "/usr/lib/dinit.d", "/lib/dinit.d",
					    NULL };

	return find_in(t, dirs, name, ret);
}

/* "waits-for.d = boot.d" or "waits-for.d: boot.d", from the folder that the service is in. */
static bool waits_for_dir(const struct mkd_line *l, const char *file, struct mkd_buf *ret)
{
	static const char key[] = "waits-for.d";
	struct mkd_span s = mkd_span_trim(l->text), value;
	const char *slash = strrchr(file, '/');

	if (!mkd_span_starts(s, key))
		return false;
	value = (struct mkd_span){ s.p + sizeof(key) - 1, s.len - (sizeof(key) - 1) };
	value = mkd_span_trim(value);
	if (!value.len || (*value.p != '=' && *value.p != ':'))
		return false;
	value.p++;
	value.len--;
	value = mkd_span_trim(value);
	if (!value.len)
		return false;
	mkd_buf_reset(ret);
	if (*value.p != '/')
		mkd_buf_printf(ret, "%.*s/", (int)(slash - file), file);
	mkd_text_span(ret, value);
	return !ret->failed && mkd_span_starts(mkd_span_buf(ret), "/etc/");
}

bool mkd_dinit_level(struct mkd_tree *t, struct mkd_buf *ret)
{
	cleanup_buf struct mkd_buf file = { 0 }, text = { 0 }, dir = { 0 };
	struct mkd_err ignored;
	struct mkd_span rest;
	struct mkd_line l;
	bool found = false;

	if (!mkd_dinit_service(t, "boot", &file) ||
	    mkd_tree_read(t, mkd_buf_cstr(&file), SERVICE_MAX_BYTES, &text, &ignored) < 0)
		return false;
	for (rest = mkd_span_buf(&text); mkd_line_next(&rest, &l);) {
		if (mkd_line_idle(&l) || !waits_for_dir(&l, mkd_buf_cstr(&file), &dir))
			continue;
		mkd_buf_reset(ret);
		mkd_text_span(ret, mkd_span_buf(&dir));
		found = !ret->failed;
	}
	return found;
}

static int link_in(const struct mkd_guest_io *io, const char *target, const char *dir,
		   const char *name, struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, err, "%s/%s", dir, name);

	return r < 0 ? r : mkd_guest_link(io, target, path, err);
}

/* Scripts S00name to S99name, which BusyBox's rcS and sysvinit's rc start. */
static bool has_script(struct mkd_tree *t, const char *dir, const char *name)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_err ignored;
	char pattern[64];

	(void)snprintf(pattern, sizeof(pattern), "S[0-9][0-9]%s*", name);
	if (mkd_tree_list(t, dir, &names, &ignored) < 0)
		return false;
	for (size_t i = 0; i < names.n; i++)
		if (fnmatch(pattern, names.v[i], 0) == 0)
			return true;
	return false;
}

/* Of an init whose services are links in a folder. */
static int enable_link(const struct mkd_guest_io *io, const struct mkd_facts *facts,
		       const char *name, bool *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf service = { 0 }, dir = { 0 };
	const char *level = NULL;

	if (facts->init == MKD_INIT_RUNIT && mkd_runit_service(io->tree, name, &service))
		level = mkd_runit_level(io->tree);
	else if (facts->init == MKD_INIT_DINIT && mkd_dinit_service(io->tree, name, &service) &&
		 mkd_dinit_level(io->tree, &dir))
		level = mkd_buf_cstr(&dir);
	*ret = level != NULL;
	return level ? link_in(io, mkd_buf_cstr(&service), level, name, err) : 0;
}

static int enable_one(const struct mkd_guest_io *io, const struct mkd_facts *facts,
		      const char *name, bool *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf path = { 0 };
	const char *scripts = facts->init == MKD_INIT_SYSVINIT  ? "/etc/rc2.d"
			      : facts->init == MKD_INIT_BUSYBOX ? "/etc/init.d"
								: NULL;
	char unit[64];

	*ret = true;
	if (facts->init == MKD_INIT_SYSTEMD) {
		(void)snprintf(unit, sizeof(unit), "%s.service", name);
		if (mkd_unit_find(io->tree, facts, unit, &path))
			return mkd_unit_enable(io, facts, unit, err);
	} else if (facts->init == MKD_INIT_RUNIT || facts->init == MKD_INIT_DINIT) {
		return enable_link(io, facts, name, ret, err);
	} else if (facts->openrc) {
		(void)snprintf(unit, sizeof(unit), "/etc/init.d/%s", name);
		if (mkd_tree_exists(io->tree, unit))
			return mkd_runlevel_add(io, name, "default", err);
	} else if (scripts && has_script(io->tree, scripts, name)) {
		return 0;
	}
	*ret = false;
	return 0;
}

int mkd_service_enable(const struct mkd_guest_io *io, const struct mkd_facts *facts,
		       const char *const *names, bool *ret, struct mkd_err *err)
{
	bool done = false;
	int r = 0;

	for (; r == 0 && !done && *names; names++)
		r = enable_one(io, facts, *names, &done, err);
	if (r == 0)
		*ret = done;
	return r;
}

enum mkd_port mkd_service_port(const char *name)
{
	const char *getty = strstr(name, "getty");

	/* a service called "console" is rarely a getty */
	if (!getty)
		return strcmp(name, "console") == 0 ? MKD_PORT_NONE
						    : mkd_port_of(mkd_span_of(name));
	getty += strlen("getty");
	if (!*getty || !strchr("-.@_", *getty))
		return MKD_PORT_NONE;
	return mkd_port_of(mkd_span_of(getty + 1));
}

int mkd_gettys_off(const struct mkd_guest_io *io, const char *dir, const char *keep,
		   struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };
	int r = mkd_tree_list(io->tree, dir, &names, err);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *path = NULL, *down = NULL;
		struct mkd_tree_stat st;

		if (mkd_service_port(names.v[i]) == MKD_PORT_NONE ||
		    (keep && strcmp(names.v[i], keep) == 0))
			continue;
		r = mkd_asprintf(&path, err, "%s/%s", dir, names.v[i]);
		if (r == 0)
			r = mkd_asprintf(&down, err, "%s/down", path);
		if (r == 0)
			r = mkd_tree_stat(io->tree, path, false, &st, err);
		if (r == 0)
			r = S_ISDIR(st.mode) ? mkd_guest_write(io, down, DOWN, 0644, err)
					     : mkd_guest_remove(io, path, err);
	}
	return r;
}
