/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk: image files as targets; two cases need root. */
#include "disktest.h"

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
#include "mkdomu/target.h"
#include "mkdomu/target_image.h"

#define SIZE_BYTES (8 * MIB)

DEFINE_CLEANUP(closep, struct mkd_target *, mkd_target_close)

static struct mkd_target_req request(const char *path)
{
	return (struct mkd_target_req){ .path = path, .size_bytes = SIZE_BYTES };
}

/* How many names the test's folder has. */
static unsigned count_names(void **state)
{
	DIR *dir = opendir(*state);
	unsigned n = 0;

	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0;
	(void)closedir(dir);
	return n;
}

static void assert_content(const char *path, const char *text)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_file_read(AT_FDCWD, path, SIZE_BYTES, MKD_EXIT_IO, &b, &err), &err);
	assert_int_equal(memcmp(b.data, text, strlen(text)), 0);
}

static void make_swap(const char *path)
{
	cleanup_close int fd = make_file(path, MIB);
	struct mkd_swap_req req = {
		.fd = fd, .name = path, .size_bytes = MIB, .uuid = { 1 }, .label = "old"
	};
	struct mkd_err err;

	assert_ok(mkd_swap_write(&req, &err), &err);
}

static void a_new_image_appears_complete_or_not_at_all(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	struct stat st;

	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_int_equal(info.kind, MKD_TARGET_IMAGE);
	assert_int_equal(info.size_bytes, 0);
	assert_int_equal(info.sector_bytes, 512);
	assert_string_equal(info.path, path);
	assert_string_equal(info.found, "");
	(void)umask(0777);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	(void)umask(022);
	assert_int_equal(mkd_target_info(t)->size_bytes, SIZE_BYTES);
	assert_true(mkd_target_zeroed(t));
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "hello", 5, 0), 0);
	assert_int_equal(count_names(state), 0);
	assert_ok(mkd_target_publish(t, &err), &err);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_size, SIZE_BYTES);
	assert_true(st.st_blocks * 512 < (blkcnt_t)MIB); /* sparse */
	assert_content(path, "hello");
	mkd_target_close(steal(&t));
	assert_int_equal(count_names(state), 1);
	assert_content(path, "hello");
}

static void nothing_is_left_without_publish(void **state)
{
	struct mkd_target_req req = request(test_path(state, "x.img"));
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	mkd_target_close(t);
	assert_int_equal(count_names(state), 0);
	mkd_target_close(NULL);
}

static int open_and_stay(void *arg)
{
	struct mkd_target_req req = request(arg);
	struct mkd_target *t = NULL;
	struct mkd_err err;

	if (mkd_target_open(&req, &t, &err) < 0)
		return -1;
	return mkd_pwrite_full(mkd_target_fd(t), "hello", 5, 0);
}

static void a_killed_run_leaves_nothing_and_a_live_one_is_busy(void **state)
{
	char *path = (char *)test_path(state, "x.img");
	struct mkd_target_req req = request(path), other = request(test_path(state, "y.img"));
	cleanup(closep) struct mkd_target *t = NULL, *t2 = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	pid_t pid = child_start(open_and_stay, path);

	assert_fails(mkd_target_probe(&req, &info, &err), &err, EBUSY, MKD_EXIT_BUSY,
		     "another mkdomu");
	assert_fails(mkd_target_open(&req, &t, &err), &err, EBUSY, MKD_EXIT_BUSY, "x.img");
	assert_null(t);
	/* unrelated names in the folder do not wait for each other */
	assert_ok(mkd_target_open(&other, &t2, &err), &err);
	child_end(pid);
	assert_int_equal(count_names(state), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
}

static void an_existing_image_needs_force_and_its_content_is_named(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	struct stat st;

	make_swap(path);
	assert_int_equal(chmod(path, 0640), 0);
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "holds swap, label 'old', UUID 01000000");
	assert_non_null(strstr(err.msg, "--force"));
	assert_fails(mkd_target_open(&req, &t, &err), &err, EEXIST, MKD_EXIT_TARGET, "holds swap");
	req.force = true;
	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_int_equal(info.size_bytes, MIB);
	assert_non_null(strstr(info.found, "swap, label 'old'"));
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "new", 3, 0), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, MIB);
	assert_ok(mkd_target_publish(t, &err), &err);
	assert_content(path, "new");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	mkd_target_close(steal(&t));
	assert_int_equal(count_names(state), 1);
}

