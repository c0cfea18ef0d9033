/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/layout.h"

static struct mkd_layout made(enum mkd_layout_kind kind, enum mkd_swap_kind swap,
			      uint64_t disk_bytes, uint64_t swap_bytes)
{
	const struct mkd_layout_req req = { kind, swap, disk_bytes, swap_bytes };
	struct mkd_err err = { 0 };
	struct mkd_layout l;

	assert_ok(mkd_layout_make(&req, &l, &err), &err);
	return l;
}

static void one_disk_with_swap_is_a_gpt(void **state)
{
	struct mkd_layout l = made(MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, 10 * GIB, GIB);

	(void)state;
	assert_int_equal(l.n_disks, 1);
	assert_string_equal(l.disks[0].vdev, "xvda");
	assert_true(l.disks[0].gpt);
	assert_int_equal(l.disks[0].size_bytes, 10 * GIB);
	assert_string_equal(l.root.dev, "/dev/xvda1");
	assert_int_equal(l.root.partition, 1);
	assert_int_equal(l.root.offset_bytes, MIB);
	assert_int_equal(l.root.size_bytes, 9 * GIB - 2 * MIB);
	assert_string_equal(l.swap.dev, "/dev/xvda2");
	assert_int_equal(l.swap.partition, 2);
	assert_int_equal(l.swap.disk, 0);
	assert_int_equal(l.swap.offset_bytes, 9 * GIB - MIB);
	assert_int_equal(l.swap.size_bytes, GIB);
	assert_int_equal(l.swap_kind, MKD_SWAP_PARTITION);
}

static void odd_sizes_are_aligned_to_a_mebibyte(void **state)
{
	static const uint64_t disks[] = { 200 * MIB, 200 * MIB + 1, 201 * MIB - 1, 777777777 };
	static const uint64_t swaps[] = { 40960, MIB - 1, MIB, MIB + 1, 12345678 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(disks); i++)
		for (size_t j = 0; j < ARRAY_LEN(swaps); j++) {
			struct mkd_layout l =
				made(MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, disks[i], swaps[j]);
			uint64_t end = l.swap.offset_bytes + l.swap.size_bytes;

			assert_int_equal(l.root.size_bytes % MIB, 0);
			assert_int_equal(l.swap.size_bytes % MIB, 0);
			assert_true(l.swap.size_bytes >= swaps[j]);
			assert_int_equal(l.root.offset_bytes + l.root.size_bytes,
					 l.swap.offset_bytes);
			assert_true(end <= disks[i] - MIB && end + 2 * MIB > disks[i]);
		}
}

static void a_second_disk_for_swap_makes_both_bare(void **state)
{
	struct mkd_layout l = made(MKD_LAYOUT_AUTO, MKD_SWAP_DISK, 4 * GIB + 5000, GIB + 1);

	(void)state;
	assert_int_equal(l.n_disks, 2);
	assert_string_equal(l.disks[0].vdev, "xvda1");
	assert_string_equal(l.disks[1].vdev, "xvda2");
	assert_false(l.disks[0].gpt);
	assert_int_equal(l.root.partition, 0);
	assert_int_equal(l.root.offset_bytes, 0);
	assert_int_equal(l.root.size_bytes, 4 * GIB + 4096);
	assert_string_equal(l.root.dev, "/dev/xvda1");
	assert_int_equal(l.swap.disk, 1);
	assert_int_equal(l.swap.offset_bytes, 0);
	assert_int_equal(l.swap.size_bytes, GIB);
	assert_string_equal(l.swap.dev, "/dev/xvda2");
	assert_int_equal(l.disks[1].size_bytes, GIB + 1);
}

