/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * members.h - where a member of the archive goes: its folder is found (or made), what had its name
 * gives way, a name and an inode are made. The rules for duplicates are those of mkd_ext4_add.
 */
#ifndef MKDOMU_MEMBERS_H
#define MKDOMU_MEMBERS_H

#include "mkdomu/entry.h"
#include "mkdomu/err.h"

struct mkd_ext4_ctx;

/*
 * Make the root folder and lost+found, which every file system has.
 *	and mkd_names_set
 */
must_check int mkd_members_init(struct mkd_ext4_ctx *c, struct mkd_err *err);

/*
 * The name and inode of e: *ret_ino, with type, mode, owner, times and link count, no content and
 * no attributes. For a hard link the inode it names.
 *	-ENOTDIR, -ENOENT, -EPERM, -EEXIST, -EMLINK, -ENAMETOOLONG  as mkd_ext4_add (ARCHIVE)
 *	and mkd_inodes_new, mkd_inodes_release, mkd_names_set, mkd_extents_release
 */
must_check int mkd_members_add(struct mkd_ext4_ctx *c, const struct mkd_entry *e, uint32_t *ret_ino,
			       struct mkd_err *err);

#endif
