/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/profile.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "mkdomu/confscan.h"
#include "mkdomu/file.h"
#include "mkdomu/suggest.h"

/* -- finding one -- */

int mkd_profile_tree(const char *exe, char **ret, struct mkd_err *err)
{
	const char *end = exe + strlen(exe);

	/* up from <top>/build/<mode>/mkdomu: three names, of which the second is any */
	for (int i = 0; i < 3; i++) {
		const char *name = end;

		while (name > exe && name[-1] != '/')
			name--;
		if (name == exe || (i == 0 && strcmp(name, "mkdomu") != 0) ||
		    (i == 2 && strncmp(name, "build/", 6) != 0))
			return mkd_fail(err, MKD_EXIT_USAGE, ENOENT,
					"'%s' is not in a source tree's build folder", exe);
		end = name - 1;
	}
	return mkd_asprintf(ret, err, "%.*s/profiles", (int)(end - exe), exe);
}

static int add_tree_place(struct mkd_strv *l, struct mkd_err *err)
{
	cleanup_free char *dir = NULL;
	struct mkd_err ignored;
	char exe[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int r;

	if (n <= 0)
		return 0;
	exe[n] = '\0';
	r = mkd_profile_tree(exe, &dir, &ignored);
	if (r == -ENOMEM)
		return mkd_nomem(err);
	return r == 0 && dir && access(dir, X_OK) == 0 ? mkd_strv_add(l, dir, err) : 0;
}

int mkd_profile_places(struct mkd_strv *l, struct mkd_err *err)
{
	int r = mkd_strv_add_config(l, "profiles", err);

	if (r == 0)
		r = mkd_strv_add(l, "/etc/mkdomu/profiles", err);
	if (r == 0)
		r = add_tree_place(l, err);
	if (r == 0)
		r = mkd_strv_add(l, MKD_PROFILE_DIR, err);
	return r;
}

static bool is_path(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') || (len > 5 && strcmp(name + len - 5, ".conf") == 0);
}

int mkd_profile_find(const char *name, char **ret_path, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv dirs = { 0 };
	cleanup_buf struct mkd_buf tried = { 0 };
	int r;

	if (!*name)
		return mkd_fail(err, MKD_EXIT_USAGE, ENOENT, "the profile's name is empty");
	if (is_path(name)) {
		if (access(name, F_OK) != 0)
			return mkd_fail(err, MKD_EXIT_USAGE, ENOENT, "no profile '%s': %s", name,
					strerror(errno));
		return mkd_strdup(name, ret_path, err);
	}
	r = mkd_profile_places(&dirs, err);
	for (size_t i = 0; i < dirs.n && r == 0; i++) {
		cleanup_free char *path = NULL;

		r = mkd_asprintf(&path, err, "%s/%s.conf", dirs.v[i], name);
		if (r == 0 && access(path, F_OK) == 0) {
			*ret_path = steal(&path);
			return 0;
		}
		mkd_buf_printf(&tried, "%s%s", i ? ", " : "", dirs.v[i]);
	}
	return r < 0 ? r
		     : mkd_fail(err, MKD_EXIT_USAGE, ENOENT,
				"no profile '%.200s': there is no '%.200s.conf' in %s", name, name,
				mkd_buf_cstr(&tried));
}

/* -- reading one -- */

#define PROFILE_MAX_BYTES MIB
#define SECTIONS          3

static const char *const section_names[SECTIONS] = { "source", "disk", "domain" };

struct reader {
	const char *path; /* for messages */
	const char *base; /* for origins */
	struct mkd_settings settings;
	unsigned opened[SECTIONS];
	int r;
	struct mkd_err *err;
};

/*
 * libconfuse's callbacks have no argument of the caller's, and its lexer has one state for the
 * whole process. Set while cfg_parse_buf runs only.
 */
static _Thread_local struct reader *reading;

static int refuse(const cfg_t *cfg, const char *what)
{
	reading->r = mkd_fail(reading->err, MKD_EXIT_USAGE, EINVAL, "%s:%d: %s", reading->path,
			      cfg->line, what);
	return -1;
}

static const char *section_of(const cfg_t *cfg)
{
	return strcmp(cfg->name, "root") == 0 ? "" : cfg->name;
}

/* Which key is this? MKD_N_KEYS = none. */
static enum mkd_key key_of(const char *section, const char *name)
{
	enum mkd_key key = 0;

	for (; key < MKD_N_KEYS; key++) {
		const struct mkd_setting_info *info = &mkd_setting_info[key];

		if (info->section && strcmp(info->section, section) == 0 &&
		    strcmp(info->name, name) == 0)
			break;
	}
	return key;
}

static void refuse_unknown(const cfg_t *cfg, const char *name)
{
	const char *section = section_of(cfg);
	struct mkd_suggest near = { .word = name };
	char hint[112], msg[512];

	for (size_t i = 0; i < MKD_N_KEYS; i++) {
		const struct mkd_setting_info *info = &mkd_setting_info[i];

		if (info->section && strcmp(info->section, section) == 0)
			mkd_suggest_offer(&near, info->name);
	}
	for (size_t i = 0; i < SECTIONS && !*section; i++)
		mkd_suggest_offer(&near, section_names[i]);
	(void)mkd_suggest_text(&near, "", hint);
	for (size_t i = 0; i < MKD_N_KEYS && !*hint; i++) {
		const struct mkd_setting_info *info = &mkd_setting_info[i];

		if (strcmp(info->name, name) != 0)
			continue;
		if (!info->section)
			(void)snprintf(hint, sizeof(hint), "; it can only be given as --%s", name);
		else
			(void)snprintf(hint, sizeof(hint), "; it belongs %s%s%s",
				       *info->section ? "into section '" : "outside of sections",
				       info->section, *info->section ? "'" : "");
	}
	(void)snprintf(msg, sizeof(msg), "unknown key '%.200s'%s%s%s%s", name,
		       *section ? " in section '" : "", section, *section ? "'" : "", hint);
	(void)refuse(cfg, msg);
}

static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	char msg[512];

	if (reading->r < 0) /* the first one is the cause */
		return;
	if (strcmp(fmt, "no such option '%s'") == 0) {
		refuse_unknown(cfg, va_arg(ap, const char *));
		return;
	}
	(void)vsnprintf(msg, sizeof(msg), fmt, ap);
	(void)refuse(cfg, msg);
}

