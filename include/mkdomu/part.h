/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * part.h - a download that is not complete: NAME.part holds what has come, NAME.part.meta says of
 * which URL and which version of the file it is, so that it is continued only with the same. The
 * caller keeps other writers away (mkd_cache_lock).
 *
 * meta: "mkdomu-part 1", "url <for people>", "id <of the full URL>", "if-range <validator>".
 */
#ifndef MKDOMU_PART_H
#define MKDOMU_PART_H

#include "mkdomu/err.h"

struct mkd_part {
	int dirfd; /* the caller's */
	int fd;
	char name[236];      /* of the finished file */
	char id[33];         /* of the URL, mkd_hash_name */
	char validator[200]; /* a strong ETag or a date for If-Range; "" = cannot be continued */
	uint64_t have_bytes;
};

/*
 * Open or create NAME.part. What it holds is kept only if its meta names this URL and a validator;
 * else it starts empty. Close with mkd_part_close, which keeps the files.
 *	-ENAMETOOLONG  NAME has over 235 bytes (USAGE)
 *	-EINVAL  NAME.part is not a regular file (USAGE)
 *	other    of openat(2), ftruncate(2) (IO, NOSPACE)
 *	and mkd_hash_name
 */
must_check int mkd_part_open(int dirfd, const char *name, const char *url, struct mkd_part *ret,
			     struct mkd_err *err);

/*
 * Empty it, and note the version that is about to be stored; validator "" = none.
 *	-ENOMEM  (INTERNAL)
 *	other    of unlinkat(2), ftruncate(2) (IO)
 *	and mkd_file_write
 */
must_check int mkd_part_restart(struct mkd_part *p, const char *url, const char *validator,
				struct mkd_err *err);

/*
 * Append.
 *	other    of pwrite(2) (IO, NOSPACE)
 */
must_check int mkd_part_add(struct mkd_part *p, const void *data, size_t len, struct mkd_err *err);

/*
 * fsync, rename to NAME, fsync of the folder. Where one of the first two fails the part stays.
 *	other    of fsync(2), renameat(2) (IO, NOSPACE)
 */
must_check int mkd_part_publish(struct mkd_part *p, struct mkd_err *err);

void mkd_part_discard(struct mkd_part *p);
void mkd_part_close(struct mkd_part *p);

#endif
