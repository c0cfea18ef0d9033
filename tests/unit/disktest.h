/* SPDX-License-Identifier: GPL-2.0-or-later */
/* disktest.h - loop devices and other people's programs, for the tests of builder/disk. */
#ifndef MKDOMU_DISKTEST_H
#define MKDOMU_DISKTEST_H

#include "test.h"

#include <sys/types.h>

#include "mkdomu/target.h"

/*
 * Run a program found in /usr/sbin:/usr/bin:/sbin:/bin without a shell, in the C locale; its output
 * goes to out (may be NULL). Returns the exit status, 127 when it could not be run.
 */
int run_program(struct mkd_buf *out, const char *const argv[]);
#define run(out, ...) run_program(out, (const char *const[]){ __VA_ARGS__, NULL })

/* A sparse file of that size; returns its fd, the caller's. */
int make_file(const char *path, uint64_t size_bytes);

struct loop_opts {
	uint64_t offset_bytes;
	uint64_t size_bytes;   /* 0 = to the end */
	unsigned sector_bytes; /* 0 = 512 */
	bool read_only;
};

/*
 * Attach a file or device to a free loop device, LO_FLAGS_AUTOCLEAR: it is detached when *ret_fd
 * (the caller's) and every other user have gone, also after a crash. ret is its path.
 */
void loop_attach(const char *file, struct loop_opts opts, char ret[static 64], int *ret_fd);

/* True, and the test is marked skipped, unless root and loop devices are to be had. */
bool skip_unless_root(void);

#define DISK_BYTES (16 * MIB)

struct disk {
	char path[64];
	int fd; /* keeps it attached; close it in the end */
};

/* A loop device over a file of the test's folder; and over a new one of DISK_BYTES. */
struct disk disk_attach(void **state, const char *name, struct loop_opts opts);
struct disk disk_new(void **state, const char *name);

/* Probe and open both fail in that way, and leave their outputs alone / probe succeeds. */
void assert_refused(const struct mkd_target_req *req, int code, int exit_class, const char *words);
void assert_free(const struct mkd_target_req *req);

/* ext4 with the label srv and UUID 11111111-2222-3333-4444-555555555555. */
void mkfs(const char *path);
/* Of blkid -p: 0 = something is there, 2 = nothing. */
int blkid_status(const char *path);

/* fork a child that runs f(arg) and stays until child_end; returns when f has returned 0. */
pid_t child_start(int (*f)(void *), void *arg);
void child_end(pid_t pid);

#endif
