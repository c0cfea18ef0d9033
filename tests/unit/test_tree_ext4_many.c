/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree on ext4: large folders, with and without an index. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "ext4_image.h"
#include "mkdomu/file.h"

/* What debugfs finds by its own lookup, through our index. */
static void expect_text(struct ext4_image *im, const char *dir, unsigned i)
{
	char request[100] = "cat ", text[16];

	image_numbered(request + 4, sizeof(request) - 4, dir, i);
	(void)snprintf(text, sizeof(text), "\n%u\n", i);
	assert_true(image_shows(im, request, text));
}

static void five_thousand_files_then_half_of_them(void **state)
{
	uint64_t hash[2] = { 0 };

	for (int k = 0; k < 2; k++) {
		struct ext4_image im = { .state = state,
					 .name = k ? "b" : "a",
					 .size_bytes = 64 * MIB,
					 .inodes = 12000 };
		struct mkd_err err;

		image_make(&im);
		image_open(&im);
		assert_ok(mkd_tree_mkdir(im.t, "/many", 0755, &err), &err);
		image_put_many(im.t, "/many", 0, 5000);
		image_save(&im);
		assert_true(image_shows(&im, "stat many", "Flags: 0x81000")); /* extents, index */
		expect_text(&im, "/many", 4321);
		image_open(&im);
		image_remove_some(im.t, "/many", 5000, 2);
		image_again(&im);
		image_expect_names(im.t, "/many", 2500);
		image_put_many(im.t, "/many", 5000, 6000);
		image_put_many(im.t, "/many", 0, 5000);
		image_again(&im);
		image_expect_names(im.t, "/many", 6000);
		image_remove_some(im.t, "/many", 6000, 1);
		assert_ok(mkd_tree_remove(im.t, "/many", &err), &err);
		image_save(&im);
		hash[k] = image_hash(&im);
		image_done(&im);
	}
	assert_true(hash[0] == hash[1]);
}

/* A folder on the host with n files, for mke2fs -d. */
static const char *host_folder(void **state, unsigned n)
{
	static char dir[512];
	struct mkd_err err;

	(void)snprintf(dir, sizeof(dir), "%s", test_path(state, "from"));
	assert_ok(mkd_mkdirs(test_path(state, "from/many"), 0755, &err), &err);
	for (unsigned i = 0; i < n; i++) {
		char path[600];

		image_numbered(path, sizeof(path), test_path(state, "from/many"), i);
		test_write(path, "", 0);
	}
	return dir;
}

/*
 * mke2fs makes linear folders (in quadratic time, hence not more files); e2fsck -D gives them an
 * index of its own making.
 */
static void a_foreign_index_is_read_and_grown(void **state)
{
	struct ext4_image im = { .state = state,
				 .name = "disk",
				 .from = host_folder(state, 4000),
				 .size_bytes = 96 * MIB,
				 .inodes = 24000 };

	image_make(&im);
	assert_int_equal(IMAGE_RUN(state, "e2fsck", "-fyD", im.arg) & ~1, 0);
	assert_true(image_shows(&im, "stat many", "Flags: 0x81000"));
	image_open(&im);
	image_expect_names(im.t, "/many", 4000);
	image_put_many(im.t, "/many", 3990, 4000);
	image_put_many(im.t, "/many", 4000, 4010); /* into gaps, or with leaves anew */
	image_again(&im);
	image_remove_some(im.t, "/many", 4010, 3);
	image_put_many(im.t, "/many", 4010, 7000);
	image_save(&im);
	expect_text(&im, "/many", 6543);
	image_open(&im);
	image_expect_names(im.t, "/many", 7000 - 1337);
	image_save(&im);
	image_done(&im);
}

static void a_linear_folder_gets_an_index(void **state)
{
	struct ext4_image im = { .state = state,
				 .name = "disk",
				 .from = host_folder(state, 1000),
				 .size_bytes = 32 * MIB };

	image_make(&im);
	assert_true(image_shows(&im, "stat many", "Flags: 0x80000"));
	image_open(&im);
	image_put_many(im.t, "/many", 1000, 1100);
	image_save(&im);
	assert_true(image_shows(&im, "stat many", "Flags: 0x81000"));
	image_done(&im);
}

static void without_dir_index_folders_stay_linear(void **state)
{
	struct ext4_image im = { .state = state,
				 .name = "disk",
				 .features = "^dir_index,^metadata_csum,^orphan_file",
				 .size_bytes = 32 * MIB };
	struct mkd_err err;

	image_make(&im);
	image_open(&im);
	assert_ok(mkd_tree_mkdir(im.t, "/many", 0755, &err), &err);
	image_put_many(im.t, "/many", 0, 800);
	image_remove_some(im.t, "/many", 800, 2);
	image_put_many(im.t, "/many", 800, 1000);
	image_save(&im);
	assert_true(image_shows(&im, "stat many", "Flags: 0x80000"));
	expect_text(&im, "/many", 999);
	image_done(&im);
}

