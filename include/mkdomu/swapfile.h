/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swapfile.h - the content of a swap file. swapon(2) refuses holes; whether it takes unwritten
 * extents depends on the file system and the kernel, so all are marked as written.
 */
#ifndef MKDOMU_SWAPFILE_H
#define MKDOMU_SWAPFILE_H

#include "mkdomu/ext4.h"

struct mkd_ext4_ctx;

/* -EINVAL and -EFBIG of mkd_ext4_add_swap; name is the target's. */
must_check int mkd_swapfile_check(const struct mkd_ext4_swap *swap, const char *name,
				  struct mkd_err *err);

/* -ENOSPC of mkd_ext4_add_swap: by what is free now. */
must_check int mkd_swapfile_check_room(struct mkd_ext4_ctx *c, const struct mkd_ext4_swap *swap,
				       struct mkd_err *err);

/*
 * Give the new, empty inode ino its size and blocks. zeroed: blocks that were never handed out
 * read as zeros.
 *	-ENOSPC, -EINTR of mkd_ext4_add_swap, and those of balloc.h and blockout.h
 */
must_check int mkd_swapfile_store(struct mkd_ext4_ctx *c, const struct mkd_ext4_swap *swap,
				  uint32_t ino, bool zeroed, struct mkd_err *err);

#endif
