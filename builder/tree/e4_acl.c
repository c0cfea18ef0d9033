/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_acl.h"

#include <endian.h>
#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>
#include <ext2fs/ext2_ext_attr.h>
#include <linux/posix_acl.h>

#include "mkdomu/e4_io.h"

#define INDEX_ACCESS 2u /* EXT4_XATTR_INDEX_POSIX_ACL_ACCESS */
#define ACL_V1       1u

static int damaged(struct mkd_err *err, const char *what)
{
	return mkd_fail(err, MKD_EXIT_IO, EUCLEAN, "%s; the file system is damaged, build it again",
			what);
}

/* -- the value -- */

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

/* Bytes of the entry at p: only a named user or group has an id. */
static size_t entry_len(const uint8_t *p)
{
	uint16_t tag = get16(p);

	return tag == ACL_USER || tag == ACL_GROUP ? 8 : 4;
}

static bool is_sound(const uint8_t *value, size_t len)
{
	size_t at = 4;

	if (len < 4 || value[0] != ACL_V1 || value[1] || value[2] || value[3])
		return false;
	while (at + 4 <= len && at + entry_len(value + at) <= len)
		at += entry_len(value + at);
	return at == len;
}

static bool has_mask(const uint8_t *value, size_t len)
{
	for (size_t at = 4; at < len; at += entry_len(value + at))
		if (get16(value + at) == ACL_MASK)
			return true;
	return false;
}

/* Did anything change? */
static bool set_mode(uint8_t *value, size_t len, mode_t mode)
{
	uint16_t group = has_mask(value, len) ? ACL_MASK : ACL_GROUP_OBJ;
	bool changed = false;

	for (size_t at = 4; at < len; at += entry_len(value + at)) {
		uint16_t tag = get16(value + at);
		mode_t now = get16(value + at + 2), want = now;

		if (tag == ACL_USER_OBJ)
			want = mode >> 6 & 7;
		else if (tag == group)
			want = mode >> 3 & 7;
		else if (tag == ACL_OTHER)
			want = mode & 7;
		changed = changed || want != now;
		value[at + 2] = (uint8_t)want;
		value[at + 3] = 0;
	}
	return changed;
}

/* -- attributes -- */

/* From first to end are entries and values; the values' offsets count from base. */
struct area {
	uint8_t *base, *first, *end;
};

/* The next entry, or NULL at the last, with *bad when it is not whole. */
static struct ext2_ext_attr_entry *entry_at(const struct area *a, uint8_t *at, bool *bad)
{
	struct ext2_ext_attr_entry *t = (void *)at;

	*bad = a->end - at < 4;
	if (*bad || EXT2_EXT_IS_LAST_ENTRY(t))
		return NULL;
	*bad = (size_t)(a->end - at) < sizeof(*t) ||
	       (size_t)(a->end - at) < EXT2_EXT_ATTR_LEN(t->e_name_len);
	return *bad ? NULL : t;
}

/* 1 = changed, 0 = no ACL there or one that says mode already. */
static int edit(const struct area *a, mode_t mode, struct mkd_err *err)
{
	struct ext2_ext_attr_entry *t;
	uint8_t *at = a->first, *value;
	size_t room = (size_t)(a->end - a->base);
	bool bad;

	for (; (t = entry_at(a, at, &bad)); at += EXT2_EXT_ATTR_LEN(t->e_name_len)) {
		if (t->e_name_index != INDEX_ACCESS || t->e_name_len)
			continue;
		value = a->base + t->e_value_offs;
		if (t->e_value_inum || t->e_value_offs > room ||
		    t->e_value_size > room - t->e_value_offs || !is_sound(value, t->e_value_size))
			return damaged(err, "an access ACL is none that ext4 has");
		if (!set_mode(value, t->e_value_size, mode))
			return 0;
		if (t->e_hash) /* in an inode it may be left out */
			t->e_hash = ext2fs_ext_attr_hash_entry(t, value);
		return 1;
	}
	return bad ? damaged(err, "the extended attributes have no end") : 0;
}

static int edit_inode(const struct mkd_e4 *e, struct mkd_e4_inode *i, mode_t mode,
		      struct mkd_err *err)
{
	size_t size = EXT2_INODE_SIZE(e->fs->super), at;
	uint32_t magic;

