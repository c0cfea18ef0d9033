/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tarscan.h - watches the plain bytes of a tar archive go by and keeps what its headers say, one
 * struct mkd_member each. Pushed into piece by piece; knows no files. It also sees what libarchive
 * does not report: member types it does not know, the end-of-archive marker, what follows it.
 */
#ifndef MKDOMU_TARSCAN_H
#define MKDOMU_TARSCAN_H

#include "mkdomu/member.h"

#define MKD_PAX_MAX_BYTES 999999  /* one pax header; libarchive takes no longer record */
#define MKD_MAP_MAX       1000000 /* pieces of a sparse file */

struct mkd_tarscan;

/* -ENOMEM */
must_check int mkd_tarscan_new(struct mkd_tarscan **ret, struct mkd_err *err);

/*
 * Look at the next bytes of the archive. Messages name the member, or the byte offset.
 *	-EBADMSG  damaged header, data behind the end of the archive, a link or device with data,
 *	          not a tar archive (ARCHIVE)
 *	-EPERM    a member type other than file, link, symlink, device, folder, fifo and old GNU
 *	          sparse file; a pax header over 999999 bytes, a long name over 64 KiB, a sparse map
 *	          over 10^6 pieces (ARCHIVE)
 *	-ERANGE   a size over what ext4 holds; a number over 63 bits (ARCHIVE)
 *	-ENOMEM   (INTERNAL)
 *	and mkd_member_new, mkd_member_check_global
 */
must_check int mkd_tarscan_feed(struct mkd_tarscan *ts, const void *data, size_t len,
				struct mkd_err *err);

/*
 * The next bytes, up to max of them, need not be fed: they are only what a file holds. Returns how
 * many; they count as seen.
 */
uint64_t mkd_tarscan_skip(struct mkd_tarscan *ts, uint64_t max_bytes);

/*
 * All bytes have been fed.
 *	-EBADMSG  cut: the two zero blocks that end an archive were not there, or the last block
 *	          is not whole; or nothing at all was fed (ARCHIVE)
 */
must_check int mkd_tarscan_finish(const struct mkd_tarscan *ts, struct mkd_err *err);

/* The oldest member not yet taken, or NULL; the caller's (mkd_member_free). */
struct mkd_member *mkd_tarscan_take(struct mkd_tarscan *ts);

void mkd_tarscan_free(struct mkd_tarscan *ts);

#endif
