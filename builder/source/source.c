/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/source.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/cache.h"
#include "mkdomu/files.h"
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

static int check_files(const struct mkd_source_req *req, struct mkd_err *err)
{
	const struct mkd_source_files *f = req->files;

	if (req->signature || has_digest(req) || req->unverified)
		return unfit(err, "a signature, a digest or 'unverified' goes with a tarball; what "
				  "mirrors give is verified by what they publish");
	if (!f->list_signature && !f->file_signature)
		return unfit(err, "nothing says that the mirror's tarball is authentic; give the "
				  "name of its list's signature, or the ending of its own");
	if (f->list_signature && !f->list)
		return unfit(err, "there is a list's signature, but no list");
	if (!f->file || (!f->list && strchr(f->file, '*')))
		return unfit(err, "there is no file's name, or one with '*' and no list to find it "
				  "in");
	if (f->signify_key && !f->list_signature)
		return unfit(err, "a signify key is for a list's detached signature");
	return mkd_files_use_openpgp(f) ? check_openpgp(req, err) : 0;
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
	return req->files ? check_files(req, err) : check_gentoo(req, err);
}

/* Is there an OpenPGP signature to check? */
static bool needs_verifier(const struct mkd_source_req *req)
{
	if (req->tarball)
		return req->signature != NULL;
	return !req->files || mkd_files_use_openpgp(req->files);
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
	if (r == 0 && needs_verifier(req))
		r = mkd_verify_open(&keys, &verifier, err);
	if (r == 0 && req->tarball)
		r = mkd_tarball_open(&q, cached ? &cache : NULL, verifier, ret, err);
	else if (r == 0 && req->files)
		r = mkd_files_open(&q, &cache, verifier, ret, err);
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
