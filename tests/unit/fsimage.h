/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fsimage.h - for tests of the ext4 writer: make images entry by entry, let e2fsck judge them. */
#ifndef MKDOMU_FSIMAGE_H
#define MKDOMU_FSIMAGE_H

#include "test.h"

#include "mkdomu/ext4.h"

#define FS_EPOCH 1700000000
#define FS_MTIME 1600000000

struct fsimage {
	char path[512];
	int fd;
	struct mkd_ext4_req req;
	struct mkd_ext4 *w;
	struct mkd_ext4_stats stats;
	struct mkd_err err;
};

/* A sparse file of offset + size bytes in the test's folder; change f->req, then fs_create. */
void fs_init(struct fsimage *f, void **state, const char *name, uint64_t size_bytes);
void fs_fill(struct fsimage *f, int byte); /* overwrite all of the file */
void fs_create(struct fsimage *f);
/* fs_init, fs_create */
void fs_new(struct fsimage *f, void **state, const char *name, uint64_t size_bytes);

/* Return what mkd_ext4_add and the like do; errors are in f->err. */
int fs_try(struct fsimage *f, const struct mkd_entry *e, const void *data, size_t len);
int fs_try_file(struct fsimage *f, const char *path, const void *data, size_t len);
int fs_try_type(struct fsimage *f, enum mkd_ftype type, const char *path, const char *target);
/* These must succeed. */
void fs_file(struct fsimage *f, const char *path, const char *text);
void fs_dir(struct fsimage *f, const char *path);
void fs_type(struct fsimage *f, enum mkd_ftype type, const char *path, const char *target);

/* Finish, close, and demand that e2fsck -fn finds nothing at all. */
void fs_finish(struct fsimage *f);
/* Give up and close. */
void fs_abort(struct fsimage *f);

/* Run a program, found by PATH; returns its exit status, output (both streams) in *out. */
int fs_run(struct mkd_buf *out, const char *const argv[]);

/* What "debugfs -R command" prints; in a buffer that the next call reuses. */
const char *fs_debugfs(const struct fsimage *f, const char *command);
/* It must print words. */
void fs_debugfs_has(const struct fsimage *f, const char *command, const char *words);
/* debugfs stat of path must print words. */
void fs_stat_has(const struct fsimage *f, const char *path, const char *words);
/* The content of path must be this. */
void fs_content_is(const struct fsimage *f, const char *path, const void *data, size_t len);
bool fs_exists(const struct fsimage *f, const char *path);
void fs_same(const struct fsimage *a, const struct fsimage *b);

#endif
