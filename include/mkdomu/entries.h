/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * entries.h - tar members, one by one, each checked by our own policy before the caller sees it.
 *
 * in:      a struct mkd_stream
 * out:     struct mkd_entry and, for regular files, their data
 * calls:   libarchive, tar formats only, no filters; the sole owner of <archive.h>
 *
 * The locale has no say: names are bytes. The process must have LC_CTYPE "C.UTF-8" (main sets it)
 * as libarchive 3.6 refuses UTF-8 pax names in "C".
 */
#ifndef MKDOMU_ENTRIES_H
#define MKDOMU_ENTRIES_H

#include "mkdomu/entry.h"
#include "mkdomu/stream.h"

struct mkd_entries;

/* Takes the stream over (closes it, also on failure). name is for messages, copied. -ENOMEM. */
must_check int mkd_entries_open(struct mkd_stream *stream, const char *name,
				struct mkd_entries **ret, struct mkd_err *err);

/*
 * 1 with *ret, valid until the next call; 0 at a proper end of the archive. Errors:
 *	-EBADMSG  not a tar archive, damaged, or cut (also at a member boundary: the two zero blocks
 *	          at the end are required) (ARCHIVE)
 *	-EPERM    a member that the policy refuses, the message names it and why (ARCHIVE)
 *	-ERANGE   a number that ext4 cannot hold: ids, device numbers, sizes (ARCHIVE)
 *	and those of mkd_stream_read
 */
must_check int mkd_entries_next(struct mkd_entries *es, const struct mkd_entry **ret,
				struct mkd_err *err);

/*
 * Data of the current regular file: 1 with a piece at *offset (ascending, gaps are holes), 0 at its
 * end. Unread data are skipped by mkd_entries_next. Errors as above.
 */
must_check int mkd_entries_data(struct mkd_entries *es, const void **data, size_t *len,
				uint64_t *offset_bytes, struct mkd_err *err);

/* Compressed bytes consumed, for progress. */
uint64_t mkd_entries_pos(const struct mkd_entries *es);

void mkd_entries_close(struct mkd_entries *es);

#endif
