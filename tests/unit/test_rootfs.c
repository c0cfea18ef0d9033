/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of rootfs: from a tarball to a file system: counts, times, progress, swap. */
#include "rootfsjob.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/file.h"

static void entries_and_bytes_are_counted(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	job_tar(&tar);
	job_setup(&j, state, &tar);
	job_run(&j);
	assert_int_equal(j.result.entries, TAR_ENTRIES);
	assert_int_equal(j.result.data_bytes, TAR_DATA);
	assert_string_equal(j.result.format, "none");
	assert_int_equal(j.result.fs.blocks, 64 * MIB / 4096);
	assert_int_equal(j.result.fs.inodes_used, 11 + 5); /* etc, one, link, made, two */
	fs_content_is(&j.f, "/made/two", "two", 3);
	fs_stat_has(&j.f, "/hard", "Links: 2");
}

static void a_compressed_tarball_gives_the_same(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;
	struct fsimage plain;
	char xz[512];

	job_tar(&tar);
	job_setup(&j, state, &tar);
	job_run(&j);
	plain = j.f;
	(void)snprintf(plain.path, sizeof(plain.path), "%s", test_path(state, "plain"));
	assert_int_equal(rename(j.f.path, plain.path), 0);
	(void)snprintf(xz, sizeof(xz), "%s", test_path(state, "t.tar.xz"));
	run_tool(xz, "xz", "-c", test_path(state, "t.tar"), NULL);
	job_open(&j, state, xz, 64 * MIB);
	job_run(&j);
	assert_string_equal(j.result.format, "xz");
	assert_int_equal(j.result.data_bytes, TAR_DATA);
	fs_same(&plain, &j.f);
}

static uint32_t mkfs_time(const struct job *j)
{
	struct ext2_super_block sb;
	cleanup_close int fd = open(j->f.path, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(mkd_pread_full(fd, &sb, sizeof(sb), 1024), 0);
	return sb.s_mkfs_time;
}

static void the_newest_entry_gives_the_epoch(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	job_tar(&tar);
	job_setup(&j, state, &tar);
	job_run(&j);
	assert_int_equal(j.result.epoch_sec, NEW); /* not the hard link's */
	assert_int_equal(mkfs_time(&j), NEW);
	/* 1600000000 = 0x5f5e1000, 1500000000 = 0x59682f00 */
	fs_stat_has(&j.f, "/made", " mtime: 0x5f5e1000:00000000");
	fs_stat_has(&j.f, "/etc", " mtime: 0x59682f00:00000000");
}

static void entries_before_1970_give_theirs(void **state)
{
	static const char old[12] = { '\xff', '\xff', '\xff', '\xff', '\xff', '\xff',
				      '\xff', '\xff', '\xff', '\xff', '\xff', '\x9c' };
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	tar_header(&tar, &(struct tar_spec){ .name = "x", .raw_mtime = old });
	tar_end(&tar);
	job_setup(&j, state, &tar);
	job_run(&j);
	assert_int_equal(j.result.epoch_sec, -100);
}

static void an_epoch_that_is_given_is_used(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	job_tar(&tar);
	job_setup(&j, state, &tar);
	j.req.epoch_sec = OLD + 1;
	job_run(&j);
	assert_int_equal(j.result.epoch_sec, OLD + 1);
	assert_int_equal(mkfs_time(&j), OLD + 1);
	fs_stat_has(&j.f, "/made", " mtime: 0x59682f01:00000000");
	fs_stat_has(&j.f, "/etc/one", " mtime: 0x59682f07:00000000");
}

static void progress_reaches_the_total(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	job_tar(&tar);
	job_setup(&j, state, &tar);
	job_run(&j);
	assert_true(j.watch.writes);
	assert_false(j.watch.falls);
	assert_true(j.watch.ticks >= TAR_ENTRIES);
	assert_int_equal(j.watch.total, tar.len);
	assert_int_equal(j.watch.done, tar.len);
}

static void no_ui_is_fine(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	job_tar(&tar);
	job_setup(&j, state, &tar);
	j.req.ui = NULL;
	job_run(&j);
	assert_int_equal(j.result.entries, TAR_ENTRIES);
}

static void a_swap_file_comes_last_and_has_the_epoch(void **state)
{
	static uint8_t page[4096];
	cleanup_buf struct mkd_buf tar = { 0 }, want = { 0 };
	struct job j;

	memset(page, 's', sizeof(page));
	tar_header(&tar, &(struct tar_spec){ .name = "swapfile", .size = 3, .mtime = NEW });
	tar_body(&tar, "old", 3);
	tar_end(&tar);
	job_setup(&j, state, &tar);
	j.req.swap = (struct mkd_ext4_swap){ .path = "swapfile",
					     .page = page,
					     .size_bytes = 10 * sizeof(page) };
	job_run(&j);
	assert_int_equal(j.result.entries, 1);
	assert_int_equal(j.result.data_bytes, 3);
	mkd_buf_add(&want, page, sizeof(page));
	memset(page, 0, sizeof(page));
	for (int i = 0; i < 9; i++)
		mkd_buf_add(&want, page, sizeof(page));
	fs_content_is(&j.f, "/swapfile", want.data, want.len);
	fs_stat_has(&j.f, "/swapfile", " mtime: 0x5f5e1000:00000000");
	fs_stat_has(&j.f, "/swapfile", "Mode:  0600");

	job_setup(&j, state, &tar);
	j.req.swap =
		(struct mkd_ext4_swap){ .path = "swapfile", .page = page, .size_bytes = 64 * MIB };
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "'/swapfile' of 64 MiB");
	job_left_nothing(&j);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(entries_and_bytes_are_counted),
		T(a_compressed_tarball_gives_the_same),
		T(the_newest_entry_gives_the_epoch),
		T(entries_before_1970_give_theirs),
		T(an_epoch_that_is_given_is_used),
		T(progress_reaches_the_total),
		T(no_ui_is_fine),
		T(a_swap_file_comes_last_and_has_the_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
