/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an image holds: types, metadata, data, attributes; where it lies; that it is the same. */
#include "fsimage.h"

#include <fcntl.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/file.h"

static void an_empty_one_is_clean(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 64 * MIB);
	fs_finish(&f);
	assert_int_equal(f.stats.blocks, 64 * MIB / 4096);
	assert_int_equal(f.stats.inodes_used, 11);
	fs_stat_has(&f, "/lost+found", "Mode:  0700");
	fs_stat_has(&f, "/lost+found", "Size: 16384");
	fs_stat_has(&f, "/", "Links: 3");
	/* 1700000000 = 0x6553f100 */
	fs_stat_has(&f, "/", "crtime: 0x6553f100:00000000");
	fs_stat_has(&f, "<8>", "mtime: 0x6553f100:00000000");
}

static void the_smallest_one_works(void **state)
{
	struct fsimage f;

	fs_new(&f, state, "a", 8 * MIB);
	fs_file(&f, "x", "y");
	fs_finish(&f);
	fs_content_is(&f, "/x", "y", 1);
}

static void superblock_says_what_was_asked(void **state)
{
	struct fsimage f;
	struct ext2_super_block sb;

	fs_init(&f, state, "a", 300 * MIB);
	f.req.inodes = 5000;
	f.req.reserved_percent = 1;
	fs_create(&f);
	fs_finish(&f);
	f.fd = open(f.path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(mkd_pread_full(f.fd, &sb, sizeof(sb), 1024), 0);
	(void)close(f.fd);
	assert_memory_equal(sb.s_uuid, f.req.uuid, 16);
	assert_memory_equal(sb.s_hash_seed, f.req.hash_seed, 16);
	assert_int_equal(sb.s_checksum_seed, f.req.csum_seed);
	assert_true(sb.s_inodes_count >= 5000 && sb.s_inodes_count < 6000);
	assert_int_equal(sb.s_r_blocks_count, sb.s_blocks_count / 100);
	assert_int_equal(sb.s_wtime, FS_EPOCH);
	assert_int_equal(sb.s_mkfs_time, FS_EPOCH);
	assert_int_equal(sb.s_lastcheck, FS_EPOCH);
	assert_int_equal(sb.s_mtime, 0);
	assert_int_equal(sb.s_mnt_count, 0);
	assert_int_equal(sb.s_max_mnt_count, -1);
	assert_int_equal(sb.s_kbytes_written, 1);
	assert_int_equal(sb.s_flags, EXT2_FLAGS_UNSIGNED_HASH);
	/* mke2fs -t ext4 -O metadata_csum_seed, e2fsprogs 1.47.0 */
	assert_int_equal(sb.s_feature_compat, 0x3c);
	assert_int_equal(sb.s_feature_incompat, 0x22c2);
	assert_int_equal(sb.s_feature_ro_compat, 0x46b);
}

static void all_types_come_through(void **state)
{
	char slow[4096];
	struct fsimage f;
	const struct mkd_entry old_dev = {
		.path = "dev/null", .type = MKD_FT_CHR, .mode = 0666, .major = 1, .minor = 3
	};
	const struct mkd_entry new_dev = {
		.path = "dev/big", .type = MKD_FT_BLK, .mode = 0600, .major = 300, .minor = 70000
	};

	memset(slow, 'x', 4095);
	slow[4095] = 0;
	fs_new(&f, state, "a", 16 * MIB);
	fs_dir(&f, "dev");
	assert_ok(fs_try(&f, &old_dev, NULL, 0), &f.err);
	assert_ok(fs_try(&f, &new_dev, NULL, 0), &f.err);
	fs_type(&f, MKD_FT_FIFO, "fifo", NULL);
	fs_type(&f, MKD_FT_SOCK, "sock", NULL);
	fs_type(&f, MKD_FT_LNK, "fast", "slow/../fast");
	slow[59] = 0;
	fs_type(&f, MKD_FT_LNK, "fast59", slow);
	slow[59] = 'x';
	slow[60] = 0;
	fs_type(&f, MKD_FT_LNK, "slow60", slow);
	slow[60] = 'x';
	fs_type(&f, MKD_FT_LNK, "slow", slow);
	fs_type(&f, MKD_FT_HARDLINK, "null2", "dev/null");
	fs_type(&f, MKD_FT_HARDLINK, "slow2", "slow");
	fs_finish(&f);
	fs_stat_has(&f, "/dev/null", "Device major/minor number: 01:03 (hex 01:03)");
	fs_stat_has(&f, "/dev/null", "Links: 2");
	fs_stat_has(&f, "/dev/big", "Device major/minor number: 300:70000");
	fs_stat_has(&f, "/fifo", "Type: FIFO");
	fs_stat_has(&f, "/sock", "Type: socket");
	fs_stat_has(&f, "/fast", "Fast link dest: \"slow/../fast\"");
	fs_stat_has(&f, "/fast59", "Fast link dest");
	fs_stat_has(&f, "/slow60", "EXTENTS");
	fs_stat_has(&f, "/slow2", "Links: 2");
	fs_content_is(&f, "/slow2", slow, 4095);
}

static void metadata_come_through(void **state)
{
	struct fsimage f;
	const struct mkd_entry e = { .path = "a",
				     .type = MKD_FT_REG,
				     .mode = 06751,
				     .uid = 70000,
				     .gid = 0xfffffffe,
				     .mtime_sec = -1000000000,
				     .mtime_nsec = 123456789 };
	const struct mkd_entry late = {
		.path = "b", .type = MKD_FT_REG, .mtime_sec = 15032385535, .mtime_nsec = 999999999
	};
	const struct mkd_entry later = {
		.path = "c", .type = MKD_FT_REG, .mtime_sec = 15032385536, .mtime_nsec = 7
	};

	fs_new(&f, state, "a", 16 * MIB);
	assert_ok(fs_try(&f, &e, NULL, 0), &f.err);
	assert_ok(fs_try(&f, &late, NULL, 0), &f.err);
	assert_ok(fs_try(&f, &later, NULL, 0), &f.err);
	fs_finish(&f);
	fs_stat_has(&f, "/a", "Mode:  06751");
	fs_stat_has(&f, "/a", "User: 70000");
	fs_stat_has(&f, "/a", "Group:    -2");
	/* extra = nanoseconds << 2 | epoch; 2^32 - 10^9 = 0xc4653600 */
	fs_stat_has(&f, "/a", "mtime: 0xc4653600:1d6f3454");
	fs_stat_has(&f, "/a", "crtime: 0xc4653600:1d6f3454");
	fs_stat_has(&f, "/b", "mtime: 0x7fffffff:ee6b27ff");
	fs_stat_has(&f, "/c", "mtime: 0x7fffffff:00000003");
}

/* Data in odd pieces, with gaps inside and between blocks, and blocks of zeros. */
static void sparse_data_come_through(void **state)
{
	static uint8_t want[64 * 4096];
	struct fsimage f;
	const struct mkd_entry e = { .path = "s", .type = MKD_FT_REG, .size_bytes = sizeof(want) };
	static const struct {
		size_t at, len;
	} piece[] = { { 5, 10 },          { 15, 1 },        { 4000, 200 },    { 5000, 3192 },
		      { 8192, 3 * 4096 }, { 100000, 1 },    { 102399, 5000 }, { 200000, 4096 },
		      { 204096, 0 },      { 220000, 20000 } };

	for (size_t i = 0; i < ARRAY_LEN(piece); i++)
		memset(want + piece[i].at, (int)i + 1, piece[i].len);
	memset(want + 8192 + 4096, 0, 4096);
	fs_new(&f, state, "a", 16 * MIB);
	assert_ok(mkd_ext4_add(f.w, &e, &f.err), &f.err);
	for (size_t i = 0; i < ARRAY_LEN(piece); i++)
		assert_ok(mkd_ext4_data(f.w, want + piece[i].at, piece[i].len, piece[i].at, &f.err),
			  &f.err);
	assert_ok(mkd_ext4_end(f.w, &f.err), &f.err);
	fs_finish(&f);
	fs_content_is(&f, "/s", want, sizeof(want));
	/* 15 blocks in 5 extents, and the one of the extent tree */
	fs_stat_has(&f, "/s", "Blockcount: 128");
	fs_stat_has(&f, "/s", "(0-2):");
}

static void attributes_come_through(void **state)
{
	static char large[3001];
	const uint8_t acl[] = { 2, 0,   0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 2,   0,  4,
				0, 232, 3,   0,   0,   4,   0,  5, 0,   255, 255, 255, 255, 16, 0,
				5, 0,   255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255 };
	const uint8_t plain_acl[] = {
		2, 0, 0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 4,   0,
		5, 0, 255, 255, 255, 255, 32, 0, 0,   0,   255, 255, 255, 255
	};
	const struct mkd_xattr small[] = { { "user.one", "1", 1 },
					   { "security.capability",
					     "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0"
					     "\0\0\0\0",
					     20 } };
	const struct mkd_xattr big[] = { { "user.large", large, sizeof(large) - 1 },
					 { "trusted.b", "bb", 2 },
					 { "user.none", "", 0 },
					 { "user.large2", large, 900 },
					 { "system.posix_acl_access", acl, sizeof(acl) } };
	const struct mkd_xattr acls[] = {
		{ "system.posix_acl_access", plain_acl, sizeof(plain_acl) },
		{ "system.posix_acl_default", plain_acl, sizeof(plain_acl) }
	};
	const struct mkd_entry e1 = { .path = "a",
				      .type = MKD_FT_REG,
				      .mode = 0755,
				      .xattrs = small,
				      .n_xattrs = ARRAY_LEN(small) };
	const struct mkd_entry e2 = { .path = "b",
				      .type = MKD_FT_REG,
				      .mode = 0750,
				      .xattrs = big,
				      .n_xattrs = ARRAY_LEN(big),
				      .size_bytes = 3 };
	const struct mkd_entry e3 = { .path = "d",
				      .type = MKD_FT_DIR,
				      .mode = 0750,
				      .xattrs = acls,
				      .n_xattrs = ARRAY_LEN(acls) };
	struct fsimage f;

	memset(large, 'L', sizeof(large) - 1);
	fs_new(&f, state, "a", 16 * MIB);
	assert_ok(fs_try(&f, &e1, NULL, 0), &f.err);
	assert_ok(fs_try(&f, &e2, "abc", 3), &f.err);
	assert_ok(fs_try(&f, &e3, NULL, 0), &f.err);
	fs_finish(&f);
	fs_debugfs_has(&f, "ea_list /a", "user.one (1) = \"1\"");
	fs_debugfs_has(&f, "ea_list /a", "security.capability (20) = ");
	fs_stat_has(&f, "/a", "File ACL: 0");
	fs_debugfs_has(&f, "ea_list /b", "user.large (3000)");
	fs_debugfs_has(&f, "ea_list /b", "user.large2 (900)");
	fs_debugfs_has(&f, "ea_get /b user.large", large);
	fs_debugfs_has(&f, "ea_list /b", "user.none (0)");
	fs_debugfs_has(&f, "ea_list /b", "trusted.b (2) = \"bb\"");
	/* libext2fs gives ACLs back in the kernel's form, unused ids as 0 */
	fs_debugfs_has(&f, "ea_get -x /b system.posix_acl_access",
		       "02 00 00 00 01 00 07 00 00 00 00 00 02 00 04 00 e8 03 00 00 04 00 05 00");
	fs_stat_has(&f, "/b", "Blockcount: 16");
	assert_null(strstr(fs_debugfs(&f, "ea_list /d"), "posix_acl_access"));
	fs_debugfs_has(&f, "ea_list /d",
		       "system.posix_acl_default (16) = 01 00 00 00 01 00 07 00 04 00 05 00 20 00");
}

/* A tree with something of everything, for the tests that compare images. */
static void fill(struct fsimage *f)
{
	static uint8_t data[3 * MIB + 17];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 4096);
	fs_dir(f, "etc");
	fs_file(f, "etc/one", "one");
	assert_ok(fs_try_file(f, "usr/lib/big", data, sizeof(data)), &f->err);
	for (unsigned i = 0; i < 400; i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "many/a name of some length %u", i);
		fs_file(f, path, path);
	}
	fs_file(f, "etc/one", "two");
}

