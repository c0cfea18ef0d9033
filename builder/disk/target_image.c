/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/target_image.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mkdomu/disklock.h"
#include "mkdomu/file.h"
#include "mkdomu/guard.h"
#include "mkdomu/size.h"
#include "mkdomu/tmpname.h"

#define NEW_MODE 0600 /* password hashes and keys of the guest are in it */

/* Where the image goes. */
struct place {
	int dirfd;
	char name[NAME_MAX + 1];
	char path[PATH_MAX]; /* absolute */
	bool exists;
	struct stat old; /* when it exists */
};

static void place_close(struct place *p)
{
	closep_(&p->dirfd);
	p->dirfd = -1;
}

struct mkd_image {
	const struct mkd_host *host;
	struct mkd_ui *ui;
	struct mkd_target_info info;
	struct place place;
	struct mkd_tmpname tmp;
	int lock_fd;
};

static int refuse(struct mkd_err *err, const char *path, const char *why)
{
	return mkd_fail(err, MKD_EXIT_TARGET, EINVAL, "cannot use '%s': %s", path, why);
}

/* A file in /dev itself is a typing error for a device, and gone at the next boot. */
static bool in_dev(const struct mkd_host *host, int dirfd)
{
	struct stat dir, dev;

	return fstat(dirfd, &dir) == 0 && stat(host->dev, &dev) == 0 && dir.st_dev == dev.st_dev;
}

static int join(struct place *p, const char *path, const char *name, struct mkd_err *err)
{
	cleanup_free char *dir = NULL;
	char link[64];

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", p->dirfd);
	dir = realpath(link, NULL);
	if (!dir)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot find the folder of '%s'",
				      path);
	if (snprintf(p->name, sizeof(p->name), "%s", name) >= (int)sizeof(p->name) ||
	    snprintf(p->path, sizeof(p->path), "%s/%s", strcmp(dir, "/") ? dir : "", name) >=
		    (int)sizeof(p->path))
		return mkd_fail(err, MKD_EXIT_TARGET, ENAMETOOLONG,
				"cannot use '%s': the name is too long", path);
	return 0;
}

static int look_at_old(struct place *p, struct mkd_err *err)
{
	p->exists = fstatat(p->dirfd, p->name, &p->old, AT_SYMLINK_NOFOLLOW) == 0;
	if (!p->exists && errno != ENOENT)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot use '%s'", p->path);
	if (!p->exists || S_ISREG(p->old.st_mode))
		return 0;
	if (S_ISLNK(p->old.st_mode))
		return refuse(err, p->path,
			      "it is a symbolic link, which the new image would replace; name the "
			      "file that it leads to");
	return refuse(err, p->path,
		      S_ISDIR(p->old.st_mode) ? "it is a folder; name a file in it"
					      : "it is neither a regular file nor a block device");
}

/* *ret is the caller's to close. */
static int find_place(const struct mkd_host *host, const char *path, struct place *ret,
		      struct mkd_err *err)
{
	cleanup(place_close) struct place p = { .dirfd = -1 };
	const char *name = NULL;
	int r = mkd_open_parent(path, &p.dirfd, &name, err);