	if (size <= EXT2_GOOD_OLD_INODE_SIZE)
		return 0;
	at = EXT2_GOOD_OLD_INODE_SIZE + MKD_E4_IN(i)->i_extra_isize;
	if (at % 4 || at + sizeof(magic) > size)
		return at + sizeof(magic) > size ? 0 : damaged(err, "an inode's size is odd");
	memcpy(&magic, i->raw + at, sizeof(magic));
	if (magic != EXT2_EXT_ATTR_MAGIC)
		return 0;
	at += sizeof(magic);
	return edit(&(struct area){ i->raw + at, i->raw + at, i->raw + size }, mode, err);
}

/* -- their block -- */

/* As ext4_xattr_rehash: 0 = "do not share" when an entry has none. */
static void rehash(uint8_t *block)
{
	struct ext2_ext_attr_header *head = (void *)block;
	const uint8_t *at = block + sizeof(*head);
	uint32_t hash = 0;

	for (const struct ext2_ext_attr_entry *t = (const void *)at; !EXT2_EXT_IS_LAST_ENTRY(t);
	     t = (const void *)at) {
		if (!t->e_hash) {
			hash = 0;
			break;
		}
		hash = (hash << 16) ^ (hash >> 16) ^ t->e_hash;
		at += EXT2_EXT_ATTR_LEN(t->e_name_len);
	}
	head->h_hash = hash;
}

static int write_block(struct mkd_e4 *e, const struct mkd_e4_inode *i, uint64_t nr, void *block,
		       struct mkd_err *err)
{
	errcode_t code = ext2fs_write_ext_attr3(e->fs, nr, block, i->no);

	return code ? mkd_e4_fail(code, "writing its attributes", err) : 0;
}

/* Others have the block too: it has one user less, and this inode gets a copy. */
static int unshare(struct mkd_e4 *e, struct mkd_e4_inode *i, uint64_t *nr, struct mkd_err *err)
{
	cleanup_free void *old = mkd_e4_zeros(1, e->fs->blocksize);
	struct ext2_ext_attr_header *head = old;
	uint64_t from = *nr;
	errcode_t code;
	int r;

	if (!old)
		return mkd_nomem(err);
	code = ext2fs_read_ext_attr3(e->fs, from, old, i->no);
	if (code)
		return mkd_e4_fail(code, "reading its attributes", err);
	r = mkd_e4_blocks_take(e, 1, nr, err);
	if (r < 0)
		return r;
	head->h_refcount--;
	ext2fs_file_acl_block_set(e->fs, MKD_E4_IN_SMALL(i), *nr);
	return write_block(e, i, from, old, err);
}

static int edit_block(struct mkd_e4 *e, struct mkd_e4_inode *i, mode_t mode, struct mkd_err *err)
{
	uint64_t nr = ext2fs_file_acl_block(e->fs, MKD_E4_IN_SMALL(i));
	size_t size = e->fs->blocksize;
	cleanup_free uint8_t *block = mkd_e4_zeros(1, size);
	struct ext2_ext_attr_header *head = (void *)block;
	errcode_t code;
	int r;

	if (!block)
		return mkd_nomem(err);
	code = ext2fs_read_ext_attr3(e->fs, nr, block, i->no);
	if (code && mkd_e4_io_failed(e->fs->io))
		code = -mkd_e4_io_failed(e->fs->io);
	if (code)
		return mkd_e4_fail(code, "reading its attributes", err);
	r = edit(&(struct area){ block, block + sizeof(*head), block + size }, mode, err);
	if (r <= 0)
		return r;
	rehash(block);
	r = mkd_e4_writable(e, err);
	if (r == 0 && head->h_refcount > 1) {
		r = unshare(e, i, &nr, err);
		head->h_refcount = 1;
	}
	return r < 0 ? r : write_block(e, i, nr, block, err);
}

int mkd_e4_acl_chmod(struct mkd_e4 *e, struct mkd_e4_inode *i, mode_t mode, struct mkd_err *err)
{
	int r = edit_inode(e, i, mode, err);

	if (r < 0)
		return r;
	return r == 0 && ext2fs_file_acl_block(e->fs, MKD_E4_IN_SMALL(i))
		       ? edit_block(e, i, mode, err)
		       : 0;
}
