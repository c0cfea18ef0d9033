/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * member.h - what the headers of one tar member say: the ustar or GNU header, the pax records and
 * GNU long names before it, put together. Pure. libarchive 3.6 alone would not do: it changes
 * names to NFC, cuts them at a NUL, reads "12abc" as 12 and "NaN" as 0, gets times before 1970
 * wrong, drops ACLs it cannot read without a word and takes unknown member types for files.
 */
#ifndef MKDOMU_MEMBER_H
#define MKDOMU_MEMBER_H

#include "mkdomu/buf.h"
#include "mkdomu/entry.h"
#include "mkdomu/tarhdr.h"

struct mkd_member {
	struct mkd_member *next;                  /* for queues */
	struct mkd_tarhdr hdr;                    /* pax values put in for those of the header */
	struct mkd_buf pax, long_name, long_link; /* what the strings below live in */
	const char *path, *link;                  /* as written, not yet checked */
	uint32_t mtime_nsec;
	bool sparse;              /* any of the GNU forms; hdr.size_bytes is then not the file's */
	bool map_in_data;         /* GNU 1.0: the data begin with the map */
	bool libarchive_xattrs;   /* has LIBARCHIVE.xattr.*, which only libarchive reads here */
	struct mkd_xattr *xattrs; /* SCHILY.xattr.* and RHT.security.selinux, in file order */
	size_t n_xattrs;
	const char *acl_access, *acl_default; /* SCHILY.acl.*, text; NULL = none */
};

/*
 * Put a member together. Takes the contents of the three buffers over (they are empty after), also
 * on failure; free with mkd_member_free.
 *	-EBADMSG  a damaged record, a record twice, or sizes that differ (ARCHIVE)
 *	-EPERM    a NUL in a name or ACL, more than 1000 xattrs, a kind of ACL or of sparse file
 *	          that cannot be represented (ARCHIVE)
 *	-ERANGE   a number over 63 bits (ARCHIVE)
 *	-ENOMEM   (INTERNAL)
 */
must_check int mkd_member_new(const struct mkd_tarhdr *hdr, struct mkd_buf *pax,
			      struct mkd_buf *long_name, struct mkd_buf *long_link,
			      struct mkd_member **ret, struct mkd_err *err);

/*
 * A global pax header may hold comments only: any other record would change all members behind it.
 *	-EPERM  another record (ARCHIVE); -EBADMSG damaged (ARCHIVE)
 */
must_check int mkd_member_check_global(struct mkd_buf *pax, struct mkd_err *err);

void mkd_member_free(struct mkd_member *m);

#endif