static void a_commit_can_be_taken_back(void **state)
{
	const char *path = test_path(state, "x.img"), *fresh = test_path(state, "y.img");
	struct mkd_target_req req = request(path), req2 = request(fresh);
	struct mkd_target *t = NULL, *t2 = NULL;
	struct mkd_err err = { 0 };

	test_write(path, "old", 3);
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_open(&req2, &t2, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "new", 3, 0), 0);
	assert_ok(mkd_target_publish(t, &err), &err);
	assert_ok(mkd_target_publish(t2, &err), &err);
	assert_content(path, "new");
	mkd_target_revert(t);
	mkd_target_revert(t2);
	assert_content(path, "old");
	mkd_target_close(t);
	mkd_target_close(t2);
	assert_content(path, "old");
	assert_int_equal(count_names(state), 1);
}

static void an_abandoned_replacement_leaves_the_old_image(void **state)
{
	const char *path = test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	test_write(path, "old", 3);
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), "new", 3, 0), 0);
	mkd_target_close(t);
	assert_content(path, "old");
	assert_int_equal(count_names(state), 1);
}

static void even_files_that_hold_nothing_known_are_not_replaced(void **state)
{
	struct mkd_target_req req = request(test_path(state, "empty"));
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	test_write(req.path, "", 0);
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "nothing that is recognised");
	req = request(test_path(state, "text"));
	test_write(req.path, "some notes\n", 11);
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "nothing that is recognised");
}

static void what_is_no_image_is_refused(void **state)
{
	static const struct {
		const char *name; /* in the test's folder, or absolute */
		int code;
		const char *words;
	} bad[] = {
		{ "dir", EINVAL, "it is a folder" },
		{ "fifo", EINVAL, "neither a regular file nor a block device" },
		{ "/dev/null", EINVAL, "neither a regular file" },
		{ "sym", EINVAL, "symbolic link" },
		{ "dangling", EINVAL, "symbolic link" },
		{ "file", EINVAL, "2 names" },
		{ "/dev/mkdomu-no-such", ENOENT, "no such device" },
		{ "no/x.img", ENOENT, "folder" },
		{ "dir/", EINVAL, "does not name a file" },
		{ "file/x", ENOTDIR, "folder" },
	};
	struct mkd_err err = { 0 };

	assert_int_equal(mkdir(test_path(state, "dir"), 0755), 0);
	assert_int_equal(mkfifo(test_path(state, "fifo"), 0600), 0);
	test_write(test_path(state, "file"), "x", 1);
	assert_int_equal(link(test_path(state, "file"), test_path(state, "hard")), 0);
	assert_int_equal(symlink("elsewhere", test_path(state, "dangling")), 0);
	test_write(test_path(state, "aim"), "x", 1);
	assert_int_equal(symlink("aim", test_path(state, "sym")), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct mkd_target_req req = request(
			bad[i].name[0] == '/' ? bad[i].name : test_path(state, bad[i].name));
		struct mkd_target_info info = { .size_bytes = 77 };
		struct mkd_target *t = NULL;

		req.force = true;
		/* mkd_target_probe: -ENOENT, -ENOTDIR, -EINVAL */
		assert_fails(mkd_target_probe(&req, &info, &err), &err, bad[i].code,
			     MKD_EXIT_TARGET, bad[i].words);
		assert_int_equal(info.size_bytes, 77);
		assert_fails(mkd_target_open(&req, &t, &err), &err, bad[i].code, MKD_EXIT_TARGET,
			     bad[i].words);
		assert_null(t);
	}
}

