/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec.h - what stream.c asks of a decompressor: one table of functions for each format. Codecs
 * see memory only; files, threads and the ring are stream.c's.
 */
#ifndef MKDOMU_CODEC_H
#define MKDOMU_CODEC_H

#include "mkdomu/err.h"

/* Windows that a codec moves: it takes from the front of in and fills the front of out. */
struct mkd_codec_io {
	const uint8_t *in;
	size_t in_len;
	bool in_eof; /* nothing follows in[in_len] */
	uint8_t *out;
	size_t out_len; /* room left */
};

struct mkd_codec_limits {
	unsigned threads;   /* at least 1 */
	uint64_t mem_bytes; /* of the decoder */
};

struct mkd_codec {
	const char *name;
	bool (*is_magic)(const uint8_t *head, size_t len);

	/* NULL: the bytes are the plain text and no other function is set. -ENOMEM (INTERNAL). */
	int (*open)(const struct mkd_codec_limits *lim, void **ret, struct mkd_err *err);

	/*
	 * Work until in is empty, out is full, or some time has passed. Returns 1 when in_eof
	 * holds, everything up to there was proper and all of it is out; else 0. Messages name the
	 * format, not the file. What went to out before an error is delivered. Errors:
	 *	-EBADMSG  damaged, cut, or junk behind the end (ARCHIVE)
	 *	-ENOBUFS  the stream wants more than mem_bytes (ARCHIVE)
	 *	-ENOMEM   (INTERNAL)
	 */
	int (*run)(void *state, struct mkd_codec_io *io, struct mkd_err *err);

	void (*close)(void *state);
};

extern const struct mkd_codec mkd_codec_xz, mkd_codec_zstd, mkd_codec_gzip, mkd_codec_bzip2;

/* The codec of a file by its first bytes (6 are enough); "none" when no magic fits. */
const struct mkd_codec *mkd_codec_find(const uint8_t *head, size_t len);

/* The two failures that all formats share, in the same words: -EBADMSG (ARCHIVE). */
int mkd_codec_broken(struct mkd_err *err, const char *format, const char *why);
int mkd_codec_cut(struct mkd_err *err, const char *format);

#endif
