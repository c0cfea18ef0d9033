/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What file.h and buf.h do when the system or the memory fails. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "fault.h"
#include "mkdomu/file.h"

/* The name's content is want, and there is nothing else in the folder but it. */
static void assert_alone(void **state, const char *name, const char *want)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err;
	char command[600];

	assert_ok(mkd_file_read(AT_FDCWD, test_path(state, name), 100, 2, &b, &err), &err);
	assert_string_equal(b.data, want);
	(void)snprintf(command, sizeof(command), "test \"$(ls -A '%s')\" = '%s'",
		       (const char *)*state, name);
	assert_int_equal(system(command), 0);
}

static void old_file_stays_when_writing_fails(void **state)
{
	static const struct {
		enum fault kind;
		int code;
		int exit;
	} rows[] = {
		{ FAULT_OPEN, EACCES, MKD_EXIT_IO },  { FAULT_WRITE, ENOSPC, MKD_EXIT_NOSPACE },
		{ FAULT_WRITE, EIO, MKD_EXIT_IO },    { FAULT_CHMOD, EPERM, MKD_EXIT_IO },
		{ FAULT_FSYNC, EIO, MKD_EXIT_IO },    { FAULT_FSYNC, EDQUOT, MKD_EXIT_NOSPACE },
		{ FAULT_RENAME, EXDEV, MKD_EXIT_IO },
	};
	cleanup_close int dir = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_err err;

	assert_true(dir >= 0);
	assert_ok(mkd_file_write(dir, "f", "old", 3, 0600, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* mkd_file_write: other */
		assert_fault(rows[i].kind, 1, mkd_file_write(dir, "f", "new", 3, 0600, &err), &err,
			     rows[i].code, rows[i].exit, "cannot ");
		assert_alone(state, "f", "old");
	}
	/* the second fsync is the folder's: the file is there by then */
	assert_fault(FAULT_FSYNC, 2, mkd_file_write(dir, "f", "new", 3, 0600, &err), &err, EIO,
		     MKD_EXIT_IO, "cannot write 'f'");
	assert_alone(state, "f", "new");
	assert_nomem(mkd_file_write(dir, "f", "third", 5, 0600, &err), &err);
	assert_alone(state, "f", "third");
}

static void reading_says_what_the_system_said(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	const char *f = test_path(state, "f");
	struct mkd_err err;
	char byte;

	test_write(f, "text", 4);
	/* mkd_file_read: other; mkd_file_read_secret: -EIO */
	assert_fault(FAULT_READ, 1, mkd_file_read(AT_FDCWD, f, 9, 2, &b, &err), &err, EIO, 2,
		     "cannot read '");
	assert_fault(FAULT_READ, 1, mkd_file_read_secret(AT_FDCWD, f, 9, 2, &b, &err), &err, EIO, 2,
		     "cannot read '");
	assert_null(b.data);
	fault_arm(FAULT_READ, 1, EINTR);
	assert_ok(mkd_file_read(AT_FDCWD, f, 9, 2, &b, &err), &err);
	assert_true(fault_disarm());
	fault_arm(FAULT_READ, 1, EINTR);
	assert_ok(mkd_file_read_secret(AT_FDCWD, f, 9, 2, &b, &err), &err);
	assert_true(fault_disarm());
	mkd_buf_free(&b);
	assert_nomem(mkd_file_read(AT_FDCWD, f, 9, 2, &b, &err), &err);
	assert_nomem(mkd_file_read_secret(AT_FDCWD, f, 9, 2, &b, &err), &err);
	assert_int_equal(read(0, &byte, 0), 0); /* reads are what they were */
}

/* A stream without an end is given up at the limit, also when there is no memory for it. */
static void endless_stream_ends_without_memory(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err;

	(void)state;
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	assert_fails(mkd_file_read(AT_FDCWD, "/dev/zero", MIB, 2, &b, &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "memory");
	assert_true(fault_disarm());
}

static void all_bytes_or_an_errno(void **state)
{
	cleanup_close int fd = open(test_path(state, "f"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	char back[8];

	assert_true(fd >= 0);
	fault_arm(FAULT_WRITE, 1, 0);
	assert_int_equal(mkd_write_full(fd, "abcd", 4), -EIO);
	fault_arm(FAULT_WRITE, 1, ENOSPC);
	assert_int_equal(mkd_write_full(fd, "abcd", 4), -ENOSPC);
	fault_arm(FAULT_WRITE, 1, EINTR);
	assert_int_equal(mkd_write_full(fd, "abcd", 4), 0);
	assert_true(fault_disarm());
	fault_arm(FAULT_PWRITE, 1, 0);
	assert_int_equal(mkd_pwrite_full(fd, "efgh", 4, 4), -EIO);
	fault_arm(FAULT_PWRITE, 1, EDQUOT);
	assert_int_equal(mkd_pwrite_full(fd, "efgh", 4, 4), -EDQUOT);
	fault_arm(FAULT_PWRITE, 1, EINTR);
	assert_int_equal(mkd_pwrite_full(fd, "efgh", 4, 4), 0);
	assert_true(fault_disarm());
	fault_arm(FAULT_PREAD, 1, EBADMSG);
	assert_int_equal(mkd_pread_full(fd, back, 8, 0), -EBADMSG);
	fault_arm(FAULT_PREAD, 1, EINTR);
	assert_int_equal(mkd_pread_full(fd, back, 8, 0), 0);
	assert_true(fault_disarm());
	assert_memory_equal(back, "abcdefgh", 8);
	assert_int_equal(mkd_pread_full(fd, back, 8, 1), -EIO);
}

static void a_full_device_is_an_errno(void **state)
{
	cleanup_close int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(mkd_write_full(fd, "x", 1), -ENOSPC);
}

static void folders_fail_by_name(void **state)
{
	cleanup_free char *dir = NULL;
	const char *name;
	struct mkd_err err;
	char deep[600];
	int fd = -1;

	(void)snprintf(deep, sizeof(deep), "%s/a/b/c", (const char *)*state);
	assert_fault(FAULT_MKDIR, 1, mkd_mkdirs(deep, 0700, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot create the folder '");
	assert_nomem(mkd_mkdirs(deep, 0700, &err), &err);
	assert_int_equal(access(deep, F_OK), 0);
	assert_fault(FAULT_MKDTEMP, 1, mkd_tmpdir(&dir, &err), &err, EROFS, MKD_EXIT_IO,
		     "cannot create a temporary folder in '");
	assert_null(dir);
	assert_nomem(mkd_tmpdir(&dir, &err), &err);
	mkd_rmtree(dir);
	assert_int_not_equal(access(dir, F_OK), 0);
	assert_nomem(mkd_open_parent(deep, &fd, &name, &err), &err);
	assert_int_equal(close(fd), 0);
	assert_string_equal(name, "c");
}

/* The real limit, once: what a process without descriptors left is told. */
static void no_descriptor_is_left(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct rlimit old, few;
	struct mkd_err err;
	const char *f = test_path(state, "f"), *name;
	int fd = -1;

	test_write(f, "text", 4);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	assert_fails(mkd_file_read(AT_FDCWD, f, 9, 2, &b, &err), &err, EMFILE, MKD_EXIT_INTERNAL,
		     "cannot open '");
	assert_fails(mkd_open_parent(f, &fd, &name, &err), &err, EMFILE, MKD_EXIT_INTERNAL,
		     "cannot open the folder '");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(fd, -1);
}

static void strings_and_lists_run_out_of_memory(void **state)
{
	cleanup_strv struct mkd_strv list = { 0 };
	cleanup_buf struct mkd_buf b = { 0 };
	cleanup_free char *copy = NULL, *text = NULL;
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_strv_add(&list, "a", &err), &err);
	assert_nomem(mkd_strv_add(&list, "b", &err), &err);
	assert_int_equal(list.n, 2);
	assert_string_equal(list.v[1], "b");
	assert_null(list.v[2]);
	assert_nomem(mkd_strdup("x", &copy, &err), &err);
	assert_nomem(mkd_asprintf(&text, &err, "%d", 7), &err);
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	mkd_buf_str(&b, "lost");
	assert_true(fault_disarm());
	mkd_buf_str(&b, "more"); /* the failure sticks: half a text is none */
	assert_fails(mkd_buf_check(&b, &err), &err, ENOMEM, MKD_EXIT_INTERNAL, "memory");
	assert_string_equal(mkd_buf_cstr(&b), "");
}

static void the_users_folder_is_where_xdg_says(void **state)
{
	cleanup_strv struct mkd_strv l = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	setenv("HOME", "/home/u", 1);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	assert_ok(mkd_strv_add_config(&l, "hooks", &err), &err);
	setenv("XDG_CONFIG_HOME", "/c", 1);
	assert_ok(mkd_strv_add_config(&l, "hooks", &err), &err);
	unsetenv("XDG_CONFIG_HOME");
	setenv("HOME", "", 1);
	assert_ok(mkd_strv_add_config(&l, "hooks", &err), &err);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0], "/home/u/.config/mkdomu/hooks");
	assert_string_equal(l.v[1], "/c/mkdomu/hooks");
	setenv("HOME", "/home/u", 1);
	assert_nomem(mkd_strv_add_config(&l, "hooks", &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(old_file_stays_when_writing_fails, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(reading_says_what_the_system_said, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test(endless_stream_ends_without_memory),
		cmocka_unit_test_setup_teardown(all_bytes_or_an_errno, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test(a_full_device_is_an_errno),
		cmocka_unit_test_setup_teardown(folders_fail_by_name, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(no_descriptor_is_left, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test(strings_and_lists_run_out_of_memory),
		cmocka_unit_test(the_users_folder_is_where_xdg_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
