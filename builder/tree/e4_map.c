/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_map.h"

#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext3_extents.h>

#define ROOT_SLOTS 4     /* extents that i_block holds after its header */
#define EXTENT_MAX 32768 /* blocks; one more would mean "not initialised" */

void mkd_e4_map_free(struct mkd_e4_map *m)
{
	free(m->data);
	free(m->meta);
	*m = (struct mkd_e4_map){ 0 };
}

void mkd_e4_map_release(struct mkd_e4 *e, const struct mkd_e4_map *m)
{
	mkd_e4_blocks_free(e, m->n_data, m->data);
	mkd_e4_blocks_free(e, m->n_meta, m->meta);
}

bool mkd_e4_is_fast_link(const struct mkd_e4 *e, const struct mkd_e4_inode *i)
{
	const struct ext2_inode_large *in = MKD_E4_IN(i);
	uint32_t acl = in->i_file_acl ? e->fs->blocksize / 512 : 0;

	return LINUX_S_ISLNK(in->i_mode) && !(in->i_flags & EXT4_EXTENTS_FL) &&
	       in->i_blocks <= acl && EXT2_I_SIZE(in) < sizeof(in->i_block);
}

static bool has_blocks(const struct mkd_e4 *e, const struct mkd_e4_inode *i)
{
	uint16_t mode = MKD_E4_IN(i)->i_mode;

	return LINUX_S_ISREG(mode) || LINUX_S_ISDIR(mode) ||
	       (LINUX_S_ISLNK(mode) && !mkd_e4_is_fast_link(e, i));
}

struct reader {
	struct mkd_e4_map map;
	size_t cap_data, cap_meta;
	errcode_t failed;
};

static errcode_t append(uint64_t **v, size_t *n, size_t *cap, uint64_t block)
{
	size_t more = *cap ? 2 * *cap : 16;
	uint64_t *p = *n == *cap ? reallocarray(*v, more, sizeof(*p)) : *v;

	if (!p)
		return EXT2_ET_NO_MEMORY;
	if (*n == *cap)
		*cap = more;
	*v = p;
	p[(*n)++] = block;
	return 0;
}

static int see_block(ext2_filsys fs, blk64_t *block, e2_blkcnt_t at, blk64_t ref, int ref_offset,
		     void *arg)
{
	struct reader *r = arg;
	struct mkd_e4_map *m = &r->map;

	(void)ref;
	(void)ref_offset;
	if (*block < fs->super->s_first_data_block || *block >= ext2fs_blocks_count(fs->super)) {
		r->failed = EXT2_ET_BAD_BLOCK_NUM;
		return BLOCK_ABORT;
	}
	if (at < 0) {
		r->failed = append(&m->meta, &m->n_meta, &r->cap_meta, *block);
	} else {
		m->holes |= (uint64_t)at != m->n_data;
		r->failed = append(&m->data, &m->n_data, &r->cap_data, *block);
	}
	return r->failed ? BLOCK_ABORT : 0;
}

int mkd_e4_map_read(struct mkd_e4 *e, const struct mkd_e4_inode *i, struct mkd_e4_map *ret,
		    struct mkd_err *err)
{
	struct reader r = { 0 };
	errcode_t code;

	if (has_blocks(e, i)) {
		code = ext2fs_block_iterate3(e->fs, i->no, BLOCK_FLAG_READ_ONLY, NULL, see_block,
					     &r);
		if (code || r.failed) {
			mkd_e4_map_free(&r.map);
			return mkd_e4_fail(r.failed ? r.failed : code, "reading a block map", err);
		}
	}
	*ret = r.map;
	return 0;
}

/* A slot of a node at any level: an extent, or (len 0) a node below. */
struct slot {
	uint32_t file_block, len;
	uint64_t block;
};

static size_t slots_per_node(const struct mkd_e4 *e)
{
	return (e->fs->blocksize - sizeof(struct ext3_extent_header)) / sizeof(struct ext3_extent);
}

/* Neighbours become one extent. Returns how many there are. */
static size_t make_slots(size_t n, const uint64_t *blocks, struct slot *ret)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (k && ret[k - 1].len < EXTENT_MAX &&
		    blocks[i] == ret[k - 1].block + ret[k - 1].len)
			ret[k - 1].len++;
		else
			ret[k++] = (struct slot){ (uint32_t)i, 1, blocks[i] };
	}
	return k;
}

static size_t count_nodes(size_t slots, size_t per_node)
{
	size_t nodes = 0;

	while (slots > ROOT_SLOTS) {
		slots = (slots + per_node - 1) / per_node;
		nodes += slots;
	}
	return nodes;
}

