/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/gentoo.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "mkdomu/fetch.h"
#include "mkdomu/mirrors.h"
#include "mkdomu/obtain.h"
#include "mkdomu/prune.h"
#include "mkdomu/release.h"
#include "mkdomu/url.h"

#define SMALL_MAX MIB /* of a pointer or a DIGESTS file */
#define STALE_SEC (30 * 24 * 60 * 60)

/* One mirror, asked once. Offline there is one such too: the cache answers in its place. */
struct visit {
	const struct mkd_source_req *req;
	const struct mkd_cache *cache;
	struct mkd_verifier *verifier;
	const char *mirror;
	char *pointer_entry, *seen_entry, *digests_entry, *asc_entry; /* names in the cache */
	struct mkd_buf pointer, digests, asc;                         /* as served */
	struct mkd_release rel;
	int64_t pointer_sec;
	struct mkd_digests want;
	struct mkd_signature signature;
	bool has_want, has_asc;
};

static void visit_free(struct visit *v)
{
	free(v->pointer_entry);
	free(v->seen_entry);
	free(v->digests_entry);
	free(v->asc_entry);
	mkd_buf_free(&v->pointer);
	mkd_buf_free(&v->digests);
	mkd_buf_free(&v->asc);
}

static int fetch_small(const struct visit *v, const char *rest, size_t max_bytes,
		       struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_free char *url = NULL;
	struct mkd_fetch req = { .max_bytes = max_bytes, .ui = v->req->ui };
	int r = mkd_release_url(v->mirror, v->req->arch, rest, &url, err);

	if (r < 0)
		return r;
	req.url = url;
	return mkd_fetch_buf(&req, ret, err);
}

static void warn_if_stale(const struct visit *v)
{
	int64_t age_sec = (int64_t)time(NULL) - v->pointer_sec;

	if (age_sec > STALE_SEC)
		mkd_say(v->req->ui, MKD_WARN,
			"the release list of '%s' was signed %" PRId64
			" days ago: the mirror may be stale",
			v->req->variant, age_sec / (24 * 60 * 60));
}

static int read_pointer(struct visit *v, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf plain = { 0 };
	cleanup_free char *name = NULL;
	struct mkd_signature sig = { 0 };
	int r = mkd_asprintf(&name, err, "latest-%s.txt", v->req->variant);

	if (r == 0)
		r = mkd_asprintf(&v->pointer_entry, err, "%s-%s", v->req->arch, name);
	if (r < 0)
		return r;
	r = v->req->offline
		    ? mkd_cache_read(v->cache, v->pointer_entry, SMALL_MAX, &v->pointer, err)
		    : fetch_small(v, name, SMALL_MAX, &v->pointer, err);
	if (r == 0)
		r = mkd_verify_clear(v->verifier, &v->pointer, name, &plain, &sig, err);
	if (r == 0)
		r = mkd_release_parse(mkd_buf_cstr(&plain), plain.len, v->req->variant, &v->rel,
				      err);
	if (r == 0)
		r = mkd_asprintf(&v->seen_entry, err, "%s-%s-%s", v->req->arch, v->req->variant,
				 sig.signer);
	if (r < 0)
		return r;
	/* Before pointers had a time of their own, the signature's was the same. */
	v->pointer_sec = v->rel.pointer_sec ? v->rel.pointer_sec : sig.signed_sec;
	return mkd_cache_seen_check(v->cache, v->seen_entry, v->pointer_sec, err);
}

static int judge_digests(struct visit *v, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf plain = { 0 };
	int r = mkd_verify_clear(v->verifier, &v->digests, v->digests_entry, &plain, &v->signature,
				 err);

	if (r == 0)
		r = mkd_digests_parse(mkd_buf_cstr(&plain), plain.len, v->rel.file, &v->want, err);
	v->has_want = r == 0;
	return r;
}

/*
 * The signed digests, from the cache or else the mirror. Verified DIGESTS say all that the .asc
 * does, by the same pinned keys, and bind the name to it; so a second pass of the tarball, through
 * gpg, is only made where there are none. A bad file is a failure, a missing one is not.
 */
static int read_digests(struct visit *v, struct mkd_err *err)
{
	cleanup_free char *rest = NULL;
	struct mkd_err e = { 0 };
	int r = mkd_cache_read(v->cache, v->digests_entry, SMALL_MAX, &v->digests, &e);

	if (r == 0)
		r = judge_digests(v, &e);
	if (r == 0 || (v->req->offline && r == -ENOENT))
		return 0;
	if (v->req->offline || (e.exit != MKD_EXIT_VERIFY && r != -ENOENT)) {
		*err = e;
		return r;
	}
	r = mkd_asprintf(&rest, err, "%s.DIGESTS", v->rel.path);
	if (r < 0)
		return r;
	r = fetch_small(v, rest, SMALL_MAX, &v->digests, &e);
	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = judge_digests(v, &e);
	if (r < 0)
		*err = e;
	return r;
}

