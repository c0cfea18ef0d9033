/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk/label.c; sfdisk and blkid are the oracles. */
#include "disktest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/label.h"

#define SIZE_BYTES (64 * MIB)

static const struct mkd_label_part two[] = {
	{ .type = MKD_PART_LINUX_ROOT,
	  .offset_bytes = MIB,
	  .size_bytes = 52 * MIB,
	  .guid = { 0xaa, 1, 2, 3, 4, 5, 0x56, 7, 0x88, 9, 10, 11, 12, 13, 14, 15 },
	  .name = "root" },
	{ .type = MKD_PART_LINUX_SWAP,
	  .offset_bytes = 53 * MIB,
	  .size_bytes = 10 * MIB,
	  .guid = { 0xbb, 1, 2, 3, 4, 5, 0x56, 7, 0x88, 9, 10, 11, 12, 13, 14, 15 },
	  .name = "swap" },
};

static struct mkd_label_req request(int fd, unsigned sector_bytes)
{
	return (struct mkd_label_req){ .fd = fd,
				       .name = "disk",
				       .size_bytes = SIZE_BYTES,
				       .sector_bytes = sector_bytes,
				       .disk_guid = { 0xde, 0xad, 0xbe, 0xef, 0, 1, 0x52, 3, 0x84,
						      5, 6, 7, 8, 9, 10, 11 },
				       .parts = two,
				       .n_parts = 2 };
}

static bool has(const struct mkd_buf *b, const char *text)
{
	return strstr(mkd_buf_cstr(b), text) != NULL;
}

static void sfdisk_reads_what_was_asked_for(void **state)
{
	const char *path = test_path(state, "disk");
	cleanup_close int fd = make_file(path, SIZE_BYTES);
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_label_req req = request(fd, 512);
	struct mkd_err err = { 0 };

	assert_ok(mkd_label_write_gpt(&req, &err), &err);
	assert_int_equal(run(&out, "sfdisk", "--dump", path), 0);
	assert_true(has(&out, "label: gpt"));
	assert_true(has(&out, "label-id: DEADBEEF-0001-5203-8405-060708090A0B"));
	assert_true(has(&out, "disk1 : start=        2048, size=      106496, "
			      "type=0FC63DAF-8483-4772-8E79-3D69D8477DE4, "
			      "uuid=AA010203-0405-5607-8809-0A0B0C0D0E0F, name=\"root\""));
	assert_true(has(&out, "disk2 : start=      108544, size=       20480, "
			      "type=0657FD6D-A4AB-43C4-84E5-0933C84B4F4F, "
			      "uuid=BB010203-0405-5607-8809-0A0B0C0D0E0F, name=\"swap\""));
	mkd_buf_reset(&out);
	assert_int_equal(run(&out, "sfdisk", "--verify", path), 0);
	assert_true(has(&out, "No errors detected"));
	mkd_buf_reset(&out);
	assert_int_equal(run(&out, "blkid", "-p", path), 0);
	assert_true(has(&out, "PTTYPE=\"gpt\""));
	assert_true(has(&out, "PTUUID=\"deadbeef-0001-5203-8405-060708090a0b\""));
}

static void slurp(int fd, uint8_t **ret)
{
	*ret = malloc(SIZE_BYTES);
	assert_non_null(*ret);
	assert_int_equal(mkd_pread_full(fd, *ret, SIZE_BYTES, 0), 0);
}

static void two_runs_give_the_same_bytes_and_only_in_the_outer_mib(void **state)
{
	static const unsigned sectors[] = { 512, 4096 };
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(sectors); i++) {
		cleanup_close int a = make_file(test_path(state, "a"), SIZE_BYTES);
		cleanup_close int b = make_file(test_path(state, "b"), SIZE_BYTES);
		struct mkd_label_req ra = request(a, sectors[i]), rb = request(b, sectors[i]);
		cleanup_free uint8_t *da = NULL, *db = NULL;

		assert_ok(mkd_label_write_gpt(&ra, &err), &err);
		(void)usleep(1100000); /* a clock in it would show */
		assert_ok(mkd_label_write_gpt(&rb, &err), &err);
		slurp(a, &da);
		slurp(b, &db);
		assert_int_equal(memcmp(da, db, SIZE_BYTES), 0);
		for (size_t at = MIB; at < SIZE_BYTES - MIB; at++)
			if (da[at])
				fail_msg("byte %zu was written", at);
		/* the protective MBR: one partition of type EE, no boot code */
		assert_int_equal(da[450], 0xee);
		assert_int_equal(da[510], 0x55);
		assert_int_equal(da[511], 0xaa);
		assert_int_equal(da[0], 0);
		assert_memory_equal(da + sectors[i], "EFI PART", 8);
		assert_memory_equal(da + SIZE_BYTES - sectors[i], "EFI PART", 8);
	}
}

