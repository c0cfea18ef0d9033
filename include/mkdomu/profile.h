/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile.h - reads profiles/NAME.conf (libconfuse) into settings; the sole owner of confuse.h. */
#ifndef MKDOMU_PROFILE_H
#define MKDOMU_PROFILE_H

#include "mkdomu/settings.h"

/*
 * Where a profile named without a slash is looked for, first match wins:
 * $XDG_CONFIG_HOME/mkdomu/profiles (or ~/.config/...), /etc/mkdomu/profiles, the installed folder
 * (MKD_PROFILE_DIR, set by the build), then "profiles" beside the source tree's build folder when
 * the program runs from it. With a slash, or ending in ".conf", it is a path.
 *	-ENOENT  not found; the message lists where it was looked for (USAGE)
 */
must_check int mkd_profile_find(const char *name, char **ret_path, struct mkd_err *err);

/*
 * Read a profile. Origins become "FILE:LINE".
 *	-EINVAL  syntax, unknown, duplicate or mistyped key; file and line are named (USAGE)
 *	-EFBIG   over 1 MiB (USAGE), and those of mkd_file_read
 */
must_check int mkd_profile_read(const char *path, struct mkd_settings *ret, struct mkd_err *err);

#endif
