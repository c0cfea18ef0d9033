/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/dirs.h"

#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/htree.h"
#include "mkdomu/ui.h"

#define LOST_FOUND_BLOCKS 4u     /* 16 KiB as mke2fs makes it: room for e2fsck on a full disk */
#define LINK_MAX_EXT4     65000u /* beyond it a folder's link count is 1 (dir_nlink) */

/* The live entries by folder: those of inode i are order[first[i] .. first[i + 1]). */
struct listing {
	uint32_t *order, *first;
};

static void listing_free(struct listing *l)
{
	free(l->order);
	free(l->first);
}

static int list(const struct mkd_ext4_ctx *c, struct listing *l, struct mkd_err *err)
{
	const struct mkd_names *t = &c->names;
	size_t n_ino = c->inodes.next;

	l->order = calloc(t->n + 1, sizeof(*l->order));
	l->first = calloc(n_ino + 2, sizeof(*l->first));
	if (!l->order || !l->first)
		return mkd_nomem(err);
	/* Counted one further up, so that filling moves every first to where it belongs. */
	for (size_t i = 0; i < t->n; i++)
		l->first[t->v[i].dir + 1] += t->v[i].ino != 0;
	for (size_t i = 1; i < n_ino + 2; i++)
		l->first[i] += l->first[i - 1];
	for (size_t i = 0; i < t->n; i++) {
		if (t->v[i].ino)
			l->order[l->first[t->v[i].dir]++] = (uint32_t)i;
	}
	for (size_t i = n_ino + 1; i > 0; i--)
		l->first[i] = l->first[i - 1];
	l->first[0] = 0;
	return 0;
}

/* Entries one after the other, in as many blocks as it takes, but no fewer than min_blocks. */
static int write_linear(struct mkd_dirout *d, const uint32_t *order, size_t n, uint32_t min_blocks,
			struct mkd_err *err)
{
	const struct mkd_names *t = &d->c->names;
	struct mkd_dirblock b = { 0 };
	size_t i = 0;

	mkd_dirblock_add_dots(&b, d);
	do {
		int r;

		for (; i < n; i++) {
			const struct mkd_name *e = &t->v[order[i]];

			if (b.len + mkd_dirent_len(e->len) > MKD_DIR_ROOM)
				break;
			mkd_dirblock_add(&b, e->ino, mkd_names_text(t, e), e->len, e->ftype);
		}
		mkd_dirblock_seal(&b, d);
		r = mkd_dirout_put(d, b.data, err);
		if (r < 0)
			return r;
		b = (struct mkd_dirblock){ 0 };
	} while (i < n || d->n_blocks < min_blocks);
	return 0;
}

static bool fits_one_block(const struct mkd_names *t, const uint32_t *order, size_t n)
{
	size_t len = mkd_dirent_len(1) + mkd_dirent_len(2);

	for (size_t i = 0; i < n && len <= MKD_DIR_ROOM; i++)
		len += mkd_dirent_len(t->v[order[i]].len);
	return len <= MKD_DIR_ROOM;
}

static uint16_t link_count(const struct mkd_names *t, const uint32_t *order, size_t n)
{
	size_t links = 2;

	for (size_t i = 0; i < n; i++)
		links += t->v[order[i]].ftype == MKD_DE_DIR;
	return links > LINK_MAX_EXT4 ? 1 : (uint16_t)links;
}

static int write_dir(struct mkd_dirout *d, uint32_t *order, size_t n, struct mkd_err *err)
{
	struct ext2_inode_large *in = mkd_inodes_get(&d->c->inodes, d->ino);
	bool lost_found = d->ino == MKD_INO_LOST_FOUND;
	int r;

	in->i_links_count = link_count(&d->c->names, order, n);
	if (lost_found || fits_one_block(&d->c->names, order, n))
		r = write_linear(d, order, n, lost_found ? LOST_FOUND_BLOCKS : 1, err);
	else
		r = mkd_htree_write(d, order, n, err);
	if (r < 0)
		return r;
	mkd_inode_set_size(in, (uint64_t)d->n_blocks * MKD_BLOCK_BYTES);
	return mkd_extents_store(d->c, &d->extents, d->ino, err);
}

int mkd_dirs_write(struct mkd_ext4_ctx *c, int64_t epoch_sec, struct mkd_err *err)
{
	struct listing l = { 0 };
	struct mkd_dirout d = { .c = c };
	int r = list(c, &l, err);

	for (uint32_t ino = MKD_INO_ROOT; !r && ino < c->inodes.next; ino++) {
		const struct mkd_dirstate *state;

		if (!S_ISDIR(mkd_inodes_get(&c->inodes, ino)->i_mode))
			continue;
		state = mkd_inodes_dir(&c->inodes, ino);
		if (state->made)
			mkd_inode_set_times(mkd_inodes_get(&c->inodes, ino), epoch_sec, 0);
		d.ino = ino;
		d.parent = state->parent;
		d.n_blocks = 0;
		mkd_extents_reset(&d.extents);
		r = write_dir(&d, l.order + l.first[ino], l.first[ino + 1] - l.first[ino], err);
		if (!r)
			r = mkd_check_signal(err);
	}
	mkd_extents_free(&d.extents);
	listing_free(&l);
	return r;
}
