/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tree_ext4.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_io.h"
#include "mkdomu/e4_ops.h"

/* What may be there when we write; all that we know to leave right. */
#define COMPAT                                                                \
	(EXT2_FEATURE_COMPAT_DIR_PREALLOC | EXT3_FEATURE_COMPAT_HAS_JOURNAL | \
	 EXT2_FEATURE_COMPAT_EXT_ATTR | EXT2_FEATURE_COMPAT_RESIZE_INODE |    \
	 EXT2_FEATURE_COMPAT_DIR_INDEX | EXT4_FEATURE_COMPAT_SPARSE_SUPER2 |  \
	 EXT4_FEATURE_COMPAT_ORPHAN_FILE)
#define INCOMPAT_NEEDED (EXT2_FEATURE_INCOMPAT_FILETYPE | EXT3_FEATURE_INCOMPAT_EXTENTS)
#define INCOMPAT                                                                         \
	(INCOMPAT_NEEDED | EXT2_FEATURE_INCOMPAT_META_BG | EXT4_FEATURE_INCOMPAT_64BIT | \
	 EXT4_FEATURE_INCOMPAT_FLEX_BG | EXT4_FEATURE_INCOMPAT_CSUM_SEED |               \
	 EXT4_FEATURE_INCOMPAT_LARGEDIR)
#define RO_COMPAT                                                                  \
	(EXT2_FEATURE_RO_COMPAT_SPARSE_SUPER | EXT2_FEATURE_RO_COMPAT_LARGE_FILE | \
	 EXT4_FEATURE_RO_COMPAT_HUGE_FILE | EXT4_FEATURE_RO_COMPAT_GDT_CSUM |      \
	 EXT4_FEATURE_RO_COMPAT_DIR_NLINK | EXT4_FEATURE_RO_COMPAT_EXTRA_ISIZE |   \
	 EXT4_FEATURE_RO_COMPAT_METADATA_CSUM)

struct feature {
	char kind; /* 'c' compatible, 'i' incompatible, 'r' read-only compatible */
	uint32_t mask;
	const char *name;
};

/* Those that mke2fs(8) and tune2fs(8) can turn on and that are not in the masks above. */
static const struct feature names[] = {
	{ 'c', EXT4_FEATURE_COMPAT_STABLE_INODES, "stable_inodes" },
	{ 'c', EXT4_FEATURE_COMPAT_FAST_COMMIT, "fast_commit" },
	{ 'i', EXT4_FEATURE_INCOMPAT_MMP, "mmp" },
	{ 'i', EXT4_FEATURE_INCOMPAT_EA_INODE, "ea_inode" },
	{ 'i', EXT4_FEATURE_INCOMPAT_INLINE_DATA, "inline_data" },
	{ 'i', EXT4_FEATURE_INCOMPAT_ENCRYPT, "encrypt" },
	{ 'i', EXT4_FEATURE_INCOMPAT_CASEFOLD, "casefold" },
	{ 'r', EXT4_FEATURE_RO_COMPAT_QUOTA, "quota" },
	{ 'r', EXT4_FEATURE_RO_COMPAT_BIGALLOC, "bigalloc" },
	{ 'r', EXT4_FEATURE_RO_COMPAT_READONLY, "read-only" },
	{ 'r', EXT4_FEATURE_RO_COMPAT_PROJECT, "project" },
	{ 'r', EXT4_FEATURE_RO_COMPAT_SHARED_BLOCKS, "shared_blocks" },
	{ 'r', EXT4_FEATURE_RO_COMPAT_VERITY, "verity" },
	{ 'r', EXT4_FEATURE_RO_COMPAT_ORPHAN_PRESENT, "orphan_present" },
};

static int refuse(const struct mkd_e4 *e, char kind, uint32_t mask, struct mkd_err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].kind == kind && names[i].mask & mask)
			return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
					"cannot edit the file system of '%s': its feature '%s' is "
					"not supported; make it without that feature",
					e->name, names[i].name);
	return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
			"cannot edit the file system of '%s': its feature %c:0x%" PRIx32
			" is not supported",
			e->name, kind, mask);
}

static int check_features(const struct mkd_e4 *e, struct mkd_err *err)
{
	const struct ext2_super_block *sb = e->fs->super;
	uint32_t incompat = sb->s_feature_incompat & ~EXT3_FEATURE_INCOMPAT_RECOVER;

	if (sb->s_feature_compat & ~COMPAT)
		return refuse(e, 'c', sb->s_feature_compat & ~COMPAT, err);
	if (incompat & ~INCOMPAT)
		return refuse(e, 'i', incompat & ~INCOMPAT, err);
	if (sb->s_feature_ro_compat & ~RO_COMPAT)
		return refuse(e, 'r', sb->s_feature_ro_compat & ~RO_COMPAT, err);
	if ((incompat & INCOMPAT_NEEDED) != INCOMPAT_NEEDED)
		return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
				"cannot edit the file system of '%s': it has no extents or file "
				"types; make it as ext4",
				e->name);
	return 0;
}

