/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/members.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/ext4_ctx.h"
#include "mkdomu/extents.h"
#include "mkdomu/xattrs.h"

#define NAME_MAX_LEN 255u
#define LINK_LIMIT   65000u /* EXT4_LINK_MAX */

/* The last component of a path and the folder it is in. */
struct place {
	uint32_t dir;
	const char *name;
	uint8_t len;
};

static const struct {
	uint16_t mode;
	uint8_t dirent;
} types[] = {
	[MKD_FT_REG] = { S_IFREG, MKD_DE_REG },    [MKD_FT_DIR] = { S_IFDIR, MKD_DE_DIR },
	[MKD_FT_LNK] = { S_IFLNK, MKD_DE_LNK },    [MKD_FT_CHR] = { S_IFCHR, MKD_DE_CHR },
	[MKD_FT_BLK] = { S_IFBLK, MKD_DE_BLK },    [MKD_FT_FIFO] = { S_IFIFO, MKD_DE_FIFO },
	[MKD_FT_SOCK] = { S_IFSOCK, MKD_DE_SOCK },
};

static int add_name(struct mkd_ext4_ctx *c, const struct place *p, uint32_t ino, uint8_t ftype,
		    struct mkd_err *err)
{
	const struct mkd_name e = { .dir = p->dir, .len = p->len, .ino = ino, .ftype = ftype };
	int r = mkd_names_set(&c->names, &e, p->name, err);

	if (!r)
		mkd_inodes_dir(&c->inodes, p->dir)->live++;
	return r;
}

static int new_dir(struct mkd_ext4_ctx *c, const struct place *p, uint16_t perm, uint32_t *ret,
		   struct mkd_err *err)
{
	uint32_t ino = 0;
	int r = mkd_inodes_new(&c->inodes, &ino, err);

	if (!r)
		r = add_name(c, p, ino, MKD_DE_DIR, err);
	if (r < 0)
		return r;
	mkd_inodes_get(&c->inodes, ino)->i_mode = S_IFDIR | perm;
	*mkd_inodes_dir(&c->inodes, ino) = (struct mkd_dirstate){ .parent = p->dir, .made = 1 };
	*ret = ino;
	return 0;
}

int mkd_members_init(struct mkd_ext4_ctx *c, struct mkd_err *err)
{
	const struct place lost_found = { MKD_INO_ROOT, "lost+found", 10 };
	uint32_t ino;

	mkd_inodes_get(&c->inodes, MKD_INO_ROOT)->i_mode = S_IFDIR | 0755;
	*mkd_inodes_dir(&c->inodes, MKD_INO_ROOT) =
		(struct mkd_dirstate){ .parent = MKD_INO_ROOT, .made = 1 };
	return new_dir(c, &lost_found, 0700, &ino, err);
}

static int too_long(const char *path, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, ENAMETOOLONG,
			"cannot store '%.200s': a name in it has over 255 bytes", path);
}

/* One step down from p->dir; *ret 0 when there is nothing. */
static int step(struct mkd_ext4_ctx *c, const struct place *p, const char *path, uint32_t *ret,
		struct mkd_err *err)
{
	const struct mkd_name *e = mkd_names_find(&c->names, p->dir, p->name, p->len);
	size_t shown = (size_t)(p->name + p->len - path);

	if (e && e->ftype != MKD_DE_DIR)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENOTDIR,
				"cannot store '%.200s': '%.*s' above it is a %s", path,
				(int)(shown < 200 ? shown : 200), path,
				e->ftype == MKD_DE_LNK ? "symlink" : "file");
	*ret = e ? e->ino : 0;
	return 0;
}

/* The folder of path[0..len), from the root down; made where missing, else -ENOENT. */
static int find_dir(struct mkd_ext4_ctx *c, const char *path, size_t len, bool make, uint32_t *ret,
		    struct mkd_err *err)
{
	const char *end = path + len, *at = path;
	struct place p = { .dir = MKD_INO_ROOT };

	while (at < end) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		size_t n = (size_t)((slash ? slash : end) - at);
		uint32_t ino = 0;
		int r;

