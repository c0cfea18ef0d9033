/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/inodes.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/ext4_ctx.h"
#include "mkdomu/size.h"

#define CHUNK       4096u
#define EXTRA_ISIZE 32u /* up to i_projid */
#define TIME_MIN    INT32_MIN
#define TIME_MAX    ((INT64_C(1) << 34) - 1 + INT32_MIN)
#define PER_BLOCK   (MKD_BLOCK_BYTES / MKD_INODE_BYTES)

static bool have_chunk(struct mkd_inodes *t, uint32_t ino)
{
	uint8_t **chunk = &t->chunk[(ino - 1) / CHUNK];

	if (!*chunk)
		*chunk = calloc(CHUNK, MKD_INODE_BYTES);
	return *chunk;
}

int mkd_inodes_init(struct mkd_inodes *t, uint32_t max, uint32_t first, const char *name,
		    struct mkd_err *err)
{
	*t = (struct mkd_inodes){ .max = max, .next = first, .name = name };
	t->chunk = calloc(max / CHUNK + 1, sizeof(*t->chunk));
	if (!t->chunk || !have_chunk(t, 1))
		return mkd_nomem(err);
	return 0;
}

void mkd_inodes_free(struct mkd_inodes *t)
{
	for (uint32_t i = 0; t->chunk && i <= t->max / CHUNK; i++)
		free(t->chunk[i]);
	free(t->chunk);
	free(t->freed);
	*t = (struct mkd_inodes){ 0 };
}

struct ext2_inode_large *mkd_inodes_get(const struct mkd_inodes *t, uint32_t ino)
{
	uint8_t *chunk = t->chunk[(ino - 1) / CHUNK];

	return (struct ext2_inode_large *)(void *)(chunk +
						   (size_t)((ino - 1) % CHUNK) * MKD_INODE_BYTES);
}

struct mkd_dirstate *mkd_inodes_dir(const struct mkd_inodes *t, uint32_t ino)
{
	_Static_assert(sizeof(struct mkd_dirstate) <= sizeof(__u32[EXT2_N_BLOCKS]), "fits");
	return (struct mkd_dirstate *)mkd_inodes_get(t, ino)->i_block;
}

int mkd_inodes_new(struct mkd_inodes *t, uint32_t *ret, struct mkd_err *err)
{
	uint32_t ino;

	if (t->next > t->max && !t->n_freed)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"no inode left in '%s': all %u are used, one for every file, "
				"folder and link; give " MKD_LARGER_SIZE,
				t->name, t->max);
	ino = t->next <= t->max ? t->next : t->freed[t->n_freed - 1];
	if (!have_chunk(t, ino))
		return mkd_nomem(err);
	if (t->next <= t->max)
		t->next++;
	else
		t->n_freed--;
	*ret = ino;
	return 0;
}

int mkd_inodes_release(struct mkd_inodes *t, uint32_t ino, struct mkd_err *err)
{
	if (t->n_freed == t->cap_freed) {
		size_t cap = t->cap_freed ? t->cap_freed * 2 : 64;
		uint32_t *freed = reallocarray(t->freed, cap, sizeof(*freed));

		if (!freed)
			return mkd_nomem(err);
		t->freed = freed;
		t->cap_freed = cap;
	}
	memset(mkd_inodes_get(t, ino), 0, MKD_INODE_BYTES);
	t->freed[t->n_freed++] = ino;
	return 0;
}

/* The low 32 bits are signed; 2 bits of epoch say how many times 2^32 to add (kernel, ext4.h). */
void mkd_inode_set_times(struct ext2_inode_large *in, int64_t sec, uint32_t nsec)
{
	uint32_t low, extra;

	if (sec < TIME_MIN || sec > TIME_MAX) {
		sec = sec < TIME_MIN ? TIME_MIN : TIME_MAX;
		nsec = 0;
	}
	low = (uint32_t)sec;
	extra = (uint32_t)((uint64_t)(sec - (int32_t)low) >> 32 & 3) | nsec << 2;
	in->i_extra_isize = EXTRA_ISIZE;
	in->i_atime = in->i_ctime = in->i_mtime = in->i_crtime = low;
	in->i_atime_extra = in->i_ctime_extra = in->i_mtime_extra = in->i_crtime_extra = extra;
}

void mkd_inode_add_blocks(struct ext2_inode_large *in, uint64_t n)
{
	uint64_t sectors = in->i_blocks | (uint64_t)in->osd2.linux2.l_i_blocks_hi << 32;

	sectors += n * (MKD_BLOCK_BYTES / 512);
	in->i_blocks = (uint32_t)sectors;
	in->osd2.linux2.l_i_blocks_hi = (uint16_t)(sectors >> 32);
}

void mkd_inode_set_size(struct ext2_inode_large *in, uint64_t size_bytes)
{
	in->i_size = (uint32_t)size_bytes;
	in->i_size_high = (uint32_t)(size_bytes >> 32);
}

void mkd_inode_set_owner(struct ext2_inode_large *in, uint32_t uid, uint32_t gid)
{
	in->i_uid = (uint16_t)uid;
	in->osd2.linux2.l_i_uid_high = (uint16_t)(uid >> 16);
	in->i_gid = (uint16_t)gid;
	in->osd2.linux2.l_i_gid_high = (uint16_t)(gid >> 16);
}

/* One table block, at most one of them reaching beyond the inodes that were given out. */
static int write_block(struct mkd_ext4_ctx *c, uint64_t block, uint32_t first, struct mkd_err *err)
{
	struct mkd_inodes *t = &c->inodes;

	/* CHUNK is a multiple of PER_BLOCK, so the block lies in one chunk; the rest is zeros */
	for (uint32_t ino = first; ino < first + PER_BLOCK && ino < t->next; ino++) {
		struct ext2_inode_large *in = mkd_inodes_get(t, ino);
		errcode_t e = 0;

		if (in->i_mode || ino < MKD_INO_FIRST)
			e = ext2fs_inode_csum_set(c->fs, ino, in);
		if (e)
			return mkd_ext4_fail(e, "checksum inodes of", c->name, err);
	}
	return mkd_blockout_put(c->out, block, mkd_inodes_get(t, first), 1, err);
}

static int write_group(struct mkd_ext4_ctx *c, uint32_t group, struct mkd_err *err)
{
	uint32_t per_group = c->fs->super->s_inodes_per_group;
	uint32_t first = group * per_group + 1;
	uint64_t block = ext2fs_inode_table_loc(c->fs, group);

	for (uint32_t i = 0; i < per_group && first + i < c->inodes.next; i += PER_BLOCK) {
		int r = write_block(c, block + i / PER_BLOCK, first + i, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int mkd_inodes_write(struct mkd_ext4_ctx *c, uint64_t *ret_used, struct mkd_err *err)
{
	uint32_t per_group = c->fs->super->s_inodes_per_group;
	uint64_t used = MKD_INO_FIRST - 1;

	for (uint32_t ino = MKD_INO_FIRST; ino < c->inodes.next; ino++) {
		uint16_t mode = mkd_inodes_get(&c->inodes, ino)->i_mode;

		if (mode) {
			ext2fs_inode_alloc_stats2(c->fs, ino, +1, S_ISDIR(mode));
			used++;
		}
	}
	for (uint32_t g = 0; (uint64_t)g * per_group + 1 < c->inodes.next; g++) {
		int r = write_group(c, g, err);

		if (r < 0)
			return r;
	}
	*ret_used = used;
	return 0;
}
