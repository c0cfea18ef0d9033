/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The swap file that the ext4 writer makes; e2fsck, debugfs and mkswap judge it. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/file.h"
#include "mkdomu/swap.h"

#define UUID_TEXT "01234567-89ab-cdef-0123-456789abcdef"

static uint8_t page[MKD_SWAP_PAGE_BYTES];

static struct mkd_ext4_swap swap_of(uint64_t size_bytes)
{
	const struct mkd_swap_req req = { .name = "/swapfile",
					  .size_bytes = size_bytes,
					  .uuid = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
						    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
						    0xef },
					  .label = "swap" };
	struct mkd_err err = { 0 };

	assert_ok(mkd_swap_header(&req, page, &err), &err);
	return (struct mkd_ext4_swap){ .path = "swapfile", .page = page, .size_bytes = size_bytes };
}

static int try_swap(struct fsimage *f, uint64_t size_bytes)
{
	const struct mkd_ext4_swap swap = swap_of(size_bytes);

	return mkd_ext4_add_swap(f->w, &swap, FS_EPOCH, &f->err);
}

static void add_swap(struct fsimage *f, uint64_t size_bytes)
{
	assert_ok(try_swap(f, size_bytes), &f->err);
}

/* What a block of a file is marked as: its flags and physical number. */
static void look_at(const struct fsimage *f, uint64_t size_bytes)
{
	ext2_filsys fs;
	ext2_ino_t ino;
	cleanup_close int fd = open(f->path, O_RDONLY | O_CLOEXEC);
	uint8_t got[4096], zeros[4096] = { 0 };

	assert_true(fd >= 0);
	assert_int_equal(ext2fs_open(f->path, 0, 0, 0, unix_io_manager, &fs), 0);
	assert_int_equal(ext2fs_namei(fs, EXT2_ROOT_INO, EXT2_ROOT_INO, "/swapfile", &ino), 0);
	for (uint64_t i = 0; i < size_bytes / 4096; i++) {
		blk64_t at = 0;
		int flags = 0;

		assert_int_equal(ext2fs_bmap2(fs, ino, NULL, NULL, 0, i, &flags, &at), 0);
		assert_true(at != 0);
		assert_int_equal(flags & BMAP_RET_UNINIT, 0);
		assert_int_equal(mkd_pread_full(fd, got, 4096, at * 4096), 0);
		if (memcmp(got, i ? zeros : page, 4096) != 0)
			fail_msg("block %llu of the swap file is wrong", (unsigned long long)i);
	}
	ext2fs_free(fs);
}

static void every_block_is_there_and_the_rest_is_zeros(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 64 * MIB);
	fs_file(&f, "etc/x", "x");
	add_swap(&f, 20 * MIB);
	fs_finish(&f);
	look_at(&f, 20 * MIB);
	fs_stat_has(&f, "/swapfile", "Type: regular");
	fs_stat_has(&f, "/swapfile", "Mode:  0600");
	fs_stat_has(&f, "/swapfile", "User:     0   Group:     0");
	fs_stat_has(&f, "/swapfile", "Size: 20971520");
	fs_stat_has(&f, "/swapfile", "Links: 1   Blockcount: 40960");
	/* 1700000000 = 0x6553f100 */
	fs_stat_has(&f, "/swapfile", " mtime: 0x6553f100:00000000");
	fs_stat_has(&f, "/swapfile", "crtime: 0x6553f100:00000000");
	fs_content_is(&f, "/etc/x", "x", 1);
}

static void its_header_is_that_of_mkswap(void **state)
{
	const char *theirs = test_path(state, "theirs");
	cleanup_buf struct mkd_buf out = { 0 }, want = { 0 };
	struct mkd_err err = { 0 };
	struct fsimage f;

	test_write(theirs, "", 0);
	assert_int_equal(truncate(theirs, 2 * MIB), 0);
	assert_int_equal(
		fs_run(&out, (const char *const[]){ "mkswap", "-p", "4096", "-U", UUID_TEXT, "-L",
						    "swap", theirs, NULL }),
		0);
	assert_ok(mkd_file_read(AT_FDCWD, theirs, 4 * MIB, MKD_EXIT_IO, &want, &err), &err);
	fs_new(&f, state, "a", 64 * MIB);
	add_swap(&f, 2 * MIB);
	fs_finish(&f);
	fs_content_is(&f, "/swapfile", want.data, want.len);
}

