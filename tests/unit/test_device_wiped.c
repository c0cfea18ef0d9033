/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/disk: what block devices hold is told and wiped; all need root. */
#include "devicetest.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fault.h"
#include "mkdomu/file.h"
#include "mkdomu/swap.h"

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
		struct mkd_target_req req = disk_request(&d);
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
	struct device x;

	if (device_skip(&x, state))
		return;
	assert_ok(mkd_target_open(&x.req, &x.t, &x.err), &x.err);
	assert_fault(FAULT_PWRITE, 1, mkd_target_begin(x.t, &x.err), &x.err, EIO, MKD_EXIT_IO,
		     "cannot wipe '");
	assert_fault(FAULT_FSYNC, 1, mkd_target_begin(x.t, &x.err), &x.err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot wipe '");
	/* what goes to the disk is read back past the cache */
	assert_nomem(mkd_target_prepare(x.t, &x.err), &x.err);
	assert_fault(FAULT_PREAD, 2, mkd_target_prepare(x.t, &x.err), &x.err, EIO, MKD_EXIT_IO,
		     "cannot read back '");
	device_end(&x);
}

static void a_file_system_is_named_and_untouched_until_begin(void **state)
{
	struct device x;
	cleanup_buf struct mkd_buf out = { 0 };

	if (device_skip(&x, state))
		return;
	mkfs(x.d.path);
	assert_refused(&x.req, EEXIST, MKD_EXIT_TARGET,
		       "it holds ext4, label 'srv', UUID 11111111-2222-3333-4444-555555555555; "
		       "--force");
	x.req.force = true;
	assert_ok(mkd_target_open(&x.req, &x.t, &x.err), &x.err);
	mkd_target_close(x.t);
	assert_int_equal(run(&out, "e2fsck", "-fn", x.d.path), 0);
	device_begin(&x);
	assert_int_equal(blkid_status(x.d.path), 2);
	mkd_target_close(x.t);
	assert_int_equal(blkid_status(x.d.path), 2);
	(void)close(x.d.fd);
}

static void a_gpt_goes_with_its_backup_also_when_the_build_is_abandoned(void **state)
{
	struct device x;
	char magic[8];

	if (device_skip(&x, state))
		return;
	write_gpt(x.d.fd);
	assert_refused(&x.req, EEXIST, MKD_EXIT_TARGET, "GPT partition table, UUID 02000000");
	x.req.force = true;
	device_begin(&x);
	assert_int_equal(blkid_status(x.d.path), 2);
	assert_int_equal(mkd_pread_full(x.d.fd, magic, 8, DISK_BYTES - 512), 0);
	assert_memory_not_equal(magic, "EFI PART", 8);
	/* the new label, and then no publish */
	write_gpt(mkd_target_fd(x.t));
	mkd_target_close(x.t);
	assert_int_equal(blkid_status(x.d.path), 2);
	assert_int_equal(mkd_pread_full(x.d.fd, magic, 8, DISK_BYTES - 512), 0);
	assert_memory_not_equal(magic, "EFI PART", 8);
	/* and with publish it stays */
	device_begin(&x);
	write_gpt(mkd_target_fd(x.t));
	assert_ok(mkd_target_publish(x.t, &x.err), &x.err);
	mkd_target_close(x.t);
	assert_int_equal(blkid_status(x.d.path), 0);
	(void)close(x.d.fd);
}

static void several_signatures_are_told_and_all_wiped(void **state)
{
	struct device x;
	struct mkd_swap_req swap = { .name = "d", .size_bytes = MIB, .uuid = { 3 } };

	if (device_skip(&x, state))
		return;
	mkfs(x.d.path);
	swap.fd = x.d.fd;
	/* the swap page without its first KiB of zeros would spare ext4's superblock: put it back
	 */
	{
		char sb[1024];

		assert_int_equal(mkd_pread_full(x.d.fd, sb, sizeof(sb), 1024), 0);
		assert_ok(mkd_swap_write(&swap, &x.err), &x.err);
		assert_int_equal(mkd_pwrite_full(x.d.fd, sb, sizeof(sb), 1024), 0);
		assert_int_equal(mkd_pwrite_full(x.d.fd, "_BHRfS_M", 8, 65536 + 64), 0);
	}
	assert_int_equal(fsync(x.d.fd), 0);
	assert_refused(&x.req, EEXIST, MKD_EXIT_TARGET, "several signatures (");
	x.req.force = true;
	device_begin(&x);
	assert_int_equal(blkid_status(x.d.path), 2);
	device_end(&x);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(known_signatures_need_force_and_are_wiped),
		T(a_wipe_that_fails_is_told),
		T(a_file_system_is_named_and_untouched_until_begin),
		T(a_gpt_goes_with_its_backup_also_when_the_build_is_abandoned),
		T(several_signatures_are_told_and_all_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
