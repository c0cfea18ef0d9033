/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - a compressed file as a stream of plain chunks, decompressed by threads of its own.
 *
 * in:      an open, verified fd; the format is told by magic: xz, zstd, gzip, bzip2, or none
 * out:     chunks of up to 1 MiB in order, without a copy
 * calls:   liblzma (lzma_stream_decoder_mt), libzstd, zlib, libbz2; no helper program
 *
 * Trailing rule: concatenated streams of the same format are one stream; anything else behind the
 * last one, zero bytes of padding excepted where the format's own tool accepts them, is an error.
 */
#ifndef MKDOMU_STREAM_H
#define MKDOMU_STREAM_H

#include "mkdomu/ui.h"

struct mkd_stream;

struct mkd_stream_req {
	int fd;                   /* borrowed; read from offset 0 with pread(2) */
	const char *name;         /* for messages; borrowed */
	unsigned threads;         /* of decompression; 0 = one a core */
	uint64_t mem_bytes;       /* limit for the decoder; 0 = 1 GiB */
	uint64_t max_plain_bytes; /* stop a bomb; 0 = no limit */
};

/*
 *	-ENOMEM  no memory for buffers or threads (INTERNAL)
 *	-EIO...  reading the fd failed (IO)
 */
must_check int mkd_stream_open(const struct mkd_stream_req *req, struct mkd_stream **ret,
			       struct mkd_err *err);

/*
 * Give the next chunk: 1 with *data and *len > 0, valid until the next call; 0 at the end. Errors:
 *	-EBADMSG  damaged, cut, or junk behind the end (ARCHIVE)
 *	-EFBIG    more than max_plain_bytes (ARCHIVE)
 *	-ENOBUFS  the stream wants more decoder memory than mem_bytes (ARCHIVE)
 *	-EINTR    a signal asked to stop
 *	other     reading failed (IO)
 */
must_check int mkd_stream_read(struct mkd_stream *s, const void **data, size_t *len,
			       struct mkd_err *err);

/* Compressed bytes consumed so far, for progress. */
uint64_t mkd_stream_pos(const struct mkd_stream *s);

/* "xz", "zstd", "gzip", "bzip2", "none". */
const char *mkd_stream_format(const struct mkd_stream *s);

/* Stop the threads, wherever they are, and free; NULL is fine. */
void mkd_stream_close(struct mkd_stream *s);

#endif
