/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "mkdomu/build.h"
#include "mkdomu/diskdiff.h"
#include "mkdomu/diskdigest.h"
#include "mkdomu/exthook.h"
#include "mkdomu/file.h"
#include "mkdomu/replan.h"
#include "mkdomu/size.h"
#include "mkdomu/tarball.h"
#include "mkdomu/workroom.h"

#define ROOM_BYTES (4 * MIB) /* a file system with less is full */

/* -- the rebuild is silent: what it would warn of was told when the guest was made -- */

struct quiet {
	struct mkd_ui ui; /* first */
	struct mkd_ui *to;
};

static void say_nothing(struct mkd_ui *ui, enum mkd_level level, const char *text)
{
	(void)ui;
	(void)level;
	(void)text;
}

static void pass_on(struct mkd_ui *ui, const char *stage, uint64_t done_bytes, uint64_t total_bytes)
{
	mkd_tick(((struct quiet *)ui)->to, stage, done_bytes, total_bytes);
}

/* -- inputs -- */

struct work {
	const struct mkd_rebuild_req *req;
	struct mkd_record record;
	char *folder, *tarball;
	int folder_fd;        /* its lock */
	int disk_fd, swap_fd; /* what is verified */
	bool other_tarball;   /* it has not the recorded digest */
};

/* Beside the config, which has the name that a guest on it has when none is given. */
static int find_manifest(const struct work *w, char **ret, struct mkd_err *err)
{
	const struct mkd_rebuild_req *q = w->req;
	const char *slash = strrchr(q->disk, '/');
	struct stat st;
	cleanup_free char *name = NULL;
	int r;

	if (q->manifest)
		return mkd_strdup(q->manifest, ret, err);
	r = mkd_plan_name(q->disk, NULL, &name, err);
	if (r == 0 && fstat(w->disk_fd, &st) == 0 && S_ISBLK(st.st_mode))
		return mkd_asprintf(ret, err, "/etc/xen/%s.manifest.json", name);
	return r < 0 ? r
		     : mkd_asprintf(ret, err, "%.*s%s.manifest.json",
				    slash ? (int)(slash + 1 - q->disk) : 0, q->disk, name);
}

static int read_manifest(struct work *w, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_free char *path = NULL;
	int r = find_manifest(w, &path, err);

	if (r < 0)
		return r;
	r = mkd_file_read(AT_FDCWD, path, MKD_RECORD_MAX, MKD_EXIT_USAGE, &text, err);
	if (r == -ENOENT && !w->req->manifest)
		return mkd_fail(err, MKD_EXIT_USAGE, ENOENT,
				"there is no manifest '%s'; name it by --manifest", path);
	if (r == 0)
		r = mkd_record_parse(text.data, text.len, path, &w->record, err);
	return r;
}

static int find_tarball(struct work *w, struct mkd_err *err)
{
	const struct mkd_rebuild_req *q = w->req;
	const struct mkd_record *rec = &w->record;
	struct mkd_err e = { 0 };
	int r;

	if (q->tarball)
		return mkd_strdup(q->tarball, &w->tarball, err);
	r = mkd_tarball_cached(q->cache_dir, rec->file, rec->uri, &w->tarball, &e);
	if (r == -ENOENT && rec->uri && strchr(rec->uri, '?'))
		return mkd_fail(
			err, MKD_EXIT_NET, ENOENT,
			"the tarball '%s' is not in the cache, and the manifest has its URL "
			"without the query; name a copy, or the whole URL, by --tarball",
			rec->file);
	if (r == -ENOENT && rec->uri && !q->offline)
		return mkd_strdup(rec->uri, &w->tarball, err);
	if (r == -ENOENT)
		return mkd_fail(err, MKD_EXIT_NET, ENOENT,
				"the tarball '%s' is not in the cache; name a copy by --tarball",
				rec->file);
	if (r < 0)
		*err = e;
	return r;
}

/* What ran then has to be here now, byte for byte. */
static int check_hooks(const struct work *w, struct mkd_err *err)
{
	const struct mkd_record *rec = &w->record;
	int r = 0;

	if (rec->ext_names.n && !w->req->hooks_dir)
		return mkd_fail(
			err, MKD_EXIT_USAGE, EINVAL,
			"the guest was made with the external hook '%s', which its manifest "
			"does not have; give the folder that it is in by --hook-dir DIR",
			rec->ext_names.v[0]);
	for (size_t i = 0; r == 0 && i < rec->ext_names.n; i++) {
		cleanup(mkd_exthook_free) struct mkd_exthook h = { 0 };
		cleanup_free char *path = NULL;
		char hex[65];

		r = mkd_asprintf(&path, err, "%s/%s", w->req->hooks_dir, rec->ext_names.v[i]);
		if (r == 0 && path)
			r = mkd_exthook_find(NULL, path, &h, err);
		for (size_t k = 0; r == 0 && k < sizeof(h.sha256); k++)
			(void)snprintf(hex + 2 * k, 3, "%02x", h.sha256[k]);
		if (r == 0 && strcmp(hex, rec->ext_sha256.v[i]) != 0)
			r = mkd_fail(
				err, MKD_EXIT_VERIFY, EBADMSG,
				"'%s' is not the hook that the guest was made with: its SHA256 "
				"is %.16s..., not %.16s...",
				path, hex, rec->ext_sha256.v[i]);
	}
	return r;
}

