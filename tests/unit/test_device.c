/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of builder/disk: block devices that are taken, wiped, published or given back, on loop
 * devices; all need root.
 */
#include "disktest.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "fault.h"
#include "mkdomu/file.h"
#include "mkdomu/label.h"
#include "mkdomu/swap.h"
#include "mkdomu/target_device.h"

#define SIZE_BYTES DISK_BYTES

DEFINE_CLEANUP(closep, struct mkd_target *, mkd_target_close)

static struct mkd_target_req request(const struct disk *d)
{
	return (struct mkd_target_req){ .path = d->path };
}

static void an_empty_device_is_taken(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	cleanup(closep) struct mkd_target *t = NULL;
	struct mkd_target_info info;
	struct mkd_err err = { 0 };
	uint8_t data[4096];

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	req = request(&d);
	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_int_equal(info.kind, MKD_TARGET_DEVICE);
	assert_int_equal(info.size_bytes, SIZE_BYTES);
	assert_int_equal(info.sector_bytes, 512);
	assert_string_equal(info.path, d.path);
	assert_string_equal(info.found, "");
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_false(mkd_target_zeroed(t));
	/* nothing but us may have it now */
	assert_int_equal(open(d.path, O_RDONLY | O_EXCL | O_CLOEXEC), -1);
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, "holds it for itself");
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_true(mkd_target_zeroed(t));
	memset(data, 0x5a, sizeof(data));
	assert_int_equal(mkd_pwrite_full(mkd_target_fd(t), data, sizeof(data), 1024), 0);
	assert_ok(mkd_target_publish(t, &err), &err);
	mkd_target_close(steal(&t));
	memset(data, 0, sizeof(data));
	assert_int_equal(mkd_pread_full(d.fd, data, 1, 1024), 0);
	assert_int_equal(data[0], 0x5a);
	assert_free(&req);
	(void)close(d.fd);
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

struct signature {
	const char *words;
	const char *bytes;
	size_t len;
	uint64_t offset_bytes;
};

static void known_signatures_need_force_and_are_wiped(void **state)
{
	static const struct signature sigs[] = {
		{ "crypto_LUKS", "LUKS\xba\xbe\0\1aes\0", 12, 0 },
		{ "LVM2_member", "LABELONE\1\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0LVM2 001", 32, 512 },
		{ "btrfs", "_BHRfS_M", 8, 65536 + 64 },
	};
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	for (size_t i = 0; i < ARRAY_LEN(sigs); i++) {
		struct disk d = disk_new(state, "d");
		struct mkd_target_req req = request(&d);
		struct mkd_target *t = NULL;

		assert_int_equal(
			mkd_pwrite_full(d.fd, sigs[i].bytes, sigs[i].len, sigs[i].offset_bytes), 0);
		assert_int_equal(fsync(d.fd), 0);
		assert_refused(&req, EEXIST, MKD_EXIT_TARGET, sigs[i].words);
		req.force = true;
		assert_ok(mkd_target_open(&req, &t, &err), &err);
		assert_non_null(strstr(mkd_target_info(t)->found, sigs[i].words));
		assert_ok(mkd_target_begin(t, &err), &err);
		mkd_target_close(t);
		assert_int_equal(blkid_status(d.path), 2);
		(void)close(d.fd);
	}
}

