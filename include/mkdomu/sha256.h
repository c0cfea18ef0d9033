/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sha256.h - libgcrypt made ready, and SHA-256: of what is in memory, or piece by piece. */
#ifndef MKDOMU_SHA256_H
#define MKDOMU_SHA256_H

#include "mkdomu/err.h"

#define MKD_SHA256_BYTES 32u

/*
 * Before any other call of libgcrypt, from any thread, as often as one likes.
 *	-ENOTSUP  libgcrypt is too old or lacks SHA-256 (INTERNAL)
 */
must_check int mkd_gcrypt_start(struct mkd_err *err);

/*
 * Digest len bytes of data.
 *	and mkd_gcrypt_start
 */
must_check int mkd_sha256(const void *data, size_t len, uint8_t ret[static MKD_SHA256_BYTES],
			  struct mkd_err *err);

struct mkd_sha256;

/*
 * A digest of what is still to come; it is the caller's, for mkd_sha256_free.
 *	-ENOMEM (INTERNAL)
 *	and mkd_gcrypt_start
 */
must_check int mkd_sha256_new(struct mkd_sha256 **ret, struct mkd_err *err);

void mkd_sha256_add(struct mkd_sha256 *s, const void *data, size_t len);

/* Of all that was added; nothing can be added any more. */
void mkd_sha256_get(struct mkd_sha256 *s, uint8_t ret[static MKD_SHA256_BYTES]);

/* NULL is fine. */
void mkd_sha256_free(struct mkd_sha256 *s);

#endif
