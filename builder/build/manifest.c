/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The finished disks get their digests. The structures' one reads little: tables that hold
 * something, directories. That of everything reads all of the disk again, so it has to be asked
 * for; what files hold follows from the tarball, whose digest the manifest has.
 */
#include "mkdomu/diskdigest.h"
#include "mkdomu/job.h"
#include "mkdomu/sha256.h"
#include "mkdomu/users.h"

static int digest_disk(struct mkd_job *j, size_t i, struct mkd_disk_sums *ret, struct mkd_err *err)
{
	struct mkd_diskmap_req req = { .fd = mkd_target_fd(j->target[i]),
				       .name = mkd_target_info(j->target[i])->path };
	unsigned threads = j->plan->threads;
	int r = mkd_diskdigest_fd(&req, threads, NULL, ret->structures, err);

	ret->has_all = j->plan->manifest == MKD_MANIFEST_FULL;
	req.content = true;
	if (r == 0 && ret->has_all)
		r = mkd_diskdigest_fd(&req, threads, j->ui, ret->all, err);
	return r;
}

static const char *whose_password(const struct mkd_plan *p)
{
	if (p->root_password_file)
		return "root";
	for (size_t i = 0; i < p->n_users; i++)
		if (p->users[i].password_file)
			return p->users[i].name;
	return NULL;
}

int mkd_job_manifest(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_disk_sums sums[MKD_DISKS] = { 0 };
	uint8_t keys[MKD_DISKDIGEST_BYTES] = { 0 };
	int r = 0;

	if (!j->manifest_name)
		return 0;
	/* whoever has the inputs can build with a guess and compare: the salt is no secret then */
	if (j->plan->manifest == MKD_MANIFEST_FULL && whose_password(j->plan) && !j->plan->seed)
		mkd_say(j->ui, MKD_WARN,
			"a guess of %s's password can be tried against the full digest in '%s'; "
			"give a secret --seed, or keep the file to yourself",
			whose_password(j->plan), j->plan->manifest_path);
	for (size_t i = 0; r == 0 && i < j->n_disks; i++)
		r = digest_disk(j, i, &sums[i], err);
	if (r == 0)
		r = mkd_sha256(mkd_buf_cstr(&j->keys), j->keys.len, keys, err);
	return r < 0 ? r : mkd_statement_render(j, sums, keys, &j->manifest, err);
}
