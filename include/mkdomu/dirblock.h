/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dirblock.h - blocks of a folder: filled with entries, sealed with a checksum, written one after
 * the other.
 *
 * source:  ext4.rst of the kernel ("Linear (Classic) Directories", struct ext4_dir_entry_tail)
 */
#ifndef MKDOMU_DIRBLOCK_H
#define MKDOMU_DIRBLOCK_H

#include "mkdomu/ext4_ctx.h"
#include "mkdomu/extents.h"

#define MKD_DIR_ROOM (MKD_BLOCK_BYTES - 12u) /* behind it the tail */

/* A folder that is being written. Free with mkd_extents_free(&d->extents). */
struct mkd_dirout {
	struct mkd_ext4_ctx *c;
	uint32_t ino, parent;
	struct mkd_extents extents;
	uint32_t n_blocks;
};

/* Zero-initialise for each block. */
struct mkd_dirblock {
	_Alignas(8) uint8_t data[MKD_BLOCK_BYTES];
	size_t len, last; /* of the entries; where the last one starts */
};

static inline size_t mkd_dirent_len(uint8_t name_len)
{
	return (8u + name_len + 3u) & ~(size_t)3;
}

/* Append; the caller knows that it fits. */
void mkd_dirblock_add(struct mkd_dirblock *b, uint32_t ino, const char *name, uint8_t len,
		      uint8_t ftype);
/* The first entries of a folder, "." and "..". */
void mkd_dirblock_add_dots(struct mkd_dirblock *b, const struct mkd_dirout *d);
/* Let the last entry reach the tail, checksum. An empty block gets an empty entry. */
void mkd_dirblock_seal(struct mkd_dirblock *b, const struct mkd_dirout *d);

/*
 * Write the folder's next block.
 *	and mkd_ext4_put_block, mkd_extents_add
 */
must_check int mkd_dirout_put(struct mkd_dirout *d, const void *block, struct mkd_err *err);

#endif
