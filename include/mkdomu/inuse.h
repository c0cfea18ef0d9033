/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inuse.h - who uses a device or an image file now: mounts, swap, dm and md, other
 * programs' locks, dom0's own root. These refusals know no force.
 * Sources: proc(5) mountinfo and swaps, sysfs block/NAME/holders, fcntl(2) OFD locks.
 */
#ifndef MKDOMU_INUSE_H
#define MKDOMU_INUSE_H

#include <sys/stat.h>

#include "mkdomu/blockdev.h"

/* What is asked about. A device: devs is it and its relatives. A file: devs is empty. */
struct mkd_subject {
	const struct mkd_host *host;
	const char *name;       /* for messages */
	struct stat st;         /* of it */
	struct mkd_devset devs; /* mkd_blockdev_related */
};

/*
 * st, relatives and all, from an open fd; name and host are borrowed.
 *	other    of fstat(2) (TARGET)
 *	and mkd_blockdev_related
 */
must_check int mkd_subject_make(const struct mkd_host *host, const char *name, int fd,
				struct mkd_subject *ret, struct mkd_err *err);

/* Whether st is the subject, or for a device a relative of it. */
bool mkd_subject_is(const struct mkd_subject *s, const struct stat *st);
/* The same for a path; false where there is nothing. */
bool mkd_subject_is_path(const struct mkd_subject *s, const char *path);

/*
 * Each returns 0, or:
 *	-EBUSY   it is in use; the message says by whom and what to do (TARGET)
 *	-ENOMEM  (INTERNAL)
 *	other    of reading proc(5): not knowing is no yes (TARGET)
 */
must_check int mkd_inuse_home(const struct mkd_subject *s, struct mkd_err *err);
must_check int mkd_inuse_mount(const struct mkd_subject *s, struct mkd_err *err);
must_check int mkd_inuse_swap(const struct mkd_subject *s, struct mkd_err *err);

/*
 * As above, by sysfs; a folder of it that cannot be read has no holders.
 *	-EBUSY   dm, md or bcache is on it (TARGET)
 */
must_check int mkd_inuse_holder(const struct mkd_subject *s, struct mkd_err *err);

/*
 * OFD and POSIX locks as QEMU takes them, and flock(2); for files. fd is any open one of it.
 *	-EBUSY   as above (TARGET)
 */
must_check int mkd_inuse_lock(const struct mkd_subject *s, int fd, struct mkd_err *err);

/*
 * Explain why O_EXCL was refused though nothing above was found: names a process in another mount
 * namespace where it is mounted, when there is one. Always returns -EBUSY (TARGET).
 */
int mkd_inuse_explain(const struct mkd_subject *s, struct mkd_err *err);

#endif
