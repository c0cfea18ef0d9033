/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk: block devices as targets, on loop devices; all need root. */
#include "disktest.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/sysmacros.h>
#include <sys/ioctl.h>
#include <linux/blkpg.h>

#include "mkdomu/file.h"
#include "mkdomu/label.h"
#include "mkdomu/swap.h"
#include "mkdomu/target.h"

#define SIZE_BYTES (16 * MIB)

DEFINE_CLEANUP(closep, struct mkd_target *, mkd_target_close)

struct disk {
	char path[64];
	int fd; /* keeps it attached */
};

static struct disk attach(void **state, const char *name, struct loop_opts opts)
{
	struct disk d = { .fd = -1 };

	loop_attach(test_path(state, name), opts, d.path, &d.fd);
	return d;
}

static struct disk new_disk(void **state, const char *name)
{
	cleanup_close int fd = make_file(test_path(state, name), SIZE_BYTES);

	assert_true(fd >= 0);
	return attach(state, name, (struct loop_opts){ 0 });
}

static void mkfs(const char *path)
{
	assert_int_equal(run(NULL, "mkfs.ext4", "-q", "-F", "-L", "srv", "-U",
			     "11111111-2222-3333-4444-555555555555", path),
			 0);
}

static struct mkd_target_req request(const struct disk *d)
{
	return (struct mkd_target_req){ .path = d->path };
}

/* Both ways in refuse alike, and the device is as it was. */
static void assert_refused(const struct mkd_target_req *req, int code, int exit_class,
			   const char *words)
{
	struct mkd_target_info info = { .size_bytes = 77 };
	struct mkd_target *t = NULL;
	struct mkd_err err = { 0 };

	assert_fails(mkd_target_probe(req, &info, &err), &err, code, exit_class, words);
	assert_int_equal(info.size_bytes, 77);
	assert_fails(mkd_target_open(req, &t, &err), &err, code, exit_class, words);
	assert_null(t);
}

static void assert_free(const struct mkd_target_req *req)
{
	struct mkd_target_info info;
	struct mkd_err err = { 0 };

	assert_ok(mkd_target_probe(req, &info, &err), &err);
}

static int blkid_status(const char *path)
{
	return run(NULL, "blkid", "-p", path);
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
	d = new_disk(state, "d");
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

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
	assert_int_equal(symlink(d.path, req.path), 0);
	assert_ok(mkd_target_probe(&req, &info, &err), &err);
	assert_string_equal(info.path, d.path);
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
		struct disk d = new_disk(state, "d");
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

static void a_file_system_is_named_and_untouched_until_begin(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	struct mkd_target *t = NULL;
	cleanup_buf struct mkd_buf out = { 0 };
	struct mkd_err err = { 0 };

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
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
	d = new_disk(state, "d");
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
	d = new_disk(state, "d");
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

static void a_mounted_device_is_refused_even_with_force(void **state)
{
	const char *dir = test_path(state, "mnt");
	struct disk d;
	struct mkd_target_req req;

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
	mkfs(d.path);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mount(d.path, dir, "ext4", 0, NULL), 0);
	req = request(&d);
	req.force = true;
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, "it is mounted on /");
	assert_int_equal(umount(dir), 0);
	assert_free(&req);
	(void)close(d.fd);
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

static void a_mount_in_another_namespace_is_found(void **state)
{
	struct ns_mount m = { .dir = test_path(state, "mnt") };
	struct disk d;
	struct mkd_target_req req;
	char words[64];
	pid_t pid;

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
	mkfs(d.path);
	m.dev = d.path;
	assert_int_equal(mkdir(m.dir, 0755), 0);
	pid = child_start(mount_in_namespace, &m);
	req = request(&d);
	req.force = true;
	(void)snprintf(words, sizeof(words), "/mnt in the mount namespace of process %d", (int)pid);
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, words);
	child_end(pid);
	(void)close(d.fd);
}

static void a_lazily_unmounted_busy_device_is_refused(void **state)
{
	const char *dir = test_path(state, "mnt");
	cleanup_close int inside = -1;
	struct disk d;
	struct mkd_target_req req;

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
	mkfs(d.path);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(mount(d.path, dir, "ext4", 0, NULL), 0);
	inside = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(umount2(dir, MNT_DETACH), 0);
	req = request(&d);
	req.force = true;
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, "a mount just undone");
	(void)close(d.fd);
}

