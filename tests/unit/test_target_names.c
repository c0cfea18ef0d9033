/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Images as targets: by which names they are found, and whose they are. See test_target.c. */
#include "targettest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mkdomu/file.h"
#include "mkdomu/swap.h"
#include "mkdomu/target_image.h"

static void links_in_the_folders_are_followed_and_paths_made_absolute(void **state)
{
	struct mkd_target_req req = request(test_path(state, "l/../l/x.img"));
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	assert_int_equal(mkdir(test_path(state, "d"), 0755), 0);
	assert_int_equal(symlink("d", test_path(state, "l")), 0);
	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_string_equal(info.path, test_path(state, "d/x.img"));
	assert_int_equal(chdir(*state), 0);
	req.path = "y.img";
	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_string_equal(info.path, test_path(state, "y.img"));
	assert_int_equal(chdir("/"), 0);
}

static int publish(struct mkd_image *m, struct mkd_err *err)
{
	int r = mkd_image_prepare(m, err);

	return r < 0 ? r : mkd_image_commit(m, err);
}

static void without_unnamed_files_a_hidden_name_does(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	struct mkd_image *m = NULL, *m2 = NULL;
	struct mkd_err err = { 0 };
	struct stat st;

	/* what a killed run left is taken away; a stranger's similar name is not */
	test_write(test_path(state, ".x.img.mkdomu-0a1b2c"), "dead", 4);
	test_write(test_path(state, ".x.img.mkdomu-long-er"), "no", 2);
	assert_ok(mkd_image_open(&mkd_host_here, &req, true, &m, &err), &err);
	assert_int_equal(access(test_path(state, ".x.img.mkdomu-0a1b2c"), F_OK), -1);
	assert_int_equal(access(test_path(state, ".x.img.mkdomu-long-er"), F_OK), 0);
	assert_int_equal(count_names(state), 2);
	assert_int_equal(mkd_pwrite_full(mkd_image_fd(m), "one", 3, 0), 0);
	assert_ok(publish(m, &err), &err);
	mkd_image_close(m);
	assert_int_equal(count_names(state), 2);
	assert_content(path, "one");
	req.force = true;
	assert_ok(mkd_image_open(&mkd_host_here, &req, true, &m2, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_image_fd(m2), "two", 3, 0), 0);
	assert_ok(publish(m2, &err), &err);
	mkd_image_close(m2);
	assert_content(path, "two");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* a name that came to exist, and giving up, by the same way */
	req = request(test_path(state, "y.img"));
	assert_ok(mkd_image_open(&mkd_host_here, &req, true, &m, &err), &err);
	test_write(req.path, "mine", 4);
	assert_fails(publish(m, &err), &err, EEXIST, MKD_EXIT_TARGET, "come to exist");
	mkd_image_close(m);
	assert_content(req.path, "mine");
	assert_int_equal(count_names(state), 3);
}

static void names_may_be_as_long_as_names_can_be(void **state)
{
	char name[256];
	struct mkd_target_req req;
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	memset(name, 'n', 255);
	name[255] = '\0';
	req = request(test_path(state, name));
	test_write(req.path, "old", 3);
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "new", 3, 0), 0);
	assert_ok(mkd_target_publish(t, &err), &err);
	assert_content(req.path, "new");
}

/* root's file in a folder of everybody's, replaced by nobody. */
static int replace_as_nobody(void *arg)
{
	struct mkd_target_req req = request(arg);
	struct mkd_target *t = NULL;
	struct test_ui ui;
	struct mkd_err err;
	struct stat st;

	test_ui_init(&ui);
	req.ui = &ui.ui;
	req.force = true;
	if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		return -1;
	if (mkd_target_open(&req, &t, &err) < 0 || mkd_target_publish(t, &err) < 0)
		return -1;
	mkd_target_close(t);
	return stat(arg, &st) == 0 && st.st_uid == 65534 && (st.st_mode & 07777) == 0600 &&
			       strstr(mkd_buf_cstr(&ui.said), "its owner cannot be kept")
		       ? 0
		       : -1;
}

static void owner_and_mode_are_handed_on_or_closed(void **state)
{
	char *path = (char *)test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };
	struct stat st;

	if (skip_unless_root())
		return;
	req.force = true;
	test_write(path, "old", 3);
	assert_int_equal(chown(path, 1234, 5678), 0);
	assert_int_equal(chmod(path, 0664), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_publish(t, &err), &err);
	mkd_target_close(t);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 1234);
	assert_int_equal(st.st_gid, 5678);
	assert_int_equal(st.st_mode & 07777, 0664);
	assert_int_equal(chmod(*state, 0777), 0);
	child_end(child_start(replace_as_nobody, path));
}

static void an_image_on_a_full_disk_is_told(void **state)
{
	struct mkd_target_req req = { .size_bytes = 16 * MIB };
	const char *dir = test_path(state, "small");
	cleanup_free uint8_t *data = calloc(1, 8 * MIB);
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	assert_non_null(data);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mount("tmpfs", dir, "tmpfs", 0, "size=4m"), 0);
	req.path = test_path(state, "small/x.img");
	/* sparse: it is not known yet what will be written */
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), data, 8 * MIB, 0), -ENOSPC);
	mkd_target_close(t);
	assert_int_equal(umount(dir), 0);
}

static int try_as_nobody(void *arg)
{
	struct mkd_target_req req = request(arg);
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		return -1;
	return mkd_target_probe(&req, &info, &err) == -EACCES && err.exit == MKD_EXIT_TARGET &&
			       strstr(err.msg, "Permission denied")
		       ? 0
		       : -1;
}

static void a_folder_that_may_not_be_written_is_told(void **state)
{
	if (geteuid() != 0) {
		struct mkd_target_req req = request("/etc/x.img");
		struct mkd_target_info info;
		struct mkd_err err = { 0 };

		assert_fails(mkd_target_probe(&req, &info, &err), &err, EACCES, MKD_EXIT_TARGET,
			     "Permission denied");
		return;
	}
	child_end(child_start(try_as_nobody, (char *)test_path(state, "x.img")));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(links_in_the_folders_are_followed_and_paths_made_absolute),
		T(without_unnamed_files_a_hidden_name_does),
		T(names_may_be_as_long_as_names_can_be),
		T(owner_and_mode_are_handed_on_or_closed),
		T(an_image_on_a_full_disk_is_told),
		T(a_folder_that_may_not_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
