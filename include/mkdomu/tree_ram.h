/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tree_ram.h - a tree in memory, for looking only: filled member by member, as a tarball has them.
 * Of files it has the size, and the content where that was kept; reading another is -EFBIG. What
 * would change the tree is -EROFS (INTERNAL).
 */
#ifndef MKDOMU_TREE_RAM_H
#define MKDOMU_TREE_RAM_H

#include "mkdomu/tree.h"

#define MKD_TREE_RAM_NODES (UINT32_C(1) << 20)
#define MKD_TREE_RAM_BYTES (64 * MIB) /* of kept contents, all together */
#define MKD_TREE_RAM_FILE  (8 * MIB)  /* of one */

/* An empty root; NULL without memory. */
struct mkd_tree *mkd_tree_ram_new(void);
void mkd_tree_ram_free(struct mkd_tree *t); /* NULL is fine */

/*
 * Add a member; path is relative without "." and "..", "" is the root. Missing folders above it
 * are made. One of a name that is there takes its place, a folder keeps what is in it. st has
 * the mode with its S_IF bits; text is a symlink's. keep = false: of a file the content is not
 * wanted; it is not kept either when it is too large.
 *	-ENOTDIR  below something that is no folder (ARCHIVE)
 *	-EFBIG    over MKD_TREE_RAM_NODES members (ARCHIVE)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_tree_ram_add(struct mkd_tree *t, const char *path,
				const struct mkd_tree_stat *st, const char *text, bool keep,
				struct mkd_err *err);

/*
 * Another name of a file, which target is.
 *	-ENOENT  there is no such target (ARCHIVE)
 *	and mkd_tree_ram_add
 */
must_check int mkd_tree_ram_link(struct mkd_tree *t, const char *path, const char *target,
				 struct mkd_err *err);

/*
 * A piece of the file that was added last, ascending; gaps are zeros.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_tree_ram_data(struct mkd_tree *t, const void *data, size_t len,
				 uint64_t offset_bytes, struct mkd_err *err);

#endif
