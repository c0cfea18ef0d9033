/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits: full images, many links, large folders, files in many pieces; the kernel's opinion. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"

static void out_of_blocks_is_told(void **state)
{
	static uint8_t data[MIB];
	struct fsimage f;
	int r = 0;

	memset(data, 7, sizeof(data));
	fs_new(&f, state, "a", 16 * MIB);
	for (int i = 0; !r && i < 20; i++) {
		char path[16];

		(void)snprintf(path, sizeof(path), "%d", i);
		r = fs_try_file(&f, path, data, sizeof(data));
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(f.err.exit, MKD_EXIT_NOSPACE);
	assert_non_null(strstr(f.err.msg, "all 4096 blocks of 4 KiB (16 MiB) are used; give a "
					  "larger --size"));
	fs_abort(&f);
}

/* Every block is used, also by folders at the end: one more file of one block does not fit. */
static void the_last_block_can_be_used(void **state)
{
	struct fsimage f;
	char path[32];
	int fits = 0;

	for (int want = 0; want < 2; want++) {
		int n = want ? fits : 100000;

		fs_init(&f, state, "a", 8 * MIB);
		f.req.inodes = 4000;
		fs_create(&f);
		for (int i = 0; i < n; i++) {
			(void)snprintf(path, sizeof(path), "file%d", i);
			if (fs_try_file(&f, path, "x", 1) < 0)
				break;
			fits = i + 1 - 20; /* blocks for the folder */
		}
		if (want)
			fs_finish(&f);
		else
			fs_abort(&f);
	}
	assert_true(fits > 200);
	assert_true(f.stats.blocks - f.stats.blocks_used < 20);
}

static void no_block_for_folders_is_told(void **state)
{
	struct fsimage f;
	char path[32];
	int r = 0;

	fs_init(&f, state, "a", 8 * MIB);
	f.req.inodes = 4000;
	fs_create(&f);
	for (int i = 0; !r; i++) {
		(void)snprintf(path, sizeof(path), "file%d", i);
		r = fs_try_file(&f, path, "x", 1);
	}
	assert_int_equal(r, -ENOSPC);
	/* the file that failed is still open to the writer: that comes first */
	fs_abort(&f);
	fs_init(&f, state, "a", 8 * MIB);
	f.req.inodes = 4000;
	fs_create(&f);
	for (int i = 0; i < 3500; i++) {
		(void)snprintf(path, sizeof(path), "dir%d", i);
		fs_dir(&f, path);
	}
	assert_fails(mkd_ext4_finish(f.w, 0, &f.stats, &f.err), &f.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "all 2048 blocks");
	(void)close(f.fd);
}

static void out_of_inodes_is_told(void **state)
{
	struct fsimage f;
	char path[16];
	int r = 0;

	fs_init(&f, state, "a", 16 * MIB);
	f.req.inodes = 64;
	fs_create(&f);
	for (int i = 0; !r && i < 100; i++) {
		(void)snprintf(path, sizeof(path), "%d", i);
		r = fs_try_file(&f, path, "", 0);
	}
	assert_int_equal(r, -ENOSPC);
	assert_int_equal(f.err.exit, MKD_EXIT_NOSPACE);
	assert_non_null(strstr(f.err.msg, "no inode left in '"));
	assert_non_null(strstr(f.err.msg, "all 64 are used"));
	assert_non_null(strstr(f.err.msg, "larger --size"));
	fs_finish(&f);
	assert_int_equal(f.stats.inodes_used, 64);
}

static void a_file_has_65000_links(void **state)
{
	struct fsimage f;
	char path[32];

	fs_new(&f, state, "a", 64 * MIB);
	fs_file(&f, "f", "");
	for (int i = 1; i < 65000; i++) {
		(void)snprintf(path, sizeof(path), "d%d/%d", i % 7, i);
		fs_type(&f, MKD_FT_HARDLINK, path, "f");
	}
	/* mkd_ext4_add: -EMLINK; mkd_members_add: -EMLINK */
	assert_fails(fs_try_type(&f, MKD_FT_HARDLINK, "more", "f"), &f.err, EMLINK,
		     MKD_EXIT_ARCHIVE, "has 65000 links already");
	fs_finish(&f);
	fs_stat_has(&f, "/f", "Links: 65000");
}

static void make_subdirs(struct fsimage *f, int n)
{
	char path[32];

	for (int i = 0; i < n; i++) {
		(void)snprintf(path, sizeof(path), "many/%d", i);
		fs_dir(f, path);
	}
}

static void a_folder_has_70000_folders(void **state)
{
	static const struct {
		int n;
		const char *links;
	} c[] = { { 64998, "Links: 65000" }, { 64999, "Links: 1 " }, { 70000, "Links: 1 " } };

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct fsimage f;

		fs_init(&f, state, "a", 700 * MIB);
		f.req.inodes = 80000;
		fs_create(&f);
		make_subdirs(&f, c[i].n);
		fs_finish(&f);
		fs_stat_has(&f, "/many", c[i].links);
		assert_true(fs_exists(&f, "/many/64997"));
	}
}

/* Names of all lengths up to 255, so that leaves end in many ways; two levels of index. */
static void a_folder_has_300000_names(void **state)
{
	char path[300];
	struct fsimage f;

	fs_init(&f, state, "a", 400 * MIB);
	f.req.inodes = 310000;
	fs_create(&f);
	for (int i = 0; i < 300000; i++) {
		int n = snprintf(path, sizeof(path), "many/%d", i);

		if (i % 100 == 0) {
			memset(path + n, 'x', 255);
			path[5 + 20 + i / 100 % 236] = 0;
		}
		fs_file(&f, path, "");
	}
	fs_finish(&f);
	fs_debugfs_has(&f, "htree_dump /many", "Indirect levels: 1");
	assert_true(fs_exists(&f, "/many/299999"));
	assert_false(fs_exists(&f, "/many/300001"));
}

