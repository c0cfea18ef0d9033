/* SPDX-License-Identifier: GPL-2.0-or-later */
/* chmod on ext4 where a file has an access ACL, in the inode and in a block; e2fsck judges. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "ext4_image.h"
#include "fault.h"
#include "mkdomu/acl.h"
#include "mkdomu/file.h"

#define SHORT "u::rw-,u:7:rwx,g::r-x,m::rwx,o::r--"

/* system.posix_acl_access for debugfs, which takes it as setxattr(2) does. */
static void set_acl(struct ext4_image *im, const char *path, const char *text)
{
	cleanup_buf struct mkd_buf value = { 0 };
	struct mkd_err err = { 0 };
	struct mkd_acl a;
	char command[700];

	assert_ok(mkd_acl_from_text(text, &a, &err), &err);
	mkd_acl_encode(&a, &value);
	test_write(test_path(im->state, "acl"), value.data, value.len);
	(void)snprintf(command, sizeof(command), "ea_set -f %s %s system.posix_acl_access",
		       test_path(im->state, "acl"), path);
	(void)image_debugfs(im, command, true);
}

static void assert_acl(struct ext4_image *im, const char *path, const char *text)
{
	cleanup_buf struct mkd_buf want = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };
	struct mkd_acl a;
	char command[700];

	assert_ok(mkd_acl_from_text(text, &a, &err), &err);
	mkd_acl_encode(&a, &want);
	(void)snprintf(command, sizeof(command), "ea_get -f %s %s system.posix_acl_access",
		       test_path(im->state, "got"), path);
	(void)image_debugfs(im, command, false);
	assert_ok(
		mkd_file_read(AT_FDCWD, test_path(im->state, "got"), 4096, MKD_EXIT_IO, &got, &err),
		&err);
	/* libext2fs has 0 for the ids that do not count */
	assert_ok(mkd_acl_from_xattr(got.data, got.len, &a, &err), &err);
	mkd_buf_reset(&got);
	mkd_acl_encode(&a, &got);
	assert_int_equal(got.len, want.len);
	assert_memory_equal(got.data, want.data, got.len);
}

/* 20 users more than SHORT: too long for an inode. */
static const char *longer(const char *mask, char other)
{
	static char text[1024];
	size_t n = (size_t)snprintf(text, sizeof(text), "u::rw-,g::r-x,m::%s,o::r-%c", mask, other);

	for (unsigned i = 0; i < 20; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",u:%u:rwx", 1000 + i);
	return text;
}

static struct ext4_image made(void **state, const char *features)
{
	struct ext4_image im = {
		.state = state, .name = "disk", .features = features, .size_bytes = 16 * MIB
	};

	image_make(&im);
	image_open(&im);
	image_put(im.t, "/a", "a", 1);
	image_put(im.t, "/b", "b", 1);
	image_save(&im);
	return im;
}

static void set_mode(struct ext4_image *im, const char *path, mode_t mode)
{
	struct mkd_err err = { 0 };

	image_open(im);
	assert_ok(mkd_tree_chmod(im->t, path, mode, &err), &err);
	image_save(im);
}

static void the_mask_follows_the_group_bits(void **state)
{
	struct ext4_image im = made(state, NULL);
	uint64_t hash;

	set_acl(&im, "/a", SHORT);
	set_mode(&im, "/a", 0640);
	assert_acl(&im, "/a", "u::rw-,u:7:rwx,g::r-x,m::r--,o::---");
	assert_true(image_shows(&im, "stat /a", "Mode:  0640"));
	hash = image_hash(&im);
	set_mode(&im, "/a", 0640);
	assert_true(image_hash(&im) == hash);
	image_done(&im);
}

static void in_a_block(void **state)
{
	struct ext4_image im = made(state, NULL);
	uint64_t hash;

	set_acl(&im, "/a", longer("rwx", 'x'));
	assert_false(image_shows(&im, "stat /a", "File ACL: 0"));
	set_mode(&im, "/a", 04750);
	{
		char want[1024];

		(void)snprintf(want, sizeof(want), "%s", longer("r-x", '-'));
		memcpy(strstr(want, "u::rw-"), "u::rwx", 6);
		memcpy(strstr(want, "o::r--"), "o::---", 6);
		assert_acl(&im, "/a", want);
	}
	hash = image_hash(&im);
	set_mode(&im, "/a", 04750);
	assert_true(image_hash(&im) == hash);
	image_done(&im);
}

static uint64_t block_of(struct ext4_image *im, const char *path)
{
	char command[64];
	const char *at;

	(void)snprintf(command, sizeof(command), "stat %s", path);
	at = strstr(image_debugfs(im, command, false), "File ACL: ");
	assert_non_null(at);
	return strtoull(at + 10, NULL, 10);
}

