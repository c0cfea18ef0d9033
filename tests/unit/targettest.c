/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "targettest.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"

struct mkd_target_req request(const char *path)
{
	return (struct mkd_target_req){ .path = path, .size_bytes = SIZE_BYTES };
}

unsigned count_names(void **state)
{
	DIR *dir = opendir(*state);
	unsigned n = 0;

	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	(void)closedir(dir);
	return n;
}

void assert_content(const char *path, const char *text)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_file_read(AT_FDCWD, path, SIZE_BYTES, MKD_EXIT_IO, &b, &err), &err);
	assert_int_equal(memcmp(b.data, text, strlen(text)), 0);
}
