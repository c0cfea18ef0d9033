/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "mkdomu/fetch.h"
#include "mkdomu/file.h"
#include "mkdomu/hash.h"
#include "mkdomu/listing.h"
#include "mkdomu/mirrors.h"
#include "mkdomu/obtain.h"
#include "mkdomu/signify.h"
#include "mkdomu/url.h"

#define LIST_MAX MIB

/* One mirror, asked once; or the cache, offline. */
struct visit {
	const struct mkd_source_req *req;
	const struct mkd_source_files *files;
	const struct mkd_cache *cache;
	struct mkd_verifier *verifier;
	const char *mirror;
	char tag[33]; /* of folder and pattern: no other source's entries have it in their names */
	struct mkd_buf list, list_sig, file_sig;
	struct mkd_listed want;
	struct mkd_signature signature; /* the one that counts */
	bool has_digests, has_signature;
};

static void visit_free(struct visit *v)
{
	mkd_buf_free(&v->list);
	mkd_buf_free(&v->list_sig);
	mkd_buf_free(&v->file_sig);
}

bool mkd_files_use_openpgp(const struct mkd_source_files *f)
{
	return f->file_signature || !f->signify_key;
}

static int url_of(const struct visit *v, const char *name, char **ret, struct mkd_err *err)
{
	const char *folder = v->files->folder ? v->files->folder : "";
	size_t n = strlen(v->mirror);

	while (n && v->mirror[n - 1] == '/')
		n--;
	return mkd_asprintf(ret, err, "%.*s/%s%s%s", (int)n, v->mirror, folder, *folder ? "/" : "",
			    name);
}

static int entry_of(const struct visit *v, const char *name, char **ret, struct mkd_err *err)
{
	return mkd_asprintf(ret, err, "%s-%s", v->tag, name);
}

/* A small file as the mirror has it; offline, as it was when it was last good. */
static int get_small(const struct visit *v, const char *name, size_t max_bytes, struct mkd_buf *ret,
		     struct mkd_err *err)
{
	cleanup_free char *url = NULL, *entry = NULL;
	struct mkd_fetch fetch = { .max_bytes = max_bytes, .ui = v->req->ui };
	int r = url_of(v, name, &url, err);

	if (r == 0)
		r = entry_of(v, name, &entry, err);
	if (r < 0)
		return r;
	if (v->req->offline)
		return mkd_cache_read(v->cache, entry, max_bytes, ret, err);
	fetch.url = url;
	return mkd_fetch_buf(&fetch, ret, err);
}

static int put_small(const struct visit *v, const char *name, const struct mkd_buf *text,
		     struct mkd_err *err)
{
	cleanup_free char *entry = NULL;
	int r;

	if (!text->len)
		return 0;
	r = entry_of(v, name, &entry, err);
	return r < 0 ? r : mkd_cache_put(v->cache, entry, text->data, text->len, err);
}

/* gpg reads what is signed from a file. */
static int check_detached(struct visit *v, struct mkd_err *err)
{
	cleanup_close int fd = memfd_create("list", MFD_CLOEXEC);
	const struct mkd_detached d = { .signature = &v->list_sig,
					.fd = fd,
					.size_bytes = v->list.len,
					.name = v->files->list,
					.ui = v->req->ui };
	int r;

	if (fd < 0)
		return mkd_fail_errno(err, MKD_EXIT_INTERNAL, errno, "cannot check '%s'",
				      v->files->list);
	r = v->list.len ? mkd_pwrite_full(fd, v->list.data, v->list.len, 0) : 0;
	if (r < 0)
		return mkd_fail_errno(err, MKD_EXIT_INTERNAL, -r, "cannot check '%s'",
				      v->files->list);
	return mkd_verify_detached(v->verifier, &d, &v->signature, err);
}

static int check_signify(struct visit *v, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf key = { 0 };
	struct mkd_signify got = { 0 };
	int r = mkd_file_read(AT_FDCWD, v->files->signify_key, MKD_SIGNIFY_KEY_MAX, MKD_EXIT_USAGE,
			      &key, err);

	if (r == -ENOENT)
		return mkd_fail(err, MKD_EXIT_USAGE, ENOENT,
				"there is no signify key '%s'; put the public key of the release "
				"there, or name another file with --signify-key",
				v->files->signify_key);
	if (r == 0)
		r = mkd_signify_check(&key, &v->list_sig, &v->list, v->files->list, &got, err);
	if (r < 0)
		return r;
	memcpy(v->signature.signer, got.signer, sizeof(got.signer));
	v->signature.signed_sec = got.signed_sec;
	return 0;
}

/* *plain becomes the part of the list that is signed; all of it where nothing is. */
static int check_list(struct visit *v, struct mkd_buf *plain, struct mkd_err *err)
{
	const struct mkd_source_files *f = v->files;
	int r = 0;

	if (f->list_signature && strcmp(f->list_signature, MKD_CLEAR_SIGNED) == 0) {
		r = mkd_verify_clear(v->verifier, &v->list, f->list, plain, &v->signature, err);
		v->has_signature = r == 0;
		return r;
	}
	if (f->list_signature) {
		r = get_small(v, f->list_signature, MKD_SIGNATURE_MAX, &v->list_sig, err);
		if (r == -ENOENT && !v->req->offline)
			return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
					"cannot verify '%s': its signature '%s' is not there",
					f->list, f->list_signature);
		if (r == 0)
			r = f->signify_key ? check_signify(v, err) : check_detached(v, err);
		v->has_signature = r == 0;
	}
	if (r < 0)
		return r;
	mkd_buf_add(plain, v->list.data, v->list.len);
	return mkd_buf_check(plain, err);
}

