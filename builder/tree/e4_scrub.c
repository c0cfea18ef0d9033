/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_scrub.h"

#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_fs.h"
#include "mkdomu/e4_ops.h"

/* ext4's extra field: two bits of seconds, and nanoseconds above them. */
static bool is_late(uint32_t sec, uint32_t extra, int64_t from_sec)
{
	return (int64_t)(int32_t)sec + ((int64_t)(extra & 3) << 32) >= from_sec;
}

static bool set_late(uint32_t *sec, uint32_t *extra, int64_t from_sec, int64_t epoch_sec)
{
	if (!is_late(*sec, *extra, from_sec))
		return false;
	*sec = (uint32_t)epoch_sec;
	/* the sign of the low half counts: 2^31 and more take the next of the two bits */
	*extra = (uint32_t)((epoch_sec - (int32_t)epoch_sec) >> 32) & 3;
	return true;
}

/* Short inodes have no extra fields. */
static bool scrub_times(const struct mkd_e4 *e, struct ext2_inode_large *in, int64_t from_sec)
{
	bool large = EXT2_INODE_SIZE(e->fs->super) > EXT2_GOOD_OLD_INODE_SIZE;
	uint32_t none[3] = { 0 };
	bool changed = set_late(&in->i_ctime, large ? &in->i_ctime_extra : &none[0], from_sec,
				e->epoch_sec);

	changed |= set_late(&in->i_mtime, large ? &in->i_mtime_extra : &none[1], from_sec,
			    e->epoch_sec);
	changed |= set_late(&in->i_atime, large ? &in->i_atime_extra : &none[2], from_sec,
			    e->epoch_sec);
	if (large)
		changed |= set_late(&in->i_crtime, &in->i_crtime_extra, from_sec, e->epoch_sec);
	return changed;
}

static int scrub_inodes(struct mkd_e4 *e, int64_t from_sec, struct mkd_err *err)
{
	struct mkd_e4_inode i;
	int r = 0;

	for (uint32_t no = 1; r == 0 && no <= e->fs->super->s_inodes_count; no++) {
		struct ext2_inode_large *in = MKD_E4_IN(&i);

		if (!ext2fs_test_inode_bitmap2(e->fs->inode_map, no) || no == EXT2_RESIZE_INO ||
		    no == EXT2_JOURNAL_INO)
			continue;
		r = mkd_e4_inode_read(e, no, &i, err);
		if (r == 0 && scrub_times(e, in, from_sec))
			r = mkd_e4_inode_write(e, &i, err);
	}
	return r;
}

int mkd_e4_scrub(struct mkd_tree *t, int64_t from_sec, struct mkd_err *err)
{
	struct mkd_e4 *e = mkd_e4_of(t);
	struct ext2_super_block *sb = e->fs->super;
	int r = mkd_e4_writable(e, err);

	if (r == 0)
		r = scrub_inodes(e, from_sec, err);
	if (r < 0)
		return r;
	memset(sb->s_last_mounted, 0, sizeof(sb->s_last_mounted));
	sb->s_mnt_count = 0;
	sb->s_mtime = 0;
	sb->s_mtime_hi = 0;
	sb->s_kbytes_written = 0;
	ext2fs_mark_super_dirty(e->fs);
	return 0;
}
