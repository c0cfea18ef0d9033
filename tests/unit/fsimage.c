/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "mkdomu/file.h"

extern char **environ;

void fs_init(struct fsimage *f, void **state, const char *name, uint64_t size_bytes)
{
	memset(f, 0, sizeof(*f));
	(void)snprintf(f->path, sizeof(f->path), "%s", test_path(state, name));
	f->fd = open(f->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(f->fd >= 0);
	f->req = (struct mkd_ext4_req){ .fd = f->fd,
					.name = f->path,
					.size_bytes = size_bytes,
					.uuid = "sixteen bytes id",
					.hash_seed = "sixteen of seed!",
					.csum_seed = 0x12345678,
					.zeroed = true,
					.reserved_percent = 5 };
	assert_int_equal(ftruncate(f->fd, (off_t)size_bytes), 0);
}

void fs_fill(struct fsimage *f, int byte)
{
	static uint8_t block[MIB];
	off_t end = lseek(f->fd, 0, SEEK_END);

	memset(block, byte, sizeof(block));
	for (off_t at = 0; at < end; at += (off_t)sizeof(block)) {
		size_t n = end - at < (off_t)sizeof(block) ? (size_t)(end - at) : sizeof(block);

		assert_int_equal(mkd_pwrite_full(f->fd, block, n, (uint64_t)at), 0);
	}
}

void fs_create(struct fsimage *f)
{
	off_t end = (off_t)(f->req.offset_bytes + f->req.size_bytes);

	if (lseek(f->fd, 0, SEEK_END) < end)
		assert_int_equal(ftruncate(f->fd, end), 0);
	assert_ok(mkd_ext4_create(&f->req, &f->w, &f->err), &f->err);
}

void fs_new(struct fsimage *f, void **state, const char *name, uint64_t size_bytes)
{
	fs_init(f, state, name, size_bytes);
	fs_create(f);
}

int fs_try(struct fsimage *f, const struct mkd_entry *e, const void *data, size_t len)
{
	int r = mkd_ext4_add(f->w, e, &f->err);

	if (r < 0 || e->type != MKD_FT_REG)
		return r;
	r = len ? mkd_ext4_data(f->w, data, len, 0, &f->err) : 0;
	return r ? r : mkd_ext4_end(f->w, &f->err);
}

int fs_try_file(struct fsimage *f, const char *path, const void *data, size_t len)
{
	const struct mkd_entry e = { .path = path,
				     .type = MKD_FT_REG,
				     .mode = 0644,
				     .size_bytes = len,
				     .mtime_sec = FS_MTIME };

	return fs_try(f, &e, data, len);
}

int fs_try_type(struct fsimage *f, enum mkd_ftype type, const char *path, const char *target)
{
	const struct mkd_entry e = {
		.path = path, .type = type, .target = target, .mode = 0755, .mtime_sec = FS_MTIME
	};

	return fs_try(f, &e, NULL, 0);
}

void fs_file(struct fsimage *f, const char *path, const char *text)
{
	assert_ok(fs_try_file(f, path, text, strlen(text)), &f->err);
}

void fs_dir(struct fsimage *f, const char *path)
{
	fs_type(f, MKD_FT_DIR, path, NULL);
}

void fs_type(struct fsimage *f, enum mkd_ftype type, const char *path, const char *target)
{
	assert_ok(fs_try_type(f, type, path, target), &f->err);
}

int fs_run(struct mkd_buf *out, const char *const argv[])
{
	posix_spawn_file_actions_t act;
	int pipefd[2], status = -1;
	char piece[4096];
	ssize_t n;
	pid_t pid;

	assert_int_equal(pipe2(pipefd, O_CLOEXEC), 0);
	(void)posix_spawn_file_actions_init(&act);
	(void)posix_spawn_file_actions_adddup2(&act, pipefd[1], 1);
	(void)posix_spawn_file_actions_adddup2(&act, pipefd[1], 2);
	assert_int_equal(posix_spawnp(&pid, argv[0], &act, NULL, (char **)(uintptr_t)argv, environ),
			 0);
	(void)posix_spawn_file_actions_destroy(&act);
	(void)close(pipefd[1]);
	mkd_buf_reset(out);
	while ((n = read(pipefd[0], piece, sizeof(piece))) > 0)
		mkd_buf_add(out, piece, (size_t)n);
	(void)close(pipefd[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *io_name(const struct fsimage *f)
{
	static char name[600];

	(void)snprintf(name, sizeof(name), "%s?offset=%llu", f->path,
		       (unsigned long long)f->req.offset_bytes);
	return name;
}

void fs_finish(struct fsimage *f)
{
	cleanup_buf struct mkd_buf out = { 0 };
	int r = mkd_ext4_finish(f->w, FS_EPOCH, &f->stats, &f->err);

	f->w = NULL;
	(void)close(f->fd);
	assert_ok(r, &f->err);
	r = fs_run(&out, (const char *const[]){ "e2fsck", "-fn", io_name(f), NULL });
	if (r != 0)
		fail_msg("e2fsck: %d: %s", r, mkd_buf_cstr(&out));
}

void fs_abort(struct fsimage *f)
{
	mkd_ext4_abort(f->w);
	f->w = NULL;
	(void)close(f->fd);
}

const char *fs_debugfs(const struct fsimage *f, const char *command)
{
	static char kept[256 * KIB];
	cleanup_buf struct mkd_buf out = { 0 };

	(void)fs_run(&out, (const char *const[]){ "debugfs", "-R", command, io_name(f), NULL });
	(void)snprintf(kept, sizeof(kept), "%s", mkd_buf_cstr(&out));
	return kept;
}

void fs_debugfs_has(const struct fsimage *f, const char *command, const char *words)
{
	const char *got = fs_debugfs(f, command);

	if (!strstr(got, words))
		fail_msg("'%s' is not in: %s", words, got);
}

void fs_stat_has(const struct fsimage *f, const char *path, const char *words)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "stat \"%s\"", path);
	fs_debugfs_has(f, command, words);
}

void fs_content_is(const struct fsimage *f, const char *path, const void *data, size_t len)
{
	cleanup_buf struct mkd_buf got = { 0 };
	struct mkd_err err = { 0 };
	char command[1200], to[600];

	(void)snprintf(to, sizeof(to), "%s.dump", f->path);
	(void)snprintf(command, sizeof(command), "dump \"%s\" %s", path, to);
	(void)unlink(to);
	(void)fs_debugfs(f, command);
	assert_ok(mkd_file_read(AT_FDCWD, to, len + MIB, MKD_EXIT_IO, &got, &err), &err);
	assert_int_equal(got.len, len);
	if (len)
		assert_int_equal(memcmp(got.data, data, len), 0);
}

bool fs_exists(const struct fsimage *f, const char *path)
{
	char command[600];

	(void)snprintf(command, sizeof(command), "stat \"%s\"", path);
	return !strstr(fs_debugfs(f, command), "File not found");
}

void fs_same(const struct fsimage *a, const struct fsimage *b)
{
	cleanup_buf struct mkd_buf out = { 0 };

	if (fs_run(&out, (const char *const[]){ "cmp", a->path, b->path, NULL }) != 0)
		fail_msg("%s", mkd_buf_cstr(&out));
}
