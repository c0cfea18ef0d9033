/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/filedata.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/ext4_ctx.h"

#define BS MKD_BLOCK_BYTES

void mkd_filedata_start(struct mkd_filedata *f, uint32_t ino, uint64_t size_bytes)
{
	mkd_extents_reset(&f->extents);
	f->ino = ino;
	f->size_bytes = size_bytes;
	f->pos = 0;
}

/* Most blocks differ from zero in the first bytes, so this costs nothing for them. */
static bool is_zero(const uint8_t *block)
{
	static const uint8_t zeros[16];

	return memcmp(block, zeros, sizeof(zeros)) == 0 &&
	       memcmp(block, block + sizeof(zeros), BS - sizeof(zeros)) == 0;
}

static int put_run(struct mkd_ext4_ctx *c, struct mkd_filedata *f, uint64_t logical,
		   const uint8_t *data, size_t n, struct mkd_err *err)
{
	while (n) {
		uint64_t block;
		uint32_t got;
		int r = mkd_balloc_take(&c->alloc, n, &block, &got, err);

		if (r < 0)
			return r;
		r = mkd_extents_add(&f->extents, (uint32_t)logical, block, got, err);
		if (r < 0)
			return r;
		r = mkd_blockout_put(c->out, block, data, got, err);
		if (r < 0)
			return r;
		logical += got;
		data += (size_t)got * BS;
		n -= got;
	}
	return 0;
}

static int put_blocks(struct mkd_ext4_ctx *c, struct mkd_filedata *f, uint64_t logical,
		      const uint8_t *data, size_t n, struct mkd_err *err)
{
	while (n) {
		size_t holes = 0, full = 0;
		int r;

		while (holes < n && is_zero(data + holes * BS))
			holes++;
		while (holes + full < n && !is_zero(data + (holes + full) * BS))
			full++;
		r = put_run(c, f, logical + holes, data + holes * BS, full, err);
		if (r < 0)
			return r;
		logical += holes + full;
		data += (holes + full) * BS;
		n -= holes + full;
	}
	return 0;
}

/* Zeros up to the end of the partial block, if there is one, and out with it. */
static int finish_partial(struct mkd_ext4_ctx *c, struct mkd_filedata *f, struct mkd_err *err)
{
	size_t have = f->pos % BS;
	uint64_t logical = f->pos / BS;

	if (!have)
		return 0;
	memset(f->partial + have, 0, BS - have);
	f->pos += BS - have;
	return put_blocks(c, f, logical, f->partial, 1, err);
}

static int skip_to(struct mkd_ext4_ctx *c, struct mkd_filedata *f, uint64_t offset,
		   struct mkd_err *err)
{
	size_t have;

	if (offset / BS != f->pos / BS) {
		int r = finish_partial(c, f, err);

		if (r < 0)
			return r;
		f->pos = offset - offset % BS;
	}
	have = f->pos % BS;
	memset(f->partial + have, 0, offset % BS - have);
	f->pos = offset;
	return 0;
}

int mkd_filedata_write(struct mkd_ext4_ctx *c, struct mkd_filedata *f, const void *data, size_t len,
		       uint64_t offset_bytes, struct mkd_err *err)
{
	const uint8_t *from = data;
	size_t n;
	int r;

	if (!f->ino || offset_bytes < f->pos || offset_bytes > f->size_bytes ||
	    len > f->size_bytes - offset_bytes)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
				"cannot write to '%s': data out of order or beyond the file's end",
				c->name);
	r = skip_to(c, f, offset_bytes, err);
	if (r < 0)
		return r;
	if (f->pos % BS) {
		n = BS - f->pos % BS < len ? BS - f->pos % BS : len;
		memcpy(f->partial + f->pos % BS, from, n);
		f->pos += n;
		from += n;
		len -= n;
		if (f->pos % BS)
			return 0;
		r = put_blocks(c, f, f->pos / BS - 1, f->partial, 1, err);
		if (r < 0)
			return r;
	}
	n = len / BS;
	r = put_blocks(c, f, f->pos / BS, from, n, err);
	if (r < 0)
		return r;
	memcpy(f->partial, from + n * BS, len % BS);
	f->pos += len;
	return 0;
}

int mkd_filedata_end(struct mkd_ext4_ctx *c, struct mkd_filedata *f, struct mkd_err *err)
{
	uint32_t ino = f->ino;
	int r;

	if (!ino)
		return mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
				"cannot end a file of '%s': none is open", c->name);
	r = finish_partial(c, f, err);
	if (r < 0)
		return r;
	f->ino = 0;
	return mkd_extents_store(c, &f->extents, ino, err);
}
