/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4_acl.h - an access ACL follows the mode, as with chmod(2): acl(5), "CORRESPONDENCE BETWEEN ACL
 * ENTRIES AND FILE PERMISSION BITS". On disk it is the attribute of index 2 in the inode or in a
 * block of its own, in the format of fs/ext4/acl.h (Linux 6.1).
 */
#ifndef MKDOMU_E4_ACL_H
#define MKDOMU_E4_ACL_H

#include "mkdomu/e4_fs.h"

/*
 * Let the entries of owner, mask (of group, where there is no mask) and others say mode. An inode
 * without an access ACL is left alone. What is in the inode changes in *i alone, which the caller
 * writes; a block that others share is copied first.
 *	-EUCLEAN  attributes or ACL are damaged (IO)
 *	-ENOSPC   no block for the copy (NOSPACE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_e4_writable, mkd_e4_blocks_take, mkd_e4_inode_read
 */
must_check int mkd_e4_acl_chmod(struct mkd_e4 *e, struct mkd_e4_inode *i, mode_t mode,
				struct mkd_err *err);

#endif
