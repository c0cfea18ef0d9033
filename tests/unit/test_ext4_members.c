// SPDX-License-Identifier: GPL-2.0-or-later
/* Names: parents, duplicates, hard links, refusals; each errno of ext4.h. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

static void parents_are_made(void **state)
{
	struct fsimage f;
	const struct mkd_entry dir = {
		.path = "a/b", .type = MKD_FT_DIR, .mode = 0700, .uid = 7, .mtime_sec = FS_MTIME
	};

	fs_new(&f, state, "a", 16 * MIB);
	fs_file(&f, "a/b/c/file", "x");
	assert_ok(fs_try(&f, &dir, NULL, 0), &f.err);
	fs_finish(&f);
	fs_stat_has(&f, "/a", "Mode:  0755");
	fs_stat_has(&f, "/a", "User:     0");
	fs_stat_has(&f, "/a", "mtime: 0x6553f100:00000000");
	/* given after its content: 1600000000 = 0x5f5e1000 */
	fs_stat_has(&f, "/a/b", "Mode:  0700");
	fs_stat_has(&f, "/a/b", "User:     7");
	fs_stat_has(&f, "/a/b", "mtime: 0x5f5e1000:00000000");
	fs_stat_has(&f, "/a/b", "Links: 3");
	fs_content_is(&f, "/a/b/c/file", "x", 1);
}

static void the_root_and_lost_found_may_be_members(void **state)
{
	struct fsimage f;
	const struct mkd_xattr x = { "user.a", "b", 1 };
	const struct mkd_entry root = { .path = "",
					.type = MKD_FT_DIR,
					.mode = 0711,
					.gid = 3,
					.mtime_sec = FS_MTIME,
					.xattrs = &x,
					.n_xattrs = 1 };

	fs_new(&f, state, "a", 16 * MIB);
	assert_ok(fs_try(&f, &root, NULL, 0), &f.err);
	fs_dir(&f, "lost+found");
	fs_file(&f, "lost+found/#12", "found");
	fs_finish(&f);
	fs_stat_has(&f, "/", "Mode:  0711");
	fs_stat_has(&f, "/", "mtime: 0x5f5e1000");
	fs_stat_has(&f, "/", "user.a (1) = \"b\"");
	fs_stat_has(&f, "/lost+found", "Inode: 11 ");
	fs_stat_has(&f, "/lost+found", "Mode:  0755");
	fs_stat_has(&f, "/lost+found", "Size: 16384");
	fs_content_is(&f, "/lost+found/#12", "found", 5);
}

/* More names than four blocks hold: it stays linear, and e2fsck agrees. */
static void lost_found_may_be_large(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 64 * MIB);
	for (unsigned i = 0; i < 1500; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "lost+found/#%u", i);
		fs_file(&f, path, "");
	}
	fs_finish(&f);
	assert_true(fs_exists(&f, "/lost+found/#1499"));
}

static void the_last_duplicate_wins(void **state)
{
	static uint8_t large[5 * MIB];
	struct fsimage f, once;

	memset(large, 1, sizeof(large));
	fs_new(&f, state, "a", 64 * MIB);
	assert_ok(fs_try_file(&f, "file", large, sizeof(large)), &f.err);
	fs_file(&f, "file", "second");
	fs_file(&f, "becomes link", "x");
	fs_type(&f, MKD_FT_LNK, "becomes link", "file");
	fs_type(&f, MKD_FT_LNK, "becomes file", "file");
	fs_file(&f, "becomes file", "not followed");
	fs_dir(&f, "empty");
	fs_file(&f, "empty", "was a folder");
	fs_file(&f, "becomes dir", "x");
	fs_dir(&f, "becomes dir");
	fs_file(&f, "becomes dir/in", "it");
	fs_finish(&f);
	fs_content_is(&f, "/file", "second", 6);
	fs_stat_has(&f, "/becomes link", "Fast link dest: \"file\"");
	fs_content_is(&f, "/becomes file", "not followed", 12);
	fs_content_is(&f, "/empty", "was a folder", 12);
	fs_content_is(&f, "/becomes dir/in", "it", 2);

	fs_new(&once, state, "b", 64 * MIB);
	fs_file(&once, "file", "second");
	fs_type(&once, MKD_FT_LNK, "becomes link", "file");
	fs_file(&once, "becomes file", "not followed");
	fs_file(&once, "empty", "was a folder");
	fs_dir(&once, "becomes dir");
	fs_file(&once, "becomes dir/in", "it");
	fs_finish(&once);
	assert_int_equal(f.stats.inodes_used, once.stats.inodes_used);
	assert_int_equal(f.stats.blocks_used, once.stats.blocks_used);
}

