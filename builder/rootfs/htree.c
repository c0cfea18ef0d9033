/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/htree.h"

#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#define ROOT_AT    32u /* of the index entries: behind the dots and struct dx_root_info */
#define NODE_AT    8u  /* behind an empty directory entry */
#define TAIL_BYTES 8u
#define ROOT_LIMIT ((MKD_BLOCK_BYTES - ROOT_AT - TAIL_BYTES) / 8u) /* 507 */
#define NODE_LIMIT ((MKD_BLOCK_BYTES - NODE_AT - TAIL_BYTES) / 8u) /* 510 */
#define LEAF_FULL  (MKD_DIR_ROOM - MKD_BLOCK_BYTES / 5u) /* e2fsck -D, too, leaves 20 % free */
#define INFO_LEN   8u
#define CONTINUES  1u /* in a hash: the leaf before ends with the same one */

struct dx_entry {
	uint32_t hash, block;
};

/* Leaf i holds order[first .. first of the next). */
struct leaf {
	size_t first;
	uint32_t hash;
};

struct leaves {
	struct leaf *v;
	size_t n, cap;
};

static void leaves_free(struct leaves *l)
{
	free(l->v);
}

static int by_hash(const void *pa, const void *pb, void *arg)
{
	const struct mkd_names *t = arg;
	const struct mkd_name *a = &t->v[*(const uint32_t *)pa], *b = &t->v[*(const uint32_t *)pb];
	uint8_t len = a->len < b->len ? a->len : b->len;
	int r;

	if (a->hash != b->hash)
		return a->hash < b->hash ? -1 : 1;
	r = memcmp(mkd_names_text(t, a), mkd_names_text(t, b), len);
	return r ? r : a->len - b->len;
}

static int hash_names(const struct mkd_dirout *d, const uint32_t *order, size_t n,
		      struct mkd_err *err)
{
	const struct ext2_super_block *sb = d->c->fs->super;

	for (size_t i = 0; i < n; i++) {
		struct mkd_name *e = &d->c->names.v[order[i]];
		ext2_dirhash_t minor;
		errcode_t r = ext2fs_dirhash2(EXT2_HASH_HALF_MD4_UNSIGNED,
					      mkd_names_text(&d->c->names, e), e->len, NULL, 0,
					      sb->s_hash_seed, &e->hash, &minor);

		if (r)
			return mkd_ext4_fail(r, "hash names of", d->c->name, err);
	}
	return 0;
}

static int add_leaf(struct leaves *l, size_t first, uint32_t hash, struct mkd_err *err)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : 64;
		struct leaf *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v)
			return mkd_nomem(err);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = (struct leaf){ first, hash };
	return 0;
}

static int split(const struct mkd_names *t, const uint32_t *order, size_t n, struct leaves *l,
		 struct mkd_err *err)
{
	size_t used = 0;
	uint32_t prev = 0;

	for (size_t i = 0; i < n; i++) {
		const struct mkd_name *e = &t->v[order[i]];
		size_t len = mkd_dirent_len(e->len);

		if (i == 0 || used > LEAF_FULL || used + len > MKD_DIR_ROOM) {
			int r = add_leaf(l, i, e->hash | (i && prev == e->hash ? CONTINUES : 0),
					 err);

			if (r < 0)
				return r;
			used = 0;
		}
		used += len;
		prev = e->hash;
	}
	return 0;
}

/*
 * The index entries of a block and its tail. The first entry has no hash: its first half is limit
 * and count. The checksum is over what is used, and over the tail with a checksum of 0.
 */
static void seal_index(const struct mkd_dirout *d, uint8_t *block, size_t at, size_t limit,
		       const struct dx_entry *e, size_t n)
{
	const uint16_t countlimit[2] = { (uint16_t)limit, (uint16_t)n };
	_Alignas(4) uint8_t covered[MKD_BLOCK_BYTES + TAIL_BYTES];
	size_t len = at + n * sizeof(*e);
	uint32_t csum;

	memcpy(block + at, e, n * sizeof(*e));
	memcpy(block + at, countlimit, sizeof(countlimit));
	memcpy(covered, block, len);
	memset(covered + len, 0, TAIL_BYTES);
	csum = mkd_ext4_csum(d->c, d->ino, covered, len + TAIL_BYTES);
	memcpy(block + at + limit * sizeof(*e) + 4, &csum, sizeof(csum));
}