static void a_wipe_that_fails_is_told(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	req = request(&d);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_fault(FAULT_PWRITE, 1, mkd_target_begin(t, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot wipe '");
	assert_fault(FAULT_FSYNC, 1, mkd_target_begin(t, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot wipe '");
	/* what goes to the disk is read back past the cache */
	assert_nomem(mkd_target_prepare(t, &err), &err);
	assert_fault(FAULT_PREAD, 2, mkd_target_prepare(t, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot read back '");
	mkd_target_close(t);
	(void)close(d.fd);
}

static void a_file_system_is_named_and_untouched_until_begin(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	mkfs(d.path);
	req = request(&d);
	assert_refused(&req, EEXIST, MKD_EXIT_TARGET,
		       "it holds ext4, label 'srv', UUID 11111111-2222-3333-4444-555555555555; "
		       "--force");
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	mkd_target_close(t);
	assert_int_equal(run(&out, "e2fsck", "-fn", d.path), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_int_equal(blkid_status(d.path), 2);
	mkd_target_close(t);
	assert_int_equal(blkid_status(d.path), 2);
	(void)close(d.fd);
}

static void write_gpt(int fd)
{
	const struct mkd_label_part part = {
		.offset_bytes = MIB, .size_bytes = 14 * MIB, .guid = { 1 }, .name = "root"
	};
	struct mkd_label_req req = { .fd = fd,
				     .name = "d",
				     .size_bytes = SIZE_BYTES,
				     .sector_bytes = 512,
				     .disk_guid = { 2 },
				     .parts = &part,
				     .n_parts = 1 };
	struct mkd_err err;

	assert_ok(mkd_label_write_gpt(&req, &err), &err);
}

static void a_gpt_goes_with_its_backup_also_when_the_build_is_abandoned(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };
	char magic[8];

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	write_gpt(d.fd);
	req = request(&d);
	assert_refused(&req, EEXIST, MKD_EXIT_TARGET, "GPT partition table, UUID 02000000");
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_int_equal(blkid_status(d.path), 2);
	assert_int_equal(mkd_pread_full(d.fd, magic, 8, SIZE_BYTES - 512), 0);
	assert_memory_not_equal(magic, "EFI PART", 8);
	/* the new label, and then no publish */
	write_gpt(mkd_target_fd(t));
	mkd_target_close(t);
	assert_int_equal(blkid_status(d.path), 2);
	assert_int_equal(mkd_pread_full(d.fd, magic, 8, SIZE_BYTES - 512), 0);
	assert_memory_not_equal(magic, "EFI PART", 8);
	/* and with publish it stays */
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	write_gpt(mkd_target_fd(t));
	assert_ok(mkd_target_publish(t, &err), &err);
	mkd_target_close(t);
	assert_int_equal(blkid_status(d.path), 0);
	(void)close(d.fd);
}

static void several_signatures_are_told_and_all_wiped(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	struct mkd_swap_req swap = { .name = "d", .size_bytes = MIB, .uuid = { 3 } };
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	mkfs(d.path);
	swap.fd = d.fd;
	/* the swap page without its first KiB of zeros would spare ext4's superblock: put it back
	 */
	{
		char sb[1024];

		assert_int_equal(mkd_pread_full(d.fd, sb, sizeof(sb), 1024), 0);
		assert_ok(mkd_swap_write(&swap, &err), &err);
		assert_int_equal(mkd_pwrite_full(d.fd, sb, sizeof(sb), 1024), 0);
		assert_int_equal(mkd_pwrite_full(d.fd, "_BHRfS_M", 8, 65536 + 64), 0);
	}
	assert_int_equal(fsync(d.fd), 0);
	req = request(&d);
	assert_refused(&req, EEXIST, MKD_EXIT_TARGET, "several signatures (");
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_int_equal(blkid_status(d.path), 2);
	mkd_target_close(t);
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
	made = make_file(test_path(state, "d"), SIZE_BYTES);
	d = disk_attach(state, "d", (struct loop_opts){ .sector_bytes = 4096 });
	req = request(&d);
	req.size_bytes = 4 * MIB + 17;
	/* what is behind the part that is used stays, but no label at the end of the device does */
	assert_int_equal(mkd_pwrite_full(d.fd, "stay", 4, 8 * MIB), 0);
	assert_int_equal(mkd_pwrite_full(d.fd, "EFI PART", 8, SIZE_BYTES - 4096), 0);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_int_equal(mkd_target_info(t)->sector_bytes, 4096);
	assert_int_equal(mkd_target_info(t)->size_bytes, 4 * MIB);
	assert_ok(mkd_target_begin(t, &err), &err);
	assert_ok(mkd_target_publish(t, &err), &err);
	{
		char kept[8];

		assert_int_equal(mkd_pread_full(d.fd, kept, 4, 8 * MIB), 0);
		assert_memory_equal(kept, "stay", 4);
		assert_int_equal(mkd_pread_full(d.fd, kept, 8, SIZE_BYTES - 4096), 0);
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
	struct disk d;
	struct mkd_target_req req;
	pid_t pid;

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	pid = child_start(open_and_begin, d.path);
	req = request(&d);
	assert_refused(&req, EBUSY, MKD_EXIT_BUSY, "another mkdomu");
	child_end(pid);
	assert_int_equal(blkid_status(d.path), 2);
	assert_free(&req);
	(void)close(d.fd);
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
	struct disk d;
	struct mkd_target_req req;
	struct mkd_err err = { 0 };
	char data[4];

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	make_sys(state, &d);
	host.sys = test_path(state, "sys");
	assert_int_equal(mkd_pwrite_full(d.fd, "stay", 4, 8 * MIB), 0);
	assert_int_equal(mkd_pwrite_full(d.fd, "gone", 4, MIB - 4), 0);
	assert_int_equal(mkd_pwrite_full(d.fd, "gone", 4, SIZE_BYTES - MIB), 0);
	req = request(&d);
	assert_ok(mkd_device_open(&host, &req, &t, &err), &err);
	assert_ok(mkd_device_begin(t, &err), &err);
	assert_false(mkd_device_zeroed(t));
	assert_int_equal(mkd_pread_full(d.fd, data, 4, 8 * MIB), 0);
	assert_memory_equal(data, "stay", 4);
	assert_int_equal(mkd_pread_full(d.fd, data, 4, MIB - 4), 0);
	assert_memory_equal(data, "\0\0\0\0", 4);
	assert_int_equal(mkd_pread_full(d.fd, data, 4, SIZE_BYTES - MIB), 0);
	assert_memory_equal(data, "\0\0\0\0", 4);
	mkd_device_close(t);
	(void)close(d.fd);
}

static void a_device_that_does_not_keep_what_is_written_is_found_out(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	req = request(&d);
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	assert_ok(mkd_target_begin(t, &err), &err);
	write_gpt(mkd_target_fd(t));
	assert_int_equal(fsync(mkd_target_fd(t)), 0);
	{
		/* behind the page cache's back the backing file loses a sector */
		cleanup_close int back = open(test_path(state, "d"), O_WRONLY | O_CLOEXEC);

		assert_int_equal(mkd_pwrite_full(back, "lost", 4, SIZE_BYTES - 512), 0);
	}
	assert_fails(mkd_target_publish(t, &err), &err, EIO, MKD_EXIT_IO, "does not keep");
	mkd_target_close(t);
	assert_int_equal(blkid_status(d.path), 2);
	(void)close(d.fd);
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
	req = request(&d);
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
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	mkfs(d.path);
	req = request(&d);
	req.force = true;
	assert_ok(mkd_target_open(&req, &t, &err), &err);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_target_begin(t, &err), &err, EINTR, 128 + SIGTERM, "signal 15");
	mkd_signal_set(0);
	mkd_target_close(t);
	assert_int_equal(run(NULL, "e2fsck", "-fn", d.path), 0);
	(void)close(d.fd);
}

static void a_zeroed_device_equals_the_image_file(void **state)
{
	struct disk d;
	struct mkd_target_req req,
		image = { .path = test_path(state, "x.img"), .size_bytes = SIZE_BYTES };
	cleanup_free uint8_t *a = malloc(SIZE_BYTES), *b = malloc(SIZE_BYTES);
	struct mkd_target *t[2] = { NULL, NULL };
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	assert_true(a && b);
	d = disk_new(state, "d");
	memset(a, 0xa5, SIZE_BYTES);
	assert_int_equal(mkd_pwrite_full(d.fd, a, SIZE_BYTES, 0), 0);
	req = request(&d);
	assert_ok(mkd_target_open(&req, &t[0], &err), &err);
	assert_ok(mkd_target_open(&image, &t[1], &err), &err);
	for (int i = 0; i < 2; i++) {
		assert_ok(mkd_target_begin(t[i], &err), &err);
		assert_true(mkd_target_zeroed(t[i]));
		write_gpt(mkd_target_fd(t[i]));
		assert_ok(mkd_target_publish(t[i], &err), &err);
		assert_int_equal(mkd_pread_full(mkd_target_fd(t[i]), i ? b : a, SIZE_BYTES, 0), 0);
		mkd_target_close(t[i]);
	}
	assert_int_equal(memcmp(a, b, SIZE_BYTES), 0);
	(void)close(d.fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(an_empty_device_is_taken),
		T(links_lead_to_the_real_node),
		T(known_signatures_need_force_and_are_wiped),
		T(a_wipe_that_fails_is_told),
		T(a_file_system_is_named_and_untouched_until_begin),
		T(a_gpt_goes_with_its_backup_also_when_the_build_is_abandoned),
		T(several_signatures_are_told_and_all_wiped),
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
