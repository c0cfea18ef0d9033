/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * err.h - the one error type: an errno for the program, an exit class for the shell, a sentence
 * for the person. All three are set where the error is found; main maps nothing.
 */
#ifndef MKDOMU_ERR_H
#define MKDOMU_ERR_H

#include "mkdomu/base.h"

/* Exit status classes, documented in README and mkdomu(8). A signal n gives 128 + n. */
enum mkd_exit {
	MKD_EXIT_OK = 0,
	MKD_EXIT_INTERNAL = 1, /* a bug, or out of memory or file descriptors */
	MKD_EXIT_USAGE = 2,    /* command line, profile or an input file of the user's */
	MKD_EXIT_TARGET = 3,   /* the target was refused: unsafe, in use, unsuitable */
	MKD_EXIT_BUSY = 4,     /* another run or a running guest holds it */
	MKD_EXIT_NET = 5,      /* download failed; trying again may help */
	MKD_EXIT_VERIFY = 6,   /* not authentic, not intact or not fresh */
	MKD_EXIT_ARCHIVE = 7,  /* the tarball is damaged or breaks the policy */
	MKD_EXIT_NOSPACE = 8,  /* does not fit: blocks, inodes, or the host's disk */
	MKD_EXIT_IO = 9,       /* reading or writing failed */
	MKD_EXIT_HOOK = 10,    /* a hook failed or does not know this guest */
	MKD_EXIT_SIGNAL = 128, /* base of 128 + n */
};

/* Caller-owned, lives on the stack, allocates nothing, so it also works on ENOMEM. */
struct mkd_err {
	int code;       /* positive errno; 0 = no error */
	int exit;       /* enum mkd_exit, or 128 + n */
	char msg[1024]; /* "cannot open 'x': it is a directory; name a file", no newline */
};

/*
 * Set *err and return -code, so that a failing call is one line:
 *	return mkd_fail(err, MKD_EXIT_TARGET, EBUSY, "cannot use '%s': it is mounted", path);
 * code must be > 0. The message is cut, never overrun, at sizeof err->msg, and control characters
 * in it (names come from archives and servers) become '?', so no terminal is ever driven by them.
 */
int mkd_fail(struct mkd_err *err, int exit_class, int code, const char *fmt, ...) printf_like(4, 5);

/*
 * As mkd_fail, with ": <strerror(code)>" appended; pass the saved errno as code. The class is
 * INTERNAL for ENOMEM, EMFILE and ENFILE, whatever exit_class says.
 */
int mkd_fail_errno(struct mkd_err *err, int exit_class, int code, const char *fmt, ...)
	printf_like(4, 5);

/* As mkd_fail_errno; the class is NOSPACE for ENOSPC, EDQUOT and EFBIG, else IO. */
int mkd_fail_io(struct mkd_err *err, int code, const char *fmt, ...) printf_like(3, 4);

/* Out of memory: class INTERNAL, -ENOMEM. */
int mkd_nomem(struct mkd_err *err);

/* Put "<fmt>: " before the message already in *err; returns -err->code. */
int mkd_wrap(struct mkd_err *err, const char *fmt, ...) printf_like(2, 3);

#endif
