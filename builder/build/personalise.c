/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second half of a build: a finished base image becomes this guest, by hooks and superblock. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "mkdomu/access.h"
#include "mkdomu/e4_scrub.h"
#include "mkdomu/external.h"
#include "mkdomu/hook.h"
#include "mkdomu/hookdisk.h"
#include "mkdomu/job.h"
#include "mkdomu/sysfacts.h"
#include "mkdomu/tree_ext4.h"
#include "mkdomu/users.h"

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
		.root_state = p->root_password,
		.root_password =
			p->root_password_file || p->root_password_out ? j->password.data : NULL,
		.password_salt = j->id.password_salt,
		.authorized_keys = p->authorized_keys_file ? j->keys.data : NULL,
		.users = p->users,
		.logins = j->logins,
		.n_users = p->n_users,
		.fileops = p->fileops,
		.copies = j->copies,
		.n_fileops = p->n_fileops,
		.modules = j->modules.version ? &j->modules : NULL,
		.epoch_sec = j->rootfs.epoch_sec,
	};
}

struct work {
	struct mkd_job *j;
	struct mkd_guest guest;
	struct mkd_tree *tree; /* NULL while the kernel has it */
};

static int open_tree(struct work *w, struct mkd_err *err)
{
	const struct mkd_job *j = w->j;
	const struct mkd_tree_ext4_req req = {
		.fd = mkd_target_fd(j->target[MKD_DISK_MAIN]),
		.name = mkd_target_info(j->target[MKD_DISK_MAIN])->name,
		.offset_bytes = j->layout.root.offset_bytes,
		.epoch_sec = j->rootfs.epoch_sec,
	};

	return mkd_tree_ext4_open(&req, &w->tree, err);
}

static int close_tree(struct work *w, struct mkd_err *err)
{
	return mkd_tree_ext4_close(steal(&w->tree), err);
}

/* -- hooks -- */

static int run_built_in(const struct work *w, const char *name, struct mkd_err *err)
{
	const struct mkd_hook_ctx ctx = {
		.tree = w->tree, .facts = &w->j->facts, .guest = &w->guest, .ui = w->j->ui
	};
	const struct mkd_strv names = { (char *[]){ (char *)(uintptr_t)name, NULL }, 1 };

	return mkd_hooks_run(mkd_hooks, &names, &ctx, err);
}

static struct mkd_external_req external_of(const struct work *w, const struct mkd_exthook *h)
{
	return (struct mkd_external_req){ .hook = h,
					  .guest = &w->guest,
					  .facts = &w->j->facts,
					  .tree = w->tree,
					  .ui = w->j->ui };
}

/* Between two sittings of ours the kernel has the file system. */
static int run_mounted(struct work *w, const struct mkd_exthook *h, struct mkd_err *err)
{
	struct mkd_external_req req = external_of(w, h);
	const struct mkd_region *at = &w->j->layout.root;
	int fd = mkd_target_fd(w->j->target[MKD_DISK_MAIN]), r, end;
	struct mkd_hookdisk disk = { .fd = -1 };
	struct mkd_err e = { 0 };
	int64_t from_sec = (int64_t)time(NULL);

	r = close_tree(w, err);
	if (r == 0 && fsync(fd) != 0)
		r = mkd_fail_io(err, errno, "cannot write the disk to mount it");
	if (r == 0)
		r = mkd_hookdisk_attach(fd, at->offset_bytes, at->size_bytes, &disk, err);
	if (r < 0)
		return r;
	req.device = disk.path;
	r = mkd_external_run(&req, err);
	end = mkd_hookdisk_detach(&disk, &e);
	if (r == 0 && end < 0) {
		*err = e;
		r = end;
	}
	if (r == 0)
		r = open_tree(w, err);
	return r < 0 ? r : mkd_e4_scrub(w->tree, from_sec, err);
}

static int run_external(struct work *w, const struct mkd_exthook *h, struct mkd_err *err)
{
	const struct mkd_external_req req = external_of(w, h);

	return h->head.mounted ? run_mounted(w, h, err) : mkd_external_run(&req, err);
}

static int run_hook(struct work *w, size_t i, struct mkd_err *err)
{
	const struct mkd_exthook *ext = &w->j->ext[i];
	int r = mkd_check_signal(err);

	if (r == 0)
		r = ext->path ? run_external(w, ext, err)
			      : run_built_in(w, w->j->plan->hooks.v[i], err);
	/* the next one sees what this one has installed */
	return r < 0 || !ext->path ? r : mkd_facts_find(w->tree, &w->j->facts, err);
}

/* The built-in ones and what replaces them in the order of the table, then the others in theirs. */
static int run_hooks(struct work *w, struct mkd_err *err)
{
	const struct mkd_strv *names = &w->j->plan->hooks;
	int r = 0;

	for (const struct mkd_hook *h = mkd_hooks; h->name && r == 0; h++)
		for (size_t i = 0; i < names->n && r == 0; i++)
			if (strcmp(names->v[i], h->name) == 0)
				r = run_hook(w, i, err);
	for (size_t i = 0; i < names->n && r == 0; i++)
		if (!mkd_hook_find(mkd_hooks, names->v[i]))
			r = run_hook(w, i, err);
	return r;
}

/* How root and the users that were made log in; a warning when none of them can. */
static int find_access(struct work *w, struct mkd_err *err)
{
	struct mkd_job *j = w->j;
	const struct mkd_plan *p = j->plan;
	struct mkd_access access = { 0 };
	bool any = false;
	int r = mkd_access_find(w->tree, &j->facts, &access, err);

	if (r == 0 && !p->n_users)
		any = mkd_access_explain(&access, &j->access);
	else if (r == 0 && (access.password != MKD_ROOT_LOCKED || access.n_keys))
		any = mkd_access_explain_user(&access, "root", &j->access);
	for (size_t i = 0; r == 0 && i < p->n_users; i++) {
		r = mkd_access_find_user(w->tree, &j->facts, p->users[i].name, &access, err);
		if (r == 0 && mkd_access_explain_user(&access, p->users[i].name, &j->access))
			any = true;
		if (r == 0 && p->users[i].sudo)
			mkd_buf_str(&j->access, " (sudo)");
	}
	if (r < 0)
		return r;
	if (!any)
		mkd_say(j->ui, MKD_WARN,
			"nobody can log in to this guest; see --root-password-file, "
			"--authorized-keys and --user");
	return mkd_buf_check(&j->access, err);
}

static int edit(struct work *w, struct mkd_err *err)
{
	struct mkd_job *j = w->j;
	char label[LABEL_BYTES + 1];
	int r;

	(void)snprintf(label, sizeof(label), "%s", j->plan->name);
	r = mkd_tree_ext4_set_identity(w->tree, j->id.fs_uuid, label, err);
	if (r < 0)
		return r;
	if (j->plan->hooks.n == 0) {
		mkd_buf_str(&j->access, "as the tarball has it (no hooks ran)");
		return mkd_buf_check(&j->access, err);
	}
	r = mkd_facts_find(w->tree, &j->facts, err);
	if (r == 0 && !j->plan->again)
		r = mkd_facts_check_arch(&j->facts, j->plan->arch, err);
	if (r == 0)
		r = run_hooks(w, err);
	return r < 0 ? r : find_access(w, err);
}

int mkd_job_guest(void *job, struct mkd_err *err)
{
	struct work w = { .j = job, .guest = guest_of(job) };
	int r = open_tree(&w, err);

	if (r == 0)
		r = edit(&w, err);
	if (r < 0) {
		mkd_tree_ext4_abort(w.tree);
		return r;
	}
	return close_tree(&w, err);
}
