/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of part: what stands beside a file that has not arrived. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/part.h"

static void the_note_beside_a_part_has_no_secret(void **state)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_close int dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_err err = { 0 };
	struct mkd_part part;

	assert_ok(mkd_part_open(dirfd, "f", "http://u:secret@h/f?key=hush", &part, &err), &err);
	assert_ok(mkd_part_restart(&part, "http://u:secret@h/f?key=hush", "\"v\"", &err), &err);
	mkd_part_close(&part);
	assert_ok(mkd_file_read(dirfd, "f.part.meta", 4096, MKD_EXIT_IO, &text, &err), &err);
	assert_non_null(strstr(text.data, "url http://h/f?...\n"));
	assert_null(strstr(text.data, "secret"));
	assert_null(strstr(text.data, "hush"));
}

static void a_part_must_be_a_regular_file(void **state)
{
	cleanup_close int dirfd = open(*state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct mkd_err err = { 0 };
	struct mkd_part part;
	char name[240];

	assert_int_equal(symlinkat("/etc/passwd", dirfd, "a.part"), 0);
	assert_int_equal(mkfifoat(dirfd, "b.part", 0600), 0);
	assert_int_equal(mkdirat(dirfd, "c.part", 0700), 0);
	for (const char *p = "abc"; *p; p++)
		assert_fails(mkd_part_open(dirfd, (char[]){ *p, 0 }, "http://h/", &part, &err),
			     &err, EINVAL, MKD_EXIT_USAGE, "not a regular file");
	memset(name, 'x', sizeof(name));
	name[239] = '\0';
	assert_fails(mkd_part_open(dirfd, name, "http://h/", &part, &err), &err, ENAMETOOLONG,
		     MKD_EXIT_USAGE, "too long");
}

#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_note_beside_a_part_has_no_secret),
		T(a_part_must_be_a_regular_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
