/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of builder/disk's looks at the system, on a made-up one: sysfs with dm, md and
 * partitions, mounts, swap; and of sizes and signatures. No root.
 */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "mkdomu/loop.h"
#include "mkdomu/signature.h"

static void sysfs_tells_disks_and_partitions_by_number(void **state)
{
	struct machine m;
	struct mkd_devset set = { .n = 0 };
	struct mkd_err err = { 0 };
	char name[256];
	dev_t whole = 0;

	machine_make(state, &m);
	assert_ok(mkd_blockdev_whole(&m.host, SDB10, &whole, &err), &err);
	assert_true(whole == SDB);
	assert_ok(mkd_blockdev_whole(&m.host, DM0, &whole, &err), &err);
	assert_true(whole == DM0);
	assert_string_equal(mkd_blockdev_name(&m.host, SDB10, name), "/dev/sdb10");
	assert_string_equal(mkd_blockdev_name(&m.host, makedev(9, 9), name), "block device 9:9");
	assert_fails(mkd_blockdev_whole(&m.host, makedev(9, 9), &whole, &err), &err, ENOENT,
		     MKD_EXIT_TARGET, "mount sysfs");
	assert_ok(mkd_blockdev_related(&m.host, SDB1, &set, &err), &err);
	assert_int_equal(set.n, 2);
	assert_true(mkd_devset_has(&set, SDB1) && mkd_devset_has(&set, SDB));
	assert_false(mkd_devset_has(&set, SDB10));
	set.n = 0;
	assert_ok(mkd_blockdev_related(&m.host, SDB, &set, &err), &err);
	assert_int_equal(set.n, 3);
	set.n = 0;
	assert_ok(mkd_blockdev_below(&m.host, DM1, &set, &err), &err);
	assert_int_equal(set.n, 4);
	assert_true(mkd_devset_has(&set, SDB));
	assert_true(mkd_blockdev_can_discard(&m.host, DM0));
	assert_false(mkd_blockdev_can_discard(&m.host, SDB10));
	set.n = MKD_DEVSET_MAX;
	assert_fails(mkd_devset_add(&set, makedev(99, 9), &err), &err, E2BIG, MKD_EXIT_INTERNAL,
		     "more than");
}

static void members_of_dm_and_md_are_refused(void **state)
{
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };

	machine_make(state, &m);
	s = machine_subject(&m, SDB10);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "part of dm-0 (vg0-root)");
	s = machine_subject(&m, DM0);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "part of dm-1");
	s = machine_subject(&m, SDB);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "/dev/sdb10 on the same disk is part of dm-0 (vg0-root)");
	/* a sibling's holder is not ours, nor is a name that ours is a prefix of */
	s = machine_subject(&m, SDB1);
	assert_ok(mkd_inuse_holder(&s, &err), &err);
	s = machine_subject(&m, DM1);
	assert_ok(mkd_inuse_holder(&s, &err), &err);
	/* md over whole disks: their partitions are taken with them */
	machine_link(m.sys, "block/sdb/holders/md0", "../../dm-1");
	s = machine_subject(&m, SDB1);
	assert_fails(mkd_inuse_holder(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "/dev/sdb on the same disk is part of md0");
}

