/* SPDX-License-Identifier: GPL-2.0-or-later */
/* password.h - a password made a crypt(5) hash; the sole owner of crypt.h. Pure. */
#ifndef MKDOMU_PASSWORD_H
#define MKDOMU_PASSWORD_H

#include "mkdomu/buf.h"

enum mkd_hash_method {
	MKD_HASH_SHA512,   /* "$6$", read by every libc of the last fifteen years */
	MKD_HASH_YESCRYPT, /* "$y$j9T$", libxcrypt alone */
};

/*
 * Hash password with salt, 16 of [./0-9A-Za-z]; the same in, the same out. *ret is reset first.
 * What the library kept of the password is wiped.
 *	-EINVAL   not such a salt (INTERNAL)
 *	-ENOTSUP  the host's libcrypt cannot do it (INTERNAL)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_password_hash(const char *password, const char *salt,
				 enum mkd_hash_method method, struct mkd_buf *ret,
				 struct mkd_err *err);

/* The version of libxcrypt that mkdomu was built with: "4.4.33". */
const char *mkd_password_library(void);

#endif
