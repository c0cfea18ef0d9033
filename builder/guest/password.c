/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/password.h"

#include <crypt.h>
#include <errno.h>
#include <string.h>

#define SALT_LEN 16
#define ALPHABET "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

int mkd_password_hash(const char *password, const char *salt, enum mkd_hash_method method,
		      struct mkd_buf *ret, struct mkd_err *err)
{
	char setting[SALT_LEN + 16];
	struct crypt_data *data;
	const char *hash;

	if (strlen(salt) != SALT_LEN || strspn(salt, ALPHABET) != SALT_LEN)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
				"the salt is not %d characters of crypt(5)'s alphabet", SALT_LEN);
	/* j9T is libxcrypt's own default cost, crypt_gensalt(3); SHA-512 keeps its 5000 rounds. */
	(void)snprintf(setting, sizeof(setting),
		       method == MKD_HASH_YESCRYPT ? "$y$j9T$%s" : "$6$%s$", salt);
	data = calloc(1, sizeof(*data)); /* 32 KiB: not for the stack */
	if (!data)
		return mkd_nomem(err);
	hash = crypt_r(password, setting, data);
	if (hash && *hash != '*') {
		mkd_buf_reset(ret);
		mkd_buf_str(ret, hash);
	} else {
		hash = NULL;
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	if (!hash)
		return mkd_fail(err, MKD_EXIT_INTERNAL, ENOTSUP,
				"this host's libcrypt cannot make a '%.3s' hash; give the "
				"password as a hash that 'mkpasswd' made",
				setting);
	return mkd_buf_check(ret, err);
}

const char *mkd_password_library(void)
{
#ifdef XCRYPT_VERSION_STR
	return XCRYPT_VERSION_STR;
#else
	return "unknown";
#endif
}
