/* SPDX-License-Identifier: GPL-2.0-or-later */
/* profile.h - reads profiles/NAME.conf (libconfuse) into settings; the sole owner of confuse.h. */
#ifndef MKDOMU_PROFILE_H
#define MKDOMU_PROFILE_H

#include "mkdomu/settings.h"

/*
 * Where a profile named without a slash is looked for, first match wins:
 * $XDG_CONFIG_HOME/mkdomu/profiles (or ~/.config/...), /etc/mkdomu/profiles, "profiles" beside the
 * source tree's build folder when the program runs from there, the installed folder
 * (MKD_PROFILE_DIR, set by the build). With a slash, or ending in ".conf", it is a path.
 *	-ENOENT  not found; the message lists where it was looked for (USAGE)   -ENOMEM
 */
must_check int mkd_profile_find(const char *name, char **ret_path, struct mkd_err *err);

/*
 * The folders in which it looks, in that order; they need not exist. ret is appended to.
 *	-ENOMEM
 */
must_check int mkd_profile_places(struct mkd_strv *ret, struct mkd_err *err);

/*
 * "<top>/profiles" for a program at "<top>/build/<mode>/mkdomu"; pure.
 *	-ENOENT  the program is elsewhere (USAGE)   -ENOMEM
 */
must_check int mkd_profile_tree(const char *exe, char **ret, struct mkd_err *err);

/*
 * Read a profile: libconfuse's syntax as far as confscan.h lets it through; keys and sections are
 * those of mkd_setting_info. One file: what it inherits is inherit.h's. Origins become "FILE:LINE"
 *with the base name, messages begin "PATH:LINE: ". Takes *ret empty. One thread at a time:
 *libconfuse's lexer has global state. -EINVAL  syntax, unknown, duplicate, empty or mistyped key,
 *NUL; file and line are named (USAGE) -EFBIG   over 1 MiB (USAGE) -ENOMEM and mkd_file_read
 */
must_check int mkd_profile_read(const char *path, struct mkd_settings *ret, struct mkd_err *err);

#endif
