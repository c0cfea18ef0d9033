/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

#include "mkdomu/cache.h"
#include "mkdomu/file.h"

#define CHUNK_BYTES (256 * KIB)

bool mkd_snapshot_needed(const struct stat *st, uid_t euid)
{
	return (st->st_uid != euid && st->st_uid != 0) || (st->st_mode & (S_IWGRP | S_IWOTH));
}

/* O_EXCL: nobody can link it into the file system later. */
static int in_cache(const struct mkd_snapshot_req *req, int *ret_fd, char **ret_dir,
		    struct mkd_err *err)
{
	struct mkd_cache cache = { .dirfd = -1 };
	cleanup_close int fd = -1;
	int r = mkd_cache_open(req->cache_dir, &cache, err);

	if (r < 0)
		return r;
	fd = openat(cache.dirfd, ".", O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	r = fd < 0 ? mkd_fail_io(err, errno, "cannot create a file in '%s'", cache.path)
		   : mkd_strdup(cache.path, ret_dir, err);
	mkd_cache_close(&cache);
	if (r == 0)
		*ret_fd = steal_fd(&fd);
	return r;
}

/* Not every file system has O_TMPFILE: a name in a folder of our own, removed at once. */
static int in_tmpdir(int *ret_fd, char **ret_dir, struct mkd_err *err)
{
	cleanup_free char *dir = NULL, *path = NULL;
	cleanup_close int fd = -1;
	int r = mkd_tmpdir(&dir, err);

	if (r < 0)
		return r;
	r = mkd_asprintf(&path, err, "%s/copy", dir);
	if (r == 0) {
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			r = mkd_fail_io(err, errno, "cannot create '%s'", path);
	}
	mkd_rmtree(dir);
	if (r < 0)
		return r;
	*ret_fd = steal_fd(&fd);
	*ret_dir = steal(&dir);
	return 0;
}

struct copy {
	const struct mkd_snapshot_req *req;
	const char *dir;
	int fd;
	uint64_t done_bytes, total_bytes;
	char *buf;
};

/* 1 for more, 0 at the end of the file. */
static int copy_chunk(struct copy *c, struct mkd_err *err)
{
	const struct mkd_snapshot_req *req = c->req;
	ssize_t n;
	int r = mkd_check_signal(err);

	if (r < 0)
		return r;
	n = pread(req->fd, c->buf, CHUNK_BYTES, (off_t)c->done_bytes);
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0)
		return mkd_fail_io(err, errno, "cannot read the tarball '%s'", req->name);
	/* It may have grown since its size was looked at. */
	if ((uint64_t)n > req->max_bytes - c->done_bytes)
		return mkd_fail(err, MKD_EXIT_USAGE, EFBIG,
				"cannot use the tarball '%s': it is larger than the limit of "
				"%" PRIu64 " bytes",
				req->name, req->max_bytes);
	r = mkd_write_full(c->fd, c->buf, (size_t)n);
	if (r < 0)
		return mkd_fail_io(
			err, -r,
			"cannot copy the tarball '%s' to '%s' (only a file that nobody "
			"else may write to is used in place: chown and chmod it, or name "
			"another folder with --cache)",
			req->name, c->dir);
	c->done_bytes += (uint64_t)n;
	mkd_tick(req->ui, "copy", c->done_bytes, c->total_bytes);
	return n > 0;
}

static int copy_all(struct copy *c, struct mkd_err *err)
{
	int r = 1;

	c->buf = malloc(CHUNK_BYTES);
	if (!c->buf)
		return mkd_nomem(err);
	while (r == 1)
		r = copy_chunk(c, err);
	free(c->buf);
	c->buf = NULL;
	return r;
}

static int reopen(int fd, int *ret_fd, struct mkd_err *err)
{
	char path[64];
	int ro;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ro = open(path, O_RDONLY | O_CLOEXEC);
	if (ro < 0)
		return mkd_fail_io(err, errno, "cannot open the copy of the tarball by '%s'", path);
	*ret_fd = ro;
	return 0;
}

int mkd_snapshot(const struct mkd_snapshot_req *req, int *ret_fd, uint64_t *ret_bytes,
		 struct mkd_err *err)
{
	cleanup_free char *dir = NULL;
	cleanup_close int fd = -1;
	struct mkd_err ignored;
	struct copy c = { .req = req };
	struct stat st;
	int r;

	if (fstat(req->fd, &st) != 0)
		return mkd_fail_io(err, errno, "cannot read the tarball '%s'", req->name);
	r = in_cache(req, &fd, &dir, &ignored);
	if (r < 0)
		r = in_tmpdir(&fd, &dir, err);
	if (r < 0)
		return r;
	mkd_say(req->ui, MKD_DEBUG,
		"'%s' is copied to a private file in '%s': others may write to it", req->name, dir);
	c.fd = fd;
	c.dir = dir;
	c.total_bytes = (uint64_t)st.st_size;
	r = copy_all(&c, err);
	if (r == 0)
		r = reopen(fd, ret_fd, err);
	if (r == 0)
		*ret_bytes = c.done_bytes;
	return r;
}
