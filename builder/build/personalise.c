/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second half of a build: a finished base image becomes this guest, by hooks and superblock. */
#include <string.h>

#include "mkdomu/access.h"
#include "mkdomu/hook.h"
#include "mkdomu/job.h"
#include "mkdomu/tree_ext4.h"

#define LABEL_BYTES 16 /* s_volume_name */

static struct mkd_guest guest_of(const struct mkd_job *j)
{
	const struct mkd_plan *p = j->plan;
	const char *swap = NULL;

	if (j->layout.swap_kind == MKD_SWAP_FILE)
		swap = MKD_SWAP_FILE_PATH;
	else if (j->layout.swap_kind != MKD_SWAP_NONE)
		swap = j->layout.swap.dev;
	return (struct mkd_guest){
		.name = p->name,
		.hostname = p->hostname,
		.timezone = p->timezone,
		.locale = p->locale,
		.keymap = p->keymap,
		.nics = j->nics,
		.n_nics = p->n_nics,
		.root_dev = j->layout.root.dev,
		.root_fstype = "ext4",
		.swap_dev = swap,
		.machine_id = j->id.machine_id,
		.root_password = p->root_password_file ? j->password.data : NULL,
		.password_salt = j->id.password_salt,
		.authorized_keys = p->authorized_keys_file ? j->keys.data : NULL,
		.fileops = p->fileops,
		.copies = j->copies,
		.n_fileops = p->n_fileops,
		.epoch_sec = j->rootfs.epoch_sec,
	};
}

static int edit(struct mkd_job *j, struct mkd_tree *tree, struct mkd_err *err)
{
	const struct mkd_guest guest = guest_of(j);
	const struct mkd_hook_ctx ctx = {
		.tree = tree, .facts = &j->facts, .guest = &guest, .ui = j->ui
	};
	struct mkd_access access = { 0 };
	char label[LABEL_BYTES + 1];
	int r;

	(void)snprintf(label, sizeof(label), "%s", j->plan->name);
	r = mkd_tree_ext4_set_identity(tree, j->id.fs_uuid, label, err);
	if (r < 0)
		return r;
	if (j->plan->hooks.n == 0) {
		mkd_buf_str(&j->access, "as the tarball has it (no hooks ran)");
		return mkd_buf_check(&j->access, err);
	}
	r = mkd_facts_find(tree, &j->facts, err);
	if (r < 0)
		return r;
	r = mkd_hooks_run(mkd_hooks, &j->plan->hooks, &ctx, err);
	if (r == 0)
		r = mkd_access_find(tree, &j->facts, &access, err);
	if (r < 0)
		return r;
	if (!mkd_access_explain(&access, &j->access))
		mkd_say(j->ui, MKD_WARN,
			"nobody can log in to this guest; see --root-password-file and "
			"--authorized-keys");
	return mkd_buf_check(&j->access, err);
}

int mkd_job_guest(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_tree *tree = NULL;
	const struct mkd_tree_ext4_req req = {
		.fd = mkd_target_fd(j->target[MKD_DISK_MAIN]),
		.name = mkd_target_info(j->target[MKD_DISK_MAIN])->name,
		.offset_bytes = j->layout.root.offset_bytes,
		.epoch_sec = j->rootfs.epoch_sec,
	};
	int r = mkd_tree_ext4_open(&req, &tree, err);

	if (r < 0)
		return r;
	r = edit(j, tree, err);
	if (r < 0) {
		mkd_tree_ext4_abort(tree);
		return r;
	}
	return mkd_tree_ext4_close(tree, err);
}
