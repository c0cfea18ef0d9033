/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree on ext4: the suite of tree_cases.c, then files, attributes, identity, refusals. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "ext4_image.h"
#include "tree_cases.h"

/* An image with the tree of the suite in it, open. */
static struct ext4_image seeded(void **state, const char *name, uint64_t offset_bytes)
{
	struct ext4_image im = {
		.state = state, .name = name, .offset_bytes = offset_bytes, .size_bytes = 32 * MIB
	};

	image_make(&im);
	image_open(&im);
	tree_cases_seed(im.t);
	image_save(&im);
	(void)image_debugfs(&im, "mknod fifo p\ncd dev\nmknod sda b 8 0", true);
	image_open(&im);
	return im;
}

static void suite(void **state, uint64_t offset_bytes)
{
	struct ext4_image im = seeded(state, "disk", offset_bytes);
	uint64_t before = image_hash(&im);

	tree_cases_refusals(im.t);
	image_save(&im);
	assert_true(image_hash(&im) == before); /* what is refused writes nothing */
	image_open(&im);
	tree_cases_edits(im.t);
	image_save(&im);
	image_done(&im);
	im = seeded(state, "other", offset_bytes);
	tree_cases_symlinks(im.t);
	image_save(&im);
	image_done(&im);
}

static void it_passes_the_common_suite(void **state)
{
	suite(state, 0);
}

static void it_passes_the_common_suite_at_an_offset(void **state)
{
	suite(state, MIB);
}

static void put(struct mkd_tree *t, const char *path, const char *text)
{
	struct mkd_err err;

	assert_ok(mkd_tree_write(t, path, text, strlen(text), 0644, &err), &err);
}

static void two_runs_give_the_same_bytes(void **state)
{
	uint64_t hash[2] = { 0 };

	for (int i = 0; i < 2; i++) {
		struct ext4_image im = seeded(state, i ? "b" : "a", 0);

		tree_cases_edits(im.t);
		image_again(&im);
		tree_cases_seed(im.t);
		tree_cases_symlinks(im.t);
		image_save(&im);
		hash[i] = image_hash(&im);
		image_done(&im);
	}
	assert_true(hash[0] == hash[1]);
}

static void asking_again_writes_nothing(void **state)
{
	struct ext4_image im = seeded(state, "disk", 0);
	uint64_t before = image_hash(&im);
	struct mkd_err err;

	tree_cases_seed(im.t);
	assert_ok(mkd_tree_chmod(im.t, "/etc/fstab", 0644, &err), &err);
	assert_ok(mkd_tree_chown(im.t, "/etc/fstab", 0, 0, &err), &err);
	image_save(&im);
	assert_true(image_hash(&im) == before);
	image_done(&im);
}

static void abort_leaves_the_image_as_it_was(void **state)
{
	struct ext4_image im = seeded(state, "disk", 0);
	uint64_t before = image_hash(&im);

	tree_cases_edits(im.t);
	mkd_tree_ext4_abort(im.t);
	mkd_tree_ext4_abort(NULL);
	im.t = NULL;
	assert_true(image_hash(&im) == before);
	image_done(&im);
}

static bool says(struct ext4_image *im, const char *request, const char *words)
{
	const char *text = image_debugfs(im, request, false);

	if (!strstr(text, words))
		print_message("# %s: no '%s' in: %s\n", request, words, text);
	return strstr(text, words) != NULL;
}

