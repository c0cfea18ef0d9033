/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/xattrs.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext2_ext_attr.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>

#include "mkdomu/ext4_ctx.h"

#define IN_INODE_AT   (128u + 32u) /* behind the old inode and i_extra_isize */
#define INDEX_ACCESS  2u
#define INDEX_DEFAULT 3u
#define ACL_V1        1u
#define NAME_MAX_LEN  255u
#define ACL_MODE_LEN  (4u + 3u * 4u) /* owner, group, others: what a mode says too */

struct attr {
	const char *name; /* without its prefix */
	const void *value;
	size_t len;
	uint8_t index, name_len;
	bool in_block;
};

struct attrs {
	struct attr *v;
	size_t n;
	uint8_t *acls; /* converted ones */
};

static void attrs_free(struct attrs *a)
{
	free(a->v);
	free(a->acls);
}

static const struct {
	uint8_t index;
	const char *prefix;
} prefixes[] = {
	{ 1, "user." },
	{ 4, "trusted." },
	{ 6, "security." },
	{ 10, "gnu." },
};

static bool has_id(uint16_t tag)
{
	return tag == ACL_USER || tag == ACL_GROUP;
}

int mkd_xattrs_acl(const void *value, size_t len, void *out)
{
	const struct posix_acl_xattr_entry *from;
	const uint32_t v1 = htole32(ACL_V1);
	uint8_t *to = out;
	uint32_t version;
	size_t n;

	if (len < sizeof(version) || (len - sizeof(version)) % sizeof(*from))
		return -EINVAL;
	memcpy(&version, value, sizeof(version));
	if (le32toh(version) != POSIX_ACL_XATTR_VERSION)
		return -EINVAL;
	n = (len - sizeof(version)) / sizeof(*from);
	memcpy(to, &v1, sizeof(v1));
	to += sizeof(v1);
	for (size_t i = 0; i < n; i++) {
		struct posix_acl_xattr_entry e;
		uint16_t tag;

		memcpy(&e, (const uint8_t *)value + sizeof(version) + i * sizeof(e), sizeof(e));
		tag = le16toh(e.e_tag);
		if (!tag || (tag & (tag - 1)) || tag > ACL_OTHER || le16toh(e.e_perm) > 7)
			return -EINVAL;
		memcpy(to, &e, 4);
		to += 4;
		if (has_id(tag)) {
			memcpy(to, &e.e_id, sizeof(e.e_id));
			to += sizeof(e.e_id);
		}
	}
	return (int)(to - (uint8_t *)out);
}

/* One without entries is none; an access ACL of three entries is the mode again. */
static int add_acl(struct attrs *a, const struct mkd_xattr *x, uint8_t index, uint8_t **room)
{
	int len = mkd_xattrs_acl(x->value, x->len, *room);

	if (len < 0)
		return len;
	if ((size_t)len <= (index == INDEX_ACCESS ? ACL_MODE_LEN : sizeof(uint32_t)))
		return 0;
	a->v[a->n++] =
		(struct attr){ .name = "", .value = *room, .len = (size_t)len, .index = index };
	*room += len;
	return 0;
}

static int add_plain(struct attrs *a, const struct mkd_xattr *x)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		size_t n = strlen(prefixes[i].prefix), len = strlen(x->name);

		if (strncmp(x->name, prefixes[i].prefix, n) != 0)
			continue;
		if (len == n || len - n > NAME_MAX_LEN)
			return -EINVAL;
		a->v[a->n++] = (struct attr){ .name = x->name + n,
					      .value = x->value,
					      .len = x->len,
					      .index = prefixes[i].index,
					      .name_len = (uint8_t)(len - n) };
		return 0;
	}
	return -EOPNOTSUPP;
}

