/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4_dir.h - a folder of ext4: its names, linear or indexed by hash. Adding goes into a gap; when
 * there is none the whole folder is laid out anew (e4_htree.h), so an index is never half right.
 */
#ifndef MKDOMU_E4_DIR_H
#define MKDOMU_E4_DIR_H

#include "mkdomu/e4_map.h"

struct mkd_e4_entry {
	const char *name; /* not terminated where the folder's own is seen */
	size_t len;
	uint32_t inode_no;
	unsigned type; /* EXT2_FT_* */
};

/* Release with mkd_e4_dir_close. */
struct mkd_e4_dir {
	struct mkd_e4 *e;
	struct mkd_e4_inode inode;
	struct mkd_e4_map map;
	uint8_t *block; /* one, for who reads */
};

/*
 * The folder of an inode.
 *	-ENOTDIR  it is no folder (HOOK)
 *	-EUCLEAN  holes in it (IO)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_inode_read, mkd_e4_map_read
 */
must_check int mkd_e4_dir_open(struct mkd_e4 *e, uint32_t no, struct mkd_e4_dir *ret,
			       struct mkd_err *err);
void mkd_e4_dir_close(struct mkd_e4_dir *d);
#define cleanup_e4_dir cleanup(mkd_e4_dir_close)

/*
 * Read and check block i of the folder into d->block.
 *	-EUCLEAN  no such block, or a wrong checksum (IO)
 *	and mkd_e4_inode_read
 */
must_check int mkd_e4_dir_load(struct mkd_e4_dir *d, size_t i, struct mkd_err *err);
/*
 * Write one; its checksum is set here.
 *	and mkd_e4_inode_read
 */
must_check int mkd_e4_dir_store(struct mkd_e4_dir *d, size_t i, void *block, struct mkd_err *err);

/*
 * See each entry in use but "." and ".."; stops at the first that fn returns non-zero for,
 * and returns that.
 *	-EUCLEAN  an entry that is none (IO)
 *	other    of fn
 *	and mkd_e4_dir_load
 */
typedef int mkd_e4_dir_fn(void *arg, const struct mkd_e4_entry *entry);
must_check int mkd_e4_dir_each(struct mkd_e4_dir *d, mkd_e4_dir_fn *fn, void *arg,
			       struct mkd_err *err);

/*
 * 1 with *ret = the inode's number, 0 when the name is not there.
 *	and mkd_e4_dir_each, mkd_e4_htree_leaves
 */
must_check int mkd_e4_dir_find(struct mkd_e4_dir *d, const char *name, uint32_t *ret,
			       struct mkd_err *err);

/*
 * Add a name that is not there yet. The folder's times, not its link count. After
 * -ENOSPC nothing has changed.
 *	and mkd_e4_htree_rebuild, mkd_e4_dir_find, mkd_e4_dir_store
 */
must_check int mkd_e4_dir_add(struct mkd_e4_dir *d, const struct mkd_e4_entry *entry,
			      struct mkd_err *err);

/*
 * Take out a name that is there.
 *	-EUCLEAN  it is not there, or damaged (IO)
 *	and mkd_e4_dir_find, mkd_e4_dir_store
 */
must_check int mkd_e4_dir_remove(struct mkd_e4_dir *d, const char *name, struct mkd_err *err);

/*
 * Make inode (in memory) an empty folder below parent: takes and writes its block.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_blocks_take, mkd_e4_map_set, mkd_e4_dir_store
 */
must_check int mkd_e4_dir_init(struct mkd_e4 *e, struct mkd_e4_inode *i, uint32_t parent_no,
			       struct mkd_err *err);

/*
 * Take or give back blocks at its end, so that it has n; their content is the caller's. The inode
 * is changed in memory. After -ENOSPC nothing has changed.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_blocks_take, mkd_e4_map_set
 */
must_check int mkd_e4_dir_resize(struct mkd_e4_dir *d, size_t n, struct mkd_err *err);
/*
 * One more linear block, with one name in it.
 *	and mkd_e4_dir_resize, mkd_e4_dir_store
 */
must_check int mkd_e4_dir_append(struct mkd_e4_dir *d, const struct mkd_e4_entry *entry,
				 struct mkd_err *err);

/* Bytes of a block that entries may fill: without the checksum at its end. */
size_t mkd_e4_dir_room(const struct mkd_e4 *e);
/*
 * Write one entry at p, zeros after its name; rec_len bytes long in all.
 *	-EINVAL  ext4 cannot say that length (no message)
 */
must_check int mkd_e4_dir_put(struct mkd_e4 *e, uint8_t *p, size_t rec_len,
			      const struct mkd_e4_entry *entry);
/*
 * "." and ".." at the start of a block; the latter reaches up to room.
 *	and mkd_e4_dir_put
 */
must_check int mkd_e4_dir_dots(struct mkd_e4 *e, uint32_t no, uint32_t parent_no, size_t room,
			       uint8_t *block);
/* Put the checksum's place holder at the end of a leaf block. */
void mkd_e4_dir_tail(struct mkd_e4 *e, uint8_t *block);

#endif
