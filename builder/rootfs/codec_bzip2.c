/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bzip2 by libbz2 1.0.8: any number of streams, block and stream CRCs checked; one thread. */
#include "mkdomu/codec.h"

#include <bzlib.h>
#include <limits.h>
#include <string.h>

struct bz {
	bz_stream strm;
	bool inside; /* strm is initialised */
};

static bool bz_is_magic(const uint8_t *head, size_t len)
{
	return len >= 4 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9';
}

static int bz_open(const struct mkd_codec_limits *lim, void **ret, struct mkd_err *err)
{
	struct bz *b = calloc(1, sizeof(*b));

	(void)lim; /* libbz2 takes at most 3.7 MB */
	if (!b)
		return mkd_nomem(err);
	*ret = b;
	return 0;
}

static int bz_begin(struct bz *b, struct mkd_err *err)
{
	memset(&b->strm, 0, sizeof(b->strm));
	if (BZ2_bzDecompressInit(&b->strm, 0, 0) != BZ_OK)
		return mkd_nomem(err);
	b->inside = true;
	return 0;
}

static int bz_result(struct bz *b, int r, struct mkd_err *err)
{
	switch (r) {
	case BZ_OK:
		return 0;
	case BZ_STREAM_END:
		(void)BZ2_bzDecompressEnd(&b->strm);
		b->inside = false;
		return 0;
	case BZ_MEM_ERROR:
		return mkd_nomem(err);
	case BZ_DATA_ERROR_MAGIC:
		return mkd_codec_broken(err, "bzip2", "something else follows the stream");
	default:
		return mkd_codec_broken(err, "bzip2", "checksum or structure");
	}
}

static int bz_decode(struct bz *b, struct mkd_codec_io *io, struct mkd_err *err)
{
	unsigned in_len = io->in_len > UINT_MAX ? UINT_MAX : (unsigned)io->in_len;
	unsigned out_len = io->out_len > UINT_MAX ? UINT_MAX : (unsigned)io->out_len;
	int r;

	/* libbz2 only reads there, but its header says no const. */
	b->strm.next_in = (char *)(uintptr_t)io->in; /* NOLINT(performance-no-int-to-ptr) */
	b->strm.avail_in = in_len;
	b->strm.next_out = (char *)io->out;
	b->strm.avail_out = out_len;
	r = BZ2_bzDecompress(&b->strm);
	io->in += in_len - b->strm.avail_in;
	io->in_len -= in_len - b->strm.avail_in;
	io->out += out_len - b->strm.avail_out;
	io->out_len -= out_len - b->strm.avail_out;
	return bz_result(b, r, err);
}

static int bz_run(void *state, struct mkd_codec_io *io, struct mkd_err *err)
{
	struct bz *b = state;
	bool moved = true;
	int r = 0;

	/* Without input there may still be output inside: go on until nothing moves. */
	while (io->out_len && (io->in_len || (b->inside && moved))) {
		size_t in_was = io->in_len, out_was = io->out_len;

		if (!b->inside)
			r = bz_begin(b, err);
		if (r == 0)
			r = bz_decode(b, io, err);
		if (r < 0)
			return r;
		moved = io->in_len != in_was || io->out_len != out_was;
	}
	if (!io->in_eof || io->in_len || !io->out_len)
		return 0;
	return b->inside ? mkd_codec_cut(err, "bzip2") : 1;
}

static void bz_close(void *state)
{
	struct bz *b = state;

	if (b->inside)
		(void)BZ2_bzDecompressEnd(&b->strm);
	free(b);
}

const struct mkd_codec mkd_codec_bzip2 = {
	.name = "bzip2",
	.is_magic = bz_is_magic,
	.open = bz_open,
	.run = bz_run,
	.close = bz_close,
};
