/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * armor.h - what may be handed to gpg at all: strict forms of the two signature formats, so that
 * nothing that two parsers could read differently gets there. Pure.
 *
 * Formats: RFC 4880 (and 9580) sections 4.2 packets, 5.2 signatures, 6.2 armor, 7 clear-signed.
 */
#ifndef MKDOMU_ARMOR_H
#define MKDOMU_ARMOR_H

#include "mkdomu/buf.h"

/*
 * Is the text one clear-signed message and nothing else? Only "Hash:" headers; no text before or
 * after it; no control characters but tab, CR, LF; lines up to 4096 bytes; dashes escaped.
 *	-EBADMSG  it is not; the message names it and says why (VERIFY)   -ENOMEM
 */
must_check int mkd_armor_clear(const char *text, size_t len, const char *name, struct mkd_err *err);

/*
 * Turn a detached signature, armored (one block or several) or binary, into packets, which must
 * all be signatures of binary documents: one of a text would let line ends and blanks change.
 *	-EBADMSG  it is none (VERIFY)   -ENOMEM
 */
must_check int mkd_armor_detached(const char *data, size_t len, const char *name,
				  struct mkd_buf *ret, struct mkd_err *err);

#endif
