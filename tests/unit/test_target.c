/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk: image files as targets; two cases need root. */
#include "targettest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mkdomu/file.h"
#include "mkdomu/swap.h"
#include "mkdomu/target_image.h"

static void make_swap(const char *path)
{
	cleanup_close int fd = make_file(path, MIB);
	struct mkd_swap_req req = {
		.fd = fd, .name = path, .size_bytes = MIB, .uuid = { 1 }, .label = "old"
	};
	struct mkd_err err;

	assert_ok(mkd_swap_write(&req, &err), &err);
}

static void a_new_image_appears_complete_or_not_at_all(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	struct stat st;

	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_int_equal(info.kind, MKD_TARGET_IMAGE);
	assert_int_equal(info.size_bytes, 0);
	assert_int_equal(info.sector_bytes, 512);
	assert_string_equal(info.path, path);
	assert_string_equal(info.found, "");
	(void)umask(0777);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	(void)umask(022);
	assert_int_equal(mkd_target_info(t)->size_bytes, SIZE_BYTES);
	assert_true(mkd_target_zeroed(t));
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "hello", 5, 0), 0);
	assert_int_equal(count_names(state), 0);
	assert_ok(mkd_target_publish(t, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, SIZE_BYTES);
	assert_true(st.st_blocks * 512 < (blkcnt_t)MIB); /* sparse */
	assert_content(path, "hello");
	mkd_target_close(steal(&t));
	assert_int_equal(count_names(state), 1);
	assert_content(path, "hello");
}

static void nothing_is_left_without_publish(void **state)
{
	struct mkd_target_req req = request(test_path(state, "x.img"));
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	mkd_target_close(t);
	assert_int_equal(count_names(state), 0);
	mkd_target_close(NULL);
}

static int open_and_stay(void *arg)
{
	struct mkd_target_req req = request(arg);
	struct mkd_target *t = NULL;
	struct mkd_err err;

	if (mkd_target_open(&req, &t, &err) < 0)
		return -1;
	return mkd_pwrite_full(mkd_target_fd(t), "hello", 5, 0);
}

static void a_killed_run_leaves_nothing_and_a_live_one_is_busy(void **state)
{
	char *path = (char *)test_path(state, "x.img");
	struct mkd_target_req req = request(path), other = request(test_path(state, "y.img"));
	cleanup(closep) struct mkd_target *t = NULL, *t2 = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	pid_t pid = child_start(open_and_stay, path);

	assert_fails(mkd_target_probe(&req, &info, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "another mkdomu");
	assert_fails(mkd_target_open(&req, &t, &err), &err, EBUSY, MKD_EXIT_BUSY, "x.img");
	assert_null(t);
	/* unrelated names in the folder do not wait for each other */
	assert_ok(mkd_target_open(&other, &t2, &err), &err);
	child_end(pid);
	assert_int_equal(count_names(state), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
}

static void an_existing_image_needs_force_and_its_content_is_named(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	struct stat st;

	make_swap(path);
	assert_int_equal(chmod(path, 0640), 0);
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "holds swap, label 'old', UUID 01000000");
	assert_non_null(strstr(err.msg, "--force"));
	assert_fails(mkd_target_open(&req, &t, &err), &err, EEXIST, MKD_EXIT_TARGET, "holds swap");
	req.force = true;
	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_int_equal(info.size_bytes, MIB);
	assert_non_null(strstr(info.found, "swap, label 'old'"));
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "new", 3, 0), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, MIB);
	assert_ok(mkd_target_publish(t, &err), &err);
	assert_content(path, "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	mkd_target_close(steal(&t));
	assert_int_equal(count_names(state), 1);
}

static void a_commit_can_be_taken_back(void **state)
{
	const char *path = test_path(state, "x.img"), *fresh = test_path(state, "y.img");
	struct mkd_target_req req = request(path), req2 = request(fresh);
	struct mkd_target *t = NULL, *t2 = NULL;
	struct mkd_err err = { 0 };

	test_write(path, "old", 3);
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_open(&req2, &t2, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "new", 3, 0), 0);
	assert_ok(mkd_target_publish(t, &err), &err);
	assert_ok(mkd_target_publish(t2, &err), &err);
	assert_content(path, "new");
	mkd_target_revert(t);
	mkd_target_revert(t2);
	assert_content(path, "old");
	mkd_target_close(t);
	mkd_target_close(t2);
	assert_content(path, "old");
	assert_int_equal(count_names(state), 1);
}

static void an_abandoned_replacement_leaves_the_old_image(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	test_write(path, "old", 3);
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "new", 3, 0), 0);
	mkd_target_close(t);
	assert_content(path, "old");
	assert_int_equal(count_names(state), 1);
}

static void even_files_that_hold_nothing_known_are_not_replaced(void **state)
{
	struct mkd_target_req req = request(test_path(state, "empty"));
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	test_write(req.path, "", 0);
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "nothing that is recognised");
	req = request(test_path(state, "text"));
	test_write(req.path, "some notes\n", 11);
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "nothing that is recognised");
}