static void active_swap_is_refused(void **state)
{
	struct disk d;
	struct mkd_target_req req;

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
	assert_int_equal(run(NULL, "mkswap", d.path), 0);
	if (swapon(d.path, 0) != 0) {
		(void)close(d.fd);
		skip(); /* this kernel or container has no swapon */
		return;
	}
	req = request(&d);
	req.force = true;
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, "it is active swap");
	assert_int_equal(swapoff(d.path), 0);
	assert_free(&req);
	(void)close(d.fd);
}

static void a_loop_over_the_device_or_image_is_found(void **state)
{
	struct disk d, above, again;
	struct mkd_target_req req, image = { .size_bytes = SIZE_BYTES, .force = true };

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
	req = request(&d);
	assert_free(&req);
	loop_attach(d.path, (struct loop_opts){ .offset_bytes = MIB }, above.path, &above.fd);
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, above.path);
	(void)close(above.fd);
	assert_free(&req);
	/* a second loop over the same file */
	again = attach(state, "d", (struct loop_opts){ .offset_bytes = MIB });
	assert_refused(&req, EBUSY, MKD_EXIT_TARGET, again.path);
	(void)close(again.fd);
	assert_free(&req);
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
	made = make_file(test_path(state, "d"), SIZE_BYTES);
	d = attach(state, "d", (struct loop_opts){ .read_only = true });
	req = request(&d);
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
		d = attach(state, "s", (struct loop_opts){ 0 });
		req = request(&d);
		assert_refused(&req, EINVAL, MKD_EXIT_TARGET, "too small");
		(void)close(d.fd);
	}
	d = new_disk(state, "d");
	req = request(&d);
	req.size_bytes = SIZE_BYTES + 4096;
	assert_refused(&req, EINVAL, MKD_EXIT_TARGET, "it has 16 MiB");
	(void)close(d.fd);
	/* a loop device with no file has no size */
	req.size_bytes = 0;
	req.path = "/dev/loop7";
	if (access("/sys/block/loop7/loop/backing_file", F_OK) != 0)
		assert_refused(&req, EINVAL, MKD_EXIT_TARGET, "too small");
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
	d = attach(state, "d", (struct loop_opts){ .sector_bytes = 4096 });
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

static int lock_disk(void *arg)
{
	int fd = open(arg, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
}

static void a_disk_that_another_program_locks_is_busy(void **state)
{
	struct disk d;
	struct mkd_target_req req;
	pid_t pid;

	if (skip_unless_root())
		return;
	d = new_disk(state, "d");
	pid = child_start(lock_disk, d.path);
	req = request(&d);
	assert_refused(&req, EBUSY, MKD_EXIT_BUSY, "has the disk '/dev/loop");
	child_end(pid);
	assert_free(&req);
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
	d = new_disk(state, "d");
	pid = child_start(open_and_begin, d.path);
	req = request(&d);
	assert_refused(&req, EBUSY, MKD_EXIT_BUSY, "another mkdomu");
	child_end(pid);
	assert_int_equal(blkid_status(d.path), 2);
	assert_free(&req);
	(void)close(d.fd);
}

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
	d = new_disk(state, "d");
	if (add_partition(d.fd, 1, MIB, 4 * MIB) != 0 ||
	    add_partition(d.fd, 10, 6 * MIB, 8 * MIB) != 0) {
		(void)close(d.fd);
		skip(); /* a kernel without partitions on loop devices */
		return;
	}
	partition_node(state, &d, 1, p1);
	partition_node(state, &d, 10, p10);
	whole = request(&d);
	one = (struct mkd_target_req){ .path = p1 };
	ten = (struct mkd_target_req){ .path = p10 };
	/* partitions without a table on the disk still are something */
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
	d = new_disk(state, "d");
	child_end(child_start(try_as_nobody, d.path));
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
	d = new_disk(state, "d");
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
		T(a_file_system_is_named_and_untouched_until_begin),
		T(a_gpt_goes_with_its_backup_also_when_the_build_is_abandoned),
		T(several_signatures_are_told_and_all_wiped),
		T(a_mounted_device_is_refused_even_with_force),
		T(a_mount_in_another_namespace_is_found),
		T(a_lazily_unmounted_busy_device_is_refused),
		T(active_swap_is_refused),
		T(a_loop_over_the_device_or_image_is_found),
		T(a_read_only_device_is_refused),
		T(devices_that_are_too_small_are_refused),
		T(sectors_of_4096_bytes_and_a_part_of_the_device_are_fine),
		T(a_disk_that_another_program_locks_is_busy),
		T(a_killed_build_gives_the_device_back_without_signatures),
		T(partitions_and_their_disk_know_of_each_other),
		T(who_may_not_open_the_device_is_told_to_be_root),
		T(a_zeroed_device_equals_the_image_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