static void a_second_run_over_an_old_label_gives_the_same_bytes(void **state)
{
	cleanup_close int a = make_file(test_path(state, "a"), SIZE_BYTES);
	struct mkd_label_req req = request(a, 512);
	cleanup_free uint8_t *first = NULL, *second = NULL;
	struct mkd_err err = { 0 };

	assert_ok(mkd_label_write_gpt(&req, &err), &err);
	slurp(a, &first);
	assert_ok(mkd_label_write_gpt(&req, &err), &err);
	slurp(a, &second);
	assert_int_equal(memcmp(first, second, SIZE_BYTES), 0);
}

static void a_loop_device_gets_the_bytes_of_a_file(void **state)
{
	static const unsigned sectors[] = { 512, 4096 };
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	for (size_t i = 0; i < ARRAY_LEN(sectors); i++) {
		cleanup_close int file = make_file(test_path(state, "file"), SIZE_BYTES);
		cleanup_close int back = make_file(test_path(state, "back"), SIZE_BYTES);
		cleanup_close int loop = -1;
		cleanup_free uint8_t *da = NULL, *db = NULL;
		struct mkd_label_req req = request(file, sectors[i]);
		char path[64];

		assert_ok(mkd_label_write_gpt(&req, &err), &err);
		loop_attach(test_path(state, "back"),
			    (struct loop_opts){ .sector_bytes = sectors[i] }, path, &loop);
		req = request(loop, sectors[i]);
		assert_ok(mkd_label_write_gpt(&req, &err), &err);
		slurp(file, &da);
		slurp(loop, &db);
		assert_int_equal(memcmp(da, db, SIZE_BYTES), 0);
		assert_int_equal(run(NULL, "sfdisk", "--verify", path), 0);
		/* a device's sectors are what they are */
		req = request(loop, sectors[i] == 512 ? 4096 : 512);
		assert_fails(mkd_label_write_gpt(&req, &err), &err, EINVAL, MKD_EXIT_INTERNAL,
			     "sector size");
	}
}

static void a_layout_that_cannot_be_is_refused(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "disk"), SIZE_BYTES);
	struct mkd_label_part p[2];
	struct mkd_label_req req;
	struct mkd_err err = { 0 };
	uint8_t head[4096];

#define REFUSED(change, words)                                                                 \
	do {                                                                                   \
		req = request(fd, 512);                                                        \
		memcpy(p, two, sizeof(p));                                                     \
		req.parts = p;                                                                 \
		change;                                                                        \
		assert_fails(mkd_label_write_gpt(&req, &err), &err, EINVAL, MKD_EXIT_INTERNAL, \
			     words);                                                           \
	} while (0)
	REFUSED(p[1].offset_bytes = 52 * MIB, "overlap");
	REFUSED(p[0].offset_bytes = 0, "outside");
	REFUSED(p[1].size_bytes = 11 * MIB, "outside");
	REFUSED(p[1].size_bytes = UINT64_MAX - MIB + 1, "outside");
	REFUSED(p[1].offset_bytes = 100 * MIB, "outside");
	REFUSED(p[0].offset_bytes = MIB + 4096, "aligned");
	REFUSED(p[0].size_bytes = 0, "aligned");
	REFUSED(p[0].name = "a name of more than thirty-six letters", "name");
	REFUSED(p[0].name = "na\xc3\xafve", "name");
	REFUSED(p[0].type = (enum mkd_part_type)9, "type");
	REFUSED(req.sector_bytes = 520, "sector size");
	REFUSED(req.n_parts = 0, "partitions");
	REFUSED(req.n_parts = 129, "partitions");
	REFUSED(req.size_bytes = 2 * MIB, "smaller");
#undef REFUSED
	assert_int_equal(mkd_pread_full(fd, head, sizeof(head), 0), 0);
	for (size_t i = 0; i < sizeof(head); i++)
		assert_int_equal(head[i], 0);
}

static void a_write_that_fails_is_told(void **state)
{
	cleanup_close int made = make_file(test_path(state, "disk"), SIZE_BYTES);
	cleanup_close int ro = open(test_path(state, "disk"), O_RDONLY | O_CLOEXEC);
	struct mkd_label_req req = request(ro, 512);
	struct mkd_err err = { 0 };

	assert_true(made >= 0);
	assert_fails(mkd_label_write_gpt(&req, &err), &err, EBADF, MKD_EXIT_IO, "'disk'");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(sfdisk_reads_what_was_asked_for),
		T(two_runs_give_the_same_bytes_and_only_in_the_outer_mib),
		T(a_second_run_over_an_old_label_gives_the_same_bytes),
		T(a_loop_device_gets_the_bytes_of_a_file),
		T(a_layout_that_cannot_be_is_refused),
		T(a_write_that_fails_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