/* As the kernel shares it between two files with the same attributes. */
static void share(struct ext4_image *im, uint64_t block)
{
	const uint32_t two = 2;
	char commands[128];

	(void)snprintf(commands, sizeof(commands),
		       "sif /b file_acl %llu\nsif /b blocks 16\nset_bg 0 checksum calc",
		       (unsigned long long)block);
	assert_int_equal(pwrite(im->fd, &two, 4, (off_t)(im->offset_bytes + block * 4096 + 4)), 4);
	(void)image_debugfs(im, commands, true);
}

static void a_shared_block_is_copied(void **state)
{
	struct ext4_image im = made(state, "^metadata_csum,^orphan_file,uninit_bg");
	char before[1024], after[1024];
	uint64_t block;

	set_acl(&im, "/a", longer("rwx", 'x'));
	block = block_of(&im, "/a");
	share(&im, block);
	image_check(&im);
	set_mode(&im, "/a", 0644);
	(void)snprintf(before, sizeof(before), "%s", longer("rwx", 'x'));
	(void)snprintf(after, sizeof(after), "%s", longer("r--", '-'));
	assert_acl(&im, "/b", before);
	assert_acl(&im, "/a", after);
	assert_int_equal(block_of(&im, "/b"), block);
	assert_int_not_equal(block_of(&im, "/a"), block);
	image_done(&im);
}

static void damage_is_found(void **state)
{
	struct ext4_image im = made(state, "^metadata_csum,^orphan_file,uninit_bg");
	struct mkd_err err = { 0 };
	uint64_t block;
	uint8_t raw[4096];
	size_t at = 0;

	set_acl(&im, "/a", longer("rwx", 'x'));
	block = block_of(&im, "/a");
	assert_int_equal(pread(im.fd, raw, sizeof(raw), (off_t)(block * 4096)), 4096);
	while (at + 4 < sizeof(raw) && memcmp(raw + at, "\1\0\0\0\1\0\6\0", 8) != 0)
		at++;
	raw[at] = 9; /* the version of the ACL */
	assert_int_equal(pwrite(im.fd, raw, sizeof(raw), (off_t)(block * 4096)), 4096);
	image_open(&im);
	/* mkd_e4_acl_chmod: -EUCLEAN */
	assert_fails(mkd_tree_chmod(im.t, "/a", 0600, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "an access ACL is none that ext4 has");
	mkd_tree_ext4_abort(im.t);
	im.t = NULL;
	memset(raw + 32, 0xff, sizeof(raw) - 32); /* entries without an end */
	assert_int_equal(pwrite(im.fd, raw, sizeof(raw), (off_t)(block * 4096)), 4096);
	image_open(&im);
	assert_fails(mkd_tree_chmod(im.t, "/a", 0600, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "the extended attributes have no end");
	image_done(&im);
}

static int chmod_again(struct ext4_image *im, struct mkd_err *err)
{
	return mkd_tree_chmod(im->t, "/a", 0600, err);
}

static void without_room(void **state)
{
	struct ext4_image im = made(state, "^metadata_csum,^orphan_file,uninit_bg");
	struct mkd_err err = { 0 };

	set_acl(&im, "/a", longer("rwx", 'x'));
	share(&im, block_of(&im, "/a"));
	image_open(&im);
	while (mkd_tree_write(im.t, "/fill", "x", 1, 0644, &err) == 0) {
		static char big[MIB];
		char path[32];
		static unsigned n;

		(void)snprintf(path, sizeof(path), "/fill%u", n++);
		if (mkd_tree_write(im.t, path, memset(big, 'x', sizeof(big)), sizeof(big), 0644,
				   &err) < 0)
			break;
	}
	for (unsigned n = 0;; n++) {
		char path[32];

		(void)snprintf(path, sizeof(path), "/small%u", n);
		if (mkd_tree_write(im.t, path, "x", 1, 0644, &err) < 0)
			break;
	}
	/* mkd_e4_acl_chmod: -ENOSPC */
	assert_fails(mkd_tree_chmod(im.t, "/a", 0600, &err), &err, ENOSPC, MKD_EXIT_NOSPACE, "");
	image_save(&im);
	assert_true(image_shows(&im, "stat /a", "Mode:  0644"));
	image_done(&im);
}

static void without_memory(void **state)
{
	struct ext4_image im = made(state, NULL);
	struct mkd_err err = { 0 };

	set_acl(&im, "/a", longer("rwx", 'x'));
	image_open(&im);
	/* mkd_e4_acl_chmod: -ENOMEM */
	assert_nomem(chmod_again(&im, &err), &err);
	image_done(&im);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(the_mask_follows_the_group_bits),
		T(in_a_block),
		T(a_shared_block_is_copied),
		T(damage_is_found),
		T(without_room),
		T(without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
