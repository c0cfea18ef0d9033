/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/source.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/cache.h"
#include "mkdomu/gentoo.h"
#include "mkdomu/release.h"
#include "mkdomu/tarball.h"
#include "mkdomu/url.h"
#include "mkdomu/verify.h"

static int unfit(struct mkd_err *err, const char *why)
{
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "cannot choose the source: %s", why);
}

static int check_openpgp(const struct mkd_source_req *req, struct mkd_err *err)
{
	if (!req->keyring)
		return unfit(err, "a signature needs a keyring; name the file of the signer's "
				  "exported keys, for Gentoo "
				  "/usr/share/openpgp-keys/gentoo-release.asc");
	if (!req->n_signers)
		return unfit(err, "a signature needs a signer; give the full fingerprint of the "
				  "key that must have made it");
	return 0;
}

static bool has_digest(const struct mkd_source_req *req)
{
	return req->sha512 || req->sha256;
}

static int check_gentoo(const struct mkd_source_req *req, struct mkd_err *err)
{
	if (req->signature || has_digest(req) || req->unverified)
		return unfit(err, "a signature, a digest or 'unverified' goes with a tarball; what "
				  "mirrors give is verified by Gentoo's own");
	if (!req->arch || !mkd_release_name_ok(req->arch))
		return unfit(err, "there is no architecture such as 'amd64'");
	if (!req->variant || !mkd_release_name_ok(req->variant))
		return unfit(err, "there is no variant such as 'stage3-amd64-openrc'");
	return check_openpgp(req, err);
}

static int check_tarball(const struct mkd_source_req *req, struct mkd_err *err)
{
	if (req->unverified && (req->signature || has_digest(req)))
		return unfit(err, "'unverified' contradicts the signature or the digest");
	if (!req->unverified && !req->signature && !has_digest(req))
		return unfit(err, "nothing says that the tarball is authentic; give its detached "
				  "signature (with keyring and signer), or its sha512 or sha256, "
				  "or consent to "
				  "use it unverified");
	return req->signature ? check_openpgp(req, err) : 0;
}

static int check(const struct mkd_source_req *req, struct mkd_err *err)
{
	if (req->tarball && req->n_mirrors)
		return unfit(err, "it is both a tarball and mirrors; give one of them");
	if (req->tarball)
		return check_tarball(req, err);
	if (!req->n_mirrors)
		return unfit(err, "there is neither a tarball nor a mirror");
	return check_gentoo(req, err);
}

int mkd_source_open(const struct mkd_source_req *req, struct mkd_source *ret, struct mkd_err *err)
{
	const struct mkd_keys keys = { .keyring = req->keyring,
				       .signers = req->signers,
				       .n_signers = req->n_signers };
	struct mkd_source_req q = *req;
	struct mkd_cache cache = { .dirfd = -1 };
	struct mkd_verifier *verifier = NULL;
	bool cached = !req->tarball || mkd_url_is(req->tarball);
	int r = check(req, err);

	if (!q.max_bytes)
		q.max_bytes = 8 * GIB;
	if (r == 0 && cached)
		r = mkd_cache_open(req->cache_dir, &cache, err);
	if (r == 0 && (!req->tarball || req->signature))
		r = mkd_verify_open(&keys, &verifier, err);
	if (r == 0 && req->tarball)
		r = mkd_tarball_open(&q, cached ? &cache : NULL, verifier, ret, err);
	else if (r == 0)
		r = mkd_gentoo_open(&q, &cache, verifier, ret, err);
	mkd_verify_close(verifier);
	mkd_cache_close(&cache);
	return r;
}

void mkd_source_close(struct mkd_source *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}
