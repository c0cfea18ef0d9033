/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the tree on ext4, on images that are damaged, full or cannot be written. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "ext4_image.h"
#include "fault.h"
#include "mkdomu/e4_htree.h"
#include "mkdomu/e4_io.h"
#include "mkdomu/e4_ops.h"
#include "mkdomu/tree_ext4.h"

/* An image, open for changes, with a file, a link, and "/many" with an index. */
static struct mkd_e4 *begin(struct ext4_image *im, void **state)
{
	struct mkd_err err;

	*im = (struct ext4_image){ .state = state, .name = "disk", .size_bytes = 16 * MIB };
	image_make(im);
	image_open(im);
	assert_ok(mkd_tree_mkdir(im->t, "/many", 0755, &err), &err);
	assert_ok(mkd_tree_mkdir(im->t, "/sub", 0755, &err), &err);
	assert_ok(mkd_tree_symlink(im->t, "f", "/link", &err), &err);
	image_put(im->t, "/f", "text", 4);
	image_put_many(im->t, "/many", 0, 300);
	image_again(im);
	assert_ok(mkd_e4_writable(mkd_e4_of(im->t), &err), &err);
	return mkd_e4_of(im->t);
}

static void damage_is_found(void **state)
{
	cleanup_e4_dir struct mkd_e4_dir many = { 0 }, sub = { 0 }, none = { 0 };
	cleanup_e4_map struct mkd_e4_map map = { 0 };
	cleanup_buf struct mkd_buf b = { 0 };
	cleanup_free size_t *leaves = NULL;
	const struct mkd_e4_entry entry = { "n", 1, 12, EXT2_FT_REG_FILE };
	uint8_t junk[4096];
	struct ext4_image im;
	struct mkd_e4 *e = begin(&im, state);
	struct mkd_e4_inode i;
	struct mkd_err err;
	size_t n;

	memset(junk, 0x5a, sizeof(junk));
	assert_ok(mkd_e4_get(im.t, "/many", true, &i, &err), &err);
	assert_ok(mkd_e4_dir_open(e, i.no, &many, &err), &err);
	assert_int_equal(io_channel_write_blk64(e->fs->io, many.map.data[0], 1, junk), 0);
	assert_fails(mkd_e4_htree_leaves(&many, "x", &leaves, &n, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "damaged");
	assert_fails(mkd_e4_htree_rebuild(&many, &entry, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "damaged");
	assert_ok(mkd_e4_get(im.t, "/sub", true, &i, &err), &err);
	assert_ok(mkd_e4_dir_open(e, i.no, &sub, &err), &err);
	assert_int_equal(io_channel_write_blk64(e->fs->io, sub.map.data[0], 1, junk), 0);
	assert_fails(mkd_e4_dir_each(&sub, NULL, NULL, &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "damaged");
	/* a folder without a block, a file with one beyond the end, a link with too long a text */
	EXT_FIRST_EXTENT((struct ext3_extent_header *)(void *)MKD_E4_IN(&i)->i_block)
	[-1] = (struct ext3_extent){ .ee_block = 0xf30a, .ee_len = 4 };
	assert_ok(mkd_e4_inode_write(e, &i, &err), &err);
	assert_fails(mkd_e4_dir_open(e, i.no, &none, &err), &err, EUCLEAN, MKD_EXIT_IO, "damaged");
	assert_ok(mkd_e4_get(im.t, "/f", true, &i, &err), &err);
	EXT_FIRST_EXTENT((struct ext3_extent_header *)(void *)MKD_E4_IN(&i)->i_block)->ee_start =
		UINT32_MAX;
	assert_ok(mkd_e4_inode_write(e, &i, &err), &err);
	assert_fails(mkd_e4_map_read(e, &i, &map, &err), &err, EUCLEAN, MKD_EXIT_IO, "damaged");
	assert_ok(mkd_e4_get(im.t, "/link", false, &i, &err), &err);
	MKD_E4_IN(&i)->i_size = 5000;
	assert_ok(mkd_e4_inode_write(e, &i, &err), &err);
	assert_fails(mkd_e4_read_link(e, i.no, &b, &err), &err, EUCLEAN, MKD_EXIT_IO, "damaged");
	image_done(&im);
}

static void parts_run_out_of_memory_and_room(void **state)
{
	static const uint64_t gaps[] = { 3000, 3002, 3004, 3006, 3008, 3010 };
	cleanup_e4_dir struct mkd_e4_dir many = { 0 }, sub = { 0 };
	cleanup_free uint64_t *all = NULL;
	struct mkd_e4_entry entry = { "n", 1, 12, EXT2_FT_REG_FILE };
	char name[200];
	struct ext4_image im;
	struct mkd_e4 *e = begin(&im, state);
	struct mkd_e4_inode i;
	struct mkd_err err;
	size_t n;
	int r = 0;

	assert_nomem(mkd_e4_inode_read(e, 1000, &i, &err), &err);
	assert_fault(FAULT_PREAD, 1, mkd_e4_inode_read(e, 800, &i, &err), &err, EIO, MKD_EXIT_IO,
		     "reading an inode");
	assert_ok(mkd_e4_get(im.t, "/many", true, &i, &err), &err);
	assert_ok(mkd_e4_dir_open(e, i.no, &many, &err), &err);
	assert_nomem(mkd_e4_dir_resize(&many, many.map.n_data + 1, &err), &err);
	assert_ok(mkd_e4_dir_resize(&many, many.map.n_data - 1, &err), &err);
	assert_nomem(mkd_e4_htree_rebuild(&many, &entry, &err), &err);
	assert_ok(mkd_e4_get(im.t, "/f", true, &i, &err), &err);
	assert_nomem(mkd_e4_map_set(e, &i, ARRAY_LEN(gaps), gaps, &err), &err);
	n = (size_t)ext2fs_free_blocks_count(e->fs->super);
	all = calloc(n, sizeof(*all));
	assert_non_null(all);
	assert_ok(mkd_e4_blocks_take(e, n, all, &err), &err);
	assert_fails(mkd_e4_map_set(e, &i, ARRAY_LEN(gaps), gaps, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "it needs");
	assert_ok(mkd_e4_get(im.t, "/sub", true, &i, &err), &err);
	assert_ok(mkd_e4_dir_open(e, i.no, &sub, &err), &err);
	entry.name = name;
	entry.len = 100;
	for (int k = 0; r == 0; k++) {
		(void)snprintf(name, sizeof(name), "%0100d", k);
		r = mkd_e4_dir_add(&sub, &entry, &err);
	}
	assert_fails(mkd_e4_dir_add(&sub, &entry, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "it needs");
	image_done(&im);
}

static void saving_fails(void **state)
{
	struct mkd_tree_ext4_req req = { .name = "disk.img", .epoch_sec = 1 };
	struct ext4_image im;
	struct mkd_e4 *e = begin(&im, state);
	uint64_t before;
	struct mkd_err err;

	image_put(im.t, "/new", "x", 1);
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	assert_int_equal(mkd_e4_io_commit(e->fs->io), -ENOMEM);
	fault_arm(FAULT_PWRITE, 1, EIO);
	assert_int_equal(mkd_e4_io_commit(e->fs->io), -EIO);
	assert_true(fault_disarm());
	before = image_hash(&im);
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	assert_fails(mkd_tree_ext4_close(im.t, &err), &err, ENOMEM, MKD_EXIT_INTERNAL, "");
	assert_true(fault_disarm());
	assert_true(image_hash(&im) == before);
	image_open(&im);
	image_put(im.t, "/new", "x", 1);
	fault_arm(FAULT_PWRITE, 1, ENOSPC);
	assert_fails(mkd_tree_ext4_close(im.t, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "cannot save the file system");
	assert_true(fault_disarm());
	im.t = NULL;
	req.fd = im.fd;
	assert_nomem(mkd_tree_ext4_open(&req, &im.t, &err), &err);
	mkd_tree_ext4_abort(steal(&im.t));
	req.read_only = true;
	assert_ok(mkd_tree_ext4_open(&req, &im.t, &err), &err);
	assert_fails(mkd_e4_writable(mkd_e4_of(im.t), &err), &err, EROFS, MKD_EXIT_INTERNAL,
		     "to read only");
	assert_fails(mkd_tree_ext4_set_identity(im.t, (const uint8_t[16]){ 1 }, "l", &err), &err,
		     EROFS, MKD_EXIT_INTERNAL, "to read only");
	image_done(&im);
}

static int no_more(void *arg, const struct mkd_e4_entry *entry)
{
	(void)entry;
	return mkd_fail(arg, MKD_EXIT_HOOK, ENOTEMPTY, "stop");
}

static int read_data(struct mkd_e4 *e, const struct mkd_e4_inode *i, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf b = { 0 };

	return mkd_e4_read_data(e, i, &b, err);
}

/* The parts on an image, each with what only it refuses. */
static void parts_refuse(void **state)
{
	struct ext4_image im;
	struct mkd_e4 *e = begin(&im, state);
	cleanup_e4_dir struct mkd_e4_dir d = { 0 };
	cleanup_e4_map struct mkd_e4_map map = { 0 };
	struct mkd_e4_entry entry = { "n", 1, 12, EXT2_FT_REG_FILE };
	struct mkd_e4_inode i, link, dir;
	uint64_t *blocks;
	size_t n;
	struct mkd_err err;

	assert_fails(mkd_e4_inode_read(e, UINT32_MAX, &i, &err), &err, EUCLEAN, MKD_EXIT_IO, "");
	assert_fails(mkd_e4_get(im.t, "/none", true, &i, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "no 'none'");
	assert_ok(mkd_e4_get(im.t, "/f", true, &i, &err), &err);
	assert_ok(mkd_e4_get(im.t, "/link", false, &link, &err), &err);
	assert_ok(mkd_e4_get(im.t, "/many", false, &dir, &err), &err);
	assert_fails(mkd_e4_must_be_file(&link, &err), &err, EINVAL, MKD_EXIT_HOOK,
		     "not a regular");
	assert_fails(mkd_e4_must_be_file(&dir, &err), &err, EISDIR, MKD_EXIT_HOOK, "a folder");
	assert_fails(mkd_e4_dir_open(e, i.no, &d, &err), &err, ENOTDIR, MKD_EXIT_HOOK, "no");
	assert_int_equal(mkd_e4_dir_put(e, (uint8_t[64]){ 0 }, 7, &entry), -EINVAL);
	assert_nomem(read_data(e, &i, &err), &err);
	assert_nomem(mkd_e4_map_read(e, &dir, &map, &err), &err);
	assert_nomem(mkd_e4_dir_open(e, dir.no, &d, &err), &err);
	assert_fails(mkd_e4_dir_load(&d, 999, &err), &err, EUCLEAN, MKD_EXIT_IO, "damaged");
	assert_fails(mkd_e4_dir_remove(&d, "not there", &err), &err, EUCLEAN, MKD_EXIT_IO,
		     "finding a name again");
	assert_fails(mkd_e4_dir_each(&d, no_more, &err, &err), &err, ENOTEMPTY, MKD_EXIT_HOOK,
		     "stop");
	/* more than there is */
	n = (size_t)ext2fs_free_blocks_count(e->fs->super);
	blocks = calloc(n + 1, sizeof(*blocks));
	assert_non_null(blocks);
	assert_fails(mkd_e4_blocks_take(e, n + 1, blocks, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "it needs");
	assert_ok(mkd_e4_blocks_take(e, n, blocks, &err), &err);
	assert_fails(mkd_e4_dir_resize(&d, 500, &err), &err, ENOSPC, MKD_EXIT_NOSPACE, "it needs");
	assert_fails(mkd_e4_htree_rebuild(&d, &entry, &err), &err, ENOSPC, MKD_EXIT_NOSPACE, "");
	ext2fs_free_blocks_count_add(e->fs->super, 1); /* a superblock that counts wrong */
	assert_fails(mkd_e4_blocks_take(e, 1, blocks, &err), &err, EUCLEAN, MKD_EXIT_IO, "damaged");
	ext2fs_free_blocks_count_add(e->fs->super, -1);
	e->fs->super->s_free_inodes_count = 0;
	assert_fails(mkd_e4_inode_new(e, S_IFREG, &i, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "inodes");
	free(blocks);
	image_done(&im);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(damage_is_found),
		WITH_DIR(parts_run_out_of_memory_and_room),
		WITH_DIR(saving_fails),
		WITH_DIR(parts_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
