/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/ext4_geom.h"

#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/ext4_ctx.h"
#include "mkdomu/memio.h"
#include "mkdomu/seal.h"

#define CSUM_CRC32C  1u
#define FLEX_LOG     4u /* 16 groups share their tables' place */
#define SUPER_OFFSET 1024u
#define MAX_RESERVED 50u
#define SUPER_TIME   ((INT64_C(1) << 40) - 1)

DEFINE_CLEANUP(freefsp, ext2_filsys, ext2fs_free)

/* mke2fs.conf: one for 16 KiB, from 4 TiB on 32 KiB, from 16 TiB on 64 KiB. */
static uint64_t inodes_for(const struct mkd_ext4_req *req, uint64_t blocks)
{
	uint64_t bytes = blocks * MKD_BLOCK_BYTES;
	uint64_t ratio = bytes < 4096 * GIB ? 16 * KIB : bytes < 16384 * GIB ? 32 * KIB : 64 * KIB;

	return req->inodes ? req->inodes : bytes / ratio;
}

static void set_features(struct ext2_super_block *sb)
{
	sb->s_feature_compat = EXT3_FEATURE_COMPAT_HAS_JOURNAL | EXT2_FEATURE_COMPAT_EXT_ATTR |
			       EXT2_FEATURE_COMPAT_RESIZE_INODE | EXT2_FEATURE_COMPAT_DIR_INDEX;
	sb->s_feature_incompat = EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS |
				 EXT4_FEATURE_INCOMPAT_64BIT | EXT4_FEATURE_INCOMPAT_FLEX_BG |
				 EXT4_FEATURE_INCOMPAT_CSUM_SEED;
	sb->s_feature_ro_compat =
		EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE |
		EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_DIR_NLINK |
		EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE | EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
}

static int set_params(const struct mkd_ext4_req *req, struct ext2_super_block *sb,
		      struct mkd_err *err)
{
	uint64_t blocks = req->size_bytes / MKD_BLOCK_BYTES, inodes = inodes_for(req, blocks);

	if (req->reserved_percent > MAX_RESERVED)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot reserve %u %% of '%s' for root: at most %u %%",
				req->reserved_percent, req->name, MAX_RESERVED);
	if (inodes > UINT32_MAX - 65536 || inodes > blocks * 8)
		return mkd_fail(
			err, MKD_EXIT_USAGE, EINVAL,
			"cannot make %llu inodes in '%s': too many for %llu blocks of 4 KiB",
			(unsigned long long)inodes, req->name, (unsigned long long)blocks);
	memset(sb, 0, sizeof(*sb));
	set_features(sb);
	sb->s_rev_level = EXT2_DYNAMIC_REV;
	sb->s_log_block_size = sb->s_log_cluster_size = 2;
	sb->s_inode_size = MKD_INODE_BYTES;
	sb->s_log_groups_per_flex = FLEX_LOG;
	sb->s_inodes_count = (uint32_t)inodes;
	/* The resize inode has block numbers of 32 bits; beyond 16 TiB mke2fs leaves it out too. */
	if (blocks > UINT32_MAX)
		sb->s_feature_compat &= ~(uint32_t)EXT2_FEATURE_COMPAT_RESIZE_INODE;
	ext2fs_blocks_count_set(sb, blocks);
	ext2fs_r_blocks_count_set(sb, blocks * req->reserved_percent / 100);
	return 0;
}

/* What mke2fs sets after ext2fs_initialize. */
static void set_super(const struct mkd_ext4_req *req, ext2_filsys fs)
{
	struct ext2_super_block *sb = fs->super;

	memcpy(sb->s_uuid, req->uuid, sizeof(sb->s_uuid));
	memcpy(sb->s_hash_seed, req->hash_seed, sizeof(sb->s_hash_seed));
	sb->s_checksum_seed = req->csum_seed;
	sb->s_checksum_type = CSUM_CRC32C;
	sb->s_def_hash_version = EXT2_HASH_HALF_MD4;
	/* Said, not left to the signedness of the build machine's char. */
	sb->s_flags &= ~(uint32_t)EXT2_FLAGS_SIGNED_HASH;
	sb->s_flags |= EXT2_FLAGS_UNSIGNED_HASH;
	sb->s_default_mount_opts = EXT2_DEFM_XATTR_USER | EXT2_DEFM_ACL;
	sb->s_creator_os = EXT2_OS_LINUX;
	sb->s_max_mnt_count = -1;
	sb->s_checkinterval = 0;
	sb->s_kbytes_written = 1;
	ext2fs_init_csum_seed(fs);
	fs->now = 1; /* any fixed time but 0, which means "ask the clock"; all are set at the end */
}