/* Called by libconfuse once for each value, with the option's count of values so far in nvalues. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt, const char *value, void *result)
{
	enum mkd_key key = key_of(section_of(cfg), opt->name);
	cleanup_free char *origin = NULL;
	struct mkd_setting *at;
	char msg[256];

	*(const char **)result = value;
	if (key == MKD_N_KEYS) { /* a name in quotes that leads elsewhere: "domain|memory" */
		refuse_unknown(cfg, opt->name);
		return -1;
	}
	at = &reading->settings.of[key];
	if (at->values.n && opt->nvalues == 1) {
		(void)snprintf(msg, sizeof(msg), "'%s' is given twice, first at %.150s; keep one",
			       opt->name, at->origins.v[0]);
		return refuse(cfg, msg);
	}
	if (!*value) {
		(void)snprintf(msg, sizeof(msg), "'%s' is empty; leave it out", opt->name);
		return refuse(cfg, msg);
	}
	/* a profile is passed on and copied: it never names what gets overwritten */
	if (key == MKD_KEY_SWAP && strcmp(value, "none") != 0 && strcmp(value, "file") != 0)
		return refuse(cfg,
			      "'swap' is none or file in a profile; a device or image can only "
			      "be given as --swap");
	reading->r = mkd_asprintf(&origin, reading->err, "%s:%d", reading->base, cfg->line);
	if (reading->r == 0)
		reading->r = mkd_settings_add(&reading->settings, key, value, origin, reading->err);
	return reading->r;
}

static int on_section(cfg_t *cfg, cfg_opt_t *opt)
{
	char msg[64];

	for (size_t i = 0; i < SECTIONS; i++) {
		if (strcmp(section_names[i], opt->name) != 0 || !reading->opened[i]++)
			continue;
		(void)snprintf(msg, sizeof(msg), "section '%s' is there twice; join them",
			       opt->name);
		return refuse(cfg, msg);
	}
	return 0;
}

/* The keys of one section, from the table of settings; ends as libconfuse wants it. */
static size_t add_keys(cfg_opt_t *opts, const char *section)
{
	size_t n = 0;

	for (size_t i = 0; i < MKD_N_KEYS; i++) {
		const struct mkd_setting_info *info = &mkd_setting_info[i];
		const cfg_opt_t one = CFG_STR_CB(info->name, NULL, CFGF_NODEFAULT, on_value);
		const cfg_opt_t list = CFG_STR_LIST_CB(info->name, NULL, CFGF_NODEFAULT, on_value);

		if (info->section && strcmp(info->section, section) == 0)
			opts[n++] = info->list ? list : one;
	}
	opts[n] = (cfg_opt_t)CFG_END();
	return n;
}

static cfg_t *make_grammar(void)
{
	cfg_opt_t sections[SECTIONS][MKD_N_KEYS + 1];
	cfg_opt_t top[MKD_N_KEYS + SECTIONS + 1];
	size_t n = add_keys(top, "");
	cfg_t *cfg;

	for (size_t i = 0; i < SECTIONS; i++) {
		(void)add_keys(sections[i], section_names[i]);
		top[n++] = (cfg_opt_t)CFG_SEC(section_names[i], sections[i], CFGF_NODEFAULT);
	}
	top[n] = (cfg_opt_t)CFG_END();
	cfg = cfg_init(top, CFGF_NONE); /* copies the tables */
	for (size_t i = 0; cfg && i < SECTIONS; i++)
		(void)cfg_set_validate_func(cfg, section_names[i], on_section);
	if (cfg)
		(void)cfg_set_error_function(cfg, on_error);
	return cfg;
}

static int parse(struct reader *rd, const char *text)
{
	cfg_t *cfg = make_grammar();
	int rc;

	if (!cfg)
		return mkd_nomem(rd->err);
	reading = rd;
	rc = cfg_parse_buf(cfg, text);
	if (rc != CFG_SUCCESS && rd->r == 0)
		(void)refuse(cfg, "this is not a profile");
	reading = NULL;
	(void)cfg_free(cfg);
	return rd->r;
}

int mkd_profile_read(const char *path, struct mkd_settings *ret, struct mkd_err *err)
{
	const char *slash = strrchr(path, '/');
	struct reader rd = { .path = path, .base = slash ? slash + 1 : path, .err = err };
	cleanup_buf struct mkd_buf text = { 0 };
	int r = mkd_file_read(AT_FDCWD, path, PROFILE_MAX_BYTES, MKD_EXIT_USAGE, &text, err);

	if (r == 0)
		r = mkd_confscan(path, text.data, text.len, err);
	if (r == 0)
		r = parse(&rd, text.data);
	if (r < 0) {
		mkd_settings_free(&rd.settings);
		return r;
	}
	*ret = rd.settings;
	return 0;
}
