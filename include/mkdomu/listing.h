/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listing.h - lists of files with their digests, as distributions publish them: which file a
 * pattern means, and its digests. Pure.
 *
 * Formats: "<hex>  <name>" or "<hex> *<name>" (sha256sum(1)), where the list's own name says which
 * algorithm ("sha512" in it, "b2sum" or "blake2", else SHA256); "SHA256 (<name>) = <hex>" (BSD);
 * and, of a list called *.yaml, Alpine's latest-releases.yaml: blocks that begin with a line "-"
 * and have indented "file:", "sha256:" and "sha512:" (aports, scripts/mkimage.sh).
 */
#ifndef MKDOMU_LISTING_H
#define MKDOMU_LISTING_H

#include "mkdomu/digests.h"

struct mkd_listed {
	char file[129]; /* fit to be part of a URL and of a file name */
	struct mkd_digests digests;
};

/* Does name match pattern, in which '*' stands for any characters but '/'? */
bool mkd_listing_match(const char *pattern, const char *name);

/*
 * Find the file; of several that match, the newest by version order (strverscmp(3)) of their names.
 * list is the list's name. ret is untouched on failure.
 *	-ENOENT   no file there matches (VERIFY)
 *	-EBADMSG  its digests are missing, damaged or contradict each other; a NUL character
 *(VERIFY) -ENOMEM   (INTERNAL)
 */
must_check int mkd_listing_find(const char *text, size_t len, const char *list, const char *pattern,
				struct mkd_listed *ret, struct mkd_err *err);

/* The time in a file's name, a date between other characters ("-20250202."); 0 = it has none. */
int64_t mkd_listing_time(const char *file);

#endif
