/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of builder/disk: block devices that are taken, published or given back, on loop
 * devices; all need root.
 */
#include "devicetest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "mkdomu/file.h"
#include "mkdomu/target_device.h"

DEFINE_CLEANUP(closep, struct mkd_target *, mkd_target_close)

static void an_empty_device_is_taken(void **state)
{
	struct device x;
	struct mkd_target_info info;
	uint8_t data[4096];

	if (device_skip(&x, state))
		return;
	assert_ok(mkd_target_probe(&x.req, &info, &x.err), &x.err);
	assert_int_equal(info.kind, MKD_TARGET_DEVICE);
	assert_int_equal(info.size_bytes, DISK_BYTES);
	assert_int_equal(info.sector_bytes, 512);
	assert_string_equal(info.path, x.d.path);
	assert_string_equal(info.found, "");
	assert_ok(mkd_target_open(&x.req, &x.t, &x.err), &x.err);
	assert_false(mkd_target_zeroed(x.t));
	/* nothing but us may have it now */
	assert_int_equal(open(x.d.path, O_RDONLY | O_EXCL | O_CLOEXEC), -1);
	assert_refused(&x.req, EBUSY, MKD_EXIT_TARGET, "holds it for itself");
	assert_ok(mkd_target_begin(x.t, &x.err), &x.err);
	assert_int_equal(mkd_target_zeroed(x.t), device_discards(&x.d));
	memset(data, 0x5a, sizeof(data));
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(x.t), data, sizeof(data), 1024), 0);
	assert_ok(mkd_target_publish(x.t, &x.err), &x.err);
	mkd_target_close(steal(&x.t));
	memset(data, 0, sizeof(data));
	assert_int_equal(mkd_pread_full(x.d.fd, data, 1, 1024), 0);
	assert_int_equal(data[0], 0x5a);
	assert_free(&x.req);
	(void)close(x.d.fd);
}

static void links_lead_to_the_real_node(void **state)
{
	struct disk d;
	struct mkd_target_req req = { .path = test_path(state, "by-id") };
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	char name[1200];

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	assert_int_equal(symlink(d.path, req.path), 0);
	(void)snprintf(name, sizeof(name), "%s -> %s", req.path, d.path);
	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_string_equal(info.path, d.path);
	assert_string_equal(info.name, name);
	mkfs(d.path);
	assert_refused(&req, EEXIST, MKD_EXIT_TARGET, name);
	(void)close(d.fd);
}

static void sectors_of_4096_bytes_and_a_part_of_the_device_are_fine(void **state)
{
	cleanup_close int made = -1;
	cleanup(closep) struct mkd_target *t = NULL;
	struct disk d;
	struct mkd_target_req req;
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	made = make_file(test_path(state, "d"), DISK_BYTES);
	d = disk_attach(state, "d", (struct loop_opts){ .sector_bytes = 4096 });
	req = disk_request(&d);
	req.size_bytes = 4 * MIB + 17;
	/* what is behind the part that is used stays, but no label at the end of the device does */
	assert_int_equal(mkd_pwrite_full(d.fd, "stay", 4, 8 * MIB), 0);
	assert_int_equal(mkd_pwrite_full(d.fd, "EFI PART", 8, DISK_BYTES - 4096), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_target_info(t)->sector_bytes, 4096);
	assert_int_equal(mkd_target_info(t)->size_bytes, 4 * MIB);
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_ok(mkd_target_publish(t, &err), &err);
	{
		char kept[8];

		assert_int_equal(mkd_pread_full(d.fd, kept, 4, 8 * MIB), 0);
		assert_memory_equal(kept, "stay", 4);
		assert_int_equal(mkd_pread_full(d.fd, kept, 8, DISK_BYTES - 4096), 0);
		assert_memory_not_equal(kept, "EFI PART", 8);
	}
	(void)close(d.fd);
}

