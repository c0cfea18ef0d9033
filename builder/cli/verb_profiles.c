/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkdomu profiles: what there is to build from, and what a profile says in the end. */
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "mkdomu/args.h"
#include "mkdomu/inherit.h"
#include "mkdomu/profile.h"
#include "mkdomu/profile_text.h"
#include "mkdomu/verbs.h"

#define NAME_COLUMN 22

struct list {
	struct mkd_strv seen; /* names: the first place that has one wins */
	struct mkd_buf *out;
	struct mkd_err first; /* what is wrong with the first that cannot be read; code 0 = none */
};

static int is_profile(const struct dirent *e)
{
	size_t len = strlen(e->d_name);

	return len > 5 && e->d_name[0] != '.' && strcmp(e->d_name + len - 5, ".conf") == 0;
}

/* Names without ".conf", by bytes: not by locale as alphasort(3). */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	size_t n = strlen((*a)->d_name) - 5, m = strlen((*b)->d_name) - 5;
	int r = memcmp((*a)->d_name, (*b)->d_name, n < m ? n : m);

	return r ? r : (n > m) - (n < m);
}

static int list_one(struct list *l, const char *path, const char *name, struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup_free char *own = NULL;
	struct mkd_err e = { 0 };
	const char *what = "";
	int r = mkd_inherit_load(path, &s, &own, &e);

	if (r < 0 && e.exit != MKD_EXIT_USAGE) {
		*err = e;
		return r;
	}
	if (r < 0 && !l->first.code)
		l->first = e;
	if (r < 0)
		what = "cannot be read";
	else if (mkd_settings_get(&s, MKD_KEY_DESCRIPTION))
		what = mkd_settings_get(&s, MKD_KEY_DESCRIPTION);
	mkd_buf_printf(l->out, "%-*s %s\n%*s %s\n", NAME_COLUMN, name, what, NAME_COLUMN, "", path);
	return 0;
}

static int list_name(struct list *l, const char *dir, const char *file, struct mkd_err *err)
{
	cleanup_free char *path = NULL, *name = NULL;
	int r = mkd_asprintf(&name, err, "%.*s", (int)strlen(file) - 5, file);

	if (r < 0 || !name || mkd_strv_has(&l->seen, name))
		return r;
	r = mkd_strv_add(&l->seen, name, err);
	if (r == 0)
		r = mkd_asprintf(&path, err, "%s/%s", dir, file);
	return r < 0 || !path ? r : list_one(l, path, name, err);
}

static int list_dir(struct list *l, const char *dir, struct mkd_err *err)
{
	struct dirent **v = NULL;
	int n = scandir(dir, &v, is_profile, by_bytes), r = 0;

	if (n < 0)
		return errno == ENOENT || errno == ENOTDIR
			       ? 0
			       : mkd_fail_errno(err, MKD_EXIT_USAGE, errno,
						"cannot read the folder '%s'", dir);
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = list_name(l, dir, v[i]->d_name, err);
		free(v[i]);
	}
	free(v);
	return r;
}

static int list_all(struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv dirs = { 0 };
	struct list l = { .out = ret };
	int r = mkd_profile_places(&dirs, err);

	for (size_t i = 0; r == 0 && i < dirs.n; i++)
		r = list_dir(&l, dirs.v[i], err);
	mkd_strv_free(&l.seen);
	if (r == 0 && l.first.code) {
		*err = l.first;
		return -err->code;
	}
	return r;
}

static int show(const char *name, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup_free char *path = NULL;
	int r = mkd_inherit_load(name, &s, &path, err);

	if (r < 0)
		return r;
	mkd_buf_printf(ret, "# %s\n", path);
	mkd_profile_text(&s, ret);
	return 0;
}

static void help(const struct mkd_args *a, struct mkd_buf *ret)
{
	mkd_buf_str(ret, "usage: mkdomu profiles [--show NAME|PATH]\n"
			 "List the profiles: what each is, and its file. Of two with one name the "
			 "first is\nused.\n\n");
	mkd_args_help(a, ret);
}

int mkd_verb_profiles(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		      struct mkd_err *err)
{
	const char *name = NULL;
	bool want_help = false;
	const struct mkd_arg table[] = {
		{ "show", 0, "NAME|PATH",
		  "print this profile with all that it inherits, and behind each value the file "
		  "and line that it is from; the text is a profile itself",
		  &name, NULL },
		{ "help", 'h', NULL, "this text", NULL, &want_help },
	};
	struct mkd_args a = { .verb = "profiles", .table = table, .n = ARRAY_LEN(table) };
	int r = mkd_args_parse(&a, argc, argv, err);

	mkd_console_init(console, false, false);
	if (r < 0)
		return r;
	if (want_help) {
		help(&a, ret);
		return 0;
	}
	return name ? show(name, ret, err) : list_all(ret, err);
}
