/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * copyin.h - files of this host, read into memory before anything is touched. Of an inode its
 * type, content and permission bits 0777 come along; owner, times, other bits, extended attributes
 * and that two names are one file do not.
 *
 * What is read is known by a SHA-256 digest: of a file that of its content, as sha256sum(1) has it;
 * of anything else that of a list with an entry of each path, sorted by byte, which is
 *	the permissions, %04o; " f ", the content's digest in hex; or " d "; or " l ", the link's
 *	text; " "; the path; a NUL
 */
#ifndef MKDOMU_COPYIN_H
#define MKDOMU_COPYIN_H

#include "mkdomu/fileop.h"

#define MKD_COPY_FILE_MAX  (64 * MIB)
#define MKD_COPY_TOTAL_MAX (256 * MIB) /* of all ops of a build */
#define MKD_COPY_FILES_MAX 100000

/*
 * Read op->src, which is followed when it is a link; those below it are kept as links. *left_bytes
 * is what may still be read, and goes down. Release *ret with mkd_copyin_free.
 *	-EINVAL  a device, pipe or socket; or a script of firstboot that is none (USAGE)
 *	-EFBIG   over MKD_COPY_FILE_MAX, or over *left_bytes (USAGE)
 *	-E2BIG   over MKD_COPY_FILES_MAX files (USAGE)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	other    of lstat(2), opendir(3), readdir(3), readlink(2) (USAGE)
 *	and mkd_file_read, mkd_sha256
 */
must_check int mkd_copyin_read(const struct mkd_fileop *op, uint64_t *left_bytes,
			       struct mkd_copy *ret, struct mkd_err *err);
void mkd_copyin_free(struct mkd_copy *c);

#endif
