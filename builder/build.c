/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stages of a build, in order; the only file that sees them all. */
#include "mkdomu/build.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "mkdomu/job.h"
#include "mkdomu/label.h"
#include "mkdomu/lostdev.h"
#include "mkdomu/pipeline.h"
#include "mkdomu/swap.h"

static void target_requests(const struct mkd_job *j, struct mkd_target_req req[MKD_DISKS])
{
	const struct mkd_plan *p = j->plan;

	req[MKD_DISK_MAIN] = (struct mkd_target_req){
		.path = p->disk, .size_bytes = p->size_bytes, .force = p->force, .ui = j->ui
	};
	req[MKD_DISK_SWAP] = (struct mkd_target_req){
		.path = p->swap_disk, .size_bytes = p->swap_bytes, .force = p->force, .ui = j->ui
	};
}

static int make_layout(struct mkd_job *j, const uint64_t bytes[MKD_DISKS], struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	const struct mkd_layout_req req = {
		.kind = p->layout,
		.swap = p->swap_kind,
		.disk_bytes = bytes[MKD_DISK_MAIN],
		.swap_bytes = p->swap_kind == MKD_SWAP_DISK ? bytes[MKD_DISK_SWAP] : p->swap_bytes,
	};

	return mkd_layout_make(&req, &j->layout, err);
}

/* All refusals that the disks give, before the download: nobody wants to wait for a no. */
static int probe(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_target_req req[MKD_DISKS];
	uint64_t bytes[MKD_DISKS] = { 0 };
	int r;

	j->n_disks = j->plan->swap_kind == MKD_SWAP_DISK ? 2 : 1;
	target_requests(j, req);
	for (size_t i = 0; i < j->n_disks; i++) {
		r = mkd_target_probe(&req[i], &j->info[i], err);
		if (r < 0)
			return r;
		bytes[i] = j->info[i].kind == MKD_TARGET_IMAGE ? req[i].size_bytes
							       : j->info[i].size_bytes;
		mkd_say(j->ui, MKD_DEBUG, "'%s': %s", j->info[i].path,
			j->info[i].found[0] ? j->info[i].found : "nothing is there yet");
	}
	return make_layout(j, bytes, err);
}

static void source_release(void *job)
{
	struct mkd_job *j = job;

	mkd_stream_close(j->plain);
	j->plain = NULL;
	mkd_source_close(&j->source);
}

static int source(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	const struct mkd_plan *p = j->plan;
	const struct mkd_source_files files = {
		.folder = p->folder,
		.file = p->file,
		.list = p->list,
		.list_signature = p->list_signature,
		.file_signature = p->file_signature,
		.signify_key = p->signify_key,
	};
	const struct mkd_source_req req = {
		.files = p->file ? &files : NULL,
		.mirrors = (const char *const *)p->mirrors.v,
		.n_mirrors = p->mirrors.n,
		.arch = p->arch,
		.variant = p->variant,
		.tarball = p->tarball,
		.signature = p->signature,
		.sha512 = p->sha512,
		.sha256 = p->sha256,
		.unverified = p->unverified,
		.keyring = p->keyring,
		.signers = (const char *const *)p->signers.v,
		.n_signers = p->signers.n,
		.offline = p->offline,
		.cache_dir = p->cache_dir,
		.ui = j->ui,
		.late = true,
	};
	int r = mkd_source_open(&req, &j->source, err);

	if (r < 0)
		source_release(j);
	return r;
}

static void disks_release(void *job)
{
	struct mkd_job *j = job;

	for (size_t i = 0; i < j->n_disks; i++) {
		mkd_target_close(j->target[i]);
		j->target[i] = NULL;
	}
}

/* Open and check all of them before the old content of any is given up. */
static int disks(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_target_req req[MKD_DISKS];
	uint64_t bytes[MKD_DISKS] = { 0 };
	int r = 0;

	target_requests(j, req);
	for (size_t i = 0; r == 0 && i < j->n_disks; i++) {
		r = mkd_target_open(&req[i], &j->target[i], err);
		if (r == 0)
			bytes[i] = mkd_target_info(j->target[i])->size_bytes;
	}
	if (r == 0)
		r = make_layout(j, bytes, err);
	for (size_t i = 0; r == 0 && i < j->n_disks; i++)
		r = mkd_target_begin(j->target[i], err);
	if (r < 0)
		disks_release(j);
	return r;
}

