/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of snapshot: a private copy of what others may write to. */
#include "sourcetest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "mkdomu/snapshot.h"

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

	tarball_fill(data, 3);
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

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(only_what_others_may_write_to_is_copied),
		T(a_copy_ends_at_its_limit_at_a_signal_and_on_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
