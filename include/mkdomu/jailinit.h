/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jailinit.h - the first process of a jail, and what it says to jail.c. Private to jail*.c. */
#ifndef MKDOMU_JAILINIT_H
#define MKDOMU_JAILINIT_H

#include <sys/types.h>

#include "mkdomu/jail.h"

enum mkd_jail_kind {
	MKD_JAIL_READY,    /* with the staged folder's descriptor */
	MKD_JAIL_FAILED,   /* value: errno; what: the step */
	MKD_JAIL_NOTE,     /* what: worth a warning */
	MKD_JAIL_NO_EXEC,  /* value: errno */
	MKD_JAIL_TOO_MANY, /* processes */
	MKD_JAIL_EXITED,   /* value: a status as of wait(2) */
	/* to the jail */
	MKD_JAIL_GO,
	MKD_JAIL_STOP,
};

struct mkd_jail_msg {
	int kind, value;
	char what[96];
};

/* What the first process is told before it is made. */
struct mkd_jail_init {
	const struct mkd_jail_req *req;
	int control, output; /* descriptors */
	uid_t uid;           /* effective, outside */
	gid_t gid;
	int owner; /* whom root's staged program is outside of its user namespace, or -1 */
};

/* fd -1 = none. 0, or a negative errno. */
int mkd_jail_send(int socket, const struct mkd_jail_msg *msg, int fd);
/* 1, 0 at the end, or a negative errno; *ret_fd is -1 when none came. ret_fd may be NULL. */
int mkd_jail_receive(int socket, struct mkd_jail_msg *ret, int *ret_fd);

/* Never returns: the process ends. */
void mkd_jail_main(const struct mkd_jail_init *in) __attribute__((noreturn));

#endif
