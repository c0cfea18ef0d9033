/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/rootfs.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/entries.h"
#include "mkdomu/prefix.h"
#include "mkdomu/survey.h"

struct work {
	const struct mkd_rootfs_req *req;
	struct mkd_stream *stream; /* the entries' */
	struct mkd_entries *entries;
	struct mkd_ext4 *fs; /* NULL before it is made and after its end */
	int64_t newest_sec;
	struct mkd_entry stripped; /* what next_entry gives, with a folder to strip */
	struct mkd_need need;
	struct mkd_rootfs_result result;
};

static int copy_data(struct work *w, struct mkd_err *err)
{
	for (;;) {
		const void *data;
		uint64_t offset;
		size_t len;
		int r = mkd_entries_data(w->entries, &data, &len, &offset, err);

		if (r < 0)
			return r;
		if (r == 0)
			return mkd_ext4_end(w->fs, err);
		mkd_need_data(&w->need, offset, len);
		r = mkd_ext4_data(w->fs, data, len, offset, err);
		if (!r)
			r = mkd_check_signal(err);
		if (r < 0)
			return r;
		w->result.data_bytes += len;
		mkd_tick(w->req->ui, "write", mkd_entries_pos(w->entries), w->req->tar_bytes);
	}
}

static int copy_entry(struct work *w, const struct mkd_entry *e, struct mkd_err *err)
{
	int r;

	mkd_need_add(&w->need, e);
	r = mkd_ext4_add(w->fs, e, err);
	if (r < 0)
		return r;
	/* a hard link has the time of what it names */
	if (e->type != MKD_FT_HARDLINK && (!w->result.entries || e->mtime_sec > w->newest_sec))
		w->newest_sec = e->mtime_sec;
	w->result.clamped += e->type != MKD_FT_HARDLINK && e->time_clamped;
	w->result.entries++;
	return e->type == MKD_FT_REG ? copy_data(w, err) : 0;
}

/* The next member that is part of the root, by its name there. */
static int next_entry(struct work *w, const struct mkd_entry **ret, struct mkd_err *err)
{
	for (;;) {
		const struct mkd_entry *e;
		int r = mkd_entries_next(w->entries, &e, err);

		if (r <= 0 || !w->req->strip) {
			if (r > 0)
				*ret = e;
			return r;
		}
		r = mkd_prefix_strip(w->req->strip, e, &w->stripped, err);
		if (r < 0)
			return mkd_wrap(err, "cannot use '%s': member '%.200s' is refused",
					w->req->tar_name, e->path);
		if (r > 0) {
			*ret = &w->stripped;
			return r;
		}
		w->result.outside++;
		r = mkd_check_signal(err);
		if (r < 0)
			return r;
	}
}

static int copy_all(struct work *w, struct mkd_err *err)
{
	for (;;) {
		const struct mkd_entry *e = NULL;
		int r = next_entry(w, &e, err);

		if (r <= 0 || !e)
			return r;
		r = copy_entry(w, e, err);
		if (!r)
			r = mkd_check_signal(err);
		if (r < 0)
			return r;
		mkd_tick(w->req->ui, "write", mkd_entries_pos(w->entries), w->req->tar_bytes);
	}
}

uint64_t mkd_rootfs_plain_limit(uint64_t fs_bytes)
{
	return 2 * fs_bytes + GIB;
}

static int open_entries(struct work *w, struct mkd_err *err)
{
	const struct mkd_stream_req req = { .fd = w->req->tar_fd,
					    .name = w->req->tar_name,
					    .threads = w->req->threads,
					    .max_plain_bytes =
						    mkd_rootfs_plain_limit(w->req->fs.size_bytes) };
	int r = 0;

	w->stream = w->req->stream;
	if (!w->stream)
		r = mkd_stream_open(&req, &w->stream, err);
	if (r < 0)
		return r;
	(void)snprintf(w->result.format, sizeof(w->result.format), "%s",
		       mkd_stream_format(w->stream));
	return mkd_entries_open(w->stream, w->req->tar_name, &w->entries, err);
}

