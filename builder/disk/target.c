/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/target.h"

#include <errno.h>
#include <sys/stat.h>

#include "mkdomu/target_device.h"
#include "mkdomu/target_image.h"

struct mkd_target {
	struct mkd_image *image; /* one of the two */
	struct mkd_device *device;
};

/* Everything that does not lead to a block device is target_image's to take or refuse. */
static bool is_device(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

int mkd_target_probe(const struct mkd_target_req *req, struct mkd_target_info *ret,
		     struct mkd_err *err)
{
	return is_device(req->path) ? mkd_device_probe(&mkd_host_here, req, ret, err)
				    : mkd_image_probe(&mkd_host_here, req, ret, err);
}

int mkd_target_open(const struct mkd_target_req *req, struct mkd_target **ret, struct mkd_err *err)
{
	cleanup_free struct mkd_target *t = calloc(1, sizeof(*t));
	int r;

	if (!t)
		return mkd_nomem(err);
	r = is_device(req->path) ? mkd_device_open(&mkd_host_here, req, &t->device, err)
				 : mkd_image_open(&mkd_host_here, req, false, &t->image, err);
	if (r == 0)
		*ret = steal(&t);
	return r;
}

int mkd_target_begin(struct mkd_target *t, struct mkd_err *err)
{
	return t->device ? mkd_device_begin(t->device, err) : 0;
}

int mkd_target_fd(const struct mkd_target *t)
{
	return t->device ? mkd_device_fd(t->device) : mkd_image_fd(t->image);
}

const struct mkd_target_info *mkd_target_info(const struct mkd_target *t)
{
	return t->device ? mkd_device_info(t->device) : mkd_image_info(t->image);
}

bool mkd_target_zeroed(const struct mkd_target *t)
{
	return t->image || mkd_device_zeroed(t->device);
}

int mkd_target_prepare(struct mkd_target *t, struct mkd_err *err)
{
	return t->device ? mkd_device_prepare(t->device, err) : mkd_image_prepare(t->image, err);
}

int mkd_target_commit(struct mkd_target *t, struct mkd_err *err)
{
	if (!t->device)
		return mkd_image_commit(t->image, err);
	mkd_device_commit(t->device);
	return 0;
}

void mkd_target_revert(struct mkd_target *t)
{
	if (t->device)
		mkd_device_revert(t->device);
	else
		mkd_image_revert(t->image);
}

int mkd_target_publish(struct mkd_target *t, struct mkd_err *err)
{
	int r = mkd_target_prepare(t, err);

	return r < 0 ? r : mkd_target_commit(t, err);
}

void mkd_target_close(struct mkd_target *t)
{
	if (!t)
		return;
	mkd_device_close(t->device);
	mkd_image_close(t->image);
	free(t);
}
