/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A device that fails while it is written: what it keeps, and what its errors mean. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "disktest.h"
#include "fault.h"
#include "mkdomu/file.h"
#include "mkdomu/lostdev.h"
#include "mkdomu/readback.h"
#include "mkdomu/size.h"

static const uint64_t offsets[] = { 0, DISK_BYTES - MKD_READBACK_BYTES };

static void a_device_that_fails_is_told(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "f"), DISK_BYTES);
	struct mkd_err err;

	assert_ok(mkd_readback_check(fd, "d", offsets, 2, &err), &err);
	assert_fault(FAULT_PREAD, 4, mkd_readback_check(fd, "d", offsets, 2, &err), &err, EIO,
		     MKD_EXIT_IO, "cannot read back 'd'");
	assert_fault(FAULT_FSYNC, 1, mkd_readback_check(fd, "d", offsets, 2, &err), &err, EIO,
		     MKD_EXIT_IO, "cannot read back 'd'");
	assert_fault(FAULT_FSYNC, 2, mkd_readback_check(fd, "d", offsets, 2, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot read back 'd'");
	assert_nomem(mkd_readback_check(fd, "d", offsets, 2, &err), &err);
	assert_int_equal(mkd_direct_open(-1, O_RDONLY), -ENOENT);
}

/* What lies below the loop device changes, and the page cache above it does not know. */
static void a_device_that_does_not_keep_its_bytes_is_told(void **state)
{
	cleanup_close int below = -1;
	uint8_t page[4096];
	struct mkd_err err;
	struct disk d;

	if (skip_unless_root())
		return;
	d = disk_new(state, "f");
	below = open(test_path(state, "f"), O_RDWR | O_CLOEXEC);
	assert_true(below >= 0);
	assert_ok(mkd_readback_check(d.fd, "d", offsets, 2, &err), &err);
	assert_int_equal(mkd_pread_full(d.fd, page, sizeof(page), offsets[1]), 0);
	assert_int_equal(mkd_pwrite_full(below, "x", 1, offsets[1]), 0);
	assert_fails(mkd_readback_check(d.fd, "d", offsets, 2, &err), &err, EIO, MKD_EXIT_IO,
		     "15728640 bytes from its start it reads differently");
	close(d.fd);
}

/* With *err as a write to it left it. */
static int explain(const struct mkd_target_info *info, int code, int exit_class, const char *name,
		   struct mkd_err *err)
{
	(void)mkd_fail_errno(err, exit_class, code, "cannot write '%s'", name);
	return mkd_lostdev_explain(info, true, err);
}

/* With *err as the file system in it left it. */
static int explain_full(const struct mkd_target_info *info, bool whole, struct mkd_err *err)
{
	(void)mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
		       "no space left in '%s': all 9 blocks are used; give " MKD_LARGER_SIZE,
		       info->name);
	return mkd_lostdev_explain(info, whole, err);
}

static void a_device_that_went_is_told(void **state)
{
	struct mkd_target_info info = { .kind = MKD_TARGET_DEVICE, .name = "/dev/gone" };
	struct mkd_err err;

	(void)snprintf(info.path, sizeof(info.path), "%s/gone", (const char *)*state);
	assert_fails(explain(&info, ENOSPC, MKD_EXIT_NOSPACE, "x", &err), &err, ENODEV, MKD_EXIT_IO,
		     "'/dev/gone' went away");
	assert_fails(explain(&info, EIO, MKD_EXIT_IO, "x", &err), &err, ENODEV, MKD_EXIT_IO,
		     "went away");
	/* neither errors that are no device's, nor images */
	assert_fails(explain(&info, EINTR, MKD_EXIT_SIGNAL, "x", &err), &err, EINTR,
		     MKD_EXIT_SIGNAL, "cannot write 'x'");
	info.kind = MKD_TARGET_IMAGE;
	assert_fails(explain(&info, ENOSPC, MKD_EXIT_NOSPACE, "/dev/gone", &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot write '/dev/gone'");
	assert_null(strstr(err.msg, "pool"));
}

static void a_full_pool_is_told(void **state)
{
	struct mkd_target_info info = { .kind = MKD_TARGET_DEVICE };
	struct mkd_err err;
	struct disk d;

	if (skip_unless_root())
		return;
	d = disk_new(state, "f");
	(void)snprintf(info.path, sizeof(info.path), "%s", d.path);
	(void)snprintf(info.name, sizeof(info.name), "%s", d.path);
	assert_fails(explain(&info, ENOSPC, MKD_EXIT_NOSPACE, d.path, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "; the pool that it takes its space from is full");
	assert_fails(explain(&info, ENOSPC, MKD_EXIT_NOSPACE, "/var/cache", &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot write '/var/cache'");
	assert_null(strstr(err.msg, "pool"));
	/* the guest's file system is full: no pool, and of a whole device no size either */
	assert_fails(explain_full(&info, false, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "are used; give a larger --size");
	assert_null(strstr(err.msg, "pool"));
	assert_fails(explain_full(&info, true, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "are used; give a larger device");
	assert_null(strstr(err.msg, "pool"));
	assert_null(strstr(err.msg, "--size"));
	close(d.fd);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(a_device_that_fails_is_told),
		T(a_device_that_does_not_keep_its_bytes_is_told),
		T(a_device_that_went_is_told),
		T(a_full_pool_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