/* From anywhere: what is built by it is no larger than what it is compared with. */
static int check_size(const char *path, int fd, const struct mkd_record_disk *d,
		      struct mkd_err *err)
{
	off_t have = path ? lseek(fd, 0, SEEK_END) : 0;
	char has[32], says[32];

	if (!path || (have >= 0 && d->size_bytes <= (uint64_t)have))
		return 0;
	if (have < 0)
		return mkd_fail_io(err, errno, "cannot tell the size of '%s'", path);
	return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
			"'%s' differs from what its manifest says: it has %s, not %s", path,
			mkd_size_format((uint64_t)have, has), mkd_size_format(d->size_bytes, says));
}

static int check_record(const struct work *w, struct mkd_err *err)
{
	const struct mkd_record *rec = &w->record;
	int r;

	if (w->req->swap && rec->n_disks < 2)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"the guest has no second disk; leave out --swap");
	if (rec->disks[0].gpt && rec->disks[0].sector_bytes != 512)
		return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
				"cannot verify '%s': its GPT has sectors of %u bytes, and an image "
				"file would have 512",
				w->req->disk, rec->disks[0].sector_bytes);
	if (rec->disks[0].gpt_elsewhere)
		return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
				"cannot verify '%s': its GPT is that of a device larger than the "
				"--size that was used, and an image would have another",
				w->req->disk);
	if (rec->ext_mounted)
		return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
				"cannot verify '%s': a hook had it mounted, and what the kernel "
				"writes is not the same twice",
				w->req->disk);
	if (rec->version && strcmp(rec->version, MKD_VERSION) != 0)
		mkd_say(w->req->ui, MKD_WARN,
			"the guest was made by mkdomu %s, and this is " MKD_VERSION
			": other bytes need not mean a change",
			rec->version);
	r = check_size(w->req->disk, w->disk_fd, &rec->disks[0], err);
	return r < 0 ? r : check_size(w->req->swap, w->swap_fd, &rec->disks[1], err);
}

/* -- the rebuild -- */

static int build(const struct work *w, bool any_digest, struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings settings = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan plan = { 0 };
	cleanup_buf struct mkd_buf summary = { 0 };
	struct quiet quiet = { { say_nothing, pass_on }, w->req->ui };
	const struct mkd_replan p = { .req = w->req,
				      .record = &w->record,
				      .folder = w->folder,
				      .tarball = w->tarball,
				      .any_digest = any_digest };
	int r = mkd_replan_settings(&p, &settings, err);

	if (r == 0)
		r = mkd_plan_make(&settings, NULL, &plan, err);
	if (r < 0)
		return r;
	plan.hooks_built_in = true;
	plan.again = true;
	plan.epoch_sec = w->record.epoch_sec;
	plan.start_sha256 = w->record.start_sha256;
	return mkd_build_run(&plan, &settings, &quiet.ui, &summary, err);
}

/* A tarball that was named may be another one than the recorded. */
static int build_either(struct work *w, struct mkd_err *err)
{
	struct mkd_err e = { 0 };
	int r = build(w, false, &e);

	if (r == -EBADMSG && e.exit == MKD_EXIT_VERIFY && w->req->tarball) {
		mkd_say(w->req->ui, MKD_WARN,
			"'%s' is not the recorded file '%s', SHA256 %.16s...; comparing with it "
			"all "
			"the same",
			w->req->tarball, w->record.file, w->record.sha256);
		w->other_tarball = true;
		return build(w, true, err);
	}
	if (r < 0)
		*err = e;
	return r;
}

/* The guest's disk was large enough: most likely it is the folder that is full. */
static int say_full(const struct work *w, struct mkd_err *err)
{
	struct statvfs v;

	if (err->exit == MKD_EXIT_NOSPACE && statvfs(w->folder, &v) == 0 &&
	    (uint64_t)v.f_bavail * v.f_frsize < ROOM_BYTES)
		return mkd_wrap(err,
				"no room for the temporary image in '%s'; let TMPDIR name a folder "
				"with more",
				w->folder);
	return -err->code;
}

