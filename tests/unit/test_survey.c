// SPDX-License-Identifier: GPL-2.0-or-later
/* A plain tarball says what it needs before anything is written; a compressed one does not. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/rootfs.h"
#include "mkdomu/survey.h"
#include "tarmaker.h"

static int open_tar(void **state, const struct mkd_buf *tar)
{
	const char *path = test_path(state, "t.tar");
	int fd;

	test_write(path, tar->data, tar->len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* A file of so many bytes, none of a block of which is zero unless asked for. */
static void add_file(struct mkd_buf *tar, const char *name, size_t len, int byte)
{
	char *data = malloc(len);

	assert_non_null(data);
	memset(data, byte, len);
	tar_header(tar, &(struct tar_spec){ .name = name, .size = len });
	tar_body(tar, data, len);
	free(data);
}

static int check(int fd, uint64_t size_bytes, struct mkd_err *err)
{
	const struct mkd_rootfs_req req = {
		.tar_fd = fd,
		.tar_name = "r.tar",
		.fs = { .fd = -1, .name = "the disk", .size_bytes = size_bytes },
	};

	return mkd_rootfs_check(&req, err);
}

/* Files that end at every place of a header's window; names and data are never mixed up. */
static void headers_are_found_wherever_they_are(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, rec = { 0 };
	cleanup_close int fd = -1;
	struct mkd_survey s = { 0 };
	struct mkd_err err;
	uint64_t blocks = 0;
	char name[400];

	for (size_t i = 0; i < 300; i++) {
		size_t len = i * i * 7;

		(void)snprintf(name, sizeof(name), "d/%0120zu/%0180zu", i % 7, i);
		pax_text(&rec, "path", name);
		pax_member(&tar, 'x', &rec);
		add_file(&tar, "x", len, 'x');
		blocks += (len + 4095) / 4096;
		tar_header(&tar,
			   &(struct tar_spec){ .name = "l", .type = '1', .link = name + 290 });
	}
	tar_end(&tar);
	fd = open_tar(state, &tar);
	assert_ok(mkd_survey_tar(fd, "r.tar", &s, &err), &err);
	assert_true(s.plain);
	assert_false(s.unsure);
	assert_int_equal(s.need.inodes, 300);
	assert_int_equal(s.need.blocks, blocks);
}

