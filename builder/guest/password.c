/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/password.h"

#include <crypt.h>
#include <errno.h>
#include <string.h>

#define SALT_LEN 16
#define ALPHABET "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static void wipe(struct crypt_data *data)
{
	explicit_bzero(data, sizeof(*data));
	free(data);
}
DEFINE_CLEANUP(crypt_datap, struct crypt_data *, wipe)

int mkd_password_hash(const char *password, const char *salt, enum mkd_hash_method method,
		      struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup(crypt_datap) struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[SALT_LEN + 16];
	const char *hash;

	if (!data)
		return mkd_nomem(err);
	if (strlen(salt) != SALT_LEN || strspn(salt, ALPHABET) != SALT_LEN)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
				"the salt is not %d characters of crypt(5)'s alphabet", SALT_LEN);
	/* j9T is libxcrypt's own default cost, crypt_gensalt(3); SHA-512 keeps its 5000 rounds. */
	(void)snprintf(setting, sizeof(setting),
		       method == MKD_HASH_YESCRYPT ? "$y$j9T$%s" : "$6$%s$", salt);
	hash = crypt_r(password, setting, data);
	if (!hash || *hash == '*')
		return mkd_fail(err, MKD_EXIT_INTERNAL, ENOTSUP,
				"this host's libcrypt cannot make a '%.3s' hash; give the "
				"password as a hash that 'mkpasswd' made",
				setting);
	mkd_buf_reset(ret);
	mkd_buf_str(ret, hash);
	return mkd_buf_check(ret, err);
}
