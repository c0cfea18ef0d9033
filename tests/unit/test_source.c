/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the source stage as a whole: source, gentoo, tarball, obtain. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "gpg.h"
#include "http.h"
#include "mkdomu/file.h"
#include "mkdomu/hash.h"
#include "mkdomu/snapshot.h"
#include "mkdomu/source.h"

#define V         "stage3-amd64-openrc"
#define TS        "20260811T083102Z"
#define FILE_NAME V "-" TS ".tar.xz"
#define AUTO      "releases/amd64/autobuilds"
#define LEN       200000

static struct {
	char *dir;
	struct test_gpg gpg;
	char good[41], other[41], expired[41];
	char keyring[128];
	char good_root[128]; /* a good release; only read */
	unsigned next;
} k;

static int teardown(void **state)
{
	(void)state;
	test_gpg_stop(&k.gpg);
	mkd_rmtree(k.dir);
	free(k.dir);
	return 0;
}

/* What is published on a mirror; zero = a good release of today's kind. */
struct release {
	const char *signer; /* NULL = good@x */
	int64_t ts;         /* of the pointer; 0 = 1786785301 */
	int64_t size_off;   /* added to the size in the pointer */
	uint8_t seed;       /* of the tarball's bytes */
	bool no_digests, no_asc, bad_digests, bad_asc, tampered, no_tarball;
	const char *variant; /* in the pointer's line; NULL = V */
};

struct mirror {
	char root[256];
	struct test_http http;
};

static void fill(char *data, uint8_t seed)
{
	for (size_t i = 0; i < LEN; i++)
		data[i] = (char)(i * 13 + (i >> 9) + seed);
}

static const char *in(const char *root, const char *name)
{
	static char ring[4][600];
	static unsigned next;
	char *p = ring[next++ % 4];

	(void)snprintf(p, sizeof(ring[0]), "%s/%s", root, name);
	return p;
}

static void sign(const struct release *r, const char *how, const char *text, const char *out)
{
	(void)unlink(out);
	GPG(&k.gpg, "-u", r->signer ? r->signer : "good@x", "--armor", "--output", out, how, text);
}

static void put_hex(struct mkd_buf *b, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		mkd_buf_printf(b, "%02x", p[i]);
}

static void digests_of(const char *path, struct mkd_buf *b)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mkd_digests d;
	struct mkd_err err = { 0 };

	assert_ok(mkd_hash_fd(fd, LEN,
			      MKD_ALGO_BIT(MKD_ALGO_SHA512) | MKD_ALGO_BIT(MKD_ALGO_BLAKE2B), NULL,
			      &d, &err),
		  &err);
	mkd_buf_str(b, "# BLAKE2B HASH\n");
	put_hex(b, d.of[MKD_ALGO_BLAKE2B], 64);
	mkd_buf_str(b, "  " FILE_NAME "\n# SHA512 HASH\n");
	put_hex(b, d.of[MKD_ALGO_SHA512], 64);
	mkd_buf_str(b, "  " FILE_NAME "\n");
}

static void publish(const char *root, const struct release *r)
{
	cleanup_buf struct mkd_buf digests = { 0 }, pointer = { 0 };
	const char *tarball = in(root, AUTO "/" TS "/" FILE_NAME);
	const char *variant = r->variant ? r->variant : V;
	struct mkd_err err = { 0 };
	char data[LEN], plain[300];

	assert_ok(mkd_mkdirs(in(root, AUTO "/" TS), 0755, &err), &err);
	(void)snprintf(plain, sizeof(plain), "%s/plain", root);
	fill(data, r->seed);
	test_write(tarball, data, LEN);
	digests_of(tarball, &digests);
	test_write(plain, digests.data, digests.len - r->bad_digests);
	if (!r->no_digests)
		sign(r, "--clear-sign", plain, in(root, AUTO "/" TS "/" FILE_NAME ".DIGESTS"));
	if (r->bad_digests) {
		cleanup_buf struct mkd_buf text = { 0 };

		test_slurp(in(root, AUTO "/" TS "/" FILE_NAME ".DIGESTS"), &text);
		*strstr(text.data, "SHA512") = 'X';
		test_write(in(root, AUTO "/" TS "/" FILE_NAME ".DIGESTS"), text.data, text.len);
	}
	if (!r->no_asc)
		sign(r, "--detach-sign", r->bad_asc ? plain : tarball,
		     in(root, AUTO "/" TS "/" FILE_NAME ".asc"));
	if (r->tampered) {
		data[LEN / 2] ^= 1;
		test_write(tarball, data, LEN);
	}
	if (r->no_tarball)
		(void)unlink(tarball);
	mkd_buf_printf(&pointer,
		       "# Latest as of Sat, 15 Aug 2026 09:15:01 +0000\n# ts=%" PRId64 "\n" TS
		       "/%s-" TS ".tar.xz %" PRId64 "\n",
		       r->ts ? r->ts : INT64_C(1786785301), variant, LEN + r->size_off);
	test_write(plain, pointer.data, pointer.len);
	sign(r, "--clear-sign", plain, in(root, AUTO "/latest-" V ".txt"));
}

