/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * e4_io.h - the file system's bytes, as libext2fs asks for them: reads come from the target,
 * writes stay in memory until mkd_e4_io_commit puts them out, in ascending order and the primary
 * superblock last. So a failure before that leaves the target as it was.
 */
#ifndef MKDOMU_E4_IO_H
#define MKDOMU_E4_IO_H

#include "mkdomu/err.h"

struct struct_io_manager;
struct struct_io_channel;

/*
 * For ext2fs_open2: its name is the fd as a decimal number (reopened through /proc/self/fd, so
 * that flags such as O_DIRECT and the file position are not shared), its io_options may say
 * "offset=BYTES". Errors are errno values.
 */
struct struct_io_manager *mkd_e4_io_manager(void);

/*
 * 0, or the negative errno of the first read or write that failed. libext2fs often makes "cannot
 * read a bitmap" and the like of it.
 */
int mkd_e4_io_failed(struct struct_io_channel *io);

/*
 * Write what was kept. No message; returns 0, or:
 * -ENOMEM
 *	other    of pwrite(2)
 */
must_check int mkd_e4_io_commit(struct struct_io_channel *io);

#endif
