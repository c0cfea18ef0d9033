/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/rootfs/stream.c and the codecs: cut, damaged and oversized files. */
#include "streamtest.h"

#include <errno.h>
#include <string.h>

#include "gpg.h"

static void a_cut_file_gives_its_good_data_and_then_ebadmsg(void **state)
{
	cleanup_buf struct mkd_buf whole = { 0 }, b = { 0 };
	cleanup_free uint8_t *p = stream_plain();
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		const char *path = stream_packed(state, &stream_formats[i]);
		const size_t cuts[] = { 7, 13, 600, 0, 0, 0 };

		test_slurp(path, &whole);
		for (size_t k = 0; k < ARRAY_LEN(cuts); k++) {
			const size_t from_end[] = { 1, 5, whole.len / 2 };
			size_t len = cuts[k] ? cuts[k] : whole.len - from_end[k - 3];

			test_write(path, whole.data, len);
			assert_fails(stream_unpack(path, (struct how){ .threads = 2 }, &b, &err),
				     &err, EBADMSG, MKD_EXIT_ARCHIVE, "cannot unpack 'root.tar'");
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

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		const char *path = stream_packed(state, &stream_formats[i]);

		test_slurp(path, &whole);
		/* The 7th byte from the end lies in gzip's CRC, which libarchive 3.6 never looks
		 * at, and in the others' checksums or indexes. */
		for (size_t k = 1; k <= 4; k++) {
			size_t at = k < 4 ? whole.len * k / 4 : whole.len - 7;

			whole.data[at] ^= 0x10;
			test_write(path, whole.data, whole.len);
			whole.data[at] ^= 0x10;
			assert_fails(stream_unpack(path, (struct how){ .threads = 2 }, &b, &err),
				     &err, EBADMSG, MKD_EXIT_ARCHIVE, stream_formats[i].name);
		}
	}
}

static void junk_behind_the_end_is_ebadmsg_and_padding_is_as_documented(void **state)
{
	static const char zeros[8];
	cleanup_buf struct mkd_buf whole = { 0 }, b = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		const char *path = stream_packed(state, &stream_formats[i]);
		bool gzip = strcmp(stream_formats[i].name, "gzip") == 0;
		bool xz = strcmp(stream_formats[i].name, "xz") == 0;

		test_slurp(path, &whole);
		for (size_t n = 1; n <= 8; n += n < 4 ? 1 : 4) {
			size_t len = whole.len;
			int want = gzip || (xz && n % 4 == 0) ? 0 : -EBADMSG;

			mkd_buf_add(&whole, zeros, n);
			test_write(path, whole.data, whole.len);
			whole.len = len;
			assert_int_equal(
				stream_unpack(path, (struct how){ .threads = 2 }, &b, &err), want);
			assert_plain(&b, 1);
		}
		mkd_buf_add(&whole, zeros, 4);
		mkd_buf_add(&whole, "junk", 4);
		test_write(path, whole.data, whole.len);
		assert_fails(stream_unpack(path, (struct how){ .threads = 2 }, &b, &err), &err,
			     EBADMSG, MKD_EXIT_ARCHIVE, "root.tar");
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

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++)
		if (strcmp(stream_formats[i].name, "xz") == 0)
			test_slurp(stream_packed(state, &stream_formats[i]), &whole);
	path = test_path(state, "root.tar");
	for (size_t padding = 0; padding <= 8; padding += 4) {
		for (size_t junk = 1; junk <= 16; junk++) {
			size_t len = whole.len;

			mkd_buf_add(&whole, zeros, padding);
			mkd_buf_add(&whole, "something else or other", junk);
			test_write(path, whole.data, whole.len);
			whole.len = len;
			assert_fails(stream_unpack(path, (struct how){ .threads = 2 }, &b, &err),
				     &err, EBADMSG, MKD_EXIT_ARCHIVE,
				     "something else follows the stream");
		}
	}
	for (size_t n = 1; n < sizeof(next); n++) {
		size_t len = whole.len;

		mkd_buf_add(&whole, next, n);
		test_write(path, whole.data, whole.len);
		whole.len = len;
		assert_fails(stream_unpack(path, (struct how){ .threads = 2 }, &b, &err), &err,
			     EBADMSG, MKD_EXIT_ARCHIVE, "cut short");
	}
}

static void a_bomb_stops_at_the_plain_limit(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(stream_formats); i++) {
		const char *path = stream_packed(state, &stream_formats[i]);

		/* mkd_stream_read: -EFBIG */
		assert_fails(
			stream_unpack(path, (struct how){ .max_plain_bytes = 2000000 }, &b, &err),
			&err, EFBIG, MKD_EXIT_ARCHIVE, "limit of 1.9 MiB");
		assert_int_equal(b.len, 2000000);
		assert_ok(stream_unpack(path, (struct how){ .max_plain_bytes = PLAIN_BYTES }, &b,
					&err),
			  &err);
		assert_plain(&b, 1);
	}
	assert_fails(stream_unpack(test_path(state, "plain"), (struct how){ .max_plain_bytes = 1 },
				   &b, &err),
		     &err, EFBIG, MKD_EXIT_ARCHIVE, "limit of 1 byte");
	assert_int_equal(b.len, 1);
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(a_cut_file_gives_its_good_data_and_then_ebadmsg),
		WITH_DIR(a_flipped_byte_anywhere_is_ebadmsg),
		WITH_DIR(junk_behind_the_end_is_ebadmsg_and_padding_is_as_documented),
		WITH_DIR(what_follows_an_xz_stream_is_told_from_a_cut_one),
		WITH_DIR(a_bomb_stops_at_the_plain_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