static int put_root(struct mkd_dirout *d, const struct dx_entry *e, size_t n, uint8_t levels,
		    struct mkd_err *err)
{
	struct mkd_dirblock b = { 0 };
	const uint8_t info[INFO_LEN] = { [4] = EXT2_HASH_HALF_MD4, [5] = INFO_LEN, [6] = levels };
	uint16_t rest = MKD_BLOCK_BYTES - 12;

	mkd_dirblock_add_dots(&b, d);
	memcpy(b.data + b.last + 4, &rest, sizeof(rest));
	memcpy(b.data + b.len, info, sizeof(info));
	seal_index(d, b.data, ROOT_AT, ROOT_LIMIT, e, n);
	return mkd_dirout_put(d, b.data, err);
}

static int put_node(struct mkd_dirout *d, const struct dx_entry *e, size_t n, struct mkd_err *err)
{
	_Alignas(8) uint8_t block[MKD_BLOCK_BYTES] = { 0 };
	const uint16_t whole = MKD_BLOCK_BYTES;

	memcpy(block + 4, &whole, sizeof(whole));
	seal_index(d, block, NODE_AT, NODE_LIMIT, e, n);
	return mkd_dirout_put(d, block, err);
}

/* Block 0 is the root, then come the nodes, then the leaves. */
static int put_index(struct mkd_dirout *d, const struct leaves *l, struct mkd_err *err)
{
	size_t nodes = l->n > ROOT_LIMIT ? (l->n + NODE_LIMIT - 1) / NODE_LIMIT : 0;
	struct dx_entry e[NODE_LIMIT];
	size_t n = nodes ? nodes : l->n;
	int r;

	for (size_t i = 0; i < n; i++)
		e[i] = (struct dx_entry){ l->v[nodes ? i * NODE_LIMIT : i].hash, (uint32_t)i + 1 };
	r = put_root(d, e, n, nodes ? 1 : 0, err);
	for (size_t k = 0; !r && k < nodes; k++) {
		size_t first = k * NODE_LIMIT;

		n = l->n - first < NODE_LIMIT ? l->n - first : NODE_LIMIT;
		for (size_t i = 0; i < n; i++)
			e[i] = (struct dx_entry){ l->v[first + i].hash,
						  (uint32_t)(1 + nodes + first + i) };
		r = put_node(d, e, n, err);
	}
	return r;
}

static int put_leaf(struct mkd_dirout *d, const uint32_t *order, size_t n, struct mkd_err *err)
{
	const struct mkd_names *t = &d->c->names;
	struct mkd_dirblock b = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct mkd_name *e = &t->v[order[i]];

		mkd_dirblock_add(&b, e->ino, mkd_names_text(t, e), e->len, e->ftype);
	}
	mkd_dirblock_seal(&b, d);
	return mkd_dirout_put(d, b.data, err);
}

int mkd_htree_write(struct mkd_dirout *d, uint32_t *order, size_t n, struct mkd_err *err)
{
	cleanup(leaves_free) struct leaves l = { 0 };
	int r = hash_names(d, order, n, err);

	if (r < 0)
		return r;
	qsort_r(order, n, sizeof(*order), by_hash, &d->c->names);
	r = split(&d->c->names, order, n, &l, err);
	if (r < 0)
		return r;
	if (l.n > (size_t)ROOT_LIMIT * NODE_LIMIT)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EFBIG,
				"a folder of the tarball has %zu names: ext4 without large_dir "
				"holds fewer of this length",
				n);
	r = put_index(d, &l, err);
	for (size_t i = 0; !r && i < l.n; i++) {
		size_t end = i + 1 < l.n ? l.v[i + 1].first : n;

		r = put_leaf(d, order + l.v[i].first, end - l.v[i].first, err);
	}
	mkd_inodes_get(&d->c->inodes, d->ino)->i_flags |= EXT2_INDEX_FL;
	return r;
}