static uint64_t host_bytes(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (uint64_t)st.st_blocks * 512;
}

/* 1 GiB has more extents than the inode holds, and lies around the tables of several groups. */
static void a_large_one_needs_a_tree_and_no_room_on_the_host(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 3 * GIB);
	add_swap(&f, 1 * GIB);
	fs_finish(&f);
	look_at(&f, 1 * GIB);
	fs_debugfs_has(&f, "ex /swapfile", " 1/ 1");
	assert_true(host_bytes(f.path) < 4 * MIB);
}

static void old_content_of_the_target_is_gone(void **state)
{
	struct fsimage a, b;

	fs_new(&a, state, "a", 64 * MIB);
	add_swap(&a, 20 * MIB);
	fs_finish(&a);
	for (int direct = 0; direct < 2; direct++) {
		fs_init(&b, state, "b", 64 * MIB);
		fs_fill(&b, 0xa5);
		b.req.zeroed = false;
		b.req.direct = direct;
		fs_create(&b);
		add_swap(&b, 20 * MIB);
		fs_finish(&b);
		look_at(&b, 20 * MIB);
		assert_string_equal(fs_debugfs(&a, "ex /swapfile"), fs_debugfs(&b, "ex /swapfile"));
	}
}

/* The blocks that the replaced file leaves are not zeros, also on a zeroed target. */
static void it_replaces_a_member_and_its_old_blocks_are_zeroed(void **state)
{
	static uint8_t data[24 * MIB];
	struct fsimage f;

	memset(data, 0x5a, sizeof(data));
	fs_new(&f, state, "a", 40 * MIB);
	assert_ok(fs_try_file(&f, "swapfile", data, sizeof(data)), &f.err);
	add_swap(&f, 26 * MIB);
	fs_finish(&f);
	look_at(&f, 26 * MIB);
	fs_stat_has(&f, "/swapfile", "Links: 1   Blockcount: 53248");
	assert_int_equal(f.stats.inodes_used, 12);
}

static void it_replaces_links_but_not_what_they_name(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 16 * MIB);
	fs_file(&f, "x", "still here");
	fs_type(&f, MKD_FT_HARDLINK, "swapfile", "x");
	add_swap(&f, MIB);
	fs_finish(&f);
	look_at(&f, MIB);
	fs_content_is(&f, "/x", "still here", 10);
	fs_stat_has(&f, "/x", "Links: 1");

	fs_new(&f, state, "a", 16 * MIB);
	fs_type(&f, MKD_FT_LNK, "swapfile", "x");
	fs_file(&f, "x", "still here");
	add_swap(&f, MIB);
	fs_finish(&f);
	look_at(&f, MIB);
	fs_content_is(&f, "/x", "still here", 10);
}

static void the_same_in_gives_the_same_out(void **state)
{
	struct fsimage f[2];

	for (int i = 0; i < 2; i++) {
		fs_init(&f[i], state, i ? "b" : "a", 64 * MIB);
		f[i].req.direct = i;
		fs_create(&f[i]);
		fs_file(&f[i], "x", "y");
		add_swap(&f[i], 10 * MIB);
		fs_finish(&f[i]);
	}
	fs_same(&f[0], &f[1]);
}

/* Every size from too large down to the first that fits; that one is whole and clean. */
static void one_that_does_not_fit_is_told(void **state)
{
	uint64_t size = 16 * MIB;
	struct fsimage f;
	int r;

	fs_new(&f, state, "a", 16 * MIB);
	assert_fails(try_swap(&f, size), &f.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "for the swap file '/swapfile' of 16 MiB: ");
	assert_non_null(strstr(f.err.msg, "are free; give a smaller --swap-size or a larger "
					  "--size"));
	fs_abort(&f);
	do {
		size -= 4096;
		fs_new(&f, state, "a", 16 * MIB);
		r = try_swap(&f, size);
		if (r < 0)
			fs_abort(&f);
	} while (r == -ENOSPC);
	assert_int_equal(r, 0);
	assert_true(size > 10 * MIB);
	/* nothing is left for the folders */
	assert_fails(mkd_ext4_finish(f.w, FS_EPOCH, &f.stats, &f.err), &f.err, ENOSPC,
		     MKD_EXIT_NOSPACE, "larger --size");
	(void)close(f.fd);
	fs_new(&f, state, "a", 16 * MIB);
	add_swap(&f, size - 5 * UINT64_C(4096)); /* the root folder, and four of lost+found */
	fs_finish(&f);
	assert_int_equal(f.stats.blocks, f.stats.blocks_used);
}