static void debugfs_reads_what_was_written(void **state)
{
	struct ext4_image im = seeded(state, "disk", MIB);
	struct mkd_err err;

	assert_ok(mkd_tree_write(im.t, "/etc/hostname", "web1\n", 5, 0640, &err), &err);
	assert_ok(mkd_tree_chown(im.t, "/etc/hostname", 70000, 100000, &err), &err);
	image_save(&im);
	assert_true(says(&im, "cat etc/hostname", "web1"));
	assert_true(says(&im, "stat etc/hostname", "User: 70000   Group: 100000"));
	assert_true(says(&im, "stat etc/hostname", "Mode:  0640"));
	assert_true(says(&im, "stat etc/hostname", "Generation: 0 "));
	assert_true(says(&im, "stat etc/hostname", "crtime: 0x6553f100:00000000"));
	assert_true(says(&im, "stat etc/hostname", "mtime: 0x6553f100:00000000"));
	assert_true(says(&im, "stat etc", "mtime: 0x6553f100:00000000"));
	assert_true(says(&im, "stat etc/abs", "Fast link dest: \"/etc/fstab\""));
	assert_true(says(&im, "show_super_stats -h", "Last write time:          Tue Nov 14"));
	image_done(&im);
}

static void times_beyond_2038_and_before_1970_are_kept(void **state)
{
	static const struct {
		int64_t epoch_sec;
		const char *want;
	} times[] = {
		{ INT64_C(4294967296), "mtime: 0x00000000:00000001" },
		{ INT64_C(2147483648), "mtime: 0x80000000:00000001" },
		{ -1, "mtime: 0xffffffff:00000000" },
		{ 0, "mtime: 0x00000000:00000000" },
	};

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct ext4_image im = { .state = state, .size_bytes = 8 * MIB };
		char name[8];

		(void)snprintf(name, sizeof(name), "t%zu", i);
		im.name = name;
		im.epoch_sec = times[i].epoch_sec ? times[i].epoch_sec : 5;
		image_make(&im);
		image_open(&im);
		if (!times[i].epoch_sec) { /* image_open takes 0 for its own */
			struct mkd_tree_ext4_req req = { .fd = im.fd, .name = "disk" };
			struct mkd_err err;

			mkd_tree_ext4_abort(im.t);
			assert_ok(mkd_tree_ext4_open(&req, &im.t, &err), &err);
		}
		put(im.t, "/f", "x");
		image_save(&im);
		assert_true(says(&im, "stat f", times[i].want));
		image_done(&im);
	}
}

static void replacing_keeps_mode_owner_and_attributes(void **state)
{
	struct ext4_image im = seeded(state, "disk", 0);
	char request[700];
	struct mkd_err err;

	assert_ok(mkd_tree_chmod(im.t, "/etc/fstab", 0600, &err), &err);
	assert_ok(mkd_tree_chown(im.t, "/etc/fstab", 5, 6, &err), &err);
	image_save(&im);
	(void)image_debugfs(&im, "ea_set etc/fstab user.small inside", true);
	test_write(test_path(state, "big"), (char[2000]){ "big" }, 2000);
	(void)snprintf(request, sizeof(request), "ea_set -f %s etc/fstab user.big",
		       test_path(state, "big"));
	(void)image_debugfs(&im, request, true);
	image_open(&im);
	put(im.t, "/etc/fstab", "another content\n");
	image_save(&im);
	assert_true(says(&im, "ea_get etc/fstab user.small", "inside"));
	assert_true(says(&im, "stat etc/fstab", "Mode:  0600"));
	assert_true(says(&im, "stat etc/fstab", "User:     5   Group:     6"));
	image_done(&im);
}

static void an_attribute_block_is_freed_with_its_last_file(void **state)
{
	struct ext4_image im = seeded(state, "disk", 0);
	char big[3000], request[700];
	struct mkd_err err;

	memset(big, 'x', sizeof(big));
	test_write(test_path(state, "big"), big, sizeof(big));
	image_save(&im);
	(void)snprintf(request, sizeof(request), "ea_set -f %s etc/fstab user.big",
		       test_path(state, "big"));
	(void)image_debugfs(&im, request, true);
	image_check(&im);
	assert_false(says(&im, "stat etc/fstab", "File ACL: 0\n"));
	image_open(&im);
	put(im.t, "/etc/fstab", "counted with its attribute block");
	image_again(&im);
	assert_ok(mkd_tree_remove(im.t, "/etc/fstab", &err), &err);
	image_save(&im);
	image_done(&im);
}

