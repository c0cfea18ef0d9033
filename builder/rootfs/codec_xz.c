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

/* Enough for a stream's padding, as makers write it, and the 12 bytes of a header. */
#define TAIL_BYTES 64

struct xz {
	lzma_stream strm;
	uint64_t mem_bytes;
	uint8_t tail[TAIL_BYTES]; /* the last bytes that liblzma took in */
	size_t tail_len;
};

static bool xz_is_magic(const uint8_t *head, size_t len)
{
	static const uint8_t magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };

	return len >= sizeof(magic) && memcmp(head, magic, sizeof(magic)) == 0;
}

static void remember(struct xz *z, const uint8_t *in, size_t len)
{
	size_t keep = len < TAIL_BYTES ? TAIL_BYTES - len : 0;

	if (keep > z->tail_len)
		keep = z->tail_len;
	memmove(z->tail, z->tail + z->tail_len - keep, keep);
	if (len > TAIL_BYTES) {
		in += len - TAIL_BYTES;
		len = TAIL_BYTES;
	}
	if (len)
		memcpy(z->tail + keep, in, len);
	z->tail_len = keep + len;
}

/*
 * Is a whole stream behind us, and then something that begins no other one? liblzma, which reads
 * concatenated streams as one, tells neither. A stream ends with "YZ" at a multiple of four bytes,
 * zeros may follow, and a header has 12 bytes (xz-file-format.txt, 2.1.2.4 and 2.2).
 */
static bool has_junk(const struct xz *z)
{
	static const uint8_t magic[] = { 0xfd, '7', 'z', 'X', 'Z', 0 };
	const uint8_t *end = z->tail + z->tail_len;

	for (const uint8_t *p = end - 1; p >= z->tail + 2; p--) {
		const uint8_t *rest = p;
		size_t len;

		if (p[-2] != 'Y' || p[-1] != 'Z' ||
		    (z->strm.total_in - (uint64_t)(end - p)) % 4 != 0)
			continue;
		while (rest < end && !*rest)
			rest++;
		len = (size_t)(end - rest);
		if (len <= 12 && (!len || memcmp(rest, magic, len < 6 ? len : 6) != 0))
			return true;
	}
	return false;
}

static int xz_fail(const struct xz *z, lzma_ret r, struct mkd_err *err)
{
	char need[32], have[32];

	if ((r == LZMA_BUF_ERROR || r == LZMA_DATA_ERROR) && has_junk(z))
		r = LZMA_FORMAT_ERROR;
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
	remember(z, io->in, (size_t)(z->strm.next_in - io->in));
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
