/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the modules below source.h do when memory, disk or library fail. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "fault.h"
#include "http.h"
#include "mkdomu/armor.h"
#include "mkdomu/cache.h"
#include "mkdomu/fetch.h"
#include "mkdomu/file.h"
#include "mkdomu/gpghome.h"
#include "mkdomu/hash.h"
#include "mkdomu/judge.h"
#include "mkdomu/obtain.h"
#include "mkdomu/part.h"
#include "mkdomu/release.h"
#include "mkdomu/snapshot.h"
#include "mkdomu/source.h"

#define URL  "http://x.example/f"
#define ETAG "\"v1\""

static int open_dir(void **state)
{
	int fd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void the_cache_folder_cannot_be_had(void **state)
{
	struct mkd_cache c = { .dirfd = -1 };
	const char *dir = test_path(state, "cache");
	struct mkd_err err;

	assert_fault(FAULT_MKDIR, 1, mkd_cache_open(dir, &c, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot create the folder");
	assert_nomem(mkd_cache_open(dir, &c, &err), &err);
	mkd_cache_close(&c);
	assert_fault(FAULT_OPEN, 1, mkd_cache_open(dir, &c, &err), &err, EMFILE, MKD_EXIT_INTERNAL,
		     "cannot open the cache folder");
	assert_int_equal(c.dirfd, -1);
}

static void cache_entries_fail_one_by_one(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_cache c = { .dirfd = -1 };
	uint64_t bytes = 0;
	int fd = -1;
	struct mkd_err err;

	assert_ok(mkd_cache_open(*state, &c, &err), &err);
	assert_ok(mkd_cache_put(&c, "e", "text", 4, &err), &err);
	assert_fault(FAULT_OPEN, 1, mkd_cache_get(&c, "e", &fd, &bytes, &err), &err, EMFILE,
		     MKD_EXIT_INTERNAL, "cannot open '");
	assert_fault(FAULT_OPEN, 1, mkd_cache_lock(&c, "e", NULL, &fd, &err), &err, EROFS,
		     MKD_EXIT_IO, "cannot create 'e.lock'");
	assert_fault(FAULT_FLOCK, 1, mkd_cache_lock(&c, "e", NULL, &fd, &err), &err, ENOLCK,
		     MKD_EXIT_IO, "cannot lock 'e'");
	assert_int_equal(fd, -1);
	fault_arm(FAULT_PREAD, 1, 0); /* cut after it was looked at */
	assert_fails(mkd_cache_read(&c, "e", 9, &b, &err), &err, EIO, MKD_EXIT_IO, "cannot read");
	assert_fault(FAULT_PREAD, 1, mkd_cache_read(&c, "e", 9, &b, &err), &err, ESTALE,
		     MKD_EXIT_IO, "cannot read");
	mkd_buf_free(&b);
	assert_nomem(mkd_cache_read(&c, "e", 9, &b, &err), &err);
	assert_nomem(mkd_cache_seen_check(&c, "r", 5, &err), &err);
	assert_nomem(mkd_cache_seen_note(&c, "r", 5, &err), &err);
	assert_nomem(mkd_cache_seen_check(&c, "r", 5, &err), &err);
	assert_fails(mkd_cache_seen_check(&c, "r", 4, &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "rollback");
	mkd_cache_close(&c);
}

static void a_part_fails_step_by_step(void **state)
{
	cleanup_close int dir = open_dir(state);
	struct mkd_part p;
	struct mkd_err err;

	assert_fault(FAULT_OPEN, 1, mkd_part_open(dir, "f", URL, &p, &err), &err, EDQUOT,
		     MKD_EXIT_NOSPACE, "cannot create 'f.part'");
	test_write(test_path(state, "f.part"), "of nobody", 9);
	assert_fault(FAULT_TRUNCATE, 1, mkd_part_open(dir, "f", URL, &p, &err), &err, EIO,
		     MKD_EXIT_IO, "cannot empty 'f.part'");
	assert_ok(mkd_part_open(dir, "f", URL, &p, &err), &err);
	assert_fault(FAULT_UNLINK, 1, mkd_part_restart(&p, URL, ETAG, &err), &err, EACCES,
		     MKD_EXIT_IO, "cannot remove 'f.part.meta'");
	assert_fault(FAULT_TRUNCATE, 1, mkd_part_restart(&p, URL, ETAG, &err), &err, EIO,
		     MKD_EXIT_IO, "cannot empty 'f.part'");
	assert_nomem(mkd_part_restart(&p, URL, ETAG, &err), &err);
	assert_fault(FAULT_PWRITE, 1, mkd_part_add(&p, "data", 4, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot write 'f.part'");
	assert_int_equal(p.have_bytes, 0);
	assert_ok(mkd_part_add(&p, "data", 4, &err), &err);
	assert_fault(FAULT_FSYNC, 1, mkd_part_publish(&p, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot store 'f'");
	assert_fault(FAULT_RENAME, 1, mkd_part_publish(&p, &err), &err, EACCES, MKD_EXIT_IO,
		     "cannot store 'f'");
	assert_int_equal(access(test_path(state, "f.part"), F_OK), 0);
	assert_int_not_equal(access(test_path(state, "f"), F_OK), 0);
	assert_fault(FAULT_FSYNC, 2, mkd_part_publish(&p, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot store 'f'");
	assert_int_equal(access(test_path(state, "f"), F_OK), 0);
	mkd_part_close(&p);
}

static void a_private_home_fails(void **state)
{
	cleanup_free char *home = NULL;
	struct mkd_err err;

	(void)state;
	assert_fault(FAULT_OPEN, 1, mkd_gpghome_make(&home, &err), &err, EMFILE, MKD_EXIT_INTERNAL,
		     "cannot open '");
	assert_non_null(home); /* the caller's, to be removed */
	mkd_rmtree(home);
}

/* The library is asked for its version once in a process, so this is one that ends. */
static void an_old_libgcrypt_is_refused(void **state)
{
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct mkd_digests d;
		struct mkd_err a, b;
		char name[33];

		fault_arm(FAULT_GCRYPT, 1, 0);
		/* mkd_hash_name: -ENOTSUP; mkd_hash_fd: -ENOTSUP */
		_exit(mkd_hash_name("x", name, &a) != -ENOTSUP ||
		      mkd_hash_fd(0, 0, 0, NULL, &d, &b) != -ENOTSUP ||
		      a.exit != MKD_EXIT_INTERNAL || b.exit != MKD_EXIT_INTERNAL ||
		      !strstr(a.msg, "libgcrypt is older") || !strstr(b.msg, "older"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void digests_fail(void **state)
{
	cleanup_close int fd = -1;
	struct mkd_digests d;
	struct mkd_err err;

	test_write(test_path(state, "f"), "text", 4);
	fd = open(test_path(state, "f"), O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_fault(FAULT_PREAD, 1, mkd_hash_fd(fd, 4, 0, NULL, &d, &err), &err, EBADMSG,
		     MKD_EXIT_IO, "cannot read the tarball at byte 0");
	assert_nomem(mkd_hash_fd(fd, 4, 0, NULL, &d, &err), &err);
	fault_arm(FAULT_GCRYPT, 1, 0);
	assert_fails(mkd_hash_fd(fd, 4, 0, NULL, &d, &err), &err, ENOTSUP, MKD_EXIT_INTERNAL,
		     "does not offer it");
	assert_true(fault_disarm());
}

static void texts_are_refused_or_want_memory(void **state)
{
	static const char clear[] = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\ntext\n"
				    "-----BEGIN PGP SIGNATURE-----\n\nwgMEAQE=\n"
				    "-----END PGP SIGNATURE-----\n";
	/* packet 2 of 3 bytes: version 4, type 0 (binary), an algorithm */
	static const char packet[] = { (char)0xc2, 3, 4, 0, 1 };
	static const char *const pins[] = { "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910" };
	static const char *const bad_pins[] = { "2D182910" };
	cleanup_buf struct mkd_buf out = { 0 };
	cleanup_strv struct mkd_strv list = { 0 };
	cleanup_free char *url = NULL;
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_armor_clear("text", 4, "t", &err), &err, EBADMSG, MKD_EXIT_VERIFY,
		     "cannot verify 't'");
	assert_nomem(mkd_armor_clear(clear, strlen(clear), "t", &err), &err);
	assert_nomem(mkd_armor_detached(packet, sizeof(packet), "t", &out, &err), &err);
	assert_fails(mkd_judge_pins(bad_pins, 1, &list, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "not a full fingerprint");
	assert_nomem(mkd_judge_pins(pins, 1, &list, &err), &err);
	assert_nomem(mkd_release_url("https://m", "amd64", "x", &url, &err), &err);
}

static void each_verdict_has_its_errno(void **state)
{
	static const struct {
		enum mkd_sig_state state;
		const char *primary;
		int code;
	} rows[] = {
		{ MKD_SIG_KEY_REVOKED, "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910", EKEYREVOKED },
		{ MKD_SIG_KEY_EXPIRED, "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910", EKEYEXPIRED },
		{ MKD_SIG_GOOD, "23EBBDBEDE7A12775DFDB1BABB572E0E2D182910", EKEYREJECTED },
		{ MKD_SIG_BAD, "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910", EBADMSG },
	};
	cleanup_strv struct mkd_strv pins = { 0 };
	const struct mkd_judge j = { &pins, 2000000000, "k" };
	const struct mkd_sig *best = NULL;
	struct mkd_err err;

	(void)state;
	assert_ok(mkd_strv_add(&pins, rows[0].primary, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_sig sig = { .state = rows[i].state };

		(void)snprintf(sig.primary, sizeof(sig.primary), "%s", rows[i].primary);
		/* mkd_judge_signatures: -EKEYREVOKED, -EKEYEXPIRED, -EKEYREJECTED, -EBADMSG */
		assert_fails(mkd_judge_signatures(&j, &sig, 1, "t", &best, &err), &err,
			     rows[i].code, MKD_EXIT_VERIFY, "cannot trust 't'");
	}
	assert_null(best);
}

static void a_copy_fails(void **state)
{
	const char *path = test_path(state, "f");
	struct mkd_snapshot_req req = { .name = "f", .cache_dir = *state, .max_bytes = 99 };
	cleanup_close int fd = -1;
	int copy = -1;
	uint64_t bytes = 0;
	struct mkd_err err;

	test_write(path, "text", 4);
	req.fd = fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_fault(FAULT_PREAD, 1, mkd_snapshot(&req, &copy, &bytes, &err), &err, EBADMSG,
		     MKD_EXIT_IO, "cannot read the tarball 'f'");
	assert_fault(FAULT_WRITE, 1, mkd_snapshot(&req, &copy, &bytes, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot copy the tarball 'f'");
	assert_int_equal(copy, -1);
	/* without memory for the cache's path the copy goes below TMPDIR */
	assert_nomem_some(mkd_snapshot(&req, &copy, &bytes, &err), &err, (void)close(copy));
	assert_int_equal(bytes, 4);
}

static void a_download_into_memory_fails(void **state)
{
	static const struct test_route route = { "/f", HTTP_OK, "body", 4, 0, NULL };
	cleanup_buf struct mkd_buf b = { 0 };
	cleanup_close int dir = open_dir(state);
	struct test_http http;
	char url[128];
	struct mkd_fetch req = { .url = url, .max_bytes = 99, .tries = 1, .pause_msec = 1 };
	struct mkd_err err;

	test_http_start(&http, NULL, &route, 1);
	(void)snprintf(url, sizeof(url), "%s/f", http.base);
	req.size_bytes = 5;
	assert_fails(mkd_fetch_buf(&req, &b, &err), &err, EBADMSG, MKD_EXIT_VERIFY, "");
	req.size_bytes = 0;
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_fetch_buf(&req, &b, &err), &err, EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
	mkd_buf_free(&b);
	assert_nomem(mkd_fetch_buf(&req, &b, &err), &err);
	assert_string_equal(b.data, "body");
	/* without memory for the note of an earlier part it is fetched from its start */
	assert_nomem_some(mkd_fetch_file(&req, dir, "f", &err), &err,
			  assert_int_equal(unlinkat(dir, "f", 0), 0));
	test_http_stop(&http);
}

static void what_is_obtained_must_fit(void **state)
{
	struct mkd_cache c = { .dirfd = -1 };
	struct mkd_obtain o = { .cache = &c,
				.entry = "e",
				.url = URL,
				.max_bytes = 99,
				.reuse = true,
				.offline = true,
				.proof = { .name = "e" } };
	struct mkd_proved proved;
	uint64_t bytes = 0;
	int fd = -1;
	struct mkd_err err;

	assert_ok(mkd_cache_open(*state, &c, &err), &err);
	assert_fails(mkd_obtain_file(&o, &fd, &bytes, &proved, &err), &err, ENOENT, MKD_EXIT_NET,
		     "is not in the cache");
	assert_ok(mkd_cache_put(&c, "e", "text", 4, &err), &err);
	o.size_bytes = 5;
	assert_fails(mkd_obtain_file(&o, &fd, &bytes, &proved, &err), &err, EBADMSG,
		     MKD_EXIT_VERIFY, "signed are 5");
	o.size_bytes = 0;
	o.max_bytes = 3;
	assert_fails(mkd_obtain_file(&o, &fd, &bytes, &proved, &err), &err, EFBIG, MKD_EXIT_NET,
		     "limit of 3 bytes");
	assert_int_equal(fd, -1);
	mkd_cache_close(&c);
}

static void a_tarball_by_path_fails(void **state)
{
	const char *path = test_path(state, "t.tar"), *file = test_path(state, "t.tar/x");
	struct mkd_source_req req = { .tarball = path, .unverified = true, .cache_dir = *state };
	struct mkd_source s = { .fd = -1 };
	struct mkd_err err;

	test_write(path, "text", 4);
	assert_int_equal(chmod(path, 0600), 0);
	assert_fault(FAULT_OPEN, 1, mkd_source_open(&req, &s, &err), &err, EMFILE,
		     MKD_EXIT_INTERNAL, "cannot open the tarball");
	assert_nomem(mkd_source_open(&req, &s, &err), &err);
	mkd_source_close(&s);
	fault_arm(FAULT_GCRYPT, 1, 0);
	assert_fails(mkd_source_open(&req, &s, &err), &err, ENOTSUP, MKD_EXIT_INTERNAL,
		     "libgcrypt");
	req.tarball = URL;
	req.cache_dir = file;
	assert_fails(mkd_source_open(&req, &s, &err), &err, ENOTDIR, MKD_EXIT_USAGE,
		     "it is not a folder");
	assert_int_equal(s.fd, -1);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_old_libgcrypt_is_refused), /* first: before it is used */
		WITH_DIR(the_cache_folder_cannot_be_had),
		WITH_DIR(cache_entries_fail_one_by_one),
		WITH_DIR(a_part_fails_step_by_step),
		WITH_DIR(a_private_home_fails),
		WITH_DIR(digests_fail),
		WITH_DIR(texts_are_refused_or_want_memory),
		WITH_DIR(each_verdict_has_its_errno),
		WITH_DIR(a_copy_fails),
		WITH_DIR(a_download_into_memory_fails),
		WITH_DIR(what_is_obtained_must_fit),
		WITH_DIR(a_tarball_by_path_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