	if (r < 0) {
		if (err->exit != MKD_EXIT_INTERNAL)
			err->exit = MKD_EXIT_TARGET; /* target.h */
		return r;
	}
	r = join(&p, path, name, err);
	if (r == 0)
		r = look_at_old(&p, err);
	if (r < 0)
		return r;
	if (!p.exists && in_dev(host, p.dirfd))
		return mkd_fail(err, MKD_EXIT_TARGET, ENOENT,
				"cannot use '%s': there is no such device", p.path);
	if (faccessat(p.dirfd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno,
				      "cannot use '%s': its folder may not be written", p.path);
	*ret = p;
	p.dirfd = -1;
	return 0;
}

/* The limit is asked first, for passing it would not fail but kill by SIGXFSZ. */
static int check_size(const struct place *p, uint64_t size_bytes, struct mkd_err *err)
{
	struct rlimit lim;
	char have[32], want[32];
	uint64_t use;
	int r = mkd_guard_size(p->path, size_bytes, size_bytes, &use, err);

	if (r < 0 || getrlimit(RLIMIT_FSIZE, &lim) != 0 || lim.rlim_cur == RLIM_INFINITY ||
	    lim.rlim_cur >= size_bytes)
		return r;
	return mkd_fail(err, MKD_EXIT_NOSPACE, EFBIG,
			"cannot make '%s' %s large: files are limited to %s here; see ulimit -f",
			p->path, mkd_size_format(size_bytes, want),
			mkd_size_format(lim.rlim_cur, have));
}

/* All of guard's questions about the file that is there. */
static int guard_old(const struct mkd_host *host, const struct mkd_target_req *req,
		     const struct place *p, struct mkd_target_info *info, struct mkd_err *err)
{
	cleanup_close int fd =
		openat(p->dirfd, p->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct mkd_guard_req g = {
		.host = host, .name = p->path, .fd = fd, .force = req->force, .ui = req->ui
	};
	struct stat st;

	if (fd < 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot use '%s'", p->path);
	if (fstat(fd, &st) != 0 || st.st_dev != p->old.st_dev || st.st_ino != p->old.st_ino)
		return mkd_fail(err, MKD_EXIT_TARGET, EBUSY,
				"cannot replace '%s': another file has taken its name meanwhile; "
				"look and start again",
				p->path);
	return mkd_guard_image(&g, info, err);
}

static int guard(const struct mkd_host *host, const struct mkd_target_req *req,
		 const struct place *p, struct mkd_target_info *info, struct mkd_err *err)
{
	int r = check_size(p, req->size_bytes, err);

	*info = (struct mkd_target_info){ .kind = MKD_TARGET_IMAGE, .sector_bytes = 512 };
	(void)snprintf(info->path, sizeof(info->path), "%s", p->path);
	memcpy(info->name, info->path, sizeof(info->name));
	if (r == 0 && p->exists)
		r = guard_old(host, req, p, info, err);
	return r;
}

int mkd_image_probe(const struct mkd_host *host, const struct mkd_target_req *req,
		    struct mkd_target_info *ret, struct mkd_err *err)
{
	cleanup(place_close) struct place p = { .dirfd = -1 };
	cleanup_close int lock = -1;
	struct mkd_target_info info;
	int r = find_place(host, req->path, &p, err);

	if (r == 0)
		r = mkd_disklock_image(p.dirfd, p.name, p.path, &lock, err);
	if (r == 0)
		r = guard(host, req, &p, &info, err);
	if (r == 0)
		*ret = info;
	return r;
}

/* Owner and mode of the file that is replaced; where the owner cannot be kept, nobody else's. */
static int keep_owner(struct mkd_image *m)
{
	const struct stat *old = &m->place.old;
	mode_t mode = m->place.exists ? old->st_mode & 0777 : NEW_MODE;
	struct stat st;

	if (!m->place.exists)
		return fchmod(m->tmp.fd, mode) == 0 ? 0 : -errno;
	if (fstat(m->tmp.fd, &st) != 0)
		return -errno;
	if ((st.st_uid != old->st_uid || st.st_gid != old->st_gid) &&
	    fchown(m->tmp.fd, old->st_uid, old->st_gid) != 0) {
		mode &= 0700;
		mkd_say(m->ui, MKD_WARN, "'%s' will be yours, mode 0%o: its owner cannot be kept",
			m->place.path, (unsigned)mode);
	}
	return fchmod(m->tmp.fd, mode) == 0 ? 0 : -errno;
}

static int make(struct mkd_image *m, const struct mkd_target_req *req, bool named,
		struct mkd_err *err)
{
	int r = mkd_tmpname_open(m->place.dirfd, m->place.name, named, &m->tmp, err);

	if (r < 0)
		return r;
	m->info.size_bytes = req->size_bytes & ~UINT64_C(4095);
	if (ftruncate(m->tmp.fd, (off_t)m->info.size_bytes) != 0)
		return mkd_fail_io(err, errno, "cannot make '%s' %llu bytes large", m->place.path,
				   (unsigned long long)m->info.size_bytes);
	return 0;
}

int mkd_image_open(const struct mkd_host *host, const struct mkd_target_req *req, bool named,
		   struct mkd_image **ret, struct mkd_err *err)
{
	struct mkd_image *m = calloc(1, sizeof(*m));
	int r;

	if (!m)
		return mkd_nomem(err);
	*m = (struct mkd_image){ .host = host,
				 .ui = req->ui,
				 .place = { .dirfd = -1 },
				 .tmp = { .fd = -1 },
				 .lock_fd = -1 };
	r = find_place(host, req->path, &m->place, err);
	if (r == 0)
		r = mkd_disklock_image(m->place.dirfd, m->place.name, m->place.path, &m->lock_fd,
				       err);
	/* again, now that nobody else of us can publish there */
	if (r == 0)
		r = look_at_old(&m->place, err);
	if (r == 0)
		r = guard(host, req, &m->place, &m->info, err);
	if (r == 0)
		r = make(m, req, named, err);
	if (r < 0)
		mkd_image_close(m);
	else
		*ret = m;
	return r;
}

int mkd_image_fd(const struct mkd_image *m)
{
	return m->tmp.fd;
}

const struct mkd_target_info *mkd_image_info(const struct mkd_image *m)
{
	return &m->info;
}

/* A guest may have been started on the old image while the new one was made. */
static int still_free(struct mkd_image *m, struct mkd_err *err)
{
	struct mkd_target_req req = { .path = m->place.path, .force = true };
	struct mkd_target_info ignored = m->info;

	return m->place.exists ? guard_old(m->host, &req, &m->place, &ignored, err) : 0;
}

int mkd_image_prepare(struct mkd_image *m, struct mkd_err *err)
{
	int r = still_free(m, err);

	if (r < 0)
		return r;
	r = keep_owner(m);
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot set the mode of '%s'", m->place.path);
	if (fsync(m->tmp.fd) != 0)
		return mkd_fail_io(err, errno, "cannot write '%s'", m->place.path);
	return 0;
}

int mkd_image_commit(struct mkd_image *m, struct mkd_err *err)
{
	return mkd_tmpname_commit(m->place.dirfd, &m->tmp, m->place.name, m->place.exists, err);
}

void mkd_image_revert(struct mkd_image *m)
{
	mkd_tmpname_revert(m->place.dirfd, &m->tmp, m->place.name);
}

void mkd_image_close(struct mkd_image *m)
{
	if (!m)
		return;
	mkd_tmpname_close(m->place.dirfd, &m->tmp);
	place_close(&m->place);
	closep_(&m->lock_fd);
	free(m);
}