static void without_swap_the_disk_is_bare_or_a_gpt_of_one(void **state)
{
	struct mkd_layout l = made(MKD_LAYOUT_AUTO, MKD_SWAP_NONE, GIB, 0);

	(void)state;
	assert_string_equal(l.disks[0].vdev, "xvda1");
	assert_int_equal(l.root.size_bytes, GIB);
	assert_int_equal(l.n_disks, 1);
	assert_string_equal(l.swap.dev, "");
	l = made(MKD_LAYOUT_GPT, MKD_SWAP_NONE, GIB, 0);
	assert_string_equal(l.disks[0].vdev, "xvda");
	assert_true(l.disks[0].gpt);
	assert_int_equal(l.root.partition, 1);
	assert_int_equal(l.root.size_bytes, GIB - 2 * MIB);
}

static void a_swap_file_is_in_the_root(void **state)
{
	struct mkd_layout l = made(MKD_LAYOUT_AUTO, MKD_SWAP_FILE, GIB, 100 * MIB + 1);

	(void)state;
	assert_string_equal(l.disks[0].vdev, "xvda1");
	assert_int_equal(l.root.size_bytes, GIB);
	assert_int_equal(l.swap_file_bytes, 100 * MIB);
	assert_int_equal(l.swap_kind, MKD_SWAP_FILE);
	l = made(MKD_LAYOUT_GPT, MKD_SWAP_FILE, GIB, 100 * MIB);
	assert_true(l.disks[0].gpt);
}

static void contradictions_are_refused(void **state)
{
	const struct mkd_layout_req two = { MKD_LAYOUT_GPT, MKD_SWAP_DISK, GIB, GIB };
	const struct mkd_layout_req bare = { MKD_LAYOUT_BARE, MKD_SWAP_PARTITION, GIB, MIB };
	struct mkd_layout l = { .n_disks = 7 };
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_layout_make(&two, &l, &err), &err, EINVAL, MKD_EXIT_USAGE, "second disk");
	assert_fails(mkd_layout_make(&bare, &l, &err), &err, EINVAL, MKD_EXIT_USAGE, "--swap none");
	assert_int_equal(l.n_disks, 7);
}

static void what_does_not_fit_is_refused_with_what_it_needs(void **state)
{
	static const struct {
		struct mkd_layout_req req;
		const char *words;
	} rows[] = {
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_NONE, 64 * MIB - 1, 0 }, "at least 64 MiB" },
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_NONE, 0, 0 }, "0 bytes" },
		{ { MKD_LAYOUT_GPT, MKD_SWAP_NONE, 66 * MIB - 1, 0 }, "at least 66 MiB" },
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, 76 * MIB - 1, 10 * MIB },
		  "at least 76 MiB" },
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, GIB, GIB },
		  "at least 1090 MiB; give less --swap-size" },
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, GIB, UINT64_MAX }, "too small" },
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_FILE, 73 * MIB, 10 * MIB }, "at least 74 MiB" },
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_FILE, GIB, 4096 }, "at least 40 KiB" },
		{ { MKD_LAYOUT_AUTO, MKD_SWAP_DISK, GIB, 40959 }, "at least 40 KiB" },
	};
	struct mkd_layout l;
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_fails(mkd_layout_make(&rows[i].req, &l, &err), &err, ENOSPC,
			     MKD_EXIT_NOSPACE, rows[i].words);
	(void)made(MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, 76 * MIB, 10 * MIB);
	(void)made(MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, 1090 * MIB, GIB);
	(void)made(MKD_LAYOUT_AUTO, MKD_SWAP_NONE, 64 * MIB, 0);
	(void)made(MKD_LAYOUT_AUTO, MKD_SWAP_PARTITION, INT64_MAX, INT64_MAX / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_disk_with_swap_is_a_gpt),
		cmocka_unit_test(odd_sizes_are_aligned_to_a_mebibyte),
		cmocka_unit_test(a_second_disk_for_swap_makes_both_bare),
		cmocka_unit_test(without_swap_the_disk_is_bare_or_a_gpt_of_one),
		cmocka_unit_test(a_swap_file_is_in_the_root),
		cmocka_unit_test(contradictions_are_refused),
		cmocka_unit_test(what_does_not_fit_is_refused_with_what_it_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