static int open_and_begin(void *arg)
{
	struct mkd_target_req req = { .path = arg };
	struct mkd_target *t = NULL;
	struct mkd_err err;

	return mkd_target_open(&req, &t, &err) < 0 ? -1 : mkd_target_begin(t, &err);
}

static void a_killed_build_gives_the_device_back_without_signatures(void **state)
{
	struct device x;
	pid_t pid;

	if (device_skip(&x, state))
		return;
	pid = child_start(open_and_begin, x.d.path);
	assert_refused(&x.req, EBUSY, MKD_EXIT_BUSY, "another mkdomu");
	child_end(pid);
	assert_int_equal(blkid_status(x.d.path), 2);
	assert_free(&x.req);
	(void)close(x.d.fd);
}

/* A sysfs that knows one disk, and that it cannot discard. The real limit is not ours to change. */
static void make_sys(void **state, const struct disk *d)
{
	const char *dir = test_path(state, "sys/block/disk");
	const char *files[] = { "queue/discard_max_bytes", "dev" };
	struct mkd_err err = { 0 };
	char path[600];
	struct stat st;

	assert_int_equal(stat(d->path, &st), 0);
	(void)snprintf(path, sizeof(path), "%s/queue", dir);
	assert_ok(mkd_mkdirs(path, 0755, &err), &err);
	assert_ok(mkd_mkdirs(test_path(state, "sys/dev/block"), 0755, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		test_write(path, "0\n", 2);
	}
	(void)snprintf(path, sizeof(path), "%s/%u:%u", test_path(state, "sys/dev/block"),
		       major(st.st_rdev), minor(st.st_rdev));
	assert_int_equal(symlink("../../block/disk", path), 0);
}

/* It is not said to be zeroed then, and is not zeroed by hand either. */
static void without_discard_the_middle_is_left_alone(void **state)
{
	struct mkd_host host = mkd_host_here;
	struct mkd_device *t = NULL;
	struct device x;
	char data[4];

	if (device_skip(&x, state))
		return;
	make_sys(state, &x.d);
	host.sys = test_path(state, "sys");
	assert_int_equal(mkd_pwrite_full(x.d.fd, "stay", 4, 8 * MIB), 0);
	assert_int_equal(mkd_pwrite_full(x.d.fd, "gone", 4, MIB - 4), 0);
	assert_int_equal(mkd_pwrite_full(x.d.fd, "gone", 4, DISK_BYTES - MIB), 0);
	assert_ok(mkd_device_open(&host, &x.req, &t, &x.err), &x.err);
	assert_ok(mkd_device_begin(t, &x.err), &x.err);
	assert_false(mkd_device_zeroed(t));
	assert_int_equal(mkd_pread_full(x.d.fd, data, 4, 8 * MIB), 0);
	assert_memory_equal(data, "stay", 4);
	assert_int_equal(mkd_pread_full(x.d.fd, data, 4, MIB - 4), 0);
	assert_memory_equal(data, "\0\0\0\0", 4);
	assert_int_equal(mkd_pread_full(x.d.fd, data, 4, DISK_BYTES - MIB), 0);
	assert_memory_equal(data, "\0\0\0\0", 4);
	mkd_device_close(t);
	(void)close(x.d.fd);
}

static void a_device_that_does_not_keep_what_is_written_is_found_out(void **state)
{
	struct device x;

	if (device_skip(&x, state))
		return;
	device_begin(&x);
	write_gpt(mkd_target_fd(x.t));
	assert_int_equal(fsync(mkd_target_fd(x.t)), 0);
	{
		/* behind the page cache's back the backing file loses a sector */
		cleanup_close int back = open(test_path(state, "d"), O_WRONLY | O_CLOEXEC);

		assert_int_equal(mkd_pwrite_full(back, "lost", 4, DISK_BYTES - 512), 0);
	}
	assert_fails(mkd_target_publish(x.t, &x.err), &x.err, EIO, MKD_EXIT_IO, "does not keep");
	mkd_target_close(x.t);
	assert_int_equal(blkid_status(x.d.path), 2);
	(void)close(x.d.fd);
}

static void writes_that_are_lost_are_told_when_publishing(void **state)
{
	const char *dir = test_path(state, "small");
	cleanup_free uint8_t *data = malloc(8 * MIB);
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	assert_non_null(data);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mount("tmpfs", dir, "tmpfs", 0, "size=4m"), 0);
	d = disk_new(state, "small/d");
	req = disk_request(&d);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	write_gpt(mkd_target_fd(t));
	memset(data, 0x5a, 8 * MIB);
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), data, 8 * MIB, 4 * MIB), 0);
	assert_true(mkd_target_publish(t, &err) < 0);
	assert_int_equal(err.exit, err.code == ENOSPC ? MKD_EXIT_NOSPACE : MKD_EXIT_IO);
	mkd_target_close(t);
	assert_int_equal(blkid_status(d.path), 2);
	(void)close(d.fd);
	/* the loop device lets go of the file a moment after its last close */
	for (int i = 0; umount(dir) != 0 && i < 100; i++)
		(void)usleep(20000);
}

