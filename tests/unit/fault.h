/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fault.h - makes the nth call of a kind fail that the code under test makes: the linker's --wrap
 * (the Makefile's list) leads those calls here. Only calls of our own objects are seen; what a
 * library does inside is not.
 */
#ifndef MKDOMU_FAULT_H
#define MKDOMU_FAULT_H

#include "test.h"

enum fault {
	FAULT_NONE,
	FAULT_ALLOC, /* malloc(3) and what else gives memory */
	FAULT_OPEN,
	FAULT_READ,
	FAULT_PREAD,
	FAULT_WRITE,
	FAULT_PWRITE,
	FAULT_FSYNC,
	FAULT_FDATASYNC,
	FAULT_RENAME,
	FAULT_LINK,
	FAULT_UNLINK,
	FAULT_TRUNCATE,
	FAULT_CHMOD,
	FAULT_FLOCK,
	FAULT_SOCKET,
	FAULT_BIND,
	FAULT_MKDIR,
	FAULT_MKDTEMP,
	FAULT_STAT,
	FAULT_SEEK,
	FAULT_POLL,
	FAULT_OPENDIR,
	FAULT_READDIR,
	FAULT_THREAD,
	FAULT_MOUNT,  /* memory of libmount */
	FAULT_BLKID,  /* of libblkid */
	FAULT_FDISK,  /* of libfdisk */
	FAULT_GCRYPT, /* 1: its version, 2 and further: a digest is opened */
	FAULT_EXT2,   /* calls of libext2fs that fail in no other way; code is an errcode_t */
};

/*
 * From now on the nth call of that kind, in any thread, fails with errno code, once. With code 0 it
 * reads or writes nothing, as at the end of a file.
 */
void fault_arm(enum fault kind, unsigned nth, int code);
/* Has it struck? For faults in another thread. */
bool fault_has_struck(void);
/* No fault any more. Had it struck? */
bool fault_disarm(void);

/*
 * expr under a fault of which errno is expected back, with class and words as assert_fails has
 * them; the fault must have struck.
 */
#define assert_fault(kind, nth, expr, errp, errno_, class_, words)     \
	do {                                                           \
		fault_arm(kind, nth, errno_);                          \
		assert_fails(expr, errp, errno_, class_, words);       \
		if (!fault_disarm())                                   \
			fail_msg("%s: the fault did not come", #expr); \
	} while (0)

/*
 * Let the first allocation in expr fail, then the second, until all succeed. Each time expr must
 * return -ENOMEM with class INTERNAL, and in the end be well.
 */
#define assert_nomem(expr, errp)                                                                \
	do {                                                                                    \
		unsigned n_ = 0;                                                                \
		bool struck_;                                                                   \
		int r_;                                                                         \
		do {                                                                            \
			memset((errp), 0, sizeof(*(errp)));                                     \
			fault_arm(FAULT_ALLOC, ++n_, ENOMEM);                                   \
			r_ = (expr);                                                            \
			struck_ = fault_disarm();                                               \
			if (struck_ && (r_ != -ENOMEM || (errp)->exit != MKD_EXIT_INTERNAL))    \
				fail_msg("%s: allocation %u failed: %d, class %d, '%s'", #expr, \
					 n_, r_, (errp)->exit, (errp)->msg);                    \
		} while (struck_);                                                              \
		if (r_ < 0 || n_ == 1)                                                          \
			fail_msg("%s: %d after %u allocations: %s", #expr, r_, n_ - 1,          \
				 (errp)->msg);                                                  \
	} while (0)

/*
 * As assert_nomem for what goes on without some of its memory: then undo is done, also in the end.
 * At least one failure must be returned.
 */
#define assert_nomem_some(expr, errp, undo)                                                     \
	do {                                                                                    \
		unsigned n_ = 0, failed_ = 0;                                                   \
		bool struck_;                                                                   \
		int r_;                                                                         \
		do {                                                                            \
			memset((errp), 0, sizeof(*(errp)));                                     \
			fault_arm(FAULT_ALLOC, ++n_, ENOMEM);                                   \
			r_ = (expr);                                                            \
			struck_ = fault_disarm();                                               \
			if (r_ >= 0) {                                                          \
				undo;                                                           \
			} else if (!struck_ || r_ != -ENOMEM ||                                 \
				   (errp)->exit != MKD_EXIT_INTERNAL) {                         \
				fail_msg("%s: allocation %u failed: %d, class %d, '%s'", #expr, \
					 n_, r_, (errp)->exit, (errp)->msg);                    \
			}                                                                       \
			failed_ += r_ < 0;                                                      \
		} while (struck_);                                                              \
		if (!failed_)                                                                   \
			fail_msg("%s: no failure came back", #expr);                            \
	} while (0)

#endif
