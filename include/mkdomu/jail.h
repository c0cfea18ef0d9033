/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jail.h - runs one program that is not ours, an external hook, with as little of the host as it
 * can do with: pid, mount, ipc, uts and (unless asked for) network namespaces of its own, a root
 * that has of the host only programs and libraries, read-only, a clean environment, no descriptors
 * but 0, 1 and 2, few capabilities, a filter of system calls, a time limit. namespaces(7),
 * pid_namespaces(7), user_namespaces(7), capabilities(7), seccomp(2).
 *
 * The first process of the pid namespace is a copy of this program (jailinit.h). It lives on one
 * end of a socket of which only this process has the other: whatever becomes of this process, the
 * jail ends, and with it every process, mount and temporary file in it. As a copy it has secrets in
 * its memory: it is not dumpable, nor is its child until that has become the program.
 *
 * Without root a user namespace is needed. With root and a staged folder the program runs in one
 * too, as root there and outside as an id that nobody else has (jailid.h); where there is none, as
 * root with those capabilities that are about files. With a mounted disk it is root, with those and
 * CAP_SYS_CHROOT, CAP_MKNOD, CAP_SETUID, CAP_SETGID, CAP_SETFCAP, CAP_KILL; every mount is nodev.
 */
#ifndef MKDOMU_JAIL_H
#define MKDOMU_JAIL_H

#include "mkdomu/ui.h"

/* Inside: the folder or disk that the program works on, and the text that it may read. */
#define MKD_JAIL_ROOT "/mkdomu/root"
#define MKD_JAIL_JSON "/mkdomu/plan.json"

#define MKD_JAIL_STAGE_MIB 256 /* of the staged folder, and again of /tmp */
#define MKD_JAIL_PROCESSES 1024

/* All is borrowed until mkd_jail_close. */
struct mkd_jail_req {
	const char *name; /* a file name; its lines are shown behind it */
	const void *program;
	size_t program_len;
	char *const *env; /* "NAME=VALUE", ends with NULL: nothing else is in its environment */
	const char *json; /* what MKD_JAIL_JSON holds */
	unsigned timeout_sec;
	bool network;
	const char *device; /* an ext4 to be mounted at MKD_JAIL_ROOT; NULL = an empty folder */
	struct mkd_ui *ui;
};

struct mkd_jail;

/* How the program ended. */
struct mkd_jail_end {
	int status;     /* of exit(3), or -1 */
	int signal;     /* that killed it, or 0 */
	bool timeout;   /* it took too long */
	bool too_many;  /* processes */
	int exec_errno; /* it could not be started */
	char last[256]; /* its last line of output */
};

/*
 * Make the jail; the program does not run yet.
 *	-ENOTSUP  no user namespace can be made, and one is needed (HOOK)
 *	-EPERM    a disk is to be mounted, and this is not root (HOOK)
 *	-ENOMEM   (INTERNAL)
 *	other     of clone(2), mount(2) and the like; the message names the step (HOOK)
 */
must_check int mkd_jail_open(const struct mkd_jail_req *req, struct mkd_jail **ret,
			     struct mkd_err *err);

/* The staged folder, empty at first; outlives the program and ends with the jail. */
int mkd_jail_dirfd(const struct mkd_jail *j);
/* User and group that the staged files have to have, or -1: those that this process makes. */
int mkd_jail_owner(const struct mkd_jail *j);

/*
 * Run the program and wait for it. What it writes is told line by line, behind its name. When this
 * returns, no process of it is alive and its disk is unmounted.
 *	-EINTR  a signal asked to stop
 *	-EIO    the jail itself failed: it was ended, or cannot unmount the disk (HOOK)
 */
must_check int mkd_jail_run(struct mkd_jail *j, struct mkd_jail_end *ret, struct mkd_err *err);

/* Ends what still runs. NULL is fine. */
void mkd_jail_close(struct mkd_jail *j);

#endif
