/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes that fail, runs that are cut short: told, and no superblock is left. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mkdomu/file.h"
#include "mkdomu/xattrs.h"

static bool has_magic(const char *path)
{
	uint8_t magic[2] = { 0 };
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	assert_int_equal(mkd_pread_full(fd, magic, 2, 1024 + 56), 0);
	(void)close(fd);
	return magic[0] == 0x53 && magic[1] == 0xef;
}

static void a_run_cut_short_leaves_no_superblock(void **state)
{
	struct fsimage a;

	fs_new(&a, state, "a", 160 * MIB);
	fs_file(&a, "x", "y");
	fs_finish(&a);
	assert_true(has_magic(a.path));
	/* the same file again, with the old file system in it */
	a.fd = a.req.fd = open(a.path, O_RDWR | O_CLOEXEC);
	a.req.zeroed = false;
	fs_create(&a);
	assert_true(has_magic(a.path)); /* nothing is written before the first member */
	fs_file(&a, "x", "y");
	fs_abort(&a);
	assert_false(has_magic(a.path));
}

static void a_failing_write_is_told(void **state)
{
	struct fsimage f;
	static uint8_t data[MIB];
	int fd = memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING), r = 0;

	memset(data, 1, sizeof(data));
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 128 * MIB), 0);
	assert_int_equal(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	fs_init(&f, state, "a", 128 * MIB);
	(void)close(f.fd);
	f.fd = f.req.fd = fd;
	fs_create(&f);
	for (int i = 0; !r && i < 100; i++) {
		char path[16];

		(void)snprintf(path, sizeof(path), "%d", i);
		r = fs_try_file(&f, path, data, sizeof(data));
	}
	assert_int_equal(r, -EPERM);
	assert_int_equal(f.err.exit, MKD_EXIT_IO);
	assert_non_null(strstr(f.err.msg, "cannot write '"));
	/* and again by the next call */
	assert_fails(mkd_ext4_finish(f.w, 1, &f.stats, &f.err), &f.err, EPERM, MKD_EXIT_IO,
		     "cannot write '");
	(void)close(f.fd);
}

static void a_full_host_is_told(void **state)
{
	struct rlimit old, limit;
	struct fsimage f;
	static uint8_t data[20 * MIB];

	memset(data, 1, sizeof(data));
	fs_new(&f, state, "a", 64 * MIB);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = (struct rlimit){ 8 * MIB, old.rlim_max };
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	/* the thread may be slower than we are: told now, or at the end */
	(void)fs_try_file(&f, "a", data, sizeof(data));
	assert_fails(mkd_ext4_finish(f.w, 1, &f.stats, &f.err), &f.err, EFBIG, MKD_EXIT_NOSPACE,
		     "cannot write '");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_false(has_magic(f.path));
	(void)close(f.fd);
}

/* The form alone; what the writer makes of it is told with the member's name. */
static void malformed_acls_are_refused(void **state)
{
	/* version 2; owner rwx, the user 258 r-x */
	static const uint8_t good[] = { 2,    0,    0, 0, 1, 0, 7, 0, 0xff, 0xff,
					0xff, 0xff, 2, 0, 5, 0, 2, 1, 0,    0 };
	static const uint8_t want[] = { 1, 0, 0, 0, 1, 0, 7, 0, 2, 0, 5, 0, 2, 1, 0, 0 };
	static const struct {
		size_t at;
		uint8_t byte;
	} rows[] = { { 0, 1 }, { 3, 2 }, { 4, 0 }, { 4, 3 }, { 4, 0x40 }, { 13, 1 }, { 14, 8 } };
	uint8_t bad[sizeof(good)], out[sizeof(good)];

	(void)state;
	assert_int_equal(mkd_xattrs_acl(good, sizeof(good), out), sizeof(want));
	assert_memory_equal(out, want, sizeof(want));
	for (size_t len = 0; len < sizeof(good); len++)
		if (len != 4 && len != 12)
			assert_int_equal(mkd_xattrs_acl(good, len, out), -EINVAL);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memcpy(bad, good, sizeof(good));
		bad[rows[i].at] = rows[i].byte;
		assert_int_equal(mkd_xattrs_acl(bad, sizeof(bad), out), -EINVAL);
	}
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(malformed_acls_are_refused),
		T(a_run_cut_short_leaves_no_superblock),
		T(a_failing_write_is_told),
		T(a_full_host_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
