/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stageopen.h - opens what is in a staged folder also where its mode forbids that: an ordinary user
 * is bound by it, unlike root, and some systems have /etc/shadow with mode 0. Private to stage*.c.
 */
#ifndef MKDOMU_STAGEOPEN_H
#define MKDOMU_STAGEOPEN_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A file or folder, for reading; never a symlink. An entry of a user that is not root gets the bits
 * add (0400, or 0700) where it has not all of them. *ret_mode is the one that it had, with its
 *type. A descriptor (O_CLOEXEC), or a negative errno, without a message: -ELOOP   a symlink other
 *of fstatat(2), openat(2), chmod(2); -ENOENT: there is none
 */
int mkd_stage_open(int dirfd, const char *name, bool folder, mode_t add, mode_t *ret_mode);

/* Give it its mode again. 0, or a negative errno of fchmod(2). */
int mkd_stage_restore(int fd, mode_t add, mode_t mode);

#endif
