/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/home.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define SKEL "/etc/skel"

static int copy_link(const struct mkd_guest_io *io, const char *from, const char *to,
		     struct mkd_err *err)
{
	cleanup_buf struct mkd_buf target = { 0 };
	int r = mkd_tree_readlink(io->tree, from, &target, err);

	return r < 0 ? r : mkd_tree_symlink(io->tree, mkd_buf_cstr(&target), to, err);
}

static int copy_file(const struct mkd_guest_io *io, const char *from, const char *to, mode_t mode,
		     struct mkd_err *err)
{
	cleanup_buf struct mkd_buf data = { 0 };
	int r = mkd_tree_read(io->tree, from, MKD_GUEST_TEXT_MAX, &data, err);

	return r < 0 ? r : mkd_tree_write(io->tree, to, mkd_buf_cstr(&data), data.len, mode, err);
}

/* name is below SKEL; what is in a folder is added to names, and comes later. */
static int copy_one(const struct mkd_guest_io *io, const struct mkd_home *h, struct mkd_strv *names,
		    const char *name, struct mkd_err *err)
{
	cleanup_free char *from = NULL, *to = NULL;
	cleanup_strv struct mkd_strv inside = { 0 };
	struct mkd_tree_stat st = { 0 };
	int r = mkd_asprintf(&from, err, SKEL "/%s", name);

	if (r == 0)
		r = mkd_asprintf(&to, err, "%s/%s", h->path, name);
	if (r == 0)
		r = mkd_tree_stat(io->tree, from, false, &st, err);
	if (r == 0 && S_ISLNK(st.mode))
		return copy_link(io, from, to, err);
	if (r == 0 && S_ISREG(st.mode))
		r = copy_file(io, from, to, st.mode & 0777, err);
	else if (r == 0 && S_ISDIR(st.mode))
		r = mkd_tree_mkdir(io->tree, to, st.mode & 0777, err);
	else if (r == 0)
		return 0;
	if (r == 0)
		r = mkd_tree_chown(io->tree, to, h->uid, h->gid, err);
	if (r == 0 && S_ISDIR(st.mode))
		r = mkd_tree_list(io->tree, from, &inside, err);
	for (size_t i = 0; r == 0 && i < inside.n; i++) {
		cleanup_free char *path = NULL;

		r = mkd_asprintf(&path, err, "%s/%s", name, inside.v[i]);
		if (r == 0)
			r = mkd_strv_add(names, path, err);
	}
	return r;
}

static int copy_skel(const struct mkd_guest_io *io, const struct mkd_home *h, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };
	int r = 0;

	if (!mkd_tree_exists(io->tree, SKEL))
		return 0;
	r = mkd_tree_list(io->tree, SKEL, &names, err);
	for (size_t i = 0; r == 0 && i < names.n; i++) {
		cleanup_free char *name = NULL;

		r = mkd_check_signal(err);
		if (r == 0)
			r = mkd_strdup(names.v[i], &name, err); /* v may move */
		if (r == 0)
			r = copy_one(io, h, &names, name, err);
	}
	return r;
}

int mkd_home_make(const struct mkd_guest_io *io, const struct mkd_home *h, struct mkd_err *err)
{
	struct mkd_tree_stat st = { 0 };
	struct mkd_err e = { 0 };
	int r = mkd_tree_stat(io->tree, h->path, true, &st, &e);

	if (r == 0 && !S_ISDIR(st.mode))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTDIR,
				"cannot make the home '%s': what is there is no folder", h->path);
	if (r < 0 && r != -ENOENT) {
		*err = e;
		return r;
	}
	if (r == 0)
		return st.uid || !h->uid ? 0
					 : mkd_tree_chown(io->tree, h->path, h->uid, h->gid, err);
	r = mkd_tree_mkdirs(io->tree, h->path, h->mode, err);
	if (r == 0)
		r = mkd_tree_chown(io->tree, h->path, h->uid, h->gid, err);
	if (r == 0)
		r = copy_skel(io, h, err);
	if (r == 0)
		mkd_say(io->ui, MKD_INFO, "made the home '%s'", h->path);
	return r;
}
