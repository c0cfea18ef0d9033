/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_htree.h"

#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#define ROOT_INFO  24u /* of the root block: after "." and ".." with their heads */
#define ROOT_SLOTS 32u /* where its slots start: after the info of 8 bytes */
#define NODE_SLOTS 8u  /* in a node: after one fake entry */
#define CONTINUED  1u  /* in a slot's hash: names of this hash are in the leaf before, too */

struct slot {
	uint32_t hash, block;
};

static int damaged(struct mkd_err *err)
{
	return mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "reading the index of a folder", err);
}

static size_t max_slots(const struct mkd_e4 *e, size_t start)
{
	size_t tail =
		ext2fs_has_feature_metadata_csum(e->fs->super) ? sizeof(struct ext2_dx_tail) : 0;

	return (e->fs->blocksize - start - tail) / sizeof(struct ext2_dx_entry);
}

/* The slots of d->block; the first has limit and count in the place of its hash, which is 0. */
static int read_slots(struct mkd_e4_dir *d, size_t start, struct slot **ret, size_t *n,
		      struct mkd_err *err)
{
	const struct ext2_dx_entry *v = (void *)(d->block + start);
	const struct ext2_dx_countlimit *head = (const void *)v;
	size_t count = ext2fs_le16_to_cpu(head->count);
	struct slot *s;

	if (!count || count > max_slots(d->e, start))
		return damaged(err);
	s = reallocarray(*ret, *n + count, sizeof(*s));
	if (!s)
		return mkd_nomem(err);
	*ret = s;
	for (size_t i = 0; i < count; i++)
		s[(*n)++] = (struct slot){
			i ? ext2fs_le32_to_cpu(v[i].hash) : 0,
			ext2fs_le32_to_cpu(v[i].block) & EXT4_DX_BLOCK_MASK,
		};
	return 0;
}

/* Which hash: a root block says it without signedness, that is the file system's. */
static int hash_kind(const struct mkd_e4 *e, unsigned version)
{
	if (version > EXT2_HASH_TEA)
		return -1;
	return (int)version +
	       (e->fs->super->s_flags & EXT2_FLAGS_UNSIGNED_HASH ? EXT2_HASH_LEGACY_UNSIGNED : 0);
}

static int hash_name(const struct mkd_e4 *e, int kind, const char *name, size_t len,
		     uint32_t *major, uint32_t *minor)
{
	return ext2fs_dirhash2(kind, name, (int)len, NULL, 0, e->fs->super->s_hash_seed, major,
			       minor)
		       ? -EINVAL
		       : 0;
}

/* The last slot that may hold the hash first: slots are sorted, a continuation counts as later. */
static size_t search(const struct slot *s, size_t n, uint32_t hash)
{
	size_t low = 0, high = n;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s[mid].hash <= hash)
			low = mid;
		else
			high = mid;
	}
	return low;
}

/*
 * All leaves of the folder in order. The levels of an index are two here at most; three need the
 * feature large_dir, and a folder that has them is looked through as if it had none.
 */
static int all_leaves(struct mkd_e4_dir *d, struct slot **ret, size_t *n, int *kind,
		      struct mkd_err *err)
{
	cleanup_free struct slot *root = NULL;
	const struct ext2_dx_root_info *info;
	unsigned levels;
	size_t n_root = 0;
	int r = mkd_e4_dir_load(d, 0, err);

	if (r < 0)
		return r;
	info = (void *)(d->block + ROOT_INFO);
	*kind = hash_kind(d->e, info->hash_version);
	levels = info->indirect_levels;
	if (*kind < 0 || levels > 1 || info->info_length != ROOT_SLOTS - ROOT_INFO)
		return 0;
	r = read_slots(d, ROOT_SLOTS, &root, &n_root, err);
	for (size_t i = 0; i < n_root && levels && r == 0; i++) {
		size_t first = *n;

		r = mkd_e4_dir_load(d, root[i].block, err);
		if (r == 0)
			r = read_slots(d, NODE_SLOTS, ret, n, err);
		if (r == 0 && *n > first)
			(*ret)[first].hash = root[i].hash;
	}
	if (r == 0 && !levels) {
		*ret = steal(&root);
		*n = n_root;
	}
	return r < 0 ? r : 1;
}

int mkd_e4_htree_leaves(struct mkd_e4_dir *d, const char *name, size_t **ret, size_t *n,
			struct mkd_err *err)
{
	cleanup_free struct slot *s = NULL;
	uint32_t hash = 0, minor = 0;
	size_t n_slots = 0, i, k;
	int kind = -1, r;

