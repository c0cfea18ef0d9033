/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/guard.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>

#include "mkdomu/loop.h"
#include "mkdomu/signature.h"
#include "mkdomu/size.h"
#include "mkdomu/xenuse.h"

static int in_use(const struct mkd_subject *s, struct mkd_err *err)
{
	static int (*const checks[])(const struct mkd_subject *, struct mkd_err *) = {
		mkd_inuse_home,   mkd_inuse_mount, mkd_inuse_swap,
		mkd_inuse_holder, mkd_inuse_loop,  mkd_xenuse_running,
	};

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		int r = checks[i](s, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int mkd_guard_size(const char *name, uint64_t have_bytes, uint64_t want_bytes, uint64_t *ret,
		   struct mkd_err *err)
{
	uint64_t use = (want_bytes ? want_bytes : have_bytes) & ~UINT64_C(4095);
	char have[32], want[32];

	if (use < MKD_TARGET_MIN_BYTES)
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot use '%s': %s is too small; it takes at least 1 MiB", name,
				mkd_size_format(want_bytes ? want_bytes : have_bytes, have));
	if (want_bytes > have_bytes)
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot use '%s': it has %s (%llu bytes) where %s is wanted; ask "
				"for less or take another",
				name, mkd_size_format(have_bytes, have),
				(unsigned long long)have_bytes, mkd_size_format(want_bytes, want));
	*ret = use;
	return 0;
}

/* Read-only, size and sector size, by the block layer's ioctls. */
static int geometry(const struct mkd_guard_req *req, struct mkd_target_info *info,
		    struct mkd_err *err)
{
	uint64_t have = 0;
	int sector = 0, read_only = 0;

	if (ioctl(req->fd, BLKROGET, &read_only) != 0 || ioctl(req->fd, BLKGETSIZE64, &have) != 0 ||
	    ioctl(req->fd, BLKSSZGET, &sector) != 0)
		return mkd_fail_errno(err, MKD_EXIT_TARGET, errno, "cannot use '%s'", req->name);
	if (read_only)
		return mkd_fail(err, MKD_EXIT_TARGET, EROFS,
				"cannot use '%s': it is read-only; see blockdev --setrw",
				req->name);
	/* What label.h takes; later it would be found only after the wipe. */
	if (sector != 512 && sector != 4096)
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot use '%s': its sectors have %d bytes, where 512 or 4096 are "
				"supported; name another device or an image file",
				req->name, sector);
	info->sector_bytes = (unsigned)sector;
	return mkd_guard_size(req->name, have, req->size_bytes, &info->size_bytes, err);
}

/* What is there, by its signatures; else by the partitions that the kernel has on it. */
static int find(const struct mkd_guard_req *req, const struct mkd_subject *s,
		char found[static MKD_FOUND_BYTES], struct mkd_err *err)
{
	struct mkd_devset parts = { .n = 0 };
	int r = mkd_signature_find(req->fd, req->name, found, err);

	if (r < 0 || *found)
		return r;
	r = mkd_blockdev_partitions(req->host, s->st.st_rdev, &parts, err);
	if (r == 0 && parts.n)
		(void)snprintf(found, MKD_FOUND_BYTES, "%zu partition%s", parts.n,
			       parts.n == 1 ? "" : "s");
	return r;
}

static int content(const struct mkd_guard_req *req, const struct mkd_subject *s,
		   struct mkd_target_info *info, struct mkd_err *err)
{
	int r = find(req, s, info->found, err);

	if (r < 0 || !*info->found || req->force)
		return r;
	return mkd_fail(err, MKD_EXIT_TARGET, EEXIST,
			"cannot use '%s': it holds %s; --force overwrites it", req->name,
			info->found);
}

/* A config of the same guest from an earlier build counts too: its data is what force is about. */
static int configs(const struct mkd_guard_req *req, const struct mkd_subject *s,
		   struct mkd_err *err)
{
	cleanup_free char *config = NULL;
	int r = mkd_xenuse_config(s, &config, err);

	if (r < 0 || !config)
		return r;
	if (!req->force)
		return mkd_fail(err, MKD_EXIT_TARGET, EEXIST,
				"cannot use '%s': it is a disk of the guest in '%s'; --force takes "
				"it all the same",
				req->name, config);
	mkd_say(req->ui, MKD_WARN, "'%s' is a disk of the guest in '%s' too", req->name, config);
	return 0;
}

int mkd_guard_device(const struct mkd_guard_req *req, struct mkd_target_info *ret,
		     struct mkd_err *err)
{
	struct mkd_target_info info = *ret;
	struct mkd_subject s;
	int r = mkd_subject_make(req->host, req->name, req->fd, &s, err);

	if (r == 0)
		r = in_use(&s, err);
	if (r == 0)
		r = geometry(req, &info, err);
	if (r == 0)
		r = content(req, &s, &info, err);
	if (r == 0)
		r = configs(req, &s, err);
	if (r == 0)
		*ret = info;
	return r;
}

int mkd_guard_image(const struct mkd_guard_req *req, struct mkd_target_info *ret,
		    struct mkd_err *err)
{
	char found[MKD_FOUND_BYTES] = "";
	struct mkd_subject s;
	int r = mkd_subject_make(req->host, req->name, req->fd, &s, err);

	if (r < 0)
		return r;
	if (s.st.st_nlink > 1)
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot replace '%s': the file has %lu names (hard links) and the "
				"others would keep the old content; remove it first",
				req->name, (unsigned long)s.st.st_nlink);
	r = in_use(&s, err);
	if (r == 0)
		r = mkd_inuse_lock(&s, req->fd, err);
	if (r == 0)
		r = mkd_signature_find(req->fd, req->name, found, err);
	if (r < 0)
		return r;
	if (!req->force)
		return mkd_fail(
			err, MKD_EXIT_TARGET, EEXIST,
			"cannot use '%s': the file exists and holds %s; --force replaces it",
			req->name, *found ? found : "nothing that is recognised");
	ret->size_bytes = (uint64_t)s.st.st_size & ~UINT64_C(4095);
	ret->sector_bytes = 512;
	memcpy(ret->found, found, sizeof(found));
	return 0;
}
