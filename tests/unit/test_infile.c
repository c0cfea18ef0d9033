/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file read ahead by a thread: its bytes, its digest, and what can go wrong. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/file.h"
#include "mkdomu/infile.h"
#include "mkdomu/stream.h"
#include "mkdomu/thread.h"
#include "tarmaker.h"

/* sha256sum(1) of nothing, and of "abc" (FIPS 180-2, B.1) */
static const uint8_t sum_empty[] = "\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9"
				   "\x24\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52"
				   "\xb8\x55";
static const uint8_t sum_abc[] = "\xba\x78\x16\xbf\x8f\x01\xcf\xea\x41\x41\x40\xde\x5d\xae\x22"
				 "\x23\xb0\x03\x61\xa3\x96\x17\x7a\x9c\xb4\x10\xff\x61\xf2\x00"
				 "\x15\xad";

static int open_file(void **state, const void *data, size_t len)
{
	const char *path = test_path(state, "f");
	int fd;

	test_write(path, data, len);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static uint8_t byte_at(size_t i)
{
	return (uint8_t)(i * 2654435761u >> 24);
}

/* All of it, in order, in full chunks but for the last; then its sum. */
static void check_file(void **state, size_t len)
{
	cleanup_free uint8_t *data = malloc(len + 1);
	uint8_t sum[MKD_SHA256_BYTES], want[MKD_SHA256_BYTES];
	cleanup_close int fd = -1;
	struct mkd_infile *f = NULL;
	struct mkd_err err = { 0 };
	const uint8_t *p;
	size_t got, at = 0;
	uint64_t bytes;

	for (size_t i = 0; i < len; i++)
		data[i] = byte_at(i);
	fd = open_file(state, data, len);
	assert_ok(mkd_infile_open(fd, "f", true, &f, &err), &err);
	mkd_infile_first(f, &p, &got);
	assert_int_equal(got, len < MKD_INFILE_BYTES ? len : MKD_INFILE_BYTES);
	do {
		assert_ok(mkd_infile_next(f, &p, &got, &err), &err);
		assert_true(got <= len - at && (got == MKD_INFILE_BYTES || got == len - at));
		assert_int_equal(got ? memcmp(p, data + at, got) : 0, 0);
		at += got;
	} while (got == MKD_INFILE_BYTES);
	assert_int_equal(at, len);
	assert_ok(mkd_infile_next(f, &p, &got, &err), &err);
	assert_int_equal(got, 0);
	mkd_infile_sum(f, &bytes, sum);
	assert_int_equal(bytes, len);
	assert_ok(mkd_sha256(data, len, want, &err), &err);
	assert_memory_equal(sum, want, sizeof(sum));
	mkd_infile_close(f);
}

static void a_file_comes_whole_whatever_its_length(void **state)
{
	static const size_t lens[] = { 0,
				       1,
				       MKD_INFILE_BYTES - 1,
				       MKD_INFILE_BYTES,
				       MKD_INFILE_BYTES + 1,
				       8 * MKD_INFILE_BYTES,
				       41 * MKD_INFILE_BYTES + 7 };

	for (size_t i = 0; i < ARRAY_LEN(lens); i++)
		check_file(state, lens[i]);
}

static void without_a_digest_there_is_none(void **state)
{
	static const uint8_t zeros[MKD_SHA256_BYTES];
	cleanup_close int fd = open_file(state, "abc", 3);
	uint8_t sum[MKD_SHA256_BYTES];
	struct mkd_infile *f = NULL;
	struct mkd_err err = { 0 };
	const uint8_t *p;
	uint64_t bytes;
	size_t len;

	assert_ok(mkd_infile_open(fd, "f", false, &f, &err), &err);
	assert_ok(mkd_infile_next(f, &p, &len, &err), &err);
	mkd_infile_sum(f, &bytes, sum);
	assert_int_equal(bytes, 3);
	assert_memory_equal(sum, zeros, sizeof(sum));
	mkd_infile_close(f);
	mkd_infile_close(NULL);
}

static void it_may_be_closed_with_much_unread(void **state)
{
	static uint8_t data[20 * MKD_INFILE_BYTES];
	cleanup_close int fd = open_file(state, data, sizeof(data));
	struct mkd_err err = { 0 };

	for (unsigned reads = 0; reads < 3; reads++) {
		struct mkd_infile *f = NULL;
		const uint8_t *p;
		size_t len;

		assert_ok(mkd_infile_open(fd, "f", true, &f, &err), &err);
		for (unsigned i = 0; i < reads; i++)
			assert_ok(mkd_infile_next(f, &p, &len, &err), &err);
		mkd_infile_close(f);
	}
}

static void what_cannot_be_read_is_told(void **state)
{
	static uint8_t data[3 * MKD_INFILE_BYTES];
	cleanup_close int fd = open_file(state, data, sizeof(data));
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_infile *f = NULL;
	struct mkd_err err = { 0 };
	const uint8_t *p;
	int pipes[2];
	size_t len;

	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	assert_fails(mkd_infile_open(pipes[0], "p", true, &f, &err), &err, ESPIPE, MKD_EXIT_IO,
		     "cannot read 'p'");
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	assert_fails(mkd_infile_open(dir, "d", true, &f, &err), &err, EISDIR, MKD_EXIT_IO,
		     "cannot read 'd'");
	assert_fault(FAULT_PREAD, 1, mkd_infile_open(fd, "f", true, &f, &err), &err, ESTALE,
		     MKD_EXIT_IO, "cannot read 'f'");
	assert_fault(FAULT_THREAD, 1, mkd_infile_open(fd, "f", true, &f, &err), &err, EPERM,
		     MKD_EXIT_INTERNAL, "cannot start a thread");
	assert_nomem(mkd_infile_open(fd, "f", true, &f, &err), &err);
	mkd_infile_close(f);
	/* the second read is the thread's; what was good comes first, and the error stays */
	fault_arm(FAULT_PREAD, 2, ESTALE);
	assert_ok(mkd_infile_open(fd, "f", true, &f, &err), &err);
	assert_ok(mkd_infile_next(f, &p, &len, &err), &err);
	assert_int_equal(len, MKD_INFILE_BYTES);
	for (unsigned i = 0; i < 2; i++) {
		assert_fails(mkd_infile_next(f, &p, &len, &err), &err, ESTALE, MKD_EXIT_IO,
			     "cannot read 'f'");
		assert_int_equal(len, 0);
	}
	assert_true(fault_disarm());
	mkd_infile_close(f);
}

static void *nothing(void *arg)
{
	return arg;
}

static void a_thread_that_cannot_start_is_told(void **state)
{
	struct mkd_err err = { 0 };
	pthread_t t;
	void *got = NULL;
	int x;

	(void)state;
	assert_fault(FAULT_THREAD, 1, mkd_thread_start(&t, nothing, &x, &err), &err, EPERM,
		     MKD_EXIT_INTERNAL, "cannot start a thread");
	fault_arm(FAULT_THREAD, 1, EAGAIN);
	assert_fails(mkd_thread_start(&t, nothing, &x, &err), &err, ENOMEM, MKD_EXIT_INTERNAL,
		     "no room");
	assert_true(fault_disarm());
	assert_ok(mkd_thread_start(&t, nothing, &x, &err), &err);
	assert_int_equal(pthread_join(t, &got), 0);
	assert_ptr_equal(got, &x);
}

static void a_digest_grows_piece_by_piece(void **state)
{
	struct mkd_sha256 *s = NULL;
	struct mkd_err err = { 0 };
	uint8_t sum[MKD_SHA256_BYTES];

	(void)state;
	assert_ok(mkd_sha256_new(&s, &err), &err);
	mkd_sha256_get(s, sum);
	assert_memory_equal(sum, sum_empty, sizeof(sum));
	mkd_sha256_free(s);
	assert_ok(mkd_sha256_new(&s, &err), &err);
	mkd_sha256_add(s, "a", 1);
	mkd_sha256_add(s, "", 0);
	mkd_sha256_add(s, "bc", 2);
	mkd_sha256_get(s, sum);
	assert_memory_equal(sum, sum_abc, sizeof(sum));
	mkd_sha256_free(s);
	mkd_sha256_free(NULL);
	assert_nomem(mkd_sha256_new(&s, &err), &err);
	mkd_sha256_free(s);
}

/* Of the file as it is packed, whatever decodes it; also of what pads its end. */
static void a_stream_knows_the_sum_of_its_file(void **state)
{
	const char *in = test_path(state, "in"), *out = test_path(state, "out");
	cleanup_buf struct mkd_buf packed = { 0 };
	uint8_t sum[MKD_SHA256_BYTES], want[MKD_SHA256_BYTES];
	struct mkd_stream_req req = { .name = "z", .digest = true };
	cleanup_close int fd = -1;
	struct mkd_stream *s = NULL;
	struct mkd_err err = { 0 };
	const void *p;
	uint64_t bytes;
	size_t len;

	test_write(in, "text", 4);
	run_tool(out, "gzip", "-c", in, NULL);
	assert_int_equal(truncate(out, 3 * (off_t)MKD_INFILE_BYTES), 0);
	assert_ok(mkd_file_read(AT_FDCWD, out, 16 * MIB, MKD_EXIT_USAGE, &packed, &err), &err);
	req.fd = fd = open(out, O_RDONLY | O_CLOEXEC);
	assert_ok(mkd_stream_open(&req, &s, &err), &err);
	while (mkd_stream_read(s, &p, &len, &err) == 1)
		assert_int_equal(len, 4);
	mkd_stream_sum(s, &bytes, sum);
	assert_int_equal(bytes, packed.len);
	assert_ok(mkd_sha256(packed.data, packed.len, want, &err), &err);
	assert_memory_equal(sum, want, sizeof(sum));
	mkd_stream_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_comes_whole_whatever_its_length,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test_setup_teardown(without_a_digest_there_is_none, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(it_may_be_closed_with_much_unread, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_read_is_told, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test(a_thread_that_cannot_start_is_told),
		cmocka_unit_test(a_digest_grows_piece_by_piece),
		cmocka_unit_test_setup_teardown(a_stream_knows_the_sum_of_its_file, test_dir_setup,
						test_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