static int setup(void **state)
{
	struct mkd_err err;

	(void)state;
	if (mkd_tmpdir(&k.dir, &err) < 0)
		return -1;
	(void)snprintf(k.keyring, sizeof(k.keyring), "%s/keys", k.dir);
	test_gpg_start(&k.gpg, test_path((void **)&k.dir, "g"));
	test_gpg_key(&k.gpg, "good@x", "ed25519", "0", k.good);
	test_gpg_key(&k.gpg, "other@x", "ed25519", "0", k.other);
	(void)snprintf(k.gpg.time, sizeof(k.gpg.time), "20200101T000000!");
	test_gpg_key(&k.gpg, "expired@x", "ed25519", "1y", k.expired);
	k.gpg.time[0] = '\0';
	GPG(&k.gpg, "--output", k.keyring, "--export");
	(void)snprintf(k.good_root, sizeof(k.good_root), "%s/good", k.dir);
	if (mkdir(k.good_root, 0755) != 0)
		return -1;
	publish(k.good_root, &(struct release){ 0 });
	return 0;
}

static void start(struct mirror *m, void **state, const struct release *r)
{
	static const struct release good;

	(void)snprintf(m->root, sizeof(m->root), "%s/m%u", (const char *)*state, k.next++);
	assert_int_equal(mkdir(m->root, 0755), 0);
	if (r && memcmp(r, &good, sizeof(good)) == 0)
		(void)snprintf(m->root, sizeof(m->root), "%s", k.good_root);
	else if (r)
		publish(m->root, r);
	test_http_start(&m->http, m->root, NULL, 0);
}

static void stop(struct mirror *m)
{
	test_http_stop(&m->http);
}

struct want {
	struct mkd_source_req req;
	const char *mirrors[3];
	const char *signers[1];
	char cache[256];
	struct test_ui ui;
};

static void ask(struct want *w, void **state)
{
	*w = (struct want){ .signers = { k.good } };
	test_ui_init(&w->ui);
	(void)snprintf(w->cache, sizeof(w->cache), "%s/cache", (const char *)*state);
	w->req = (struct mkd_source_req){ .keyring = k.keyring,
					  .signers = w->signers,
					  .n_signers = 1,
					  .cache_dir = w->cache,
					  .ui = &w->ui.ui };
}

static void ask_gentoo(struct want *w, void **state, const char *a, const char *b, const char *c)
{
	ask(w, state);
	w->mirrors[0] = a;
	w->mirrors[1] = b;
	w->mirrors[2] = c;
	w->req.mirrors = w->mirrors;
	w->req.n_mirrors = c ? 3 : b ? 2 : 1;
	w->req.arch = "amd64";
	w->req.variant = V;
}

static void ask_tarball(struct want *w, void **state, const char *tarball)
{
	ask(w, state);
	w->req.tarball = tarball;
	w->req.n_signers = 0;
	w->req.keyring = NULL;
}

static bool said(const struct want *w, const char *words)
{
	return strstr(mkd_buf_cstr(&w->ui.said), words);
}

static void end(struct want *w)
{
	mkd_buf_free(&w->ui.said);
}

static void assert_content(const struct mkd_source *s, uint8_t seed)
{
	char want[LEN], got[LEN];

	fill(want, seed);
	assert_int_equal(s->size_bytes, LEN);
	assert_int_equal(mkd_pread_full(s->fd, got, LEN, 0), 0);
	assert_memory_equal(got, want, LEN);
}

