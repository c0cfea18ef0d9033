/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tmpname.h - a large file that gets its name only when it is complete: unnamed (O_TMPFILE), else
 * under a hidden name. Knows nothing of targets.
 */
#ifndef MKDOMU_TMPNAME_H
#define MKDOMU_TMPNAME_H

#include "mkdomu/err.h"

struct mkd_tmpname {
	int fd;           /* read-write; -1 = none */
	char hidden[256]; /* its name in the folder while it has one, else "" */
	bool swapped;     /* committed over an old file, which has the hidden name now */
	bool placed;      /* committed where nothing was */
};

/*
 * A new empty file in the folder dirfd that will be called name; mode 0600. With named, or where
 * O_TMPFILE is not supported, it has a hidden name, and leftovers of dead runs are removed first.
 *	other    of openat(2): EACCES, EPERM, EROFS (TARGET), else (IO, NOSPACE)
 */
must_check int mkd_tmpname_open(int dirfd, const char *name, bool named, struct mkd_tmpname *ret,
				struct mkd_err *err);

/*
 * Give it its name, and fsync the folder; its data must have been synced before. With replace what
 * has the name is exchanged with it in one step (replaced, where the file system cannot exchange),
 * else nothing may have it. On failure the name is as it was.
 *	-EEXIST  the name has come to exist meanwhile (TARGET)
 *	other    of fsync(2), linkat(2), renameat2(2) (IO, NOSPACE)
 */
must_check int mkd_tmpname_commit(int dirfd, struct mkd_tmpname *t, const char *name, bool replace,
				  struct mkd_err *err);

/* Take a commit back: the old file has its name again, or nothing has it. Best effort. */
void mkd_tmpname_revert(int dirfd, struct mkd_tmpname *t, const char *name);

/* Close; what was not committed, and what a commit replaced, is gone. */
void mkd_tmpname_close(int dirfd, struct mkd_tmpname *t);

#endif
