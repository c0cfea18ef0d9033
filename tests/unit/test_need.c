// SPDX-License-Identifier: GPL-2.0-or-later
/* A tarball that does not fit: how large the file system would have to be, and that it is so. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/need.h"
#include "mkdomu/rootfs.h"
#include "tarmaker.h"

#define MANY 4000

struct job {
	struct fsimage f;
	struct mkd_rootfs_req req;
	struct mkd_rootfs_result result;
	struct mkd_err err;
	int tar_fd;
};

static void job_setup(struct job *j, void **state, const struct mkd_buf *tar, uint64_t size_bytes)
{
	const char *path = test_path(state, "t.tar");

	memset(j, 0, sizeof(*j));
	test_write(path, tar->data, tar->len);
	fs_init(&j->f, state, "a", size_bytes);
	j->tar_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(j->tar_fd >= 0);
	j->req =
		(struct mkd_rootfs_req){ .tar_fd = j->tar_fd, .tar_name = "r.tar", .fs = j->f.req };
}

static void job_close(struct job *j)
{
	(void)close(j->tar_fd);
	(void)close(j->f.fd);
}

/* The size that the message of a run in size_bytes names. */
static uint64_t needed(void **state, const struct mkd_buf *tar, uint64_t size_bytes)
{
	struct job j;
	const char *at;

	job_setup(&j, state, tar, size_bytes);
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, ENOSPC, MKD_EXIT_NOSPACE,
		     " for the root file system: ");
	at = strstr(j.err.msg, "'r.tar' needs about ");
	assert_non_null(at);
	assert_non_null(strstr(at, " MiB for"));
	assert_non_null(strstr(at, "give a larger --size"));
	job_close(&j);
	return strtoull(at + strlen("'r.tar' needs about "), NULL, 10) * MIB;
}

static void fits(void **state, const struct mkd_buf *tar, uint64_t size_bytes)
{
	cleanup_buf struct mkd_buf out = { 0 };
	struct job j;

	job_setup(&j, state, tar, size_bytes);
	assert_ok(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err);
	job_close(&j);
	assert_int_equal(fs_run(&out, (const char *const[]){ "e2fsck", "-fn", j.f.path, NULL }), 0);
	/* and it is not far too much: blocks or inodes nearly fill it */
	if (j.result.fs.blocks_used * 10 < j.result.fs.blocks * 7 &&
	    j.result.fs.inodes_used * 10 < j.result.fs.inodes * 9)
		fail_msg("%llu MiB is too much", (unsigned long long)(size_bytes / MIB));
}

static void blocks_of_data_count(void **state)
{
	static char data[5000];
	cleanup_buf struct mkd_buf tar = { 0 };
	char name[32];

	memset(data, 'x', sizeof(data));
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "d/%d", i);
		tar_header(&tar, &(struct tar_spec){ .name = name, .size = sizeof(data) });
		tar_body(&tar, data, sizeof(data));
	}
	tar_end(&tar);
	fits(state, &tar, needed(state, &tar, 8 * MIB));
}

static void inodes_count(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	char name[32];

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "d/%d", i);
		tar_file(&tar, name, "");
	}
	tar_end(&tar);
	fits(state, &tar, needed(state, &tar, 8 * MIB));
}

/* Known only when folders are written, behind the last member. */
static void names_count(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, rec = { 0 };
	char name[300];

	tar_file(&tar, "first", "");
	for (int i = 0; i < 10 * MANY; i++) {
		(void)snprintf(name, sizeof(name), "d/%0250d", i);
		pax_text(&rec, "path", name);
		pax_member(&tar, 'x', &rec);
		tar_header(&tar, &(struct tar_spec){ .name = "x", .type = '1', .link = "first" });
	}
	tar_end(&tar);
	fits(state, &tar, needed(state, &tar, 8 * MIB));
}

