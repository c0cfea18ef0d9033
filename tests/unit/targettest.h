/* SPDX-License-Identifier: GPL-2.0-or-later */
/* targettest.h - what the tests of images as targets share. */
#ifndef MKDOMU_TARGETTEST_H
#define MKDOMU_TARGETTEST_H

#include "disktest.h"

#include "mkdomu/target.h"

#define SIZE_BYTES (8 * MIB)

DEFINE_CLEANUP(closep, struct mkd_target *, mkd_target_close)

struct mkd_target_req request(const char *path);
/* How many names the test's folder has. */
unsigned count_names(void **state);
void assert_content(const char *path, const char *text);

#endif