static void what_is_no_image_is_refused(void **state)
{
	static const struct {
		const char *name; /* in the test's folder, or absolute */
		int code;
		const char *words;
	} bad[] = {
		{ "dir", EINVAL, "it is a folder" },
		{ "fifo", EINVAL, "neither a regular file nor a block device" },
		{ "/dev/null", EINVAL, "neither a regular file" },
		{ "sym", EINVAL, "symbolic link" },
		{ "dangling", EINVAL, "symbolic link" },
		{ "file", EINVAL, "2 names" },
		{ "/dev/mkdomu-no-such", ENOENT, "no such device" },
		{ "no/x.img", ENOENT, "folder" },
		{ "dir/", EINVAL, "does not name a file" },
		{ "file/x", ENOTDIR, "folder" },
	};
	struct mkd_err err = { 0 };

	assert_int_equal(mkdir(test_path(state, "dir"), 0755), 0);
	assert_int_equal(mkfifo(test_path(state, "fifo"), 0600), 0);
	test_write(test_path(state, "file"), "x", 1);
	assert_int_equal(link(test_path(state, "file"), test_path(state, "hard")), 0);
	assert_int_equal(symlink("elsewhere", test_path(state, "dangling")), 0);
	test_write(test_path(state, "aim"), "x", 1);
	assert_int_equal(symlink("aim", test_path(state, "sym")), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct mkd_target_req req = request(
			bad[i].name[0] == '/' ? bad[i].name : test_path(state, bad[i].name));
		struct mkd_target_info info = { .size_bytes = 77 };
		struct mkd_target *t = NULL;

		req.force = true;
		/* mkd_target_probe: -ENOENT, -ENOTDIR, -EINVAL */
		assert_fails(mkd_target_probe(&req, &info, &err), &err, bad[i].code,
			     MKD_EXIT_TARGET, bad[i].words);
		assert_int_equal(info.size_bytes, 77);
		assert_fails(mkd_target_open(&req, &t, &err), &err, bad[i].code, MKD_EXIT_TARGET,
			     bad[i].words);
		assert_null(t);
	}
}

static void sizes_have_limits(void **state)
{
	struct mkd_target_req req = request(test_path(state, "x.img"));
	struct rlimit old, low = { .rlim_cur = 4 * MIB };
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	req.size_bytes = MIB - 1;
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EINVAL, MKD_EXIT_TARGET,
		     "too small");
	req.size_bytes = 0;
	assert_fails(mkd_target_open(&req, &t, &err), &err, EINVAL, MKD_EXIT_TARGET, "too small");
	req.size_bytes = SIZE_BYTES + 4095;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	assert_fails(mkd_target_open(&req, &t, &err), &err, EFBIG, MKD_EXIT_NOSPACE,
		     "limited to 4 MiB");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_target_info(t)->size_bytes, SIZE_BYTES);
	mkd_target_close(steal(&t));
	req.size_bytes = (uint64_t)INT64_MAX & ~UINT64_C(4095);
	assert_fails(mkd_target_open(&req, &t, &err), &err, EFBIG, MKD_EXIT_NOSPACE, "x.img");
	assert_int_equal(count_names(state), 0);
}

static int lock_as_qemu(void *arg)
{
	struct flock fl = { .l_type = F_RDLCK, .l_start = 100, .l_len = 1 };
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_OFD_SETLK, &fl);
}

static int lock_posix(void *arg)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 0, .l_len = 0 };
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_SETLK, &fl);
}

static int lock_flock(void *arg)
{
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : flock(fd, LOCK_SH);
}

static void an_image_that_another_program_has_locked_is_refused(void **state)
{
	static int (*const lockers[])(void *) = { lock_as_qemu, lock_posix, lock_flock };
	char *path = (char *)test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	req.force = true;
	test_write(path, "old", 3);
	for (size_t i = 0; i < ARRAY_LEN(lockers); i++) {
		pid_t pid = child_start(lockers[i], path);

		assert_fails(mkd_target_probe(&req, &info, &err), &err, EBUSY, MKD_EXIT_TARGET,
			     "another program has it locked");
		child_end(pid);
		assert_ok(mkd_target_probe(&req, &info, &err), &err);
	}
}

static void publishing_looks_again(void **state)
{
	char *path = (char *)test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };
	pid_t pid;

	/* a name that has come to exist */
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	test_write(path, "mine", 4);
	assert_fails(mkd_target_publish(t, &err), &err, EEXIST, MKD_EXIT_TARGET, "come to exist");
	mkd_target_close(steal(&t));
	assert_content(path, "mine");
	/* a guest that was started meanwhile */
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	pid = child_start(lock_as_qemu, path);
	assert_fails(mkd_target_publish(t, &err), &err, EBUSY, MKD_EXIT_TARGET, "locked");
	child_end(pid);
	/* a file that took the old one's place */
	test_write(test_path(state, "z"), "other", 5);
	assert_int_equal(rename(test_path(state, "z"), path), 0);
	assert_fails(mkd_target_publish(t, &err), &err, EBUSY, MKD_EXIT_TARGET, "another file");
	mkd_target_close(steal(&t));
	assert_content(path, "other");
	assert_int_equal(count_names(state), 1);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(a_new_image_appears_complete_or_not_at_all),
		T(nothing_is_left_without_publish),
		T(a_killed_run_leaves_nothing_and_a_live_one_is_busy),
		T(an_existing_image_needs_force_and_its_content_is_named),
		T(a_commit_can_be_taken_back),
		T(an_abandoned_replacement_leaves_the_old_image),
		T(even_files_that_hold_nothing_known_are_not_replaced),
		T(what_is_no_image_is_refused),
		T(sizes_have_limits),
		T(an_image_that_another_program_has_locked_is_refused),
		T(publishing_looks_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
