/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "roottest.h"

#include <string.h>
#include <sys/stat.h>

struct mkd_tree *root_of(const char *const *paths)
{
	struct mkd_tree *t = tree_mem_new();

	tree_mem_dir(t, "/etc");
	for (; *paths; paths++) {
		const char *link = strstr(*paths, " -> "), *file = strstr(*paths, " = ");
		char path[128];
		size_t len;

		(void)snprintf(path, sizeof(path), "%s", *paths);
		len = strlen(path);
		if (file) {
			path[file - *paths] = '\0';
			tree_mem_file(t, path, file + 3);
		} else if (link) {
			path[link - *paths] = '\0';
			tree_mem_symlink(t, link + 4, path);
		} else if (path[len - 1] == '/') {
			path[len - 1] = '\0';
			tree_mem_dir(t, path);
		} else {
			tree_mem_file(t, path, "ELF");
		}
	}
	return t;
}

int root_hook(struct mkd_tree *t, const struct mkd_guest *g, const char *name, struct test_ui *ui,
	      struct mkd_err *err)
{
	struct mkd_facts facts;
	struct mkd_strv names = { 0 };
	struct mkd_hook_ctx c = { t, &facts, g, ui ? &ui->ui : NULL };
	int r = mkd_facts_find(t, &facts, err);

	for (const struct mkd_hook *h = mkd_hooks; h->name && r == 0; h++)
		if (!name || strcmp(name, h->name) == 0)
			r = mkd_strv_add(&names, h->name, err);
	if (r == 0)
		r = mkd_hooks_run(mkd_hooks, &names, &c, err);
	mkd_strv_free(&names);
	return r;
}

void root_hook_twice(struct mkd_tree *t, const struct mkd_guest *g, const char *name,
		     struct test_ui *ui)
{
	struct mkd_buf first = { 0 }, second = { 0 };
	struct mkd_err err = { 0 };
	unsigned changes;

	assert_ok(root_hook(t, g, name, ui, &err), &err);
	tree_mem_dump(t, &first);
	changes = tree_mem_changes(t);
	assert_ok(root_hook(t, g, name, NULL, &err), &err);
	tree_mem_dump(t, &second);
	assert_string_equal(mkd_buf_cstr(&second), mkd_buf_cstr(&first));
	assert_int_equal(tree_mem_changes(t), changes);
	mkd_buf_free(&first);
	mkd_buf_free(&second);
}

void assert_text(struct mkd_tree *t, const char *path, const char *want)
{
	assert_string_equal(tree_mem_text(t, path), want);
}

void assert_link(struct mkd_tree *t, const char *path, const char *want)
{
	struct mkd_buf text = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_tree_readlink(t, path, &text, &err), &err);
	assert_string_equal(mkd_buf_cstr(&text), want);
	mkd_buf_free(&text);
}

void assert_mode(struct mkd_tree *t, const char *path, mode_t want)
{
	struct mkd_tree_stat st;
	struct mkd_err err = { 0 };

	assert_ok(mkd_tree_stat(t, path, false, &st, &err), &err);
	assert_int_equal(st.mode & 07777, want);
	assert_int_equal(st.uid, 0);
}

void assert_said(const struct test_ui *ui, const char *words)
{
	if (!strstr(mkd_buf_cstr(&ui->said), words))
		fail_msg("'%s' is not in: %s", words, mkd_buf_cstr(&ui->said));
}

void assert_unsaid(const struct test_ui *ui, const char *words)
{
	if (strstr(mkd_buf_cstr(&ui->said), words))
		fail_msg("'%s' is in: %s", words, mkd_buf_cstr(&ui->said));
}

void assert_edit(edit_fn *edit, const void *arg, const char *in, const char *want)
{
	struct mkd_buf out = { 0 }, again = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(edit(mkd_span_of(in), arg, &out, &err), &err);
	assert_ok(mkd_buf_check(&out, &err), &err);
	assert_string_equal(mkd_buf_cstr(&out), want);
	assert_ok(edit(mkd_span_buf(&out), arg, &again, &err), &err);
	assert_string_equal(mkd_buf_cstr(&again), want);
	mkd_buf_free(&out);
	mkd_buf_free(&again);
}