static int add(struct attrs *a, const struct mkd_xattr *x, uint8_t **room)
{
	if (strcmp(x->name, "system.posix_acl_access") == 0)
		return add_acl(a, x, INDEX_ACCESS, room);
	if (strcmp(x->name, "system.posix_acl_default") == 0)
		return add_acl(a, x, INDEX_DEFAULT, room);
	return add_plain(a, x);
}

/* The order that fs/ext4/xattr.c keeps in a block. */
static int by_key(const void *pa, const void *pb)
{
	const struct attr *a = pa, *b = pb;

	if (a->index != b->index)
		return a->index - b->index;
	if (a->name_len != b->name_len)
		return a->name_len - b->name_len;
	return memcmp(a->name, b->name, a->name_len);
}

static size_t padded(size_t len)
{
	return (len + EXT2_EXT_ATTR_ROUND) & ~(size_t)EXT2_EXT_ATTR_ROUND;
}

static size_t cost(const struct attr *a)
{
	return sizeof(struct ext2_ext_attr_entry) + padded(a->name_len) + padded(a->len);
}

static int collect(struct attrs *a, const struct mkd_entry *e, struct mkd_err *err)
{
	size_t acl_bytes = 1;
	uint8_t *room;

	for (size_t i = 0; i < e->n_xattrs; i++)
		acl_bytes +=
			strncmp(e->xattrs[i].name, "system.", 7) == 0 ? e->xattrs[i].len + 4 : 0;
	a->v = calloc(e->n_xattrs, sizeof(*a->v));
	a->acls = room = calloc(1, acl_bytes);
	if (!a->v || !a->acls)
		return mkd_nomem(err);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		int r = add(a, &e->xattrs[i], &room);

		if (r == -EOPNOTSUPP)
			return mkd_fail(
				err, MKD_EXIT_ARCHIVE, EOPNOTSUPP,
				"cannot store attribute '%.200s' of '%.200s': ext4 has no such "
				"namespace; make the tarball without it",
				e->xattrs[i].name, e->path);
		if (r < 0)
			return mkd_fail(err, MKD_EXIT_ARCHIVE, -r,
					"attribute '%.200s' of '%.200s' is malformed",
					e->xattrs[i].name, e->path);
	}
	qsort(a->v, a->n, sizeof(*a->v), by_key);
	return 0;
}

/* First the inode, then the block; 4 zero bytes end each list. */
static int place(struct attrs *a, const char *path, bool *ret_block, struct mkd_err *err)
{
	size_t in_inode = MKD_INODE_BYTES - IN_INODE_AT - 4 - 4;
	size_t in_block = MKD_BLOCK_BYTES - sizeof(struct ext2_ext_attr_header) - 4;

	*ret_block = false;
	for (size_t i = 0; i < a->n; i++) {
		size_t need = cost(&a->v[i]);

		if (need <= in_inode) {
			in_inode -= need;
			continue;
		}
		if (need > in_block)
			return mkd_fail(err, MKD_EXIT_ARCHIVE, E2BIG,
					"extended attributes of '%.200s' are too large: ext4 keeps "
					"about 4 KiB of them for a file",
					path);
		in_block -= need;
		a->v[i].in_block = *ret_block = true;
	}
	return 0;
}

/* Entries upwards from area + first, values downwards from its end. Offsets count from area. */
static void emit(uint8_t *area, size_t first, size_t size, const struct attrs *a, bool block)
{
	uint8_t *at = area + first, *value = area + size;

	for (size_t i = 0; i < a->n; i++) {
		const struct attr *x = &a->v[i];
		struct ext2_ext_attr_entry *t = (void *)at;

		if (x->in_block != block)
			continue;
		t->e_name_len = x->name_len;
		t->e_name_index = x->index;
		t->e_value_size = (uint32_t)x->len;
		memcpy(at + sizeof(*t), x->name, x->name_len);
		if (x->len) {
			value -= padded(x->len);
			memcpy(value, x->value, x->len);
			t->e_value_offs = (uint16_t)(value - area);
		}
		if (block)
			t->e_hash = ext2fs_ext_attr_hash_entry(t, value);
		at += sizeof(*t) + padded(x->name_len);
	}
}