static void bad_requests_are_refused(void **state)
{
	const uint64_t sizes[] = { 0, 4095, 40 * KIB + 1 };
	struct mkd_ext4_swap swap = swap_of(MIB);
	struct fsimage f;

	fs_new(&f, state, "a", 16 * MIB);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		swap.size_bytes = sizes[i];
		assert_fails(mkd_ext4_add_swap(f.w, &swap, 0, &f.err), &f.err, EINVAL,
			     MKD_EXIT_INTERNAL, "not whole blocks");
	}
	swap.size_bytes = 16384 * GIB;
	assert_fails(mkd_ext4_add_swap(f.w, &swap, 0, &f.err), &f.err, EFBIG, MKD_EXIT_USAGE,
		     "give a smaller --swap-size");
	swap.size_bytes -= 4096;
	assert_fails(mkd_ext4_add_swap(f.w, &swap, 0, &f.err), &f.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "are free");
	fs_abort(&f);

	fs_new(&f, state, "a", 16 * MIB);
	fs_file(&f, "swapfile/full", "x");
	assert_fails(try_swap(&f, MIB), &f.err, EEXIST, MKD_EXIT_ARCHIVE,
		     "'swapfile': it would replace a folder that has content");
	fs_abort(&f);
}

/* Asked before anything is written: the same answers, and the target stays as it was. */
static void asking_first_refuses_the_same(void **state)
{
	struct mkd_ext4_swap swap = swap_of(MIB);
	static uint8_t got[16 * MIB];
	struct fsimage f;

	fs_init(&f, state, "a", sizeof(got));
	fs_fill(&f, 0xa5);
	f.req.zeroed = false;
	fs_create(&f);
	assert_ok(mkd_ext4_check_swap(f.w, &swap, &f.err), &f.err);
	swap.size_bytes = 4095;
	assert_fails(mkd_ext4_check_swap(f.w, &swap, &f.err), &f.err, EINVAL, MKD_EXIT_INTERNAL,
		     "not whole blocks");
	swap.size_bytes = 16384 * GIB;
	assert_fails(mkd_ext4_check_swap(f.w, &swap, &f.err), &f.err, EFBIG, MKD_EXIT_USAGE,
		     "give a smaller --swap-size");
	/* mkd_swapfile_check_room: -ENOSPC */
	swap.size_bytes = 16 * MIB;
	assert_fails(mkd_ext4_check_swap(f.w, &swap, &f.err), &f.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "are free; give a smaller --swap-size or a larger --size");
	assert_int_equal(mkd_pread_full(f.fd, got, sizeof(got), 0), 0);
	for (size_t i = 0; i < sizeof(got); i++)
		if (got[i] != 0xa5)
			fail_msg("byte %zu is written", i);
	fs_abort(&f);
}

static void an_open_file_and_a_signal_are_told(void **state)
{
	const struct mkd_entry e = { .path = "x", .type = MKD_FT_REG, .size_bytes = 1 };
	struct fsimage f;

	fs_new(&f, state, "a", 16 * MIB);
	mkd_signal_set(SIGTERM);
	assert_fails(try_swap(&f, MIB), &f.err, EINTR, MKD_EXIT_SIGNAL + SIGTERM, "interrupted");
	mkd_signal_set(0);
	fs_abort(&f);
	fs_new(&f, state, "a", 16 * MIB);
	assert_ok(mkd_ext4_add(f.w, &e, &f.err), &f.err);
	assert_fails(try_swap(&f, MIB), &f.err, EINVAL, MKD_EXIT_INTERNAL, "has not been ended");
	fs_abort(&f);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(every_block_is_there_and_the_rest_is_zeros),
		T(its_header_is_that_of_mkswap),
		T(a_large_one_needs_a_tree_and_no_room_on_the_host),
		T(old_content_of_the_target_is_gone),
		T(it_replaces_a_member_and_its_old_blocks_are_zeroed),
		T(it_replaces_links_but_not_what_they_name),
		T(the_same_in_gives_the_same_out),
		T(one_that_does_not_fit_is_told),
		T(bad_requests_are_refused),
		T(asking_first_refuses_the_same),
		T(an_open_file_and_a_signal_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
