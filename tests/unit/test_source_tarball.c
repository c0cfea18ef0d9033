/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the source stage as a whole: tarballs of a path or a URL. */
#include "sourcetest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"

static void local_tarballs(void **state)
{
	cleanup_buf struct mkd_buf hex = { 0 };
	const char *tarball = test_path(state, "t.tar"), *sig = test_path(state, "t.sig");
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want w;
	char data[LEN];

	tarball_fill(data, 3);
	test_write(tarball, data, LEN);
	sign_file(&(struct release){ 0 }, "--detach-sign", tarball, sig);
	/* by digest */
	want_tarball(&w, state, tarball);
	w.req.sha512 = sha512_of(tarball, &hex);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_tarball(&s, 3);
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
	w.req.keyring = signing.keyring;
	w.req.n_signers = 1;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY, "SHA512");
	w.req.sha512 = NULL;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_int_equal(s.trust, MKD_TRUST_SIGNATURE);
	assert_string_equal(s.signer, signing.good);
	assert_int_equal(s.build_sec, 0); /* nobody signed the name */
	mkd_source_close(&s);
	w.signers[0] = signing.other;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EKEYREJECTED, MKD_EXIT_VERIFY,
		     "not a pinned key");
	/* by consent */
	want_end(&w);
	want_tarball(&w, state, tarball);
	w.req.unverified = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_int_equal(s.trust, MKD_TRUST_NONE);
	assert_true(want_said(&w, "NOT verified"));
	mkd_source_close(&s);
	want_end(&w);
}

/* Rewritten in place, as its other writers could do it, after it was opened. */
static void rewrite(const char *path)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
	char data[LEN];

	tarball_fill(data, 9);
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

		tarball_fill(data, 3);
		test_write(tarball, data, LEN);
		assert_int_equal(chmod(tarball, modes[i / 2]), 0);
		want_tarball(&w, state, tarball);
		if (i % 2) /* a cache folder that is none: below $TMPDIR */
			w.req.cache_dir = tarball;
		w.req.sha512 = sha512_of(tarball, &hex);
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_true(want_said(&w, "t.tar' is copied to a private file in '"));
		assert_int_equal(want_said(&w, w.cache), i % 2 == 0);
		rewrite(tarball);
		assert_tarball(&s, 3);
		assert_int_equal(fcntl(s.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
		assert_int_equal(err.code, 0);
		mkd_source_close(&s);
		assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
			     "'t.tar'");
		memset(&err, 0, sizeof(err));
		want_end(&w);
	}
	assert_int_equal(rmdir(w.cache), 0); /* nothing is left there */
}

static void local_files_that_are_refused(void **state)
{
	const char *tarball = test_path(state, "t.tar");
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want w;

	want_tarball(&w, state, tarball);
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
	w.req.keyring = signing.keyring;
	w.req.n_signers = 1;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_USAGE, "none.sig");
	assert_int_equal(s.fd, -1);
	want_end(&w);
}

static void remote_tarballs(void **state)
{
	cleanup_buf struct mkd_buf hex = { 0 };
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;
	char url[300], sig[300], data[LEN];

	mirror_start(&m, state, NULL);
	tarball_fill(data, 5);
	test_write(path_in(m.root, "rootfs.tar.xz"), data, LEN);
	sign_file(&(struct release){ 0 }, "--detach-sign", path_in(m.root, "rootfs.tar.xz"),
		  path_in(m.root, "rootfs.tar.xz.asc"));
	(void)snprintf(url, sizeof(url), "http://u:secret@127.0.0.1:%d/rootfs.tar.xz", m.http.port);
	(void)snprintf(sig, sizeof(sig), "%s/rootfs.tar.xz.asc", m.http.base);
	/* by digest: the second time from the cache */
	want_tarball(&w, state, url);
	w.req.sha512 = sha512_of(path_in(m.root, "rootfs.tar.xz"), &hex);
	for (int i = 0; i < 2; i++) {
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_tarball(&s, 5);
		assert_string_equal(s.file, "rootfs.tar.xz");
		assert_null(strstr(s.url, "secret"));
		mkd_source_close(&s);
	}
	assert_int_equal(m.http.hits->total, 1);
	/* by signature, then offline */
	w.req.sha512 = NULL;
	w.req.signature = sig;
	w.req.keyring = signing.keyring;
	w.req.n_signers = 1;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	assert_int_equal(m.http.hits->total, 2);
	w.req.offline = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_string_equal(s.signer, signing.good);
	mkd_source_close(&s);
	assert_int_equal(m.http.hits->total, 2);
	/* unverified: what is there may be old, so it is fetched */
	want_end(&w);
	want_tarball(&w, state, url);
	w.req.unverified = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	mkd_source_close(&s);
	assert_int_equal(m.http.hits->total, 3);
	assert_true(want_said(&w, "NOT verified"));
	assert_false(want_said(&w, "secret"));
	/* and not there at all, or too large */
	w.req.tarball = m.http.base;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_NET, "HTTP 404");
	w.req.tarball = url;
	w.req.max_bytes = 10;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EFBIG, MKD_EXIT_NET, "limit of 10");
	w.req.tarball = "ftp://h/x.tar";
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINVAL, MKD_EXIT_USAGE, "ftp://");
	mirror_stop(&m);
	want_end(&w);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(local_tarballs),
		T(a_tarball_that_others_may_write_to_is_copied_first),
		T(local_files_that_are_refused),
		T(remote_tarballs),
	};

	return cmocka_run_group_tests(tests, source_setup, source_teardown);
}