static void a_duplicate_frees_its_tree_and_attributes(void **state)
{
	static uint8_t data[4096 * 4000];
	static char value[2000];
	const struct mkd_xattr x = { "user.large", value, sizeof(value) };
	const struct mkd_entry e = { .path = "f",
				     .type = MKD_FT_REG,
				     .size_bytes = sizeof(data),
				     .xattrs = &x,
				     .n_xattrs = 1 };
	struct fsimage f, empty;

	for (size_t i = 0; i < sizeof(data); i += 8192)
		memset(data + i, 1, 4096);
	fs_new(&empty, state, "b", 64 * MIB);
	fs_file(&empty, "f", "");
	fs_finish(&empty);
	fs_new(&f, state, "a", 64 * MIB);
	assert_ok(fs_try(&f, &e, data, sizeof(data)), &f.err);
	fs_file(&f, "f", "");
	fs_finish(&f);
	assert_int_equal(f.stats.blocks_used, empty.stats.blocks_used);
}

/* An image that holds the file once takes it again and again, as freed blocks are used. */
static void freed_blocks_and_inodes_are_used_again(void **state)
{
	static uint8_t data[6 * MIB];
	struct fsimage f;

	fs_init(&f, state, "a", 32 * MIB);
	f.req.inodes = 16;
	fs_create(&f);
	for (int i = 0; i < 200; i++) {
		memset(data, i + 1, sizeof(data));
		assert_ok(fs_try_file(&f, "again", data, i < 190 ? MIB : sizeof(data)), &f.err);
	}
	fs_finish(&f);
	fs_content_is(&f, "/again", data, sizeof(data));
}

static void hard_links_are_counted(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 16 * MIB);
	fs_file(&f, "d/a", "1");
	fs_type(&f, MKD_FT_HARDLINK, "d/b", "d/a");
	fs_type(&f, MKD_FT_HARDLINK, "c", "d/b");
	fs_type(&f, MKD_FT_HARDLINK, "c", "d/a"); /* the same again */
	fs_type(&f, MKD_FT_HARDLINK, "d/a", "d/a");
	fs_file(&f, "d/a", "2"); /* the others keep the first */
	fs_file(&f, "x", "3");
	fs_type(&f, MKD_FT_HARDLINK, "x", "d/b"); /* replaces a file */
	fs_finish(&f);
	fs_stat_has(&f, "/c", "Links: 3");
	fs_content_is(&f, "/c", "1", 1);
	fs_content_is(&f, "/x", "1", 1);
	fs_content_is(&f, "/d/a", "2", 1);
	assert_int_equal(f.stats.inodes_used, 11 + 3);
}

