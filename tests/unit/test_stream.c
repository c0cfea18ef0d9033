/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/rootfs/stream.c and the codecs. */
#include "test.h"
#include "tarmaker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/stream.h"

#define PLAIN_BYTES (2 * 1048576 + 12345)

static const struct format {
	const char *name, *tool;
	const char *args[4];
} formats[] = {
	{ "xz", "xz", { "-0", "-T2", "--block-size=1MiB" } },
	{ "zstd", "zstd", { "-q", "-1", "--check" } },
	{ "gzip", "gzip", { "-1" } },
	{ "bzip2", "bzip2", { "-1" } },
};

/* Bytes that shrink, but not to nothing; the same ones every time. */
static uint8_t *plain(void)
{
	uint8_t *p = malloc(PLAIN_BYTES);
	uint32_t v = 1;

	assert_non_null(p);
	for (size_t i = 0; i < PLAIN_BYTES; i++) {
		v = v * 1103515245 + 12345;
		p[i] = (uint8_t)(i % 8 ? 'a' + i / 4096 % 16 : v >> 24);
	}
	return p;
}

/* plain() in a file, and packed; returns the path of the packed one. */
static const char *packed(void **state, const struct format *f)
{
	cleanup_free uint8_t *p = plain();
	const char *in = test_path(state, "plain"), *out = test_path(state, f->name);

	test_write(in, p, PLAIN_BYTES);
	run_tool(out, f->tool, "-c", f->args[0], f->args[1] ? f->args[1] : in,
		 f->args[1] ? f->args[2] ? f->args[2] : in : NULL, f->args[2] ? in : NULL, NULL);
	return out;
}

static void slurp(const char *path, struct mkd_buf *ret)
{
	cleanup_fclose FILE *f = fopen(path, "re");
	char chunk[65536];
	size_t n;

	assert_non_null(f);
	mkd_buf_reset(ret);
	while ((n = fread(chunk, 1, sizeof(chunk), f)))
		mkd_buf_add(ret, chunk, n);
}

struct how {
	unsigned threads;
	uint64_t mem_bytes, max_plain_bytes;
};

/* Read a file through a stream into *ret; the last result of mkd_stream_read. */
static int unpack(const char *path, struct how how, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct mkd_stream_req req = { .fd = fd,
					    .name = "root.tar",
					    .threads = how.threads,
					    .mem_bytes = how.mem_bytes,
					    .max_plain_bytes = how.max_plain_bytes };
	struct mkd_stream *s = NULL;
	const void *data;
	size_t len = 0;
	int r;

	mkd_buf_reset(ret);
	assert_ok(mkd_stream_open(&req, &s, err), err);
	while ((r = mkd_stream_read(s, &data, &len, err)) == 1) {
		assert_true(len > 0 && len <= MIB);
		mkd_buf_add(ret, data, len);
	}
	/* The last result stays. */
	assert_int_equal(mkd_stream_read(s, &data, &len, err), r);
	if (r == 0) {
		struct stat st;

		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(mkd_stream_pos(s), st.st_size);
	}
	mkd_stream_close(s);
	return r;
}

static void assert_plain(const struct mkd_buf *b, size_t copies)
{
	cleanup_free uint8_t *p = plain();

	assert_int_equal(b->len, copies * PLAIN_BYTES);
	for (size_t i = 0; i < copies; i++)
		assert_memory_equal(b->data + i * PLAIN_BYTES, p, PLAIN_BYTES);
}

/* Only xz has more than one. */
static void every_format_comes_out_with_1_to_4_threads(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *path = packed(state, &formats[i]);

		for (unsigned threads = 0; threads <= (i == 0 ? 4 : 1); threads++) {
			assert_ok(unpack(path, (struct how){ .threads = threads }, &b, &err), &err);
			assert_plain(&b, 1);
		}
	}
	assert_ok(unpack(test_path(state, "plain"), (struct how){ 0 }, &b, &err), &err);
	assert_plain(&b, 1);
}

static void the_format_is_told_by_magic(void **state)
{
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		cleanup_close int fd = open(packed(state, &formats[i]), O_RDONLY | O_CLOEXEC);
		struct mkd_stream *s = NULL;

		assert_ok(mkd_stream_open(&(struct mkd_stream_req){ .fd = fd, .name = "x" }, &s,
					  &err),
			  &err);
		assert_string_equal(mkd_stream_format(s), formats[i].name);
		/* Closed while the producer is at work or waits for room. */
		mkd_stream_close(s);
	}
	mkd_stream_close(NULL);
}

