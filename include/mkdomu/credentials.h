/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * credentials.h - what a user may give as root's password and as ssh keys, checked before anything
 * is built. Pure; no message ever holds a password or a key.
 */
#ifndef MKDOMU_CREDENTIALS_H
#define MKDOMU_CREDENTIALS_H

#include "mkdomu/err.h"

#define MKD_PASSWORD_MAX        511 /* bytes, libxcrypt's CRYPT_MAX_PASSPHRASE_SIZE less the NUL */
#define MKD_AUTHORIZED_KEYS_MAX (256 * KIB)
#define MKD_KEY_LINE_MAX        (8 * KIB) /* as long as sshd(8) reads */

/*
 * Is text a crypt(5) hash: yescrypt ($y$, $gy$), SHA-512 ($6$), SHA-256 ($5$), bcrypt ($2a$, $2b$,
 * $2y$) or scrypt ($7$), whole and in the right alphabet?
 */
bool mkd_password_is_hash(const char *text);

/*
 * A password or a hash fit for shadow(5). origin names where it is from and starts the message.
 *	-EINVAL  empty, a control character in it, a hash that is cut, or one by a method that is
 *		 too weak (MD5 "$1$") (USAGE)
 *	-E2BIG   over MKD_PASSWORD_MAX (USAGE)
 */
must_check int mkd_password_check(const char *text, const char *origin, struct mkd_err *err);

/*
 * The text of an authorized_keys file (sshd(8), "AUTHORIZED_KEYS FILE FORMAT"): each line blank, a
 * comment, or [options] type base64 [comment], the key data naming the same type. *ret_n (may be
 * NULL) = keys.
 *	-EINVAL  a line is none of these, a private key, a control character, no key at all; the
 *		 line's number is named (USAGE)
 *	-E2BIG   over MKD_AUTHORIZED_KEYS_MAX, or a line over MKD_KEY_LINE_MAX (USAGE)
 */
must_check int mkd_authorized_keys_check(const char *text, size_t len, const char *origin,
					 size_t *ret_n, struct mkd_err *err);

#endif
