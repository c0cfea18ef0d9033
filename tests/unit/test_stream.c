/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/rootfs/stream.c and the codecs: whole files, memory, threads, signals. */
#include "streamtest.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "gpg.h"
#include "tarmaker.h"

/* Only xz has more than one. */
static void every_format_comes_out_with_1_to_4_threads(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		const char *path = stream_packed(state, &stream_formats[i]);

		for (unsigned threads = 0; threads <= (i == 0 ? 4 : 1); threads++) {
			assert_ok(stream_unpack(path, (struct how){ .threads = threads }, &b, &err),
				  &err);
			assert_plain(&b, 1);
		}
	}
	assert_ok(stream_unpack(test_path(state, "plain"), (struct how){ 0 }, &b, &err), &err);
	assert_plain(&b, 1);
}

static void the_format_is_told_by_magic(void **state)
{
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		cleanup_close int fd =
			open(stream_packed(state, &stream_formats[i]), O_RDONLY | O_CLOEXEC);
		struct mkd_stream *s = NULL;

		assert_ok(mkd_stream_open(&(struct mkd_stream_req){ .fd = fd, .name = "x" }, &s,
					  &err),
			  &err);
		assert_string_equal(mkd_stream_format(s), stream_formats[i].name);
		/* Closed while the producer is at work or waits for room. */
		mkd_stream_close(s);
	}
	mkd_stream_close(NULL);
}

static void two_packed_files_in_a_row_are_one_stream(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 }, twice = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		const char *path = stream_packed(state, &stream_formats[i]);

		test_slurp(path, &b);
		mkd_buf_reset(&twice);
		mkd_buf_add(&twice, b.data, b.len);
		mkd_buf_add(&twice, b.data, b.len);
		test_write(path, twice.data, twice.len);
		assert_ok(stream_unpack(path, (struct how){ .threads = 2 }, &b, &err), &err);
		assert_plain(&b, 2);
	}
}

static void a_decoder_that_wants_too_much_memory_is_enobufs(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *in = test_path(state, "in"), *out = test_path(state, "out");
	cleanup_free uint8_t *p = stream_plain();

	test_write(in, p, PLAIN_BYTES);
	run_tool(out, "xz", "-c", "-0", "--lzma2=dict=64MiB", in, NULL);
	assert_fails(stream_unpack(out, (struct how){ .mem_bytes = 16 * MIB }, &b, &err), &err,
		     ENOBUFS, MKD_EXIT_ARCHIVE, "the limit is 16 MiB");
	assert_int_equal(truncate(in, 40 * (off_t)MIB), 0);
	run_tool(out, "zstd", "-q", "-c", "--long=25", "-1", in, NULL);
	assert_fails(stream_unpack(out, (struct how){ .mem_bytes = 16 * MIB }, &b, &err), &err,
		     ENOBUFS, MKD_EXIT_ARCHIVE, "16 MiB");
	assert_ok(stream_unpack(out, (struct how){ 0 }, &b, &err), &err);
	assert_int_equal(b.len, 40 * MIB);
	assert_memory_equal(b.data, p, PLAIN_BYTES);
}

/* With too little memory for several threads liblzma goes on with one. */
static void little_memory_means_fewer_threads(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *path = stream_packed(state, &stream_formats[0]);

	assert_ok(stream_unpack(path, (struct how){ .threads = 4, .mem_bytes = 3 * MIB }, &b, &err),
		  &err);
	assert_plain(&b, 1);
}

static void an_empty_file_is_an_empty_stream(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	test_write(test_path(state, "f"), "", 0);
	assert_ok(stream_unpack(test_path(state, "f"), (struct how){ 0 }, &b, &err), &err);
	assert_int_equal(b.len, 0);
}

static void an_empty_stream_of_each_format_is_empty(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	test_write(test_path(state, "in"), "", 0);
	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		run_tool(test_path(state, "out"), stream_formats[i].tool, "-c",
			 test_path(state, "in"), NULL);
		assert_ok(stream_unpack(test_path(state, "out"), (struct how){ 0 }, &b, &err),
			  &err);
		assert_int_equal(b.len, 0);
	}
}

