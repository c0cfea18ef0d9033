/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * need.h - how large a file system a tree needs: what is added up while its members go by, and the
 * smallest size whose own tables, journal and inodes leave that much room. An estimate from above:
 * blocks of zeros become holes, and a member that replaces another is counted beside it.
 */
#ifndef MKDOMU_NEED_H
#define MKDOMU_NEED_H

#include "mkdomu/entry.h"
#include "mkdomu/ext4.h"

/* Zero-initialise. */
struct mkd_need {
	uint64_t blocks, inodes; /* of files, symlinks, attributes; without those of folders */
	uint64_t names_bytes;    /* of folders' entries */
	uint64_t next_block;     /* of the file whose data are being counted: behind them */
};

void mkd_need_add(struct mkd_need *n, const struct mkd_entry *e);
/* More data of the member added last; offsets ascend, gaps need no blocks. */
void mkd_need_data(struct mkd_need *n, uint64_t offset_bytes, uint64_t len);

/*
 * The size, in whole MiB, of a file system like req that would hold it, with swap_bytes more.
 *	-EFBIG   none would: its inodes are fixed by req and too few, or it is over 1 PiB (NOSPACE)
 *	and mkd_ext4_geom_make, but for a size that is too small: then a larger one is tried
 */
must_check int mkd_need_size(const struct mkd_need *n, const struct mkd_ext4_req *req,
			     uint64_t swap_bytes, uint64_t *ret_bytes, struct mkd_err *err);

#endif
