/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/obtain.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "mkdomu/fetch.h"
#include "mkdomu/hash.h"

int mkd_proof_check(const struct mkd_proof *proof, int fd, uint64_t size_bytes,
		    struct mkd_proved *ret, struct mkd_err *err)
{
	const struct mkd_detached d = { .signature = proof->signature,
					.fd = fd,
					.size_bytes = size_bytes,
					.name = proof->name,
					.ui = proof->ui };
	struct mkd_proved got = { 0 };
	struct mkd_digests digests;
	int r;

	if (proof->late && !proof->digests && !proof->signature) {
		*ret = (struct mkd_proved){ .pending = true };
		return 0;
	}
	r = mkd_hash_fd(fd, size_bytes, proof->digests ? proof->digests->have : 0, proof->ui,
			&digests, err);
	if (r == 0 && proof->digests)
		r = mkd_digests_compare(proof->digests, &digests, proof->name, err);
	if (r == 0 && proof->signature)
		r = mkd_verify_detached(proof->verifier, &d, &got.signature, err);
	if (r < 0)
		return r;
	memcpy(got.sha256, digests.of[MKD_ALGO_SHA256], sizeof(got.sha256));
	*ret = got;
	return 0;
}

struct found {
	int fd;
	uint64_t size_bytes;
	struct mkd_proved proved;
};

static int from_cache(const struct mkd_obtain *o, struct found *ret, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	struct found f = { .fd = -1 };
	int r = mkd_cache_get(o->cache, o->entry, &fd, &f.size_bytes, err);

	if (r < 0)
		return r;
	if (f.size_bytes > o->max_bytes)
		return mkd_fail(err, MKD_EXIT_NET, EFBIG,
				"cannot use '%s': it is larger than the limit of %" PRIu64 " bytes",
				o->proof.name, o->max_bytes);
	if (o->size_bytes && f.size_bytes != o->size_bytes)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"'%s' is not what was published: it has %" PRIu64
				" bytes, signed are %" PRIu64,
				o->proof.name, f.size_bytes, o->size_bytes);
	r = mkd_proof_check(&o->proof, fd, f.size_bytes, &f.proved, err);
	if (r < 0)
		return r;
	f.fd = steal_fd(&fd);
	*ret = f;
	return 0;
}

static int download(const struct mkd_obtain *o, struct found *ret, struct mkd_err *err)
{
	const struct mkd_fetch req = { .url = o->url,
				       .max_bytes = o->max_bytes,
				       .size_bytes = o->size_bytes,
				       .ui = o->proof.ui };
	int r;

	if (o->size_bytes > o->max_bytes)
		return mkd_fail(err, MKD_EXIT_NET, EFBIG,
				"cannot fetch '%s': its %" PRIu64
				" bytes are over the limit of %" PRIu64 " bytes",
				o->proof.name, o->size_bytes, o->max_bytes);
	r = mkd_fetch_file(&req, o->cache->dirfd, o->entry, err);
	if (r < 0)
		return r;
	r = from_cache(o, ret, err);
	if (r < 0 && err->exit == MKD_EXIT_VERIFY)
		mkd_cache_drop(o->cache, o->entry);
	return r;
}

/* A cached file that is gone or damaged is a reason to download; all else is a reason to stop. */
static bool worth_download(const struct mkd_err *e)
{
	return e->code == ENOENT || e->exit == MKD_EXIT_VERIFY || e->code == EFBIG ||
	       e->code == EIO;
}

static int obtain_locked(const struct mkd_obtain *o, struct found *ret, struct mkd_err *err)
{
	struct mkd_err e = { 0 };
	int r;

	if (!o->reuse && !o->offline)
		return download(o, ret, err);
	r = from_cache(o, ret, &e);
	if (r == 0 || o->offline || !worth_download(&e)) {
		if (r < 0)
			*err = e;
		return r;
	}
	if (r != -ENOENT)
		mkd_say(o->proof.ui, MKD_WARN,
			"the cached copy is of no use (%s); fetching it again", e.msg);
	return download(o, ret, err);
}

int mkd_obtain_file(const struct mkd_obtain *o, int *ret_fd, uint64_t *ret_bytes,
		    struct mkd_proved *ret, struct mkd_err *err)
{
	struct found f = { .fd = -1 };
	int lock = -1, r = mkd_cache_lock(o->cache, o->entry, o->proof.ui, &lock, err);

	if (r < 0)
		return r;
	r = obtain_locked(o, &f, err);
	mkd_cache_unlock(o->cache, o->entry, lock);
	if (r < 0)
		return r;
	*ret_fd = f.fd;
	*ret_bytes = f.size_bytes;
	*ret = f.proved;
	return 0;
}
