/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk/swap.c; mkswap, swaplabel and blkid are the oracles. */
#include "disktest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/swap.h"

#define UUID_TEXT "01234567-89ab-cdef-0123-456789abcdef"

static struct mkd_swap_req request(int fd, uint64_t size_bytes)
{
	return (struct mkd_swap_req){ .fd = fd,
				      .name = "swap",
				      .size_bytes = size_bytes,
				      .uuid = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
						0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef },
				      .label = "web1-swap" };
}

static void the_bytes_are_those_of_mkswap(void **state)
{
	static const uint64_t sizes[] = { 10 * 4096, 10 * 4096 + 511, MIB, 3 * GIB + 4096 };
	const char *ours = test_path(state, "ours"), *theirs = test_path(state, "theirs");
	uint8_t a[8192], b[8192];
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		cleanup_close int fd = make_file(ours, sizes[i]);
		cleanup_close int fd2 = make_file(theirs, sizes[i]);
		struct mkd_swap_req req = request(fd, sizes[i]);

		assert_ok(mkd_swap_write(&req, &err), &err);
		assert_int_equal(run(NULL, "mkswap", "-p", "4096", "-U", UUID_TEXT, "-L",
				     "web1-swap", theirs),
				 0);
		assert_int_equal(mkd_pread_full(fd, a, sizeof(a), 0), 0);
		assert_int_equal(mkd_pread_full(fd2, b, sizeof(b), 0), 0);
		assert_memory_equal(a, b, sizeof(a));
	}
}

static void blkid_and_swaplabel_read_it(void **state)
{
	const char *path = test_path(state, "f");
	cleanup_close int fd = make_file(path, MIB);
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_swap_req req = request(fd, MIB);
	struct mkd_err err = { 0 };

	assert_ok(mkd_swap_write(&req, &err), &err);
	assert_int_equal(run(&out, "swaplabel", path), 0);
	assert_non_null(strstr(mkd_buf_cstr(&out), "LABEL: web1-swap"));
	assert_non_null(strstr(mkd_buf_cstr(&out), "UUID:  " UUID_TEXT));
	mkd_buf_reset(&out);
	assert_int_equal(run(&out, "blkid", "-p", path), 0);
	assert_non_null(strstr(mkd_buf_cstr(&out), "TYPE=\"swap\""));
	assert_non_null(strstr(mkd_buf_cstr(&out), "VERSION=\"1\""));
}

static void it_goes_to_an_offset_and_touches_nothing_else(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "f"), 4 * MIB);
	struct mkd_swap_req req = request(fd, MIB);
	struct mkd_err err = { 0 };
	uint8_t a[4096], zeros[4096] = { 0 };
	char magic[10];

	memset(a, 0xee, sizeof(a));
	assert_int_equal(mkd_pwrite_full(fd, a, sizeof(a), 2 * MIB), 0);
	assert_int_equal(mkd_pwrite_full(fd, a, sizeof(a), 2 * MIB + 4096), 0);
	req.offset_bytes = 2 * MIB;
	req.label = NULL;
	assert_ok(mkd_swap_write(&req, &err), &err);
	assert_int_equal(mkd_pread_full(fd, a, 4096, 2 * MIB - 4096), 0);
	assert_memory_equal(a, zeros, 4096);
	assert_int_equal(mkd_pread_full(fd, a, 4096, 2 * MIB), 0);
	assert_memory_equal(a, zeros, 1024);
	assert_int_equal(mkd_pread_full(fd, magic, 10, 2 * MIB + 4086), 0);
	assert_memory_equal(magic, "SWAPSPACE2", 10);
	assert_int_equal(mkd_pread_full(fd, a, 1, 2 * MIB + 4096), 0);
	assert_int_equal(a[0], 0xee);
}

static void more_pages_than_32_bits_count_are_cut(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "f"), MIB);
	struct mkd_swap_req req = request(fd, 20 * (GIB << 10));
	struct mkd_err err = { 0 };
	uint32_t last;

	assert_ok(mkd_swap_write(&req, &err), &err);
	assert_int_equal(mkd_pread_full(fd, &last, 4, 1028), 0);
	assert_int_equal(last, UINT32_MAX);
}

static void what_cannot_be_is_refused(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "f"), MIB);
	cleanup_close int ro = open(test_path(state, "f"), O_RDONLY | O_CLOEXEC);
	struct mkd_swap_req req = request(fd, 10 * 4096 - 1);
	struct mkd_err err = { 0 };
	char page[4096];

	assert_fails(mkd_swap_write(&req, &err), &err, EINVAL, MKD_EXIT_TARGET, "needs 40 KiB");
	req = request(fd, MIB);
	req.label = "sixteen-bytes-xx";
	assert_fails(mkd_swap_write(&req, &err), &err, ENAMETOOLONG, MKD_EXIT_USAGE, "15 bytes");
	assert_int_equal(mkd_pread_full(fd, page, sizeof(page), 0), 0);
	for (size_t i = 0; i < sizeof(page); i++)
		assert_int_equal(page[i], 0);
	req = request(ro, MIB);
	assert_fails(mkd_swap_write(&req, &err), &err, EBADF, MKD_EXIT_IO, "'swap'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_bytes_are_those_of_mkswap, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(blkid_and_swaplabel_read_it, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(it_goes_to_an_offset_and_touches_nothing_else,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test_setup_teardown(more_pages_than_32_bits_count_are_cut,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, test_dir_setup,
						test_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
