/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blockout.h - blocks of 4096 bytes on their way to a region of an fd: collected into aligned runs
 * of up to 4 MiB, written by a thread, in the order in which they were given, with O_DIRECT where
 * the target can. What goes wrong in the thread is told by the next call.
 *
 * touches: only [offset, ...) of the fd. Used by one thread at a time.
 */
#ifndef MKDOMU_BLOCKOUT_H
#define MKDOMU_BLOCKOUT_H

#include "mkdomu/err.h"

#define MKD_BLOCK_BYTES 4096u

struct mkd_blockout;

/*
 * fd (read-write) and name are borrowed; offset_bytes is a multiple of 4096. direct: try O_DIRECT,
 * and go on without it where the target refuses. fd -1: nothing is written anywhere, as
 * mkd_ext4_req.dry wants it.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_thread_start
 */
must_check int mkd_blockout_open(int fd, const char *name, uint64_t offset_bytes, bool direct,
				 struct mkd_blockout **ret, struct mkd_err *err);

/*
 * Room for 1..want blocks that will lie at block and after it: *ret_n of them at *ret, which the
 * caller fills before the next call of any function here.
 *	other    of pwrite(2), of an earlier call (IO, NOSPACE)
 */
must_check int mkd_blockout_take(struct mkd_blockout *o, uint64_t block, size_t want, void **ret,
				 size_t *ret_n, struct mkd_err *err);

/*
 * Copy n blocks out.
 *	and mkd_blockout_take
 */
must_check int mkd_blockout_put(struct mkd_blockout *o, uint64_t block, const void *data, size_t n,
				struct mkd_err *err);

/*
 * Make n blocks read as zeros: a hole where the target can have one.
 *	-EINTR   a signal asked to stop
 *	and mkd_blockout_take, mkd_blockout_drain
 */
must_check int mkd_blockout_zero(struct mkd_blockout *o, uint64_t block, uint64_t n,
				 struct mkd_err *err);

/*
 * Wait until all is written (not: on stable storage).
 *	other    of pwrite(2), of an earlier call (IO, NOSPACE)
 */
must_check int mkd_blockout_drain(struct mkd_blockout *o, struct mkd_err *err);

/*
 * As drain, then fdatasync(2).
 *	other    of fdatasync(2) (IO, NOSPACE)
 *	and mkd_blockout_drain
 */
must_check int mkd_blockout_sync(struct mkd_blockout *o, struct mkd_err *err);

/*
 * Read a block back, after all is written.
 *	-EIO     the target ends before (IO)
 *	-ENODATA fd is -1 (INTERNAL)
 *	other    of pread(2) (IO)
 *	and mkd_blockout_drain
 */
must_check int mkd_blockout_read(struct mkd_blockout *o, uint64_t block, void *data,
				 struct mkd_err *err);

/* Stop the thread and free; what was not drained may be lost. NULL is fine. */
void mkd_blockout_close(struct mkd_blockout *o);

#endif