static void mounts_are_known_by_number(void **state)
{
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };

	machine_make(state, &m);
	machine_file(m.proc, "self/mountinfo",
		     "1 0 253:1 / / rw - ext4 /dev/root rw\n"
		     "2 1 8:26 / /srv\\040x rw - ext4 /dev/sdb1 rw\n");
	s = machine_subject(&m, SDB10);
	assert_fails(mkd_inuse_mount(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "cannot use 'it': it is mounted on /srv x; unmount it first");
	s = machine_subject(&m, SDB);
	assert_fails(mkd_inuse_mount(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "/srv x");
	s = machine_subject(&m, SDB1); /* the source's name is wrong here, the number is right */
	assert_ok(mkd_inuse_mount(&s, &err), &err);
	assert_int_equal(unlink(test_path(state, "proc/self/mountinfo")), 0);
	assert_fails(mkd_inuse_mount(&s, &err), &err, ENOENT, MKD_EXIT_TARGET, "mountinfo");
}

static void what_this_system_runs_on_is_refused(void **state)
{
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };

	machine_make(state, &m);
	machine_file(m.proc, "self/mountinfo",
		     "1 0 253:1 / / rw - ext4 /dev/root rw\n"
		     "2 1 8:17 / /boot rw - ext4 /dev/sdb1 rw\n");
	s = machine_subject(&m, SDB); /* under / by two levels of dm */
	assert_fails(mkd_inuse_home(&s, &err), &err, EBUSY, MKD_EXIT_TARGET,
		     "this system itself is on it: /;");
	s = machine_subject(&m, SDB10);
	assert_fails(mkd_inuse_home(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "is on it: /;");
	s = machine_subject(&m, SDB1);
	assert_fails(mkd_inuse_home(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "is on it: /boot;");
	/* a partition beside them is the guest's to have */
	machine_file(m.sys, "block/sdb/sdb11/dev", "8:27\n");
	machine_file(m.sys, "block/sdb/sdb11/partition", "11\n");
	machine_link(m.sys, "dev/block/8:27", "../../block/sdb/sdb11");
	s = machine_subject(&m, makedev(8, 27));
	assert_ok(mkd_inuse_home(&s, &err), &err);
}

static void swap_files_and_attached_images_are_refused(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "x.img"), MIB);
	struct machine m;
	struct mkd_subject s;
	struct mkd_err err = { 0 };
	char text[1024];

	machine_make(state, &m);
	assert_ok(mkd_subject_make(&m.host, "x.img", fd, &s, &err), &err);
	assert_ok(mkd_inuse_swap(&s, &err), &err);
	(void)snprintf(text, sizeof(text), "Filename\tType\tSize\tUsed\tPriority\n%s file 1 0 -2\n",
		       test_path(state, "x.img"));
	machine_file(m.proc, "swaps", text);
	assert_fails(mkd_inuse_swap(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "it is active swap");
	assert_int_equal(unlink(test_path(state, "proc/swaps")), 0);
	assert_ok(mkd_inuse_swap(&s, &err), &err);
	/* without the right to open the loop device the name in sysfs does */
	assert_ok(mkd_inuse_loop(&s, &err), &err);
	(void)snprintf(text, sizeof(text), "%s\n", test_path(state, "x.img"));
	machine_file(m.sys, "block/loop3/loop/backing_file", text);
	assert_fails(mkd_inuse_loop(&s, &err), &err, EBUSY, MKD_EXIT_TARGET, "/loop3; detach");
	assert_int_equal(rename(m.sys, test_path(state, "gone")), 0);
	assert_fails(mkd_inuse_loop(&s, &err), &err, ENOENT, MKD_EXIT_TARGET, "mount sysfs");
}

static void sizes_are_cut_to_pages_and_checked(void **state)
{
	struct mkd_err err = { 0 };
	uint64_t got = 7;

	(void)state;
	assert_ok(mkd_guard_size("d", 5 * MIB + 4097, 0, &got, &err), &err);
	assert_int_equal(got, 5 * MIB + 4096);
	assert_ok(mkd_guard_size("d", 5 * MIB, 2 * MIB + 1, &got, &err), &err);
	assert_int_equal(got, 2 * MIB);
	assert_fails(mkd_guard_size("d", 5 * MIB, 5 * MIB + 1, &got, &err), &err, EINVAL,
		     MKD_EXIT_TARGET, "5242880 bytes");
	assert_fails(mkd_guard_size("d", 0, 0, &got, &err), &err, EINVAL, MKD_EXIT_TARGET,
		     "too small");
	assert_fails(mkd_guard_size("d", 5 * MIB, 4096, &got, &err), &err, EINVAL, MKD_EXIT_TARGET,
		     "too small");
	assert_int_equal(got, 2 * MIB);
}

static void labels_with_control_characters_are_made_harmless(void **state)
{
	cleanup_close int fd = make_file(test_path(state, "f"), 4 * MIB);
	char found[MKD_FOUND_BYTES];
	struct mkd_err err = { 0 };

	assert_int_equal(run(NULL, "mkfs.ext4", "-q", "-F", "-L", "a\033[31mb", "-U",
			     "11111111-2222-3333-4444-555555555555", test_path(state, "f")),
			 0);
	assert_ok(mkd_signature_find(fd, "f", found, &err), &err);
	assert_string_equal(found,
			    "ext4, label 'a?[31mb', UUID 11111111-2222-3333-4444-555555555555");
	assert_ok(mkd_signature_wipe(fd, "f", &err), &err);
	assert_ok(mkd_signature_find(fd, "f", found, &err), &err);
	assert_string_equal(found, "");
}

static void a_wipe_that_cannot_write_is_told(void **state)
{
	cleanup_close int made = make_file(test_path(state, "f"), 4 * MIB), ro = -1;
	struct mkd_err err = { 0 };

	assert_true(made >= 0);
	assert_int_equal(run(NULL, "mkswap", test_path(state, "f")), 0);
	ro = open(test_path(state, "f"), O_RDONLY | O_CLOEXEC);
	assert_fails(mkd_signature_wipe(ro, "f", &err), &err, EIO, MKD_EXIT_IO, "cannot wipe");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(sysfs_tells_disks_and_partitions_by_number),
		T(members_of_dm_and_md_are_refused),
		T(mounts_are_known_by_number),
		T(what_this_system_runs_on_is_refused),
		T(swap_files_and_attached_images_are_refused),
		T(sizes_are_cut_to_pages_and_checked),
		T(labels_with_control_characters_are_made_harmless),
		T(a_wipe_that_cannot_write_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
