/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jailfs.h - the mounts of a jail: what its program sees of the host, and where it may write.
 * Private to jail*.c, and called in the jail's own mount namespace. These return 0 or a negative
 * errno, and *step then says what failed.
 */
#ifndef MKDOMU_JAILFS_H
#define MKDOMU_JAILFS_H

#include "mkdomu/jail.h"

/*
 * Build the new root and make it the root; the old one is gone. *has_proc: procfs(5) could be
 * mounted; it is writable still (mkd_jailfs_lock_proc), as maps of user namespaces are set there.
 * owner, or this user where it is -1, is the only one who gets to the staged folder and the files
 * for the program. In /proc a process sees only those that it might trace (hidepid in procfs(5)):
 * not the first one, whose command line is mkdomu's.
 */
int mkd_jailfs_build(const struct mkd_jail_req *req, int owner, bool *has_proc, const char **step);
int mkd_jailfs_lock_proc(void);

/* Unmount the disk, with what was mounted in it; nothing may run any more. */
int mkd_jailfs_unmount(void);

#endif
