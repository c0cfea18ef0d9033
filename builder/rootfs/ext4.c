/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/ext4.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/dirs.h"
#include "mkdomu/ext4_ctx.h"
#include "mkdomu/ext4_geom.h"
#include "mkdomu/filedata.h"
#include "mkdomu/members.h"
#include "mkdomu/size.h"
#include "mkdomu/swapfile.h"
#include "mkdomu/xattrs.h"

#define SYMLINK_MAX_LEN 4095u
#define FAST_SYMLINK    60u /* shorter ones live in i_block */
#define MAJOR_MAX       0xfffu
#define MINOR_MAX       0xfffffu

struct mkd_ext4 {
	struct mkd_ext4_ctx c;
	struct mkd_filedata file;
	bool zeroed, durable, begun;
};

static int check(const struct mkd_ext4_req *req, struct stat *st, struct mkd_err *err)
{
	char have[32], need[32];
	off_t end;

	if (req->offset_bytes % MKD_BLOCK_BYTES)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot make a file system in '%s' at byte %llu: not a multiple "
				"of 4096",
				req->name, (unsigned long long)req->offset_bytes);
	if (req->size_bytes < MKD_EXT4_MIN_BYTES)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot make an ext4 of %s in '%s': at least %s are needed",
				mkd_size_format(req->size_bytes, have), req->name,
				mkd_size_format(MKD_EXT4_MIN_BYTES, need));
	if (req->dry)
		return 0;
	end = lseek(req->fd, 0, SEEK_END);
	if (end < 0 || fstat(req->fd, st) < 0)
		return mkd_fail_io(err, errno, "cannot tell the size of '%s'", req->name);
	if (req->offset_bytes > (uint64_t)end ||
	    req->size_bytes > (uint64_t)end - req->offset_bytes)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot make an ext4 of %s in '%s': it ends before",
				mkd_size_format(req->size_bytes, have), req->name);
	return 0;
}

static int set_up(const struct mkd_ext4_req *req, struct mkd_ext4 *w, struct mkd_err *err)
{
	struct mkd_ext4_ctx *c = &w->c;
	int r = mkd_ext4_geom_make(req, &c->fs, err);

	if (r < 0)
		return r;
	c->name = req->name;
	c->sealed = req->sealed;
	c->alloc = (struct mkd_balloc){ .fs = c->fs, .name = req->name };
	r = mkd_inodes_init(&c->inodes, c->fs->super->s_inodes_count, MKD_INO_FIRST, req->name,
			    err);
	if (!r)
		r = mkd_ext4_geom_inodes(c, err);
	if (!r)
		r = mkd_members_init(c, err);
	if (!r)
		r = mkd_blockout_open(req->dry ? -1 : req->fd, req->name, req->offset_bytes,
				      req->direct, &c->out, err);
	return r;
}

int mkd_ext4_create(const struct mkd_ext4_req *req, struct mkd_ext4 **ret, struct mkd_err *err)
{
	struct mkd_ext4 *w;
	struct stat st = { 0 };
	int r = check(req, &st, err);

	if (r < 0)
		return r;
	w = calloc(1, sizeof(*w));
	if (!w)
		return mkd_nomem(err);
	w->zeroed = req->zeroed;
	w->durable = !req->dry && (S_ISBLK(st.st_mode) || !req->zeroed);
	r = set_up(req, w, err);
	if (r < 0) {
		mkd_ext4_abort(w);
		return r;
	}
	*ret = w;
	return 0;
}

void mkd_ext4_abort(struct mkd_ext4 *w)
{
	if (!w)
		return;
	mkd_blockout_close(w->c.out);
	mkd_extents_free(&w->file.extents);
	mkd_names_free(&w->c.names);
	mkd_inodes_free(&w->c.inodes);
	mkd_buf_free(&w->c.dir);
	if (w->c.fs)
		ext2fs_free(w->c.fs);
	free(w);
}

static int begin(struct mkd_ext4 *w, struct mkd_err *err)
{
	if (w->begun)
		return 0;
	w->begun = true;
	return mkd_ext4_geom_wipe(&w->c, w->zeroed, err);
}

/* What the archive's reader ought to have refused, and what only this writer can know. */
static int check_entry(const struct mkd_ext4 *w, const struct mkd_entry *e, struct mkd_err *err)
{
	if (w->file.ino)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
				"cannot add '%.200s': the file before it has not been ended",
				e->path);
	if (e->type == MKD_FT_REG && e->size_bytes > MKD_FILE_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EFBIG,
				"cannot store '%.200s': a file of ext4 has less than 16 TiB",
				e->path);
	if (e->type == MKD_FT_LNK && strlen(e->target) > SYMLINK_MAX_LEN)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENAMETOOLONG,
				"cannot store the symlink '%.200s': its target has over %u bytes",
				e->path, SYMLINK_MAX_LEN);
	if (e->type == MKD_FT_LNK && !*e->target)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EINVAL,
				"cannot store the symlink '%.200s': its target is empty", e->path);
	if ((e->type == MKD_FT_CHR || e->type == MKD_FT_BLK) &&
	    (e->major > MAJOR_MAX || e->minor > MINOR_MAX))
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ERANGE,
				"cannot store the device '%.200s': number %u:%u is over %u:%u",
				e->path, e->major, e->minor, MAJOR_MAX, MINOR_MAX);
	return 0;
}

