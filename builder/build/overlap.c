/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A path may lead to the same file as another by links and "..": inodes are compared, not text. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/fileop.h"
#include "mkdomu/job.h"
#include "mkdomu/users.h"

struct place {
	const char *what, *path;
};

static bool same_folder(const char *a, const char *b, const char **ret_a, const char **ret_b)
{
	cleanup_close int fd_a = -1, fd_b = -1;
	struct stat sa, sb;
	struct mkd_err ignored;

	return mkd_open_parent(a, &fd_a, ret_a, &ignored) == 0 &&
	       mkd_open_parent(b, &fd_b, ret_b, &ignored) == 0 && fstat(fd_a, &sa) == 0 &&
	       fstat(fd_b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

static bool same(const char *a, const char *b)
{
	const char *name_a = NULL, *name_b = NULL;
	struct stat sa, sb;

	if (stat(a, &sa) == 0 && stat(b, &sb) == 0)
		return sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
	return same_folder(a, b, &name_a, &name_b) && strcmp(name_a, name_b) == 0;
}

/* A folder's own files are not looked at: what is written there has a name of its own. */
static int check_copies(const struct mkd_plan *p, const struct place *out, struct mkd_err *err)
{
	for (size_t i = 0; out->path && i < p->n_fileops; i++)
		if (p->fileops[i].src && same(out->path, p->fileops[i].src))
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"%s would overwrite the file of %s, '%s'; write elsewhere",
					out->what, p->fileops[i].origin, p->fileops[i].src);
	return 0;
}

static int check_users(const struct mkd_plan *p, const struct place *out, struct mkd_err *err)
{
	for (size_t i = 0; out->path && i < p->n_users; i++) {
		const char *const files[] = { p->users[i].keys_file, p->users[i].password_file };

		for (size_t k = 0; k < ARRAY_LEN(files); k++)
			if (files[k] && same(out->path, files[k]))
				return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
						"%s would overwrite the file of --user %s, '%s'; "
						"write elsewhere",
						out->what, p->users[i].name, files[k]);
	}
	return 0;
}

int mkd_job_overlap(const struct mkd_plan *p, struct mkd_err *err)
{
	const struct place out[] = {
		{ "--disk", p->disk },
		{ "--swap", p->swap_disk },
		{ "the config", p->cfg_path },
		{ "the manifest", p->manifest_path },
		{ "--root-password", p->root_password_out },
	};
	const struct place in[] = {
		{ "--tarball", p->tarball },
		{ "--signature", p->signature },
		{ "--keyring", p->keyring },
		{ "--root-password-file", p->root_password_file },
		{ "--authorized-keys", p->authorized_keys_file },
		{ "--kernel", p->kernel },
		{ "--ramdisk", p->ramdisk },
	};

	for (size_t i = 0; i < ARRAY_LEN(out); i++) {
		int r = check_copies(p, &out[i], err);

		if (r == 0)
			r = check_users(p, &out[i], err);
		if (r < 0)
			return r;
		if (!out[i].path)
			continue;
		for (size_t k = i + 1; k < ARRAY_LEN(out); k++)
			if (out[k].path && same(out[i].path, out[k].path))
				return mkd_fail(
					err, MKD_EXIT_USAGE, EINVAL,
					"%s and %s are the same file '%s'; give each its own",
					out[i].what, out[k].what, out[k].path);
		for (size_t k = 0; k < ARRAY_LEN(in); k++)
			if (in[k].path && same(out[i].path, in[k].path))
				return mkd_fail(
					err, MKD_EXIT_USAGE, EINVAL,
					"%s would overwrite the file of %s, '%s'; write elsewhere",
					out[i].what, in[k].what, in[k].path);
	}
	return 0;
}
