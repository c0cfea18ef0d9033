/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/sha256.h"

#include <errno.h>
#include <gcrypt.h>
#include <pthread.h>
#include <string.h>

static pthread_once_t start_once = PTHREAD_ONCE_INIT;

/* Secure memory would be locked for nothing: no secret is ever digested. */
static void start(void)
{
	if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) || !gcry_check_version("1.8.0"))
		return;
	(void)gcry_control(GCRYCTL_DISABLE_SECMEM, 0);
	(void)gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
}

int mkd_gcrypt_start(struct mkd_err *err)
{
	if (pthread_once(&start_once, start) != 0 ||
	    !gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P) ||
	    gcry_md_test_algo(GCRY_MD_SHA256) != 0)
		return mkd_fail(err, MKD_EXIT_INTERNAL, ENOTSUP,
				"cannot compute digests: libgcrypt is older than 1.8.0 or lacks "
				"SHA-256");
	return 0;
}

int mkd_sha256(const void *data, size_t len, uint8_t ret[static MKD_SHA256_BYTES],
	       struct mkd_err *err)
{
	int r = mkd_gcrypt_start(err);

	if (r == 0)
		gcry_md_hash_buffer(GCRY_MD_SHA256, ret, data, len);
	return r;
}

struct mkd_sha256 {
	gcry_md_hd_t md;
};

int mkd_sha256_new(struct mkd_sha256 **ret, struct mkd_err *err)
{
	struct mkd_sha256 *s;
	int r = mkd_gcrypt_start(err);

	if (r < 0)
		return r;
	s = calloc(1, sizeof(*s));
	if (!s || gcry_md_open(&s->md, GCRY_MD_SHA256, 0) != 0) {
		free(s);
		return mkd_nomem(err);
	}
	*ret = s;
	return 0;
}

void mkd_sha256_add(struct mkd_sha256 *s, const void *data, size_t len)
{
	gcry_md_write(s->md, data, len);
}

void mkd_sha256_get(struct mkd_sha256 *s, uint8_t ret[static MKD_SHA256_BYTES])
{
	memcpy(ret, gcry_md_read(s->md, GCRY_MD_SHA256), MKD_SHA256_BYTES);
}

void mkd_sha256_free(struct mkd_sha256 *s)
{
	if (!s)
		return;
	gcry_md_close(s->md);
	free(s);
}