/* The largest folder with one level of index, and the first with two: 507 leaves and 508. */
static void folders_of_one_and_two_levels(void **state)
{
	bool one = false, two = false;

	/* a leaf is full beyond 3265 bytes: 41 names of 70 bytes */
	for (int n = 20705; n < 20910; n += 41) {
		struct fsimage f;
		char path[100];
		const char *dump;

		fs_init(&f, state, "a", 64 * MIB);
		f.req.inodes = 21000;
		fs_create(&f);
		for (int i = 0; i < n; i++) {
			(void)snprintf(path, sizeof(path), "many/%070d", i);
			fs_file(&f, path, "");
		}
		fs_finish(&f);
		dump = fs_debugfs(&f, "htree_dump /many");
		one |= strstr(dump, "Indirect levels: 0") != NULL;
		two |= strstr(dump, "Indirect levels: 1") != NULL;
	}
	assert_true(one && two);
}

static void folders_of_every_size_near_a_block(void **state)
{
	struct fsimage f;
	char path[300];

	fs_new(&f, state, "a", 64 * MIB);
	for (int n = 250; n < 265; n++) {
		for (int i = 0; i < n; i++) {
			(void)snprintf(path, sizeof(path), "d%d/%07d", n, i);
			fs_file(&f, path, "");
		}
	}
	fs_finish(&f);
	/* 4096 - 12 - 24 bytes hold 253 entries of 16 bytes */
	fs_stat_has(&f, "/d253", "Size: 4096");
	fs_stat_has(&f, "/d254", "Size: 12288");
}

static void files_in_many_pieces(void **state)
{
	static const unsigned pieces[] = { 4, 5, 340, 341, 1360, 1361, 3000 };
	static uint8_t data[3000 * 8192];
	struct fsimage f;
	char path[32];

	for (size_t i = 0; i < sizeof(data); i += 8192)
		memset(data + i, (int)(i / 8192 % 255) + 1, 4096);
	fs_new(&f, state, "a", 128 * MIB);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		(void)snprintf(path, sizeof(path), "f%u", pieces[i]);
		assert_ok(fs_try_file(&f, path, data, (size_t)pieces[i] * 8192), &f.err);
	}
	fs_finish(&f);
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		(void)snprintf(path, sizeof(path), "/f%u", pieces[i]);
		fs_content_is(&f, path, data, (size_t)pieces[i] * 8192);
	}
}

/* Over 32768 blocks in a row, and over the tables of a group that lie in the way. */
static void a_file_over_many_groups(void **state)
{
	static uint8_t data[4 * MIB];
	const struct mkd_entry e = { .path = "big", .type = MKD_FT_REG, .size_bytes = 5000 * MIB };
	struct fsimage f;

	memset(data, 1, sizeof(data));
	fs_new(&f, state, "a", 3 * GIB);
	assert_ok(mkd_ext4_add(f.w, &e, &f.err), &f.err);
	for (unsigned i = 0; i < 80; i++) {
		/* two thirds of it holes */
		data[0] = (uint8_t)(i + 1);
		assert_ok(mkd_ext4_data(f.w, data, sizeof(data), i * 3 * sizeof(data), &f.err),
			  &f.err);
	}
	assert_ok(mkd_ext4_end(f.w, &f.err), &f.err);
	fs_finish(&f);
	fs_stat_has(&f, "/big", "Size: 5242880000");
	fs_stat_has(&f, "/big", "Blockcount: 655");
}

/* What the kernel says of names, links and times: mount it. */
static void the_kernel_agrees(void **state)
{
	cleanup_buf struct mkd_buf out = { 0 };
	const char *dir = test_path(state, "mnt");
	struct mkd_err err = { 0 };
	struct fsimage f;
	char script[1200];

	if (geteuid() != 0) {
		print_message("skipped: only root can mount\n");
		skip();
	}
	fs_new(&f, state, "a", 128 * MIB);
	for (int i = 0; i < 3000; i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "many/%d", i);
		fs_file(&f, path, path);
	}
	fs_type(&f, MKD_FT_HARDLINK, "one", "many/1");
	fs_type(&f, MKD_FT_LNK, "two", "many/2");
	fs_finish(&f);
	assert_ok(mkd_mkdirs(dir, 0755, &err), &err);
	if (fs_run(&out, (const char *const[]){ "mount", "-o", "loop", f.path, dir, NULL }) != 0) {
		print_message("skipped: %s\n", mkd_buf_cstr(&out));
		skip();
	}
	(void)snprintf(script, sizeof(script),
		       "cd '%s' && ls many | wc -l && cat one two && stat -c '%%Y %%h %%a' one &&"
		       " for i in $(seq 500); do rm many/$i; echo new > many/new$i; done;"
		       " ls many | wc -l; cd /; umount '%s'",
		       dir, dir);
	assert_int_equal(fs_run(&out, (const char *const[]){ "sh", "-c", script, NULL }), 0);
	assert_string_equal(mkd_buf_cstr(&out), "3000\nmany/1many/21600000000 2 644\n3000\n");
	assert_int_equal(fs_run(&out, (const char *const[]){ "e2fsck", "-fn", f.path, NULL }), 0);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(out_of_blocks_is_told),
		T(the_last_block_can_be_used),
		T(no_block_for_folders_is_told),
		T(out_of_inodes_is_told),
		T(a_file_has_65000_links),
		T(a_folder_has_70000_folders),
		T(a_folder_has_300000_names),
		T(folders_of_one_and_two_levels),
		T(folders_of_every_size_near_a_block),
		T(files_in_many_pieces),
		T(a_file_over_many_groups),
		T(the_kernel_agrees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
