/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_dir.h"

#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_htree.h"

#define ENTRY_HEAD 8u /* bytes of an entry before its name */

static struct ext2_dir_entry *entry_at(uint8_t *block, size_t at)
{
	return (struct ext2_dir_entry *)(void *)(block + at);
}

static size_t need(size_t name_len)
{
	return EXT2_DIR_REC_LEN(name_len);
}

void mkd_e4_dir_close(struct mkd_e4_dir *d)
{
	mkd_e4_map_free(&d->map);
	free(d->block);
	d->block = NULL;
}

int mkd_e4_dir_open(struct mkd_e4 *e, uint32_t no, struct mkd_e4_dir *ret, struct mkd_err *err)
{
	struct mkd_e4_dir d = { .e = e };
	int r = mkd_e4_inode_read(e, no, &d.inode, err);

	if (r < 0)
		return r;
	if (!LINUX_S_ISDIR(MKD_E4_IN(&d.inode)->i_mode))
		return mkd_fail(err, MKD_EXIT_HOOK, ENOTDIR, "it is not a folder");
	r = mkd_e4_map_read(e, &d.inode, &d.map, err);
	if (r < 0)
		return r;
	d.block = malloc(e->fs->blocksize);
	if (!d.block || d.map.holes || !d.map.n_data) {
		bool oom = !d.block;

		mkd_e4_dir_close(&d);
		return oom ? mkd_nomem(err)
			   : mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "reading a folder", err);
	}
	*ret = d;
	return 0;
}

int mkd_e4_dir_load(struct mkd_e4_dir *d, size_t i, struct mkd_err *err)
{
	errcode_t code = EXT2_ET_DIR_CORRUPTED;

	if (i < d->map.n_data)
		code = ext2fs_read_dir_block4(d->e->fs, d->map.data[i], d->block, 0, d->inode.no);
	return code ? mkd_e4_fail(code, "reading a folder", err) : 0;
}

int mkd_e4_dir_store(struct mkd_e4_dir *d, size_t i, void *block, struct mkd_err *err)
{
	errcode_t code = ext2fs_write_dir_block4(d->e->fs, d->map.data[i], block, 0, d->inode.no);

	return code ? mkd_e4_fail(code, "writing a folder", err) : 0;
}

/* The length of the entry at a place in d->block, checked against the block and its name. */
static int entry_len(struct mkd_e4_dir *d, size_t at, size_t *ret, struct mkd_err *err)
{
	struct ext2_dir_entry *de = entry_at(d->block, at);
	unsigned len = 0;

	if (at + ENTRY_HEAD > d->e->fs->blocksize || ext2fs_get_rec_len(d->e->fs, de, &len) ||
	    len < ENTRY_HEAD || len % 4 || at + len > d->e->fs->blocksize ||
	    (de->inode && need((size_t)ext2fs_dirent_name_len(de)) > len))
		return mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "reading a folder", err);
	*ret = len;
	return 0;
}

/* "." and ".." alone are two bytes or less of dots: anything else is a name. */
static bool is_dots(const struct ext2_dir_entry *de)
{
	int len = ext2fs_dirent_name_len(de);

	return (len == 1 && de->name[0] == '.') ||
	       (len == 2 && de->name[0] == '.' && de->name[1] == '.');
}

static int each_in_block(struct mkd_e4_dir *d, mkd_e4_dir_fn *fn, void *arg, struct mkd_err *err)
{
	size_t len = 0;

	for (size_t at = 0; at < mkd_e4_dir_room(d->e); at += len) {
		struct ext2_dir_entry *de = entry_at(d->block, at);
		int r = entry_len(d, at, &len, err);

		if (r == 0 && de->inode && !is_dots(de)) {
			const struct mkd_e4_entry entry = {
				.name = de->name,
				.len = (size_t)ext2fs_dirent_name_len(de),
				.inode_no = de->inode,
				.type = (unsigned)ext2fs_dirent_file_type(de),
			};

			r = fn(arg, &entry);
		}
		if (r)
			return r;
	}
	return 0;
}

int mkd_e4_dir_each(struct mkd_e4_dir *d, mkd_e4_dir_fn *fn, void *arg, struct mkd_err *err)
{
	int r = 0;

	for (size_t i = 0; i < d->map.n_data && r == 0; i++) {
		r = mkd_e4_dir_load(d, i, err);
		if (r == 0)
			r = each_in_block(d, fn, arg, err);
	}
	return r;
}

struct place {
	size_t block, at, before; /* before: the entry that precedes it in the block, or at */
	uint32_t inode_no;
};

/* Look for a name in the block that is loaded. */
static int find_in_block(struct mkd_e4_dir *d, const char *name, struct place *ret,
			 struct mkd_err *err)
{
	size_t want = strlen(name), len = 0, before = 0;