static int read_list(struct visit *v, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf plain = { 0 };
	int r;

	if (!v->files->list) {
		(void)snprintf(v->want.file, sizeof(v->want.file), "%s", v->files->file);
		return 0;
	}
	r = get_small(v, v->files->list, LIST_MAX, &v->list, err);
	if (r == 0)
		r = check_list(v, &plain, err);
	if (r == 0)
		r = mkd_listing_find(mkd_buf_cstr(&plain), plain.len, v->files->list,
				     v->files->file, &v->want, err);
	v->has_digests = r == 0;
	return r;
}

static int read_file_sig(struct visit *v, struct mkd_err *err)
{
	cleanup_free char *name = NULL;
	int r;

	if (!v->files->file_signature)
		return 0;
	r = mkd_asprintf(&name, err, "%s%s", v->want.file, v->files->file_signature);
	if (r == 0)
		r = get_small(v, name, MKD_SIGNATURE_MAX, &v->file_sig, err);
	if (r == -ENOENT && !v->req->offline)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"cannot verify '%s': its signature '%s' is not there", v->want.file,
				name);
	return r;
}

/* When what counts was signed; 0 = nothing tells. A name tells only where it is signed. */
static int64_t age_of(const struct visit *v)
{
	if (v->signature.signed_sec)
		return v->signature.signed_sec;
	return v->has_signature && v->has_digests ? mkd_listing_time(v->want.file) : 0;
}

static int seen(const struct visit *v, bool note, struct mkd_err *err)
{
	cleanup_free char *entry = NULL;
	int64_t sec = age_of(v);
	int r;

	if (!sec && note)
		return 0;
	r = mkd_asprintf(&entry, err, "%s-%s", v->tag, v->signature.signer);
	if (r < 0 || !entry)
		return r;
	for (char *p = entry; *p; p++)
		if (*p == ':') /* of "signify:" */
			*p = '-';
	return note ? mkd_cache_seen_note(v->cache, entry, sec, err)
		    : mkd_cache_seen_check(v->cache, entry, sec, err);
}

/* For --offline: only what was verified just now. */
static int remember(const struct visit *v, struct mkd_err *err)
{
	const struct mkd_source_files *f = v->files;
	cleanup_free char *sig = NULL;
	int r = 0;

	if (v->req->offline)
		return 0;
	if (f->file_signature) {
		r = mkd_asprintf(&sig, err, "%s%s", v->want.file, f->file_signature);
		if (r == 0)
			r = put_small(v, sig, &v->file_sig, err);
	}
	if (r == 0 && v->list_sig.len)
		r = put_small(v, f->list_signature, &v->list_sig, err);
	if (r == 0 && f->list)
		r = put_small(v, f->list, &v->list, err);
	return r < 0 ? r : seen(v, true, err);
}

static int obtain(struct visit *v, const char *url, struct mkd_source *s, struct mkd_err *err)
{
	cleanup_free char *entry = NULL;
	struct mkd_proved proved = { 0 };
	struct mkd_obtain o = { .cache = v->cache,
				.url = url,
				.max_bytes = v->req->max_bytes,
				.reuse = true,
				.offline = v->req->offline };
	int r = entry_of(v, v->want.file, &entry, err);

	if (r < 0)
		return r;
	o.entry = entry;
	o.proof = (struct mkd_proof){ .name = v->want.file,
				      .digests = v->has_digests ? &v->want.digests : NULL,
				      .signature = v->files->file_signature ? &v->file_sig : NULL,
				      .verifier = v->verifier,
				      .ui = v->req->ui };
	r = mkd_obtain_file(&o, &s->fd, &s->size_bytes, &proved, err);
	if (r < 0)
		return r;
	memcpy(s->sha256, proved.sha256, sizeof(s->sha256));
	if (!v->has_signature) {
		v->signature = proved.signature;
		r = seen(v, false, err);
	}
	return r;
}

static void fill(const struct visit *v, const char *url, struct mkd_source *s)
{
	s->trust = MKD_TRUST_SIGNATURE;
	(void)mkd_url_plain(url, s->url);
	(void)snprintf(s->file, sizeof(s->file), "%s", v->want.file);
	memcpy(s->signer, v->signature.signer, sizeof(s->signer));
	s->signed_sec = v->signature.signed_sec;
	s->build_sec = v->has_signature ? mkd_listing_time(v->want.file) : 0;
}

static int visit(struct visit *v, struct mkd_source *ret, struct mkd_err *err)
{
	cleanup_free char *url = NULL;
	struct mkd_source s = { .fd = -1 };
	int r = read_list(v, err);

	if (r == 0 && v->has_signature)
		r = seen(v, false, err);
	if (r == 0)
		r = read_file_sig(v, err);
	if (r == 0)
		r = url_of(v, v->want.file, &url, err);
	if (r == 0)
		r = obtain(v, url, &s, err);
	if (r == 0)
		r = remember(v, err);
	if (r < 0) {
		mkd_source_close(&s);
		return r;
	}
	fill(v, url, &s);
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

int mkd_files_open(const struct mkd_source_req *req, const struct mkd_cache *cache,
		   struct mkd_verifier *verifier, struct mkd_source *ret, struct mkd_err *err)
{
	const struct mkd_source_files *f = req->files;
	struct visit template = { .req = req, .files = f, .cache = cache, .verifier = verifier };
	cleanup_free char *place = NULL;
	int r = mkd_asprintf(&place, err, "%s/%s", f->folder ? f->folder : "", f->file);

	if (r == 0)
		r = mkd_hash_name(place, template.tag, err);
	if (r < 0)
		return r;
	if (!req->offline)
		return mkd_mirrors_ask(req, f->file, visit_mirror, &template, ret, err);
	r = visit_mirror(&template, req->mirrors[0], ret, err);
	return r == -ENOENT ? mkd_wrap(err, "cannot work offline") : r;
}
