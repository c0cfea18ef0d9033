/* SPDX-License-Identifier: GPL-2.0-or-later */
/* home.h - a home folder out of /etc/skel, as useradd(8) makes one. */
#ifndef MKDOMU_HOME_H
#define MKDOMU_HOME_H

#include "mkdomu/guestfile.h"

struct mkd_home {
	const char *path; /* absolute */
	uint32_t uid, gid;
	mode_t mode;
};

/*
 * Make it with all that is in /etc/skel, if there is any: folders, files and links; the set-user-ID
 * bits and other kinds are left out. One that is there keeps what it has; when it is root's it is
 * given to the user. Links stay root's: chown(2) would follow them, and nobody asks whose they are.
 *	-ENOTDIR  something else is there (HOOK)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	and mkd_tree_stat, mkd_tree_list, mkd_tree_read, mkd_tree_write, mkd_tree_mkdirs,
 *	    mkd_tree_readlink, mkd_tree_symlink, mkd_tree_chown
 */
must_check int mkd_home_make(const struct mkd_guest_io *io, const struct mkd_home *h,
			     struct mkd_err *err);

#endif
