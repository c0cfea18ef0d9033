/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signify.h - Ed25519 signatures in the file formats of signify(1) and minisign(1), by libgcrypt.
 *
 * Format (signify.c of OpenBSD; https://jedisct1.github.io/minisign/): a line "untrusted comment:
 * ", then one of base64. Of a public key 42 bytes: "Ed", 8 of key number, 32 of key. Of a signature
 * 74: "Ed" (of the text itself) or "ED" (of its BLAKE2b-512), 8 of key number, 64 of signature.
 * minisign adds "trusted comment: ..." and a line of base64 with 64 bytes, the signature of the
 * first one and that comment; signify -e adds the signed text. Comments of the first kind mean
 * nothing.
 */
#ifndef MKDOMU_SIGNIFY_H
#define MKDOMU_SIGNIFY_H

#include "mkdomu/buf.h"

#define MKD_SIGNIFY_KEY_MAX (4 * KIB) /* of a key file */

struct mkd_signify {
	char signer[41];    /* "signify:" and 32 hex digits of the SHA512 of the key's line */
	int64_t signed_sec; /* of minisign's trusted comment, "timestamp:N"; 0 = it has none */
};

/*
 * Is text signed by the key? key and signature are the files as they are, name is the text's for
 * messages. What a signature file has behind the signature is passed over, unless it begins as
 * minisign's trusted comment: then that has to be signed, too.
 *	-EINVAL   the key is no public key of signify (USAGE)
 *	-EBADMSG  the signature is none, or not of this text (VERIFY)
 *	-EKEYREJECTED  it is of another key (VERIFY)
 *	-ENOTSUP  libgcrypt has no Ed25519, as in FIPS mode (INTERNAL)
 *	-ENOMEM   (INTERNAL)
 *	and mkd_hash_name
 */
must_check int mkd_signify_check(const struct mkd_buf *key, const struct mkd_buf *signature,
				 const struct mkd_buf *text, const char *name,
				 struct mkd_signify *ret, struct mkd_err *err);

#endif
