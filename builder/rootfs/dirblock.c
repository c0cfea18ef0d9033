/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/dirblock.h"

#include <string.h>

#define TAIL_TYPE 0xdeu

struct dirent_head {
	uint32_t ino;
	uint16_t rec_len;
	uint8_t name_len, ftype;
};

struct dirent_tail {
	struct dirent_head head; /* ino 0, so that it looks like a free entry */
	uint32_t csum;
};

void mkd_dirblock_add(struct mkd_dirblock *b, uint32_t ino, const char *name, uint8_t len,
		      uint8_t ftype)
{
	const struct dirent_head head = { ino, (uint16_t)mkd_dirent_len(len), len, ftype };

	memcpy(b->data + b->len, &head, sizeof(head));
	memcpy(b->data + b->len + sizeof(head), name, len);
	b->last = b->len;
	b->len += head.rec_len;
}

void mkd_dirblock_add_dots(struct mkd_dirblock *b, const struct mkd_dirout *d)
{
	mkd_dirblock_add(b, d->ino, ".", 1, MKD_DE_DIR);
	mkd_dirblock_add(b, d->parent, "..", 2, MKD_DE_DIR);
}

void mkd_dirblock_seal(struct mkd_dirblock *b, const struct mkd_dirout *d)
{
	struct dirent_tail tail = { .head = { 0, sizeof(tail), 0, TAIL_TYPE } };
	uint16_t rec_len = (uint16_t)(MKD_DIR_ROOM - b->last);

	memcpy(b->data + b->last + offsetof(struct dirent_head, rec_len), &rec_len,
	       sizeof(rec_len));
	tail.csum = mkd_ext4_csum(d->c, d->ino, b->data, MKD_DIR_ROOM);
	memcpy(b->data + MKD_DIR_ROOM, &tail, sizeof(tail));
}

int mkd_dirout_put(struct mkd_dirout *d, const void *block, struct mkd_err *err)
{
	uint64_t nr;
	int r = mkd_ext4_put_block(d->c, block, &nr, err);

	if (r < 0)
		return r;
	return mkd_extents_add(&d->extents, d->n_blocks++, nr, 1, err);
}
