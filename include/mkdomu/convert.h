/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * convert.h - a struct mkd_member becomes a struct mkd_entry, by the policy. Pure.
 *
 * ACLs: the numeric xattr form wins over star's text when an archive has both, as GNU tar writes
 * them. An ACL that says no more than the mode is dropped, as the kernel does; one that says more
 * sets the nine permission bits. Extended attributes given twice must be equal.
 */
#ifndef MKDOMU_CONVERT_H
#define MKDOMU_CONVERT_H

#include "mkdomu/entry.h"
#include "mkdomu/member.h"

struct mkd_convert;

/* -ENOMEM */
must_check int mkd_convert_new(struct mkd_convert **ret, struct mkd_err *err);

/*
 * Begin an entry: m stays the caller's and must live as long as the entry. size_bytes is that of a
 * regular file, holes included. Messages end a sentence that began with the member's name.
 *	-EPERM    refused by the policy: names, attributes, ACLs (ARCHIVE)
 *	-ERANGE   ids, device numbers, sizes (ARCHIVE)
 *	-ENOMEM   (INTERNAL)
 */
must_check int mkd_convert_begin(struct mkd_convert *c, const struct mkd_member *m,
				 int64_t size_bytes, struct mkd_err *err);

/*
 * One more attribute; the caller keeps name and value as long as m.
 *	-EPERM   as above (ARCHIVE)
 */
must_check int mkd_convert_add_xattr(struct mkd_convert *c, const char *name, const void *value,
				     size_t len, struct mkd_err *err);

/*
 * The entry; its pointers live until the next begin.
 *	-EPERM, -EBADMSG  as above (ARCHIVE)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_convert_end(struct mkd_convert *c, struct mkd_entry *ret, struct mkd_err *err);

void mkd_convert_free(struct mkd_convert *c);

#endif
