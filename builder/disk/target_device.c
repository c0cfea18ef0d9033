/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/target_device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/falloc.h>
#include <linux/fs.h>

#include "mkdomu/disklock.h"
#include "mkdomu/file.h"
#include "mkdomu/guard.h"
#include "mkdomu/inuse.h"
#include "mkdomu/readback.h"
#include "mkdomu/signature.h"

#define EDGE_BYTES  MKD_READBACK_BYTES /* at both ends: where labels and superblocks are */
#define CHUNK_BYTES GIB                /* between two looks at the signal flag */
#define LOST_BYTES \
	(2 * MIB) /* what an abandoned device loses at its start: root's superblock too */

struct mkd_device {
	const struct mkd_host *host;
	struct mkd_ui *ui;
	struct mkd_target_info info;
	uint64_t device_bytes; /* all of it, info.size_bytes may be less */
	dev_t dev;
	int fd, lock_fd;
	bool begun, published, zeroed;
};

/* What a path led to, to be compared with what is opened later. */
struct node {
	int fd; /* for looking */
	dev_t dev;
	uint64_t diskseq; /* changes when another disk takes the number; 0 = kernel before 5.15 */
	char path[PATH_MAX], name[PATH_MAX];
};

static void node_close(struct node *n)
{
	closep_(&n->fd);
}

static uint64_t diskseq_of(int fd)
{
	uint64_t seq = 0;

#ifdef BLKGETDISKSEQ
	if (ioctl(fd, BLKGETDISKSEQ, &seq) != 0)
		seq = 0;
#else
	(void)fd;
#endif
	return seq;
}

static int open_error(struct mkd_err *err, int code, const char *path)
{
	if (code == EACCES || code == EPERM)
		return mkd_fail(err, MKD_EXIT_TARGET, EACCES,
				"cannot use '%s': permission denied; run as root", path);
	if (code == EROFS)
		return mkd_fail(err, MKD_EXIT_TARGET, EROFS, "cannot use '%s': it is read-only",
				path);
	return mkd_fail_errno(err, MKD_EXIT_TARGET, code, "cannot use '%s'", path);
}

/* Follow links to the device's real node and look at it; *ret is the caller's to close. */
static int look(const char *path, struct node *ret, struct mkd_err *err)
{
	struct node n = { .fd = -1 };
	cleanup_close int fd = -1;
	struct stat st;

	if (!realpath(path, n.path))
		return open_error(err, errno, path);
	/* dm-3 tells nobody what it is; the name that was given does not tell where a link leads */
	if (strcmp(path, n.path) == 0)
		memcpy(n.name, n.path, sizeof(n.name));
	else
		(void)snprintf(n.name, sizeof(n.name), "%.2040s -> %.2040s", path, n.path);
	fd = open(n.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || (eaccess(n.path, W_OK) != 0 && errno != EROFS))
		return open_error(err, errno, n.name);
	if (fstat(fd, &st) != 0 || !S_ISBLK(st.st_mode))
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot use '%s': it is not a block device", n.name);
	n.dev = st.st_rdev;
	n.diskseq = diskseq_of(fd);
	n.fd = steal_fd(&fd);
	*ret = n;
	return 0;
}

static int guard(const struct mkd_host *host, const struct mkd_target_req *req, int fd,
		 struct mkd_target_info *info, struct mkd_err *err)
{
	struct mkd_guard_req g = { .host = host,
				   .name = info->name,
				   .fd = fd,
				   .size_bytes = req->size_bytes,
				   .force = req->force,
				   .ui = req->ui };

	return mkd_guard_device(&g, info, err);
}

/* *ret_fd is the caller's. The claim is of the node that was looked at, or it fails. */
static int claim(const struct mkd_host *host, const struct node *n, int flags, int *ret_fd,
		 struct mkd_err *err)
{
	cleanup_close int fd = open(n->path, flags | O_EXCL | O_CLOEXEC);
	struct mkd_subject s;
	struct stat st;
	int code = errno;

	if (fd < 0 && code == EBUSY) {
		int r = mkd_subject_make(host, n->name, n->fd, &s, err);

		return r < 0 ? r : mkd_inuse_explain(&s, err);
	}
	if (fd < 0)
		return open_error(err, code, n->name);
	if (fstat(fd, &st) != 0 || !S_ISBLK(st.st_mode) || st.st_rdev != n->dev ||
	    diskseq_of(fd) != n->diskseq)
		return mkd_fail(err, MKD_EXIT_TARGET, EBUSY,
				"cannot use '%s': another device took its place meanwhile; look "
				"and start again",
				n->name);
	*ret_fd = steal_fd(&fd);
	return 0;
}