/* The header of the swap file, which the file system's writer puts in; none: *ret stays empty. */
static int swap_file(const struct mkd_job *j, uint8_t page[MKD_SWAP_PAGE_BYTES],
		     struct mkd_ext4_swap *ret, struct mkd_err *err)
{
	struct mkd_swap_req req = { .name = MKD_SWAP_FILE_PATH,
				    .size_bytes = j->layout.swap_file_bytes,
				    .label = "swap" };
	int r;

	if (j->layout.swap_kind != MKD_SWAP_FILE)
		return 0;
	memcpy(req.uuid, j->id.swap_uuid, sizeof(req.uuid));
	r = mkd_swap_header(&req, page, err);
	if (r == 0)
		*ret = (struct mkd_ext4_swap){ .path = &MKD_SWAP_FILE_PATH[1], /* relative */
					       .page = page,
					       .size_bytes = req.size_bytes };
	return r;
}

static int rootfs(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	struct mkd_target *t = j->target[MKD_DISK_MAIN];
	struct mkd_rootfs_req req = {
		.tar_name = j->source.file,
		.tar_bytes = j->source.size_bytes,
		.stream = j->plain,
		.strip = j->plan->strip,
		.epoch_sec = j->epoch_sec ? j->epoch_sec : j->source.build_sec,
		.fs = {
			.fd = mkd_target_fd(t),
			.name = mkd_target_info(t)->name,
			.offset_bytes = j->layout.root.offset_bytes,
			.size_bytes = j->layout.root.size_bytes,
			.csum_seed = j->base.csum_seed,
			.zeroed = mkd_target_zeroed(t),
			.direct = true,
			.reserved_percent = 5,
			.sealed = true,
		},
		.ui = j->ui,
	};
	uint8_t page[MKD_SWAP_PAGE_BYTES];
	int r = swap_file(j, page, &req.swap, err);

	if (r < 0)
		return r;
	memcpy(req.fs.uuid, j->base.fs_uuid, sizeof(req.fs.uuid));
	memcpy(req.fs.hash_seed, j->base.hash_seed, sizeof(req.fs.hash_seed));
	j->plain = NULL; /* whatever comes of it */
	r = mkd_rootfs_write(&req, &j->rootfs, err);
	mkd_tick(j->ui, "", 0, 0);
	if (r < 0)
		return r;
	if (j->rootfs.clamped)
		mkd_say(j->ui, MKD_WARN,
			"%" PRIu64 " of %" PRIu64 " files have a time before 1901 or after 2446, "
			"which ext4 cannot hold: they have the nearest one now",
			j->rootfs.clamped, j->rootfs.entries);
	if (j->rootfs.outside)
		mkd_say(j->ui, MKD_INFO,
			"left out %" PRIu64 " members of the tarball that are not in '%s'",
			j->rootfs.outside, j->plan->strip);
	mkd_say(j->ui, MKD_DEBUG,
		"wrote %" PRIu64 " files, unpacked by %s; %" PRIu64 " of %" PRIu64
		" inodes and %" PRIu64 " of %" PRIu64 " blocks are in use",
		j->rootfs.entries, j->rootfs.format, j->rootfs.fs.inodes_used, j->rootfs.fs.inodes,
		j->rootfs.fs.blocks_used, j->rootfs.fs.blocks);
	return 0;
}

static int swap(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	const struct mkd_region *at = &j->layout.swap;
	struct mkd_swap_req req = { .offset_bytes = at->offset_bytes,
				    .size_bytes = at->size_bytes,
				    .label = "swap" };

	if (j->layout.swap_kind != MKD_SWAP_PARTITION && j->layout.swap_kind != MKD_SWAP_DISK)
		return 0;
	req.fd = mkd_target_fd(j->target[at->disk]);
	req.name = mkd_target_info(j->target[at->disk])->name;
	memcpy(req.uuid, j->id.swap_uuid, sizeof(req.uuid));
	return mkd_swap_write(&req, err);
}

