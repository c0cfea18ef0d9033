/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/base. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/size.h"

static void sizes_parse(void **state)
{
	static const struct {
		const char *text;
		uint64_t want;
	} good[] = {
		{ "0", 0 },           { "512", 512 },       { "1K", KIB },
		{ "4G", 4 * GIB },    { "4GiB", 4 * GIB },  { "1.5G", 3 * GIB / 2 },
		{ "0.25M", MIB / 4 }, { "2t", 2048 * GIB },
	};
	struct mkd_err err = { 0 };
	uint64_t got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_ok(mkd_size_parse(good[i].text, &got, &err), &err);
		assert_int_equal(got, good[i].want);
	}
}

static void sizes_that_are_none(void **state)
{
	static const char *const bad[] = { "",    "G",   "-1", "+1",  "1 G", "0x10",
					   "1.5", "1.G", "1Q", "4gb", "1GG", "1e3" };
	struct mkd_err err = { 0 };
	uint64_t got = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_fails(mkd_size_parse(bad[i], &got, &err), &err, EINVAL, MKD_EXIT_USAGE,
			     "is not a size");
	assert_fails(mkd_size_parse("99999999999999999999", &got, &err), &err, ERANGE,
		     MKD_EXIT_USAGE, "too large");
	assert_fails(mkd_size_parse("9000000P", &got, &err), &err, ERANGE, MKD_EXIT_USAGE,
		     "too large");
	assert_int_equal(got, 7);
}

static void sizes_print(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(mkd_size_format(1, buf), "1 byte");
	assert_string_equal(mkd_size_format(17, buf), "17 bytes");
	assert_string_equal(mkd_size_format(4 * GIB, buf), "4 GiB");
	assert_string_equal(mkd_size_format(3 * GIB / 2, buf), "1.5 GiB");
	assert_string_equal(mkd_size_format(1023, buf), "1023 bytes");
	assert_string_equal(mkd_size_format(2048 * GIB, buf), "2 TiB");
}

static void errors_carry_class_and_no_control_characters(void **state)
{
	struct mkd_err err = { 0 };

	(void)state;
	assert_int_equal(mkd_fail(&err, MKD_EXIT_VERIFY, EPERM, "a\033[31m'%s'", "b\n"), -EPERM);
	assert_string_equal(err.msg, "a?[31m'b?'");
	assert_int_equal(err.exit, MKD_EXIT_VERIFY);
	assert_int_equal(mkd_fail_io(&err, ENOSPC, "x"), -ENOSPC);
	assert_int_equal(err.exit, MKD_EXIT_NOSPACE);
	assert_int_equal(mkd_fail_io(&err, EIO, "x"), -EIO);
	assert_int_equal(err.exit, MKD_EXIT_IO);
	assert_int_equal(mkd_wrap(&err, "hook '%s'", "clock"), -EIO);
	assert_string_equal(err.msg, "hook 'clock': x: Input/output error");
	assert_int_equal(mkd_nomem(&err), -ENOMEM);
	assert_int_equal(err.exit, MKD_EXIT_INTERNAL);
}

static void a_signal_stops_loops(void **state)
{
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_check_signal(&err), &err);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_check_signal(&err), &err, EINTR, 128 + SIGTERM, "signal 15");
	mkd_signal_set(0);
}

static void files_are_read_up_to_a_limit(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "f");

	test_write(path, "hello", 5);
	assert_ok(mkd_file_read(AT_FDCWD, path, 5, MKD_EXIT_USAGE, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "hello");
	assert_fails(mkd_file_read(AT_FDCWD, path, 4, MKD_EXIT_USAGE, &b, &err), &err, EFBIG,
		     MKD_EXIT_USAGE, "limit of 4 bytes");
	assert_fails(mkd_file_read(AT_FDCWD, *state, 4, MKD_EXIT_USAGE, &b, &err), &err, EISDIR,
		     MKD_EXIT_USAGE, "directory");
	assert_fails(mkd_file_read(AT_FDCWD, test_path(state, "no"), 4, MKD_EXIT_NET, &b, &err),
		     &err, ENOENT, MKD_EXIT_NET, "/no'");
}

#define SECRET "correct horse battery staple"

/*
 * Whether the secret is in our memory there. By the kernel, for it may be freed or below the stack.
 * Its own text is in read-only memory, never copied from there by a test.
 */
static bool memory_has_secret(uintptr_t addr, size_t len)
{
	cleanup_close int mem = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	cleanup_free char *copy = malloc(len);

	assert_non_null(copy);
	assert_int_equal(pread(mem, copy, len, (off_t)addr), len);
	return memmem(copy, len, SECRET, sizeof(SECRET) - 1);
}

/* Far from the chunk's start: free(3) writes there. */
static void write_secret(const char *path)
{
	cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_int_equal(ftruncate(fd, 1000), 0);
	assert_int_equal(pwrite(fd, SECRET, sizeof(SECRET) - 1, 500), sizeof(SECRET) - 1);
}

static void a_wiped_buffer_leaves_nothing(void **state)
{
	struct mkd_buf b = { 0 };
	uintptr_t addr;
	size_t cap;

	(void)state;
	mkd_buf_wipe(&b);
	for (unsigned i = 0; i < 100; i++)
		mkd_buf_str(&b, SECRET);
	addr = (uintptr_t)b.data;
	cap = b.cap;
	b.len = 0; /* what is behind the content counts too */
	assert_true(memory_has_secret(addr, cap));
	mkd_buf_wipe(&b);
	assert_null(b.data);
	assert_int_equal(b.cap, 0);
	assert_false(memory_has_secret(addr, cap));
}