/* Names of 250 bytes: 15 in a leaf of 4096, so 507 leaves are full at some 5,500 names. */
static void an_index_of_two_levels_is_made_and_grown(void **state)
{
	struct ext4_image im = {
		.state = state, .name = "disk", .size_bytes = 96 * MIB, .inodes = 12000
	};
	static const unsigned n = 8000;
	struct mkd_err err;
	char path[270];

	image_make(&im);
	image_open(&im);
	assert_ok(mkd_tree_mkdir(im.t, "/deep", 0755, &err), &err);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "/deep/%0250u", i);
		image_put(im.t, path, "", 0);
	}
	image_save(&im);
	(void)image_debugfs(&im, "htree_dump deep", false);
	assert_non_null(strstr(image_said(state), "Indirect levels: 1"));
	image_open(&im);
	image_expect_names(im.t, "/deep", n);
	for (unsigned i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "/deep/%0250u", i);
		assert_ok(mkd_tree_remove(im.t, path, &err), &err);
	}
	image_again(&im);
	image_expect_names(im.t, "/deep", 0);
	image_done(&im);
}

/* Over 64,998 folders the link count stops (dir_nlink). */
static void folders_beyond_the_link_count(void **state)
{
	struct ext4_image im = {
		.state = state, .name = "disk", .size_bytes = 600 * MIB, .inodes = 70000
	};
	struct mkd_err err;
	char path[32];

	image_make(&im);
	image_open(&im);
	for (unsigned i = 0; i < 65010; i++) {
		(void)snprintf(path, sizeof(path), "/d%u", i);
		assert_ok(mkd_tree_mkdir(im.t, path, 0755, &err), &err);
	}
	image_again(&im);
	assert_ok(mkd_tree_remove(im.t, "/d7", &err), &err);
	assert_ok(mkd_tree_mkdir(im.t, "/e", 0755, &err), &err);
	image_save(&im);
	image_done(&im);
}

/* The kernel reads and changes what we made. */
static void the_kernel_mounts_it(void **state)
{
	struct ext4_image im = {
		.state = state, .name = "disk", .size_bytes = 64 * MIB, .inodes = 12000
	};
	char mnt[512], path[600];
	struct mkd_err err;
	int rc;

	image_make(&im);
	image_open(&im);
	assert_ok(mkd_tree_mkdir(im.t, "/many", 0755, &err), &err);
	image_put_many(im.t, "/many", 0, 3000);
	image_remove_some(im.t, "/many", 3000, 5);
	image_save(&im);
	(void)snprintf(mnt, sizeof(mnt), "%s", test_path(state, "mnt"));
	assert_int_equal(mkdir(mnt, 0700), 0);
	rc = geteuid() ? 32 : IMAGE_RUN(state, "mount", "-o", "loop", im.path, mnt);
	if (rc) {
		print_message("# cannot mount here: %s\n", geteuid() ? "not root" : "no loop");
		image_done(&im);
		skip();
	}
	image_numbered(path, sizeof(path), test_path(state, "mnt/many"), 2999);
	rc = access(path, F_OK);
	for (unsigned i = 3000; rc == 0 && i < 4000; i++) {
		cleanup_close int fd = -1;

		image_numbered(path, sizeof(path), test_path(state, "mnt/many"), i);
		fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
		rc = fd < 0;
	}
	for (unsigned i = 1; rc == 0 && i < 3000; i += 5) {
		image_numbered(path, sizeof(path), test_path(state, "mnt/many"), i);
		rc = unlink(path);
	}
	assert_int_equal(IMAGE_RUN(state, "umount", mnt), 0);
	assert_int_equal(rc, 0);
	image_check(&im);
	image_open(&im); /* and we go on where the kernel left */
	image_expect_names(im.t, "/many", 3000 - 600 + 1000 - 600);
	image_put_many(im.t, "/many", 4000, 4500);
	image_save(&im);
	image_done(&im);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(five_thousand_files_then_half_of_them),
		T(a_foreign_index_is_read_and_grown),
		T(a_linear_folder_gets_an_index),
		T(without_dir_index_folders_stay_linear),
		T(an_index_of_two_levels_is_made_and_grown),
		T(folders_beyond_the_link_count),
		T(the_kernel_mounts_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