static int write_fs(struct work *w, struct mkd_err *err)
{
	const struct mkd_rootfs_req *req = w->req;
	int r = open_entries(w, err);

	if (!r)
		r = mkd_ext4_create(&req->fs, &w->fs, err);
	if (!r && req->swap.size_bytes)
		r = mkd_ext4_check_swap(w->fs, &req->swap, err);
	if (!r)
		r = copy_all(w, err);
	if (r < 0)
		return r;
	mkd_stream_sum(w->stream, &w->result.tar_bytes, w->result.tar_sha256);
	if (!w->result.entries && w->result.outside)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENODATA,
				"'%s' has no folder '%s', which is to be the root; give another "
				"--strip",
				req->tar_name, req->strip);
	if (!w->result.entries)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENODATA,
				"'%s' is empty: a root tarball has files in it", req->tar_name);
	w->result.epoch_sec = req->epoch_sec ? req->epoch_sec : w->newest_sec;
	/* behind the members: its time is known only now, and it is to win over any of them */
	if (req->swap.size_bytes)
		r = mkd_ext4_add_swap(w->fs, &req->swap, w->result.epoch_sec, err);
	if (r < 0)
		return r;
	return mkd_ext4_finish(steal(&w->fs), w->result.epoch_sec, &w->result.fs, err);
}

/* Count what has not been written any more. Errors of the archive end it without a word. */
static int count_rest(struct work *w, struct mkd_err *err)
{
	const struct mkd_entry *e = NULL;
	const void *data;
	uint64_t offset;
	size_t len;
	int r;

	do {
		while ((r = mkd_entries_data(w->entries, &data, &len, &offset, err)) > 0) {
			mkd_need_data(&w->need, offset, len);
			r = mkd_check_signal(err);
			if (r < 0)
				return r;
		}
		if (r == 0)
			r = next_entry(w, &e, err);
		if (r > 0 && e)
			mkd_need_add(&w->need, e);
	} while (r > 0);
	return r;
}

/*
 * It did not fit: say what would, when the rest of the tarball tells. A host that is full gives the
 * same error, but then the file system would have been large enough.
 */
static int say_need(struct work *w, struct mkd_err *err)
{
	struct mkd_err other = { 0 };
	uint64_t bytes = 0;
	int r = count_rest(w, &other);

	if (r == -EINTR) {
		*err = other;
		return r;
	}
	/* over the limit of the stream, it is at least what was seen */
	if ((r < 0 && r != -EFBIG) ||
	    mkd_need_size(&w->need, &w->req->fs, w->req->swap.size_bytes, &bytes, &other) < 0 ||
	    bytes <= w->req->fs.size_bytes)
		return -err->code;
	/* not rounded: it must do when given as --size */
	return mkd_wrap(err, "'%s' needs %s %llu MiB for the root file system", w->req->tar_name,
			r ? "over" : "about", (unsigned long long)(bytes / MIB));
}

int mkd_rootfs_write(const struct mkd_rootfs_req *req, struct mkd_rootfs_result *ret,
		     struct mkd_err *err)
{
	struct work w = { .req = req };
	int r = write_fs(&w, err);

	if (r == -ENOSPC && w.entries)
		r = say_need(&w, err);
	mkd_ext4_abort(w.fs);
	mkd_entries_close(w.entries);
	if (r < 0)
		return r;
	*ret = w.result;
	return 0;
}

static int check_dry(const struct mkd_rootfs_req *req, struct mkd_err *err)
{
	struct mkd_rootfs_req dry = *req;
	struct mkd_rootfs_result ignored;
	struct mkd_err e = { 0 };
	int r;

	dry.stream = NULL;
	dry.fs.dry = true;
	dry.fs.zeroed = true;
	r = mkd_rootfs_write(&dry, &ignored, &e);
	if (r == 0 || (r != -EINTR && e.exit != MKD_EXIT_NOSPACE && e.exit != MKD_EXIT_ARCHIVE))
		return 0;
	*err = e;
	return r;
}

int mkd_rootfs_check(const struct mkd_rootfs_req *req, struct mkd_err *err)
{
	struct mkd_survey s = { 0 };
	struct mkd_err ignored;
	uint64_t bytes = 0;
	int r = mkd_survey_tar(req->tar_fd, req->tar_name, &s, err);

	if (r < 0 || !s.plain)
		return r;
	if (!s.unsure &&
	    mkd_need_size(&s.need, &req->fs, req->swap.size_bytes, &bytes, &ignored) == 0 &&
	    bytes <= req->fs.size_bytes)
		return 0;
	return check_dry(req, err);
}