/* Of all entries; 0 = "do not share" when one of them has none (ext4_xattr_rehash). */
static uint32_t block_hash(const uint8_t *block)
{
	const uint8_t *at = block + sizeof(struct ext2_ext_attr_header);
	uint32_t hash = 0;

	for (;;) {
		const struct ext2_ext_attr_entry *t = (const void *)at;

		if (EXT2_EXT_IS_LAST_ENTRY(t))
			return hash;
		if (!t->e_hash)
			return 0;
		hash = (hash << 16) ^ (hash >> 16) ^ t->e_hash;
		at += EXT2_EXT_ATTR_LEN(t->e_name_len);
	}
}

static int store_block(struct mkd_ext4_ctx *c, struct ext2_inode_large *in, const struct attrs *a,
		       struct mkd_err *err)
{
	_Alignas(8) uint8_t block[MKD_BLOCK_BYTES] = { 0 };
	struct ext2_ext_attr_header *head = (void *)block;
	uint64_t nr;
	uint32_t n;
	int r = mkd_balloc_take(&c->alloc, 1, &nr, &n, err);

	if (r < 0)
		return r;
	head->h_magic = EXT2_EXT_ATTR_MAGIC;
	head->h_refcount = 1;
	head->h_blocks = 1;
	emit(block, sizeof(*head), sizeof(block), a, true);
	head->h_hash = block_hash(block);
	if (ext2fs_ext_attr_block_csum_set(c->fs, 0, nr, head))
		return mkd_ext4_fail(EXT2_ET_NO_MEMORY, "checksum attributes of", c->name, err);
	in->i_file_acl = (uint32_t)nr;
	in->osd2.linux2.l_i_file_acl_high = (uint16_t)(nr >> 32);
	mkd_inode_add_blocks(in, 1);
	return mkd_blockout_put(c->out, nr, block, 1, err);
}

static int store(struct mkd_ext4_ctx *c, uint32_t ino, struct attrs *a, const char *path,
		 struct mkd_err *err)
{
	struct ext2_inode_large *in = mkd_inodes_get(&c->inodes, ino);
	const uint32_t magic = EXT2_EXT_ATTR_MAGIC;
	uint8_t *area = (uint8_t *)in + IN_INODE_AT;
	bool block = false, inside = false;
	int r = place(a, path, &block, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < a->n; i++)
		inside |= !a->v[i].in_block;
	if (inside) {
		memcpy(area, &magic, sizeof(magic));
		emit(area + 4, 0, MKD_INODE_BYTES - IN_INODE_AT - 4, a, false);
	}
	return block ? store_block(c, in, a, err) : 0;
}

int mkd_xattrs_store(struct mkd_ext4_ctx *c, uint32_t ino, const struct mkd_entry *e,
		     struct mkd_err *err)
{
	struct attrs a = { 0 };
	int r;

	if (!e->n_xattrs)
		return 0;
	r = collect(&a, e, err);
	if (!r)
		r = store(c, ino, &a, e->path, err);
	attrs_free(&a);
	return r;
}

void mkd_xattrs_release(struct mkd_ext4_ctx *c, uint32_t ino)
{
	struct ext2_inode_large *in = mkd_inodes_get(&c->inodes, ino);
	uint64_t block = in->i_file_acl | (uint64_t)in->osd2.linux2.l_i_file_acl_high << 32;

	memset((uint8_t *)in + IN_INODE_AT, 0, MKD_INODE_BYTES - IN_INODE_AT);
	if (!block)
		return;
	mkd_balloc_free(&c->alloc, block, 1);
	in->i_file_acl = 0;
	in->osd2.linux2.l_i_file_acl_high = 0;
	mkd_inode_add_blocks(in, (uint64_t)-1);
}
