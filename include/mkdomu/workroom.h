/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * workroom.h - a temporary folder for something large. A run that is killed leaves it; then the
 * next one that makes such a folder takes it away. Private to the room build.
 */
#ifndef MKDOMU_WORKROOM_H
#define MKDOMU_WORKROOM_H

#include "mkdomu/err.h"

/*
 * A new empty folder "mkdomu-work-XXXXXX", mode 0700, under $TMPDIR or /tmp; *ret is the caller's
 * (free + mkd_rmtree). While *ret_fd is open it counts as in use. Those of this user that are not,
 * and not younger than a minute, are removed.
 *	-ENOENT, -ENOTDIR, -EACCES  TMPDIR is given, and no folder one may write to (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	other    of mkdtemp(3), open(2) (IO, NOSPACE)
 */
must_check int mkd_workroom_make(char **ret, int *ret_fd, struct mkd_err *err);

#endif