	for (size_t at = 0; at < mkd_e4_dir_room(d->e); before = at, at += len) {
		struct ext2_dir_entry *de = entry_at(d->block, at);
		int r = entry_len(d, at, &len, err);

		if (r < 0)
			return r;
		if (de->inode && (size_t)ext2fs_dirent_name_len(de) == want &&
		    memcmp(de->name, name, want) == 0) {
			ret->at = at;
			ret->before = before;
			ret->inode_no = de->inode;
			return 1;
		}
	}
	return 0;
}

/*
 * The blocks in which a name is, or would be put: those that the index names, else all. Returns
 * 1 when the index chose.
 */
static int candidates(struct mkd_e4_dir *d, const char *name, size_t **ret, size_t *n,
		      struct mkd_err *err)
{
	int r = mkd_e4_htree_leaves(d, name, ret, n, err);

	if (r != 0)
		return r;
	*ret = mkd_e4_zeros(d->map.n_data, sizeof(**ret));
	if (!*ret)
		return mkd_nomem(err);
	for (*n = 0; *n < d->map.n_data; (*n)++)
		(*ret)[*n] = *n;
	return 0;
}

static int find(struct mkd_e4_dir *d, const char *name, struct place *ret, struct mkd_err *err)
{
	cleanup_free size_t *v = NULL;
	size_t n = 0;
	int r = candidates(d, name, &v, &n, err);

	if (r < 0)
		return r;
	r = 0;
	for (size_t i = 0; i < n && r == 0; i++) {
		r = mkd_e4_dir_load(d, v[i], err);
		if (r == 0)
			r = find_in_block(d, name, ret, err);
		ret->block = v[i];
	}
	return r;
}

int mkd_e4_dir_find(struct mkd_e4_dir *d, const char *name, uint32_t *ret, struct mkd_err *err)
{
	struct place p = { 0 };
	int r = find(d, name, &p, err);

	if (r == 1)
		*ret = p.inode_no;
	return r;
}

size_t mkd_e4_dir_room(const struct mkd_e4 *e)
{
	return e->fs->blocksize - (ext2fs_has_feature_metadata_csum(e->fs->super)
					   ? sizeof(struct ext2_dir_entry_tail)
					   : 0);
}

void mkd_e4_dir_tail(struct mkd_e4 *e, uint8_t *block)
{
	if (ext2fs_has_feature_metadata_csum(e->fs->super))
		ext2fs_initialize_dirent_tail(e->fs, EXT2_DIRENT_TAIL(block, e->fs->blocksize));
}

int mkd_e4_dir_put(struct mkd_e4 *e, uint8_t *p, size_t rec_len, const struct mkd_e4_entry *entry)
{
	struct ext2_dir_entry *de = entry_at(p, 0);

	memset(p, 0, need(entry->len));
	de->inode = entry->inode_no;
	ext2fs_dirent_set_name_len(de, (int)entry->len);
	ext2fs_dirent_set_file_type(de, (int)entry->type);
	memcpy(de->name, entry->name, entry->len);
	return ext2fs_set_rec_len(e->fs, (unsigned)rec_len, de) ? -EINVAL : 0;
}

/* Use a gap in the block that is loaded: 1 when there was one. */
static int add_to_block(struct mkd_e4_dir *d, size_t block, const struct mkd_e4_entry *entry,
			struct mkd_err *err)
{
	size_t len = 0;

	for (size_t at = 0; at < mkd_e4_dir_room(d->e); at += len) {
		struct ext2_dir_entry *de = entry_at(d->block, at);
		size_t used;
		int r = entry_len(d, at, &len, err);

		if (r < 0)
			return r;
		used = de->inode ? need((size_t)ext2fs_dirent_name_len(de)) : 0;
		if (len - used < need(entry->len))
			continue;
		if (used && ext2fs_set_rec_len(d->e->fs, (unsigned)used, de))
			return mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "writing a folder", err);
		if (mkd_e4_dir_put(d->e, d->block + at + used, len - used, entry) < 0)
			return mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "writing a folder", err);
		r = mkd_e4_dir_store(d, block, d->block, err);
		return r < 0 ? r : 1;
	}
	return 0;
}

int mkd_e4_dir_resize(struct mkd_e4_dir *d, size_t n, struct mkd_err *err)
{
	struct mkd_e4_map old = d->map, new = { 0 };
	struct mkd_e4_inode inode = d->inode;
	size_t more = n > old.n_data ? n - old.n_data : 0;
	size_t kept = n < old.n_data ? n : old.n_data;
	errcode_t code;
	int r;

	new.data = calloc(n, sizeof(*new.data));
	if (!new.data)
		return mkd_nomem(err);
	memcpy(new.data, old.data, kept * sizeof(*new.data));
	new.n_data = n;
	r = mkd_e4_blocks_take(d->e, more, new.data + kept, err);
	if (r == 0) {
		r = mkd_e4_map_set(d->e, &inode, n, new.data, err);
		if (r < 0)
			mkd_e4_blocks_free(d->e, more, new.data + kept);
	}
	if (r < 0) {
		free(new.data);
		return r;
	}
	mkd_e4_blocks_free(d->e, old.n_data - kept, old.data + kept);
	mkd_e4_blocks_free(d->e, old.n_meta, old.meta);
	mkd_e4_map_free(&d->map);
	d->map = new;
	d->inode = inode;
	code = ext2fs_inode_size_set(d->e->fs, MKD_E4_IN_SMALL(&d->inode),
				     (ext2_off64_t)n * d->e->fs->blocksize);
	return code ? mkd_e4_fail(code, "growing a folder", err) : 0;
}