/* Header and slots of one node into place, which is zero beforehand. */
static void put_node(void *place, const struct slot *s, size_t n, size_t max, unsigned depth)
{
	struct ext3_extent_header *eh = place;
	struct ext3_extent *ex = EXT_FIRST_EXTENT(eh);
	struct ext3_extent_idx *ix = EXT_FIRST_INDEX(eh);

	eh->eh_magic = ext2fs_cpu_to_le16(EXT3_EXT_MAGIC);
	eh->eh_entries = ext2fs_cpu_to_le16((uint16_t)n);
	eh->eh_max = ext2fs_cpu_to_le16((uint16_t)max);
	eh->eh_depth = ext2fs_cpu_to_le16((uint16_t)depth);
	for (size_t k = 0; k < n; k++) {
		uint32_t low = ext2fs_cpu_to_le32((uint32_t)s[k].block);
		uint16_t high = ext2fs_cpu_to_le16((uint16_t)(s[k].block >> 32));

		if (depth == 0)
			ex[k] = (struct ext3_extent){
				.ee_block = ext2fs_cpu_to_le32(s[k].file_block),
				.ee_len = ext2fs_cpu_to_le16((uint16_t)s[k].len),
				.ee_start_hi = high,
				.ee_start = low,
			};
		else
			ix[k] = (struct ext3_extent_idx){
				.ei_block = ext2fs_cpu_to_le32(s[k].file_block),
				.ei_leaf = low,
				.ei_leaf_hi = high,
			};
	}
}

/* A level of the tree that is being written, from the leaves up. */
struct level {
	struct slot *s;
	size_t n;
	unsigned depth;
	const uint64_t *nodes; /* blocks for it and the levels above */
};

/* Write the nodes of a level; it becomes the level above, whose slots replace the first of s. */
static int write_level(struct mkd_e4 *e, uint32_t inode_no, struct level *l, struct mkd_err *err)
{
	cleanup_free uint8_t *buf = mkd_e4_zeros(1, e->fs->blocksize);
	size_t per = slots_per_node(e), k = 0;

	if (!buf)
		return mkd_nomem(err);
	for (size_t i = 0; i < l->n; i += per, k++) {
		size_t here = l->n - i < per ? l->n - i : per;
		errcode_t code;

		memset(buf, 0, e->fs->blocksize);
		put_node(buf, l->s + i, here, per, l->depth);
		code = ext2fs_extent_block_csum_set(e->fs, inode_no, (void *)buf);
		if (!code)
			code = io_channel_write_blk64(e->fs->io, l->nodes[k], 1, buf);
		if (code)
			return mkd_e4_fail(code, "writing an extent node", err);
		l->s[k] = (struct slot){ l->s[i].file_block, 0, l->nodes[k] };
	}
	l->n = k;
	l->nodes += k;
	l->depth++;
	return 0;
}

static int write_tree(struct mkd_e4 *e, struct mkd_e4_inode *i, struct level *l,
		      struct mkd_err *err)
{
	struct ext2_inode_large *in = MKD_E4_IN(i);

	while (l->n > ROOT_SLOTS) {
		int r = write_level(e, i->no, l, err);

		if (r < 0)
			return r;
	}
	memset(in->i_block, 0, sizeof(in->i_block));
	put_node(in->i_block, l->s, l->n, ROOT_SLOTS, l->depth);
	in->i_flags |= EXT4_EXTENTS_FL;
	return 0;
}

int mkd_e4_map_set(struct mkd_e4 *e, struct mkd_e4_inode *i, size_t n, const uint64_t *blocks,
		   struct mkd_err *err)
{
	cleanup_free struct slot *s = mkd_e4_zeros(n + 1, sizeof(*s));
	cleanup_free uint64_t *nodes = NULL;
	size_t slots, n_nodes;
	struct level l;
	errcode_t code;
	int r;

	if (!s)
		return mkd_nomem(err);
	slots = make_slots(n, blocks, s);
	n_nodes = count_nodes(slots, slots_per_node(e));
	nodes = mkd_e4_zeros(n_nodes + 1, sizeof(*nodes));
	if (!nodes)
		return mkd_nomem(err);
	r = mkd_e4_blocks_take(e, n_nodes, nodes, err);
	if (r < 0)
		return r;
	l = (struct level){ .s = s, .n = slots, .nodes = nodes };
	r = write_tree(e, i, &l, err);
	if (r < 0)
		return r;
	n += n_nodes + (ext2fs_file_acl_block(e->fs, MKD_E4_IN_SMALL(i)) != 0);
	code = ext2fs_iblk_set(e->fs, MKD_E4_IN_SMALL(i), n);
	return code ? mkd_e4_fail(code, "counting blocks", err) : 0;
}
