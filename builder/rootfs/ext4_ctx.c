/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/ext4_ctx.h"

#include <errno.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/size.h"

/* Inodes and blocks are built in host order; nothing here is written for a big-endian host. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "little-endian hosts only");

uint32_t mkd_ext4_csum(const struct mkd_ext4_ctx *c, uint32_t ino, const void *data, size_t len)
{
	const uint32_t id[2] = { ino, 0 };
	uint32_t crc = ext2fs_crc32c_le(c->fs->csum_seed, (const unsigned char *)id, sizeof(id));

	return ext2fs_crc32c_le(crc, data, len);
}

int mkd_ext4_put_block(struct mkd_ext4_ctx *c, const void *data, uint64_t *ret_block,
		       struct mkd_err *err)
{
	uint64_t block;
	uint32_t n;
	int r = mkd_balloc_take(&c->alloc, 1, &block, &n, err);

	if (r < 0)
		return r;
	r = mkd_blockout_put(c->out, block, data, 1, err);
	if (r < 0)
		return r;
	*ret_block = block;
	return 0;
}

int mkd_ext4_fail(long errcode, const char *doing, const char *name, struct mkd_err *err)
{
	if (errcode == EXT2_ET_NO_MEMORY || errcode == ENOMEM)
		return mkd_nomem(err);
	if (errcode == EXT2_ET_BLOCK_ALLOC_FAIL || errcode == EXT2_ET_INODE_ALLOC_FAIL ||
	    errcode == EXT2_ET_TOOSMALL)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"cannot %s '%s': too small for the file system's own tables; "
				"give " MKD_LARGER_SIZE,
				doing, name);
	return mkd_fail(err, MKD_EXIT_INTERNAL, EIO, "cannot %s '%s': libext2fs: %s", doing, name,
			error_message(errcode));
}
