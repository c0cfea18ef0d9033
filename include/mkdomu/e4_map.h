/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4_map.h - which blocks a file has. Read from extents or from an ext2 block map; always written
 * as extents (linux/Documentation/filesystems/ext4, "Extent Tree"), every level filled.
 */
#ifndef MKDOMU_E4_MAP_H
#define MKDOMU_E4_MAP_H

#include "mkdomu/e4_fs.h"

/* Zero-initialise; release with mkd_e4_map_free. */
struct mkd_e4_map {
	uint64_t *data; /* in file order */
	size_t n_data;
	uint64_t *meta; /* extent nodes or indirect blocks */
	size_t n_meta;
	bool holes; /* data[i] is not the file's block i throughout */
};

/*
 * Of the inode as it is on disk; nothing for what has no blocks.
 *	-EUCLEAN  a block out of range (IO)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_inode_read
 */
must_check int mkd_e4_map_read(struct mkd_e4 *e, const struct mkd_e4_inode *i,
			       struct mkd_e4_map *ret, struct mkd_err *err);

/*
 * Put n blocks into the inode (in memory; the caller writes it) and set its block count; what
 * it had before is not freed. Extent nodes are taken and written. After
 * -ENOSPC nothing has changed.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_blocks_take, mkd_e4_blocks_write
 */
must_check int mkd_e4_map_set(struct mkd_e4 *e, struct mkd_e4_inode *i, size_t n,
			      const uint64_t *blocks, struct mkd_err *err);

/* Give all of them back. */
void mkd_e4_map_release(struct mkd_e4 *e, const struct mkd_e4_map *m);
void mkd_e4_map_free(struct mkd_e4_map *m);
#define cleanup_e4_map cleanup(mkd_e4_map_free)

/* Is it a symlink whose text is in the inode? */
bool mkd_e4_is_fast_link(const struct mkd_e4 *e, const struct mkd_e4_inode *i);

#endif
