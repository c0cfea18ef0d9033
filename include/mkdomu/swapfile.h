/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * swapfile.h - the content of a swap file. swapon(2) refuses holes; whether it takes unwritten
 * extents depends on the file system and the kernel, so all are marked as written.
 */
#ifndef MKDOMU_SWAPFILE_H
#define MKDOMU_SWAPFILE_H

#include "mkdomu/ext4.h"

struct mkd_ext4_ctx;

/*
 * Of mkd_ext4_add_swap what needs no file system; name is the target's.
 *	-EINVAL  no such size (INTERNAL)
 *	-EFBIG   over 16 TiB less 4 KiB (USAGE)
 */
must_check int mkd_swapfile_check(const struct mkd_ext4_swap *swap, const char *name,
				  struct mkd_err *err);

/* -ENOSPC of mkd_ext4_add_swap: by what is free now. */
must_check int mkd_swapfile_check_room(struct mkd_ext4_ctx *c, const struct mkd_ext4_swap *swap,
				       struct mkd_err *err);

/*
 * Give the new, empty inode ino its size and blocks. zeroed: blocks that were never handed out
 * read as zeros.
 *	-ENOSPC  it does not fit; the message says how much is free (NOSPACE)
 *	-EINTR   a signal asked to stop
 *	and mkd_balloc_take, mkd_extents_add, mkd_extents_store, mkd_blockout_zero, mkd_blockout_put
 */
must_check int mkd_swapfile_store(struct mkd_ext4_ctx *c, const struct mkd_ext4_swap *swap,
				  uint32_t ino, bool zeroed, struct mkd_err *err);

#endif