static void two_packed_files_in_a_row_are_one_stream(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 }, twice = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *path = packed(state, &formats[i]);

		slurp(path, &b);
		mkd_buf_reset(&twice);
		mkd_buf_add(&twice, b.data, b.len);
		mkd_buf_add(&twice, b.data, b.len);
		test_write(path, twice.data, twice.len);
		assert_ok(unpack(path, (struct how){ .threads = 2 }, &b, &err), &err);
		assert_plain(&b, 2);
	}
}

static void a_cut_file_gives_its_good_data_and_then_ebadmsg(void **state)
{
	cleanup_buf struct mkd_buf whole = { 0 }, b = { 0 };
	cleanup_free uint8_t *p = plain();
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *path = packed(state, &formats[i]);
		const size_t cuts[] = { 7, 13, 600, 0, 0, 0 };

		slurp(path, &whole);
		for (size_t k = 0; k < ARRAY_LEN(cuts); k++) {
			const size_t from_end[] = { 1, 5, whole.len / 2 };
			size_t len = cuts[k] ? cuts[k] : whole.len - from_end[k - 3];

			test_write(path, whole.data, len);
			assert_fails(unpack(path, (struct how){ .threads = 2 }, &b, &err), &err,
				     EBADMSG, MKD_EXIT_ARCHIVE, "cannot unpack 'root.tar'");
			assert_non_null(strstr(err.msg, "cut short"));
			assert_true(b.len <= PLAIN_BYTES);
			if (b.len)
				assert_memory_equal(b.data, p, b.len);
			if (k == 3)
				assert_true(b.len > PLAIN_BYTES / 2);
		}
	}
}

static void a_flipped_byte_anywhere_is_ebadmsg(void **state)
{
	cleanup_buf struct mkd_buf whole = { 0 }, b = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *path = packed(state, &formats[i]);

		slurp(path, &whole);
		/* The 7th byte from the end lies in gzip's CRC, which libarchive 3.6 never looks
		 * at, and in the others' checksums or indexes. */
		for (size_t k = 1; k <= 4; k++) {
			size_t at = k < 4 ? whole.len * k / 4 : whole.len - 7;

			whole.data[at] ^= 0x10;
			test_write(path, whole.data, whole.len);
			whole.data[at] ^= 0x10;
			assert_fails(unpack(path, (struct how){ .threads = 2 }, &b, &err), &err,
				     EBADMSG, MKD_EXIT_ARCHIVE, formats[i].name);
		}
	}
}

static void junk_behind_the_end_is_ebadmsg_and_padding_is_as_documented(void **state)
{
	static const char zeros[8];
	cleanup_buf struct mkd_buf whole = { 0 }, b = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *path = packed(state, &formats[i]);
		bool gzip = strcmp(formats[i].name, "gzip") == 0;
		bool xz = strcmp(formats[i].name, "xz") == 0;

		slurp(path, &whole);
		for (size_t n = 1; n <= 8; n += n < 4 ? 1 : 4) {
			size_t len = whole.len;
			int want = gzip || (xz && n % 4 == 0) ? 0 : -EBADMSG;

			mkd_buf_add(&whole, zeros, n);
			test_write(path, whole.data, whole.len);
			whole.len = len;
			assert_int_equal(unpack(path, (struct how){ .threads = 2 }, &b, &err),
					 want);
			assert_plain(&b, 1);
		}
		mkd_buf_add(&whole, zeros, 4);
		mkd_buf_add(&whole, "junk", 4);
		test_write(path, whole.data, whole.len);
		assert_fails(unpack(path, (struct how){ .threads = 2 }, &b, &err), &err, EBADMSG,
			     MKD_EXIT_ARCHIVE, "root.tar");
		assert_plain(&b, 1);
	}
}

