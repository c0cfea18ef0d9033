/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seal.h - a finished ext4 whose guest is not: its primary superblock carries this in s_magic, so
 * that nothing recognises it, until tree_ext4 has edited it and writes the real one. A build that
 * is killed in between leaves a disk on which blkid(8) finds nothing.
 */
#ifndef MKDOMU_SEAL_H
#define MKDOMU_SEAL_H

#include <stdint.h>
#include <string.h>

#define MKD_EXT4_MAGIC_AT 1080 /* of the file system: superblock at 1024, s_magic at 0x38 */
#define MKD_EXT4_MAGIC    0xef53
#define MKD_EXT4_SEALED   0x4d6b

/* block holds at least the first 4096 bytes of a file system. */
static inline uint16_t mkd_seal_magic(const void *block)
{
	const uint8_t *p = (const uint8_t *)block + MKD_EXT4_MAGIC_AT;

	return (uint16_t)(p[0] | p[1] << 8);
}

static inline void mkd_seal_set(void *block, uint16_t magic)
{
	const uint8_t le[2] = { (uint8_t)magic, (uint8_t)(magic >> 8) };

	memcpy((uint8_t *)block + MKD_EXT4_MAGIC_AT, le, sizeof(le));
}

#endif