static bool cached(const struct want *w, const char *name)
{
	return access(in(w->cache, name), F_OK) == 0;
}

static void a_stage3_arrives_verified(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;
	char url[300];

	start(&m, state, &(struct release){ 0 });
	ask_gentoo(&w, state, m.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_content(&s, 0);
	(void)snprintf(url, sizeof(url), "%s/" AUTO "/" TS "/" FILE_NAME, m.http.base);
	assert_string_equal(s.url, url);
	assert_string_equal(s.file, FILE_NAME);
	assert_string_equal(s.signer, k.good);
	assert_int_equal(s.trust, MKD_TRUST_SIGNATURE);
	assert_int_equal(s.build_sec, 1786437062);
	assert_true(s.signed_sec > 1700000000);
	assert_int_equal(fcntl(s.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(m.http.hits->total, 3); /* pointer, DIGESTS, tarball */
	mkd_source_close(&s);
	/* Again: only the pointer is asked for. */
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_content(&s, 0);
	assert_int_equal(m.http.hits->total, 4);
	mkd_source_close(&s);
	/* And with nobody there. */
	stop(&m);
	w.req.offline = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_content(&s, 0);
	mkd_source_close(&s);
	assert_int_equal(s.fd, -1);
	end(&w);
}

static void offline_needs_a_cache(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want w;

	ask_gentoo(&w, state, "http://127.0.0.1:1", NULL, NULL);
	w.req.offline = true;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_NET, "offline");
	end(&w);
	ask_tarball(&w, state, "http://127.0.0.1:1/x.tar");
	w.req.offline = w.req.unverified = true;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_NET, "cache");
	assert_int_equal(s.fd, -1);
	end(&w);
}

static void either_signature_will_do(void **state)
{
	static const struct release good[] = {
		{ .no_digests = true },
		{ .no_asc = true },
		{ .bad_asc = true }, /* not read: DIGESTS say it all */
	};
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		start(&m, state, &good[i]);
		ask_gentoo(&w, state, m.http.base, NULL, NULL);
		(void)snprintf(w.cache, sizeof(w.cache), "%s/c%zu", (const char *)*state, i);
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_content(&s, 0);
		assert_string_equal(s.signer, k.good);
		mkd_source_close(&s);
		stop(&m);
		w.req.offline = true;
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		mkd_source_close(&s);
		end(&w);
	}
}

static void releases_that_are_refused(void **state)
{
	static const struct {
		struct release r;
		int code, exit;
		const char *words;
	} bad[] = {
		{ { .no_digests = true, .no_asc = true }, EBADMSG, 6, "no signature" },
		{ { .bad_digests = true }, EBADMSG, 6, "bad signature" },
		{ { .no_digests = true, .bad_asc = true }, EBADMSG, 6, "bad signature" },
		{ { .tampered = true }, EBADMSG, 6, "digest differs" },
		{ { .tampered = true, .no_digests = true }, EBADMSG, 6, "bad signature" },
		{ { .signer = "other@x" }, EKEYREJECTED, 6, "not a pinned key" },
		{ { .size_off = 1 }, EBADMSG, 6, "signed are 200001" },
		{ { .size_off = -1 }, EFBIG, 5, "signed 199999 bytes" },
		{ { .variant = "stage3-arm64-openrc" }, EBADMSG, 6, "wrong arch" },
		{ { .no_tarball = true }, EHOSTUNREACH, 5, "HTTP 404" },
	};
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct mirror m;
		struct want w;

		start(&m, state, &bad[i].r);
		ask_gentoo(&w, state, m.http.base, NULL, NULL);
		assert_fails(mkd_source_open(&w.req, &s, &err), &err, bad[i].code, bad[i].exit,
			     bad[i].words);
		assert_int_equal(s.fd, -1);
		assert_false(cached(&w, FILE_NAME));
		assert_false(cached(&w, FILE_NAME ".part"));
		assert_false(cached(&w, "amd64-" V "-"));
		stop(&m);
		end(&w);
	}
}

static void an_expired_key_is_refused_with_the_remedy(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;

	(void)snprintf(k.gpg.time, sizeof(k.gpg.time), "20200201T000000!");
	start(&m, state, &(struct release){ .signer = "expired@x" });
	k.gpg.time[0] = '\0';
	ask_gentoo(&w, state, m.http.base, NULL, NULL);
	w.signers[0] = k.expired;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EKEYEXPIRED, MKD_EXIT_VERIFY,
		     "get a fresher keyring");
	stop(&m);
	end(&w);
}

