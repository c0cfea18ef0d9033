/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gentoo.h - a stage3 from Gentoo's mirrors: signed pointer, signed digests, tarball. */
#ifndef MKDOMU_GENTOO_H
#define MKDOMU_GENTOO_H

#include "mkdomu/cache.h"
#include "mkdomu/source.h"
#include "mkdomu/verify.h"

/*
 * Of req, the fields for Gentoo and those for both; they are complete and without contradiction.
 *	and mkd_source_open
 */
must_check int mkd_gentoo_open(const struct mkd_source_req *req, const struct mkd_cache *cache,
			       struct mkd_verifier *verifier, struct mkd_source *ret,
			       struct mkd_err *err);

#endif
