/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of guestfile: paths, edits and writes in a guest's root. */
#include "guestroots.h"

#include <errno.h>
#include <string.h>

static void links_of_a_root_stay_inside_it(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_err err = { 0 };
	struct mkd_buf where = { 0 };

	(void)state;
	assert_ok(mkd_tree_remove(t, "/etc/hosts", &err), &err);
	tree_mem_symlink(t, "../../../../run/hosts", "/etc/hosts");
	tree_mem_dir(t, "/run");
	assert_ok(root_hook(t, &guest, "hostname", NULL, &err), &err);
	assert_non_null(strstr(tree_mem_text(t, "/run/hosts"), "web1"));
	tree_mem_symlink(t, "b", "/a");
	tree_mem_symlink(t, "a", "/b");
	assert_fails(mkd_guest_resolve(t, "/a/x", &where, &err), &err, ELOOP, MKD_EXIT_HOOK, "40");
	assert_ok(mkd_guest_resolve(t, "/sbin/../../etc/./os-release", &where, &err), &err);
	assert_string_equal(where.data, "/usr/lib/os-release");
	assert_ok(mkd_guest_resolve(t, "/..", &where, &err), &err);
	assert_string_equal(where.data, "/");
	assert_ok(mkd_guest_resolve(t, "/no/such", &where, &err), &err);
	assert_string_equal(where.data, "/no/such");
	mkd_buf_free(&where);
	tree_mem_free(t);
}

static int add_x(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	(void)arg;
	(void)err;
	mkd_text_span(out, in);
	mkd_buf_str(out, "x");
	return 0;
}

static void an_edit_that_never_settles_is_refused(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_guest_io io = { t, NULL };
	struct mkd_edit edit = { add_x, NULL };
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_guest_edit(&io, "/etc/rc.conf", 0, edit, &err), &err, ENOTRECOVERABLE,
		     MKD_EXIT_INTERNAL, "twice");
	assert_text(t, "/etc/rc.conf", "# what\n#rc_sys=\"\"\n");
	assert_fails(mkd_guest_edit(&io, "/etc/none", 0, edit, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "/etc/none");
	tree_mem_file(t, "/etc/taken", "");
	assert_fails(mkd_guest_link(&io, "x", "/etc/taken", &err), &err, EEXIST, MKD_EXIT_HOOK,
		     "/etc/taken");
	tree_mem_free(t);
}

static const struct mkd_tree_ops *true_ops;

static int lying_read(struct mkd_tree *t, const char *path, size_t max_bytes, struct mkd_buf *ret,
		      struct mkd_err *err)
{
	int r = true_ops->read(t, path, max_bytes, ret, err);

	if (r == 0 && ret->len)
		ret->data[0] ^= 1;
	return r;
}

static void what_reads_back_different_is_not_done(void **state)
{
	struct mkd_tree *t = gentoo_openrc();
	struct mkd_guest_io io = { t, NULL };
	struct mkd_tree_ops ops = *t->ops;
	struct mkd_err err;

	(void)state;
	true_ops = t->ops;
	ops.read = lying_read;
	t->ops = &ops;
	assert_fails(mkd_guest_write(&io, "/etc/new", "text", 0644, &err), &err, EIO, MKD_EXIT_IO,
		     "'/etc/new' reads back different");
	t->ops = true_ops;
	tree_mem_free(t);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_of_a_root_stay_inside_it),
		cmocka_unit_test(an_edit_that_never_settles_is_refused),
		cmocka_unit_test(what_reads_back_different_is_not_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