		if (n > NAME_MAX_LEN)
			return too_long(path, err);
		p.name = at;
		p.len = (uint8_t)n;
		r = step(c, &p, path, &ino, err);
		if (!r && !ino && !make)
			return -ENOENT;
		if (!r && !ino)
			r = new_dir(c, &p, 0755, &ino, err);
		if (r < 0)
			return r;
		p.dir = ino;
		at += n + 1;
	}
	*ret = p.dir;
	return 0;
}

/*
 * Split a path. Archives list folder by folder, so the last one is remembered.
 * -ENOENT without an error set: a folder is missing and make is false.
 */
static int find_place(struct mkd_ext4_ctx *c, const char *path, bool make, struct place *ret,
		      struct mkd_err *err)
{
	const char *slash = strrchr(path, '/');
	size_t dir_len = slash ? (size_t)(slash - path) : 0, len;
	int r;

	ret->name = slash ? slash + 1 : path;
	len = strlen(ret->name);
	if (len > NAME_MAX_LEN)
		return too_long(path, err);
	ret->len = (uint8_t)len;
	if (c->dir_ino && c->dir.len == dir_len &&
	    memcmp(mkd_buf_cstr(&c->dir), path, dir_len) == 0) {
		ret->dir = c->dir_ino;
		return 0;
	}
	r = find_dir(c, path, dir_len, make, &ret->dir, err);
	if (r < 0)
		return r;
	mkd_buf_reset(&c->dir);
	mkd_buf_add(&c->dir, path, dir_len);
	c->dir_ino = ret->dir;
	return mkd_buf_check(&c->dir, err);
}

static int drop_inode(struct mkd_ext4_ctx *c, uint32_t ino, struct mkd_err *err)
{
	int r = 0;

	if (!S_ISDIR(mkd_inodes_get(&c->inodes, ino)->i_mode))
		r = mkd_extents_release(c, ino, err);
	if (r < 0)
		return r;
	mkd_xattrs_release(c, ino);
	return mkd_inodes_release(&c->inodes, ino, err);
}

/* Take an entry away that is no folder, or an empty one; the last name frees the inode. */
static int unlink_entry(struct mkd_ext4_ctx *c, struct mkd_name *e, struct mkd_err *err)
{
	struct ext2_inode_large *in = mkd_inodes_get(&c->inodes, e->ino);
	uint32_t ino = e->ino;

	e->ino = 0;
	mkd_inodes_dir(&c->inodes, e->dir)->live--;
	if (S_ISDIR(in->i_mode)) {
		if (c->dir_ino == ino)
			c->dir_ino = 0;
		return drop_inode(c, ino, err);
	}
	if (--in->i_links_count)
		return 0;
	return drop_inode(c, ino, err);
}

/* May e take the place of old? Returns 0 after old is gone. */
static int replace(struct mkd_ext4_ctx *c, const struct mkd_entry *e, struct mkd_name *old,
		   struct mkd_err *err)
{
	if (e->type == MKD_FT_DIR && old->ftype == MKD_DE_LNK)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EEXIST,
				"cannot store the folder '%.200s': the tarball has a symlink there",
				e->path);
	if (old->ftype == MKD_DE_DIR &&
	    (mkd_inodes_dir(&c->inodes, old->ino)->live || old->ino == MKD_INO_LOST_FOUND))
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EEXIST,
				"cannot store '%.200s': it would replace a folder%s", e->path,
				old->ino == MKD_INO_LOST_FOUND ? " that ext4 needs"
							       : " that has content");
	return unlink_entry(c, old, err);
}

static int not_found(const struct mkd_entry *e, struct mkd_err *err)
{
	return mkd_fail(
		err, MKD_EXIT_ARCHIVE, ENOENT,
		"cannot make the hard link '%.200s': '%.200s' is not in the tarball before it",
		e->path, e->target);
}

static int find_target(struct mkd_ext4_ctx *c, const struct mkd_entry *e, struct mkd_name *ret,
		       struct mkd_err *err)
{
	const struct mkd_name *found;
	struct place p = { 0 };
	int r = find_place(c, e->target, false, &p, err);

