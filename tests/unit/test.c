/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <string.h>

#include "mkdomu/file.h"

int test_dir_setup(void **state)
{
	struct mkd_err err;
	char *dir = NULL;

	if (mkd_tmpdir(&dir, &err) < 0)
		return -1;
	*state = dir;
	return 0;
}

int test_dir_teardown(void **state)
{
	mkd_rmtree(*state);
	free(*state);
	return 0;
}

const char *test_path(void **state, const char *name)
{
	static char ring[8][512];
	static unsigned next;
	char *p = ring[next++ % ARRAY_LEN(ring)];

	(void)snprintf(p, sizeof(ring[0]), "%s/%s", (const char *)*state, name);
	return p;
}

void test_write(const char *path, const void *data, size_t len)
{
	cleanup_fclose FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
}

static void record(struct mkd_ui *ui, enum mkd_level level, const char *text)
{
	struct test_ui *t = (struct test_ui *)ui;

	(void)level;
	mkd_buf_printf(&t->said, "%s\n", text);
}

void test_ui_init(struct test_ui *t)
{
	*t = (struct test_ui){ .ui = { .say = record } };
}
