/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rootfsjob.h - a tarball that becomes a file system, watched; for the tests of rootfs.h. */
#ifndef MKDOMU_ROOTFSJOB_H
#define MKDOMU_ROOTFSJOB_H

#include "fsimage.h"
#include "tarmaker.h"

#include "mkdomu/rootfs.h"

/* A ui that keeps the last progress told. */
struct watch {
	struct mkd_ui ui; /* first */
	uint64_t done, total;
	size_t ticks;
	bool writes, falls; /* every stage was "write"; done went down once */
	int signal_after;   /* ticks, then SIGINT; 0 = never */
};

/* The target is f's; the tarball a file beside it. */
struct job {
	struct fsimage f;
	struct watch watch;
	struct mkd_rootfs_req req;
	struct mkd_rootfs_result result;
	struct mkd_err err;
	int tar_fd;
};

/* From a tarball at a path, to a file system of so many bytes; from one in memory, to 64 MiB. */
void job_open(struct job *j, void **state, const char *tar, uint64_t size_bytes);
void job_setup(struct job *j, void **state, const struct mkd_buf *tar);

/* It must work, and e2fsck be content. */
void job_run(struct job *j);

/* It has failed: no result, and nobody takes the target for a file system. */
void job_left_nothing(struct job *j);

/* The times of job_tar's entries, how many there are, and their data in bytes. */
#define OLD         1500000000
#define NEW         1600000000
#define TAR_ENTRIES 5
#define TAR_DATA    (3 * 4096 + 5 + 3)

/* Entries of several ages, the newest in the middle; a hard link with a time of its own. */
void job_tar(struct mkd_buf *tar);

#endif