/* -- the comparison -- */

struct side {
	const char *path; /* of what is verified */
	int fd;
	const char *name;          /* of the rebuilt one, in the folder */
	const uint8_t *structures; /* as recorded */
};

static int check_digest(const struct work *w, const struct side *s, int fd, struct mkd_err *err)
{
	const struct mkd_diskmap_req req = { .fd = fd, .name = s->name };
	uint8_t sum[MKD_DISKDIGEST_BYTES];
	int r = mkd_diskdigest_fd(&req, w->req->threads, NULL, sum, err);

	if (r == 0 && memcmp(sum, s->structures, sizeof(sum)) != 0)
		r = mkd_fail(
			err, MKD_EXIT_VERIFY, EBADMSG,
			"'%s' is what the recorded inputs give, but the digest in its manifest "
			"is of something else",
			s->path);
	return r;
}

static int compare(const struct work *w, const struct side *s, struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;
	struct mkd_diskmap map = { 0 };
	struct mkd_diskmap_req mreq = { .name = s->name, .content = true };
	struct mkd_diskdiff found = { 0 };
	int r = mkd_asprintf(&path, err, "%s/%s", w->folder, s->name);

	if (r == 0)
		r = mkd_diskmap_open(path, &fd, err);
	mreq.fd = fd;
	if (r == 0)
		r = mkd_diskmap_make(&mreq, &map, err);
	if (r == 0) {
		const struct mkd_diskdiff_req req = { &map, fd, s->fd, s->path, w->req->ui };

		r = mkd_diskdiff(&req, &found, err);
	}
	mkd_diskmap_free(&map);
	if (r == 0 && found.places)
		r = mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
			     "'%s' differs from what its inputs give in %" PRIu64
			     " place%s, first at byte %" PRIu64 ": %s",
			     s->path, found.places, found.places == 1 ? "" : "s",
			     found.first_at_bytes, found.first);
	return r < 0 ? r : check_digest(w, s, fd, err);
}

static int compare_disks(const struct work *w, struct mkd_err *err)
{
	const struct mkd_rebuild_req *q = w->req;
	const struct side sides[] = {
		{ q->disk, w->disk_fd, MKD_REPLAN_DISK, w->record.disks[0].structures },
		{ q->swap, w->swap_fd, MKD_REPLAN_SWAP, w->record.disks[1].structures },
	};
	int r = 0;

	if (!q->swap && w->record.n_disks > 1)
		mkd_say(q->ui, MKD_WARN, "the swap disk is not compared; name it by --swap");
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(sides); i++)
		if (sides[i].path)
			r = compare(w, &sides[i], err);
	return r;
}

static void report(const struct work *w, struct mkd_buf *ret)
{
	const struct mkd_record *rec = &w->record;

	mkd_buf_printf(ret, "'%s' is what mkdomu makes of %s\n", w->req->disk, w->tarball);
	if (w->other_tarball)
		mkd_buf_printf(ret, "  which has the same members as the recorded %s\n", rec->file);
	else
		mkd_buf_printf(ret, "  sha256 %s\n", rec->sha256);
}

static int verify(struct work *w, struct mkd_err *err)
{
	const struct mkd_rebuild_req *q = w->req;
	int r = mkd_diskmap_open(q->disk, &w->disk_fd, err);

	if (r == 0 && q->swap)
		r = mkd_diskmap_open(q->swap, &w->swap_fd, err);
	if (r == 0)
		r = read_manifest(w, err);
	if (r == 0)
		r = check_record(w, err);
	if (r == 0)
		r = check_hooks(w, err);
	if (r == 0)
		r = find_tarball(w, err);
	if (r == 0)
		r = mkd_workroom_make(&w->folder, &w->folder_fd, err);
	if (r == 0) {
		r = build_either(w, err);
		if (r < 0)
			return say_full(w, err);
	}
	return r < 0 ? r : compare_disks(w, err);
}

int mkd_rebuild_verify(const struct mkd_rebuild_req *req, struct mkd_buf *ret, struct mkd_err *err)
{
	struct work w = { .req = req, .folder_fd = -1, .disk_fd = -1, .swap_fd = -1 };
	int r = verify(&w, err);

	if (r == 0)
		report(&w, ret);
	if (w.folder)
		mkd_rmtree(w.folder);
	free(w.folder);
	free(w.tarball);
	mkd_record_free(&w.record);
	closep_(&w.folder_fd);
	closep_(&w.disk_fd);
	closep_(&w.swap_fd);
	return r < 0 ? r : mkd_buf_check(ret, err);
}