static void owned_blocks_same(const struct fsimage *a, const struct fsimage *b)
{
	uint8_t x[4096], y[4096];
	ext2_filsys fs;
	int fda = open(a->path, O_RDONLY | O_CLOEXEC), fdb = open(b->path, O_RDONLY | O_CLOEXEC);
	size_t owned = 0;

	assert_true(fda >= 0 && fdb >= 0);
	assert_int_equal(ext2fs_open(a->path, 0, 0, 0, unix_io_manager, &fs), 0);
	assert_int_equal(ext2fs_read_bitmaps(fs), 0);
	for (uint64_t i = 0; i < ext2fs_blocks_count(fs->super); i++) {
		if (!ext2fs_test_block_bitmap2(fs->block_map, i))
			continue;
		owned++;
		assert_int_equal(mkd_pread_full(fda, x, 4096, a->req.offset_bytes + i * 4096), 0);
		assert_int_equal(mkd_pread_full(fdb, y, 4096, b->req.offset_bytes + i * 4096), 0);
		if (memcmp(x, y, sizeof(x)) != 0)
			fail_msg("block %llu differs", (unsigned long long)i);
	}
	assert_true(owned > 1000);
	ext2fs_free(fs);
	(void)close(fda);
	(void)close(fdb);
}

static void the_same_in_gives_the_same_out(void **state)
{
	struct fsimage a, b, c;

	fs_new(&a, state, "a", 160 * MIB);
	fill(&a);
	fs_finish(&a);
	fs_new(&b, state, "b", 160 * MIB);
	fill(&b);
	fs_finish(&b);
	fs_init(&c, state, "c", 160 * MIB);
	c.req.direct = true;
	fs_create(&c);
	fill(&c);
	fs_finish(&c);
	fs_same(&a, &b);
	fs_same(&a, &c);
	fs_content_is(&a, "/etc/one", "two", 3);
}