static void sizes_have_limits(void **state)
{
	struct mkd_target_req req = request(test_path(state, "x.img"));
	struct rlimit old, low = { .rlim_cur = 4 * MIB };
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	req.size_bytes = MIB - 1;
	assert_fails(mkd_target_probe(&req, &info, &err), &err, EINVAL, MKD_EXIT_TARGET,
		     "too small");
	req.size_bytes = 0;
	assert_fails(mkd_target_open(&req, &t, &err), &err, EINVAL, MKD_EXIT_TARGET, "too small");
	req.size_bytes = SIZE_BYTES + 4095;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	low.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	assert_fails(mkd_target_open(&req, &t, &err), &err, EFBIG, MKD_EXIT_NOSPACE,
		     "limited to 4 MiB");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_target_info(t)->size_bytes, SIZE_BYTES);
	mkd_target_close(steal(&t));
	req.size_bytes = (uint64_t)INT64_MAX & ~UINT64_C(4095);
	assert_fails(mkd_target_open(&req, &t, &err), &err, EFBIG, MKD_EXIT_NOSPACE, "x.img");
	assert_int_equal(count_names(state), 0);
}

static int lock_as_qemu(void *arg)
{
	struct flock fl = { .l_type = F_RDLCK, .l_start = 100, .l_len = 1 };
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_OFD_SETLK, &fl);
}

static int lock_posix(void *arg)
{
	struct flock fl = { .l_type = F_WRLCK, .l_start = 0, .l_len = 0 };
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : fcntl(fd, F_SETLK, &fl);
}

static int lock_flock(void *arg)
{
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -1 : flock(fd, LOCK_SH);
}

static void an_image_that_another_program_has_locked_is_refused(void **state)
{
	static int (*const lockers[])(void *) = { lock_as_qemu, lock_posix, lock_flock };
	char *path = (char *)test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	req.force = true;
	test_write(path, "old", 3);
	for (size_t i = 0; i < ARRAY_LEN(lockers); i++) {
		pid_t pid = child_start(lockers[i], path);

		assert_fails(mkd_target_probe(&req, &info, &err), &err, EBUSY, MKD_EXIT_TARGET,
			     "another program has it locked");
		child_end(pid);
		assert_ok(mkd_target_probe(&req, &info, &err), &err);
	}
}

static void publishing_looks_again(void **state)
{
	char *path = (char *)test_path(state, "x.img");
	struct mkd_target_req req = request(path);
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };
	pid_t pid;

	/* a name that has come to exist */
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	test_write(path, "mine", 4);
	assert_fails(mkd_target_publish(t, &err), &err, EEXIST, MKD_EXIT_TARGET, "come to exist");
	mkd_target_close(steal(&t));
	assert_content(path, "mine");
	/* a guest that was started meanwhile */
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	pid = child_start(lock_as_qemu, path);
	assert_fails(mkd_target_publish(t, &err), &err, EBUSY, MKD_EXIT_TARGET, "locked");
	child_end(pid);
	/* a file that took the old one's place */
	test_write(test_path(state, "z"), "other", 5);
	assert_int_equal(rename(test_path(state, "z"), path), 0);
	assert_fails(mkd_target_publish(t, &err), &err, EBUSY, MKD_EXIT_TARGET, "another file");
	mkd_target_close(steal(&t));
	assert_content(path, "other");
	assert_int_equal(count_names(state), 1);
}

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
		T(a_new_image_appears_complete_or_not_at_all),
		T(nothing_is_left_without_publish),
		T(a_killed_run_leaves_nothing_and_a_live_one_is_busy),
		T(an_existing_image_needs_force_and_its_content_is_named),
		T(a_commit_can_be_taken_back),
		T(an_abandoned_replacement_leaves_the_old_image),
		T(even_files_that_hold_nothing_known_are_not_replaced),
		T(what_is_no_image_is_refused),
		T(sizes_have_limits),
		T(an_image_that_another_program_has_locked_is_refused),
		T(publishing_looks_again),
		T(links_in_the_folders_are_followed_and_paths_made_absolute),
		T(without_unnamed_files_a_hidden_name_does),
		T(names_may_be_as_long_as_names_can_be),
		T(owner_and_mode_are_handed_on_or_closed),
		T(an_image_on_a_full_disk_is_told),
		T(a_folder_that_may_not_be_written_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
