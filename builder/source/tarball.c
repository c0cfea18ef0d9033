/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tarball.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/fetch.h"
#include "mkdomu/file.h"
#include "mkdomu/hash.h"
#include "mkdomu/obtain.h"
#include "mkdomu/snapshot.h"
#include "mkdomu/url.h"

#define URL_HASH_LEN 32 /* hex digits, of mkd_hash_name */

static int read_signature(const struct mkd_source_req *req, struct mkd_buf *ret,
			  struct mkd_err *err)
{
	const struct mkd_fetch fetch = { .url = req->signature,
					 .max_bytes = MKD_SIGNATURE_MAX,
					 .ui = req->ui };

	if (!mkd_url_is(req->signature))
		return mkd_file_read(AT_FDCWD, req->signature, MKD_SIGNATURE_MAX, MKD_EXIT_USAGE,
				     ret, err);
	return mkd_fetch_buf(&fetch, ret, err);
}

/* "<hash of the URL>-<file>": many sites name every tarball rootfs.tar.xz. */
static int entry_of(const char *url, char **ret, struct mkd_err *err)
{
	char hash[33], file[128];
	int r = mkd_hash_name(url, hash, err);

	return r < 0 ? r : mkd_asprintf(ret, err, "%s-%s", hash, mkd_url_file(url, file));
}

/*
 * The signature's file comes from the cache when offline, so it is kept there, with the tarball
 * that it fits.
 */
static int get_signature(const struct mkd_source_req *req, const struct mkd_cache *cache,
			 const char *entry, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_free char *name = NULL;
	int r;

	if (!req->offline || !mkd_url_is(req->signature))
		return read_signature(req, ret, err);
	if (!cache)
		return mkd_fail(err, MKD_EXIT_NET, ENOENT,
				"cannot work offline: the signature is a URL; name a file");
	r = mkd_asprintf(&name, err, "%s.sig", entry);
	return r < 0 ? r : mkd_cache_read(cache, name, MKD_SIGNATURE_MAX, ret, err);
}

static int remember_signature(const struct mkd_source_req *req, const struct mkd_cache *cache,
			      const char *entry, const struct mkd_buf *sig, struct mkd_err *err)
{
	cleanup_free char *name = NULL;
	int r;

	if (!req->signature || req->offline || !mkd_url_is(req->signature))
		return 0;
	r = mkd_asprintf(&name, err, "%s.sig", entry);
	return r < 0 ? r : mkd_cache_put(cache, name, sig->data, sig->len, err);
}

static int snapshot(const struct mkd_source_req *req, int fd, int *ret_fd, uint64_t *ret_bytes,
		    struct mkd_err *err)
{
	const struct mkd_snapshot_req copy = { .fd = fd,
					       .name = req->tarball,
					       .cache_dir = req->cache_dir,
					       .max_bytes = req->max_bytes,
					       .ui = req->ui };

	return mkd_snapshot(&copy, ret_fd, ret_bytes, err);
}

/* Non-blocking: opening a fifo must not wait for its writer to come. */
static int open_path(const struct mkd_source_req *req, int *ret_fd, uint64_t *ret_bytes,
		     struct mkd_err *err)
{
	cleanup_close int fd = open(req->tarball, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return mkd_fail_errno(err, MKD_EXIT_USAGE, errno, "cannot open the tarball '%s'",
				      req->tarball);
	if (!S_ISREG(st.st_mode))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use the tarball '%s': it is not a regular file",
				req->tarball);
	if ((uint64_t)st.st_size > req->max_bytes)
		return mkd_fail(
			err, MKD_EXIT_USAGE, EFBIG,
			"cannot use the tarball '%s': it is larger than the limit of %" PRIu64
			" bytes",
			req->tarball, req->max_bytes);
	if (mkd_snapshot_needed(&st, geteuid()))
		return snapshot(req, fd, ret_fd, ret_bytes, err);
	*ret_bytes = (uint64_t)st.st_size;
	*ret_fd = steal_fd(&fd);
	return 0;
}

struct want {
	struct mkd_digests digests;
	struct mkd_buf signature;
	struct mkd_proof proof;
};

static int take_digests(const struct mkd_source_req *req, struct want *w, struct mkd_err *err)
{
	const struct {
		const char *hex;
		enum mkd_algo algo;
	} given[] = { { req->sha512, MKD_ALGO_SHA512 }, { req->sha256, MKD_ALGO_SHA256 } };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_LEN(given); i++) {
		struct mkd_digests one;

		if (!given[i].hex)
			continue;
		r = mkd_digests_from_hex(given[i].hex, given[i].algo, &one, err);
		if (r < 0)
			break;
		memcpy(w->digests.of[given[i].algo], one.of[given[i].algo],
		       sizeof(one.of[given[i].algo]));
		w->digests.have |= MKD_ALGO_BIT(given[i].algo);
		w->proof.digests = &w->digests;
	}
	return r;
}

static int prepare(const struct mkd_source_req *req, const struct mkd_cache *cache,
		   const char *entry, struct want *w, struct mkd_err *err)
{
	int r = take_digests(req, w, err);

	if (r == 0 && req->signature) {
		r = get_signature(req, cache, entry, &w->signature, err);
		w->proof.signature = &w->signature;
	}
	return r;
}

static int from_path(const struct mkd_source_req *req, struct want *w, struct mkd_source *s,
		     struct mkd_proved *proved, struct mkd_err *err)
{
	const char *slash = strrchr(req->tarball, '/');
	int r = prepare(req, NULL, NULL, w, err);

