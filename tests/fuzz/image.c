// SPDX-License-Identifier: GPL-2.0-or-later
/* Images in memory for the fuzz targets, and what must be true of them. */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mkdomu/file.h"
#include "mkdomu/tree_ext4.h"

#define AROUND    MIB
#define READ_MAX  (16 * MIB)
#define DEPTH_MAX 300u

extern char **environ;

void fuzz_image_open(struct fuzz_image *im)
{
	*im = (struct fuzz_image){ .fd = memfd_create("image", MFD_CLOEXEC),
				   .offset_bytes = AROUND,
				   .size_bytes = FUZZ_IMAGE_BYTES };
	fuzz_must(im->fd >= 0, "memfd_create: %s", strerror(errno));
	fuzz_image_clear(im);
}

void fuzz_image_clear(struct fuzz_image *im)
{
	off_t end = (off_t)(im->offset_bytes + im->size_bytes + AROUND);

	fuzz_must(ftruncate(im->fd, 0) == 0 && ftruncate(im->fd, end) == 0, "ftruncate: %s",
		  strerror(errno));
}

struct mkd_ext4_req fuzz_image_req(const struct fuzz_image *im)
{
	return (struct mkd_ext4_req){ .fd = im->fd,
				      .name = "image",
				      .offset_bytes = im->offset_bytes,
				      .size_bytes = im->size_bytes,
				      .uuid = "sixteen bytes id",
				      .hash_seed = "sixteen of seed!",
				      .csum_seed = 0x12345678,
				      .zeroed = true,
				      .reserved_percent = 5 };
}

void fuzz_image_untouched_around(const struct fuzz_image *im)
{
	off_t first = lseek(im->fd, 0, SEEK_DATA);
	off_t behind = lseek(im->fd, (off_t)(im->offset_bytes + im->size_bytes), SEEK_DATA);

	fuzz_must(first < 0 || first >= (off_t)im->offset_bytes, "written at %lld",
		  (long long)first);
	fuzz_must(behind < 0 && errno == ENXIO, "written at %lld", (long long)behind);
}

void fuzz_image_has_none(const struct fuzz_image *im)
{
	uint8_t super[1024];

	fuzz_must(mkd_pread_full(im->fd, super, sizeof(super), im->offset_bytes + 1024) == 0,
		  "read: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(super); i++)
		fuzz_must(super[i] == 0, "a superblock after a failure");
}

/* Its output goes to fd. */
static int run_fsck(const char *arg, int fd)
{
	const char *const argv[] = { "e2fsck", "-fn", arg, NULL };
	posix_spawn_file_actions_t act;
	int status = -1, r;
	pid_t pid;

	(void)posix_spawn_file_actions_init(&act);
	(void)posix_spawn_file_actions_adddup2(&act, fd, 1);
	(void)posix_spawn_file_actions_adddup2(&act, fd, 2);
	r = posix_spawnp(&pid, argv[0], &act, NULL, (char **)(uintptr_t)argv, environ);
	(void)posix_spawn_file_actions_destroy(&act);
	fuzz_must(r == 0, "cannot run e2fsck: %s", strerror(r));
	while (waitpid(pid, &status, 0) < 0)
		fuzz_must(errno == EINTR, "waitpid: %s", strerror(errno));
	return status;
}

void fuzz_image_fsck(const struct fuzz_image *im)
{
	cleanup_close int out = memfd_create("e2fsck", MFD_CLOEXEC);
	char arg[96], said[4096] = "";
	ssize_t n;
	int status;

	fuzz_must(out >= 0, "memfd_create: %s", strerror(errno));
	(void)snprintf(arg, sizeof(arg), "/proc/%d/fd/%d?offset=%llu", (int)getpid(), im->fd,
		       (unsigned long long)im->offset_bytes);
	status = run_fsck(arg, out);
	n = pread(out, said, sizeof(said) - 1, 0);
	fuzz_must(status == 0 && n >= 0, "e2fsck -fn: status 0x%x: %s", (unsigned)status, said);
}

static void walk(struct mkd_tree *t, struct mkd_buf *path, unsigned depth)
{
	struct mkd_strv names = { 0 };
	struct mkd_tree_stat st;
	struct mkd_buf content = { 0 };
	struct mkd_err err = { 0 };
	size_t len = path->len;
	int r;

	/* paths beyond what the tree takes: e2fsck alone judges those */
	if (len > 3800 || depth > DEPTH_MAX)
		return;
	r = mkd_tree_list(t, len ? mkd_buf_cstr(path) : "/", &names, &err);
	fuzz_must(r == 0, "list '%s': %s", mkd_buf_cstr(path), err.msg);
	for (size_t i = 0; i < names.n; i++) {
		mkd_buf_printf(path, "/%s", names.v[i]);
		r = mkd_tree_stat(t, mkd_buf_cstr(path), false, &st, &err);
		fuzz_must(r == 0, "stat '%s': %s", mkd_buf_cstr(path), err.msg);
		if (S_ISDIR(st.mode))
			walk(t, path, depth + 1);
		else if (S_ISLNK(st.mode))
			r = mkd_tree_readlink(t, mkd_buf_cstr(path), &content, &err);
		else if (S_ISREG(st.mode) && st.size_bytes <= READ_MAX)
			r = mkd_tree_read(t, mkd_buf_cstr(path), READ_MAX, &content, &err);
		fuzz_must(r == 0, "read '%s': %s", mkd_buf_cstr(path), err.msg);
		path->len = len;
	}
	mkd_buf_free(&content);
	mkd_strv_free(&names);
}

void fuzz_image_walk(const struct fuzz_image *im)
{
	const struct mkd_tree_ext4_req req = {
		.fd = im->fd, .name = "image", .offset_bytes = im->offset_bytes, .read_only = true
	};
	cleanup_buf struct mkd_buf path = { 0 };
	struct mkd_tree *t = NULL;
	struct mkd_err err = { 0 };
	int r = mkd_tree_ext4_open(&req, &t, &err);

	fuzz_must(r == 0, "open: %s", err.msg);
	walk(t, &path, 0);
	mkd_tree_ext4_abort(t);
}

uint64_t fuzz_image_hash(const struct fuzz_image *im)
{
	static uint64_t words[FUZZ_IMAGE_BYTES / 8];
	uint64_t h = 1;

	fuzz_must(mkd_pread_full(im->fd, words, sizeof(words), im->offset_bytes) == 0, "read: %s",
		  strerror(errno));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		h = (h ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15) + (h >> 29);
	return h;
}
