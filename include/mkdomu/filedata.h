/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * filedata.h - the content of one file, written as it comes: whole blocks of zeros and gaps become
 * holes, the rest goes to the next free blocks in one copy.
 */
#ifndef MKDOMU_FILEDATA_H
#define MKDOMU_FILEDATA_H

#include "mkdomu/blockout.h"
#include "mkdomu/extents.h"

struct mkd_ext4_ctx;

/* The largest file that 32 bits of block number hold. */
#define MKD_FILE_MAX_BYTES ((uint64_t)UINT32_MAX * MKD_BLOCK_BYTES)

/* Zero-initialise; one serves for file after file. Free with mkd_extents_free(&f->extents). */
struct mkd_filedata {
	struct mkd_extents extents;
	uint32_t ino; /* 0: no file is open */
	uint64_t size_bytes, pos;
	uint8_t partial[MKD_BLOCK_BYTES]; /* the first pos % 4096 bytes of the block at pos */
};

void mkd_filedata_start(struct mkd_filedata *f, uint32_t ino, uint64_t size_bytes);

/*
 *	-EINVAL  no file open, or not ascending, or beyond size_bytes (INTERNAL: the caller's fault)
 *	and mkd_balloc_take, mkd_extents_add, mkd_blockout_take, mkd_blockout_put
 */
must_check int mkd_filedata_write(struct mkd_ext4_ctx *c, struct mkd_filedata *f, const void *data,
				  size_t len, uint64_t offset_bytes, struct mkd_err *err);

/*
 * Write the rest and the extent tree.
 *	-EINVAL  no file is open (INTERNAL)
 *	and mkd_filedata_write, mkd_extents_store
 */
must_check int mkd_filedata_end(struct mkd_ext4_ctx *c, struct mkd_filedata *f,
				struct mkd_err *err);

#endif