/* Last of what is written to a disk: until then nobody can take it for a complete one. */
static int label(void *job, struct mkd_err *err)
{
	struct mkd_job *j = job;
	const struct mkd_layout *l = &j->layout;
	const struct mkd_target_info *info = mkd_target_info(j->target[MKD_DISK_MAIN]);
	struct mkd_label_part parts[2] = {
		{ MKD_PART_LINUX_ROOT, l->root.offset_bytes, l->root.size_bytes, { 0 }, "root" },
		{ MKD_PART_LINUX_SWAP, l->swap.offset_bytes, l->swap.size_bytes, { 0 }, "swap" },
	};
	struct mkd_label_req req = {
		.fd = mkd_target_fd(j->target[MKD_DISK_MAIN]),
		.name = info->name,
		.size_bytes = info->size_bytes,
		.sector_bytes = info->sector_bytes,
		.parts = parts,
		.n_parts = l->swap_kind == MKD_SWAP_PARTITION ? 2 : 1,
	};

	if (!l->disks[MKD_DISK_MAIN].gpt)
		return 0;
	memcpy(req.disk_guid, j->id.disk_guid, sizeof(req.disk_guid));
	memcpy(parts[0].guid, j->id.root_guid, sizeof(parts[0].guid));
	memcpy(parts[1].guid, j->id.swap_guid, sizeof(parts[1].guid));
	return mkd_label_write_gpt(&req, err);
}

static const struct mkd_step stages[] = {
	{ "inputs", mkd_job_inputs, NULL, mkd_job_inputs_release, false },
	{ "probe", probe, NULL, NULL, false },
	{ "source", source, NULL, source_release, false },
	{ "config", mkd_job_config, NULL, NULL, false },
	{ "room", mkd_job_room, NULL, NULL, false },
	{ "disks", disks, NULL, disks_release, false },
	{ "rootfs", rootfs, NULL, NULL, false },
	{ "digest", mkd_job_digest, NULL, NULL, false },
	{ "swap", swap, NULL, NULL, false },
	{ "guest", mkd_job_guest, NULL, NULL, false },
	{ "kernel", mkd_job_own_kernel, mkd_job_own_rollback, mkd_job_own_release, false },
	{ "label", label, NULL, NULL, false },
	{ "manifest", mkd_job_manifest, NULL, NULL, false },
	{ "publish", mkd_job_publish, NULL, NULL, false },
};
#define N_LOOK 2 /* those that only look */

static struct mkd_job job_of(const struct mkd_plan *plan, const struct mkd_settings *settings,
			     struct mkd_ui *ui)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (struct mkd_job){
		.plan = plan,
		.settings = settings,
		.ui = ui,
		.cfg_dirfd = -1,
		.out_dirfd = -1,
		.source.fd = -1,
		.started_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
	};
}

/* Runs while the stages' results are still there. */
struct report {
	struct mkd_job job; /* first: the stages see a struct mkd_job */
	struct mkd_buf *out;
};

static int report_summary(void *job, struct mkd_err *err)
{
	struct report *r = job;

	mkd_job_summary(&r->job, r->out);
	return mkd_buf_check(r->out, err);
}

static int report_plan(void *job, struct mkd_err *err)
{
	struct report *r = job;

	mkd_plan_explain(r->job.plan, r->job.settings, r->out);
	mkd_job_plan(&r->job, r->out);
	return mkd_job_plan_facts(&r->job, r->out, err);
}

static int run(const struct mkd_step *first, size_t n, struct mkd_step last, struct report *r,
	       struct mkd_err *err)
{
	struct mkd_step steps[ARRAY_LEN(stages) + 1];
	int rc;

	memcpy(steps, first, n * sizeof(*steps));
	steps[n] = last;
	mkd_buf_reset(r->out);
	rc = mkd_pipeline_run(steps, n + 1, &r->job, err);
	for (size_t i = 0; rc < 0 && i < r->job.n_disks; i++)
		rc = mkd_lostdev_explain(&r->job.info[i], !r->job.plan->size_bytes, err);
	mkd_buf_free(&r->job.cfg);
	mkd_buf_free(&r->job.manifest);
	mkd_buf_free(&r->job.access);
	return rc;
}

int mkd_build_run(const struct mkd_plan *plan, const struct mkd_settings *settings,
		  struct mkd_ui *ui, struct mkd_buf *ret_summary, struct mkd_err *err)
{
	struct report r = { .job = job_of(plan, settings, ui), .out = ret_summary };

	return run(stages, ARRAY_LEN(stages),
		   (struct mkd_step){ "summary", report_summary, NULL, NULL, true }, &r, err);
}

int mkd_build_explain(const struct mkd_plan *plan, const struct mkd_settings *settings,
		      struct mkd_ui *ui, struct mkd_buf *ret, struct mkd_err *err)
{
	struct report r = { .job = job_of(plan, settings, ui), .out = ret };

	return run(stages, N_LOOK, (struct mkd_step){ "plan", report_plan, NULL, NULL, false }, &r,
		   err);
}