static void the_next_mirror_makes_good(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror bad, good;
	struct want w;

	start(&bad, state, &(struct release){ .tampered = true });
	start(&good, state, &(struct release){ 0 });
	ask_gentoo(&w, state, "rsync://mirror/gentoo", bad.http.base, good.http.base);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_content(&s, 0);
	assert_int_equal(err.code, 0);
	assert_true(said(&w, "mirror 'rsync://mirror/gentoo' failed"));
	assert_true(said(&w, bad.http.base));
	assert_true(said(&w, "digest differs"));
	assert_true(said(&w, good.http.base));
	mkd_source_close(&s);
	stop(&bad);
	stop(&good);
	end(&w);
}

static void a_wrong_file_outweighs_a_dead_mirror(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror bad, empty;
	struct want w;

	start(&bad, state, &(struct release){ .tampered = true });
	start(&empty, state, NULL);
	ask_gentoo(&w, state, bad.http.base, empty.http.base, NULL);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "none of 2 mirrors");
	end(&w);
	ask_gentoo(&w, state, empty.http.base, empty.http.base, NULL);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "none of 2 mirrors");
	end(&w);
	ask_gentoo(&w, state, "ftp://mirror/gentoo", NULL, NULL);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINVAL, MKD_EXIT_NET, "not an http");
	stop(&bad);
	stop(&empty);
	end(&w);
}

static void an_older_pointer_is_a_rollback(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror now, old;
	struct want w;
	char seen[200];

	start(&now, state, &(struct release){ 0 });
	start(&old, state, &(struct release){ .ts = 1786785300 });
	ask_gentoo(&w, state, now.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	end(&w);
	ask_gentoo(&w, state, old.http.base, NULL, NULL);
	(void)snprintf(seen, sizeof(seen), "cache/amd64-" V "-%s.seen'", k.good);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY, "rollback");
	assert_non_null(strstr(err.msg, seen));
	/* The next mirror is newer. */
	end(&w);
	ask_gentoo(&w, state, old.http.base, now.http.base, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	/* A damaged note is no first use. */
	seen[strlen(seen) - 1] = '\0';
	test_write(test_path(state, seen), "junk", 4);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EUCLEAN, MKD_EXIT_USAGE, "damaged");
	assert_int_equal(unlink(test_path(state, seen)), 0);
	end(&w);
	ask_gentoo(&w, state, old.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	stop(&now);
	stop(&old);
	end(&w);
}

static void a_damaged_cache_heals(void **state)
{
	static const char *const names[] = { FILE_NAME, FILE_NAME ".DIGESTS",
					     "amd64-latest-" V ".txt" };
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;

	start(&m, state, &(struct release){ 0 });
	ask_gentoo(&w, state, m.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cleanup_close int fd = open(in(w.cache, names[i]), O_WRONLY | O_CLOEXEC);

		mkd_source_close(&s);
		assert_int_equal(pwrite(fd, "x", 1, 150), 1);
		w.req.offline = true;
		assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
			     "'");
		w.req.offline = false;
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_content(&s, 0);
	}
	assert_true(said(&w, "the cached copy is of no use"));
	/* What was opened stays what it was, whatever becomes of its name. */
	test_write(in(w.cache, "evil"), "evil", 4);
	assert_int_equal(rename(in(w.cache, "evil"), in(w.cache, FILE_NAME)), 0);
	assert_content(&s, 0);
	mkd_source_close(&s);
	/* A link in its place is not followed, nor is it taken for damage. */
	assert_int_equal(unlink(in(w.cache, FILE_NAME)), 0);
	assert_int_equal(symlink("/etc/passwd", in(w.cache, FILE_NAME)), 0);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EPERM, MKD_EXIT_USAGE,
		     "not a regular file");
	stop(&m);
	end(&w);
}

