/* SPDX-License-Identifier: GPL-2.0-or-later */
/* zstd by libzstd (RFC 8878): any number of frames, skippable ones too; one thread. */
#include "mkdomu/codec.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "mkdomu/size.h"

struct zs {
	ZSTD_DCtx *ctx;
	uint64_t mem_bytes;
	bool inside; /* a frame has begun and not ended */
};

static bool zs_is_magic(const uint8_t *head, size_t len)
{
	/* 0xfd2fb528, or the sixteen skippable ones 0x184d2a5?, little endian */
	return len >= 4 && (memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0 ||
			    ((head[0] & 0xf0) == 0x50 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0));
}

static int zs_open(const struct mkd_codec_limits *lim, void **ret, struct mkd_err *err)
{
	ZSTD_bounds b = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
	struct zs *z = calloc(1, sizeof(*z));
	int log = b.lowerBound;

	if (!z)
		return mkd_nomem(err);
	z->mem_bytes = lim->mem_bytes;
	z->ctx = ZSTD_createDCtx();
	if (!z->ctx) {
		free(z);
		return mkd_nomem(err);
	}
	while (log < b.upperBound && UINT64_C(2) << log <= lim->mem_bytes)
		log++;
	(void)ZSTD_DCtx_setParameter(z->ctx, ZSTD_d_windowLogMax, log);
	*ret = z;
	return 0;
}

static int zs_fail(const struct zs *z, size_t code, struct mkd_err *err)
{
	char have[32];

	switch (ZSTD_getErrorCode(code)) {
	case ZSTD_error_memory_allocation:
		return mkd_nomem(err);
	case ZSTD_error_frameParameter_windowTooLarge:
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENOBUFS,
				"unpacking the zstd data takes a larger window than the limit of "
				"%s of memory allows",
				mkd_size_format(z->mem_bytes, have));
	case ZSTD_error_prefix_unknown:
		return mkd_codec_broken(err, "zstd", "something else follows the frame");
	default:
		return mkd_codec_broken(err, "zstd", ZSTD_getErrorName(code));
	}
}

static int zs_run(void *state, struct mkd_codec_io *io, struct mkd_err *err)
{
	struct zs *z = state;
	ZSTD_inBuffer in = { io->in, io->in_len, 0 };
	ZSTD_outBuffer out = { io->out, io->out_len, 0 };
	size_t r = 0;

	/* libzstd returns 0 at the end of a frame and takes the next one when called again. */
	while (out.pos < out.size && (in.pos < in.size || z->inside)) {
		size_t in_was = in.pos, out_was = out.pos;

		r = ZSTD_decompressStream(z->ctx, &out, &in);
		if (ZSTD_isError(r))
			break;
		z->inside = r != 0;
		if (in.pos == in_was && out.pos == out_was)
			break;
	}
	io->in += in.pos;
	io->in_len -= in.pos;
	io->out += out.pos;
	io->out_len -= out.pos;
	if (ZSTD_isError(r))
		return zs_fail(z, r, err);
	if (!io->in_eof || io->in_len || !io->out_len)
		return 0;
	return z->inside ? mkd_codec_cut(err, "zstd") : 1;
}

static void zs_close(void *state)
{
	struct zs *z = state;

	(void)ZSTD_freeDCtx(z->ctx);
	free(z);
}

const struct mkd_codec mkd_codec_zstd = {
	.name = "zstd",
	.is_magic = zs_is_magic,
	.open = zs_open,
	.run = zs_run,
	.close = zs_close,
};