	if (!(MKD_E4_IN(&d->inode)->i_flags & EXT2_INDEX_FL))
		return 0;
	r = all_leaves(d, &s, &n_slots, &kind, err);
	if (r <= 0 || !s)
		return r < 1 ? r : damaged(err);
	if (hash_name(d->e, kind, name, strlen(name), &hash, &minor) < 0)
		return 0;
	i = search(s, n_slots, hash);
	for (k = i + 1; k < n_slots && s[k].hash == (hash | CONTINUED);)
		k++;
	*ret = mkd_e4_zeros(k - i, sizeof(**ret));
	if (!*ret)
		return mkd_nomem(err);
	for (*n = 0; i < k; i++)
		(*ret)[(*n)++] = s[i].block;
	return 1;
}

struct item {
	uint32_t hash, minor, inode_no;
	uint8_t type, len;
	char name[EXT2_NAME_LEN];
};

struct items {
	const struct mkd_e4 *e;
	struct item *v;
	size_t n, cap;
	int kind;
	bool no_memory, unhashed;
};

static int collect(void *arg, const struct mkd_e4_entry *entry)
{
	struct items *l = arg;
	struct item *it;

	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 256;
		struct item *v = reallocarray(l->v, cap, sizeof(*v));

		if (!v) {
			l->no_memory = true;
			return 1;
		}
		l->v = v;
		l->cap = cap;
	}
	it = &l->v[l->n++];
	*it = (struct item){
		.inode_no = entry->inode_no,
		.type = (uint8_t)entry->type,
		.len = (uint8_t)entry->len,
	};
	memcpy(it->name, entry->name, entry->len);
	l->unhashed |= hash_name(l->e, l->kind, it->name, it->len, &it->hash, &it->minor) < 0;
	return 0;
}

/* By hash; then by name, so that the layout does not depend on the order before. */
static int by_hash(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int r;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	r = memcmp(x->name, y->name, x->len < y->len ? x->len : y->len);
	return r ? r : (int)x->len - (int)y->len;
}

/* How many items from i on go into one leaf. */
static size_t fill(const struct mkd_e4 *e, const struct items *l, size_t i)
{
	size_t room = mkd_e4_dir_room(e), used = 0, k = i;

	for (; k < l->n; k++) {
		size_t more = EXT2_DIR_REC_LEN(l->v[k].len);

		if (used + more > room || (k > i && used + more > room / 4 * 3))
			break;
		used += more;
	}
	return k - i;
}

struct layout {
	size_t leaves, nodes, blocks;
};

static int plan(const struct mkd_e4 *e, const struct items *l, struct layout *ret,
		struct mkd_err *err)
{
	size_t per_root = max_slots(e, ROOT_SLOTS), per_node = max_slots(e, NODE_SLOTS);

	*ret = (struct layout){ 0 };
	for (size_t i = 0; i < l->n; i += fill(e, l, i))
		ret->leaves++;
	if (ret->leaves > per_root)
		ret->nodes = (ret->leaves + per_node - 1) / per_node;
	if (ret->nodes > per_root)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"the folder has %zu names, more than its index can hold", l->n);
	ret->blocks = 1 + ret->nodes + ret->leaves;
	return 0;
}

/* Leaves, and a slot for each. Blocks are numbered from first on. */
static int write_leaves(struct mkd_e4_dir *d, const struct items *l, size_t first, struct slot *s,
			struct mkd_err *err)
{
	size_t room = mkd_e4_dir_room(d->e), leaf = 0, n;

	for (size_t i = 0; i < l->n; i += n, leaf++) {
		size_t at = 0;
		int r = 0;

		n = fill(d->e, l, i);
		memset(d->block, 0, d->e->fs->blocksize);
		for (size_t k = i; k < i + n && r == 0; k++) {
			const struct item *it = &l->v[k];
			const struct mkd_e4_entry entry = { it->name, it->len, it->inode_no,
							    it->type };
			size_t len = k + 1 < i + n ? EXT2_DIR_REC_LEN(it->len) : room - at;

			r = mkd_e4_dir_put(d->e, d->block + at, len, &entry);
			at += len;
		}
		if (r < 0)
			return damaged(err);
		mkd_e4_dir_tail(d->e, d->block);
		r = mkd_e4_dir_store(d, first + leaf, d->block, err);
		if (r < 0)
			return r;
		s[leaf] = (struct slot){ l->v[i].hash, (uint32_t)(first + leaf) };
		if (i && l->v[i - 1].hash == l->v[i].hash)
			s[leaf].hash |= CONTINUED;
	}
	return 0;
}

