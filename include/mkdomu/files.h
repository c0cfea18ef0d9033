/* SPDX-License-Identifier: GPL-2.0-or-later */
/* files.h - a tarball in a folder of a mirror, verified as mkd_source_files says. */
#ifndef MKDOMU_FILES_H
#define MKDOMU_FILES_H

#include "mkdomu/cache.h"
#include "mkdomu/source.h"
#include "mkdomu/verify.h"

/* Is one of its signatures OpenPGP's, for which mkd_files_open wants a verifier? */
bool mkd_files_use_openpgp(const struct mkd_source_files *f);

/*
 * As mkd_source_open, for a request with mirrors and files that source.c has checked. Errors as
 * there, and
 *	-ENOENT   no mirror's list has such a file (VERIFY)
 *	and mkd_signify_check, mkd_listing_find
 */
must_check int mkd_files_open(const struct mkd_source_req *req, const struct mkd_cache *cache,
			      struct mkd_verifier *verifier, struct mkd_source *ret,
			      struct mkd_err *err);

#endif
