/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ext4_ctx.h - what the parts of the ext4 writer share; of no interest to others. */
#ifndef MKDOMU_EXT4_CTX_H
#define MKDOMU_EXT4_CTX_H

#include "mkdomu/balloc.h"
#include "mkdomu/blockout.h"
#include "mkdomu/buf.h"
#include "mkdomu/inodes.h"
#include "mkdomu/names.h"

#define MKD_INO_BAD        1u
#define MKD_INO_ROOT       2u
#define MKD_INO_RESIZE     7u
#define MKD_INO_JOURNAL    8u
#define MKD_INO_FIRST      11u /* the first that is not reserved: lost+found */
#define MKD_INO_LOST_FOUND MKD_INO_FIRST

/* file_type of a directory entry (ext4.rst of the kernel, "Directory Entries") */
enum mkd_dirent_type {
	MKD_DE_REG = 1,
	MKD_DE_DIR,
	MKD_DE_CHR,
	MKD_DE_BLK,
	MKD_DE_FIFO,
	MKD_DE_SOCK,
	MKD_DE_LNK,
};

struct mkd_ext4_ctx {
	struct struct_ext2_filsys *fs; /* its io is mkd_memio_manager's */
	struct mkd_blockout *out;
	struct mkd_balloc alloc;
	struct mkd_inodes inodes;
	struct mkd_names names;
	const char *name;   /* of the target */
	bool sealed;        /* see struct mkd_ext4_req */
	struct mkd_buf dir; /* path of the folder that was last looked up, */
	uint32_t dir_ino;   /* and its inode; 0 = none */
};

/* crc32c over the seed, the inode's number, its generation (0) and data, as metadata_csum wants. */
uint32_t mkd_ext4_csum(const struct mkd_ext4_ctx *c, uint32_t ino, const void *data, size_t len);

/*
 * Allocate a block, copy data there.
 *	and mkd_balloc_take, mkd_blockout_put
 */
must_check int mkd_ext4_put_block(struct mkd_ext4_ctx *c, const void *data, uint64_t *ret_block,
				  struct mkd_err *err);

/* An errcode_t of libext2fs as an error: "cannot <doing> '<name>': <its text>". */
int mkd_ext4_fail(long errcode, const char *doing, const char *name, struct mkd_err *err);

#endif