static void what_cannot_be_read_is_an_io_error(void **state)
{
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_stream *s = NULL;
	struct mkd_err err;
	int p[2];

	assert_fails(mkd_stream_open(&(struct mkd_stream_req){ .fd = dir, .name = "d" }, &s, &err),
		     &err, EISDIR, MKD_EXIT_IO, "cannot read 'd'");
	assert_int_equal(pipe2(p, O_CLOEXEC), 0);
	assert_fails(mkd_stream_open(&(struct mkd_stream_req){ .fd = p[0], .name = "p" }, &s, &err),
		     &err, ESPIPE, MKD_EXIT_IO, "cannot read 'p'");
	close(p[0]);
	close(p[1]);
	assert_null(s);
}

/* The fd is borrowed; here it goes bad under a stream that has more to read. */
static void an_error_while_reading_comes_after_the_good_data(void **state)
{
	const char *path = test_path(state, "big");
	cleanup_close int fd = -1;
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_stream *s = NULL;
	struct mkd_err err = { 0 };
	const void *data;
	uint64_t total = 0;
	size_t len;
	int r;

	test_write(path, "", 0);
	assert_int_equal(truncate(path, 64 * (off_t)MIB), 0);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_ok(mkd_stream_open(&(struct mkd_stream_req){ .fd = fd, .name = "x" }, &s, &err),
		  &err);
	/* The ring holds 16 MiB, so the producer cannot be at the end yet. */
	assert_true(dup2(dir, fd) == fd);
	while ((r = mkd_stream_read(s, &data, &len, &err)) == 1)
		total += len;
	assert_int_equal(r, -EISDIR);
	assert_int_equal(err.exit, MKD_EXIT_IO);
	assert_true(total > 0 && total < 64 * MIB);
	mkd_stream_close(s);
}

static void *signal_later(void *arg)
{
	(void)arg;
	usleep(50000);
	mkd_signal_set(SIGINT);
	return NULL;
}

static void a_signal_ends_reading(void **state)
{
	cleanup_close int fd = open(stream_packed(state, &stream_formats[2]), O_RDONLY | O_CLOEXEC);
	struct mkd_stream *s = NULL;
	struct mkd_err err = { 0 };
	const void *data;
	pthread_t t;
	size_t len;
	int r;

	assert_ok(mkd_stream_open(&(struct mkd_stream_req){ .fd = fd, .name = "x" }, &s, &err),
		  &err);
	assert_int_equal(mkd_stream_read(s, &data, &len, &err), 1);
	assert_int_equal(pthread_create(&t, NULL, signal_later, NULL), 0);
	(void)pthread_join(t, NULL);
	r = mkd_stream_read(s, &data, &len, &err);
	assert_int_equal(r, -EINTR);
	assert_int_equal(err.exit, 128 + SIGINT);
	mkd_signal_set(0);
	/* Nothing is lost: the reader may go on. */
	assert_int_equal(mkd_stream_read(s, &data, &len, &err), 1);
	mkd_stream_close(s);
}

static void closing_stops_the_threads_at_any_time(void **state)
{
	struct mkd_err err = { 0 };
	const void *data;
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		const char *path = stream_packed(state, &stream_formats[i]);

		for (unsigned reads = 0; reads < 7; reads++) {
			cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
			struct mkd_stream *s = NULL;

			assert_ok(mkd_stream_open(&(struct mkd_stream_req){ .fd = fd,
									    .name = "x",
									    .threads = 2 },
						  &s, &err),
				  &err);
			for (unsigned k = 0; k < reads; k++)
				assert_true(mkd_stream_read(s, &data, &len, &err) >= 0);
			if (reads % 2)
				usleep(2000 * reads);
			mkd_stream_close(s);
		}
	}
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(every_format_comes_out_with_1_to_4_threads),
		WITH_DIR(the_format_is_told_by_magic),
		WITH_DIR(two_packed_files_in_a_row_are_one_stream),
		WITH_DIR(a_decoder_that_wants_too_much_memory_is_enobufs),
		WITH_DIR(little_memory_means_fewer_threads),
		WITH_DIR(an_empty_file_is_an_empty_stream),
		WITH_DIR(an_empty_stream_of_each_format_is_empty),
		WITH_DIR(what_cannot_be_read_is_an_io_error),
		WITH_DIR(an_error_while_reading_comes_after_the_good_data),
		WITH_DIR(a_signal_ends_reading),
		WITH_DIR(closing_stops_the_threads_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
