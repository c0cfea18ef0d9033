/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk: block devices that are refused, on loop devices; all need root. */
#include "devicetest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>

#include "mkdomu/target_device.h"

static void a_mounted_device_is_refused_even_with_force(void **state)
{
	const char *dir = test_path(state, "mnt");
	struct device x;

	if (device_skip(&x, state))
		return;
	mkfs(x.d.path);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mount(x.d.path, dir, "ext4", 0, NULL), 0);
	x.req.force = true;
	/* mkd_guard_device: -EBUSY */
	assert_refused(&x.req, EBUSY, MKD_EXIT_TARGET, "it is mounted on /");
	assert_int_equal(umount(dir), 0);
	assert_free(&x.req);
	(void)close(x.d.fd);
}

struct ns_mount {
	const char *dev, *dir;
};

static int mount_in_namespace(void *arg)
{
	const struct ns_mount *m = arg;

	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return -1;
	return mount(m->dev, m->dir, "ext4", 0, NULL);
}

/* In a plain chroot "/" is no mount, and nothing below it can be kept from the host's namespace. */
static bool skip_in_chroot(void)
{
	struct statx st = { 0 };

	assert_int_equal(statx(AT_FDCWD, "/", 0, STATX_BASIC_STATS, &st), 0);
	if (st.stx_attributes & STATX_ATTR_MOUNT_ROOT)
		return false;
	skip();
	return true;
}

static void a_mount_in_another_namespace_is_found(void **state)
{
	struct ns_mount m = { .dir = test_path(state, "mnt") };
	struct device x;
	char words[64];
	pid_t pid;

	if (skip_in_chroot() || device_skip(&x, state))
		return;
	mkfs(x.d.path);
	m.dev = x.d.path;
	assert_int_equal(mkdir(m.dir, 0755), 0);
	pid = child_start(mount_in_namespace, &m);
	x.req.force = true;
	(void)snprintf(words, sizeof(words), "/mnt in the mount namespace of process %d", (int)pid);
	assert_refused(&x.req, EBUSY, MKD_EXIT_TARGET, words);
	x.req.force = false; /* nor is force proposed when it is not given */
	assert_refused(&x.req, EBUSY, MKD_EXIT_TARGET, words);
	child_end(pid);
	(void)close(x.d.fd);
}

static void a_lazily_unmounted_busy_device_is_refused(void **state)
{
	const char *dir = test_path(state, "mnt");
	cleanup_close int inside = -1;
	struct device x;

	if (device_skip(&x, state))
		return;
	mkfs(x.d.path);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mount(x.d.path, dir, "ext4", 0, NULL), 0);
	inside = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(umount2(dir, MNT_DETACH), 0);
	x.req.force = true;
	assert_refused(&x.req, EBUSY, MKD_EXIT_TARGET, "a mount just undone");
	(void)close(x.d.fd);
}

static void active_swap_is_refused(void **state)
{
	struct device x;

	if (device_skip(&x, state))
		return;
	assert_int_equal(run(NULL, "mkswap", x.d.path), 0);
	if (swapon(x.d.path, 0) != 0) {
		(void)close(x.d.fd);
		skip(); /* this kernel or container has no swapon */
		return;
	}
	x.req.force = true;
	assert_refused(&x.req, EBUSY, MKD_EXIT_TARGET, "it is active swap");
	assert_int_equal(swapoff(x.d.path), 0);
	assert_free(&x.req);
	(void)close(x.d.fd);
}

static void a_loop_over_the_device_or_image_is_found(void **state)
{
	struct disk d, above, again;
	struct mkd_target_req req, image = { .size_bytes = DISK_BYTES, .force = true };

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	req = disk_request(&d);
	assert_free(&req);
	loop_attach(d.path, (struct loop_opts){ .offset_bytes = MIB }, above.path, &above.fd);
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, above.path);
	(void)close(above.fd);
	assert_free(&req);
	/* a second loop over the same file */
	again = disk_attach(state, "d", (struct loop_opts){ .offset_bytes = MIB });
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, again.path);
	(void)close(again.fd);
	assert_free(&req);
	/* but not over other bytes of it */
	(void)close(d.fd);
	d = disk_attach(state, "d", (struct loop_opts){ .size_bytes = 8 * MIB });
	again = disk_attach(state, "d", (struct loop_opts){ .offset_bytes = 8 * MIB });
	assert_free(&req);
	(void)close(again.fd);
	/* and the file itself, by another name, too */
	image.path = test_path(state, "moved");
	assert_int_equal(rename(test_path(state, "d"), image.path), 0);
	assert_refused(&image, EBUSY, MKD_EXIT_TARGET, d.path);
	(void)close(d.fd);
	assert_free(&image);
}

static void a_read_only_device_is_refused(void **state)
{
	cleanup_close int made = -1;
	struct disk d;
	struct mkd_target_req req;

	if (skip_unless_root())
		return;
	made = make_file(test_path(state, "d"), DISK_BYTES);
	d = disk_attach(state, "d", (struct loop_opts){ .read_only = true });
	req = disk_request(&d);
	/* mkd_guard_device: -EROFS; mkd_target_probe: -EROFS */
	assert_refused(&req, EROFS, MKD_EXIT_TARGET, "read-only");
	(void)close(d.fd);
}

