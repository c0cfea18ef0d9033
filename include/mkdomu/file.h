/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - bounded reads, complete writes, atomic replacement. Every fd is O_CLOEXEC.
 * Unless a function says otherwise its errors are those of the system call named in the message,
 * class IO or NOSPACE as mkd_fail_io chooses.
 *
 * What close(2) returns is not asked for, here and elsewhere: what counts has been through fsync(2)
 * before, which tells of every failed write, and Linux lets go of the fd in any case (close(2)).
 */
#ifndef MKDOMU_FILE_H
#define MKDOMU_FILE_H

#include <sys/types.h>

#include "mkdomu/buf.h"

/*
 * Read a regular file (or what a pipe or /dev/stdin gives) into *ret, which is reset first; a NUL
 * follows the content. exit_class is that of a file that is missing, unreadable, a directory or
 * too large. A named pipe must have something in it within 5 seconds.
 *	-EFBIG   longer than max_bytes; the message names the limit
 *	-EISDIR  a directory
 *	-ETIMEDOUT  a named pipe that nobody writes to
 *	-EINTR   a signal, while a pipe keeps it waiting (mkd_check_signal)
 *	-ENOMEM  (INTERNAL)
 *	other    of openat(2), read(2), of exit_class
 */
must_check int mkd_file_read(int dirfd, const char *path, size_t max_bytes, int exit_class,
			     struct mkd_buf *ret, struct mkd_err *err);

/*
 * As mkd_file_read for what must not stay in memory: read straight into one allocation of
 * max_bytes + 1 bytes, so that nothing but *ret holds it. What *ret held is wiped first, and it is
 * empty on failure. Release it with mkd_buf_wipe; do not add to it, for that may move it.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_file_read
 */
must_check int mkd_file_read_secret(int dirfd, const char *path, size_t max_bytes, int exit_class,
				    struct mkd_buf *ret, struct mkd_err *err);

/*
 * Replace dirfd/name by data in one step: temporary file beside it, fsync, rename, fsync of the
 * folder. On failure no temporary file is left and the old file is as it was; only where the last
 * step fails does the new one have its name already.
 *	-ENOMEM  (INTERNAL)
 *	other    of openat(2), write(2), fchmod(2), fsync(2), renameat(2) (IO, NOSPACE)
 */
must_check int mkd_file_write(int dirfd, const char *name, const void *data, size_t len,
			      mode_t mode, struct mkd_err *err);

/*
 * Read exactly len bytes at an offset, restarting after EINTR. No message; returns 0, or:
 *	-EIO     the file ends before
 *	other    of pread(2)
 */
must_check int mkd_pread_full(int fd, void *data, size_t len, uint64_t offset_bytes);
/*
 * Write all of it, restarting after EINTR and short writes. No message; returns 0, or:
 *	-EIO     nothing was written, and the system says no more
 *	other    of write(2), pwrite(2)
 */
must_check int mkd_write_full(int fd, const void *data, size_t len);
must_check int mkd_pwrite_full(int fd, const void *data, size_t len, uint64_t offset_bytes);

/*
 * Make path and what is missing above it; what is there already is kept as it is.
 *	-ENOMEM  (INTERNAL)
 *	other    of mkdir(2) (IO, NOSPACE)
 */
must_check int mkd_mkdirs(const char *path, mode_t mode, struct mkd_err *err);

/*
 * Open the folder that holds path (following links up to there); *ret_name points at the last
 * component inside path. *ret_fd is O_PATH-free, O_DIRECTORY, the caller's.
 *	-EINVAL  path ends in '/', "." or ".." (class USAGE)
 *	-ENOMEM  (INTERNAL)
 *	other    of open(2) (USAGE: the folder is the user's choice)
 */
must_check int mkd_open_parent(const char *path, int *ret_fd, const char **ret_name,
			       struct mkd_err *err);

/*
 * A new empty folder, mode 0700, under $TMPDIR or /tmp; *ret is the caller's (free + mkd_rmtree).
 *	-ENOMEM  (INTERNAL)
 *	other    of mkdtemp(3) (IO, NOSPACE; USAGE where TMPDIR names no folder that may be
 *	         written to)
 */
must_check int mkd_tmpdir(char **ret, struct mkd_err *err);
/* Remove a folder of our own and all below it, never following a link; best effort, up to 1 s. */
void mkd_rmtree(const char *path);

/*
 * Add the user's folder of that name: $XDG_CONFIG_HOME/mkdomu/WHAT, else ~/.config/mkdomu/WHAT,
 *else none. A relative path there is ignored, as the XDG base directory specification says. -ENOMEM
 *(INTERNAL)
 */
must_check int mkd_strv_add_config(struct mkd_strv *l, const char *what, struct mkd_err *err);

#endif