/* The guard; but what is on a device matters only when nobody holds it: force would not help. */
static int guard_looked(const struct mkd_host *host, const struct mkd_target_req *req,
			const struct node *n, struct mkd_target_info *info, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	struct mkd_err held;
	int r = guard(host, req, n->fd, info, err);

	if (r != -EEXIST || claim(host, n, O_RDONLY, &fd, &held) != -EBUSY)
		return r;
	*err = held;
	return -EBUSY;
}

static void start_info(const struct node *n, struct mkd_target_info *info)
{
	*info = (struct mkd_target_info){ .kind = MKD_TARGET_DEVICE };
	memcpy(info->path, n->path, sizeof(info->path));
	memcpy(info->name, n->name, sizeof(info->name));
}

int mkd_device_probe(const struct mkd_host *host, const struct mkd_target_req *req,
		     struct mkd_target_info *ret, struct mkd_err *err)
{
	cleanup(node_close) struct node n = { .fd = -1 };
	cleanup_close int lock = -1, claimed = -1;
	struct mkd_target_info info;
	int r = look(req->path, &n, err);

	if (r < 0)
		return r;
	start_info(&n, &info);
	r = mkd_disklock_device(host, n.dev, n.path, MKD_LOCK_LOOK, &lock, err);
	if (r == 0)
		r = guard_looked(host, req, &n, &info, err);
	if (r == 0)
		r = claim(host, &n, O_RDONLY, &claimed, err);
	if (r == 0)
		*ret = info;
	return r;
}

static int open_looked(const struct mkd_target_req *req, const struct node *n, struct mkd_device *d,
		       struct mkd_err *err)
{
	struct mkd_target_req quiet = *req;
	int r = mkd_disklock_device(d->host, n->dev, n->path, MKD_LOCK_HOLD, &d->lock_fd, err);

	start_info(n, &d->info);
	d->dev = n->dev;
	if (r == 0)
		r = guard_looked(d->host, req, n, &d->info, err);
	if (r == 0)
		r = claim(d->host, n, O_RDWR, &d->fd, err);
	/* again, silently: what came between the look and the claim cannot come any more */
	quiet.ui = NULL;
	if (r == 0)
		r = guard(d->host, &quiet, d->fd, &d->info, err);
	if (r == 0 && ioctl(d->fd, BLKGETSIZE64, &d->device_bytes) != 0)
		r = open_error(err, errno, n->name);
	return r;
}

int mkd_device_open(const struct mkd_host *host, const struct mkd_target_req *req,
		    struct mkd_device **ret, struct mkd_err *err)
{
	cleanup(node_close) struct node n = { .fd = -1 };
	struct mkd_device *d = calloc(1, sizeof(*d));
	int r;

	if (!d)
		return mkd_nomem(err);
	*d = (struct mkd_device){ .host = host, .ui = req->ui, .fd = -1, .lock_fd = -1 };
	r = look(req->path, &n, err);
	if (r == 0)
		r = open_looked(req, &n, d, err);
	if (r < 0)
		mkd_device_close(d);
	else
		*ret = d;
	return r;
}

/* By fd, past the page cache, whose writing back says EIO even where a thin pool is full. */
static int zero_range(const struct mkd_device *d, int fd, uint64_t start, uint64_t end,
		      struct mkd_err *err)
{
	static const uint8_t zeros[64 * KIB] __attribute__((aligned(4096)));

	while (start < end) {
		uint64_t n = end - start < sizeof(zeros) ? end - start : sizeof(zeros);
		int r = fd < 0 ? -EINVAL : mkd_pwrite_full(fd, zeros, n, start);

		if (r == -EINVAL) /* not aligned as this device wants it */
			r = mkd_pwrite_full(d->fd, zeros, n, start);
		if (r < 0)
			return mkd_fail_io(err, -r, "cannot wipe '%s'", d->info.name);
		start += n;
	}
	return 0;
}

/*
 * Signatures first, wherever they are; then the edges, in case there are some nobody knows. Goes on
 * after a failure, for more gone is what is wanted, and returns the first.
 */
