/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * snapshot.h - a private copy of a file that somebody else could rewrite in place: what is then
 * verified stays what it was until it is read again.
 */
#ifndef MKDOMU_SNAPSHOT_H
#define MKDOMU_SNAPSHOT_H

#include <sys/stat.h>

#include "mkdomu/ui.h"

struct mkd_snapshot_req {
	int fd;                /* of the file, readable; borrowed, its position does not matter */
	const char *name;      /* as the user knows it, for messages */
	const char *cache_dir; /* as mkd_cache_open takes it */
	uint64_t max_bytes;
	struct mkd_ui *ui;
};

/*
 * Pure: whether anybody but root and the effective user may write to it: by owner or by mode. The
 * group's bits are the mask of an ACL too, see acl(5), so they count whatever the group is.
 */
bool mkd_snapshot_needed(const struct stat *st, uid_t euid);

/*
 * Copy it into a file without a name: in the cache folder, or below $TMPDIR where that folder
 * cannot be used. *ret_fd is read-only, the caller's, and gives the space back when closed.
 *	-EFBIG  longer than max_bytes (USAGE)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	other    of pread(2), write(2), open(2) (IO, NOSPACE)
 *	and mkd_tmpdir
 */
must_check int mkd_snapshot(const struct mkd_snapshot_req *req, int *ret_fd, uint64_t *ret_bytes,
			    struct mkd_err *err);

#endif