static int read_asc(struct visit *v, struct mkd_err *err)
{
	cleanup_free char *rest = NULL;
	struct mkd_err e = { 0 };
	int r = mkd_asprintf(&rest, err, "%s.asc", v->rel.path);

	if (r < 0)
		return r;
	r = v->req->offline ? mkd_cache_read(v->cache, v->asc_entry, MKD_SIGNATURE_MAX, &v->asc, &e)
			    : fetch_small(v, rest, MKD_SIGNATURE_MAX, &v->asc, &e);
	v->has_asc = r == 0;
	if (r == -ENOENT)
		return mkd_fail(
			err, MKD_EXIT_VERIFY, EBADMSG,
			"cannot verify '%s': it has no signature, neither .DIGESTS nor .asc",
			v->rel.file);
	if (r < 0)
		*err = e;
	return r;
}

static int read_proof(struct visit *v, struct mkd_err *err)
{
	int r = mkd_asprintf(&v->digests_entry, err, "%s.DIGESTS", v->rel.file);

	if (r == 0)
		r = mkd_asprintf(&v->asc_entry, err, "%s.asc", v->rel.file);
	if (r == 0)
		r = read_digests(v, err);
	if (r == 0 && !v->has_want)
		r = read_asc(v, err);
	return r;
}

/* For --offline: only what was verified just now. */
static int remember(const struct visit *v, struct mkd_err *err)
{
	int r = 0;

	if (v->req->offline)
		return 0;
	if (v->has_want)
		r = mkd_cache_put(v->cache, v->digests_entry, v->digests.data, v->digests.len, err);
	else if (v->has_asc)
		r = mkd_cache_put(v->cache, v->asc_entry, v->asc.data, v->asc.len, err);
	if (r == 0)
		r = mkd_cache_put(v->cache, v->pointer_entry, v->pointer.data, v->pointer.len, err);
	if (r == 0)
		r = mkd_cache_seen_note(v->cache, v->seen_entry, v->pointer_sec, err);
	return r;
}

static void fill(const struct visit *v, const struct mkd_proved *proved, const char *url,
		 struct mkd_source *s)
{
	const struct mkd_signature *sig = v->has_want ? &v->signature : &proved->signature;

	memcpy(s->sha256, proved->sha256, sizeof(s->sha256));
	s->trust = MKD_TRUST_SIGNATURE;
	(void)mkd_url_plain(url, s->url);
	(void)snprintf(s->file, sizeof(s->file), "%s", v->rel.file);
	(void)snprintf(s->signer, sizeof(s->signer), "%s", sig->signer);
	s->signed_sec = sig->signed_sec;
	s->build_sec = v->rel.build_sec;
}

static int visit(struct visit *v, struct mkd_source *ret, struct mkd_err *err)
{
	cleanup_free char *url = NULL;
	cleanup_close int fd = -1;
	struct mkd_source s = { 0 };
	struct mkd_proved proved = { 0 };
	struct mkd_obtain o = { .cache = v->cache, .reuse = true, .offline = v->req->offline };
	int r = read_pointer(v, err);

	if (r == 0)
		r = read_proof(v, err);
	if (r == 0)
		r = mkd_release_url(v->mirror, v->req->arch, v->rel.path, &url, err);
	if (r < 0)
		return r;
	o.entry = v->rel.file;
	o.url = url;
	o.max_bytes = v->req->max_bytes;
	o.size_bytes = v->rel.size_bytes;
	o.proof = (struct mkd_proof){ .name = v->rel.file,
				      .digests = v->has_want ? &v->want : NULL,
				      .signature = v->has_want ? NULL : &v->asc,
				      .verifier = v->verifier,
				      .ui = v->req->ui };
	r = mkd_obtain_file(&o, &fd, &s.size_bytes, &proved, err);
	if (r == 0)
		r = remember(v, err);
	if (r < 0)
		return r;
	if (!v->req->offline)
		mkd_prune(v->cache, v->req->variant, v->rel.file, v->req->ui);
	warn_if_stale(v);
	fill(v, &proved, url, &s);
	s.fd = steal_fd(&fd);
	*ret = s;
	return 0;
}

static int visit_mirror(const void *template, const char *mirror, struct mkd_source *ret,
			struct mkd_err *err)
{
	struct visit v = *(const struct visit *)template;
	int r;

	v.mirror = mirror;
	r = visit(&v, ret, err);
	visit_free(&v);
	return r;
}

int mkd_gentoo_open(const struct mkd_source_req *req, const struct mkd_cache *cache,
		    struct mkd_verifier *verifier, struct mkd_source *ret, struct mkd_err *err)
{
	const struct visit template = { .req = req, .cache = cache, .verifier = verifier };
	int r;

	if (!req->offline)
		return mkd_mirrors_ask(req, req->variant, visit_mirror, &template, ret, err);
	r = visit_mirror(&template, req->mirrors[0], ret, err);
	return r == -ENOENT ? mkd_wrap(err, "cannot work offline") : r;
}
