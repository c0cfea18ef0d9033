// SPDX-License-Identifier: GPL-2.0-or-later
/* As many names in one folder as ext4 without large_dir can hold, and more. */
#include "../unit/fsimage.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LEAVES   258570u /* 507 index blocks of 510 leaves */
#define PER_LEAF 13u     /* names of 255 bytes */
#define LINKS    64000u  /* to one file: names cost no inode of their own */

static void fill(struct fsimage *f, uint64_t size_bytes, void **state, unsigned names)
{
	char path[300], target[32];

	fs_init(f, state, "a", size_bytes);
	f->req.inodes = 1024;
	fs_create(f);
	for (unsigned i = 0; i < names; i++) {
		(void)snprintf(target, sizeof(target), "f%u", i / LINKS);
		if (i % LINKS == 0)
			fs_file(f, target, "");
		(void)snprintf(path, sizeof(path), "many/%0255u", i);
		fs_type(f, MKD_FT_HARDLINK, path, target);
	}
}

/* Leaves hold 13 or, where a hash falls badly, fewer: a little less than the product fits. */
static void three_million_long_names_fit(void **state)
{
	struct fsimage f;

	fill(&f, 3 * GIB, state, LEAVES * PER_LEAF - PER_LEAF);
	fs_finish(&f);
	fs_stat_has(&f, "/many", "Links: 2");
	fs_debugfs_has(&f, "stat /many", "Flags: 0x81000");
}

static void more_are_refused(void **state)
{
	struct fsimage f;

	fill(&f, 3 * GIB, state, LEAVES * PER_LEAF + 1);
	assert_fails(mkd_ext4_finish(f.w, 0, &f.stats, &f.err), &f.err, EFBIG, MKD_EXIT_ARCHIVE,
		     "ext4 without large_dir holds fewer of this length");
	(void)close(f.fd);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(three_million_long_names_fit),
		T(more_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