static void put_slots(struct mkd_e4_dir *d, size_t start, const struct slot *s, size_t n)
{
	struct ext2_dx_entry *v = (void *)(d->block + start);
	struct ext2_dx_countlimit *head = (void *)v;

	for (size_t i = 0; i < n; i++)
		v[i] = (struct ext2_dx_entry){ ext2fs_cpu_to_le32(s[i].hash),
					       ext2fs_cpu_to_le32(s[i].block) };
	head->limit = ext2fs_cpu_to_le16((uint16_t)max_slots(d->e, start));
	head->count = ext2fs_cpu_to_le16((uint16_t)n);
}

/* The level between root and leaves; its slots replace the first of s. */
static int write_nodes(struct mkd_e4_dir *d, struct slot *s, size_t *n, struct mkd_err *err)
{
	size_t per = max_slots(d->e, NODE_SLOTS), node = 0;

	for (size_t i = 0; i < *n; i += per, node++) {
		size_t here = *n - i < per ? *n - i : per;
		int r;

		memset(d->block, 0, d->e->fs->blocksize);
		if (ext2fs_set_rec_len(d->e->fs, d->e->fs->blocksize, (void *)d->block))
			return damaged(err);
		put_slots(d, NODE_SLOTS, s + i, here);
		r = mkd_e4_dir_store(d, 1 + node, d->block, err);
		if (r < 0)
			return r;
		s[node] = (struct slot){ s[i].hash, (uint32_t)(1 + node) };
	}
	*n = node;
	return 0;
}

static int write_root(struct mkd_e4_dir *d, uint32_t parent_no, const struct slot *s, size_t n,
		      unsigned levels, struct mkd_err *err)
{
	struct ext2_dx_root_info *info = (void *)(d->block + ROOT_INFO);

	memset(d->block, 0, d->e->fs->blocksize);
	if (mkd_e4_dir_dots(d->e, d->inode.no, parent_no, d->e->fs->blocksize, d->block) < 0)
		return damaged(err);
	info->hash_version = d->e->fs->super->s_def_hash_version;
	info->info_length = ROOT_SLOTS - ROOT_INFO;
	info->indirect_levels = (uint8_t)levels;
	put_slots(d, ROOT_SLOTS, s, n);
	return mkd_e4_dir_store(d, 0, d->block, err);
}

static int write_index(struct mkd_e4_dir *d, const struct items *l, const struct layout *lay,
		       uint32_t parent_no, struct mkd_err *err)
{
	cleanup_free struct slot *s = mkd_e4_zeros(lay->leaves, sizeof(*s));
	size_t n = lay->leaves;
	int r;

	if (!s)
		return mkd_nomem(err);
	r = write_leaves(d, l, 1 + lay->nodes, s, err);
	if (r == 0 && lay->nodes)
		r = write_nodes(d, s, &n, err);
	if (r == 0)
		r = write_root(d, parent_no, s, n, lay->nodes != 0, err);
	if (r == 0)
		MKD_E4_IN(&d->inode)->i_flags |= EXT2_INDEX_FL;
	return r;
}

/* The inode that ".." names; d->block becomes block 0. */
static int read_parent(struct mkd_e4_dir *d, uint32_t *ret, struct mkd_err *err)
{
	const struct ext2_dir_entry *de = (void *)(d->block + EXT2_DIR_REC_LEN(1));
	int r = mkd_e4_dir_load(d, 0, err);

	if (r < 0)
		return r;
	if (ext2fs_dirent_name_len(de) != 2 || memcmp(de->name, "..", 2) != 0)
		return damaged(err);
	*ret = de->inode;
	return 0;
}

int mkd_e4_htree_rebuild(struct mkd_e4_dir *d, const struct mkd_e4_entry *entry,
			 struct mkd_err *err)
{
	struct items l = { .e = d->e };
	struct layout lay = { 0 };
	uint32_t parent_no = 0;
	int r;

	l.kind = hash_kind(d->e, d->e->fs->super->s_def_hash_version);
	if (!ext2fs_has_feature_dir_index(d->e->fs->super) || l.kind < 0)
		return mkd_e4_dir_append(d, entry, err);
	r = read_parent(d, &parent_no, err);
	if (r == 0)
		r = mkd_e4_dir_each(d, collect, &l, err);
	if (r == 0)
		(void)collect(&l, entry);
	if (l.no_memory)
		r = mkd_nomem(err);
	else if (r == 0 && l.unhashed)
		r = damaged(err);
	if (r == 0) {
		qsort(l.v, l.n, sizeof(*l.v), by_hash);
		r = plan(d->e, &l, &lay, err);
	}
	if (r == 0)
		r = mkd_e4_dir_resize(d, lay.blocks, err);
	if (r == 0)
		r = write_index(d, &l, &lay, parent_no, err);
	free(l.v);
	return r;
}