static void what_does_not_fit_is_told(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int fd = -1;
	struct mkd_err err;
	const char *at;
	uint64_t need;

	add_file(&tar, "big", 40 * MIB, 'x');
	tar_end(&tar);
	fd = open_tar(state, &tar);
	assert_fails(check(fd, 32 * MIB, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "no space left in 'the disk'"); /* mkd_rootfs_check: -ENOSPC */
	at = strstr(err.msg, "'r.tar' needs about ");
	assert_non_null(at);
	need = strtoull(at + strlen("'r.tar' needs about "), NULL, 10) * MIB;
	assert_ok(check(fd, need, &err), &err);
	assert_fails(check(fd, need - 8 * MIB, &err), &err, ENOSPC, MKD_EXIT_NOSPACE, "");
}

/* The sum of the headers is too much, what is written is not: zeros, and a member given again. */
static void what_only_seems_not_to_fit_is_taken(void **state)
{
	cleanup_buf struct mkd_buf zeros = { 0 }, again = { 0 };
	cleanup_close int a = -1, b = -1;
	struct mkd_survey s = { 0 };
	struct mkd_err err;
	uint64_t bytes = 0;
	struct mkd_ext4_req like = { .name = "x" };

	add_file(&zeros, "zeros", 40 * MIB, 0);
	tar_end(&zeros);
	a = open_tar(state, &zeros);
	assert_ok(mkd_survey_tar(a, "r.tar", &s, &err), &err);
	assert_ok(mkd_need_size(&s.need, &like, 0, &bytes, &err), &err);
	assert_true(bytes > 40 * MIB);
	assert_ok(check(a, 32 * MIB, &err), &err);
	for (int i = 0; i < 4; i++)
		add_file(&again, "f", 16 * MIB, 'x');
	tar_end(&again);
	b = open_tar(state, &again);
	assert_ok(check(b, 40 * MIB, &err), &err);
}

static void swap_counts_too(void **state)
{
	static const uint8_t page[4096];
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int fd = -1;
	struct mkd_rootfs_req req = {
		.tar_name = "r.tar",
		.fs = { .fd = -1, .name = "d", .size_bytes = 64 * MIB },
		.swap = { "swapfile", page, 32 * MIB },
	};
	struct mkd_err err;

	add_file(&tar, "big", 20 * MIB, 'x');
	tar_end(&tar);
	req.tar_fd = fd = open_tar(state, &tar);
	assert_ok(mkd_rootfs_check(&req, &err), &err);
	req.swap.size_bytes = 40 * MIB;
	assert_fails(mkd_rootfs_check(&req, &err), &err, ENOSPC, MKD_EXIT_NOSPACE, "swap");
}

static void what_the_policy_refuses_is_told(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int up = -1, cut = -1, uid = -1;
	struct mkd_err err;

	add_file(&tar, "f", 100000, 'x');
	cut = open_tar(state, &tar);
	assert_fails(check(cut, 32 * MIB, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "cannot use 'r.tar': the archive is cut short");
	tar_file(&tar, "../x", "y");
	tar_end(&tar);
	up = open_tar(state, &tar);
	assert_fails(check(up, 32 * MIB, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "cannot use 'r.tar': member '../x' is refused");
	mkd_buf_reset(&tar);
	/* in the body of one that claims to go on beyond the end */
	tar_header(&tar, &(struct tar_spec){ .name = "f", .size = 1 << 30 });
	tar_end(&tar);
	uid = open_tar(state, &tar);
	assert_fails(check(uid, 32 * MIB, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "cut short after 1536 bytes");
}

/* By no header: one below a symlink. It is the dry run's to find, and only that of a tight disk. */
static void what_the_tree_refuses_is_told_when_it_is_tight(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int fd = -1;
	struct mkd_err err;

	add_file(&tar, "zeros", 40 * MIB, 0);
	tar_header(&tar, &(struct tar_spec){ .name = "l", .type = '2', .link = "x" });
	tar_file(&tar, "l/below", "y");
	tar_end(&tar);
	fd = open_tar(state, &tar);
	assert_ok(check(fd, 128 * MIB, &err), &err);
	assert_fails(check(fd, 32 * MIB, &err), &err, ENOTDIR, MKD_EXIT_ARCHIVE, "'l' above it");
}

/* Sparse files need blocks for pieces that the headers do not tell: then all is looked at. */
static void sparse_files_are_looked_at(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, rec = { 0 }, body = { 0 };
	cleanup_close int fd = -1;
	struct mkd_survey s = { 0 };
	struct mkd_err err;
	const size_t n = 6000;

	mkd_buf_printf(&body, "%zu\n", n);
	for (size_t i = 0; i < n; i++)
		mkd_buf_printf(&body, "%zu\n1\n", i * 4096);
	while (body.len % 512)
		mkd_buf_add(&body, "", 1);
	for (size_t i = 0; i < n; i++)
		mkd_buf_str(&body, "x");
	pax_text(&rec, "GNU.sparse.major", "1");
	pax_text(&rec, "GNU.sparse.minor", "0");
	pax_text(&rec, "GNU.sparse.name", "s");
	pax_text(&rec, "GNU.sparse.realsize", "24576000");
	pax_member(&tar, 'x', &rec);
	tar_header(&tar, &(struct tar_spec){ .name = "x", .size = body.len });
	tar_body(&tar, body.data, body.len);
	tar_end(&tar);
	fd = open_tar(state, &tar);
	assert_ok(mkd_survey_tar(fd, "r.tar", &s, &err), &err);
	assert_true(s.unsure);
	assert_ok(check(fd, 64 * MIB, &err), &err);
	assert_fails(check(fd, 16 * MIB, &err), &err, ENOSPC, MKD_EXIT_NOSPACE, "needs about");
}

static void a_compressed_one_says_nothing(void **state)
{
	static const uint8_t xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0, 1, 2, 3, 4, 5 };
	cleanup_close int fd = -1;
	struct mkd_survey s = { 0 };
	struct mkd_err err;
	struct mkd_buf tar = { 0 };

	mkd_buf_add(&tar, xz, sizeof(xz));
	fd = open_tar(state, &tar);
	mkd_buf_free(&tar);
	assert_ok(mkd_survey_tar(fd, "r.tar.xz", &s, &err), &err);
	assert_false(s.plain);
	assert_ok(check(fd, 16 * MIB, &err), &err);
}

static void failures_are_told(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int fd = -1;
	struct mkd_survey s = { 0 };
	struct mkd_err err;

	add_file(&tar, "big", 20 * MIB, 'x');
	tar_end(&tar);
	fd = open_tar(state, &tar);
	assert_nomem(mkd_survey_tar(fd, "r.tar", &s, &err), &err);
	assert_fault(FAULT_PREAD, 1, mkd_survey_tar(fd, "r.tar", &s, &err), &err, ESTALE,
		     MKD_EXIT_IO, "cannot read 'r.tar'");
	assert_fault(FAULT_STAT, 1, mkd_survey_tar(fd, "r.tar", &s, &err), &err, EACCES,
		     MKD_EXIT_IO, "cannot read 'r.tar'");
	/* what has nothing to do with the tarball is left to the run itself */
	assert_ok(check(fd, 1000, &err), &err);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_survey_tar(fd, "r.tar", &s, &err), &err, EINTR, 128 + SIGTERM, "interr");
	assert_fails(check(fd, 16 * MIB, &err), &err, EINTR, 128 + SIGTERM,
		     "interrupted"); /* mkd_rootfs_check: -EINTR */
	mkd_signal_set(0);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(headers_are_found_wherever_they_are),
		T(what_does_not_fit_is_told),
		T(what_only_seems_not_to_fit_is_taken),
		T(swap_counts_too),
		T(what_the_policy_refuses_is_told),
		T(what_the_tree_refuses_is_told_when_it_is_tight),
		T(sparse_files_are_looked_at),
		T(a_compressed_one_says_nothing),
		T(failures_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
