/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ext4_image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mkdomu/file.h"
#include "test.h"

int image_run(void **state, const char *const argv[])
{
	static const char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
					   "E2FSPROGS_FAKE_TIME=1600000000", "PAGER=cat", NULL };
	const int flags = O_WRONLY | O_CREAT | O_TRUNC;
	posix_spawn_file_actions_t fa;
	int status = 0;
	pid_t pid = 0;

	assert_int_equal(posix_spawn_file_actions_init(&fa), 0);
	assert_int_equal(posix_spawn_file_actions_addopen(&fa, 0, "/dev/null", O_RDONLY, 0), 0);
	assert_int_equal(
		posix_spawn_file_actions_addopen(&fa, 1, test_path(state, "out"), flags, 0600), 0);
	assert_int_equal(posix_spawn_file_actions_adddup2(&fa, 1, 2), 0);
	assert_int_equal(
		posix_spawnp(&pid, argv[0], &fa, NULL, (char *const *)argv, (char *const *)env), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)posix_spawn_file_actions_destroy(&fa);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

const char *image_said(void **state)
{
	static struct mkd_buf b;
	struct mkd_err err;

	assert_ok(mkd_file_read(AT_FDCWD, test_path(state, "out"), 64 * MIB, MKD_EXIT_IO, &b, &err),
		  &err);
	return mkd_buf_cstr(&b);
}

void image_make(struct ext4_image *im)
{
	char offset[128], blocks[32], inodes[32];
	const char *argv[32] = {
		"mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-U", IMAGE_UUID
	};
	size_t n = 9;

	(void)snprintf(im->path, sizeof(im->path), "%s/%s", (char *)*im->state, im->name);
	(void)snprintf(im->arg, sizeof(im->arg), "%s?offset=%" PRIu64, im->path, im->offset_bytes);
	(void)snprintf(offset, sizeof(offset), "offset=%" PRIu64 ",hash_seed=%s", im->offset_bytes,
		       "11111111-2222-4333-8444-555555555555");
	(void)snprintf(blocks, sizeof(blocks), "%" PRIu64, im->size_bytes / 4096);
	(void)snprintf(inodes, sizeof(inodes), "%u", im->inodes);
	im->fd = open(im->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(im->fd >= 0);
	assert_int_equal(ftruncate(im->fd, (off_t)(im->offset_bytes + im->size_bytes)), 0);
	argv[n++] = "-E";
	argv[n++] = offset;
	argv[n++] = "-O";
	argv[n++] = (im->features ? im->features : IMAGE_FEATURES);
	if (im->inodes) {
		argv[n++] = "-N";
		argv[n++] = inodes;
	}
	if (im->from) {
		argv[n++] = "-d";
		argv[n++] = im->from;
	}
	argv[n++] = im->path;
	argv[n++] = blocks;
	if (image_run(im->state, argv) != 0)
		fail_msg("mke2fs: %s", image_said(im->state));
}

void image_open(struct ext4_image *im)
{
	struct mkd_tree_ext4_req req = {
		.fd = im->fd,
		.name = "disk.img",
		.offset_bytes = im->offset_bytes,
		.epoch_sec = im->epoch_sec ? im->epoch_sec : IMAGE_EPOCH,
	};
	struct mkd_err err;

	assert_ok(mkd_tree_ext4_open(&req, &im->t, &err), &err);
}

void image_check(struct ext4_image *im)
{
	int rc = IMAGE_RUN(im->state, "e2fsck", "-fn", im->arg);

	if (rc)
		fail_msg("e2fsck: %d: %s", rc, image_said(im->state));
}

void image_save(struct ext4_image *im)
{
	struct mkd_tree *t = im->t;
	struct mkd_err err;

	im->t = NULL;
	assert_ok(mkd_tree_ext4_close(t, &err), &err);
	image_check(im);
}

void image_again(struct ext4_image *im)
{
	image_save(im);
	image_open(im);
}

void image_done(struct ext4_image *im)
{
	mkd_tree_ext4_abort(im->t);
	im->t = NULL;
	closep_(&im->fd);
	im->fd = -1;
}

const char *image_debugfs(struct ext4_image *im, const char *requests, bool write)
{
	const char *file = test_path(im->state, "requests");

	test_write(file, requests, strlen(requests));
	assert_int_equal(IMAGE_RUN(im->state, "debugfs", "-f", file, im->arg, write ? "-w" : NULL),
			 0);
	return image_said(im->state);
}

uint64_t image_hash(struct ext4_image *im)
{
	cleanup_free uint64_t *buf = malloc(MIB);
	uint64_t h = UINT64_C(14695981039346656037), size = im->offset_bytes + im->size_bytes;

	assert_non_null(buf);
	for (uint64_t at = 0; at < size; at += MIB) {
		size_t len = size - at < MIB ? (size_t)(size - at) : (size_t)MIB;

		assert_int_equal(mkd_pread_full(im->fd, buf, len, at), 0);
		for (size_t i = 0; i < len / sizeof(*buf); i++)
			h = (h ^ buf[i]) * UINT64_C(1099511628211);
	}
	return h;
}

void image_put(struct mkd_tree *t, const char *path, const void *data, size_t len)
{
	struct mkd_err err;

	assert_ok(mkd_tree_write(t, path, data, len, 0644, &err), &err);
}

void image_numbered(char *path, size_t size, const char *dir, unsigned i)
{
	(void)snprintf(path, size, "%s/a-rather-long-name-of-a-file-%06u", dir, i);
}

void image_put_many(struct mkd_tree *t, const char *dir, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		char path[80], text[16];

		image_numbered(path, sizeof(path), dir, i);
		(void)snprintf(text, sizeof(text), "%u\n", i);
		image_put(t, path, text, strlen(text));
	}
}

/* Remove every step-th. */
void image_remove_some(struct mkd_tree *t, const char *dir, unsigned n, unsigned step)
{
	struct mkd_err err;

	for (unsigned i = 0; i < n; i += step) {
		char path[80];

		image_numbered(path, sizeof(path), dir, i);
		assert_ok(mkd_tree_remove(t, path, &err), &err);
	}
}

void image_expect_names(struct mkd_tree *t, const char *dir, size_t n)
{
	cleanup_strv struct mkd_strv names = { 0 };
	struct mkd_err err;

	assert_ok(mkd_tree_list(t, dir, &names, &err), &err);
	assert_int_equal(names.n, n);
}

bool image_shows(struct ext4_image *im, const char *request, const char *words)
{
	return strstr(image_debugfs(im, request, false), words) != NULL;
}
