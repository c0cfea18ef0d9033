/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entries.h - tar members, one by one, each checked by our own policy before the caller sees it.
 *
 * in:      a struct mkd_stream
 * out:     struct mkd_entry and, for regular files, their data
 * calls:   libarchive, tar formats only, no filters; the sole owner of <archive.h>
 *
 * libarchive finds the data (sparse files of every GNU form too). What the headers say is read a
 * second time, strictly, by tarscan.h and member.h: libarchive 3.6 changes names, drops ACLs and
 * misreads numbers without a word. Where the two readers disagree the archive is refused. Names are
 * bytes; the locale has no say.
 *
 * Refused, beside what policy.h says: member types other than file, link, symlink, device, folder,
 * fifo (tar has no sockets) and GNU sparse file; data on anything but a file; global pax headers
 * beyond comments; pax headers over 999999 bytes; sparse maps over 10^6 pieces; ACLs with names but
 * no numbers. uname, gname, atime, ctime, file flags and unknown pax keys are passed over. Times
 * outside 1901..2446 are clamped. LIBARCHIVE.xattr.* are taken where SCHILY.xattr.* lacks them.
 *
 * Whether a member fits the tree (below a symlink, a duplicate, a hard link to nothing) is the
 * writer's to check. Headers are checked up to 1 MiB ahead, so an error may come some members
 * early.
 */
#ifndef MKDOMU_ENTRIES_H
#define MKDOMU_ENTRIES_H

#include "mkdomu/entry.h"
#include "mkdomu/stream.h"

struct mkd_entries;

/* Takes the stream over (closes it, also on failure). name is for messages, copied. -ENOMEM
 * (INTERNAL). */
must_check int mkd_entries_open(struct mkd_stream *stream, const char *name,
				struct mkd_entries **ret, struct mkd_err *err);

/*
 * 1 with *ret, valid until the next call; 0 at a proper end of the archive. An archive without
 * members is one. Errors stay:
 *	-EBADMSG  not a tar archive, empty, damaged, ambiguous, cut (also at a member boundary: the
 *	          two zero blocks at the end are required), or with anything but whole zero blocks
 *	          behind its end (ARCHIVE)
 *	-EPERM    a member that the policy refuses, the message names it and why (ARCHIVE)
 *	-ERANGE   a number that ext4 cannot hold: ids, device numbers, sizes (ARCHIVE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_stream_read
 */
must_check int mkd_entries_next(struct mkd_entries *es, const struct mkd_entry **ret,
				struct mkd_err *err);

/*
 * Data of the current regular file: 1 with a piece at *offset_bytes (ascending, gaps are holes,
 * also up to size_bytes behind the last one), 0 at its end or for another type. Unread data are
 * skipped by mkd_entries_next.
 *	-EBADMSG  as above (ARCHIVE)
 *	and mkd_entries_next
 */
must_check int mkd_entries_data(struct mkd_entries *es, const void **data, size_t *len,
				uint64_t *offset_bytes, struct mkd_err *err);

/* Compressed bytes consumed, for progress. */
uint64_t mkd_entries_pos(const struct mkd_entries *es);

void mkd_entries_close(struct mkd_entries *es);

/* The version of libarchive, which reads the members: "libarchive 3.6.2". */
const char *mkd_entries_library(void);

#endif
