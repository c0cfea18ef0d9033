/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fault.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>

static atomic_int armed; /* enum fault */
static atomic_uint calls_left;
static int code;

void fault_arm(enum fault kind, unsigned nth, int errno_)
{
	code = errno_;
	atomic_store(&calls_left, nth);
	atomic_store(&armed, kind);
}

bool fault_has_struck(void)
{
	return atomic_load(&calls_left) == 0;
}

bool fault_disarm(void)
{
	atomic_store(&armed, FAULT_NONE);
	return atomic_load(&calls_left) == 0;
}

static bool strikes(enum fault kind)
{
	unsigned left = atomic_load(&calls_left);

	if (atomic_load(&armed) != (int)kind)
		return false;
	while (left && !atomic_compare_exchange_weak(&calls_left, &left, left - 1))
		;
	if (left != 1)
		return false;
	errno = code;
	return true;
}

/* The linker makes name into __wrap_name, and __real_name into name. */
#define WRAP(kind, type, name, params, args, failed)                  \
	type __real_##name params;                                    \
	type __wrap_##name params;                                    \
	type __wrap_##name params                                     \
	{                                                             \
		return strikes(kind) ? (failed) : __real_##name args; \
	}

WRAP(FAULT_ALLOC, void *, malloc, (size_t n), (n), NULL)
WRAP(FAULT_ALLOC, void *, calloc, (size_t n, size_t size), (n, size), NULL)
WRAP(FAULT_ALLOC, void *, realloc, (void *p, size_t n), (p, n), NULL)
WRAP(FAULT_ALLOC, void *, reallocarray, (void *p, size_t n, size_t size), (p, n, size), NULL)
WRAP(FAULT_ALLOC, void *, aligned_alloc, (size_t align, size_t n), (align, n), NULL)
WRAP(FAULT_ALLOC, char *, strdup, (const char *s), (s), NULL)
WRAP(FAULT_ALLOC, int, vasprintf, (char **ret, const char *fmt, va_list ap), (ret, fmt, ap), -1)
WRAP(FAULT_ALLOC, int, __vasprintf_chk, (char **ret, int flag, const char *fmt, va_list ap),
     (ret, flag, fmt, ap), -1)
WRAP(FAULT_OPEN, int, open64, (const char *path, int flags, mode_t mode), (path, flags, mode), -1)
WRAP(FAULT_OPEN, int, __open64_2, (const char *path, int flags), (path, flags), -1)
WRAP(FAULT_OPEN, int, openat64, (int dir, const char *path, int flags, mode_t mode),
     (dir, path, flags, mode), -1)
/* code 0: nothing is read or written, which is no failure */
WRAP(FAULT_READ, ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), code ? -1 : 0)
WRAP(FAULT_PREAD, ssize_t, pread64, (int fd, void *p, size_t n, off_t at), (fd, p, n, at),
     code ? -1 : 0)
WRAP(FAULT_WRITE, ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), code ? -1 : 0)
WRAP(FAULT_PWRITE, ssize_t, pwrite64, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at),
     code ? -1 : 0)
WRAP(FAULT_FSYNC, int, fsync, (int fd), (fd), -1)
WRAP(FAULT_FDATASYNC, int, fdatasync, (int fd), (fd), -1)
WRAP(FAULT_RENAME, int, renameat, (int a, const char *from, int b, const char *to),
     (a, from, b, to), -1)
WRAP(FAULT_RENAME, int, renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
     (a, from, b, to, flags), -1)
WRAP(FAULT_LINK, int, linkat, (int a, const char *from, int b, const char *to, int flags),
     (a, from, b, to, flags), -1)
WRAP(FAULT_UNLINK, int, unlinkat, (int dir, const char *path, int flags), (dir, path, flags), -1)
WRAP(FAULT_TRUNCATE, int, ftruncate64, (int fd, off_t n), (fd, n), -1)
WRAP(FAULT_CHMOD, int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
WRAP(FAULT_FLOCK, int, flock, (int fd, int op), (fd, op), -1)
WRAP(FAULT_SOCKET, int, socket, (int domain, int type, int protocol), (domain, type, protocol), -1)
WRAP(FAULT_BIND, int, bind, (int fd, const struct sockaddr *a, socklen_t n), (fd, a, n), -1)
WRAP(FAULT_MKDIR, int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
WRAP(FAULT_MKDTEMP, char *, mkdtemp, (char *path), (path), NULL)
WRAP(FAULT_STAT, int, fstat64, (int fd, struct stat *st), (fd, st), -1)
WRAP(FAULT_SEEK, off_t, lseek64, (int fd, off_t at, int whence), (fd, at, whence), -1)
WRAP(FAULT_POLL, int, poll, (struct pollfd * p, nfds_t n, int ms), (p, n, ms), -1)
WRAP(FAULT_OPENDIR, DIR *, opendir, (const char *path), (path), NULL)
WRAP(FAULT_READDIR, struct dirent *, readdir64, (DIR * dir), (dir), NULL)
WRAP(FAULT_THREAD, int, pthread_create,
     (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *arg), (t, a, f, arg), code)

/* Of libraries, whose headers have an owner each: their pointers pass through. */
WRAP(FAULT_MOUNT, void *, mnt_new_table, (void), (), NULL)
WRAP(FAULT_BLKID, void *, blkid_new_probe, (void), (), NULL)
WRAP(FAULT_FDISK, void *, fdisk_new_context, (void), (), NULL)
WRAP(FAULT_MOUNT, void *, mnt_new_iter, (int direction), (direction), NULL)
WRAP(FAULT_GCRYPT, const char *, gcry_check_version, (const char *want), (want), NULL)
WRAP(FAULT_GCRYPT, unsigned, gcry_md_open, (void *ret, int algo, unsigned flags),
     (ret, algo, flags), 5 /* GPG_ERR_DIGEST_ALGO */)
WRAP(FAULT_EXT2, long, ext2fs_read_inode_full, (void *fs, unsigned ino, void *inode, int size),
     (fs, ino, inode, size), code)
WRAP(FAULT_EXT2, long, ext2fs_copy_bitmap, (void *from, void *ret), (from, ret), code)
WRAP(FAULT_EXT2, long, ext2fs_flush2, (void *fs, int flags), (fs, flags), code)
WRAP(FAULT_EXT2, long, ext2fs_inode_csum_set, (void *fs, unsigned ino, void *inode),
     (fs, ino, inode), code)
WRAP(FAULT_EXT2, long, ext2fs_allocate_tables, (void *fs), (fs), code)
