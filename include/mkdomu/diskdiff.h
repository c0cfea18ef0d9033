/* SPDX-License-Identifier: GPL-2.0-or-later */
/* diskdiff.h - is a disk what it should be: the owned bytes of one that is known to be right are
 * held against those of another, which is not trusted and not interpreted. */
#ifndef MKDOMU_DISKDIFF_H
#define MKDOMU_DISKDIFF_H

#include "mkdomu/diskmap.h"
#include "mkdomu/ui.h"

#define MKD_DISKDIFF_NAMED 10 /* differences that are named; more are counted */

struct mkd_diskdiff_req {
	const struct mkd_diskmap *map; /* of the right one, content included */
	int fd;                        /* of the right one */
	int other_fd;
	const char *other_name;
	struct mkd_ui *ui; /* each named difference is told, level INFO; progress "compare" */
};

struct mkd_diskdiff {
	uint64_t places; /* that differ; a place is a structure, an inode, or a block */
	char first[MKD_DISKMAP_NAME_MAX]; /* the first in the order of the disk */
	uint64_t first_at_bytes;
};

/*
 * Differences are no failure: look at places. Owned bytes behind the other's end differ; what the
 * other has behind the layout's end is not looked at.
 *	-EINTR  a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	other    of pread(2), lseek(2) (IO)
 *	and mkd_diskmap_find
 */
must_check int mkd_diskdiff(const struct mkd_diskdiff_req *req, struct mkd_diskdiff *ret,
			    struct mkd_err *err);

#endif
