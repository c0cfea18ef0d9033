/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tarball whose root is one of its folders. */
#include "fsimage.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/prefix.h"
#include "mkdomu/rootfs.h"
#include "tarmaker.h"

static void names_lose_the_prefix(void **state)
{
	static const struct {
		const char *path, *want; /* NULL = outside */
	} rows[] = {
		{ "root.x86_64", "" },      { "root.x86_64/etc/fstab", "etc/fstab" },
		{ "root.x86_64x", NULL },   { "root.x86_64x/etc", NULL },
		{ "root.x86_6", NULL },     { "", NULL },
		{ "pkglist.x86_64", NULL }, { "a/root.x86_64/b", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct mkd_entry e = { .path = rows[i].path,
					     .type = MKD_FT_LNK,
					     .target = "root.x86_64/x" };
		struct mkd_entry got = { 0 };
		struct mkd_err err = { 0 };
		int r = mkd_prefix_strip("root.x86_64", &e, &got, &err);

		assert_int_equal(r, rows[i].want != NULL);
		if (!rows[i].want)
			continue;
		assert_string_equal(got.path, rows[i].want);
		assert_string_equal(got.target, "root.x86_64/x");
	}
}

static void hard_links_stay_inside(void **state)
{
	struct mkd_entry e = { .path = "r/a", .type = MKD_FT_HARDLINK, .target = "r/b/c" };
	struct mkd_entry got = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_int_equal(mkd_prefix_strip("r", &e, &got, &err), 1);
	assert_string_equal(got.target, "b/c");
	e.target = "b/c";
	assert_fails(mkd_prefix_strip("r", &e, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "it is a hard link to 'b/c', which is outside of 'r'");
	e.target = "r";
	assert_fails(mkd_prefix_strip("r", &e, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "outside");
	e.path = "a"; /* outside itself: nobody cares */
	assert_int_equal(mkd_prefix_strip("r", &e, &got, &err), 0);
}

static int write_root(void **state, const struct mkd_buf *tar, const char *strip,
		      struct mkd_rootfs_result *ret, struct mkd_err *err)
{
	const char *path = test_path(state, "t.tar");
	struct mkd_rootfs_req req = { .tar_name = "t.tar", .strip = strip };
	struct fsimage f;
	int r;

	test_write(path, tar->data, tar->len);
	fs_init(&f, state, "a", 64 * MIB);
	req.tar_fd = open(path, O_RDONLY | O_CLOEXEC);
	req.tar_bytes = tar->len;
	req.fs = f.req;
	r = mkd_rootfs_write(&req, ret, err);
	(void)close(req.tar_fd);
	(void)close(f.fd);
	if (r == 0) {
		cleanup_buf struct mkd_buf out = { 0 };

		assert_int_equal(
			fs_run(&out, (const char *const[]){ "e2fsck", "-fn", f.path, NULL }), 0);
		assert_int_equal(fs_run(&out, (const char *const[]){ "debugfs", "-R", "ls -p /",
								     f.path, NULL }),
				 0);
		assert_non_null(strstr(out.data, "/etc/"));
		assert_null(strstr(out.data, "root.x86_64"));
		assert_null(strstr(out.data, "version"));
	}
	return r;
}

/* mkd_rootfs_write: -ENODATA */
static void a_root_below_a_folder_is_written(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct mkd_rootfs_result got = { 0 };
	struct mkd_err err = { 0 };

	tar_file(&tar, "version", "2026.11.01\n");
	tar_header(&tar, &(struct tar_spec){ .name = "root.x86_64/", .type = '5', .mode = 0755 });
	tar_header(&tar,
		   &(struct tar_spec){ .name = "root.x86_64/etc/", .type = '5', .mode = 0755 });
	tar_file(&tar, "root.x86_64/etc/a", "a\n");
	tar_header(&tar, &(struct tar_spec){ .name = "root.x86_64/etc/b",
					     .type = '1',
					     .link = "root.x86_64/etc/a" });
	tar_file(&tar, "pkglist.x86_64.txt", "x\n");
	tar_end(&tar);
	assert_ok(write_root(state, &tar, "root.x86_64", &got, &err), &err);
	assert_int_equal(got.entries, 4);
	assert_int_equal(got.outside, 2);
	assert_fails(write_root(state, &tar, "root.arm64", &got, &err), &err, ENODATA,
		     MKD_EXIT_ARCHIVE,
		     "'t.tar' has no folder 'root.arm64', which is to be the root");
}

/* mkd_rootfs_write: -EPERM */
static void a_link_out_of_it_is_refused(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	struct mkd_rootfs_result got = { 0 };
	struct mkd_err err = { 0 };

	tar_file(&tar, "version", "x");
	tar_header(&tar, &(struct tar_spec){ .name = "r/", .type = '5', .mode = 0755 });
	tar_header(&tar, &(struct tar_spec){ .name = "r/b", .type = '1', .link = "version" });
	tar_end(&tar);
	assert_fails(write_root(state, &tar, "r", &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "cannot use 't.tar': member 'r/b' is refused: it is a hard link to 'version'");
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_lose_the_prefix),
		cmocka_unit_test(hard_links_stay_inside),
		IN_DIR(a_root_below_a_folder_is_written),
		IN_DIR(a_link_out_of_it_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
