/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk: partitions of a loop device as targets; all need root. */
#include "devicetest.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <linux/blkpg.h>

#include "mkdomu/file.h"

/* By BLKPG, for not every kernel reads partition tables of loop devices. */
static int add_partition(int fd, int n, uint64_t start_bytes, uint64_t size_bytes)
{
	struct blkpg_partition p = { .start = (long long)start_bytes,
				     .length = (long long)size_bytes,
				     .pno = n };
	struct blkpg_ioctl_arg a = { .op = BLKPG_ADD_PARTITION, .datalen = sizeof(p), .data = &p };

	return ioctl(fd, BLKPG, &a);
}

static void del_partition(int fd, int n)
{
	struct blkpg_partition p = { .pno = n };
	struct blkpg_ioctl_arg a = { .op = BLKPG_DEL_PARTITION, .datalen = sizeof(p), .data = &p };

	(void)ioctl(fd, BLKPG, &a);
}

/* The node that udev or devtmpfs makes, or one of our own. */
static void partition_node(void **state, const struct disk *d, int n, char ret[static 128])
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err err = { 0 };
	unsigned maj, min;
	char path[160];

	(void)snprintf(ret, 128, "%sp%d", d->path, n);
	if (access(ret, F_OK) == 0)
		return;
	(void)snprintf(path, sizeof(path), "/sys/block/%s/%sp%d/dev", d->path + 5, d->path + 5, n);
	assert_ok(mkd_file_read(AT_FDCWD, path, 64, MKD_EXIT_IO, &text, &err), &err);
	assert_int_equal(sscanf(mkd_buf_cstr(&text), "%u:%u", &maj, &min), 2);
	(void)snprintf(ret, 128, "%s", test_path(state, n == 1 ? "p1" : "p10"));
	assert_int_equal(mknod(ret, S_IFBLK | 0600, makedev(maj, min)), 0);
}

static void partitions_and_their_disk_know_of_each_other(void **state)
{
	const char *dir = test_path(state, "mnt");
	struct mkd_target_req whole, one, ten;
	struct mkd_target *t = NULL, *t2 = NULL;
	struct mkd_err err = { 0 };
	char p1[128], p10[128];
	struct disk d;

	if (skip_unless_root())
		return;
	d = disk_new(state, "d");
	if (add_partition(d.fd, 1, MIB, 4 * MIB) != 0 ||
	    add_partition(d.fd, 10, 6 * MIB, 8 * MIB) != 0) {
		(void)close(d.fd);
		skip(); /* a kernel without partitions on loop devices */
		return;
	}
	partition_node(state, &d, 1, p1);
	partition_node(state, &d, 10, p10);
	whole = disk_request(&d);
	one = (struct mkd_target_req){ .path = p1 };
	ten = (struct mkd_target_req){ .path = p10 };
	/* partitions without a table on the disk still are something */
	/* mkd_guard_device: -EEXIST */
	assert_refused(&whole, EEXIST, MKD_EXIT_TARGET, "2 partitions");
	/* mounted 10: 10 and the disk are in use, 1 is not */
	mkfs(p10);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mount(p10, dir, "ext4", 0, NULL), 0);
	whole.force = ten.force = true;
	assert_refused(&whole, EBUSY, MKD_EXIT_TARGET, "it is mounted on");
	assert_refused(&ten, EBUSY, MKD_EXIT_TARGET, "it is mounted on");
	assert_free(&one);
	assert_int_equal(umount(dir), 0);
	/* one process may have both, as root and swap; another may have neither then */
	assert_ok(mkd_target_open(&one, &t, &err), &err);
	assert_ok(mkd_target_open(&ten, &t2, &err), &err);
	assert_refused(&whole, EBUSY, MKD_EXIT_TARGET, "holds it for itself");
	mkd_target_close(t);
	{
		cleanup_close int other = open(d.path, O_RDONLY | O_CLOEXEC);

		assert_int_equal(flock(other, LOCK_SH | LOCK_NB), -1);
		mkd_target_close(t2);
		assert_int_equal(flock(other, LOCK_SH | LOCK_NB), 0);
	}
	del_partition(d.fd, 1);
	del_partition(d.fd, 10);
	(void)close(d.fd);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(partitions_and_their_disk_know_of_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
