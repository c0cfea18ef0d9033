/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * obtain.h - one tarball by way of the cache: look there, else download; verify; hand over the very
 * descriptor that was verified. Two runs that want one entry share one download.
 */
#ifndef MKDOMU_OBTAIN_H
#define MKDOMU_OBTAIN_H

#include "mkdomu/cache.h"
#include "mkdomu/digests.h"
#include "mkdomu/source.h"
#include "mkdomu/verify.h"

/* What must hold; NULL = not asked. Nothing asked: everything holds. */
struct mkd_proof {
	const char *name; /* for messages */
	const struct mkd_digests *digests;
	const struct mkd_buf *signature; /* detached; by a key of the verifier's */
	struct mkd_verifier *verifier;
	struct mkd_ui *ui;
	bool late; /* if nothing is asked, no digest either */
};

struct mkd_proved {
	uint8_t sha256[32];
	bool pending;                   /* it is zeros: late */
	struct mkd_signature signature; /* zero without */
};

/*
 * Hold an open file against the proof, and compute its SHA256 unless proof->late.
 *	and mkd_hash_fd, mkd_digests_compare, mkd_verify_detached
 */
must_check int mkd_proof_check(const struct mkd_proof *proof, int fd, uint64_t size_bytes,
			       struct mkd_proved *ret, struct mkd_err *err);

struct mkd_obtain {
	const struct mkd_cache *cache;
	const char *entry;
	const char *url;
	uint64_t max_bytes;
	uint64_t size_bytes; /* signed; 0 = not known */
	bool reuse;          /* a cached file that passes the proof will do */
	bool offline;        /* and nothing else will */
	struct mkd_proof proof;
};

/*
 * *ret_fd, open for reading, is the caller's; nothing is changed on failure. A file that fails the
 * proof is removed from the cache when it was just downloaded.
 *	-ENOENT  offline and not cached, or the server does not have it (NET)
 *	-EBADMSG  the size is not the signed one (VERIFY)
 *	-EFBIG   over max_bytes (NET)
 *	and mkd_cache_lock, mkd_fetch_file, mkd_cache_get, mkd_proof_check
 */
must_check int mkd_obtain_file(const struct mkd_obtain *o, int *ret_fd, uint64_t *ret_bytes,
			       struct mkd_proved *ret, struct mkd_err *err);

#endif
