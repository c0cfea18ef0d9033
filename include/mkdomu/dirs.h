/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dirs.h - writes all folders, once every name is known, in the order of their inodes. */
#ifndef MKDOMU_DIRS_H
#define MKDOMU_DIRS_H

#include "mkdomu/err.h"

struct mkd_ext4_ctx;

/*
 * epoch_sec is the time of those that were not members. Uses up the hashes in c->names.
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	and mkd_htree_write, mkd_dirout_put, mkd_extents_store
 */
must_check int mkd_dirs_write(struct mkd_ext4_ctx *c, int64_t epoch_sec, struct mkd_err *err);

#endif
