/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * acl.h - POSIX ACLs: from star's text or the kernel's xattr form to the xattr form, checked and
 * sorted. Pure. Sources: linux/posix_acl_xattr.h and fs/posix_acl.c (6.1), acl(5), star(5).
 */
#ifndef MKDOMU_ACL_H
#define MKDOMU_ACL_H

#include "mkdomu/buf.h"

#define MKD_ACL_MAX 1024 /* entries; ext4 holds about 500 in a block of 4096 bytes */

#define MKD_ACL_ACCESS  "system.posix_acl_access"
#define MKD_ACL_DEFAULT "system.posix_acl_default"

struct mkd_ace {
	uint16_t tag, perm; /* as in the xattr */
	uint32_t id;        /* UINT32_MAX where the tag has none */
};

struct mkd_acl {
	size_t n;
	struct mkd_ace e[MKD_ACL_MAX];
};

/*
 * "user::rwx,user:joe:r-x:1000,group::r-x,mask::r-x,other::---", entries apart by commas or
 * newlines. Ids are numbers: the qualifier itself, or a fourth field behind a name.
 *	-EPERM    a name without a number (ARCHIVE): no host's user database has a say here
 *	-EBADMSG  any other text that is none, or no ACL that the kernel would take (ARCHIVE)
 */
must_check int mkd_acl_from_text(const char *text, struct mkd_acl *ret, struct mkd_err *err);

/* The value of a system.posix_acl_* xattr, version 2. -EBADMSG (ARCHIVE) */
must_check int mkd_acl_from_xattr(const void *value, size_t len, struct mkd_acl *ret,
				  struct mkd_err *err);

/* No entry beyond owner, group and other: the mode says it all and the kernel keeps no xattr. */
bool mkd_acl_is_mode(const struct mkd_acl *a);

/* The nine permission bits: owner, mask (or else group), other. */
uint16_t mkd_acl_mode(const struct mkd_acl *a);

/* Append the xattr form. */
void mkd_acl_encode(const struct mkd_acl *a, struct mkd_buf *ret);

#endif
