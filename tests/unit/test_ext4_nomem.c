/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ext4 writer while memory, the target, the library or the user's patience end. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "fault.h"
#include "fsimage.h"
#include "mkdomu/balloc.h"
#include "mkdomu/blockout.h"
#include "mkdomu/dirs.h"
#include "mkdomu/ext4_ctx.h"
#include "mkdomu/ext4_geom.h"
#include "mkdomu/extents.h"
#include "mkdomu/filedata.h"
#include "mkdomu/htree.h"
#include "mkdomu/memio.h"
#include "mkdomu/swapfile.h"
#include "mkdomu/xattrs.h"

/* A writer's insides, as mkd_ext4_create makes them. */
struct inside {
	struct fsimage f;
	struct mkd_ext4_ctx c;
};

static void begin(struct inside *i, void **state)
{
	fs_init(&i->f, state, "i", 16 * MIB);
	i->c = (struct mkd_ext4_ctx){ .name = "i" };
	assert_ok(mkd_ext4_geom_make(&i->f.req, &i->c.fs, &i->f.err), &i->f.err);
	i->c.alloc = (struct mkd_balloc){ .fs = i->c.fs, .name = "i" };
	assert_ok(mkd_inodes_init(&i->c.inodes, i->c.fs->super->s_inodes_count, MKD_INO_FIRST, "i",
				  &i->f.err),
		  &i->f.err);
	assert_ok(mkd_blockout_open(i->f.fd, "i", 0, false, &i->c.out, &i->f.err), &i->f.err);
}

static void end(struct inside *i)
{
	mkd_blockout_close(i->c.out);
	mkd_inodes_free(&i->c.inodes);
	mkd_names_free(&i->c.names);
	ext2fs_free(i->c.fs);
	fs_abort(&i->f);
}

static int see_page(void *arg, uint64_t page, const void *data, struct mkd_err *err)
{
	(void)page;
	(void)data;
	(void)err;
	++*(unsigned *)arg;
	return 0;
}

static void the_library_fails(void **state)
{
	struct inside i;
	uint64_t used = 0;
	unsigned pages = 0;
	struct mkd_err err;

	begin(&i, state);
	fault_arm(FAULT_EXT2, 1, EXT2_ET_UNIMPLEMENTED);
	assert_fails(mkd_ext4_geom_inodes(&i.c, &err), &err, EIO, MKD_EXIT_INTERNAL, "libext2fs");
	fault_arm(FAULT_EXT2, 1, EXT2_ET_UNIMPLEMENTED);
	assert_fails(mkd_inodes_write(&i.c, &used, &err), &err, EIO, MKD_EXIT_INTERNAL,
		     "libext2fs");
	fault_arm(FAULT_EXT2, 1, EXT2_ET_UNIMPLEMENTED);
	assert_fails(mkd_ext4_geom_write(&i.c, 1, false, &err), &err, EIO, MKD_EXIT_INTERNAL,
		     "libext2fs");
	assert_true(fault_disarm());
	assert_nomem(mkd_ext4_geom_write(&i.c, 1, false, &err), &err);
	assert_nomem(mkd_memio_each(i.c.fs->io, see_page, &pages, &err), &err);
	assert_true(pages > 0);
	end(&i);
}

