/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entry.h - one member of a root tarball after the policy accepted it: what the readers hand to the
 * writers. Plain data; all pointers are borrowed from the reader and live until its next call.
 */
#ifndef MKDOMU_ENTRY_H
#define MKDOMU_ENTRY_H

#include "mkdomu/base.h"

enum mkd_ftype {
	MKD_FT_REG,
	MKD_FT_DIR,
	MKD_FT_LNK,
	MKD_FT_CHR,
	MKD_FT_BLK,
	MKD_FT_FIFO,
	MKD_FT_SOCK,
	MKD_FT_HARDLINK, /* another name of an earlier entry; only path and target are set */
};

struct mkd_xattr {
	const char *name; /* with its namespace: "security.capability", "user.x" */
	const void *value;
	size_t len;
};

struct mkd_entry {
	const char *path; /* relative, no empty, "." or ".." component; "" is the root folder */
	enum mkd_ftype type;
	const char *target; /* symlink: its text; hard link: a normalised path like .path */
	uint16_t mode; /* permission bits, 07777; with an access ACL the group bits are its mask */
	uint32_t uid, gid;
	uint32_t major, minor; /* CHR, BLK */
	uint64_t size_bytes;   /* REG: apparent size, holes included */
	int64_t mtime_sec;
	uint32_t mtime_nsec; /* 0..999999999 */
	bool time_clamped;   /* the archive's is one that ext4 cannot hold */
	/*
	 * ACLs are here too, as "system.posix_acl_access" and "_default" in the kernel's xattr form
	 * (linux/posix_acl_xattr.h, version 2: le32 2, then le16 tag, le16 perm, le32 id, sorted).
	 * No name occurs twice.
	 */
	const struct mkd_xattr *xattrs;
	size_t n_xattrs;
};

#endif
