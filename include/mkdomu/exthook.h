/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exthook.h - external hooks: executables in any language, found by name or path. Their bytes are
 * read once, and what was read is what is digested, recorded and run.
 *
 * The name of a hook is that of its file: 1..64 of [A-Za-z0-9._+-], a letter or digit first. One
 * that is named without a slash is looked for, first match wins, in "hooks" beside the profile,
 * $XDG_CONFIG_HOME/mkdomu/hooks (or ~/.config/...), /etc/mkdomu/hooks, the installed folder
 * (MKD_HOOK_DIR, set by the build). One of the name of a built-in hook takes its place.
 */
#ifndef MKDOMU_EXTHOOK_H
#define MKDOMU_EXTHOOK_H

#include "mkdomu/hookhead.h"

#define MKD_HOOK_NAME_MAX 64
#define MKD_EXTHOOK_MAX   (16 * MIB)

/* Zero-initialise; release with mkd_exthook_free. */
struct mkd_exthook {
	char name[MKD_HOOK_NAME_MAX + 1];
	char *path; /* as it was found */
	struct mkd_buf program;
	uint8_t sha256[32];
	struct mkd_hookhead head;
};

/* Fit for a hook's name? */
bool mkd_exthook_is_name(const char *name);

/*
 * The folders where names are looked for, in order. beside: the profile's folder, or NULL.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_exthook_places(const char *beside, struct mkd_strv *ret, struct mkd_err *err);

/*
 * Find and read one. With a slash it is a path.
 *	-ENOENT  a path where nothing is; or there is none of this name, and the message lists where
 *	         it was looked for (USAGE)
 *	-EINVAL  not a name, no regular file, or not executable (USAGE)
 *	-EPERM   another than root or this user owns it, or anybody else may write it, also
 *	         through a group but root's and this user's private one: whose code would it
 *	         be? (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_file_read, mkd_sha256, mkd_hookhead_parse
 */
must_check int mkd_exthook_find(const char *beside, const char *name_or_path,
				struct mkd_exthook *ret, struct mkd_err *err);

/*
 * Paths of all that could be named, sorted by name; of one name the first.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_exthook_list(const char *beside, struct mkd_strv *ret, struct mkd_err *err);

void mkd_exthook_free(struct mkd_exthook *h);

#endif
