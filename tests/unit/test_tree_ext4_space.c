/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree on ext4: large and scattered files, and file systems that get full. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "ext4_image.h"

/* Bytes that differ from block to block. */
static uint8_t *pattern(size_t len, unsigned seed)
{
	uint8_t *p = malloc(len);
	uint32_t x = seed * 2654435761u + 1;

	assert_non_null(p);
	for (size_t i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (uint8_t)(x >> 24);
	}
	return p;
}

static void expect_bytes(struct mkd_tree *t, const char *path, const uint8_t *want, size_t len)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err;

	assert_ok(mkd_tree_read(t, path, len, &b, &err), &err);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, want, len);
}

static void files_of_all_sizes_and_at_most_64_mib(void **state)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 65536, 1000003, 64 << 20, 12 };
	struct ext4_image im = { .state = state, .name = "disk", .size_bytes = 160 * MIB };
	cleanup_free uint8_t *data = pattern((64 << 20) + 16, 1);
	struct mkd_err err;

	image_make(&im);
	image_open(&im);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		image_put(im.t, "/f", data + i, sizes[i]);
		image_again(&im);
		expect_bytes(im.t, "/f", data + i, sizes[i]);
	}
	assert_fails(mkd_tree_write(im.t, "/f", data, (64 << 20) + 1, 0644, &err), &err, EFBIG,
		     MKD_EXIT_HOOK, "over the limit of 64 MiB");
	image_save(&im);
	image_done(&im);
}

/* Every second block free: one extent a block, so the tree gets a level, then two. */
static void a_scattered_file_has_a_tree_of_extents(void **state)
{
	struct ext4_image im = {
		.state = state, .name = "disk", .size_bytes = 48 * MIB, .inodes = 12000
	};
	cleanup_free uint8_t *data = pattern(16 << 20, 2);
	static const size_t sizes[] = { 20 * 4096, 1400 * 4096 + 5, 3000 * 4096 };
	struct mkd_err err;

	image_make(&im);
	image_open(&im);
	assert_ok(mkd_tree_mkdir(im.t, "/s", 0755, &err), &err);
	image_put_many(im.t, "/s", 0, 9800);
	image_remove_some(im.t, "/s", 9800, 2);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		image_put(im.t, "/f", data + i, sizes[i]);
		image_again(&im);
		expect_bytes(im.t, "/f", data + i, sizes[i]);
	}
	image_save(&im);
	assert_true(image_shows(&im, "dump_extents f", " 2/ 2 "));
	image_open(&im);
	assert_ok(mkd_tree_remove(im.t, "/f", &err), &err);
	image_save(&im);
	image_done(&im);
}

static void a_full_file_system_stays_whole(void **state)
{
	struct ext4_image im = { .state = state, .name = "disk", .size_bytes = 8 * MIB };
	cleanup_free uint8_t *data = pattern(8 << 20, 3);
	size_t len = 4 << 20;
	struct mkd_err err;
	unsigned n = 0;
	char path[80];
	int r;

	image_make(&im);
	image_open(&im);
	image_put(im.t, "/kept", "kept", 4);
	assert_fails(mkd_tree_write(im.t, "/big", data, 8 << 20, 0644, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot write '/big': it needs 8 MiB and the file system");
	assert_false(mkd_tree_exists(im.t, "/big"));
	image_again(&im);
	for (; len; len /= 2) /* fill it to the last block */
		while (mkd_tree_write(im.t, (image_numbered(path, sizeof(path), "", n), path), data,
				      len, 0644, &err) == 0)
			n++;
	assert_fails(mkd_tree_write(im.t, "/kept", data, 5000, 0644, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "give it more room");
	expect_bytes(im.t, "/kept", (const uint8_t *)"kept", 4);
	assert_fails(mkd_tree_mkdir(im.t, "/dir", 0755, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "it needs 4 KiB");
	assert_fails(mkd_tree_symlink(im.t, (data[4000] = 0, memset(data, 'x', 4000), (char *)data),
				      "/long", &err),
		     &err, ENOSPC, MKD_EXIT_NOSPACE, "it needs 4 KiB");
	image_again(&im);
	for (r = 0; r == 0; n++) { /* names without blocks, until the folder would have to grow */
		image_numbered(path, sizeof(path), "", n);
		r = mkd_tree_write(im.t, path, "", 0, 0644, &err);
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(err.exit, MKD_EXIT_NOSPACE);
	assert_false(mkd_tree_exists(im.t, path));
	image_save(&im);
	image_done(&im);
}

static void no_inode_left_is_said(void **state)
{
	struct ext4_image im = {
		.state = state, .name = "disk", .size_bytes = 8 * MIB, .inodes = 32
	};
	struct mkd_err err;
	unsigned n = 0;
	char path[80];

	image_make(&im);
	image_open(&im);
	for (;; n++) {
		image_numbered(path, sizeof(path), "", n);
		if (mkd_tree_write(im.t, path, "x", 1, 0644, &err) < 0)
			break;
	}
	assert_int_equal(err.exit, MKD_EXIT_NOSPACE);
	assert_non_null(strstr(err.msg, "inodes of the file system are in use"));
	assert_fails(mkd_tree_mkdir(im.t, "/d", 0755, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "inodes");
	assert_fails(mkd_tree_symlink(im.t, "x", "/l", &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "inodes");
	image_again(&im);
	assert_ok(mkd_tree_remove(im.t, "/a-rather-long-name-of-a-file-000003", &err), &err);
	image_put(im.t, "/again", "x", 1);
	image_save(&im);
	image_done(&im);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(files_of_all_sizes_and_at_most_64_mib),
		T(a_scattered_file_has_a_tree_of_extents),
		T(a_full_file_system_stays_whole),
		T(no_inode_left_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
