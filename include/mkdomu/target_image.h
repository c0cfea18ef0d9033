/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * target_image.h - the image file half of target.h; what each call promises is said there.
 *
 * The new image is an unnamed file (O_TMPFILE) in the folder of its name, so nothing is left after
 * kill -9. Where the file system has no such files it is ".NAME.mkdomu-XXXXXX", locked; what a
 * killed run left of those is removed by the next that writes the same name.
 */
#ifndef MKDOMU_TARGET_IMAGE_H
#define MKDOMU_TARGET_IMAGE_H

#include "mkdomu/blockdev.h"
#include "mkdomu/target.h"

struct mkd_image;

/* Errors: mkd_target_probe. */
must_check int mkd_image_probe(const struct mkd_host *host, const struct mkd_target_req *req,
			       struct mkd_target_info *ret, struct mkd_err *err);
/*
 * named: do not try O_TMPFILE; for tests. Errors: mkd_target_open.
 * Errors: mkd_target_prepare.
 * Errors: mkd_target_commit.
 */
must_check int mkd_image_open(const struct mkd_host *host, const struct mkd_target_req *req,
			      bool named, struct mkd_image **ret, struct mkd_err *err);
int mkd_image_fd(const struct mkd_image *m);
const struct mkd_target_info *mkd_image_info(const struct mkd_image *m);
must_check int mkd_image_prepare(struct mkd_image *m, struct mkd_err *err);
must_check int mkd_image_commit(struct mkd_image *m, struct mkd_err *err);
void mkd_image_revert(struct mkd_image *m);
void mkd_image_close(struct mkd_image *m);

#endif
