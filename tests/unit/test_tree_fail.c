/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree on ext4, its parts and what edits guests, while memory or the target fail. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <ext2fs/ext2fs.h>

#include "ext4_image.h"
#include "fault.h"
#include "mkdomu/e4_ops.h"
#include "mkdomu/file.h"
#include "mkdomu/guestfile.h"
#include "mkdomu/tree_ext4.h"

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

static struct mkd_facts facts = { .unit_dir = "/lib/systemd" };

/* A small root; "/many" has an index of hashes. */
static struct ext4_image image(void **state)
{
	struct ext4_image im = { .state = state, .name = "disk", .size_bytes = 16 * MIB };
	struct mkd_err err;

	image_make(&im);
	image_open(&im);
	assert_ok(mkd_tree_mkdirs(im.t, "/etc/sub", 0755, &err), &err);
	assert_ok(mkd_tree_mkdirs(im.t, "/sbin", 0755, &err), &err);
	assert_ok(mkd_tree_mkdirs(im.t, "/lib/systemd/system", 0755, &err), &err);
	assert_ok(mkd_tree_mkdir(im.t, "/many", 0755, &err), &err);
	assert_ok(mkd_tree_symlink(im.t, "/etc/f", "/link", &err), &err);
	assert_ok(mkd_tree_symlink(im.t, LONG, "/long", &err), &err);
	image_put(im.t, "/etc/f", "text\n", 5);
	image_put(im.t, "/sbin/init", "x", 1);
	image_put(im.t, "/etc/os-release", "ID=x\n", 5);
	image_put(im.t, "/lib/systemd/system/u.service", "[Install]\nWantedBy=m.target\n", 28);
	image_put_many(im.t, "/many", 0, 300);
	image_save(&im);
	return im;
}

static int upper(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	(void)arg;
	(void)err;
	(void)in;
	mkd_buf_str(out, "TEXT\n");
	return 0;
}

static int longer(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	(void)arg;
	(void)err;
	mkd_text_span(out, in);
	mkd_buf_str(out, "x\n");
	return 0;
}

static int refuses(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	(void)in;
	(void)arg;
	(void)out;
	return mkd_fail(err, MKD_EXIT_HOOK, EDOM, "the edit says no");
}

typedef int op_fn(struct mkd_tree *t, struct mkd_err *err);

static int op_read(struct mkd_tree *t, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf b = { 0 };

	return mkd_tree_read(t, "/link", 99, &b, err);
}

static int op_readlink(struct mkd_tree *t, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf b = { 0 };

	return mkd_tree_readlink(t, "/long", &b, err);
}

static int op_list(struct mkd_tree *t, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };

	return mkd_tree_list(t, "/etc", &names, err);
}

static int op_write(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_write(t, "/etc/new", LONG, sizeof(LONG), 0644, err);
}

static int op_write_many(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_write(t, "/many/new", LONG, sizeof(LONG), 0644, err);
}

static int op_replace(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_write(t, "/etc/f", LONG, sizeof(LONG), 0644, err);
}

static int op_symlink(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_symlink(t, LONG, "/etc/l", err);
}

static int op_mkdir(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_mkdir(t, "/etc/d", 0755, err);
}

static int op_remove(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_remove(t, "/etc/f", err);
}

static int op_chmod(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_chmod(t, "/etc/f", 0600, err);
}

static int op_chown(struct mkd_tree *t, struct mkd_err *err)
{
	return mkd_tree_chown(t, "/etc/f", 1, 1, err);
}

static int op_walk(struct mkd_tree *t, struct mkd_err *err)
{
	struct mkd_walk at;

	return mkd_e4_walk(t, "/link", true, &at, err);
}

static int op_edit(struct mkd_tree *t, struct mkd_err *err)
{
	const struct mkd_guest_io io = { t, NULL };

	return mkd_guest_edit(&io, "/etc/f", 0, (struct mkd_edit){ upper, NULL }, err);
}

static int op_link(struct mkd_tree *t, struct mkd_err *err)
{
	const struct mkd_guest_io io = { t, NULL };

	return mkd_guest_link(&io, "/x", "/etc/a/b/c", err);
}

