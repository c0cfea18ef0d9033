/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine.h - a made-up system in a folder, for the tests of builder/disk's looks at one. */
#ifndef MKDOMU_MACHINE_H
#define MKDOMU_MACHINE_H

#include "disktest.h"

#include <sys/sysmacros.h>

#include "mkdomu/guard.h"
#include "mkdomu/inuse.h"

#define SDB   makedev(8, 16)
#define SDB1  makedev(8, 17)
#define SDB10 makedev(8, 26)
#define DM0   makedev(253, 0)
#define DM1   makedev(253, 1)

/* A machine in a folder. */
struct machine {
	char sys[256], proc[256], dev[256], xen[256], socket[256], xenbus[256];
	struct mkd_host host;
};

/* sdb with partitions 1 and 10; dm-0 = vg0-root on sdb10, dm-1 on dm-0. */
void machine_make(void **state, struct machine *m);

/* Below dir, as m->sys; the folders above a file or folder are made. */
void machine_file(const char *dir, const char *rest, const char *text);
void machine_dir(const char *dir, const char *rest);
void machine_link(const char *dir, const char *rest, const char *target);

/* A device of the machine, and what is related to it. */
struct mkd_subject machine_subject(const struct machine *m, dev_t dev);

#endif