static int store_symlink(struct mkd_ext4 *w, const struct mkd_entry *e, uint32_t ino,
			 struct mkd_err *err)
{
	struct ext2_inode_large *in = mkd_inodes_get(&w->c.inodes, ino);
	size_t len = strlen(e->target);
	int r;

	mkd_inode_set_size(in, len);
	if (len < FAST_SYMLINK) {
		memcpy(in->i_block, e->target, len);
		return 0;
	}
	mkd_filedata_start(&w->file, ino, len);
	r = mkd_filedata_write(&w->c, &w->file, e->target, len, 0, err);
	return r ? r : mkd_filedata_end(&w->c, &w->file, err);
}

/* Linux's old encoding where it suffices, else the new one (kernel, kdev_t.h). */
static void store_device(struct ext2_inode_large *in, const struct mkd_entry *e)
{
	if (e->major < 256 && e->minor < 256)
		in->i_block[0] = e->major << 8 | e->minor;
	else
		in->i_block[1] = (e->minor & 0xff) | e->major << 8 | (e->minor & ~0xffu) << 12;
}

int mkd_ext4_add(struct mkd_ext4 *w, const struct mkd_entry *e, struct mkd_err *err)
{
	uint32_t ino = 0;
	int r = check_entry(w, e, err);

	if (!r)
		r = begin(w, err);
	if (!r)
		r = mkd_members_add(&w->c, e, &ino, err);
	if (r < 0 || e->type == MKD_FT_HARDLINK)
		return r;
	r = mkd_xattrs_store(&w->c, ino, e, err);
	if (r < 0)
		return r;
	switch (e->type) {
	case MKD_FT_REG:
		mkd_inode_set_size(mkd_inodes_get(&w->c.inodes, ino), e->size_bytes);
		mkd_filedata_start(&w->file, ino, e->size_bytes);
		return 0;
	case MKD_FT_LNK:
		return store_symlink(w, e, ino, err);
	case MKD_FT_CHR:
	case MKD_FT_BLK:
		store_device(mkd_inodes_get(&w->c.inodes, ino), e);
		return 0;
	default:
		return 0;
	}
}

int mkd_ext4_data(struct mkd_ext4 *w, const void *data, size_t len, uint64_t offset_bytes,
		  struct mkd_err *err)
{
	return mkd_filedata_write(&w->c, &w->file, data, len, offset_bytes, err);
}

int mkd_ext4_end(struct mkd_ext4 *w, struct mkd_err *err)
{
	return mkd_filedata_end(&w->c, &w->file, err);
}

int mkd_ext4_check_swap(struct mkd_ext4 *w, const struct mkd_ext4_swap *swap, struct mkd_err *err)
{
	int r = mkd_swapfile_check(swap, w->c.name, err);

	return r ? r : mkd_swapfile_check_room(&w->c, swap, err);
}

int mkd_ext4_add_swap(struct mkd_ext4 *w, const struct mkd_ext4_swap *swap, int64_t epoch_sec,
		      struct mkd_err *err)
{
	const struct mkd_entry e = {
		.path = swap->path, .type = MKD_FT_REG, .mode = 0600, .mtime_sec = epoch_sec
	};
	uint32_t ino = 0;
	int r = mkd_swapfile_check(swap, w->c.name, err);

	if (!r)
		r = check_entry(w, &e, err);
	if (!r)
		r = begin(w, err);
	if (!r)
		r = mkd_members_add(&w->c, &e, &ino, err);
	return r ? r : mkd_swapfile_store(&w->c, swap, ino, w->zeroed, err);
}

static void stamp_special(struct mkd_ext4_ctx *c, int64_t epoch_sec)
{
	static const uint32_t special[] = { MKD_INO_BAD, MKD_INO_RESIZE, MKD_INO_JOURNAL };

	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		mkd_inode_set_times(mkd_inodes_get(&c->inodes, special[i]), epoch_sec, 0);
}

static int finish(struct mkd_ext4 *w, int64_t epoch_sec, struct mkd_ext4_stats *ret,
		  struct mkd_err *err)
{
	struct mkd_ext4_ctx *c = &w->c;
	struct mkd_ext4_stats stats = { 0 };
	int r = begin(w, err);

	if (!r)
		r = mkd_blockout_drain(c->out, err);
	if (!r && w->file.ino)
		r = mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
			     "cannot finish '%s': its last file has not been ended", c->name);
	if (!r)
		r = mkd_dirs_write(c, epoch_sec, err);
	if (r < 0)
		return r;
	mkd_balloc_settle(&c->alloc);
	stamp_special(c, epoch_sec);
	r = mkd_inodes_write(c, &stats.inodes_used, err);
	if (!r)
		r = mkd_ext4_geom_write(c, epoch_sec, w->durable, err);
	if (r < 0)
		return r;
	stats.inodes = c->fs->super->s_inodes_count;
	stats.blocks = ext2fs_blocks_count(c->fs->super);
	stats.blocks_used = stats.blocks - ext2fs_free_blocks_count(c->fs->super);
	*ret = stats;
	return 0;
}

int mkd_ext4_finish(struct mkd_ext4 *w, int64_t epoch_sec, struct mkd_ext4_stats *ret,
		    struct mkd_err *err)
{
	int r = finish(w, epoch_sec, ret, err);

	mkd_ext4_abort(w);
	return r;
}