static void bad_places_are_refused(void **state)
{
	struct fsimage f;
	char name[300];

	memset(name, 'n', sizeof(name));
	name[256] = 0;
	fs_new(&f, state, "a", 16 * MIB);
	fs_file(&f, "file", "");
	fs_dir(&f, "dir/sub");
	fs_type(&f, MKD_FT_LNK, "link", "dir");
	assert_fails(fs_try_file(&f, "file/below", "", 0), &f.err, ENOTDIR, MKD_EXIT_ARCHIVE,
		     "cannot store 'file/below': 'file' above it is a file");
	assert_fails(fs_try_file(&f, "link/below", "", 0), &f.err, ENOTDIR, MKD_EXIT_ARCHIVE,
		     "'link' above it is a symlink");
	assert_fails(fs_try_type(&f, MKD_FT_HARDLINK, "h", "none"), &f.err, ENOENT,
		     MKD_EXIT_ARCHIVE, "'none' is not in the tarball before it");
	assert_fails(fs_try_type(&f, MKD_FT_HARDLINK, "h", "no/ne"), &f.err, ENOENT,
		     MKD_EXIT_ARCHIVE, "'no/ne' is not in the tarball before it");
	assert_fails(fs_try_type(&f, MKD_FT_HARDLINK, "h", "dir"), &f.err, EPERM, MKD_EXIT_ARCHIVE,
		     "'dir' is a folder");
	assert_fails(fs_try_type(&f, MKD_FT_HARDLINK, "h", ""), &f.err, EPERM, MKD_EXIT_ARCHIVE,
		     "is a folder");
	assert_fails(fs_try_file(&f, "dir", "", 0), &f.err, EEXIST, MKD_EXIT_ARCHIVE,
		     "would replace a folder that has content");
	assert_fails(fs_try_file(&f, "lost+found", "", 0), &f.err, EEXIST, MKD_EXIT_ARCHIVE,
		     "would replace a folder that ext4 needs");
	assert_fails(fs_try_type(&f, MKD_FT_HARDLINK, "dir", "file"), &f.err, EEXIST,
		     MKD_EXIT_ARCHIVE, "would replace a folder");
	assert_fails(fs_try_type(&f, MKD_FT_DIR, "link", NULL), &f.err, EEXIST, MKD_EXIT_ARCHIVE,
		     "the tarball has a symlink there");
	assert_fails(fs_try_file(&f, "", "", 0), &f.err, EEXIST, MKD_EXIT_ARCHIVE,
		     "the root is a folder");
	assert_fails(fs_try_type(&f, MKD_FT_HARDLINK, "", "file"), &f.err, EEXIST, MKD_EXIT_ARCHIVE,
		     "the root is a folder");
	assert_fails(fs_try_file(&f, name, "", 0), &f.err, ENAMETOOLONG, MKD_EXIT_ARCHIVE,
		     "over 255 bytes");
	name[100] = '/';
	name[256] = 'n';
	name[299] = 0;
	fs_file(&f, name, "");
	fs_finish(&f);
}

static void bad_members_are_refused(void **state)
{
	static char large[5000];
	const struct mkd_xattr big = { "user.big", large, 4090 };
	const struct mkd_xattr two[] = { { "user.a", large, 3000 }, { "user.b", large, 3000 } };
	const struct mkd_xattr alien = { "com.apple.x", "", 0 };
	const struct mkd_xattr nameless = { "user.", "", 0 };
	const struct mkd_xattr acl = { "system.posix_acl_access", "\1\0\0\0", 4 };
	struct mkd_entry e = { .path = "x", .type = MKD_FT_CHR, .major = 4096 };
	struct fsimage f;

	memset(large, 'x', sizeof(large) - 1);
	fs_new(&f, state, "a", 16 * MIB);
	assert_fails(fs_try(&f, &e, NULL, 0), &f.err, ERANGE, MKD_EXIT_ARCHIVE, "4096:0");
	large[4096] = 0;
	assert_fails(fs_try_type(&f, MKD_FT_LNK, "l", large), &f.err, ENAMETOOLONG,
		     MKD_EXIT_ARCHIVE, "over 4095 bytes");
	assert_fails(fs_try_type(&f, MKD_FT_LNK, "l", ""), &f.err, EINVAL, MKD_EXIT_ARCHIVE,
		     "is empty");
	e = (struct mkd_entry){ .path = "x", .type = MKD_FT_REG, .size_bytes = 16384 * GIB };
	assert_fails(fs_try(&f, &e, NULL, 0), &f.err, EFBIG, MKD_EXIT_ARCHIVE, "16 TiB");
	e = (struct mkd_entry){ .path = "x", .type = MKD_FT_FIFO, .xattrs = &big, .n_xattrs = 1 };
	assert_fails(fs_try(&f, &e, NULL, 0), &f.err, E2BIG, MKD_EXIT_ARCHIVE, "too large");
	e.xattrs = two;
	e.n_xattrs = 2;
	assert_fails(fs_try(&f, &e, NULL, 0), &f.err, E2BIG, MKD_EXIT_ARCHIVE, "too large");
	e.xattrs = &alien;
	e.n_xattrs = 1;
	assert_fails(fs_try(&f, &e, NULL, 0), &f.err, EOPNOTSUPP, MKD_EXIT_ARCHIVE,
		     "'com.apple.x' of 'x'");
	e.xattrs = &nameless;
	assert_fails(fs_try(&f, &e, NULL, 0), &f.err, EINVAL, MKD_EXIT_ARCHIVE, "malformed");
	e.xattrs = &acl;
	assert_fails(fs_try(&f, &e, NULL, 0), &f.err, EINVAL, MKD_EXIT_ARCHIVE, "malformed");
	fs_abort(&f);
}