static void secrets_are_read_without_a_copy(void **state)
{
	static const size_t below = 24 * KIB;
	struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "f");
	uintptr_t frame = (uintptr_t)__builtin_frame_address(0) - below, addr;

	write_secret(path);
	mkd_buf_str(&b, SECRET " of another time");
	assert_ok(mkd_file_read_secret(AT_FDCWD, path, 4000, MKD_EXIT_USAGE, &b, &err), &err);
	assert_false(memory_has_secret(frame, below));
	assert_int_equal(b.len, 1000);
	assert_int_equal(b.cap, 4001);
	assert_memory_equal(b.data + 500, SECRET, sizeof(SECRET) - 1);
	assert_int_equal(b.data[1000], 0);
	addr = (uintptr_t)b.data;
	assert_true(memory_has_secret(addr, 1000));
	/* what the buffer had goes before anything else, and what failed is not kept */
	assert_fails(
		mkd_file_read_secret(AT_FDCWD, test_path(state, "no"), 4, MKD_EXIT_NET, &b, &err),
		&err, ENOENT, MKD_EXIT_NET, "/no'");
	assert_null(b.data);
	assert_false(memory_has_secret(addr, 1000));
	/* the control: the stack of the other one has it */
	assert_ok(mkd_file_read(AT_FDCWD, path, 4000, MKD_EXIT_USAGE, &b, &err), &err);
	assert_true(memory_has_secret(frame, below));
	mkd_buf_wipe(&b);
}

static void secrets_are_read_up_to_a_limit(void **state)
{
	cleanup_secret struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	const char *path = test_path(state, "f");

	test_write(path, "hello", 5);
	assert_ok(mkd_file_read_secret(AT_FDCWD, path, 5, MKD_EXIT_USAGE, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "hello");
	assert_fails(mkd_file_read_secret(AT_FDCWD, path, 4, MKD_EXIT_USAGE, &b, &err), &err, EFBIG,
		     MKD_EXIT_USAGE, "limit of 4 bytes");
	assert_string_equal(mkd_buf_cstr(&b), "");
	assert_fails(mkd_file_read_secret(AT_FDCWD, *state, 4, MKD_EXIT_USAGE, &b, &err), &err,
		     EISDIR, MKD_EXIT_USAGE, "directory");
	assert_fails(mkd_file_read_secret(AT_FDCWD, path, SIZE_MAX, MKD_EXIT_USAGE, &b, &err), &err,
		     ENOMEM, MKD_EXIT_INTERNAL, "memory");
	test_write(path, "", 0);
	assert_ok(mkd_file_read_secret(AT_FDCWD, path, 0, MKD_EXIT_USAGE, &b, &err), &err);
	assert_int_equal(b.len, 0);
}

static void files_are_replaced_in_one_step(void **state)
{
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	struct stat st;

	test_write(test_path(state, "f"), "old", 3);
	assert_ok(mkd_file_write(dir, "f", "new!", 4, 0640, &err), &err);
	assert_ok(mkd_file_read(dir, "f", 99, MKD_EXIT_IO, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "new!");
	assert_int_equal(fstatat(dir, "f", &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(mkdirat(dir, "d", 0755), 0);
	assert_int_equal(mkd_file_write(dir, "d", "x", 1, 0600, &err), -EISDIR);
	assert_int_equal(err.exit, MKD_EXIT_IO);
}

static void folders_are_made_and_parents_opened(void **state)
{
	cleanup_close int fd = -1;
	struct mkd_err err = { 0 };
	const char *name = NULL;

	assert_ok(mkd_mkdirs(test_path(state, "a/b/c"), 0755, &err), &err);
	assert_ok(mkd_mkdirs(test_path(state, "a/b/c"), 0755, &err), &err);
	assert_int_equal(access(test_path(state, "a/b/c"), F_OK), 0);
	assert_ok(mkd_open_parent(test_path(state, "a/x"), &fd, &name, &err), &err);
	assert_string_equal(name, "x");
	assert_fails(mkd_open_parent("a/", &fd, &name, &err), &err, EINVAL, MKD_EXIT_USAGE, "'a/'");
	assert_fails(mkd_open_parent("..", &fd, &name, &err), &err, EINVAL, MKD_EXIT_USAGE, "'..'");
	assert_fails(mkd_open_parent(test_path(state, "no/x"), &fd, &name, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "cannot open the folder");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_parse),
		cmocka_unit_test(sizes_that_are_none),
		cmocka_unit_test(sizes_print),
		cmocka_unit_test(errors_carry_class_and_no_control_characters),
		cmocka_unit_test(a_signal_stops_loops),
		cmocka_unit_test_setup_teardown(files_are_read_up_to_a_limit, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test(a_wiped_buffer_leaves_nothing),
		cmocka_unit_test_setup_teardown(secrets_are_read_without_a_copy, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(secrets_are_read_up_to_a_limit, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(files_are_replaced_in_one_step, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(folders_are_made_and_parents_opened, test_dir_setup,
						test_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