/* All tables are zeros: of a sparse file, or as mkd_ext4_geom_wipe makes them. */
static void reserve_inodes(ext2_filsys fs)
{
	for (dgrp_t g = 0; g < fs->group_desc_count; g++) {
		ext2fs_bg_flags_set(fs, g, EXT2_BG_INODE_ZEROED);
		ext2fs_group_desc_csum_set(fs, g);
	}
	for (ext2_ino_t i = 1; i < MKD_INO_FIRST; i++)
		ext2fs_inode_alloc_stats2(fs, i, +1, i == MKD_INO_ROOT);
}

/* The journal lies mid-disk; not libext2fs but mkd_ext4_geom_wipe zeroes it, when needed. */
static errcode_t add_special(ext2_filsys fs)
{
	uint64_t blocks = ext2fs_blocks_count(fs->super), overhead;
	blk_t journal = (blk_t)ext2fs_default_journal_size(blocks);
	errcode_t e = ext2fs_allocate_tables(fs);

	if (e)
		return e;
	overhead = blocks - ext2fs_free_blocks_count(fs->super) + journal;
	reserve_inodes(fs);
	if (ext2fs_has_feature_resize_inode(fs->super))
		e = ext2fs_create_resize_inode(fs);
	if (e)
		return e;
	e = ext2fs_add_journal_inode2(fs, journal, ~0ULL,
				      EXT2_MKJOURNAL_NO_MNT_CHECK | EXT2_MKJOURNAL_LAZYINIT);
	if (overhead <= UINT32_MAX)
		fs->super->s_overhead_clusters = (uint32_t)overhead;
	return e;
}

int mkd_ext4_geom_make(const struct mkd_ext4_req *req, struct struct_ext2_filsys **ret,
		       struct mkd_err *err)
{
	cleanup(freefsp) ext2_filsys fs = NULL;
	struct ext2_super_block param;
	errcode_t e;
	int r = set_params(req, &param, err);

	if (r < 0)
		return r;
	initialize_ext2_error_table(); /* for the library's words in messages */
	e = ext2fs_initialize(req->name, EXT2_FLAG_64BITS, &param, mkd_memio_manager(), &fs);
	if (e)
		return mkd_ext4_fail(e, "lay out", req->name, err);
	set_super(req, fs);
	e = add_special(fs);
	if (e)
		return mkd_ext4_fail(e, "lay out", req->name, err);
	*ret = steal(&fs);
	return 0;
}

int mkd_ext4_geom_inodes(struct mkd_ext4_ctx *c, struct mkd_err *err)
{
	static const ext2_ino_t special[] = { MKD_INO_RESIZE, MKD_INO_JOURNAL };

	for (size_t i = 0; i < ARRAY_LEN(special); i++) {
		struct ext2_inode *in = (struct ext2_inode *)mkd_inodes_get(&c->inodes, special[i]);
		errcode_t e = ext2fs_read_inode_full(c->fs, special[i], in, MKD_INODE_BYTES);

		if (e)
			return mkd_ext4_fail(e, "lay out", c->name, err);
	}
	mkd_memio_forget(c->fs->io, ext2fs_inode_table_loc(c->fs, 0),
			 c->fs->inode_blocks_per_group);
	return 0;
}

