/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a build. First all that can fail for a reason of its own: the temporary files of
 * config and manifest, every fsync. Then the names, the config's last: its presence means that the
 * guest is complete. When one fails, those before it are taken back.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkdomu/file.h"
#include "mkdomu/job.h"
#include "mkdomu/tmpname.h"

#define TEXT_MODE 0640

/* A small file to be published in the config's folder. */
struct text {
	const char *what, *path, *name; /* name NULL: there is none */
	const struct mkd_buf *content;
	bool exists;
	struct mkd_tmpname tmp;
};

static int write_text(int dirfd, struct text *t, struct mkd_err *err)
{
	int r;

	if (!t->name)
		return 0;
	r = mkd_tmpname_open(dirfd, t->name, false, &t->tmp, err);
	if (r < 0)
		return mkd_wrap(err, "cannot write the %s '%s'", t->what, t->path);
	r = mkd_write_full(t->tmp.fd, t->content->data, t->content->len);
	if (r == 0 && (fchmod(t->tmp.fd, TEXT_MODE) != 0 || fsync(t->tmp.fd) != 0))
		r = -errno;
	return r < 0 ? mkd_fail_io(err, -r, "cannot write the %s '%s'", t->what, t->path) : 0;
}

static int commit_text(int dirfd, struct text *t, struct mkd_err *err)
{
	int r = 0;

	if (t->name)
		r = mkd_tmpname_commit(dirfd, &t->tmp, t->name, t->exists, err);
	return r < 0 ? mkd_wrap(err, "cannot write the %s '%s'", t->what, t->path) : 0;
}

/* The guest's own kernel and ramdisk, which nothing names before the config does. */
static int commit_own(struct mkd_own *own, struct mkd_err *err)
{
	int r = 0;

	for (size_t i = 0; own && r == 0 && i < ARRAY_LEN(own->of); i++) {
		struct mkd_own_file *f = &own->of[i];

		if (!f->path)
			continue;
		r = mkd_tmpname_commit(own->dirfd, &f->tmp, f->name, f->exists, err);
		if (r < 0)
			r = mkd_wrap(err, "cannot write '%s'", f->path);
	}
	return r;
}

/* Of those that had come so far. */
static void revert_own(struct mkd_own *own)
{
	for (size_t i = 0; own && i < ARRAY_LEN(own->of); i++)
		if (own->of[i].path)
			mkd_tmpname_revert(own->dirfd, &own->of[i].tmp, own->of[i].name);
}

static int commit(struct mkd_job *j, struct text *manifest, struct text *cfg, struct mkd_err *err)
{
	size_t i = j->n_disks;
	int r = commit_own(j->own, err);

	while (r == 0 && i > 0) {
		r = mkd_target_commit(j->target[i - 1], err);
		if (r == 0)
			i--;
	}
	if (r == 0)
		r = commit_text(j->cfg_dirfd, manifest, err);
	if (r == 0) {
		r = commit_text(j->cfg_dirfd, cfg, err);
		if (r < 0 && manifest->name)
			mkd_tmpname_revert(j->cfg_dirfd, &manifest->tmp, manifest->name);
	}
	for (; r < 0 && i < j->n_disks; i++)
		mkd_target_revert(j->target[i]);
	if (r < 0)
		revert_own(j->own);
	return r;
}

/* Once, to be read by its owner; whoever loses it can set another in the guest alone. */
static int write_password(struct mkd_job *j, struct mkd_err *err)
{
	cleanup_secret struct mkd_buf line = { 0 };
	int r;

	if (!j->plan->root_password_out)
		return 0;
	mkd_buf_printf(&line, "%s\n", mkd_buf_cstr(&j->password));
	r = mkd_buf_check(&line, err);
	if (r == 0)
		r = mkd_file_write(j->out_dirfd, j->out_name, line.data, line.len, 0600, err);
	return r < 0 ? mkd_wrap(err, "cannot write the password to '%s'",
				j->plan->root_password_out)
		     : 0;
}

int mkd_job_publish(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	const struct mkd_plan *p = j->plan;
	struct text cfg = {
		"config", p->cfg_path, j->cfg_name, &j->cfg, j->cfg_exists, { .fd = -1 }
	};
	struct text manifest = { "manifest",   p->manifest_path,   j->manifest_name,
				 &j->manifest, j->manifest_exists, { .fd = -1 } };
	int r = write_text(j->cfg_dirfd, &manifest, err);

	if (r == 0)
		r = write_text(j->cfg_dirfd, &cfg, err);
	for (size_t i = 0; r == 0 && i < j->n_disks; i++)
		r = mkd_target_prepare(j->target[i], err);
	if (r == 0)
		r = write_password(j, err);
	if (r == 0) /* the last moment at which stopping leaves all as it was */
		r = mkd_check_signal(err);
	if (r == 0)
		r = commit(j, &manifest, &cfg, err);
	if (r < 0 && j->plan->root_password_out)
		(void)unlinkat(j->out_dirfd, j->out_name, 0);
	mkd_tmpname_close(j->cfg_dirfd, &cfg.tmp);
	mkd_tmpname_close(j->cfg_dirfd, &manifest.tmp);
	return r;
}
