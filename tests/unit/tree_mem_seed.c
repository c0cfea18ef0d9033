/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What fills and shows a tree in memory by the operations that every tree has. */
#include "tree_mem.h"

#include <string.h>
#include <sys/stat.h>

#include "test.h"

void tree_mem_parents(struct mkd_tree *t, const char *path)
{
	char *dir = strdup(path);
	struct mkd_err err;
	char *slash;

	assert_non_null(dir);
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		assert_ok(mkd_tree_mkdirs(t, dir, 0755, &err), &err);
	}
	free(dir);
}

void tree_mem_dir(struct mkd_tree *t, const char *path)
{
	struct mkd_err err;

	assert_ok(mkd_tree_mkdirs(t, path, 0755, &err), &err);
}

void tree_mem_file(struct mkd_tree *t, const char *path, const char *text)
{
	struct mkd_err err;

	tree_mem_parents(t, path);
	assert_ok(mkd_tree_write(t, path, text, strlen(text), 0644, &err), &err);
}

void tree_mem_symlink(struct mkd_tree *t, const char *target, const char *path)
{
	struct mkd_err err;

	tree_mem_parents(t, path);
	assert_ok(mkd_tree_symlink(t, target, path, &err), &err);
}

static void dump(struct mkd_tree *t, const char *path, struct mkd_buf *ret)
{
	cleanup_strv struct mkd_strv names = { 0 };
	cleanup_buf struct mkd_buf data = { 0 };
	struct mkd_tree_stat st = { 0 };
	struct mkd_err err;

	assert_ok(mkd_tree_stat(t, path, false, &st, &err), &err);
	mkd_buf_printf(ret, "%06o %u %u %s", st.mode, st.uid, st.gid, path);
	if (S_ISLNK(st.mode)) {
		assert_ok(mkd_tree_readlink(t, path, &data, &err), &err);
		mkd_buf_printf(ret, " -> %s", mkd_buf_cstr(&data));
	}
	mkd_buf_str(ret, "\n");
	if (S_ISREG(st.mode)) {
		assert_ok(mkd_tree_read(t, path, SIZE_MAX, &data, &err), &err);
		mkd_buf_add(ret, data.data, data.len);
	}
	if (S_ISDIR(st.mode))
		assert_ok(mkd_tree_list(t, path, &names, &err), &err);
	for (size_t i = 0; i < names.n; i++) {
		cleanup_free char *below = NULL;

		assert_ok(mkd_asprintf(&below, &err, "%s/%s", path[1] ? path : "", names.v[i]),
			  &err);
		dump(t, below, ret);
	}
}

void tree_mem_dump(struct mkd_tree *t, struct mkd_buf *ret)
{
	dump(t, "/", ret);
	assert_false(ret->failed);
}

const char *tree_mem_text(struct mkd_tree *t, const char *path)
{
	static struct mkd_buf ring[8];
	static unsigned next;
	struct mkd_buf *b = &ring[next++ % ARRAY_LEN(ring)];
	struct mkd_err err;

	if (mkd_tree_read(t, path, SIZE_MAX, b, &err) < 0) {
		mkd_buf_reset(b);
		mkd_buf_str(b, "(none)");
	}
	return mkd_buf_cstr(b);
}