int mkd_ext4_geom_wipe(struct mkd_ext4_ctx *c, bool zeroed, struct mkd_err *err)
{
	static const uint8_t zeros[MKD_BLOCK_BYTES];
	blk64_t last = ext2fs_blocks_count(c->fs->super) - 1, start = 0, end = 0;
	int r;

	if (zeroed)
		return 0;
	r = mkd_blockout_put(c->out, 0, zeros, 1, err);
	if (!r)
		r = mkd_blockout_sync(c->out, err);
	while (!r && end <= last &&
	       !ext2fs_find_first_set_block_bitmap2(c->fs->block_map, end, last, &start)) {
		if (ext2fs_find_first_zero_block_bitmap2(c->fs->block_map, start, last, &end))
			end = last + 1;
		r = mkd_blockout_zero(c->out, start, end - start, err);
	}
	return r;
}

static void set_super_times(struct ext2_super_block *sb, int64_t epoch_sec)
{
	uint64_t t = epoch_sec < 0 ? 0 : epoch_sec > SUPER_TIME ? SUPER_TIME : (uint64_t)epoch_sec;

	sb->s_mkfs_time = sb->s_wtime = sb->s_lastcheck = (uint32_t)t;
	sb->s_mkfs_time_hi = sb->s_wtime_hi = sb->s_lastcheck_hi = (uint8_t)(t >> 32);
	sb->s_mtime = 0;
	sb->s_mtime_hi = 0;
}

/* libext2fs puts a time of its own into s_wtime while it writes them; all have the same. */
static int fix_supers(struct mkd_ext4_ctx *c, int64_t epoch_sec, struct mkd_err *err)
{
	for (dgrp_t g = 0; g < c->fs->group_desc_count; g++) {
		uint8_t *page;
		struct ext2_super_block *sb;

		if (!ext2fs_bg_has_super(c->fs, g))
			continue;
		page = mkd_memio_page(c->fs->io, ext2fs_group_first_block2(c->fs, g));
		if (!page)
			return mkd_ext4_fail(EXT2_ET_SHORT_WRITE, "finish", c->name, err);
		sb = (void *)(page + (g ? 0 : SUPER_OFFSET));
		set_super_times(sb, epoch_sec);
		ext2fs_superblock_csum_set(c->fs, sb);
	}
	return 0;
}

static int write_page(void *arg, uint64_t page, const void *data, struct mkd_err *err)
{
	struct mkd_ext4_ctx *c = arg;

	return page ? mkd_blockout_put(c->out, page, data, 1, err) : 0;
}

static int flush_to_memory(struct mkd_ext4_ctx *c, struct mkd_err *err)
{
	ext2_filsys fs = c->fs;
	errcode_t e;

	for (dgrp_t g = 0; g < fs->group_desc_count; g++)
		ext2fs_group_desc_csum_set(fs, g);
	fs->super->s_state |= EXT2_VALID_FS;
	ext2fs_mark_super_dirty(fs);
	ext2fs_mark_ib_dirty(fs);
	ext2fs_mark_bb_dirty(fs);
	e = ext2fs_flush2(fs, EXT2_FLAG_FLUSH_NO_SYNC);
	if (e && mkd_memio_failed(fs->io))
		return mkd_nomem(err);
	return e ? mkd_ext4_fail(e, "finish", c->name, err) : 0;
}

int mkd_ext4_geom_write(struct mkd_ext4_ctx *c, int64_t epoch_sec, bool durable,
			struct mkd_err *err)
{
	int r;

	set_super_times(c->fs->super, epoch_sec);
	r = flush_to_memory(c, err);
	if (!r)
		r = fix_supers(c, epoch_sec, err);
	if (!r)
		r = mkd_memio_each(c->fs->io, write_page, c, err);
	if (!r)
		r = durable ? mkd_blockout_sync(c->out, err) : mkd_blockout_drain(c->out, err);
	if (!r && c->sealed)
		mkd_seal_set(mkd_memio_page(c->fs->io, 0), MKD_EXT4_SEALED);
	if (!r)
		r = mkd_blockout_put(c->out, 0, mkd_memio_page(c->fs->io, 0), 1, err);
	return r ? r : mkd_blockout_drain(c->out, err);
}

const char *mkd_ext4_geom_library(void)
{
	const char *version = NULL;

	(void)ext2fs_get_library_version(&version, NULL);
	return version ? version : "unknown";
}
