/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streamtest.h - packed files of every format, and what comes out of them. */
#ifndef MKDOMU_STREAMTEST_H
#define MKDOMU_STREAMTEST_H

#include "test.h"

#include "mkdomu/stream.h"

#define PLAIN_BYTES (2 * 1048576 + 12345)

struct format {
	const char *name, *tool;
	const char *args[4];
};
extern const struct format stream_formats[4]; /* xz first */

/* Bytes that shrink, but not to nothing; the same ones every time. */
uint8_t *stream_plain(void);

/* stream_plain() in a file, and packed; returns the path of the packed one. */
const char *stream_packed(void **state, const struct format *f);

struct how {
	unsigned threads;
	uint64_t mem_bytes, max_plain_bytes;
};

/* Read a file through a stream into *ret; the last result of mkd_stream_read. */
int stream_unpack(const char *path, struct how how, struct mkd_buf *ret, struct mkd_err *err);

/* So many times stream_plain(). */
void assert_plain(const struct mkd_buf *b, size_t copies);

#endif
