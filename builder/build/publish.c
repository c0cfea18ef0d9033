/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a build. First all that can fail for a reason of its own: the config's temporary file,
 * every fsync. Then the names, the config's last: its presence means that the guest is complete.
 * When one fails, those before it are taken back.
 */
#include <errno.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/job.h"
#include "mkdomu/tmpname.h"

#define CFG_MODE 0640

static int write_config(const struct mkd_job *j, struct mkd_tmpname *tmp, struct mkd_err *err)
{
	const char *path = j->plan->cfg_path;
	int r = mkd_tmpname_open(j->cfg_dirfd, j->cfg_name, false, tmp, err);

	if (r < 0)
		return mkd_wrap(err, "cannot write the config '%s'", path);
	r = mkd_write_full(tmp->fd, j->cfg.data, j->cfg.len);
	if (r == 0 && (fchmod(tmp->fd, CFG_MODE) != 0 || fsync(tmp->fd) != 0))
		r = -errno;
	return r < 0 ? mkd_fail_io(err, -r, "cannot write the config '%s'", path) : 0;
}

static int commit(struct mkd_job *j, struct mkd_tmpname *cfg, struct mkd_err *err)
{
	size_t i = j->n_disks;
	int r = 0;

	while (r == 0 && i > 0) {
		r = mkd_target_commit(j->target[i - 1], err);
		if (r == 0)
			i--;
	}
	if (r == 0) {
		r = mkd_tmpname_commit(j->cfg_dirfd, cfg, j->cfg_name, j->cfg_exists, err);
		if (r < 0)
			(void)mkd_wrap(err, "cannot write the config '%s'", j->plan->cfg_path);
	}
	for (; r < 0 && i < j->n_disks; i++)
		mkd_target_revert(j->target[i]);
	return r;
}

int mkd_job_publish(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_tmpname cfg = { .fd = -1 };
	int r = write_config(j, &cfg, err);

	for (size_t i = 0; r == 0 && i < j->n_disks; i++)
		r = mkd_target_prepare(j->target[i], err);
	if (r == 0) /* the last moment at which stopping leaves all as it was */
		r = mkd_check_signal(err);
	if (r == 0)
		r = commit(j, &cfg, err);
	mkd_tmpname_close(j->cfg_dirfd, &cfg);
	return r;
}
