/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * infile.h - a file's bytes in order, read ahead by a thread of its own, and digested on the way
 * when asked: who decodes them waits neither for the kernel's copy nor for the digest.
 */
#ifndef MKDOMU_INFILE_H
#define MKDOMU_INFILE_H

#include "mkdomu/sha256.h"

#define MKD_INFILE_BYTES ((size_t)256 * KIB) /* of a chunk; small, so that it stays in a cache */

struct mkd_infile;

/*
 * Read the first chunk and start the thread, with all signals blocked in it. fd and name are
 * borrowed until the end; the file is read from offset 0 with pread(2).
 *	-ENOMEM  no memory for buffers or the thread (INTERNAL)
 *	-ESPIPE  a pipe (IO)
 *	-EISDIR  a folder (IO)
 *	other    of pread(2) (IO)
 *	and mkd_sha256_new, mkd_thread_start
 */
must_check int mkd_infile_open(int fd, const char *name, bool digest, struct mkd_infile **ret,
			       struct mkd_err *err);

/*
 * The next chunk, valid until the call after: MKD_INFILE_BYTES, or less at the end of the file, and
 * then none. By one thread at a time.
 *	other    of pread(2) (IO); it stays
 */
must_check int mkd_infile_next(struct mkd_infile *f, const uint8_t **ret, size_t *ret_len,
			       struct mkd_err *err);

/* What the next call will give; before the first one and not after. */
void mkd_infile_first(const struct mkd_infile *f, const uint8_t **ret, size_t *ret_len);

/*
 * After mkd_infile_next has come to the end: how long the file was, and what was in it, zeros
 * without a digest.
 */
void mkd_infile_sum(const struct mkd_infile *f, uint64_t *ret_bytes,
		    uint8_t ret_sha256[static MKD_SHA256_BYTES]);

/* Stop the thread and free; NULL is fine. */
void mkd_infile_close(struct mkd_infile *f);

#endif