static int wipe(const struct mkd_device *d, uint64_t head_bytes, struct mkd_err *err)
{
	uint64_t size = d->info.size_bytes, all = d->device_bytes;
	const uint64_t edges[][2] = { { 0, all < head_bytes ? all : head_bytes },
				      { size - EDGE_BYTES, size },
				      { all - EDGE_BYTES, all } };
	cleanup_close int direct = mkd_direct_open(d->fd, O_WRONLY);
	struct mkd_err first = { 0 }, now;

	if (mkd_signature_wipe(d->fd, d->info.name, &now) < 0)
		first = now;
	for (size_t i = 0; i < ARRAY_LEN(edges); i++)
		if (zero_range(d, direct, edges[i][0], edges[i][1], &now) < 0 && !first.code)
			first = now;
	if (fsync(d->fd) != 0 && !first.code)
		(void)mkd_fail_io(&first, errno, "cannot wipe '%s'", d->info.name);
	if (first.code)
		*err = first;
	return -first.code;
}

/* One range by the device's own means; -EOPNOTSUPP and the like when it has none. */
static int punch(const struct mkd_device *d, uint64_t start, uint64_t n)
{
	return fallocate(d->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start,
			 (off_t)n) == 0
		       ? 0
		       : -errno;
}

/* A hint: the device may forget. What it then reads as is not known, so nothing relies on it. */
static int discard(const struct mkd_device *d, uint64_t start, uint64_t n)
{
	uint64_t range[2] = { start, n };

	return ioctl(d->fd, BLKDISCARD, range) == 0 ? 0 : -errno;
}

/* 0 = all done, 1 = the device does not do that, < 0 = stopped by a signal. */
static int for_chunks(const struct mkd_device *d,
		      int (*f)(const struct mkd_device *, uint64_t, uint64_t), struct mkd_err *err)
{
	uint64_t end = d->info.size_bytes;

	for (uint64_t at = 0; at < end; at += CHUNK_BYTES) {
		int r = mkd_check_signal(err);

		if (r < 0)
			return r;
		if (f(d, at, end - at < CHUNK_BYTES ? end - at : CHUNK_BYTES) < 0)
			return 1;
		mkd_tick(d->ui, "discard", at, end);
	}
	return 0;
}

int mkd_device_begin(struct mkd_device *d, struct mkd_err *err)
{
	int r = mkd_check_signal(err);

	if (r < 0)
		return r; /* the last chance to leave all as it is */
	d->begun = true;
	r = wipe(d, EDGE_BYTES, err);
	/* A disk that cannot discard may "punch" by writing zeros everywhere itself: hours. */
	if (r < 0 || !mkd_blockdev_can_discard(d->host, d->dev))
		return r;
	r = for_chunks(d, punch, err);
	if (r > 0)
		r = for_chunks(d, discard, err) < 0 ? -err->code : 0;
	else if (r == 0)
		d->zeroed = true;
	return r;
}

int mkd_device_fd(const struct mkd_device *d)
{
	return d->fd;
}

const struct mkd_target_info *mkd_device_info(const struct mkd_device *d)
{
	return &d->info;
}

bool mkd_device_zeroed(const struct mkd_device *d)
{
	return d->zeroed;
}

int mkd_device_prepare(struct mkd_device *d, struct mkd_err *err)
{
	const uint64_t edges[] = { 0, d->info.size_bytes - EDGE_BYTES };

	if (fsync(d->fd) != 0)
		return mkd_fail_io(err, errno, "cannot write '%s'", d->info.name);
	return mkd_readback_check(d->fd, d->info.name, edges, ARRAY_LEN(edges), err);
}

void mkd_device_commit(struct mkd_device *d)
{
	d->published = true;
	/* The host's view of the new partitions; loops and partitions have none to refresh. */
	if (!mkd_blockdev_is_partition(d->host, d->dev))
		(void)ioctl(d->fd, BLKRRPART);
}

void mkd_device_revert(struct mkd_device *d)
{
	d->published = false;
}

void mkd_device_close(struct mkd_device *d)
{
	struct mkd_err err;

	if (!d)
		return;
	if (d->begun && !d->published && wipe(d, LOST_BYTES, &err) < 0)
		mkd_say(d->ui, MKD_WARN, "'%s' was not finished and may not be used: %s",
			d->info.name, err.msg);
	closep_(&d->fd);
	closep_(&d->lock_fd);
	free(d);
}
