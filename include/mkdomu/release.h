/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * release.h - Gentoo's autobuild tree: pointer text to path, and URLs. Pure.
 *
 * Format (releng, scripts/copy_buildsync.sh): latest-<variant>.txt is "# Latest as of <date>",
 * "# ts=<unix time>" and "<ts>/<variant>-<ts>.tar.<x> <bytes>", clear-signed. Only the plaintext
 * that a signature covers may be given to mkd_release_parse.
 */
#ifndef MKDOMU_RELEASE_H
#define MKDOMU_RELEASE_H

#include "mkdomu/err.h"

struct mkd_release {
	char path[320];      /* below autobuilds/: "20260811T083102Z/stage3-...tar.xz" */
	char file[256];      /* its base name */
	uint64_t size_bytes; /* 0 = the pointer does not say */
	int64_t pointer_sec; /* when the pointer was written; 0 = it does not say */
	int64_t build_sec;   /* of the time stamp in the file's name */
};

/*
 * Read a pointer's verified plaintext. Lines of other variants are passed over; one line, and one
 * only, must be the variant's, that is "<variant>-<ts>.tar.*". ret is untouched on failure.
 *	-EBADMSG  no or several such lines, a path that leaves the folder, control characters, a
 *	          wrong size or time (VERIFY)
 */
must_check int mkd_release_parse(const char *text, size_t len, const char *variant,
				 struct mkd_release *ret, struct mkd_err *err);

/*
 * "<mirror>/releases/<arch>/autobuilds/<rest>"; the mirror may end in '/'. *ret is the caller's.
 *	-EINVAL  arch has other characters than A-Z a-z 0-9 _ + - . (USAGE)   -ENOMEM
 */
must_check int mkd_release_url(const char *mirror, const char *arch, const char *rest, char **ret,
			       struct mkd_err *err);

/* Is this fit to be an arch or a variant, hence part of an URL and of a file name? */
bool mkd_release_name_ok(const char *name);

/*
 * Time stamp of a build: YYYYMMDDThhmmssZ, or the historic YYYYMMDDhhmmss and YYYYMMDD, UTC. All
 * len bytes must belong to it. *ret_sec is untouched when they do not.
 */
bool mkd_release_time(const char *text, size_t len, int64_t *ret_sec);

#endif