static int op_resolve(struct mkd_tree *t, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf b = { 0 };

	return mkd_guest_resolve(t, "/link", &b, err);
}

static int op_runlevel(struct mkd_tree *t, struct mkd_err *err)
{
	const struct mkd_guest_io io = { t, NULL };

	return mkd_runlevel_add(&io, "sshd", "default", err);
}

static int op_unit(struct mkd_tree *t, struct mkd_err *err)
{
	const struct mkd_guest_io io = { t, NULL };

	return mkd_unit_enable(&io, &facts, "u.service", err);
}

static int op_facts(struct mkd_tree *t, struct mkd_err *err)
{
	struct mkd_facts f;

	return mkd_facts_find(t, &f, err);
}

/*
 * Let each allocation of op fail in turn, on a tree just opened. Questions whose answer may be "no"
 * (is there such a file?) go on without memory: then op succeeds. Returns what a failure gave.
 */
static int sweep(struct ext4_image *im, op_fn *op, bool questions)
{
	uint64_t before = image_hash(im);
	unsigned failed = 0;
	bool struck = true;
	struct mkd_err err;

	for (unsigned n = 1; struck; n++) {
		int r;

		image_open(im);
		memset(&err, 0, sizeof(err));
		fault_arm(FAULT_ALLOC, n, ENOMEM);
		r = op(im->t, &err);
		struck = fault_disarm();
		mkd_tree_ext4_abort(steal(&im->t));
		failed += r < 0;
		if (r < 0 ? !struck || r != -ENOMEM || err.exit != MKD_EXIT_INTERNAL
			  : struck && !questions)
			fail_msg("allocation %u: %d, class %d, '%s'", n, r, err.exit, err.msg);
	}
	assert_true(image_hash(im) == before);
	return failed ? -ENOMEM : 0;
}

static void every_operation_runs_out_of_memory(void **state)
{
	/*
	 * mkd_tree_read: -ENOMEM; mkd_tree_readlink: -ENOMEM; mkd_tree_list: -ENOMEM;
	 * mkd_tree_write: -ENOMEM; mkd_tree_symlink: -ENOMEM; mkd_tree_mkdir: -ENOMEM;
	 * mkd_tree_remove: -ENOMEM; mkd_tree_chmod: -ENOMEM; mkd_tree_chown: -ENOMEM;
	 * mkd_walk: -ENOMEM; mkd_e4_dir_init: -ENOMEM; mkd_e4_htree_leaves: -ENOMEM;
	 * mkd_e4_blocks_write: -ENOMEM; mkd_e4_read_link: -ENOMEM
	 */
	static op_fn *const ops[] = { op_read,       op_readlink, op_list,    op_write,
				      op_write_many, op_replace,  op_symlink, op_mkdir,
				      op_remove,     op_chmod,    op_chown,   op_walk };
	struct ext4_image im = image(state);

	for (size_t i = 0; i < ARRAY_LEN(ops); i++)
		assert_int_equal(sweep(&im, ops[i], false), -ENOMEM);
	image_done(&im);
}

static void guests_are_edited_without_memory(void **state)
{
	/*
	 * mkd_guest_edit: -ENOMEM; mkd_guest_edits: -ENOMEM; mkd_guest_link: -ENOMEM;
	 * mkd_guest_resolve: -ENOMEM; mkd_runlevel_add: -ENOMEM; mkd_unit_enable: -ENOMEM;
	 * mkd_facts_find: -ENOMEM
	 */
	static const struct {
		op_fn *op;
		bool questions;
	} rows[] = {
		{ op_edit, false },    { op_link, true }, { op_resolve, true },
		{ op_runlevel, true }, { op_unit, true }, { op_facts, true },
	};
	struct ext4_image im = image(state);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(sweep(&im, rows[i].op, rows[i].questions), -ENOMEM);
	image_done(&im);
}

