/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/look.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mkdomu/diskmap.h"
#include "mkdomu/entries.h"
#include "mkdomu/file.h"
#include "mkdomu/prefix.h"
#include "mkdomu/seal.h"
#include "mkdomu/sysfacts.h"
#include "mkdomu/tree_ext4.h"
#include "mkdomu/tree_ram.h"

#define PLAIN_MAX_BYTES (64 * GIB)

/* What facts are found in, beside /etc: programs that may be init or the shell, a few texts. */
static bool is_wanted(const char *path)
{
	static const char *const names[] = { "init",          "systemd",    "openrc-init",
					     "runit",         "runit-init", "dinit",
					     "s6-linux-init", "sh",         "bash",
					     "dash",          "os-release", "authorized_keys" };
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	if (strncmp(path, "etc/", 4) == 0 || strncmp(name, "busybox", 7) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return dot && strcmp(dot, ".service") == 0 && strstr(path, "systemd/system/");
}

/* The many files of which no fact ever comes. */
static bool is_chaff(const char *path)
{
	static const char *const dirs[] = { "usr/share/", "usr/include/", "usr/src/",
					    "var/db/repos/", "var/cache/" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (strncmp(path, dirs[i], strlen(dirs[i])) == 0)
			return strncmp(path, "usr/share/runit/", 16) != 0;
	return false;
}

static mode_t format_of(enum mkd_ftype type)
{
	static const mode_t formats[] = {
		[MKD_FT_REG] = S_IFREG,   [MKD_FT_DIR] = S_IFDIR, [MKD_FT_LNK] = S_IFLNK,
		[MKD_FT_CHR] = S_IFCHR,   [MKD_FT_BLK] = S_IFBLK, [MKD_FT_FIFO] = S_IFIFO,
		[MKD_FT_SOCK] = S_IFSOCK,
	};

	return formats[type];
}

/* The archive's reader names its file; what takes from it does not. */
static int spoilt(const struct mkd_look_req *req, struct mkd_err *err)
{
	return mkd_wrap(err, "cannot use '%s'", req->path);
}

/*
 * Facts are looked for by what hooks use, whose errors are a hook's: of a root that is only looked
 * at, they are the archive's or the disk's, and say nothing of which.
 */
static int report(const struct mkd_look_req *req, struct mkd_tree *t, int exit_class,
		  struct mkd_buf *ret, struct mkd_err *err)
{
	int r = mkd_facts_report(t, req->json, ret, err);

	if (r < 0 && err->exit == MKD_EXIT_HOOK)
		err->exit = exit_class;
	if (r < 0 && err->exit == exit_class && !strstr(err->msg, req->path))
		(void)mkd_wrap(err, "cannot look into '%s'", req->path);
	return r;
}

static int take_data(const struct mkd_look_req *req, struct mkd_entries *es, struct mkd_tree *t,
		     struct mkd_err *err)
{
	const void *data;
	uint64_t offset;
	size_t len;
	int r;

	while ((r = mkd_entries_data(es, &data, &len, &offset, err)) > 0) {
		r = mkd_tree_ram_data(t, data, len, offset, err);
		if (r < 0)
			return spoilt(req, err);
		r = mkd_check_signal(err);
		if (r < 0)
			break;
	}
	return r;
}

static int take(const struct mkd_look_req *req, struct mkd_entries *es, const struct mkd_entry *e,
		struct mkd_tree *t, struct mkd_err *err)
{
	const struct mkd_tree_stat st = { .mode = e->type == MKD_FT_HARDLINK
							  ? 0
							  : format_of(e->type) | e->mode,
					  .uid = e->uid,
					  .gid = e->gid,
					  .size_bytes = e->size_bytes };
	int r;

	if (e->type == MKD_FT_HARDLINK && is_chaff(e->target))
		return 0;
	if (e->type == MKD_FT_HARDLINK)
		r = mkd_tree_ram_link(t, e->path, e->target, err);
	else
		r = mkd_tree_ram_add(t, e->path, &st, e->type == MKD_FT_LNK ? e->target : NULL,
				     is_wanted(e->path), err);
	if (r < 0)
		return spoilt(req, err);
	return e->type == MKD_FT_REG && is_wanted(e->path) ? take_data(req, es, t, err) : 0;
}

static int take_all(const struct mkd_look_req *req, uint64_t size_bytes, struct mkd_entries *es,
		    struct mkd_tree *t, struct mkd_err *err)
{
	const struct mkd_entry *e;
	struct mkd_entry inside;
	uint64_t n = 0;
	int r;

	while ((r = mkd_entries_next(es, &e, err)) > 0) {
		inside = *e;
		if (req->strip)
			r = mkd_prefix_strip(req->strip, e, &inside, err);
		if (r < 0)
			return spoilt(req, err);
		n += r > 0;
		if (r > 0 && !is_chaff(inside.path))
			r = take(req, es, &inside, t, err);
		if (r < 0)
			return r;
		r = mkd_check_signal(err);
		if (r < 0)
			return r;
		mkd_tick(req->ui, "read", mkd_entries_pos(es), size_bytes);
	}
	if (r == 0 && !n)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENODATA,
				"'%s' has no files%s%s: it is no root tarball", req->path,
				req->strip ? " below " : "", req->strip ? req->strip : "");
	return r;
}

static int look_tarball(const struct mkd_look_req *req, int fd, uint64_t size_bytes,
			struct mkd_buf *ret, struct mkd_err *err)
{
	const struct mkd_stream_req sreq = { .fd = fd,
					     .name = req->path,
					     .threads = req->threads,
					     .max_plain_bytes = PLAIN_MAX_BYTES };
	struct mkd_tree *t = mkd_tree_ram_new();
	struct mkd_entries *es = NULL;
	struct mkd_stream *stream;
	int r;

	if (!t)
		return mkd_nomem(err);
	r = mkd_stream_open(&sreq, &stream, err);
	if (r == 0)
		r = mkd_entries_open(stream, req->path, &es, err);
	if (r == 0)
		r = take_all(req, size_bytes, es, t, err);
	mkd_entries_close(es);
	if (r == 0)
		r = report(req, t, MKD_EXIT_ARCHIVE, ret, err);
	mkd_tree_ram_free(t);
	return r;
}

static int look_fs(const struct mkd_look_req *req, int fd, uint64_t offset_bytes,
		   struct mkd_buf *ret, struct mkd_err *err)
{
	const struct mkd_tree_ext4_req treq = {
		.fd = fd, .name = req->path, .offset_bytes = offset_bytes, .read_only = true
	};
	struct mkd_tree *t = NULL;
	struct mkd_err ignored;
	int r = mkd_tree_ext4_open(&treq, &t, err), closed;

	if (r < 0)
		return r;
	r = report(req, t, MKD_EXIT_IO, ret, err);
	closed = mkd_tree_ext4_close(t, r < 0 ? &ignored : err);
	return r < 0 ? r : closed;
}

/* 1 = an ext4 begins there, 0 = none. */
static int is_ext4(const struct mkd_look_req *req, int fd, uint64_t offset_bytes,
		   struct mkd_err *err)
{
	uint8_t page[4096];
	int r = mkd_pread_full(fd, page, sizeof(page), offset_bytes);

	if (r == -EIO) /* it ends before */
		return 0;
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot read '%s'", req->path);
	return mkd_seal_magic(page) == MKD_EXT4_MAGIC || mkd_seal_magic(page) == MKD_EXT4_SEALED;
}

/* 1 = *ret_bytes is where the root begins, 0 = there is neither a GPT nor an ext4. */
static int find_root(const struct mkd_look_req *req, int fd, uint64_t disk_bytes,
		     uint64_t *ret_bytes, struct mkd_err *err)
{
	struct mkd_gpt gpt;
	int r = disk_bytes < 4096 ? 0 : is_ext4(req, fd, 0, err);

	*ret_bytes = 0;
	if (r || disk_bytes < 4096)
		return r;
	r = mkd_gpt_read(fd, req->path, disk_bytes, &gpt, err);
	if (r < 0 || !gpt.sector_bytes)
		return r;
	for (size_t i = 0; r == 0 && i < MKD_GPT_PARTS; i++) {
		if (gpt.parts[i].size_bytes < 4096)
			continue;
		*ret_bytes = gpt.parts[i].offset_bytes;
		r = is_ext4(req, fd, *ret_bytes, err);
	}
	if (r)
		return r;
	return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
			"cannot look into '%s': no partition of it is an ext4", req->path);
}

int mkd_look(const struct mkd_look_req *req, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	struct stat st = { 0 };
	uint64_t offset = 0;
	off_t size;
	int r = mkd_diskmap_open(req->path, &fd, err);

	if (r < 0)
		return r;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || fstat(fd, &st) < 0)
		return mkd_fail_io(err, errno, "cannot read '%s'", req->path);
	r = find_root(req, fd, (uint64_t)size, &offset, err);
	if (r < 0)
		return r;
	if (r > 0)
		return look_fs(req, fd, offset, ret, err);
	if (S_ISBLK(st.st_mode))
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot look into '%s': it has neither a GPT nor an ext4",
				req->path);
	return look_tarball(req, fd, (uint64_t)size, ret, err);
}