static void blocks_run_out(void **state)
{
	struct inside i;
	uint64_t block;
	uint32_t n;
	struct mkd_err err = { 0 };
	int r = 0;

	begin(&i, state);
	while (r == 0)
		r = mkd_balloc_take(&i.c.alloc, UINT64_MAX, &block, &n, &err);
	assert_fails(mkd_balloc_take(&i.c.alloc, 1, &block, &n, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "no space left in 'i'");
	end(&i);
}

static void extents_fail(void **state)
{
	struct mkd_extents x = { 0 };
	struct inside i;
	uint8_t zeros[MKD_BLOCK_BYTES] = { 0 };
	struct ext2_inode_large *in;
	struct ext3_extent_idx *idx;
	struct mkd_err err;

	begin(&i, state);
	for (uint32_t k = 0; k < 400; k++) /* none touches the other: a tree with blocks */
		assert_ok(mkd_extents_add(&x, 2 * k, 100 + 2 * k, 1, &err), &err);
	assert_nomem(mkd_extents_store(&i.c, &x, MKD_INO_FIRST - 1, &err), &err);
	in = mkd_inodes_get(&i.c.inodes, MKD_INO_FIRST - 1);
	idx = EXT_FIRST_INDEX((struct ext3_extent_header *)(void *)in->i_block);
	assert_ok(mkd_blockout_put(i.c.out, idx->ei_leaf, zeros, 1, &err), &err);
	memset(zeros, 0xff, sizeof(zeros));
	assert_ok(mkd_blockout_drain(i.c.out, &err), &err);
	assert_ok(mkd_blockout_put(i.c.out, idx->ei_leaf, zeros, 1, &err), &err);
	assert_fails(mkd_extents_release(&i.c, MKD_INO_FIRST - 1, &err), &err, EIO, MKD_EXIT_IO,
		     "what was written has changed");
	mkd_extents_free(&x);
	end(&i);
}

static void parts_refuse_what_is_wrong(void **state)
{
	const uint8_t page[MKD_BLOCK_BYTES] = { 0 };
	struct mkd_ext4_swap swap = { .path = "swapfile", .page = page, .size_bytes = 5 };
	struct mkd_filedata file = { 0 };
	const struct mkd_xattr xattr = { "user.a", "v", 1 };
	const struct mkd_entry e = { .path = "f", .xattrs = &xattr, .n_xattrs = 1 };
	struct inside i;
	struct mkd_err err;

	begin(&i, state);
	assert_fails(mkd_filedata_write(&i.c, &file, "x", 1, 0, &err), &err, EINVAL,
		     MKD_EXIT_INTERNAL, "out of order");
	assert_fails(mkd_filedata_end(&i.c, &file, &err), &err, EINVAL, MKD_EXIT_INTERNAL,
		     "none is open");
	assert_fails(mkd_swapfile_check(&swap, "i", &err), &err, EINVAL, MKD_EXIT_INTERNAL,
		     "not whole");
	swap.size_bytes = UINT64_C(1) << 50;
	assert_fails(mkd_swapfile_check(&swap, "i", &err), &err, EFBIG, MKD_EXIT_USAGE, "");
	assert_fails(mkd_swapfile_store(&i.c, &swap, 9, true, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "no space left");
	swap.size_bytes = MIB;
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_swapfile_store(&i.c, &swap, 9, true, &err), &err, EINTR, 128 + SIGTERM,
		     "interrupted");
	mkd_signal_set(0);
	assert_nomem(mkd_xattrs_store(&i.c, 9, &e, &err), &err);
	end(&i);
}

/* Folders of one block, of many, and none; then a signal. */
static void folders_run_out_of_memory(void **state)
{
	struct mkd_dirout d;
	struct inside i;
	uint32_t order[400];
	struct mkd_err err;

	begin(&i, state);
	for (uint32_t k = 0; k < ARRAY_LEN(order); k++) {
		const struct mkd_name e = {
			.dir = MKD_INO_ROOT, .ino = 100 + k, .len = 40, .ftype = MKD_DE_REG
		};
		char name[64];

		(void)snprintf(name, sizeof(name), "%040u", k);
		assert_ok(mkd_names_set(&i.c.names, &e, name, &err), &err);
		order[k] = k;
	}
	d = (struct mkd_dirout){ .c = &i.c, .ino = MKD_INO_ROOT, .parent = MKD_INO_ROOT };
	for (unsigned n = 1, struck = 1; struck; n++) {
		int r;

		d.n_blocks = 0;
		mkd_extents_free(&d.extents);
		fault_arm(FAULT_ALLOC, n, ENOMEM);
		r = mkd_htree_write(&d, order, ARRAY_LEN(order), &err);
		struck = fault_disarm();
		/* mkd_htree_write: -ENOMEM */
		assert_int_equal(r, struck ? -ENOMEM : 0);
	}
	mkd_extents_free(&d.extents);
	mkd_inodes_get(&i.c.inodes, MKD_INO_ROOT)->i_mode = S_IFDIR | 0755;
	mkd_inodes_dir(&i.c.inodes, MKD_INO_ROOT)->parent = MKD_INO_ROOT;
	for (unsigned n = 1, struck = 1; struck; n++) {
		int r;

		fault_arm(FAULT_ALLOC, n, ENOMEM);
		r = mkd_dirs_write(&i.c, 1, &err);
		struck = fault_disarm();
		/* mkd_dirs_write: -ENOMEM */
		assert_int_equal(r, struck ? -ENOMEM : 0);
	}
	mkd_inodes_get(&i.c.inodes, MKD_INO_ROOT)->i_flags = 0;
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_dirs_write(&i.c, 1, &err), &err, EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
	end(&i);
}

/* Everything that an image can hold, each allocation failing in turn; none of them leaks. */
static int whole_image(struct fsimage *f, struct mkd_err *err)
{
	static char data[17 * MKD_BLOCK_BYTES];
	const struct mkd_xattr xattr = { "user.a", "v", 1 };
	const struct mkd_entry dir = { .path = "a/b", .type = MKD_FT_DIR, .mode = 0755 };
	const struct mkd_entry file = { .path = "a/b/f",
					.type = MKD_FT_REG,
					.size_bytes = sizeof(data),
					.xattrs = &xattr,
					.n_xattrs = 1 };
	struct mkd_ext4 *w = NULL;
	int r = mkd_ext4_create(&f->req, &w, err);

	if (r < 0)
		return r;
	memset(data, 'x', sizeof(data));
	r = mkd_ext4_add(w, &dir, err);
	if (r == 0)
		r = mkd_ext4_add(w, &file, err);
	/* with gaps: so many extents that the tree has a block, whose list is made at the end */
	for (uint64_t at = 0; r == 0 && at < sizeof(data); at += 2ULL * MKD_BLOCK_BYTES)
		r = mkd_ext4_data(w, data, MKD_BLOCK_BYTES, at, err);
	if (r == 0)
		r = mkd_ext4_end(w, err);
	if (r < 0) {
		mkd_ext4_abort(w);
		return r;
	}
	return mkd_ext4_finish(w, 1, &f->stats, err);
}

static void an_image_runs_out_of_memory(void **state)
{
	struct fsimage f;
	struct mkd_err err;

	fs_init(&f, state, "i", 16 * MIB);
	/*
	 * mkd_ext4_create: -ENOMEM; mkd_ext4_add: -ENOMEM; mkd_ext4_data: -ENOMEM;
	 * mkd_ext4_end: -ENOMEM; mkd_ext4_finish: -ENOMEM
	 */
	assert_nomem(whole_image(&f, &err), &err);
	fs_abort(&f);
}

static void a_signal_comes_before_the_first_member(void **state)
{
	const struct mkd_entry e = { .path = "d", .type = MKD_FT_DIR };
	struct fsimage f;
	struct mkd_err err;

	fs_init(&f, state, "i", 16 * MIB);
	fs_fill(&f, 0xaa);
	f.req.zeroed = false;
	fs_create(&f);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_ext4_add(f.w, &e, &err), &err, EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
	fs_abort(&f);
}

static void wait_for_the_fault(void)
{
	/* disarming would end it: so it is only looked at */
	for (int i = 0; i < 5000 && !fault_has_struck(); i++)
		(void)usleep(1000);
	(void)usleep(20000); /* the thread notes it after the call has come back */
	assert_true(fault_disarm());
}

/* The thread's failure is met by what hands a run of blocks over next. */
static void the_target_fails(void **state)
{
	static char data[6 * MIB];
	struct mkd_entry e = { .path = "f", .type = MKD_FT_REG, .size_bytes = sizeof(data) };
	const struct mkd_entry small = { .path = "g", .type = MKD_FT_REG, .size_bytes = 4096 };
	struct fsimage f;
	struct mkd_err err;

	memset(data, 'x', sizeof(data));
	fs_new(&f, state, "i", 64 * MIB);
	assert_ok(mkd_ext4_add(f.w, &e, &err), &err);
	fault_arm(FAULT_PWRITE, 1, ENOSPC);
	assert_ok(mkd_ext4_data(f.w, data, 5 * MIB, 0, &err), &err);
	wait_for_the_fault();
	assert_ok(mkd_ext4_data(f.w, data, MIB, 5 * MIB, &err), &err);
	assert_ok(mkd_ext4_end(f.w, &err), &err);
	assert_ok(mkd_ext4_add(f.w, &small, &err), &err);
	assert_ok(mkd_ext4_end(f.w, &err), &err);
	e.path = "h";
	assert_ok(mkd_ext4_add(f.w, &e, &err), &err);
	assert_fails(mkd_ext4_data(f.w, data, 6 * MIB, 0, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot write '");
	fs_abort(&f);
}

static void fail_to_write(struct fsimage *f, const void *data, size_t len, int code)
{
	fault_arm(FAULT_PWRITE, 1, code);
	assert_ok(mkd_ext4_data(f->w, data, len, 0, &f->err), &f->err);
	wait_for_the_fault();
}

/* Any other errno comes back as it is, by each call that touches the target. */
static void other_failures_of_the_target(void **state)
{
	static char data[9 * MIB];
	struct mkd_entry e = { .path = "f", .type = MKD_FT_REG, .size_bytes = sizeof(data) + 9 };
	struct fsimage f;

	memset(data, 'x', sizeof(data));
	fs_new(&f, state, "i", 64 * MIB);
	assert_ok(mkd_ext4_add(f.w, &e, &f.err), &f.err);
	fail_to_write(&f, data, 5 * MIB, EIO);
	assert_fails(mkd_ext4_data(f.w, data, 4 * MIB, 5 * MIB, &f.err), &f.err, EIO, MKD_EXIT_IO,
		     "cannot write '");
	fs_abort(&f);
	/* 8 MiB fill two runs; what ends the file needs a third */
	fs_new(&f, state, "i", 64 * MIB);
	assert_ok(mkd_ext4_add(f.w, &e, &f.err), &f.err);
	fail_to_write(&f, data, 8 * MIB, EIO);
	assert_ok(mkd_ext4_data(f.w, data, 9, 8 * MIB, &f.err), &f.err);
	assert_fails(mkd_ext4_end(f.w, &f.err), &f.err, EIO, MKD_EXIT_IO, "cannot write '");
	fs_abort(&f);
	fs_init(&f, state, "i", 16 * MIB);
	f.req.zeroed = false;
	fs_create(&f);
	assert_fault(FAULT_FDATASYNC, 1, mkd_ext4_add(f.w, &e, &f.err), &f.err, EIO, MKD_EXIT_IO,
		     "stable storage");
	fs_abort(&f);
}

/* Names of 255 bytes, all the same to the table: only their number and length count. */
static void a_folder_of_too_many_names_is_refused(void **state)
{
	const size_t n = 3400000;
	cleanup_free uint32_t *order = calloc(n, sizeof(*order));
	char text[256];
	struct mkd_dirout d;
	struct inside i;
	struct mkd_err err;

	begin(&i, state);
	memset(text, 'n', sizeof(text));
	i.c.names.v = calloc(n, sizeof(*i.c.names.v));
	assert_true(order && i.c.names.v);
	for (size_t k = 0; k < n; k++) {
		i.c.names.v[k] = (struct mkd_name){ .dir = MKD_INO_ROOT, .ino = 12, .len = 255 };
		order[k] = (uint32_t)k;
	}
	i.c.names.n = n;
	i.c.names.text = text;
	d = (struct mkd_dirout){ .c = &i.c, .ino = MKD_INO_ROOT, .parent = MKD_INO_ROOT };
	assert_fails(mkd_htree_write(&d, order, n, &err), &err, EFBIG, MKD_EXIT_ARCHIVE,
		     "has 3400000 names");
	i.c.names.text = NULL;
	end(&i);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(the_library_fails),
		WITH_DIR(blocks_run_out),
		WITH_DIR(extents_fail),
		WITH_DIR(parts_refuse_what_is_wrong),
		WITH_DIR(folders_run_out_of_memory),
		WITH_DIR(an_image_runs_out_of_memory),
		WITH_DIR(a_signal_comes_before_the_first_member),
		WITH_DIR(the_target_fails),
		WITH_DIR(other_failures_of_the_target),
		WITH_DIR(a_folder_of_too_many_names_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
