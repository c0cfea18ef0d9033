/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the source stage as a whole: a stage3 of a mirror, and the cache. */
#include "sourcetest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "mkdomu/file.h"

static void a_stage3_arrives_verified(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;
	char url[300];

	mirror_start(&m, state, &(struct release){ 0 });
	want_gentoo(&w, state, m.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_tarball(&s, 0);
	(void)snprintf(url, sizeof(url), "%s/" AUTO "/" TS "/" FILE_NAME, m.http.base);
	assert_string_equal(s.url, url);
	assert_string_equal(s.file, FILE_NAME);
	assert_string_equal(s.signer, signing.good);
	assert_int_equal(s.trust, MKD_TRUST_SIGNATURE);
	assert_int_equal(s.build_sec, 1786437062);
	assert_true(s.signed_sec > 1700000000);
	assert_int_equal(fcntl(s.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(m.http.hits->total, 3); /* pointer, DIGESTS, tarball */
	mkd_source_close(&s);
	/* Again: only the pointer is asked for. */
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_tarball(&s, 0);
	assert_int_equal(m.http.hits->total, 4);
	mkd_source_close(&s);
	/* And with nobody there. */
	mirror_stop(&m);
	w.req.offline = true;
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_tarball(&s, 0);
	mkd_source_close(&s);
	assert_int_equal(s.fd, -1);
	want_end(&w);
}

static void offline_needs_a_cache(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct want w;

	want_gentoo(&w, state, "http://127.0.0.1:1", NULL, NULL);
	w.req.offline = true;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_NET, "offline");
	want_end(&w);
	want_tarball(&w, state, "http://127.0.0.1:1/x.tar");
	w.req.offline = w.req.unverified = true;
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, ENOENT, MKD_EXIT_NET, "cache");
	assert_int_equal(s.fd, -1);
	want_end(&w);
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
		mirror_start(&m, state, &good[i]);
		want_gentoo(&w, state, m.http.base, NULL, NULL);
		(void)snprintf(w.cache, sizeof(w.cache), "%s/c%zu", (const char *)*state, i);
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_tarball(&s, 0);
		assert_string_equal(s.signer, signing.good);
		mkd_source_close(&s);
		mirror_stop(&m);
		w.req.offline = true;
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		mkd_source_close(&s);
		want_end(&w);
	}
}

static void the_next_mirror_makes_good(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror bad, good;
	struct want w;

	mirror_start(&bad, state, &(struct release){ .tampered = true });
	mirror_start(&good, state, &(struct release){ 0 });
	want_gentoo(&w, state, "rsync://mirror/gentoo", bad.http.base, good.http.base);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	assert_tarball(&s, 0);
	assert_int_equal(err.code, 0);
	assert_true(want_said(&w, "mirror 'rsync://mirror/gentoo' failed"));
	assert_true(want_said(&w, bad.http.base));
	assert_true(want_said(&w, "digest differs"));
	assert_true(want_said(&w, good.http.base));
	mkd_source_close(&s);
	mirror_stop(&bad);
	mirror_stop(&good);
	want_end(&w);
}

static void a_damaged_cache_heals(void **state)
{
	static const char *const names[] = { FILE_NAME, FILE_NAME ".DIGESTS",
					     "amd64-latest-" V ".txt" };
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;

	mirror_start(&m, state, &(struct release){ 0 });
	want_gentoo(&w, state, m.http.base, NULL, NULL);
	assert_ok(mkd_source_open(&w.req, &s, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		cleanup_close int fd = open(path_in(w.cache, names[i]), O_WRONLY | O_CLOEXEC);

		mkd_source_close(&s);
		assert_int_equal(pwrite(fd, "x", 1, 150), 1);
		w.req.offline = true;
		assert_fails(mkd_source_open(&w.req, &s, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
			     "'");
		w.req.offline = false;
		assert_ok(mkd_source_open(&w.req, &s, &err), &err);
		assert_tarball(&s, 0);
	}
	assert_true(want_said(&w, "the cached copy is of no use"));
	/* What was opened stays what it was, whatever becomes of its name. */
	test_write(path_in(w.cache, "evil"), "evil", 4);
	assert_int_equal(rename(path_in(w.cache, "evil"), path_in(w.cache, FILE_NAME)), 0);
	assert_tarball(&s, 0);
	mkd_source_close(&s);
	/* A link in its place is not followed, nor is it taken for damage. */
	assert_int_equal(unlink(path_in(w.cache, FILE_NAME)), 0);
	assert_int_equal(symlink("/etc/passwd", path_in(w.cache, FILE_NAME)), 0);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EPERM, MKD_EXIT_USAGE,
		     "not a regular file");
	mirror_stop(&m);
	want_end(&w);
}

static void two_runs_share_one_download(void **state)
{
	struct mirror m;
	struct want w;
	pid_t pid[2];
	int status;

	mirror_start(&m, state, &(struct release){ 0 });
	want_gentoo(&w, state, m.http.base, NULL, NULL);
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
	mirror_stop(&m);
	want_end(&w);
}

static void a_signal_ends_it_at_once(void **state)
{
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err = { 0 };
	struct mirror m;
	struct want w;

	mirror_start(&m, state, &(struct release){ 0 });
	want_gentoo(&w, state, m.http.base, m.http.base, NULL);
	mkd_signal_set(SIGINT);
	assert_fails(mkd_source_open(&w.req, &s, &err), &err, EINTR, 128 + SIGINT, "signal 2");
	mkd_signal_set(0);
	mirror_stop(&m);
	want_end(&w);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_stage3_arrives_verified), T(offline_needs_a_cache),
		T(either_signature_will_do),  T(the_next_mirror_makes_good),
		T(a_damaged_cache_heals),     T(two_runs_share_one_download),
		T(a_signal_ends_it_at_once),
	};

	return cmocka_run_group_tests(tests, source_setup, source_teardown);
}
