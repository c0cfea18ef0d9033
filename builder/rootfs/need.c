// SPDX-License-Identifier: GPL-2.0-or-later
#include "mkdomu/need.h"

#include <errno.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/dirblock.h"
#include "mkdomu/ext4_ctx.h"
#include "mkdomu/ext4_geom.h"

#define FAST_SYMLINK   60u
#define IN_INODE_BYTES 92u /* of attributes */
#define EXTENTS_LEAF   340u
#define SIZE_MAX_BYTES (UINT64_C(1) << 50)

DEFINE_CLEANUP(freefsp, ext2_filsys, ext2fs_free)

static uint64_t blocks_of(uint64_t bytes)
{
	return (bytes + MKD_BLOCK_BYTES - 1) / MKD_BLOCK_BYTES;
}

void mkd_need_add(struct mkd_need *n, const struct mkd_entry *e)
{
	const char *slash = strrchr(e->path, '/'), *name = slash ? slash + 1 : e->path;
	size_t attrs = 0;

	n->next_block = 0;
	n->names_bytes += mkd_dirent_len((uint8_t)strlen(name));
	if (e->type == MKD_FT_HARDLINK)
		return;
	n->inodes++;
	for (size_t i = 0; i < e->n_xattrs; i++)
		attrs += 16 + strlen(e->xattrs[i].name) + e->xattrs[i].len;
	n->blocks += attrs > IN_INODE_BYTES;
	n->blocks += e->type == MKD_FT_DIR;
	n->blocks += e->type == MKD_FT_LNK && strlen(e->target) >= FAST_SYMLINK;
}

void mkd_need_data(struct mkd_need *n, uint64_t offset_bytes, uint64_t len)
{
	uint64_t first = offset_bytes / MKD_BLOCK_BYTES, end = blocks_of(offset_bytes + len);

	if (first < n->next_block)
		first = n->next_block;
	if (end <= first)
		return;
	n->blocks += end - first;
	n->next_block = end;
}

/* What an empty one of that size has free; 0 when it is too small even for its own tables. */
static int free_in(const struct mkd_ext4_req *like, uint64_t size_bytes, uint64_t *ret_blocks,
		   uint64_t *ret_inodes, struct mkd_err *err)
{
	cleanup(freefsp) ext2_filsys fs = NULL;
	struct mkd_ext4_req req = *like;
	int r;

	req.size_bytes = size_bytes;
	r = mkd_ext4_geom_make(&req, &fs, err);
	*ret_blocks = *ret_inodes = 0;
	if (r == -ENOSPC)
		return 0;
	if (r < 0)
		return r;
	*ret_blocks = ext2fs_free_blocks_count(fs->super);
	*ret_inodes = fs->super->s_inodes_count - MKD_INO_LOST_FOUND;
	return 0;
}

/* Leaves of a large folder are filled to 80 %; some blocks more for extents and index nodes. */
static uint64_t all_blocks(const struct mkd_need *n, uint64_t swap_bytes)
{
	uint64_t blocks = n->blocks + blocks_of(swap_bytes);

	blocks += blocks_of(n->names_bytes) * 5 / 4;
	return blocks + blocks / EXTENTS_LEAF + 16;
}

static uint64_t whole_mib(uint64_t bytes)
{
	return (bytes + MIB - 1) / MIB * MIB;
}

int mkd_need_size(const struct mkd_need *n, const struct mkd_ext4_req *req, uint64_t swap_bytes,
		  uint64_t *ret_bytes, struct mkd_err *err)
{
	uint64_t want = all_blocks(n, swap_bytes), blocks = 0, inodes = 0;
	uint64_t size = whole_mib(want * MKD_BLOCK_BYTES + MKD_EXT4_MIN_BYTES);

	while (size <= SIZE_MAX_BYTES) {
		int r = free_in(req, size, &blocks, &inodes, err);

		if (r < 0)
			return r;
		if (blocks >= want && inodes >= n->inodes) {
			*ret_bytes = size;
			return 0;
		}
		if (blocks >= want && req->inodes)
			break;
		/* by what is missing, and inodes by the room that makes them */
		if (blocks < want)
			size += whole_mib((want - blocks) * MKD_BLOCK_BYTES);
		else
			size += whole_mib((n->inodes - inodes) * 16 * KIB);
	}
	return mkd_fail(err, MKD_EXIT_NOSPACE, EFBIG, "no size of '%s' would hold it", req->name);
}
