/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ext4_image.h - ext4 images that mke2fs makes, with e2fsck as the judge and debugfs as the
 * reader that is not ours. Everything fails the test when it cannot be done.
 */
#ifndef MKDOMU_EXT4_IMAGE_H
#define MKDOMU_EXT4_IMAGE_H

#include "mkdomu/tree_ext4.h"

#define IMAGE_EPOCH    INT64_C(1700000000)
#define IMAGE_FEATURES "metadata_csum_seed,^orphan_file"
#define IMAGE_UUID     "01234567-89ab-4cde-8f01-23456789abcd"

/* What the fixture's folder is asked to hold; zero-initialise, then set. */
struct ext4_image {
	void **state;         /* of the fixture test_dir_setup */
	const char *name;     /* of the file in its folder */
	const char *features; /* for mke2fs -O; NULL = IMAGE_FEATURES */
	const char *from;     /* folder to fill it with, or NULL */
	uint64_t offset_bytes, size_bytes;
	unsigned inodes; /* 0 = as mke2fs likes */
	int64_t epoch_sec;
	int fd;
	struct mkd_tree *t;
	char path[512], arg[560]; /* arg: with the offset, as the tools take it */
};

/* Run a program with a clean environment; output goes to "<folder>/out". Returns its status. */
int image_run(void **state, const char *const argv[]);
#define IMAGE_RUN(state, ...) image_run(state, (const char *const[]){ __VA_ARGS__, NULL })
/* What the last program said, in a static buffer. */
const char *image_said(void **state);

void image_make(struct ext4_image *im);
void image_open(struct ext4_image *im);
void image_check(struct ext4_image *im); /* e2fsck -fn is content */
void image_save(struct ext4_image *im);  /* close, then check */
void image_again(struct ext4_image *im); /* save, then open */
void image_done(struct ext4_image *im);  /* abort what is open, close the fd */
/* The output of debugfs for requests, one a line; -w when they write. */
const char *image_debugfs(struct ext4_image *im, const char *requests, bool write);
/* A hash of all its bytes. */
uint64_t image_hash(struct ext4_image *im);
/* Do these words show in it? */
bool image_shows(struct ext4_image *im, const char *request, const char *words);

void image_put(struct mkd_tree *t, const char *path, const void *data, size_t len);
/* The path of file i of many in dir, whose content is its number. */
void image_numbered(char *path, size_t size, const char *dir, unsigned i);
void image_put_many(struct mkd_tree *t, const char *dir, unsigned from, unsigned to);
/* Remove every step-th of n. */
void image_remove_some(struct mkd_tree *t, const char *dir, unsigned n, unsigned step);
void image_expect_names(struct mkd_tree *t, const char *dir, size_t n);

#endif