static void bad_requests_are_refused(void **state)
{
	struct fsimage f;

	fs_init(&f, state, "a", 16 * MIB);
	f.req.size_bytes = 8 * MIB - 1;
	assert_fails(mkd_ext4_create(&f.req, &f.w, &f.err), &f.err, EINVAL, MKD_EXIT_USAGE,
		     "at least 8 MiB");
	f.req.size_bytes = 9 * MIB;
	f.req.offset_bytes = 512;
	assert_fails(mkd_ext4_create(&f.req, &f.w, &f.err), &f.err, EINVAL, MKD_EXIT_USAGE,
		     "not a multiple of 4096");
	f.req.offset_bytes = 8 * MIB;
	assert_fails(mkd_ext4_create(&f.req, &f.w, &f.err), &f.err, EINVAL, MKD_EXIT_USAGE,
		     "it ends before");
	f.req.offset_bytes = 0;
	f.req.reserved_percent = 51;
	assert_fails(mkd_ext4_create(&f.req, &f.w, &f.err), &f.err, EINVAL, MKD_EXIT_USAGE,
		     "at most 50 %");
	f.req.reserved_percent = 5;
	f.req.inodes = 1000000;
	assert_fails(mkd_ext4_create(&f.req, &f.w, &f.err), &f.err, EINVAL, MKD_EXIT_USAGE,
		     "too many");
	f.req.size_bytes = 8 * MIB;
	f.req.inodes = 8 * MIB / 4096 * 8;
	assert_fails(mkd_ext4_create(&f.req, &f.w, &f.err), &f.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "too small for the file system's own tables");
	assert_null(f.w);
	(void)close(f.fd);
}

static void calls_out_of_order_are_refused(void **state)
{
	struct fsimage f;
	const struct mkd_entry e = { .path = "f", .type = MKD_FT_REG, .size_bytes = 10 };

	fs_new(&f, state, "a", 16 * MIB);
	assert_fails(mkd_ext4_data(f.w, "x", 1, 0, &f.err), &f.err, EINVAL, MKD_EXIT_INTERNAL,
		     "out of order");
	assert_fails(mkd_ext4_end(f.w, &f.err), &f.err, EINVAL, MKD_EXIT_INTERNAL, "none is open");
	assert_ok(mkd_ext4_add(f.w, &e, &f.err), &f.err);
	assert_ok(mkd_ext4_data(f.w, "x", 1, 5, &f.err), &f.err);
	assert_fails(mkd_ext4_data(f.w, "x", 1, 5, &f.err), &f.err, EINVAL, MKD_EXIT_INTERNAL,
		     "out of order");
	assert_fails(mkd_ext4_data(f.w, "xx", 2, 9, &f.err), &f.err, EINVAL, MKD_EXIT_INTERNAL,
		     "beyond the file's end");
	assert_fails(mkd_ext4_add(f.w, &e, &f.err), &f.err, EINVAL, MKD_EXIT_INTERNAL,
		     "has not been ended");
	assert_fails(mkd_ext4_finish(f.w, 0, &f.stats, &f.err), &f.err, EINVAL, MKD_EXIT_INTERNAL,
		     "has not been ended");
	(void)close(f.fd);
}

static void a_signal_stops_the_end(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 16 * MIB);
	fs_file(&f, "x", "");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_ext4_finish(f.w, 0, &f.stats, &f.err), &f.err, EINTR,
		     MKD_EXIT_SIGNAL + SIGTERM, "interrupted");
	mkd_signal_set(0);
	(void)close(f.fd);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(parents_are_made),
		T(the_root_and_lost_found_may_be_members),
		T(lost_found_may_be_large),
		T(the_last_duplicate_wins),
		T(a_duplicate_frees_its_tree_and_attributes),
		T(freed_blocks_and_inodes_are_used_again),
		T(hard_links_are_counted),
		T(bad_places_are_refused),
		T(bad_members_are_refused),
		T(bad_requests_are_refused),
		T(calls_out_of_order_are_refused),
		T(a_signal_stops_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