	if (r == -ENOENT)
		return not_found(e, err);
	if (r < 0)
		return r;
	found = mkd_names_find(&c->names, p.dir, p.name, p.len);
	if (!*e->target || (found && found->ftype == MKD_DE_DIR))
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"cannot make the hard link '%.200s': '%.200s' is a folder", e->path,
				e->target);
	if (!found)
		return not_found(e, err);
	*ret = *found;
	return 0;
}

static int add_hardlink(struct mkd_ext4_ctx *c, const struct mkd_entry *e, uint32_t *ret_ino,
			struct mkd_err *err)
{
	struct ext2_inode_large *in;
	struct mkd_name target = { 0 }, *old;
	struct place p = { 0 };
	int r = find_target(c, e, &target, err);

	if (!r)
		r = find_place(c, e->path, true, &p, err);
	if (r < 0)
		return r;
	*ret_ino = target.ino;
	old = mkd_names_find(&c->names, p.dir, p.name, p.len);
	if (old && old->ino == target.ino)
		return 0;
	in = mkd_inodes_get(&c->inodes, target.ino);
	if (in->i_links_count >= LINK_LIMIT)
		return mkd_fail(
			err, MKD_EXIT_ARCHIVE, EMLINK,
			"cannot make the hard link '%.200s': '%.200s' has %u links already, the "
			"most of ext4",
			e->path, e->target, LINK_LIMIT);
	r = old ? replace(c, e, old, err) : 0;
	if (!r)
		r = add_name(c, &p, target.ino, target.ftype, err);
	if (!r)
		in->i_links_count++;
	return r;
}

/* Of a new inode or of a folder given again. */
static void set_inode(struct mkd_ext4_ctx *c, const struct mkd_entry *e, uint32_t ino)
{
	struct ext2_inode_large *in = mkd_inodes_get(&c->inodes, ino);

	in->i_mode = types[e->type].mode | (e->type == MKD_FT_LNK ? 0777 : e->mode & 07777);
	mkd_inode_set_owner(in, e->uid, e->gid);
	mkd_inode_set_times(in, e->mtime_sec, e->mtime_nsec);
	if (e->type == MKD_FT_DIR)
		mkd_inodes_dir(&c->inodes, ino)->made = 0;
	else
		in->i_links_count = 1;
}

static int update_root(struct mkd_ext4_ctx *c, const struct mkd_entry *e, struct mkd_err *err)
{
	if (e->type != MKD_FT_DIR)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EEXIST,
				"cannot store a member without a name: the root is a folder");
	mkd_xattrs_release(c, MKD_INO_ROOT);
	set_inode(c, e, MKD_INO_ROOT);
	return 0;
}

static int add_new(struct mkd_ext4_ctx *c, const struct mkd_entry *e, const struct place *p,
		   uint32_t *ret_ino, struct mkd_err *err)
{
	int r;

	if (e->type == MKD_FT_DIR) {
		r = new_dir(c, p, 0, ret_ino, err);
	} else {
		r = mkd_inodes_new(&c->inodes, ret_ino, err);
		if (!r)
			r = add_name(c, p, *ret_ino, types[e->type].dirent, err);
	}
	if (!r)
		set_inode(c, e, *ret_ino);
	return r;
}

int mkd_members_add(struct mkd_ext4_ctx *c, const struct mkd_entry *e, uint32_t *ret_ino,
		    struct mkd_err *err)
{
	struct mkd_name *old;
	struct place p = { 0 };
	int r;

	*ret_ino = MKD_INO_ROOT;
	if (!*e->path)
		return update_root(c, e, err);
	if (e->type == MKD_FT_HARDLINK)
		return add_hardlink(c, e, ret_ino, err);
	r = find_place(c, e->path, true, &p, err);
	if (r < 0)
		return r;
	old = mkd_names_find(&c->names, p.dir, p.name, p.len);
	if (old && old->ftype == MKD_DE_DIR && e->type == MKD_FT_DIR) {
		*ret_ino = old->ino;
		mkd_xattrs_release(c, old->ino);
		set_inode(c, e, old->ino);
		return 0;
	}
	r = old ? replace(c, e, old, err) : 0;
	return r ? r : add_new(c, e, &p, ret_ino, err);
}
