/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * confscan.h - a look at a profile's text before libconfuse reads it. libconfuse 3.3 (lexer.l)
 * would put environment variables into the text, take the end of the
 * file for a closing brace, take "\n" and "\x00" in strings, skip characters
 * that it does not know, count lines wrong after comments, and choke on comments inside lists.
 * What passes here means the same to it, to us and to the person who wrote it. Pure.
 */
#ifndef MKDOMU_CONFSCAN_H
#define MKDOMU_CONFSCAN_H

#include "mkdomu/err.h"

/*
 * Blank out the comments ("#" to the end of the line) in text, which has len bytes and a NUL behind
 * them. path is for messages, which begin "PATH:LINE: ".
 *	-EINVAL  NUL or control character; "${" outside '...'; a backslash that is not \\ or the
 *	         string's own quote; a string that does not end on its line; a character that needs
 *	         quotes; an empty list; a brace too deep or never closed (USAGE)
 */
must_check int mkd_confscan(const char *path, char *text, size_t len, struct mkd_err *err);

#endif
