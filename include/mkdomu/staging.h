/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * staging.h - a part of a guest's tree as plain files in a folder, for a program to edit, and back
 * into the tree. The rules:
 *	- Regular files, folders and symlinks are copied out, with their modes. A symlink stays one:
 *	  it is never followed, on either way. Devices, fifos and sockets are not copied.
 *	- What was changed keeps its owner and extended attributes, and gets the mode it has in the
 *	  folder. A hard-linked file that was changed changes under all of its names; where copies
 *	  of it were changed to different ones, the last name, by byte, has it.
 *	- What is new belongs to root:root, with the mode it has in the folder.
 *	- What is gone is removed; what became of another type is made anew. A device, fifo or
 *	  socket of the guest stays unless its folder was removed, or something took its name.
 *	- Names outside of the paths are nobody's business: whatever else is in the folder is left.
 * Times of what changes are the tree's.
 */
#ifndef MKDOMU_STAGING_H
#define MKDOMU_STAGING_H

#include "mkdomu/tree.h"

#define MKD_STAGING_FILE_MAX  (64 * MIB)
#define MKD_STAGING_DEPTH_MAX 100

struct mkd_staging {
	int dirfd;                    /* of the folder, which is the guest's "/" */
	int owner;                    /* uid and gid of all in it, or -1: whoever makes them */
	const struct mkd_strv *paths; /* absolute and clean, as in hookhead.h */
};

/*
 * Copy out. The folders above a path are made, and the path itself too where the guest has it. No
 * rights beyond those of an owner are needed, whatever the modes: those come last.
 *	-ELOOP    a path leads through a symlink, or is one; the message says where it leads (HOOK)
 *	-E2BIG    folders deeper than the limit (HOOK)
 *	other     of openat(2), write(2) and the like in the folder; -ENOSPC: it is more than a
 *	          folder takes (HOOK)
 *	and mkd_tree_stat, mkd_tree_read, mkd_tree_list, mkd_tree_readlink
 */
must_check int mkd_staging_out(const struct mkd_staging *s, struct mkd_tree *t,
			       struct mkd_err *err);

/*
 * Take back what was changed. The folder's content may be anybody's: nothing in it is trusted. What
 * its owner may not read is readable for a moment, unless this is root (stageopen.h). Nothing may
 * change in the folder meanwhile. What is refused of it is found before anything is taken.
 *	-EINVAL   a device, fifo or socket is in the folder (HOOK)
 *	-EFBIG    a file over the limit (HOOK)
 *	-E2BIG    folders deeper than the limit (HOOK)
 *	other     of openat(2), read(2) and the like in the folder (HOOK)
 *	and mkd_tree_stat, mkd_tree_write, mkd_tree_mkdirs, mkd_tree_remove, mkd_tree_symlink,
 *	    mkd_tree_chmod
 */
must_check int mkd_staging_back(const struct mkd_staging *s, struct mkd_tree *t,
				struct mkd_err *err);

#endif
