/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of rootfs: what is refused, and that a failure leaves nothing. */
#include "rootfsjob.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void a_tarball_without_entries_is_refused(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	tar_end(&tar);
	job_setup(&j, state, &tar);
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, ENODATA, MKD_EXIT_ARCHIVE,
		     "'stage3.tar' is empty");
	job_left_nothing(&j);
}

static void damage_is_refused_and_leaves_no_superblock(void **state)
{
	/* a header in the middle, the magic of the first, and an end that is missing */
	static const struct {
		size_t at, cut; /* change this byte; then cut so many from the end */
	} damages[] = { { 512 + 3, 0 }, { 257, 0 }, { 512 + 512 + 13 * 1024 + 3, 0 }, { 3, 1024 } };
	cleanup_buf struct mkd_buf good = { 0 };

	job_tar(&good);
	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		cleanup_buf struct mkd_buf tar = { 0 };
		struct job j;

		mkd_buf_add(&tar, good.data, good.len - damages[i].cut);
		if (!damages[i].cut)
			tar.data[damages[i].at] ^= 0x40;
		job_setup(&j, state, &tar);
		assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, EBADMSG,
			     MKD_EXIT_ARCHIVE, "'stage3.tar'");
		job_left_nothing(&j);
	}
}

/* Large enough that writing has begun before the reader, 1 MiB ahead, sees that the end is cut. */
static void a_used_target_has_no_superblock_either(void **state)
{
	static char data[4 * MIB];
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	memset(data, 'x', sizeof(data));
	tar_header(&tar, &(struct tar_spec){ .name = "big", .size = sizeof(data) });
	tar_body(&tar, data, sizeof(data));
	job_setup(&j, state, &tar);
	fs_fill(&j.f, 0xa5);
	j.req.fs.zeroed = false;
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "'stage3.tar'");
	job_left_nothing(&j);
}

static void a_tarball_that_does_not_fit_is_told(void **state)
{
	static char data[9 * MIB];
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	memset(data, 'x', sizeof(data));
	tar_header(&tar, &(struct tar_spec){ .name = "big", .size = sizeof(data) });
	tar_body(&tar, data, sizeof(data));
	tar_end(&tar);
	job_setup(&j, state, &tar);
	j.req.fs.size_bytes = 8 * MIB;
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "'stage3.tar' needs about 1");
	assert_non_null(strstr(j.err.msg, "larger --size"));
	job_left_nothing(&j);
}

static void a_bad_target_and_a_bad_tarball_are_told(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;
	int fds[2];

	job_tar(&tar);
	job_setup(&j, state, &tar);
	j.req.fs.offset_bytes = 1;
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, EINVAL, MKD_EXIT_USAGE,
		     "not a multiple of 4096");
	j.req.fs.offset_bytes = 0;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	j.req.tar_fd = fds[0];
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, ESPIPE, MKD_EXIT_IO,
		     "'stage3.tar'");
	(void)close(fds[0]);
	(void)close(fds[1]);
	job_left_nothing(&j);
}

static void a_signal_stops_it(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };

	job_tar(&tar);
	for (int after = 0; after < TAR_ENTRIES; after++) {
		struct job j;

		job_setup(&j, state, &tar);
		j.watch.signal_after = after;
		if (!after)
			mkd_signal_set(SIGTERM);
		assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, EINTR,
			     MKD_EXIT_SIGNAL + (after ? SIGINT : SIGTERM), "interrupted");
		mkd_signal_set(0);
		assert_int_equal(j.watch.ticks, after);
		job_left_nothing(&j);
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(a_tarball_without_entries_is_refused),
		T(damage_is_refused_and_leaves_no_superblock),
		T(a_used_target_has_no_superblock_either),
		T(a_tarball_that_does_not_fit_is_told),
		T(a_bad_target_and_a_bad_tarball_are_told),
		T(a_signal_stops_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