static void old_content_is_gone(void **state)
{
	struct fsimage a, b;
	uint8_t edge[4096], want[4096];

	fs_new(&a, state, "a", 160 * MIB);
	fill(&a);
	fs_finish(&a);
	for (int direct = 0; direct < 2; direct++) {
		fs_init(&b, state, "b", 162 * MIB);
		fs_fill(&b, 0xa5);
		b.req.offset_bytes = MIB;
		b.req.size_bytes = 160 * MIB;
		b.req.zeroed = false;
		b.req.direct = direct;
		fs_create(&b);
		fill(&b);
		fs_finish(&b);
		owned_blocks_same(&a, &b);
		/* not a byte before or behind */
		memset(want, 0xa5, sizeof(want));
		b.fd = open(b.path, O_RDONLY | O_CLOEXEC);
		assert_int_equal(mkd_pread_full(b.fd, edge, sizeof(edge), MIB - 4096), 0);
		assert_memory_equal(edge, want, sizeof(edge));
		assert_int_equal(mkd_pread_full(b.fd, edge, sizeof(edge), 161 * MIB), 0);
		assert_memory_equal(edge, want, sizeof(edge));
		(void)close(b.fd);
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(an_empty_one_is_clean),
		T(the_smallest_one_works),
		T(superblock_says_what_was_asked),
		T(all_types_come_through),
		T(metadata_come_through),
		T(sparse_data_come_through),
		T(attributes_come_through),
		T(the_same_in_gives_the_same_out),
		T(old_content_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
