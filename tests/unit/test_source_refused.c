/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the source stage as a whole: releases, mirrors and requests that are refused. */
#include "sourcetest.h"

#include <errno.h>
#include <string.h>

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

		mirror_start(&m, state, &bad[i].r);
		want_gentoo(&w, state, m.http.base, NULL, NULL);
		assert_fails(mkd_source_open(&w.req, &s, &err), &err, bad[i].code, bad[i].exit,
			     bad[i].words);
		assert_int_equal(s.fd, -1);
		assert_false(want_cached(&w, FILE_NAME));
		assert_false(want_cached(&w, FILE_NAME ".part"));
		assert_false(want_cached(&w, "amd64-" V "-"));
		mirror_stop(&m);
		want_end(&w);
	}
}

static void an_expired_key_is_refused_with_the_remedy(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;

	(void)snprintf(signing.gpg.time, sizeof(signing.gpg.time), "20200201T000000!");
	mirror_start(&m, state, &(struct release){ .signer = "expired@x" });
	signing.gpg.time[0] = '\0';
	want_gentoo(&w, state, m.http.base, NULL, NULL);
	w.signers[0] = signing.expired;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EKEYEXPIRED, MKD_EXIT_VERIFY,
		     "get a fresher keyring");
	mirror_stop(&m);
	want_end(&w);
}

static void a_wrong_file_outweighs_a_dead_mirror(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror bad, empty;
	struct want w;

	mirror_start(&bad, state, &(struct release){ .tampered = true });
	mirror_start(&empty, state, NULL);
	want_gentoo(&w, state, bad.http.base, empty.http.base, NULL);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "none of 2 mirrors");
	want_end(&w);
	want_gentoo(&w, state, empty.http.base, empty.http.base, NULL);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EHOSTUNREACH, MKD_EXIT_NET,
		     "none of 2 mirrors");
	want_end(&w);
	want_gentoo(&w, state, "ftp://mirror/gentoo", NULL, NULL);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINVAL, MKD_EXIT_NET, "not an http");
	mirror_stop(&bad);
	mirror_stop(&empty);
	want_end(&w);
}

static void an_older_pointer_is_a_rollback(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror now, old;
	struct want w;
	char seen[200];

	mirror_start(&now, state, &(struct release){ 0 });
	mirror_start(&old, state, &(struct release){ .ts = 1786785300 });
	want_gentoo(&w, state, now.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	want_end(&w);
	want_gentoo(&w, state, old.http.base, NULL, NULL);
	(void)snprintf(seen, sizeof(seen), "cache/amd64-" V "-%s.seen'", signing.good);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY, "rollback");
	assert_non_null(strstr(err.msg, seen));
	/* The next mirror is newer. */
	want_end(&w);
	want_gentoo(&w, state, old.http.base, now.http.base, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	/* A damaged note is no first use. */
	seen[strlen(seen) - 1] = '\0';
	test_write(test_path(state, seen), "junk", 4);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EUCLEAN, MKD_EXIT_USAGE, "damaged");
	assert_int_equal(unlink(test_path(state, seen)), 0);
	want_end(&w);
	want_gentoo(&w, state, old.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	mirror_stop(&now);
	mirror_stop(&old);
	want_end(&w);
}

static void requests_without_sense_are_refused(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want g, t;

	want_gentoo(&g, state, "http://127.0.0.1:1", NULL, NULL);
	want_tarball(&t, state, "/x.tar");
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
	t.req.keyring = signing.keyring;
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
	g.signers[0] = signing.good;
	g.req.keyring = "/nonexistent";
	assert_fails(mkd_source_open(&g.req, &s, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "/nonexistent");
	want_end(&g);
	want_end(&t);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(releases_that_are_refused),
		T(an_expired_key_is_refused_with_the_remedy),
		T(a_wrong_file_outweighs_a_dead_mirror),
		T(an_older_pointer_is_a_rollback),
		T(requests_without_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, source_setup, source_teardown);
}
