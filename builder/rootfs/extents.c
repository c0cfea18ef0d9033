/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/extents.h"

#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext3_extents.h>

#include "mkdomu/ext4_ctx.h"

#define IN_INODE  4u
#define IN_BLOCK  340u   /* (4096 - 12 of the header - 4 of the checksum) / 12 */
#define MAX_COUNT 32768u /* an initialised extent */

/* 12 bytes at every level: an extent in a leaf, an index above. */
union slot {
	struct ext3_extent leaf;
	struct ext3_extent_idx index;
};

struct node {
	struct ext3_extent_header head;
	union slot slot[IN_BLOCK];
	uint32_t csum;
};
_Static_assert(sizeof(struct node) == MKD_BLOCK_BYTES, "one block");

void mkd_extents_reset(struct mkd_extents *x)
{
	x->n = 0;
	x->blocks = 0;
}

void mkd_extents_free(struct mkd_extents *x)
{
	free(x->v);
	*x = (struct mkd_extents){ 0 };
}

static bool push(struct mkd_extents *x, const struct mkd_extent *e)
{
	if (x->n == x->cap) {
		size_t cap = x->cap ? x->cap * 2 : 64;
		struct mkd_extent *v = reallocarray(x->v, cap, sizeof(*v));

		if (!v)
			return false;
		x->v = v;
		x->cap = cap;
	}
	x->v[x->n++] = *e;
	return true;
}

static uint32_t extend_last(struct mkd_extents *x, uint32_t logical, uint64_t block, uint32_t count)
{
	struct mkd_extent *last = x->n ? &x->v[x->n - 1] : NULL;
	uint32_t room;

	if (!last || last->logical + last->count != logical || last->block + last->count != block)
		return 0;
	room = MAX_COUNT - last->count;
	if (count > room)
		count = room;
	last->count += count;
	return count;
}

int mkd_extents_add(struct mkd_extents *x, uint32_t logical, uint64_t block, uint32_t count,
		    struct mkd_err *err)
{
	uint32_t done = extend_last(x, logical, block, count);

	x->blocks += count;
	while (done < count) {
		uint32_t n = count - done < MAX_COUNT ? count - done : MAX_COUNT;
		struct mkd_extent e = { logical + done, n, block + done };

		if (!push(x, &e))
			return mkd_nomem(err);
		done += n;
	}
	return 0;
}

static void fill_slot(union slot *s, const struct mkd_extent *e, unsigned depth)
{
	if (depth == 0)
		s->leaf = (struct ext3_extent){ .ee_block = e->logical,
						.ee_len = (uint16_t)e->count,
						.ee_start_hi = (uint16_t)(e->block >> 32),
						.ee_start = (uint32_t)e->block };
	else
		s->index = (struct ext3_extent_idx){ .ei_block = e->logical,
						     .ei_leaf = (uint32_t)e->block,
						     .ei_leaf_hi = (uint16_t)(e->block >> 32) };
}

static struct ext3_extent_header header(size_t n, unsigned max, unsigned depth)
{
	return (struct ext3_extent_header){ .eh_magic = EXT3_EXT_MAGIC,
					    .eh_entries = (uint16_t)n,
					    .eh_max = (uint16_t)max,
					    .eh_depth = (uint16_t)depth };
}

/* Write one level of blocks for the list in; up gets an index for each. */
static int store_level(struct mkd_ext4_ctx *c, const struct mkd_extents *in, struct mkd_extents *up,
		       unsigned depth, uint32_t ino, struct mkd_err *err)
{
	struct node node;

	for (size_t at = 0; at < in->n; at += IN_BLOCK) {
		size_t n = in->n - at < IN_BLOCK ? in->n - at : IN_BLOCK;
		struct mkd_extent e = { .logical = in->v[at].logical };
		int r;

		memset(&node, 0, sizeof(node));
		node.head = header(n, IN_BLOCK, depth);
		for (size_t i = 0; i < n; i++)
			fill_slot(&node.slot[i], &in->v[at + i], depth);
		node.csum = mkd_ext4_csum(c, ino, &node, offsetof(struct node, csum));
		r = mkd_ext4_put_block(c, &node, &e.block, err);
		if (r < 0)
			return r;
		if (!push(up, &e))
			return mkd_nomem(err);
	}
	return 0;
}

int mkd_extents_store(struct mkd_ext4_ctx *c, const struct mkd_extents *x, uint32_t ino,
		      struct mkd_err *err)
{
	struct ext2_inode_large *in = mkd_inodes_get(&c->inodes, ino);
	cleanup(mkd_extents_free) struct mkd_extents even = { 0 };
	cleanup(mkd_extents_free) struct mkd_extents odd = { 0 };
	const struct mkd_extents *top = x;
	struct ext3_extent_header *head = (struct ext3_extent_header *)in->i_block;
	union slot *slot = (union slot *)(head + 1);
	uint64_t tree = 0;
	unsigned depth = 0;

	while (top->n > IN_INODE) {
		struct mkd_extents *up = depth % 2 ? &odd : &even;
		int r;

		mkd_extents_reset(up);
		r = store_level(c, top, up, depth++, ino, err);
		if (r < 0)
			return r;
		tree += up->n;
		top = up;
	}
	memset(in->i_block, 0, sizeof(in->i_block));
	*head = header(top->n, IN_INODE, depth);
	for (size_t i = 0; i < top->n; i++)
		fill_slot(&slot[i], &top->v[i], depth);
	in->i_flags |= EXT4_EXTENTS_FL;
	mkd_inode_add_blocks(in, x->blocks + tree);
	return 0;
}

static int release_node(struct mkd_ext4_ctx *c, const struct ext3_extent_header *head,
			const union slot *slot, struct mkd_err *err)
{
	struct node node;

	for (unsigned i = 0; i < head->eh_entries; i++) {
		const struct ext3_extent *leaf = &slot[i].leaf;
		uint64_t block;
		int r;

		if (head->eh_depth == 0) {
			mkd_balloc_free(&c->alloc,
					leaf->ee_start | (uint64_t)leaf->ee_start_hi << 32,
					leaf->ee_len);
			continue;
		}
		block = slot[i].index.ei_leaf | (uint64_t)slot[i].index.ei_leaf_hi << 32;
		r = mkd_blockout_read(c->out, block, &node, err);
		if (r < 0)
			return r;
		if (node.head.eh_entries > IN_BLOCK || node.head.eh_depth + 1 != head->eh_depth)
			return mkd_fail(err, MKD_EXIT_IO, EIO,
					"cannot read '%s' back: what was written has changed",
					c->name);
		r = release_node(c, &node.head, node.slot, err);
		if (r < 0)
			return r;
		mkd_balloc_free(&c->alloc, block, 1);
	}
	return 0;
}

int mkd_extents_release(struct mkd_ext4_ctx *c, uint32_t ino, struct mkd_err *err)
{
	struct ext2_inode_large *in = mkd_inodes_get(&c->inodes, ino);
	const struct ext3_extent_header *head = (const struct ext3_extent_header *)in->i_block;

	if (!(in->i_flags & EXT4_EXTENTS_FL))
		return 0;
	return release_node(c, head, (const union slot *)(head + 1), err);
}
