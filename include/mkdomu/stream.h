/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - a compressed file as a stream of plain chunks, decompressed by threads of its own.
 *
 * in:      an open, verified fd; the format is told by magic: xz, zstd, gzip, bzip2, or none
 * out:     chunks of up to 1 MiB in order, without a copy
 * calls:   liblzma (lzma_stream_decoder_mt), libzstd, zlib, libbz2; no helper program
 *
 * Concatenated streams of the same format are one stream. What may follow the last one is what the
 * format's own tool accepts without a warning, all else is -EBADMSG:
 *	xz     zero bytes, a multiple of 4 (stream padding; also between streams)
 *	zstd   nothing (skippable frames count as frames)
 *	gzip   zero bytes, any number
 *	bzip2  nothing
 *	none   anything: it is all plain text
 * Checksums that a file has are checked: xz block checks and index, zstd's optional one, gzip's CRC
 * and length, bzip2's CRCs. Another magic (lzma, lzip, lz4, compress) counts as "none".
 *
 * One thread reads the file and digests it, one decodes into a ring of chunks; xz decodes in
 *further threads where the file has several blocks with sizes (xz -T, pixz). The chunks, and so all
 *that is read, are the same whatever the number of threads.
 */
#ifndef MKDOMU_STREAM_H
#define MKDOMU_STREAM_H

#include "mkdomu/sha256.h"
#include "mkdomu/ui.h"

struct mkd_stream;

struct mkd_stream_req {
	int fd;                   /* borrowed; read from offset 0 with pread(2) */
	const char *name;         /* for messages; copied */
	unsigned threads;         /* of decompression; 0 = one a core; at most 256 are used */
	uint64_t mem_bytes;       /* limit for the decoder; 0 = 1 GiB */
	uint64_t max_plain_bytes; /* stop a bomb; 0 = no limit */
	size_t ring_bytes;        /* how far it may run ahead of the reader; 0 = 16 MiB */
	bool digest;              /* SHA-256 of the file on the way, for mkd_stream_sum */
};

/*
 * Reads the start of the file to tell the format, and starts the threads, with all signals blocked
 * in them.
 *	-ENOMEM  no memory for buffers or threads (INTERNAL)
 *	and mkd_infile_open, mkd_thread_start
 */
must_check int mkd_stream_open(const struct mkd_stream_req *req, struct mkd_stream **ret,
			       struct mkd_err *err);

/*
 * Give the next chunk: 1 with *data and *len > 0, valid until the next call; 0 at the end. All but
 * the last are 1 MiB. Errors come after the good data before them and stay, but for -EINTR, after
 * which reading may go on:
 *	-EBADMSG  damaged, cut, or junk behind the end (ARCHIVE)
 *	-EFBIG    more than max_plain_bytes (ARCHIVE)
 *	-ENOBUFS  the stream wants more decoder memory than mem_bytes (ARCHIVE)
 *	-EINTR    a signal asked to stop
 *	-ENOMEM  of the decoder (INTERNAL)
 *	other    of pread(2) (IO)
 */
must_check int mkd_stream_read(struct mkd_stream *s, const void **data, size_t *len,
			       struct mkd_err *err);

/* The next call gives the same chunk again; else as the one above. Errors: mkd_stream_read. */
must_check int mkd_stream_peek(struct mkd_stream *s, const void **data, size_t *len,
			       struct mkd_err *err);

/* Compressed bytes consumed so far, for progress; at the proper end the size of the file. */
uint64_t mkd_stream_pos(const struct mkd_stream *s);

/*
 * After the proper end: how long the file was and its SHA-256, of the very bytes that were decoded;
 * zeros without a digest.
 */
void mkd_stream_sum(const struct mkd_stream *s, uint64_t *ret_bytes,
		    uint8_t ret_sha256[static MKD_SHA256_BYTES]);

/* "xz", "zstd", "gzip", "bzip2", "none". */
const char *mkd_stream_format(const struct mkd_stream *s);

/* Stop the threads, wherever they are, and free; NULL is fine. */
void mkd_stream_close(struct mkd_stream *s);

#endif