static void two_runs_share_one_download(void **state)
{
	struct mirror m;
	struct want w;
	pid_t pid[2];
	int status;

	start(&m, state, &(struct release){ 0 });
	ask_gentoo(&w, state, m.http.base, NULL, NULL);
	for (size_t i = 0; i < 2; i++) {
		pid[i] = fork();
		assert_true(pid[i] >= 0);
		if (pid[i] == 0) {
			struct mkd_source s;
			struct mkd_err err;

			_exit(mkd_source_open(&w.req, &s, &err) < 0);
		}
	}
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	/* Two pointers; DIGESTS twice at most; the tarball once. */
	assert_true(m.http.hits->total <= 5);
	stop(&m);
	end(&w);
}

static const char *sha512_of(const char *path, struct mkd_buf *hex)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mkd_digests d;
	struct mkd_err err = { 0 };

	assert_ok(mkd_hash_fd(fd, LEN, MKD_ALGO_BIT(MKD_ALGO_SHA512), NULL, &d, &err), &err);
	mkd_buf_reset(hex);
	put_hex(hex, d.of[MKD_ALGO_SHA512], 64);
	return mkd_buf_cstr(hex);
}

static void local_tarballs(void **state)
{
	cleanup_buf struct mkd_buf hex = { 0 };
	const char *tarball = test_path(state, "t.tar"), *sig = test_path(state, "t.sig");
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want w;
	char data[LEN];

	fill(data, 3);
	test_write(tarball, data, LEN);
	sign(&(struct release){ 0 }, "--detach-sign", tarball, sig);
	/* by digest */
	ask_tarball(&w, state, tarball);
	w.req.sha512 = sha512_of(tarball, &hex);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_content(&s, 3);
	assert_int_equal(s.trust, MKD_TRUST_DIGEST);
	assert_string_equal(s.url, tarball);
	assert_string_equal(s.file, "t.tar");
	assert_string_equal(s.signer, "");
	assert_false(access(w.cache, F_OK) == 0); /* no cache for a path */
	mkd_source_close(&s);
	hex.data[0] ^= 1;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "'t.tar' is not what was published");
	/* by signature, and by both */
	w.req.signature = sig;
	w.req.keyring = k.keyring;
	w.req.n_signers = 1;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY, "SHA512");
	w.req.sha512 = NULL;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_int_equal(s.trust, MKD_TRUST_SIGNATURE);
	assert_string_equal(s.signer, k.good);
	assert_int_equal(s.build_sec, 0); /* nobody signed the name */
	mkd_source_close(&s);
	w.signers[0] = k.other;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EKEYREJECTED, MKD_EXIT_VERIFY,
		     "not a pinned key");
	/* by consent */
	end(&w);
	ask_tarball(&w, state, tarball);
	w.req.unverified = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_int_equal(s.trust, MKD_TRUST_NONE);
	assert_true(said(&w, "NOT verified"));
	mkd_source_close(&s);
	end(&w);
}

/* Rewritten in place, as its other writers could do it, after it was opened. */
static void rewrite(const char *path)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	char data[LEN];

	fill(data, 9);
	assert_int_equal(mkd_pwrite_full(fd, data, LEN, 0), 0);
}

