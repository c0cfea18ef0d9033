/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inherit.h - a profile with all that it inherits, merged: of each key the values of the nearest
 * profile that has it. A list takes the place of the inherited one as a whole. Origins say from
 * which file and line each value is. A hook's relative path is from the folder of the file that has
 * it, and becomes an absolute one.
 */
#ifndef MKDOMU_INHERIT_H
#define MKDOMU_INHERIT_H

#include "mkdomu/settings.h"

#define MKD_INHERIT_MAX 8 /* profiles in a chain */

/*
 * Load a profile by name or path. What it inherits is named in the same way: with a slash it is a
 * path, a relative one from the folder of the file that says so; a name is looked for in that
 *folder first, then as mkd_profile_find does. Takes *ret empty; *ret_path (the caller's) is the
 * profile's own file. Neither is changed on failure. Messages about a missing parent, a circle or
 * too long a chain begin with file and line of the 'inherit'.
 *	-ENOENT  no such profile or parent (USAGE)
 *	-ELOOP   it inherits itself, also by way of others; or over MKD_INHERIT_MAX profiles (USAGE)
 *	-ENOMEM
 *	and mkd_profile_find, mkd_profile_read
 */
must_check int mkd_inherit_load(const char *name, struct mkd_settings *ret, char **ret_path,
				struct mkd_err *err);

#endif
