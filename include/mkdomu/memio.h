/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * memio.h - an io_manager of libext2fs that keeps what is written in memory, in 4 KiB pages, so
 * that the library lays out a file system without touching the target. The pages are written later,
 * in ascending order, by the one who owns the target; unwritten ones read as zeros.
 *
 * calls:   libext2fs (ext2_io.h of e2fsprogs 1.47.0)
 */
#ifndef MKDOMU_MEMIO_H
#define MKDOMU_MEMIO_H

#include "mkdomu/err.h"

struct struct_io_manager;
struct struct_io_channel;

/* Any name opens; each channel has pages of its own, freed when libext2fs closes it. */
struct struct_io_manager *mkd_memio_manager(void);

/* Has memory run out? libext2fs tells its caller something else. */
bool mkd_memio_failed(const struct struct_io_channel *ch);

/* Forget the pages [page, page + n), which the caller writes itself. */
void mkd_memio_forget(struct struct_io_channel *ch, uint64_t page, uint64_t n);

/* The 4096 bytes of a page for reading and changing, NULL when it was never written. */
void *mkd_memio_page(struct struct_io_channel *ch, uint64_t page);

/*
 * Call each(arg, page, data, err) for every page in ascending order; stops at the first failure and
 * returns it.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_memio_each(struct struct_io_channel *ch,
			      int (*each)(void *arg, uint64_t page, const void *data,
					  struct mkd_err *err),
			      void *arg, struct mkd_err *err);

#endif