static void a_tarball_that_others_may_write_to_is_copied_first(void **state)
{
	static const mode_t modes[] = { 0664, 0646 };
	const char *tarball = test_path(state, "t.tar");
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want w;
	char data[LEN];

	for (size_t i = 0; i < 2 * ARRAY_LEN(modes); i++) {
		cleanup_buf struct mkd_buf hex = { 0 };

		fill(data, 3);
		test_write(tarball, data, LEN);
		assert_int_equal(chmod(tarball, modes[i / 2]), 0);
		ask_tarball(&w, state, tarball);
		if (i % 2) /* a cache folder that is none: below $TMPDIR */
			w.req.cache_dir = tarball;
		w.req.sha512 = sha512_of(tarball, &hex);
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_true(said(&w, "t.tar' is copied to a private file in '"));
		assert_int_equal(said(&w, w.cache), i % 2 == 0);
		rewrite(tarball);
		assert_content(&s, 3);
		assert_int_equal(fcntl(s.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		assert_int_equal(err.code, 0);
		mkd_source_close(&s);
		assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
			     "'t.tar'");
		memset(&err, 0, sizeof(err));
		end(&w);
	}
	assert_int_equal(rmdir(w.cache), 0); /* nothing is left there */
}

static void only_what_others_may_write_to_is_copied(void **state)
{
	struct stat st = { .st_uid = 1000, .st_mode = S_IFREG | 0644 };

	(void)state;
	assert_false(mkd_snapshot_needed(&st, 1000));
	assert_true(mkd_snapshot_needed(&st, 1001));
	assert_true(mkd_snapshot_needed(&st, 0));
	st.st_uid = 0;
	assert_false(mkd_snapshot_needed(&st, 1000));
	st.st_mode |= 0020;
	assert_true(mkd_snapshot_needed(&st, 0));
	st.st_mode ^= 0022;
	assert_true(mkd_snapshot_needed(&st, 0));
}

static void a_copy_ends_at_its_limit_at_a_signal_and_on_a_full_disk(void **state)
{
	cleanup_close int fd = -1;
	struct mkd_snapshot_req req = { .name = "t", .cache_dir = *state, .max_bytes = LEN - 1 };
	struct mkd_err err = { 0 };
	struct rlimit old, small = { .rlim_cur = 4096 };
	uint64_t size = 0;
	char data[LEN];
	int got = -1;

	fill(data, 3);
	test_write(test_path(state, "t"), data, LEN);
	fd = open(test_path(state, "t"), O_RDONLY | O_CLOEXEC);
	req.fd = fd;
	assert_fails(mkd_snapshot(&req, &got, &size, &err), &err, EFBIG, MKD_EXIT_USAGE,
		     "limit of 199999 bytes");
	req.max_bytes = LEN;
	mkd_signal_set(SIGINT);
	assert_fails(mkd_snapshot(&req, &got, &size, &err), &err, EINTR, 128 + SIGINT, "signal 2");
	mkd_signal_set(0);
	/* the limit of a file's size stands for the disk's: the same class */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small.rlim_max = old.rlim_max;
	assert_true(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_fails(mkd_snapshot(&req, &got, &size, &err), &err, EFBIG, MKD_EXIT_NOSPACE,
		     "cannot copy the tarball 't' to '");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	req.fd = -1;
	assert_fails(mkd_snapshot(&req, &got, &size, &err), &err, EBADF, MKD_EXIT_IO, "'t'");
	assert_int_equal(got, -1);
	req.fd = fd;
	assert_ok(mkd_snapshot(&req, &got, &size, &err), &err);
	assert_int_equal(size, LEN);
	(void)close(got);
}

static void local_files_that_are_refused(void **state)
{
	const char *tarball = test_path(state, "t.tar");
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want w;

	ask_tarball(&w, state, tarball);
	w.req.unverified = true;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_USAGE, "/t.tar'");
	assert_int_equal(mkfifo(tarball, 0600), 0);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "not a regular file");
	w.req.tarball = *state;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "not a regular file");
	w.req.tarball = test_path(state, "big");
	test_write(w.req.tarball, "12345", 5);
	w.req.max_bytes = 4;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EFBIG, MKD_EXIT_USAGE,
		     "limit of 4 bytes");
	w.req.unverified = false;
	w.req.signature = test_path(state, "none.sig");
	w.req.keyring = k.keyring;
	w.req.n_signers = 1;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_USAGE, "none.sig");
	assert_int_equal(s.fd, -1);
	end(&w);
}

static void remote_tarballs(void **state)
{
	cleanup_buf struct mkd_buf hex = { 0 };
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;
	char url[300], sig[300], data[LEN];

	start(&m, state, NULL);
	fill(data, 5);
	test_write(in(m.root, "rootfs.tar.xz"), data, LEN);
	sign(&(struct release){ 0 }, "--detach-sign", in(m.root, "rootfs.tar.xz"),
	     in(m.root, "rootfs.tar.xz.asc"));
	(void)snprintf(url, sizeof(url), "http://u:secret@127.0.0.1:%d/rootfs.tar.xz", m.http.port);
	(void)snprintf(sig, sizeof(sig), "%s/rootfs.tar.xz.asc", m.http.base);
	/* by digest: the second time from the cache */
	ask_tarball(&w, state, url);
	w.req.sha512 = sha512_of(in(m.root, "rootfs.tar.xz"), &hex);
	for (int i = 0; i < 2; i++) {
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_content(&s, 5);
		assert_string_equal(s.file, "rootfs.tar.xz");
		assert_null(strstr(s.url, "secret"));
		mkd_source_close(&s);
	}
	assert_int_equal(m.http.hits->total, 1);
	/* by signature, then offline */
	w.req.sha512 = NULL;
	w.req.signature = sig;
	w.req.keyring = k.keyring;
	w.req.n_signers = 1;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	assert_int_equal(m.http.hits->total, 2);
	w.req.offline = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_string_equal(s.signer, k.good);
	mkd_source_close(&s);
	assert_int_equal(m.http.hits->total, 2);
	/* unverified: what is there may be old, so it is fetched */
	end(&w);
	ask_tarball(&w, state, url);
	w.req.unverified = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	assert_int_equal(m.http.hits->total, 3);
	assert_true(said(&w, "NOT verified"));
	assert_false(said(&w, "secret"));
	/* and not there at all, or too large */
	w.req.tarball = m.http.base;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_NET, "HTTP 404");
	w.req.tarball = url;
	w.req.max_bytes = 10;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EFBIG, MKD_EXIT_NET, "limit of 10");
	w.req.tarball = "ftp://h/x.tar";
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINVAL, MKD_EXIT_USAGE, "ftp://");
	stop(&m);
	end(&w);
}