static int check_state(const struct mkd_e4 *e, struct mkd_err *err)
{
	struct ext2_super_block *sb = e->fs->super;

	if (EXT2_INODE_SIZE(sb) > MKD_E4_INODE_MAX)
		return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
				"cannot use the file system of '%s': its inodes have %d bytes, "
				"over the limit of %d",
				e->name, (int)EXT2_INODE_SIZE(sb), MKD_E4_INODE_MAX);
	if (e->read_only)
		return 0;
	if (ext2fs_has_feature_journal_needs_recovery(sb))
		return mkd_fail(err, MKD_EXIT_IO, EUCLEAN,
				"cannot edit the file system of '%s': its journal has to be "
				"replayed; run e2fsck on it first",
				e->name);
	if (!(sb->s_state & EXT2_VALID_FS) || sb->s_state & EXT2_ERROR_FS || sb->s_last_orphan)
		return mkd_fail(err, MKD_EXIT_IO, EUCLEAN,
				"cannot edit the file system of '%s': it was not unmounted "
				"cleanly or has errors; run e2fsck on it first",
				e->name);
	return check_features(e, err);
}

static int open_failed(errcode_t code, const struct mkd_tree_ext4_req *req, struct mkd_err *err)
{
	int r;

	if (code == EXT2_ET_BAD_MAGIC || code == EXT2_ET_SHORT_READ)
		return mkd_fail(err, MKD_EXIT_IO, EUCLEAN,
				"there is no ext4 file system in '%s' at byte %" PRIu64, req->name,
				req->offset_bytes);
	r = mkd_e4_fail(code, "opening it", err);
	return r == -ENOMEM ? r : mkd_wrap(err, "cannot use the file system of '%s'", req->name);
}

int mkd_tree_ext4_open(const struct mkd_tree_ext4_req *req, struct mkd_tree **ret,
		       struct mkd_err *err)
{
	int flags = EXT2_FLAG_64BITS | (req->read_only ? 0 : EXT2_FLAG_RW);
	struct mkd_e4 *e = calloc(1, sizeof(*e));
	char fd[16], options[48];
	errcode_t code;
	int r;

	if (!e)
		return mkd_nomem(err);
	*e = (struct mkd_e4){
		.tree.ops = &mkd_e4_ops,
		.name = req->name,
		.epoch_sec = req->epoch_sec,
		.read_only = req->read_only,
	};
	initialize_ext2_error_table();
	(void)snprintf(fd, sizeof(fd), "%d", req->fd);
	(void)snprintf(options, sizeof(options), "offset=%" PRIu64, req->offset_bytes);
	code = ext2fs_open2(fd, options, flags, 0, 0, mkd_e4_io_manager(), &e->fs);
	if (code) {
		free(e);
		return open_failed(code, req, err);
	}
	e->fs->now = req->epoch_sec ? req->epoch_sec : 1; /* to libext2fs 0 means the clock */
	r = check_state(e, err);
	if (r < 0) {
		mkd_tree_ext4_abort(&e->tree);
		return r;
	}
	*ret = &e->tree;
	return 0;
}

int mkd_tree_ext4_set_identity(struct mkd_tree *t, const uint8_t uuid[static 16], const char *label,
			       struct mkd_err *err)
{
	struct mkd_e4 *e = mkd_e4_of(t);
	struct ext2_super_block *sb = e->fs->super;
	char name[sizeof(sb->s_volume_name)] = { 0 };
	size_t len = strlen(label);

	if (len > sizeof(name))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"the label '%s' has %zu bytes; a file system holds %zu", label, len,
				sizeof(name));
	if (e->read_only)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EROFS, "'%s' was opened to read only",
				e->name);
	if (ext2fs_has_group_desc_csum(e->fs) && !ext2fs_has_feature_csum_seed(sb))
		return mkd_fail(err, MKD_EXIT_TARGET, EOPNOTSUPP,
				"cannot give the file system of '%s' another UUID: its checksums "
				"start from it; make it with metadata_csum_seed",
				e->name);
	memcpy(name, label, len);
	if (memcmp(sb->s_uuid, uuid, sizeof(sb->s_uuid)) == 0 &&
	    memcmp(sb->s_volume_name, name, sizeof(name)) == 0)
		return 0;
	memcpy(sb->s_uuid, uuid, sizeof(sb->s_uuid));
	memcpy(sb->s_volume_name, name, sizeof(name));
	ext2fs_mark_super_dirty(e->fs);
	return 0;
}

static int flush(struct mkd_e4 *e, struct mkd_err *err)
{
	errcode_t code;
	int r;

	if (!ext2fs_test_changed(e->fs))
		return 0;
	ext2fs_mark_super_dirty(e->fs);
	e->fs->flags &= ~(EXT2_FLAG_SUPER_ONLY | EXT2_FLAG_MASTER_SB_ONLY);
	code = ext2fs_flush2(e->fs, EXT2_FLAG_FLUSH_NO_SYNC);
	if (code && mkd_e4_io_failed(e->fs->io))
		code = -mkd_e4_io_failed(e->fs->io);
	if (code)
		return mkd_e4_fail(code, "writing its tables", err);
	r = mkd_e4_io_commit(e->fs->io);
	return r < 0 ? mkd_fail_io(err, -r, "writing it failed") : 0;
}

int mkd_tree_ext4_close(struct mkd_tree *t, struct mkd_err *err)
{
	struct mkd_e4 *e = mkd_e4_of(t);
	int r = 0;

	if (e->broken)
		r = mkd_fail(err, MKD_EXIT_IO, EIO, "an earlier edit failed half way");
	else if (!e->read_only)
		r = flush(e, err);
	if (r < 0)
		r = mkd_wrap(err, "cannot save the file system of '%s'", e->name);
	mkd_tree_ext4_abort(t);
	return r;
}

void mkd_tree_ext4_abort(struct mkd_tree *t)
{
	struct mkd_e4 *e;

	if (!t)
		return;
	e = mkd_e4_of(t);
	ext2fs_free(e->fs); /* without a flush; it closes the io channel */
	free(e);
}
