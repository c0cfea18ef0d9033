/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/inherit.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/profile.h"

struct chain {
	struct mkd_settings sum; /* nearest profile first: what is there stays */
	struct {
		dev_t dev;
		ino_t ino;
	} seen[MKD_INHERIT_MAX];
	size_t n;
};

/* A file is the same under each of its names. One that cannot be looked at cannot be read. */
static bool is_seen(struct chain *c, const char *path)
{
	struct stat st;

	if (!path || stat(path, &st) != 0)
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->seen[i].dev == st.st_dev && c->seen[i].ino == st.st_ino)
			return true;
	if (c->n < MKD_INHERIT_MAX) {
		c->seen[c->n].dev = st.st_dev;
		c->seen[c->n].ino = st.st_ino;
	}
	return false;
}

/* The folder of path with its slash: "" for a file here. */
static int folder_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? (int)(slash + 1 - path) : 0;
}

static int find_parent(const char *child, const char *name, char **ret, struct mkd_err *err)
{
	cleanup_free char *beside = NULL;
	bool path = strchr(name, '/') != NULL;
	int r;

	if (*name == '/')
		return mkd_profile_find(name, ret, err);
	r = mkd_asprintf(&beside, err, "%s%.*s%s%s", *child == '/' ? "" : "./", folder_len(child),
			 child, name, path ? "" : ".conf");
	if (r < 0 || !beside)
		return r;
	if (path || access(beside, F_OK) == 0)
		return mkd_profile_find(beside, ret, err);
	return mkd_profile_find(name, ret, err);
}

/* "p.conf:3" with the path in front of the line, as in all messages about a profile. */
static int blame(const char *path, const char *origin, struct mkd_err *err)
{
	const char *colon = origin ? strrchr(origin, ':') : NULL;

	return mkd_wrap(err, "%s%s", path, colon ? colon : "");
}

static int refuse(const char *path, const char *origin, const char *why, struct mkd_err *err)
{
	(void)mkd_fail(err, MKD_EXIT_USAGE, ELOOP, "%s", why);
	return blame(path, origin, err);
}

/* "./own" of an inherited profile is beside that one: made absolute, as nobody asks later. */
static int place_hooks(const char *path, struct mkd_settings *s, struct mkd_err *err)
{
	struct mkd_strv *hooks = &s->of[MKD_KEY_HOOK].values;
	cleanup_free char *dir = NULL, *real = NULL;
	int r = mkd_asprintf(&dir, err, "%s%.*s", *path == '/' ? "" : "./", folder_len(path), path);

	for (size_t i = 0; i < hooks->n && r == 0 && dir; i++) {
		cleanup_free char *abs = NULL;

		if (*hooks->v[i] == '/' || !strchr(hooks->v[i], '/'))
			continue;
		if (!real)
			real = realpath(dir, NULL);
		if (!real)
			return errno == ENOMEM
				       ? mkd_nomem(err)
				       : mkd_fail_errno(err, MKD_EXIT_USAGE, errno,
							"cannot find the folder of '%s'", path);
		r = mkd_asprintf(&abs, err, "%s/%s", real, hooks->v[i]);
		if (r < 0 || !abs)
			break;
		free(hooks->v[i]);
		hooks->v[i] = steal(&abs);
	}
	return r;
}

/* Add one file under what the nearer ones said; *ret_name is what it inherits, or NULL. */
static int add(struct chain *c, const char *path, char **ret_name, char **ret_origin,
	       struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	int r = mkd_profile_read(path, &s, err);

	if (r == 0)
		r = place_hooks(path, &s, err);
	if (r == 0 && mkd_settings_get(&s, MKD_KEY_INHERIT)) {
		r = mkd_strdup(mkd_settings_get(&s, MKD_KEY_INHERIT), ret_name, err);
		if (r == 0)
			r = mkd_strdup(mkd_settings_origin(&s, MKD_KEY_INHERIT), ret_origin, err);
	}
	if (r == 0)
		r = mkd_settings_override(&s, &c->sum, err);
	if (r < 0)
		return r;
	mkd_settings_free(&c->sum);
	c->sum = s;
	s = (struct mkd_settings){ 0 };
	return 0;
}

/* Add the profile at *path; go on with its parent: *path becomes that one's, or NULL at the end. */
static int step(struct chain *c, char **path, struct mkd_err *err)
{
	cleanup_free char *name = NULL, *origin = NULL, *child = steal(path);
	int r;

	if (c->n == 0)
		(void)is_seen(c, child);
	c->n++;
	r = add(c, child, &name, &origin, err);
	if (r < 0 || !name)
		return r;
	r = find_parent(child, name, path, err);
	if (r < 0)
		return r == -ENOMEM ? r : blame(child, origin, err);
	if (is_seen(c, *path))
		return refuse(child, origin,
			      "the profile inherits itself by this; name another one", err);
	if (c->n == MKD_INHERIT_MAX)
		return refuse(child, origin, "over 8 profiles inherit from each other; join some",
			      err);
	return 0;
}

int mkd_inherit_load(const char *name, struct mkd_settings *ret, char **ret_path,
		     struct mkd_err *err)
{
	cleanup_free char *own = NULL, *path = NULL;
	struct chain c = { 0 };
	int r = mkd_profile_find(name, &own, err);

	if (r == 0)
		r = mkd_strdup(own, &path, err);
	while (r == 0 && path)
		r = step(&c, &path, err);
	if (r < 0) {
		mkd_settings_free(&c.sum);
		return r;
	}
	*ret = c.sum;
	*ret_path = steal(&own);
	return 0;
}