static void devices_that_are_too_small_are_refused(void **state)
{
	static const uint64_t sizes[] = { 512, 4096, MIB - 4096 };
	struct disk d;
	struct mkd_target_req req;

	if (skip_unless_root())
		return;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		cleanup_close int fd = make_file(test_path(state, "s"), sizes[i]);

		assert_true(fd >= 0);
		d = disk_attach(state, "s", (struct loop_opts){ 0 });
		req = disk_request(&d);
		assert_refused(&req, EINVAL, MKD_EXIT_TARGET, "too small");
		(void)close(d.fd);
	}
	d = disk_new(state, "d");
	req = disk_request(&d);
	req.size_bytes = DISK_BYTES + 4096;
	/* mkd_guard_device: -EINVAL */
	assert_refused(&req, EINVAL, MKD_EXIT_TARGET, "it has 16 MiB");
	(void)close(d.fd);
	/* a loop device with no file has no size */
	req.size_bytes = 0;
	req.path = "/dev/loop7";
	if (access("/sys/block/loop7/loop/backing_file", F_OK) != 0)
		assert_refused(&req, EINVAL, MKD_EXIT_TARGET, "too small");
}

static int lock_disk(void *arg)
{
	int fd = open(arg, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
}

static void sectors_that_no_label_takes_are_refused_untouched(void **state)
{
	static const unsigned sizes[] = { 1024, 2048 };

	if (skip_unless_root())
		return;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct mkd_target_req req;
		struct disk d;
		int made = make_file(test_path(state, "d"), DISK_BYTES);

		assert_true(made >= 0);
		(void)close(made);
		mkfs(test_path(state, "d"));
		d = disk_attach(state, "d", (struct loop_opts){ .sector_bytes = sizes[i] });
		req = disk_request(&d);
		req.force = true;
		assert_refused(&req, EINVAL, MKD_EXIT_TARGET,
			       i ? "2048 bytes, where 512 or 4096" : "1024 bytes, where");
		assert_int_equal(blkid_status(d.path), 0);
		(void)close(d.fd);
		assert_int_equal(unlink(test_path(state, "d")), 0);
	}
}

static void a_disk_that_another_program_locks_is_busy(void **state)
{
	struct device x;
	pid_t pid;

	if (device_skip(&x, state))
		return;
	pid = child_start(lock_disk, x.d.path);
	assert_refused(&x.req, EBUSY, MKD_EXIT_BUSY, "has the disk '/dev/loop");
	child_end(pid);
	assert_free(&x.req);
	(void)close(x.d.fd);
}

static void a_disk_of_a_configured_guest_needs_force(void **state)
{
	struct mkd_host host = mkd_host_here;
	struct mkd_target_info info;
	struct mkd_target_req req;
	struct test_ui ui;
	struct mkd_err err = { 0 };
	char text[256];
	struct disk d;

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	test_ui_init(&ui);
	host.xen_cfg = *state;
	(void)snprintf(text, sizeof(text), "disk = [ 'phy:%s,xvda,w' ]\n", d.path + 5);
	test_write(test_path(state, "web.cfg"), text, strlen(text));
	req = disk_request(&d);
	req.ui = &ui.ui;
	assert_fails(mkd_device_probe(&host, &req, &info, &err), &err, EEXIST, MKD_EXIT_TARGET,
		     "/web.cfg'; --force");
	req.force = true;
	assert_ok(mkd_device_probe(&host, &req, &info, &err), &err);
	assert_non_null(strstr(mkd_buf_cstr(&ui.said), "/web.cfg' too"));
	mkd_buf_free(&ui.said);
	(void)close(d.fd);
}

static int try_as_nobody(void *arg)
{
	struct mkd_target_req req = { .path = arg };
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	if (setresgid(65534, 65534, 65534) != 0 || setresuid(65534, 65534, 65534) != 0)
		return -1;
	return mkd_target_probe(&req, &info, &err) == -EACCES && err.exit == MKD_EXIT_TARGET &&
			       strstr(err.msg, "permission denied; run as root")
		       ? 0
		       : -1;
}

static void who_may_not_open_the_device_is_told_to_be_root(void **state)
{
	struct disk d;

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	child_end(child_start(try_as_nobody, d.path));
	(void)close(d.fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(a_mounted_device_is_refused_even_with_force),
		T(a_mount_in_another_namespace_is_found),
		T(a_lazily_unmounted_busy_device_is_refused),
		T(active_swap_is_refused),
		T(a_loop_over_the_device_or_image_is_found),
		T(a_read_only_device_is_refused),
		T(devices_that_are_too_small_are_refused),
		T(sectors_that_no_label_takes_are_refused_untouched),
		T(a_disk_that_another_program_locks_is_busy),
		T(a_disk_of_a_configured_guest_needs_force),
		T(who_may_not_open_the_device_is_told_to_be_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
