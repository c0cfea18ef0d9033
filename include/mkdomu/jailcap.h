/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jailcap.h - what a jail's program may ask of the kernel: capabilities(7), seccomp(2),
 * setrlimit(2). Private to jail*.c; called just before execve(2). 0, or a negative errno with
 * *step set.
 */
#ifndef MKDOMU_JAILCAP_H
#define MKDOMU_JAILCAP_H

#include "mkdomu/base.h"

/* mounted: also what installing packages in a chroot(2) takes. */
int mkd_jailcap_drop(bool mounted, const char **step);

#endif
