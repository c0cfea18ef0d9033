/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * balloc.h - hands out blocks in ascending order from the free runs of a fresh file system, and
 * keeps libext2fs's bitmap and group counts. Freed blocks are given out again only when the end is
 * reached, once and in ascending order too, so the choice is a function of the requests alone.
 */
#ifndef MKDOMU_BALLOC_H
#define MKDOMU_BALLOC_H

#include "mkdomu/err.h"

struct struct_ext2_filsys;

/* Zero-initialise, then set fs and name (of the target, borrowed). */
struct mkd_balloc {
	struct struct_ext2_filsys *fs;
	const char *name;
	uint64_t start, next, end; /* the free run in use; [start, next) is not yet in the bitmap */
	uint64_t fresh;            /* no block from here on has ever been handed out */
	bool freed;                /* something lies free below next */
};

/*
 * Take 1..want blocks that lie together: *ret_n of them from *ret_block.
 *	-ENOSPC  none left; the message says how many there are (NOSPACE)
 */
must_check int mkd_balloc_take(struct mkd_balloc *a, uint64_t want, uint64_t *ret_block,
			       uint32_t *ret_n, struct mkd_err *err);

void mkd_balloc_free(struct mkd_balloc *a, uint64_t block, uint64_t n);

/* How many can still be taken. */
uint64_t mkd_balloc_left(struct mkd_balloc *a);

/* Bring the bitmap up to date. */
void mkd_balloc_settle(struct mkd_balloc *a);

#endif