/* liblzma tells it from neither a cut nor a damaged stream. */
static void what_follows_an_xz_stream_is_told_from_a_cut_one(void **state)
{
	static const char zeros[8], next[] = "\3757zXZ";
	cleanup_buf struct mkd_buf whole = { 0 }, b = { 0 };
	struct mkd_err err = { 0 };
	const char *path;

	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (strcmp(formats[i].name, "xz") == 0)
			slurp(packed(state, &formats[i]), &whole);
	path = test_path(state, "root.tar");
	for (size_t padding = 0; padding <= 8; padding += 4) {
		for (size_t junk = 1; junk <= 16; junk++) {
			size_t len = whole.len;

			mkd_buf_add(&whole, zeros, padding);
			mkd_buf_add(&whole, "something else or other", junk);
			test_write(path, whole.data, whole.len);
			whole.len = len;
			assert_fails(unpack(path, (struct how){ .threads = 2 }, &b, &err), &err,
				     EBADMSG, MKD_EXIT_ARCHIVE,
				     "something else follows the stream");
		}
	}
	for (size_t n = 1; n < sizeof(next); n++) {
		size_t len = whole.len;

		mkd_buf_add(&whole, next, n);
		test_write(path, whole.data, whole.len);
		whole.len = len;
		assert_fails(unpack(path, (struct how){ .threads = 2 }, &b, &err), &err, EBADMSG,
			     MKD_EXIT_ARCHIVE, "cut short");
	}
}

static void a_bomb_stops_at_the_plain_limit(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *path = packed(state, &formats[i]);

		/* mkd_stream_read: -EFBIG */
		assert_fails(unpack(path, (struct how){ .max_plain_bytes = 2000000 }, &b, &err),
			     &err, EFBIG, MKD_EXIT_ARCHIVE, "limit of 1.9 MiB");
		assert_int_equal(b.len, 2000000);
		assert_ok(unpack(path, (struct how){ .max_plain_bytes = PLAIN_BYTES }, &b, &err),
			  &err);
		assert_plain(&b, 1);
	}
	assert_fails(
		unpack(test_path(state, "plain"), (struct how){ .max_plain_bytes = 1 }, &b, &err),
		&err, EFBIG, MKD_EXIT_ARCHIVE, "limit of 1 byte");
	assert_int_equal(b.len, 1);
}

static void a_decoder_that_wants_too_much_memory_is_enobufs(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *in = test_path(state, "in"), *out = test_path(state, "out");
	cleanup_free uint8_t *p = plain();

	test_write(in, p, PLAIN_BYTES);
	run_tool(out, "xz", "-c", "-0", "--lzma2=dict=64MiB", in, NULL);
	assert_fails(unpack(out, (struct how){ .mem_bytes = 16 * MIB }, &b, &err), &err, ENOBUFS,
		     MKD_EXIT_ARCHIVE, "the limit is 16 MiB");
	assert_int_equal(truncate(in, 40 * (off_t)MIB), 0);
	run_tool(out, "zstd", "-q", "-c", "--long=25", "-1", in, NULL);
	assert_fails(unpack(out, (struct how){ .mem_bytes = 16 * MIB }, &b, &err), &err, ENOBUFS,
		     MKD_EXIT_ARCHIVE, "16 MiB");
	assert_ok(unpack(out, (struct how){ 0 }, &b, &err), &err);
	assert_int_equal(b.len, 40 * MIB);
	assert_memory_equal(b.data, p, PLAIN_BYTES);
}

/* With too little memory for several threads liblzma goes on with one. */
static void little_memory_means_fewer_threads(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *path = packed(state, &formats[0]);

	assert_ok(unpack(path, (struct how){ .threads = 4, .mem_bytes = 3 * MIB }, &b, &err), &err);
	assert_plain(&b, 1);
}

static void an_empty_file_is_an_empty_stream(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	test_write(test_path(state, "f"), "", 0);
	assert_ok(unpack(test_path(state, "f"), (struct how){ 0 }, &b, &err), &err);
	assert_int_equal(b.len, 0);
}

static void an_empty_stream_of_each_format_is_empty(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	test_write(test_path(state, "in"), "", 0);
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		run_tool(test_path(state, "out"), formats[i].tool, "-c", test_path(state, "in"),
			 NULL);
		assert_ok(unpack(test_path(state, "out"), (struct how){ 0 }, &b, &err), &err);
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
	cleanup_close int fd = open(packed(state, &formats[2]), O_RDONLY | O_CLOEXEC);
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

	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		const char *path = packed(state, &formats[i]);

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
		WITH_DIR(a_cut_file_gives_its_good_data_and_then_ebadmsg),
		WITH_DIR(a_flipped_byte_anywhere_is_ebadmsg),
		WITH_DIR(junk_behind_the_end_is_ebadmsg_and_padding_is_as_documented),
		WITH_DIR(what_follows_an_xz_stream_is_told_from_a_cut_one),
		WITH_DIR(a_bomb_stops_at_the_plain_limit),
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
