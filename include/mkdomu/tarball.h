/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tarball.h - any other tarball: a path or a URL, with what makes it trustworthy. */
#ifndef MKDOMU_TARBALL_H
#define MKDOMU_TARBALL_H

#include "mkdomu/cache.h"
#include "mkdomu/source.h"
#include "mkdomu/verify.h"

/*
 * req->tarball with the given signature, digest or neither (unverified). cache is NULL for a path,
 * verifier without a signature.
 *	and mkd_source_open
 */
must_check int mkd_tarball_open(const struct mkd_source_req *req, const struct mkd_cache *cache,
				struct mkd_verifier *verifier, struct mkd_source *ret,
				struct mkd_err *err);

/*
 * Where the cache has a tarball: of a mirror by its file's name, of a URL by that. Nothing in it is
 * verified by this. uri may be NULL; *ret is the caller's. One that has lost its user or query, as
 * manifests have it, is found by the file's name, when the cache has one such file alone.
 *	-ENOENT  it has none, or file cannot be the name of one (NET)
 *	-ENOMEM  (INTERNAL)
 *	other    of opendir(3) (IO)
 *	and mkd_cache_open, mkd_cache_get
 */
must_check int mkd_tarball_cached(const char *cache_dir, const char *file, const char *uri,
				  char **ret, struct mkd_err *err);

#endif
