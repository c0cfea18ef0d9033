/* SPDX-License-Identifier: GPL-2.0-or-later */
/* xz by liblzma (lzma/container.h, 5.4): blocks in parallel where their headers carry sizes. */
#include "mkdomu/codec.h"

#include <errno.h>
#include <lzma.h>
#include <string.h>

#include "mkdomu/size.h"

/* After this long without output lzma_code returns, so that a stop request is seen. */
#define TIMEOUT_MSEC 200
/* Above this liblzma uses fewer threads, so that more cores do not take more memory. */
#define THREADING_BYTES (160 * MIB)

struct xz {
	lzma_stream strm;
	uint64_t mem_bytes;
};

static bool xz_is_magic(const uint8_t *head, size_t len)
{
	static const uint8_t magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

	return len >= sizeof(magic) && memcmp(head, magic, sizeof(magic)) == 0;
}

static int xz_fail(const struct xz *z, lzma_ret r, struct mkd_err *err)
{
	char need[32], have[32];

	switch (r) {
	case LZMA_MEM_ERROR:
		return mkd_nomem(err);
	case LZMA_MEMLIMIT_ERROR:
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ENOBUFS,
				"unpacking the xz data takes %s of memory, the limit is %s",
				mkd_size_format(lzma_memusage(&z->strm), need),
				mkd_size_format(z->mem_bytes, have));
	case LZMA_FORMAT_ERROR:
		return mkd_codec_broken(err, "xz", "something else follows the stream");
	case LZMA_OPTIONS_ERROR:
	case LZMA_UNSUPPORTED_CHECK:
		return mkd_codec_broken(err, "xz", "unknown filter, check or header field");
	case LZMA_BUF_ERROR:
		return mkd_codec_cut(err, "xz");
	default:
		return mkd_codec_broken(err, "xz", "checksum or structure");
	}
}

static int xz_open(const struct mkd_codec_limits *lim, void **ret, struct mkd_err *err)
{
	struct xz *z = calloc(1, sizeof(*z));
	lzma_mt mt = {
		.flags = LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK,
		.threads = lim->threads,
		.timeout = TIMEOUT_MSEC,
		.memlimit_threading =
			lim->mem_bytes < THREADING_BYTES ? lim->mem_bytes : THREADING_BYTES,
		.memlimit_stop = lim->mem_bytes,
	};
	lzma_ret r;

	if (!z)
		return mkd_nomem(err);
	z->strm = (lzma_stream)LZMA_STREAM_INIT;
	z->mem_bytes = lim->mem_bytes;
	r = lzma_stream_decoder_mt(&z->strm, &mt);
	if (r != LZMA_OK) {
		free(z);
		return r == LZMA_MEM_ERROR ? mkd_nomem(err)
					   : mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL,
						      "liblzma refuses %u threads", lim->threads);
	}
	*ret = z;
	return 0;
}

static int xz_run(void *state, struct mkd_codec_io *io, struct mkd_err *err)
{
	struct xz *z = state;
	lzma_ret r;

	z->strm.next_in = io->in;
	z->strm.avail_in = io->in_len;
	z->strm.next_out = io->out;
	z->strm.avail_out = io->out_len;
	r = lzma_code(&z->strm, io->in_eof ? LZMA_FINISH : LZMA_RUN);
	io->in = z->strm.next_in;
	io->in_len = z->strm.avail_in;
	io->out = z->strm.next_out;
	io->out_len = z->strm.avail_out;
	if (r == LZMA_STREAM_END)
		return 1;
	/* LZMA_BUF_ERROR is the second call in a row that moved nothing: harmless before the end.
	 */
	if (r == LZMA_OK || (r == LZMA_BUF_ERROR && (!io->in_eof || !io->out_len)))
		return 0;
	return xz_fail(z, r, err);
}

static void xz_close(void *state)
{
	struct xz *z = state;

	lzma_end(&z->strm);
	free(z);
}

const struct mkd_codec mkd_codec_xz = {
	.name = "xz",
	.is_magic = xz_is_magic,
	.open = xz_open,
	.run = xz_run,
	.close = xz_close,
};