static void requests_without_sense_are_refused(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want g, t;

	ask_gentoo(&g, state, "http://127.0.0.1:1", NULL, NULL);
	ask_tarball(&t, state, "/x.tar");
#define REFUSED(w, words) \
	assert_fails(mkd_source_open(&(w).req, &s, &err), &err, EINVAL, MKD_EXIT_USAGE, words)
	REFUSED(t, "its detached signature (with keyring and signer), or its sha512 or sha256, or "
		   "consent");
	t.req.sha512 = "abc";
	REFUSED(t, "128 hexadecimal digits");
	t.req.unverified = true;
	REFUSED(t, "contradicts");
	t.req.sha512 = NULL;
	t.req.mirrors = g.mirrors;
	t.req.n_mirrors = 1;
	REFUSED(t, "both a tarball and mirrors");
	t.req.n_mirrors = 0;
	t.req.unverified = false;
	t.req.signature = "/x.sig";
	REFUSED(t, "needs a keyring");
	t.req.keyring = k.keyring;
	REFUSED(t, "needs a signer");
	t.req.tarball = NULL;
	REFUSED(t, "neither a tarball nor a mirror");
	g.req.unverified = true;
	REFUSED(g, "goes with a tarball");
	g.req.unverified = false;
	g.req.arch = "../x";
	REFUSED(g, "architecture");
	g.req.arch = "amd64";
	g.req.variant = "a/b";
	REFUSED(g, "variant");
	g.req.variant = V;
	g.signers[0] = "DEADBEEF";
	REFUSED(g, "full fingerprint");
	g.req.n_signers = 0;
	REFUSED(g, "needs a signer");
	g.req.n_signers = 1;
	g.signers[0] = k.good;
	g.req.keyring = "/nonexistent";
	assert_fails(mkd_source_open(&g.req, &s, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "/nonexistent");
	end(&g);
	end(&t);
}

static void a_signal_ends_it_at_once(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;

	start(&m, state, &(struct release){ 0 });
	ask_gentoo(&w, state, m.http.base, m.http.base, NULL);
	mkd_signal_set(SIGINT);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINTR, 128 + SIGINT, "signal 2");
	mkd_signal_set(0);
	stop(&m);
	end(&w);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_stage3_arrives_verified),
		T(offline_needs_a_cache),
		T(either_signature_will_do),
		T(releases_that_are_refused),
		T(an_expired_key_is_refused_with_the_remedy),
		T(the_next_mirror_makes_good),
		T(a_wrong_file_outweighs_a_dead_mirror),
		T(an_older_pointer_is_a_rollback),
		T(a_damaged_cache_heals),
		T(two_runs_share_one_download),
		T(local_tarballs),
		T(a_tarball_that_others_may_write_to_is_copied_first),
		T(only_what_others_may_write_to_is_copied),
		T(a_copy_ends_at_its_limit_at_a_signal_and_on_a_full_disk),
		T(local_files_that_are_refused),
		T(remote_tarballs),
		T(requests_without_sense_are_refused),
		T(a_signal_ends_it_at_once),
	};

	(void)umask(022); /* tarballs that the group may write to are another matter */
	(void)unsetenv("http_proxy");
	(void)unsetenv("all_proxy");
	(void)unsetenv("ALL_PROXY");
	return cmocka_run_group_tests(tests, setup, teardown);
}
