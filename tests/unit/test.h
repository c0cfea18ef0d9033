/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test.h - cmocka plus a temporary folder and the few asserts that mkdomu's unit tests share. */
#ifndef MKDOMU_TEST_H
#define MKDOMU_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "mkdomu/buf.h"
#include "mkdomu/ui.h"

/* cmocka fixtures: *state is the path of an empty folder, removed with all in it afterwards. */
int test_dir_setup(void **state);
int test_dir_teardown(void **state);

/* "<dir>/<name>", in a static ring of 8 strings. */
const char *test_path(void **state, const char *name);
void test_write(const char *path, const void *data, size_t len);

/* A ui that records everything said into the buffer, one line each. */
struct test_ui {
	struct mkd_ui ui; /* first */
	struct mkd_buf said;
};
void test_ui_init(struct test_ui *t);

#define assert_ok(expr, errp)                                           \
	do {                                                            \
		int r_ = (expr);                                        \
		if (r_ != 0)                                            \
			fail_msg("%s: %d: %s", #expr, r_, (errp)->msg); \
	} while (0)

/* expr must return -code, with class and a message that has words in it. */
#define assert_fails(expr, errp, errno_, class_, words)                                            \
	do {                                                                                       \
		memset((errp), 0, sizeof(*(errp)));                                                \
		int r_ = (expr);                                                                   \
		if (r_ != -(errno_) || (errp)->code != (errno_) || (errp)->exit != (class_) ||     \
		    !strstr((errp)->msg, (words)))                                                 \
			fail_msg("%s: got %d, class %d, '%s'; want %d, class %d, '%s'", #expr, r_, \
				 (errp)->exit, (errp)->msg, -(errno_), (class_), (words));         \
	} while (0)

#endif