static void attributes_and_symlinks_count(void **state)
{
	static char value[2000], target[90];
	cleanup_buf struct mkd_buf tar = { 0 }, rec = { 0 };
	char name[32];

	memset(value, 'v', sizeof(value));
	memset(target, 't', sizeof(target) - 1);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "d/%d", i);
		pax_record(&rec, "SCHILY.xattr.trusted.a", value, sizeof(value));
		pax_member(&tar, 'x', &rec);
		tar_header(&tar, &(struct tar_spec){ .name = name, .type = '2', .link = target });
	}
	tar_end(&tar);
	fits(state, &tar, needed(state, &tar, 8 * MIB));
}

/* What nobody can count does not hide why it failed. */
static void an_archive_that_ends_badly_is_not_counted(void **state)
{
	static char data[9 * MIB];
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	memset(data, 'x', sizeof(data));
	tar_header(&tar, &(struct tar_spec){ .name = "big", .size = sizeof(data) });
	tar_body(&tar, data, sizeof(data));
	tar_header(&tar, &(struct tar_spec){ .name = "bad", .bad_checksum = true });
	tar_end(&tar);
	job_setup(&j, state, &tar, 8 * MIB);
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "no space left in '");
	assert_null(strstr(j.err.msg, "needs"));
	job_close(&j);
}

/* Where no size helps: inodes that are given as a number, and more than there are bytes for. */
static void what_no_size_would_hold_is_told(void **state)
{
	struct mkd_need n = { .blocks = 1, .inodes = 5000 };
	struct fsimage f;
	uint64_t bytes = 7;

	fs_init(&f, state, "a", 16 * MIB);
	f.req.inodes = 1024;
	assert_fails(mkd_need_size(&n, &f.req, 0, &bytes, &f.err), &f.err, EFBIG, MKD_EXIT_NOSPACE,
		     "no size of '");
	f.req.inodes = 0;
	n.blocks = UINT64_C(1) << 39;
	assert_fails(mkd_need_size(&n, &f.req, 0, &bytes, &f.err), &f.err, EFBIG, MKD_EXIT_NOSPACE,
		     "would hold it");
	/* handed on */
	n.blocks = 1;
	f.req.reserved_percent = 101;
	assert_fails(mkd_need_size(&n, &f.req, 0, &bytes, &f.err), &f.err, EINVAL, MKD_EXIT_USAGE,
		     "");
	assert_int_equal(bytes, 7);
	f.req.reserved_percent = 5;
	assert_ok(mkd_need_size(&n, &f.req, 0, &bytes, &f.err), &f.err);
	assert_int_equal(bytes % MIB, 0);
	(void)close(f.fd);
}

static void a_swap_file_that_cannot_fit_is_told_first(void **state)
{
	static const uint8_t page[4096] = "swap";
	static uint8_t got[16 * MIB];
	cleanup_buf struct mkd_buf tar = { 0 };
	struct job j;

	tar_file(&tar, "x", "y");
	tar_end(&tar);
	job_setup(&j, state, &tar, sizeof(got));
	fs_fill(&j.f, 0x5a);
	j.req.fs.zeroed = false;
	j.req.swap = (struct mkd_ext4_swap){ "swapfile", page, sizeof(got) };
	assert_fails(mkd_rootfs_write(&j.req, &j.result, &j.err), &j.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "for the swap file '/swapfile' of 16 MiB");
	assert_non_null(strstr(j.err.msg, "'r.tar' needs about 2"));
	/* not a byte has been written */
	assert_int_equal(mkd_pread_full(j.f.fd, got, sizeof(got), 0), 0);
	for (size_t i = 0; i < sizeof(got); i++)
		if (got[i] != 0x5a)
			fail_msg("byte %zu is written", i);
	job_close(&j);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(blocks_of_data_count),
		T(inodes_count),
		T(names_count),
		T(attributes_and_symlinks_count),
		T(an_archive_that_ends_badly_is_not_counted),
		T(what_no_size_would_hold_is_told),
		T(a_swap_file_that_cannot_fit_is_told_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
