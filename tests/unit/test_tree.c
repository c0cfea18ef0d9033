/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The suite of tree_cases.c on the tree in memory, and what only that one can do. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "tree_cases.h"
#include "tree_mem.h"

static int setup(void **state)
{
	struct mkd_tree *t = tree_mem_new();

	tree_cases_seed(t);
	tree_mem_node(t, "/fifo", S_IFIFO | 0644);
	tree_mem_node(t, "/dev/sda", S_IFBLK | 0660);
	*state = t;
	return 0;
}

static int teardown(void **state)
{
	tree_mem_free(*state);
	return 0;
}

static void what_is_refused_changes_nothing(void **state)
{
	cleanup_buf struct mkd_buf before = { 0 }, after = { 0 };
	unsigned changes = tree_mem_changes(*state);

	tree_mem_dump(*state, &before);
	tree_cases_refusals(*state);
	tree_mem_dump(*state, &after);
	assert_string_equal(mkd_buf_cstr(&before), mkd_buf_cstr(&after));
	assert_int_equal(changes, tree_mem_changes(*state));
}

static void files_folders_and_links_are_edited(void **state)
{
	tree_cases_edits(*state);
}

static void symlinks_never_lead_out(void **state)
{
	tree_cases_symlinks(*state);
}

static void a_full_tree_says_so(void **state)
{
	struct mkd_err err;

	tree_mem_room(*state, 3, SIZE_MAX);
	assert_fails(mkd_tree_write(*state, "/x", "x", 1, 0644, &err), &err, ENOSPC,
		     MKD_EXIT_NOSPACE, "cannot write '/x': no inode is left");
	tree_mem_room(*state, SIZE_MAX, 10);
	assert_fails(mkd_tree_symlink(*state, "x", "/x", &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "no room");
	assert_false(mkd_tree_exists(*state, "/x"));
}

static void doing_it_again_changes_nothing(void **state)
{
	struct mkd_err err;
	unsigned changes;

	tree_mem_file(*state, "/a/b", "text");
	tree_mem_symlink(*state, "b", "/a/l");
	changes = tree_mem_changes(*state);
	tree_mem_file(*state, "/a/b", "text");
	tree_mem_symlink(*state, "b", "/a/l");
	tree_mem_dir(*state, "/a");
	assert_ok(mkd_tree_chmod(*state, "/a/b", 0644, &err), &err);
	assert_ok(mkd_tree_remove(*state, "/a/none", &err), &err);
	assert_int_equal(changes, tree_mem_changes(*state));
	assert_string_equal(tree_mem_text(*state, "/a/l"), "text");
	assert_string_equal(tree_mem_text(*state, "/a/none"), "(none)");
}

static void hard_links_share_what_is_written(void **state)
{
	struct mkd_err err;

	tree_mem_link(*state, "/etc/fstab", "/etc/other");
	assert_ok(mkd_tree_write(*state, "/etc/other", "both", 4, 0644, &err), &err);
	assert_string_equal(tree_mem_text(*state, "/etc/fstab"), "both");
	assert_ok(mkd_tree_remove(*state, "/etc/fstab", &err), &err);
	assert_string_equal(tree_mem_text(*state, "/etc/other"), "both");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_refused_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(files_folders_and_links_are_edited, setup,
						teardown),
		cmocka_unit_test_setup_teardown(symlinks_never_lead_out, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_tree_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(doing_it_again_changes_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(hard_links_share_what_is_written, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
