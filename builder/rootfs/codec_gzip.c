/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gzip by zlib (RFC 1952): any number of members, CRC and length checked; one thread. */
#include "mkdomu/codec.h"

#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

#define GZIP_ONLY 16 /* inflateInit2: a gzip wrapper, no zlib one */

struct gz {
	z_stream strm;
	enum { GZ_BETWEEN, GZ_INSIDE, GZ_PADDING } at;
};

static bool gz_is_magic(const uint8_t *head, size_t len)
{
	return len >= 2 && head[0] == 0x1f && head[1] == 0x8b;
}

static int gz_open(const struct mkd_codec_limits *lim, void **ret, struct mkd_err *err)
{
	struct gz *g = calloc(1, sizeof(*g));

	(void)lim; /* zlib takes 40 KiB */
	if (!g || inflateInit2(&g->strm, MAX_WBITS + GZIP_ONLY) != Z_OK) {
		free(g);
		return mkd_nomem(err);
	}
	*ret = g;
	return 0;
}

static int gz_junk(struct mkd_err *err)
{
	return mkd_codec_broken(err, "gzip", "something else follows the stream");
}

/* gzip(1) ignores zero bytes behind the last member (tape blocks); so do we, and nothing else. */
static int gz_between(struct gz *g, const struct mkd_codec_io *io, struct mkd_err *err)
{
	if (*io->in == 0) {
		g->at = GZ_PADDING;
		return 0;
	}
	if (*io->in != 0x1f || inflateReset(&g->strm) != Z_OK)
		return gz_junk(err);
	g->at = GZ_INSIDE;
	return 0;
}

static int gz_padding(struct mkd_codec_io *io, struct mkd_err *err)
{
	for (; io->in_len; io->in++, io->in_len--)
		if (*io->in != 0)
			return gz_junk(err);
	return 0;
}

static int gz_inflate(struct gz *g, struct mkd_codec_io *io, struct mkd_err *err)
{
	uInt in_len = io->in_len > UINT_MAX ? UINT_MAX : (uInt)io->in_len;
	uInt out_len = io->out_len > UINT_MAX ? UINT_MAX : (uInt)io->out_len;
	int r;

	g->strm.next_in = io->in;
	g->strm.avail_in = in_len;
	g->strm.next_out = io->out;
	g->strm.avail_out = out_len;
	r = inflate(&g->strm, Z_NO_FLUSH);
	io->in += in_len - g->strm.avail_in;
	io->in_len -= in_len - g->strm.avail_in;
	io->out += out_len - g->strm.avail_out;
	io->out_len -= out_len - g->strm.avail_out;
	if (r == Z_STREAM_END)
		g->at = GZ_BETWEEN;
	else if (r == Z_MEM_ERROR)
		return mkd_nomem(err);
	else if (r != Z_OK && r != Z_BUF_ERROR)
		return mkd_codec_broken(err, "gzip", g->strm.msg ? g->strm.msg : "structure");
	return 0;
}

static int gz_step(struct gz *g, struct mkd_codec_io *io, struct mkd_err *err)
{
	switch (g->at) {
	case GZ_BETWEEN:
		return gz_between(g, io, err);
	case GZ_PADDING:
		return gz_padding(io, err);
	default:
		return gz_inflate(g, io, err);
	}
}

static int gz_run(void *state, struct mkd_codec_io *io, struct mkd_err *err)
{
	struct gz *g = state;
	int r = 0;

	while (r == 0 && io->in_len && io->out_len)
		r = gz_step(g, io, err);
	/* zlib holds output back when out filled up just as the input ran dry. */
	if (r == 0 && io->out_len && g->at == GZ_INSIDE)
		r = gz_inflate(g, io, err);
	if (r < 0)
		return r;
	if (!io->in_eof || io->in_len || !io->out_len)
		return 0;
	return g->at == GZ_INSIDE ? mkd_codec_cut(err, "gzip") : 1;
}

static void gz_close(void *state)
{
	struct gz *g = state;

	(void)inflateEnd(&g->strm);
	free(g);
}

const struct mkd_codec mkd_codec_gzip = {
	.name = "gzip",
	.is_magic = gz_is_magic,
	.open = gz_open,
	.run = gz_run,
	.close = gz_close,
};