static void edits_fail(void **state)
{
	struct ext4_image im = image(state);
	const struct mkd_edit edit = { upper, NULL }, no = { refuses, NULL },
			      more = { longer, NULL };
	struct mkd_guest_io io = { NULL, NULL };
	struct mkd_err err;

	image_open(&im);
	io.tree = im.t;
	assert_fails(mkd_guest_edits(&io, "/etc/none", 0, &edit, 1, &err), &err, ENOENT,
		     MKD_EXIT_HOOK, "'/etc/none'");
	assert_fails(mkd_guest_edits(&io, "/etc/f", 0, &no, 1, &err), &err, EDOM, MKD_EXIT_HOOK,
		     "cannot edit '/etc/f': the edit says no");
	assert_fails(mkd_guest_edit(&io, "/etc/f", 0, no, &err), &err, EDOM, MKD_EXIT_HOOK,
		     "the edit says no");
	assert_fails(mkd_guest_edits(&io, "/etc/f", 0, &more, 1, &err), &err, ENOTRECOVERABLE,
		     MKD_EXIT_INTERNAL, "twice gives another");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_guest_edits(&io, "/etc/f", 0, &edit, 1, &err), &err, EINTR, 128 + SIGTERM,
		     "interrupted");
	assert_fails(mkd_guest_edit(&io, "/etc/f", 0, edit, &err), &err, EINTR, 128 + SIGTERM,
		     "interrupted");
	mkd_signal_set(0);
	assert_fails(mkd_unit_enable(&io, &facts, "none.service", &err), &err, ENOENT,
		     MKD_EXIT_HOOK, "no such unit");
	assert_ok(mkd_tree_mkdirs(im.t, "/etc/systemd/system", 0755, &err), &err);
	assert_ok(mkd_tree_symlink(im.t, "/dev/null", "/etc/systemd/system/u.service", &err), &err);
	assert_fails(mkd_unit_enable(&io, &facts, "u.service", &err), &err, EPERM, MKD_EXIT_HOOK,
		     "this root masks it");
	image_done(&im);
}

/* A tree that takes what is written and gives something else back. */
static int other_read(struct mkd_tree *t, const char *path, size_t max, struct mkd_buf *ret,
		      struct mkd_err *err)
{
	(void)t;
	(void)path;
	(void)max;
	(void)err;
	mkd_buf_str(ret, "a");
	return 0;
}

static int other_write(struct mkd_tree *t, const char *path, const void *data, size_t len,
		       mode_t mode, struct mkd_err *err)
{
	(void)t;
	(void)path;
	(void)data;
	(void)len;
	(void)mode;
	(void)err;
	return 0;
}

static void what_reads_back_different_is_told(void **state)
{
	static const struct mkd_tree_ops ops = { .read = other_read, .write = other_write };
	struct mkd_tree t = { &ops };
	const struct mkd_guest_io io = { &t, NULL };
	const struct mkd_edit edit = { upper, NULL };
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_guest_edits(&io, "/f", 0, &edit, 1, &err), &err, EIO, MKD_EXIT_IO,
		     "reads back different");
	assert_fails(mkd_guest_edit(&io, "/f", 0, edit, &err), &err, EIO, MKD_EXIT_IO,
		     "reads back different");
}

static int bad_lookup(void *ctx, uint64_t dir, const char *name, struct mkd_node *ret,
		      struct mkd_err *err)
{
	(void)ctx;
	(void)dir;
	(void)name;
	(void)ret;
	return mkd_fail(err, MKD_EXIT_IO, EUCLEAN, "the folder is damaged");
}

static void a_walk_hands_on_what_its_back_end_says(void **state)
{
	const struct mkd_walk_fs fs = { .root = 2, .lookup = bad_lookup };
	struct mkd_walk at;
	char name[300];
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_walk(&fs, "/a", true, &at, &err), &err, EUCLEAN, MKD_EXIT_IO, "damaged");
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_fails(mkd_walk(&fs, name, true, &at, &err), &err, ENAMETOOLONG, MKD_EXIT_HOOK,
		     "longer than 255");
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(every_operation_runs_out_of_memory),
		WITH_DIR(guests_are_edited_without_memory),
		WITH_DIR(edits_fail),
		cmocka_unit_test(what_reads_back_different_is_told),
		cmocka_unit_test(a_walk_hands_on_what_its_back_end_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
