/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a tarball to a file system: counts, times, progress, and that a failure leaves nothing. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/file.h"
#include "mkdomu/rootfs.h"
#include "tarmaker.h"

#define OLD 1500000000
#define NEW 1600000000

/* A ui that keeps the last progress told. */
struct watch {
	struct mkd_ui ui; /* first */
	uint64_t done, total;
	size_t ticks;
	bool writes, falls; /* every stage was "write"; done went down once */
	int signal_after;   /* ticks, then SIGINT; 0 = never */
};

static void on_progress(struct mkd_ui *ui, const char *stage, uint64_t done_bytes,
			uint64_t total_bytes)
{
	struct watch *w = (struct watch *)ui;

	w->writes = (w->writes || !w->ticks) && strcmp(stage, "write") == 0;
	w->falls = w->falls || done_bytes < w->done;
	w->done = done_bytes;
	w->total = total_bytes;
	w->ticks++;
	if (w->signal_after && w->ticks == (size_t)w->signal_after)
		mkd_signal_set(SIGINT);
}

/* The target is f's; the tarball a file beside it. */
struct job {
	struct fsimage f;
	struct watch watch;
	struct mkd_rootfs_req req;
	struct mkd_rootfs_result result;
	struct mkd_err err;
	int tar_fd;
};

static void job_open(struct job *j, void **state, const char *tar, uint64_t size_bytes)
{
	memset(j, 0, sizeof(*j));
	fs_init(&j->f, state, "a", size_bytes);
	j->tar_fd = open(tar, O_RDONLY | O_CLOEXEC);
	assert_true(j->tar_fd >= 0);
	j->watch.ui.progress = on_progress;
	j->req = (struct mkd_rootfs_req){ .tar_fd = j->tar_fd,
					  .tar_name = "stage3.tar",
					  .tar_bytes = (uint64_t)lseek(j->tar_fd, 0, SEEK_END),
					  .fs = j->f.req,
					  .ui = &j->watch.ui };
}

static void job_setup(struct job *j, void **state, const struct mkd_buf *tar)
{
	const char *path = test_path(state, "t.tar");

	test_write(path, tar->data, tar->len);
	job_open(j, state, path, 64 * MIB);
}

static void job_close(struct job *j)
{
	(void)close(j->tar_fd);
	(void)close(j->f.fd);
}

/* It must work, and e2fsck be content. */
static void job_run(struct job *j)
{
	cleanup_buf struct mkd_buf out = { 0 };

	assert_ok(mkd_rootfs_write(&j->req, &j->result, &j->err), &j->err);
	job_close(j);
	if (fs_run(&out, (const char *const[]){ "e2fsck", "-fn", j->f.path, NULL }) != 0)
		fail_msg("%s", mkd_buf_cstr(&out));
}

/* It has failed: no result, and nobody takes the target for a file system. */
static void job_left_nothing(struct job *j)
{
	static const struct mkd_rootfs_result none;
	uint8_t super[1024], zeros[1024] = { 0 };

	assert_memory_equal(&j->result, &none, sizeof(none));
	assert_int_equal(mkd_pread_full(j->f.fd, super, sizeof(super), 1024), 0);
	assert_memory_equal(super, zeros, sizeof(super));
	job_close(j);
}

/* Entries of several ages, the newest neither first nor last; a hard link with a time of its own.
 */
static void make_tar(struct mkd_buf *tar)
{
	static char data[3 * 4096 + 5];

	memset(data, 'd', sizeof(data));
	tar_header(tar,
		   &(struct tar_spec){ .name = "etc/", .type = '5', .mode = 0755, .mtime = OLD });
	tar_header(tar,
		   &(struct tar_spec){ .name = "etc/one", .size = sizeof(data), .mtime = OLD + 7 });
	tar_body(tar, data, sizeof(data));
	tar_header(tar, &(struct tar_spec){
				.name = "link", .type = '2', .link = "etc/one", .mtime = NEW });
	tar_header(tar, &(struct tar_spec){ .name = "made/two", .size = 3, .mtime = OLD });
	tar_body(tar, "two", 3);
	tar_header(tar, &(struct tar_spec){
				.name = "hard", .type = '1', .link = "etc/one", .mtime = NEW + 9 });
	tar_end(tar);
}
#define TAR_ENTRIES 5
#define TAR_DATA    (3 * 4096 + 5 + 3)

static void entries_and_bytes_are_counted(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	make_tar(&tar);
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

	make_tar(&tar);
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

	make_tar(&tar);
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

	make_tar(&tar);
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

	make_tar(&tar);
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

	make_tar(&tar);
	job_setup(&j, state, &tar);
	j.req.ui = NULL;
	job_run(&j);
	assert_int_equal(j.result.entries, TAR_ENTRIES);
}

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

	make_tar(&good);
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

	make_tar(&tar);
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

	make_tar(&tar);
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
		T(a_tarball_without_entries_is_refused),
		T(damage_is_refused_and_leaves_no_superblock),
		T(a_used_target_has_no_superblock_either),
		T(a_tarball_that_does_not_fit_is_told),
		T(a_bad_target_and_a_bad_tarball_are_told),
		T(a_signal_stops_it),
		T(a_swap_file_comes_last_and_has_the_epoch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
