/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan_hooks.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/suggest.h"
#include "mkdomu/values.h"

static int check_hook_name(const struct mkd_strv *known, const char *name, const char *from,
			   struct mkd_err *err)
{
	struct mkd_suggest near = { .word = name };
	char hint[112];

	if (mkd_strv_has(known, name))
		return 0;
	for (size_t i = 0; i < known->n; i++)
		mkd_suggest_offer(&near, known->v[i]);
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: no hook '%s' would run%s", from, name,
			mkd_suggest_text(&near, "", hint));
}

/* The hooks that would run, and the path of each or "". */
struct hook_list {
	struct mkd_strv names, paths;
};

static void free_list(struct hook_list *l)
{
	mkd_strv_free(&l->names);
	mkd_strv_free(&l->paths);
}

static int add_hook(const struct mkd_draft *j, struct hook_list *l, const char *name,
		    const char *path)
{
	int r = mkd_strv_add(&l->names, name, j->err);

	return r < 0 ? r : mkd_strv_add(&l->paths, path, j->err);
}

/* A relative path is one of the folder that the profile is in, or of the current one. */
static int hook_path(const struct mkd_draft *j, const char *value, const char *origin, char **ret)
{
	bool option = strncmp(origin, "--", 2) == 0;

	if (*value == '/' || option || !j->p->profile_dir)
		return mkd_strdup(value, ret, j->err);
	return mkd_asprintf(ret, j->err, "%s/%s", j->p->profile_dir, value);
}

/* A path whose last component is on the list already is that hook, elsewhere. */
static int take_hook(const struct mkd_draft *j, struct hook_list *l, const char *value,
		     const char *origin, bool replace)
{
	const char *slash = strrchr(value, '/'), *name = slash ? slash + 1 : value;
	cleanup_free char *path = NULL;
	size_t i = 0;
	int r = mkd_value_text(value, origin, slash ? 4000 : 64, j->err);

	if (r == 0 && !*name)
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL, "%s: '%s' is a folder", origin,
				value);
	if (r == 0)
		r = slash ? hook_path(j, value, origin, &path) : mkd_strdup("", &path, j->err);
	if (r < 0 || !path)
		return r;
	while (i < l->names.n && strcmp(l->names.v[i], name) != 0)
		i++;
	if (i == l->names.n)
		return add_hook(j, l, name, path);
	if (!replace || !slash || *l->paths.v[i])
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: hook '%s' is given twice; keep one", origin, name);
	free(l->paths.v[i]);
	l->paths.v[i] = steal(&path);
	return 0;
}

static int list_hooks(const struct mkd_draft *j, struct hook_list *ret)
{
	static const char *const standard[] = { "console", "fstab",    "network", "hostname",
						"clock",   "identity", "access" };
	const struct mkd_setting *at = &j->s->of[MKD_KEY_HOOK];
	int r = 0;

	if (!at->values.n && !j->p->profile)
		for (size_t i = 0; i < ARRAY_LEN(standard) && r == 0; i++)
			r = add_hook(j, ret, standard[i], "");
	for (size_t i = 0; i < at->values.n && r == 0; i++)
		r = take_hook(j, ret, at->values.v[i], at->origins.v[i], false);
	at = &j->s->of[MKD_KEY_ADD_HOOK];
	for (size_t i = 0; i < at->values.n && r == 0; i++)
		r = take_hook(j, ret, at->values.v[i], at->origins.v[i], true);
	return r;
}

/*
 * A hook that does nothing but what an option asks for need not be in a profile's list: the option
 * brings it along. One that was left out by name stays out, and then the option is a contradiction.
 */
static int imply_hook(const struct mkd_draft *j, const char *name, enum mkd_key key)
{
	int r;

	if (!mkd_draft_get(j, key) || mkd_strv_has(&j->p->hooks, name))
		return 0;
	if (mkd_draft_get(j, MKD_KEY_NO_HOOKS) ||
	    mkd_strv_has(&j->s->of[MKD_KEY_NO_HOOK].values, name))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s needs the hook '%s', which is left out",
				mkd_draft_origin(j, key), name);
	r = mkd_strv_add(&j->p->hooks, name, j->err);
	return r < 0 ? r : mkd_strv_add(&j->p->hook_paths, "", j->err);
}

static bool is_implied(const char *name)
{
	return strcmp(name, "files") == 0 || strcmp(name, "locale") == 0 ||
	       strcmp(name, "modules") == 0;
}

int mkd_plan_hooks(const struct mkd_draft *j)
{
	const struct mkd_setting *no = &j->s->of[MKD_KEY_NO_HOOK];
	cleanup(free_list) struct hook_list l = { 0 };
	int r = list_hooks(j, &l);

	for (size_t i = 0; i < no->values.n && r == 0; i++)
		r = is_implied(no->values.v[i])
			    ? 0
			    : check_hook_name(&l.names, no->values.v[i], no->origins.v[i], j->err);
	if (r == 0 && mkd_draft_get(j, MKD_KEY_NO_HOOKS) && mkd_draft_get(j, MKD_KEY_ADD_HOOK))
		return mkd_draft_clash(j, MKD_KEY_ADD_HOOK,
				       "--no-hooks leaves out all hooks; leave out one of them");
	for (size_t i = 0; i < l.names.n && r == 0; i++) {
		if (mkd_draft_get(j, MKD_KEY_NO_HOOKS) || mkd_strv_has(&no->values, l.names.v[i]))
			continue;
		r = mkd_strv_add(&j->p->hooks, l.names.v[i], j->err);
		if (r == 0)
			r = mkd_strv_add(&j->p->hook_paths, l.paths.v[i], j->err);
	}
	for (enum mkd_key key = MKD_KEY_TIMEZONE; key <= MKD_KEY_KEYMAP && r == 0; key++)
		r = imply_hook(j, "locale", key);
	if (r == 0)
		r = imply_hook(j, "modules", MKD_KEY_MODULES);
	return r < 0 ? r : imply_hook(j, "files", MKD_KEY_FILES);
}