	(void)snprintf(s->url, sizeof(s->url), "%s", req->tarball);
	(void)snprintf(s->file, sizeof(s->file), "%s", slash ? slash + 1 : req->tarball);
	w->proof.name = s->file;
	if (r == 0)
		r = open_path(req, &s->fd, &s->size_bytes, err);
	return r < 0 ? r : mkd_proof_check(&w->proof, s->fd, s->size_bytes, proved, err);
}

static int from_url(const struct mkd_source_req *req, const struct mkd_cache *cache, struct want *w,
		    struct mkd_source *s, struct mkd_proved *proved, struct mkd_err *err)
{
	cleanup_free char *entry = NULL;
	struct mkd_obtain o = { .cache = cache,
				.url = req->tarball,
				.max_bytes = req->max_bytes,
				.reuse = !req->unverified,
				.offline = req->offline };
	char file[128];
	int r = mkd_url_check(req->tarball, err);

	if (r == 0)
		r = entry_of(req->tarball, &entry, err);
	if (r == 0)
		r = prepare(req, cache, entry, w, err);
	if (r < 0)
		return r;
	(void)mkd_url_plain(req->tarball, s->url);
	(void)snprintf(s->file, sizeof(s->file), "%s", mkd_url_file(req->tarball, file));
	w->proof.name = s->file;
	o.entry = entry;
	o.proof = w->proof;
	r = mkd_obtain_file(&o, &s->fd, &s->size_bytes, proved, err);
	return r < 0 ? r : remember_signature(req, cache, entry, &w->signature, err);
}

int mkd_tarball_open(const struct mkd_source_req *req, const struct mkd_cache *cache,
		     struct mkd_verifier *verifier, struct mkd_source *ret, struct mkd_err *err)
{
	struct want w = { .proof = { .verifier = verifier, .ui = req->ui, .late = req->late } };
	struct mkd_source s = { .fd = -1 };
	struct mkd_proved proved = { 0 };
	int r = cache ? from_url(req, cache, &w, &s, &proved, err)
		      : from_path(req, &w, &s, &proved, err);

	mkd_buf_free(&w.signature);
	if (r < 0) {
		mkd_source_close(&s);
		return r;
	}
	memcpy(s.sha256, proved.sha256, sizeof(s.sha256));
	s.pending = proved.pending;
	s.trust = req->signature    ? MKD_TRUST_SIGNATURE
		  : w.proof.digests ? MKD_TRUST_DIGEST
				    : MKD_TRUST_NONE;
	memcpy(s.signer, proved.signature.signer, sizeof(s.signer));
	s.signed_sec = proved.signature.signed_sec;
	if (s.trust == MKD_TRUST_NONE)
		mkd_say(req->ui, MKD_WARN,
			"the tarball '%s' is NOT verified: whoever could change it controls the "
			"guest",
			s.file);
	*ret = s;
	return 0;
}

static int cached_as(const struct mkd_cache *cache, const char *entry, char **ret,
		     struct mkd_err *err)
{
	cleanup_close int fd = -1;
	uint64_t bytes;
	int r = mkd_cache_get(cache, entry, &fd, &bytes, err);

	return r < 0 ? r : mkd_asprintf(ret, err, "%s/%s", cache->path, entry);
}

/* "<hash of a URL>-<file>" */
static bool is_of_url(const char *entry, const char *file)
{
	return strspn(entry, "0123456789abcdef") == URL_HASH_LEN && entry[URL_HASH_LEN] == '-' &&
	       strcmp(entry + URL_HASH_LEN + 1, file) == 0;
}

/*
 * A URL that was stored without its user and query has another hash. If one file alone is there by
 * that name, of whatever URL, it is that; whoever uses it checks its digest.
 */
static int cached_alone(const struct mkd_cache *cache, const char *file, char **ret,
			struct mkd_err *err)
{
	cleanup_free char *found = NULL;
	DIR *dir = opendir(cache->path);
	const struct dirent *d;
	size_t n = 0;
	int r = 0;

	if (!dir)
		return mkd_fail_io(err, errno, "cannot list '%s'", cache->path);
	while (r == 0 && (d = readdir(dir)))
		if (is_of_url(d->d_name, file) && n++ == 0)
			r = mkd_strdup(d->d_name, &found, err);
	(void)closedir(dir);
	if (r < 0)
		return r;
	if (n != 1)
		return mkd_fail(err, MKD_EXIT_NET, ENOENT, "'%s' is in '%s' %zu times", file,
				cache->path, n);
	return cached_as(cache, found, ret, err);
}

int mkd_tarball_cached(const char *cache_dir, const char *file, const char *uri, char **ret,
		       struct mkd_err *err)
{
	struct mkd_cache cache = { .dirfd = -1 };
	cleanup_free char *entry = NULL;
	int r = 0;

	if (!*file || *file == '.' || strchr(file, '/'))
		return mkd_fail(err, MKD_EXIT_NET, ENOENT, "'%s' is no name of a cached file",
				file);
	r = mkd_cache_open(cache_dir, &cache, err);
	if (r == 0 && uri)
		r = entry_of(uri, &entry, err);
	if (r == 0) {
		r = entry ? cached_as(&cache, entry, ret, err) : -ENOENT;
		if (r == -ENOENT)
			r = cached_as(&cache, file, ret, err);
		if (r == -ENOENT && uri)
			r = cached_alone(&cache, file, ret, err);
	}
	mkd_cache_close(&cache);
	return r;
}