static void hard_links_share_what_is_written(void **state)
{
	struct ext4_image im = seeded(state, "disk", 0);
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err;

	image_save(&im);
	(void)image_debugfs(&im, "ln etc/fstab etc/twin", true);
	(void)image_debugfs(&im, "set_inode_field etc/fstab links_count 2", true);
	image_check(&im);
	image_open(&im);
	put(im.t, "/etc/twin", "both");
	assert_ok(mkd_tree_read(im.t, "/etc/fstab", 99, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "both");
	image_again(&im);
	assert_ok(mkd_tree_remove(im.t, "/etc/fstab", &err), &err);
	image_again(&im);
	assert_ok(mkd_tree_read(im.t, "/etc/twin", 99, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "both");
	assert_ok(mkd_tree_remove(im.t, "/etc/twin", &err), &err);
	image_save(&im);
	image_done(&im);
}

static void identity_is_the_superblock_alone(void **state)
{
	static const uint8_t uuid[16] = { 0xaa, 1, 2, 3, 4, 5, 0x46, 7, 0x88, 9, 10, 11, 12, 13 };
	struct ext4_image im = { .state = state, .name = "disk", .size_bytes = 200 * MIB };
	struct mkd_err err;

	image_make(&im);
	image_open(&im);
	assert_fails(mkd_tree_ext4_set_identity(im.t, uuid, "seventeen letters", &err), &err,
		     EINVAL, MKD_EXIT_USAGE, "17 bytes");
	assert_ok(mkd_tree_ext4_set_identity(im.t, uuid, "sixteen-letters!", &err), &err);
	image_again(&im);
	put(im.t, "/after", "checksums still fit");
	image_save(&im);
	assert_true(says(&im, "show_super_stats -h", "aa010203-0405-4607-8809-0a0b0c0d0000"));
	assert_true(says(&im, "show_super_stats -h", "sixteen-letters!"));
	assert_int_equal(IMAGE_RUN(state, "dumpe2fs", "-h", "-o", "superblock=32768", "-o",
				   "blocksize=4096", im.arg),
			 0);
	assert_non_null(strstr(image_said(state), "aa010203-0405-4607-8809-0a0b0c0d0000"));
	image_done(&im);
}

static void identity_is_refused_where_checksums_start_from_it(void **state)
{
	static const uint8_t uuid[16] = { 1 };
	struct ext4_image im = { .state = state,
				 .name = "disk",
				 .size_bytes = 8 * MIB,
				 .features = "metadata_csum,^metadata_csum_seed,^orphan_file" };
	struct mkd_err err;

	image_make(&im);
	image_open(&im);
	assert_fails(mkd_tree_ext4_set_identity(im.t, uuid, "x", &err), &err, EOPNOTSUPP,
		     MKD_EXIT_TARGET, "metadata_csum_seed");
	put(im.t, "/f", "x");
	image_save(&im);
	image_done(&im);
}

static void features_that_are_not_written_are_refused(void **state)
{
	static const struct {
		const char *features, *words;
	} cases[] = {
		{ "inline_data", "feature 'inline_data'" }, { "bigalloc", "feature 'bigalloc'" },
		{ "encrypt", "feature 'encrypt'" },         { "quota", "feature 'quota'" },
		{ "ea_inode", "feature 'ea_inode'" },       { "^extents,^64bit", "no extents" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct ext4_image im = { .state = state,
					 .features = cases[i].features,
					 .size_bytes = 16 * MIB };
		struct mkd_tree_ext4_req req = { .name = "disk.img" };
		char name[8];
		struct mkd_err err;

		(void)snprintf(name, sizeof(name), "f%zu", i);
		im.name = name;
		image_make(&im);
		req.fd = im.fd;
		assert_fails(mkd_tree_ext4_open(&req, &im.t, &err), &err, EOPNOTSUPP,
			     MKD_EXIT_TARGET, cases[i].words);
		req.read_only = true;
		assert_ok(mkd_tree_ext4_open(&req, &im.t, &err), &err);
		assert_true(mkd_tree_exists(im.t, "/lost+found"));
		assert_fails(mkd_tree_write(im.t, "/f", "x", 1, 0644, &err), &err, EROFS,
			     MKD_EXIT_INTERNAL, "read only");
		image_done(&im);
	}
}

static void what_is_no_clean_file_system_is_refused(void **state)
{
	struct ext4_image im = { .state = state, .name = "disk", .size_bytes = 8 * MIB };
	struct mkd_tree_ext4_req req = { .name = "disk.img", .offset_bytes = 4096 };
	struct mkd_err err;

	image_make(&im);
	req.fd = im.fd;
	assert_fails(mkd_tree_ext4_open(&req, &im.t, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "no ext4 file system in 'disk.img' at byte 4096");
	req.offset_bytes = 1 << 30;
	assert_true(mkd_tree_ext4_open(&req, &im.t, &err) < 0);
	assert_int_equal(err.exit, MKD_EXIT_IO);
	req.offset_bytes = 0;
	req.fd = 12345;
	assert_fails(mkd_tree_ext4_open(&req, &im.t, &err), &err, ENOENT, MKD_EXIT_IO, "opening");
	req.fd = im.fd;
	(void)image_debugfs(&im, "feature needs_recovery", true);
	assert_fails(mkd_tree_ext4_open(&req, &im.t, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "run e2fsck");
	(void)image_debugfs(&im, "feature -needs_recovery", true);
	(void)image_debugfs(&im, "set_super_value state 2", true);
	assert_fails(mkd_tree_ext4_open(&req, &im.t, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "run e2fsck");
	image_done(&im);
}

static void damage_is_found_not_followed(void **state)
{
	struct ext4_image im = seeded(state, "disk", 0);
	struct mkd_tree_ext4_req req = { .name = "disk.img" };
	uint8_t junk[4096];
	unsigned long long block = 0;
	struct mkd_err err;

	image_save(&im);
	block = strtoull(image_debugfs(&im, "bmap etc 0", false) + strlen("debugfs"), NULL, 10);
	for (const char *s = image_said(state); *s; s++) /* the number is the last line */
		if (*s == '\n' && s[1] >= '0' && s[1] <= '9')
			block = strtoull(s + 1, NULL, 10);
	assert_true(block > 0);
	memset(junk, 0x5a, sizeof(junk));
	assert_int_equal(mkd_pwrite_full(im.fd, junk, sizeof(junk), block * 4096), 0);
	req.fd = im.fd;
	assert_ok(mkd_tree_ext4_open(&req, &im.t, &err), &err);
	assert_fails(mkd_tree_write(im.t, "/etc/new", "x", 1, 0644, &err), &err, EUCLEAN,
		     MKD_EXIT_IO, "cannot write '/etc/new': reading a folder failed");
	assert_fails(mkd_tree_ext4_close(im.t, &err), &err, EIO, MKD_EXIT_IO, "half way");
	im.t = NULL;
	image_done(&im);
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_passes_the_common_suite),
		T(it_passes_the_common_suite_at_an_offset),
		T(two_runs_give_the_same_bytes),
		T(asking_again_writes_nothing),
		T(abort_leaves_the_image_as_it_was),
		T(debugfs_reads_what_was_written),
		T(times_beyond_2038_and_before_1970_are_kept),
		T(replacing_keeps_mode_owner_and_attributes),
		T(an_attribute_block_is_freed_with_its_last_file),
		T(hard_links_share_what_is_written),
		T(identity_is_the_superblock_alone),
		T(identity_is_refused_where_checksums_start_from_it),
		T(features_that_are_not_written_are_refused),
		T(what_is_no_clean_file_system_is_refused),
		T(damage_is_found_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