int mkd_e4_dir_append(struct mkd_e4_dir *d, const struct mkd_e4_entry *entry, struct mkd_err *err)
{
	size_t n = d->map.n_data;
	int r = mkd_e4_dir_resize(d, n + 1, err);

	if (r < 0)
		return r;
	memset(d->block, 0, d->e->fs->blocksize);
	if (mkd_e4_dir_put(d->e, d->block, mkd_e4_dir_room(d->e), entry) < 0)
		return mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "writing a folder", err);
	mkd_e4_dir_tail(d->e, d->block);
	return mkd_e4_dir_store(d, n, d->block, err);
}

static int touch(struct mkd_e4_dir *d, struct mkd_err *err)
{
	mkd_e4_inode_touch(d->e, &d->inode, true);
	return mkd_e4_inode_write(d->e, &d->inode, err);
}

int mkd_e4_dir_add(struct mkd_e4_dir *d, const struct mkd_e4_entry *entry, struct mkd_err *err)
{
	cleanup_free size_t *v = NULL;
	size_t n = 0;
	int r = candidates(d, entry->name, &v, &n, err), added = 0;

	if (r < 0)
		return r;
	if (r == 0 && MKD_E4_IN(&d->inode)->i_flags & EXT2_INDEX_FL)
		n = 0; /* an index that we do not know: no block of it is a place for a name */
	for (size_t i = 0; i < n && added == 0; i++) {
		r = mkd_e4_dir_load(d, v[i], err);
		if (r < 0)
			return r;
		added = add_to_block(d, v[i], entry, err);
	}
	if (added == 0)
		added = mkd_e4_htree_rebuild(d, entry, err);
	return added < 0 ? added : touch(d, err);
}

int mkd_e4_dir_remove(struct mkd_e4_dir *d, const char *name, struct mkd_err *err)
{
	struct place p = { 0 };
	size_t len = 0, len_before = 0;
	int r = find(d, name, &p, err);

	if (r == 0)
		r = mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "finding a name again", err);
	if (r > 0)
		r = entry_len(d, p.at, &len, err);
	if (r == 0)
		r = entry_len(d, p.before, &len_before, err);
	if (r < 0)
		return r;
	memset(d->block + p.at, 0, need(strlen(name)));
	if (p.at == p.before) /* the first of its block stays, free */
		len_before = 0;
	if (ext2fs_set_rec_len(d->e->fs, (unsigned)(len_before + len),
			       entry_at(d->block, p.before)))
		return mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "writing a folder", err);
	r = mkd_e4_dir_store(d, p.block, d->block, err);
	return r < 0 ? r : touch(d, err);
}

int mkd_e4_dir_dots(struct mkd_e4 *e, uint32_t no, uint32_t parent_no, size_t room, uint8_t *block)
{
	const struct mkd_e4_entry self = { ".", 1, no, EXT2_FT_DIR };
	const struct mkd_e4_entry parent = { "..", 2, parent_no, EXT2_FT_DIR };
	int r = mkd_e4_dir_put(e, block, need(1), &self);

	return r < 0 ? r : mkd_e4_dir_put(e, block + need(1), room - need(1), &parent);
}

int mkd_e4_dir_init(struct mkd_e4 *e, struct mkd_e4_inode *i, uint32_t parent_no,
		    struct mkd_err *err)
{
	cleanup_free uint8_t *block = mkd_e4_zeros(1, e->fs->blocksize);
	uint64_t at = 0;
	errcode_t code;
	int r;

	if (!block)
		return mkd_nomem(err);
	if (mkd_e4_dir_dots(e, i->no, parent_no, mkd_e4_dir_room(e), block) < 0)
		return mkd_e4_fail(EXT2_ET_DIR_CORRUPTED, "making a folder", err);
	mkd_e4_dir_tail(e, block);
	r = mkd_e4_blocks_take(e, 1, &at, err);
	if (r == 0)
		r = mkd_e4_map_set(e, i, 1, &at, err);
	if (r < 0)
		return r;
	code = ext2fs_inode_size_set(e->fs, MKD_E4_IN_SMALL(i), e->fs->blocksize);
	if (!code)
		code = ext2fs_write_dir_block4(e->fs, at, block, 0, i->no);
	return code ? mkd_e4_fail(code, "making a folder", err) : 0;
}
