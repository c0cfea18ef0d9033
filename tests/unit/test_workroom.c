/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders for temporary images: those of runs that were killed go away, those in use do not. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"
#include "mkdomu/file.h"
#include "mkdomu/workroom.h"

/* Below the test's folder, as if made an hour ago. */
static void make_old(const char *path)
{
	const struct timespec t[2] = { { .tv_sec = time(NULL) - 3600 },
				       { .tv_sec = time(NULL) - 3600 } };

	assert_int_equal(utimensat(AT_FDCWD, path, t, 0), 0);
}

static int make(struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	cleanup_close int fd = -1;
	int r = mkd_workroom_make(&path, &fd, err);

	if (r == 0)
		mkd_rmtree(path);
	return r;
}

static char *before; /* TMPDIR */

static int set_up(void **state)
{
	if (before)
		(void)setenv("TMPDIR", before, 1);
	else
		(void)unsetenv("TMPDIR");
	return test_dir_setup(state);
}

static void one_in_use_stays(void **state)
{
	cleanup_free char *used = NULL;
	cleanup_close int fd = -1;
	struct mkd_err err;
	struct stat st;
	char image[512];

	assert_int_equal(setenv("TMPDIR", *state, 1), 0);
	assert_ok(mkd_workroom_make(&used, &fd, &err), &err);
	assert_int_equal(stat(used, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	(void)snprintf(image, sizeof(image), "%s/disk.img", used);
	test_write(image, "x", 1);
	make_old(used);
	assert_ok(make(&err), &err);
	assert_int_equal(access(image, F_OK), 0);
	/* its process is gone, by whatever way; a new one may be about to be locked */
	closep_(&fd);
	fd = -1;
	assert_int_equal(utimensat(AT_FDCWD, used, NULL, 0), 0);
	assert_ok(make(&err), &err);
	assert_int_equal(access(image, F_OK), 0);
	make_old(used);
	assert_ok(make(&err), &err);
	assert_int_equal(access(used, F_OK), -1);
}

/* By name alike, but not such a folder; a link of that name does not lead out. */
static void others_stay(void **state)
{
	const char *file = test_path(state, "mkdomu-work-abcdef"),
		   *dir = test_path(state, "mkdomu-x"),
		   *link = test_path(state, "mkdomu-work-link");
	struct mkd_err err;

	assert_int_equal(setenv("TMPDIR", *state, 1), 0);
	test_write(file, "x", 1);
	assert_int_equal(mkdir(dir, 0700), 0);
	assert_int_equal(symlink(dir, link), 0);
	make_old(file);
	make_old(dir);
	assert_ok(make(&err), &err);
	assert_int_equal(access(file, F_OK), 0);
	assert_int_equal(access(dir, F_OK), 0);
	assert_int_equal(access(link, F_OK), 0);
}

static void failures_are_told(void **state)
{
	struct mkd_err err;

	assert_int_equal(setenv("TMPDIR", *state, 1), 0);
	assert_fault(FAULT_MKDTEMP, 1, make(&err), &err, EROFS, MKD_EXIT_IO,
		     ", which TMPDIR names");
	assert_fault(FAULT_MKDTEMP, 1, make(&err), &err, ENOSPC, MKD_EXIT_NOSPACE, *state);
	assert_fault(FAULT_MKDTEMP, 1, make(&err), &err, EACCES, MKD_EXIT_USAGE, *state);
	assert_fault(FAULT_MKDTEMP, 1, make(&err), &err, ENOTDIR, MKD_EXIT_USAGE, *state);
	assert_fault(FAULT_FLOCK, 1, make(&err), &err, ENOLCK, MKD_EXIT_IO,
		     "cannot use the temporary folder"); /* mkd_workroom_make: other */
	assert_nomem_some(make(&err), &err, (void)0);
	assert_int_equal(setenv("TMPDIR", test_path(state, "no"), 1), 0);
	assert_fails(make(&err), &err, ENOENT, MKD_EXIT_USAGE, "/no', which TMPDIR names");
	/* one that is not absolute does not count */
	assert_int_equal(setenv("TMPDIR", "no", 1), 0);
	assert_ok(make(&err), &err);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(one_in_use_stays),
		T(others_stay),
		T(failures_are_told),
	};

	before = getenv("TMPDIR");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
