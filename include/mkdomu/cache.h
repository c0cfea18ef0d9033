/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cache.h - the folder of downloads. Flat; nothing in it is trusted: every file is verified again
 * at each use. Names are single components, made by mkdomu.
 */
#ifndef MKDOMU_CACHE_H
#define MKDOMU_CACHE_H

#include "mkdomu/buf.h"
#include "mkdomu/ui.h"

struct mkd_cache {
	int dirfd;
	char *path;
};

/*
 * Open dir, making it (mode 0700) where it is missing. NULL: /var/cache/mkdomu for root, else
 * $XDG_CACHE_HOME/mkdomu, else ~/.cache/mkdomu. Close with mkd_cache_close.
 *	-EPERM   others may write to it, or another user owns it (USAGE)
 *	-ENOTDIR it is not a folder (USAGE)
 *	-EACCES  this user may not make it (USAGE)
 *	-EROFS   likewise, the file system is read-only (USAGE)
 *	-ENOENT  NULL and neither variable is set (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	other    of open(2) (IO)
 *	and mkd_mkdirs
 */
must_check int mkd_cache_open(const char *dir, struct mkd_cache *ret, struct mkd_err *err);
void mkd_cache_close(struct mkd_cache *c);

/*
 * Take the lock of an entry, waiting for its holder (told once to ui); a dead process holds none.
 * *ret_fd ends the lock when given to mkd_cache_unlock, which removes the lock file.
 *	-EINTR   a signal asked to stop
 *	other    of openat(2), flock(2) (IO, NOSPACE)
 */
must_check int mkd_cache_lock(const struct mkd_cache *c, const char *name, struct mkd_ui *ui,
			      int *ret_fd, struct mkd_err *err);
/* The same without waiting: false when another has it, or it cannot be taken. */
must_check bool mkd_cache_trylock(const struct mkd_cache *c, const char *name, int *ret_fd);
void mkd_cache_unlock(const struct mkd_cache *c, const char *name, int fd);

/*
 * Open an entry for reading, its size in *ret_bytes.
 *	-ENOENT  there is none (NET: fetch it)
 *	-EPERM   it is not a regular file of ours, or group or others may write to it (USAGE)
 *	other    of openat(2) (IO)
 */
must_check int mkd_cache_get(const struct mkd_cache *c, const char *name, int *ret_fd,
			     uint64_t *ret_bytes, struct mkd_err *err);

/*
 * Read a small entry whole.
 *	-EFBIG   over max_bytes (VERIFY)
 *	-EIO     it has become shorter meanwhile (IO)
 *	-ENOMEM  (INTERNAL)
 *	other    of pread(2) (IO)
 *	and mkd_cache_get
 */
must_check int mkd_cache_read(const struct mkd_cache *c, const char *name, size_t max_bytes,
			      struct mkd_buf *ret, struct mkd_err *err);

/*
 * Store a small entry in one step.
 *	and mkd_file_write
 */
must_check int mkd_cache_put(const struct mkd_cache *c, const char *name, const void *data,
			     size_t len, struct mkd_err *err);

/* Remove an entry; it may be missing. */
void mkd_cache_drop(const struct mkd_cache *c, const char *name);

/*
 * Against rollback: the newest time seen of a thing, in the entry "<name>.seen", whose whole text
 * is "mkdomu-seen 1\nts <decimal>\n". Compares:
 *	-EBADMSG  sec is older than what was seen; or 0, nothing tells, and something was (VERIFY)
 *	-EUCLEAN  the entry is not of that form: not taken for a first use (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_cache_read
 */
must_check int mkd_cache_seen_check(const struct mkd_cache *c, const char *name, int64_t sec,
				    struct mkd_err *err);

/*
 * Remembers, unless something newer was seen.
 *	-EUCLEAN  as above (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_cache_lock, mkd_cache_read, mkd_cache_put
 */
must_check int mkd_cache_seen_note(const struct mkd_cache *c, const char *name, int64_t sec,
				   struct mkd_err *err);

#endif
