/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xattrs.h - extended attributes of one inode: in its own last 92 bytes, then in one block. POSIX
 * ACLs go from the kernel's xattr form to ext4's own (version 1, short entries of 4 bytes).
 *
 * source:  ext4.rst of the kernel ("Extended Attributes"), fs/ext4/xattr.h, fs/ext4/acl.h
 */
#ifndef MKDOMU_XATTRS_H
#define MKDOMU_XATTRS_H

#include "mkdomu/entry.h"
#include "mkdomu/err.h"

struct mkd_ext4_ctx;

/*
 * Store those of e in the inode, which has none. An access ACL that says no more than the mode is
 * left out, as the kernel does.
 *	-E2BIG       they do not fit an inode and a block (ARCHIVE)
 *	-EOPNOTSUPP  a namespace that ext4 has not (ARCHIVE)
 *	-EINVAL      a malformed ACL, or a name that is empty or over 255 bytes (ARCHIVE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_balloc_take, mkd_blockout_put
 */
must_check int mkd_xattrs_store(struct mkd_ext4_ctx *c, uint32_t ino, const struct mkd_entry *e,
				struct mkd_err *err);

/* Drop them and free the block. */
void mkd_xattrs_release(struct mkd_ext4_ctx *c, uint32_t ino);

/*
 * Convert an ACL of the kernel's xattr form into ext4's; for the fuzzer too. out has room for len
 * bytes. Returns the length.
 *	-EINVAL  malformed; *out may have been written to
 */
int mkd_xattrs_acl(const void *value, size_t len, void *out);

#endif
