/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables of the ext4 writer and its way to the target, when memory, room or threads end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "fault.h"
#include "fsimage.h"
#include "mkdomu/blockout.h"
#include "mkdomu/ext4_geom.h"
#include "mkdomu/extents.h"
#include "mkdomu/inodes.h"
#include "mkdomu/names.h"

#define BLOCK 4096u

static void blocks_on_their_way_fail(void **state)
{
	cleanup_close int fd = open(test_path(state, "f"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct mkd_blockout *o = NULL;
	char block[BLOCK] = "x";
	void *room;
	size_t n;
	struct mkd_err err;

	assert_fault(FAULT_THREAD, 1, mkd_blockout_open(fd, "f", 0, false, &o, &err), &err, EPERM,
		     MKD_EXIT_INTERNAL, "cannot start a thread");
	assert_nomem(mkd_blockout_open(fd, "f", 0, false, &o, &err), &err);
	assert_fails(mkd_blockout_read(o, 9, block, &err), &err, EIO, MKD_EXIT_IO,
		     "cannot read 'f' back");
	assert_fault(FAULT_PREAD, 1, mkd_blockout_read(o, 0, block, &err), &err, ESTALE,
		     MKD_EXIT_IO, "cannot read 'f' back");
	assert_fault(FAULT_FDATASYNC, 1, mkd_blockout_sync(o, &err), &err, EDQUOT, MKD_EXIT_NOSPACE,
		     "stable storage");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_blockout_zero(o, 0, 1, &err), &err, EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
	assert_ok(mkd_blockout_put(o, 0, block, 1, &err), &err);
	assert_fault(FAULT_PWRITE, 1, mkd_blockout_drain(o, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot write 'f'");
	/* told again by whatever comes next */
	assert_ok(mkd_blockout_take(o, 1, 1, &room, &n, &err), &err);
	assert_fails(mkd_blockout_take(o, 9, 1, &room, &n, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot write 'f'");
	mkd_blockout_close(o);
}

/* A dry run: all calls go well, nothing is there to be read. */
static void blocks_may_go_nowhere(void **state)
{
	struct mkd_blockout *o = NULL;
	char block[BLOCK] = "x";
	struct mkd_err err;

	(void)state;
	assert_ok(mkd_blockout_open(-1, "f", 0, true, &o, &err), &err);
	assert_ok(mkd_blockout_put(o, 5, block, 1, &err), &err);
	assert_ok(mkd_blockout_zero(o, 0, 1, &err), &err);
	assert_ok(mkd_blockout_sync(o, &err), &err);
	assert_fails(mkd_blockout_read(o, 5, block, &err), &err, ENODATA, MKD_EXIT_INTERNAL,
		     "nothing was written");
	mkd_blockout_close(o);
}

static void tables_run_out_of_memory(void **state)
{
	struct mkd_names names = { 0 };
	struct mkd_extents x = { 0 };
	struct mkd_inodes in = { 0 };
	const struct mkd_name name = { .dir = 2, .ino = 12, .len = 1 };
	uint32_t ino = 0;
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_names_set(&names, &name, "a", &err), &err);
	assert_int_equal(names.n, 1);
	mkd_names_free(&names);
	assert_nomem(mkd_extents_add(&x, 0, 100, 1, &err), &err);
	assert_int_equal(x.n, 1);
	mkd_extents_free(&x);
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	assert_fails(mkd_inodes_init(&in, 9000, 11, "f", &err), &err, ENOMEM, MKD_EXIT_INTERNAL,
		     "memory");
	mkd_inodes_free(&in);
	fault_arm(FAULT_ALLOC, 2, ENOMEM);
	assert_fails(mkd_inodes_init(&in, 9000, 11, "f", &err), &err, ENOMEM, MKD_EXIT_INTERNAL,
		     "memory");
	mkd_inodes_free(&in);
	assert_ok(mkd_inodes_init(&in, 4098, 4097, "f", &err), &err);
	assert_nomem(mkd_inodes_new(&in, &ino, &err), &err);
	assert_int_equal(ino, 4097);
	assert_ok(mkd_inodes_new(&in, &ino, &err), &err);
	assert_fails(mkd_inodes_new(&in, &ino, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "all 4098 are used");
	assert_nomem(mkd_inodes_release(&in, 4097, &err), &err);
	mkd_inodes_free(&in);
}

static void geometry_fails(void **state)
{
	struct mkd_ext4_req req = { .name = "f", .size_bytes = 16 * MIB };
	struct struct_ext2_filsys *fs = NULL;
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_ext4_geom_make(&req, &fs, &err), &err);
	ext2fs_free(fs);
	fs = NULL;
	fault_arm(FAULT_EXT2, 1, EXT2_ET_UNIMPLEMENTED);
	assert_fails(mkd_ext4_geom_make(&req, &fs, &err), &err, EIO, MKD_EXIT_INTERNAL,
		     "libext2fs");
	fault_arm(FAULT_EXT2, 1, EXT2_ET_BLOCK_ALLOC_FAIL);
	assert_fails(mkd_ext4_geom_make(&req, &fs, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "too small");
	assert_true(fault_disarm());
	req.reserved_percent = 51;
	assert_fails(mkd_ext4_geom_make(&req, &fs, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "at most 50 %");
	assert_null(fs);
}

static void room_runs_out_for_each_call(void **state)
{
	static char data[16 * MIB];
	struct mkd_entry e = { .path = "f", .type = MKD_FT_REG, .size_bytes = sizeof(data) };
	struct mkd_entry dir = { .path = "d", .type = MKD_FT_DIR };
	struct fsimage f;
	char name[16];
	uint64_t at = 0;

	memset(data, 'x', sizeof(data));
	fs_new(&f, state, "i", 16 * MIB);
	assert_ok(mkd_ext4_add(f.w, &e, &f.err), &f.err);
	while (mkd_ext4_data(f.w, data, BLOCK, at, &f.err) == 0)
		at += BLOCK;
	assert_fails(mkd_ext4_data(f.w, data, BLOCK, at, &f.err), &f.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "no space left");
	assert_ok(mkd_ext4_data(f.w, data, 9, at + BLOCK, &f.err), &f.err);
	assert_fails(mkd_ext4_end(f.w, &f.err), &f.err, ENOSPC, MKD_EXIT_NOSPACE, "no space left");
	fs_abort(&f);
	fs_init(&f, state, "i", 16 * MIB);
	f.req.inodes = 16;
	fs_create(&f);
	dir.path = name;
	for (int i = 0, r = 0; r == 0; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		r = mkd_ext4_add(f.w, &dir, &f.err);
	}
	assert_fails(mkd_ext4_add(f.w, &dir, &f.err), &f.err, ENOSPC, MKD_EXIT_NOSPACE,
		     "no inode left");
	fs_abort(&f);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(blocks_on_their_way_fail),         WITH_DIR(blocks_may_go_nowhere),
		cmocka_unit_test(tables_run_out_of_memory), cmocka_unit_test(geometry_fails),
		WITH_DIR(room_runs_out_for_each_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