static void a_signal_before_begin_leaves_the_device_as_it_was(void **state)
{
	struct device x;

	if (device_skip(&x, state))
		return;
	mkfs(x.d.path);
	x.req.force = true;
	assert_ok(mkd_target_open(&x.req, &x.t, &x.err), &x.err);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_target_begin(x.t, &x.err), &x.err, EINTR, 128 + SIGTERM, "signal 15");
	mkd_signal_set(0);
	mkd_target_close(x.t);
	assert_int_equal(run(NULL, "e2fsck", "-fn", x.d.path), 0);
	(void)close(x.d.fd);
}

static void a_zeroed_device_equals_the_image_file(void **state)
{
	struct disk d;
	struct mkd_target_req req,
		image = { .path = test_path(state, "x.img"), .size_bytes = DISK_BYTES };
	cleanup_free uint8_t *a = malloc(DISK_BYTES), *b = malloc(DISK_BYTES);
	struct mkd_target *t[2] = { NULL, NULL };
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	assert_true(a && b);
	d = disk_new(state, "d");
	if (!device_discards(&d)) {
		(void)close(d.fd);
		free(steal(&a)); /* skip() does not return */
		free(steal(&b));
		skip();
	}
	memset(a, 0xa5, DISK_BYTES);
	assert_int_equal(mkd_pwrite_full(d.fd, a, DISK_BYTES, 0), 0);
	req = disk_request(&d);
	assert_ok(mkd_target_open(&req, &t[0], &err), &err);
	assert_ok(mkd_target_open(&image, &t[1], &err), &err);
	for (int i = 0; i < 2; i++) {
		assert_ok(mkd_target_begin(t[i], &err), &err);
		assert_true(mkd_target_zeroed(t[i]));
		write_gpt(mkd_target_fd(t[i]));
		assert_ok(mkd_target_publish(t[i], &err), &err);
		assert_int_equal(mkd_pread_full(mkd_target_fd(t[i]), i ? b : a, DISK_BYTES, 0), 0);
		mkd_target_close(t[i]);
	}
	assert_int_equal(memcmp(a, b, DISK_BYTES), 0);
	(void)close(d.fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(an_empty_device_is_taken),
		T(links_lead_to_the_real_node),
		T(sectors_of_4096_bytes_and_a_part_of_the_device_are_fine),
		T(a_killed_build_gives_the_device_back_without_signatures),
		T(without_discard_the_middle_is_left_alone),
		T(a_device_that_does_not_keep_what_is_written_is_found_out),
		T(writes_that_are_lost_are_told_when_publishing),
		T(a_signal_before_begin_leaves_the_device_as_it_was),
		T(a_zeroed_device_equals_the_image_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
