/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tree_cases.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "test.h"

static void put(struct mkd_tree *t, const char *path, const char *text)
{
	struct mkd_err err;

	assert_ok(mkd_tree_write(t, path, text, strlen(text), 0644, &err), &err);
}

static void link_to(struct mkd_tree *t, const char *target, const char *path)
{
	struct mkd_err err;

	assert_ok(mkd_tree_symlink(t, target, path, &err), &err);
}

void tree_cases_seed(struct mkd_tree *t)
{
	static const char *const dirs[] = { "/etc/sub", "/usr/lib", "/full", "/dev", "/proc/self" };
	static const char *const links[][2] = {
		{ "usr/lib", "/lib" },           { "fstab", "/etc/rel" },
		{ "/etc/fstab", "/etc/abs" },    { "../../../../../etc/fstab", "/etc/up" },
		{ "loop2", "/etc/loop1" },       { "loop1", "/etc/loop2" },
		{ "self", "/etc/self" },         { "made", "/etc/dangling" },
		{ "/no/where", "/etc/faraway" }, { "fstab/", "/etc/slash" },
		{ "sub/", "/etc/subslash" },     { "/proc/self/root", "/etc/proc" },
		{ "/", "/proc/self/root" },      { "/dev/sda", "/etc/disk" },
		{ "..", "/etc/parent" },
	};
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		assert_ok(mkd_tree_mkdirs(t, dirs[i], 0755, &err), &err);
	put(t, "/etc/fstab", "first\n");
	put(t, "/full/file", "x");
	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		link_to(t, links[i][0], links[i][1]);
}

/* Every operation, with one argument where it has one. */
enum op { STAT, LSTAT, READ, READLINK, LIST, WRITE, SYMLINK, MKDIR, MKDIRS, REMOVE, CHMOD, CHOWN };

static int run(struct mkd_tree *t, enum op op, const char *path, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv names = { 0 };
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_tree_stat st;

	switch (op) {
	case STAT:
	case LSTAT:
		return mkd_tree_stat(t, path, op == STAT, &st, err);
	case READ:
		return mkd_tree_read(t, path, 5, &b, err);
	case READLINK:
		return mkd_tree_readlink(t, path, &b, err);
	case LIST:
		return mkd_tree_list(t, path, &names, err);
	case WRITE:
		return mkd_tree_write(t, path, "evil", 4, 0644, err);
	case SYMLINK:
		return mkd_tree_symlink(t, "evil", path, err);
	case MKDIR:
		return mkd_tree_mkdir(t, path, 0700, err);
	case MKDIRS:
		return mkd_tree_mkdirs(t, path, 0700, err);
	case REMOVE:
		return mkd_tree_remove(t, path, err);
	case CHMOD:
		return mkd_tree_chmod(t, path, 0600, err);
	default:
		return mkd_tree_chown(t, path, 1, 1, err);
	}
}

/*
 * mkd_tree_stat: -ENOENT, -EINVAL; mkd_tree_read: -ENOENT, -EISDIR, -EFBIG, -EINVAL;
 * mkd_tree_readlink: -ENOENT, -EINVAL; mkd_tree_list: -ENOENT, -ENOTDIR;
 * mkd_tree_write: -ENOENT, -ENOTDIR, -EISDIR, -EINVAL; mkd_tree_symlink: -ENOENT, -ENOTDIR,
 * -EEXIST; mkd_tree_mkdir: -ENOENT, -ENOTDIR, -EEXIST; mkd_tree_mkdirs: -ENOTDIR; mkd_tree_remove:
 * -ENOTEMPTY, -EINVAL, -ENOTDIR; mkd_tree_chmod: -ENOENT; mkd_tree_chown: -ENOENT; mkd_walk:
 * -ENOENT, -ENOTDIR, -ELOOP
 */
static const struct {
	enum op op;
	const char *path;
	int code;
	const char *words;
} refusals[] = {
	{ STAT, "/no", ENOENT, "cannot look at '/no': there is no 'no'" },
	{ STAT, "/no/x", ENOENT, "there is no 'no'" },
	{ STAT, "/etc/dangling", ENOENT, "no 'made'" },
	{ STAT, "/etc/faraway", ENOENT, "no 'no'" },
	{ STAT, "/etc/fstab/x", ENOTDIR, "'fstab' is not a folder" },
	{ STAT, "/etc/fstab/..", ENOTDIR, "'fstab' is not a folder" },
	{ STAT, "/etc/slash", ENOTDIR, "'fstab' is not a folder" },
	{ STAT, "/etc/loop1", ELOOP, "more than 40 symlinks" },
	{ STAT, "/etc/self/x", ELOOP, "more than 40 symlinks" },
	{ STAT, "etc", EINVAL, "not an absolute path" },
	{ STAT, "", EINVAL, "not an absolute path" },
	{ LSTAT, "/no", ENOENT, "no 'no'" },
	{ LSTAT, "/etc/loop1/x", ELOOP, "more than 40" },
	{ READ, "/no", ENOENT, "cannot read '/no'" },
	{ READ, "/etc", EISDIR, "it is a folder" },
	{ READ, "/etc/fstab", EFBIG, "6 bytes, over the limit of 5 bytes" },
	{ READ, "/fifo", EINVAL, "not a regular file" },
	{ READ, "/etc/disk", EINVAL, "not a regular file" },
	{ READ, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ READ, "/etc/loop2", ELOOP, "40 symlinks" },
	{ READ, "x", EINVAL, "not an absolute path" },
	{ READLINK, "/etc/fstab", EINVAL, "not a symlink" },
	{ READLINK, "/etc", EINVAL, "not a symlink" },
	{ READLINK, "/no", ENOENT, "no 'no'" },
	{ READLINK, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ READLINK, "/etc/loop1/x", ELOOP, "40 symlinks" },
	{ LIST, "/no", ENOENT, "cannot list '/no'" },
	{ LIST, "/etc/fstab", ENOTDIR, "not a folder" },
	{ LIST, "/fifo", ENOTDIR, "not a folder" },
	{ LIST, "/etc/loop1", ELOOP, "40 symlinks" },
	{ WRITE, "/etc", EISDIR, "cannot write '/etc': it is a folder" },
	{ WRITE, "/", EISDIR, "folder" },
	{ WRITE, "/lib", EISDIR, "folder" },
	{ WRITE, "/etc/new/", EISDIR, "names a folder" },
	{ WRITE, "/etc/..", EISDIR, "folder" },
	{ WRITE, "/fifo", EINVAL, "not a regular file" },
	{ WRITE, "/etc/disk", EINVAL, "not a regular file" },
	{ WRITE, "/no/x", ENOENT, "no 'no'" },
	{ WRITE, "/etc/faraway", ENOENT, "no 'no'" },
	{ WRITE, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ WRITE, "/etc/loop1", ELOOP, "40 symlinks" },
	{ WRITE, "fstab", EINVAL, "not an absolute path" },
	{ SYMLINK, "/etc/fstab", EEXIST, "something else is there" },
	{ SYMLINK, "/etc/rel", EEXIST, "something else is there" },
	{ SYMLINK, "/etc", EEXIST, "something else is there" },
	{ SYMLINK, "/", EEXIST, "folder" },
	{ SYMLINK, "/etc/new/", EEXIST, "names a folder" },
	{ SYMLINK, "/no/x", ENOENT, "no 'no'" },
	{ SYMLINK, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ SYMLINK, "/etc/loop1/x", ELOOP, "40 symlinks" },
	{ MKDIR, "/etc/fstab", EEXIST, "something else is there" },
	{ MKDIR, "/etc/rel", EEXIST, "something else is there" },
	{ MKDIR, "/etc/dangling", EEXIST, "something else is there" },
	{ MKDIR, "/etc/faraway", EEXIST, "something else is there" },
	{ MKDIR, "/no/x", ENOENT, "no 'no'" },
	{ MKDIR, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ MKDIR, "/etc/loop1", ELOOP, "40 symlinks" },
	{ MKDIRS, "/etc/fstab", EEXIST, "something else is there" },
	{ MKDIRS, "/etc/fstab/x/y", ENOTDIR, "'/etc/fstab' is not a folder" },
	{ MKDIRS, "/fifo/x", ENOTDIR, "'/fifo' is not a folder" },
	{ MKDIRS, "/etc/self/x", ELOOP, "40 symlinks" },
	{ MKDIRS, "a/b", EINVAL, "not an absolute path" },
	{ REMOVE, "/full", ENOTEMPTY, "cannot remove '/full': the folder is not empty" },
	{ REMOVE, "/", EINVAL, "no name of its own" },
	{ REMOVE, "//./", EINVAL, "no name of its own" },
	{ REMOVE, "/etc/sub/..", EINVAL, "no name of its own" },
	{ REMOVE, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ REMOVE, "/etc/loop1/x", ELOOP, "40 symlinks" },
	{ CHMOD, "/no", ENOENT, "cannot change the mode of '/no'" },
	{ CHMOD, "/etc/dangling", ENOENT, "no 'made'" },
	{ CHMOD, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ CHMOD, "/etc/loop1", ELOOP, "40 symlinks" },
	{ CHOWN, "/no", ENOENT, "cannot change the owner of '/no'" },
	{ CHOWN, "/etc/fstab/x", ENOTDIR, "not a folder" },
	{ CHOWN, "/etc/loop1", ELOOP, "40 symlinks" },
};

/* Paths and texts that are too long need more than a table. */
static void too_long(struct mkd_tree *t)
{
	char name[258] = "/", path[4200], text[4200];
	struct mkd_err err;

	memset(name + 1, 'n', 256);
	name[257] = '\0';
	memset(path, '/', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	memset(text, 't', sizeof(text) - 1);
	text[4096] = '\0';
	for (enum op op = STAT; op <= CHOWN; op++) {
		/*
		 * mkd_tree_stat: -ENAMETOOLONG, -EINVAL; mkd_tree_read: -ENAMETOOLONG,
		 * -EINVAL; mkd_tree_readlink: -ENAMETOOLONG, -EINVAL; mkd_tree_list:
		 * -ENAMETOOLONG, -EINVAL; mkd_tree_write: -ENAMETOOLONG, -EINVAL;
		 * mkd_tree_symlink: -ENAMETOOLONG, -EINVAL; mkd_tree_mkdir: -ENAMETOOLONG,
		 * -EINVAL; mkd_tree_remove: -ENAMETOOLONG, -EINVAL; mkd_tree_chmod:
		 * -ENAMETOOLONG, -EINVAL; mkd_tree_chown: -ENAMETOOLONG, -EINVAL
		 */
		assert_fails(run(t, op, name, &err), &err, ENAMETOOLONG, MKD_EXIT_HOOK,
			     "longer than 255 bytes");
		assert_fails(run(t, op, path, &err), &err, ENAMETOOLONG, MKD_EXIT_HOOK,
			     "longer than 4095 bytes");
		assert_fails(run(t, op, "", &err), &err, EINVAL, MKD_EXIT_HOOK, "absolute");
	}
	assert_fails(mkd_tree_symlink(t, text, "/new", &err), &err, ENAMETOOLONG, MKD_EXIT_HOOK,
		     "target is longer than 4095 bytes");
	assert_fails(mkd_tree_symlink(t, "", "/new", &err), &err, EINVAL, MKD_EXIT_HOOK,
		     "target is empty");
}

void tree_cases_refusals(struct mkd_tree *t)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		assert_fails(run(t, refusals[i].op, refusals[i].path, &err), &err, refusals[i].code,
			     MKD_EXIT_HOOK, refusals[i].words);
	too_long(t);
	assert_false(mkd_tree_exists(t, "/etc/loop1"));
	assert_false(mkd_tree_exists(t, "/etc/dangling"));
	assert_false(mkd_tree_exists(t, "/new"));
	assert_ok(mkd_tree_read(t, "/etc/fstab", 99, &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), "first\n");
}

static void has(struct mkd_tree *t, const char *path, const char *text)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err;

	assert_ok(mkd_tree_read(t, path, 4096, &b, &err), &err);
	assert_non_null(b.data);
	assert_string_equal(b.data, text);
	assert_int_equal(b.len, strlen(text));
}

static void is(struct mkd_tree *t, const char *path, mode_t mode, uint32_t uid, uint32_t gid)
{
	struct mkd_tree_stat st = { 0 };
	struct mkd_err err;

	assert_ok(mkd_tree_stat(t, path, false, &st, &err), &err);
	assert_int_equal(st.mode, mode);
	assert_int_equal(st.uid, uid);
	assert_int_equal(st.gid, gid);
}

static void lists(struct mkd_tree *t, const char *path, const char *want)
{
	cleanup_strv struct mkd_strv names = { 0 };
	cleanup_buf struct mkd_buf got = { 0 };
	struct mkd_err err;

	assert_ok(mkd_tree_list(t, path, &names, &err), &err);
	for (size_t i = 0; i < names.n; i++)
		mkd_buf_printf(&got, "%s ", names.v[i]);
	assert_string_equal(mkd_buf_cstr(&got), want);
}

static void folders(struct mkd_tree *t)
{
	struct mkd_err err;

	assert_ok(mkd_tree_mkdir(t, "/new", 0711, &err), &err);
	assert_ok(mkd_tree_mkdir(t, "/new/", 0700, &err), &err);
	is(t, "/new", S_IFDIR | 0711, 0, 0);
	assert_ok(mkd_tree_mkdirs(t, "/new/a/b/./c//d", 01777, &err), &err);
	is(t, "/new/a/b/c", S_IFDIR | 0755, 0, 0);
	is(t, "/new/a/b/c/d", S_IFDIR | 01777, 0, 0);
	assert_ok(mkd_tree_mkdir(t, "/", 0700, &err), &err);
	assert_ok(mkd_tree_mkdir(t, "/etc/subslash", 0700, &err), &err);
	assert_ok(mkd_tree_mkdirs(t, "/lib/modules/x", 0755, &err), &err);
	is(t, "/usr/lib/modules/x", S_IFDIR | 0755, 0, 0);
	is(t, "/lib", S_IFLNK | 0777, 0, 0);
	put(t, "/new/\xff", "");
	put(t, "/new/Z", "");
	lists(t, "/new", "Z a \xff ");
	assert_ok(mkd_tree_remove(t, "/new/a/b/c/d", &err), &err);
	assert_ok(mkd_tree_remove(t, "/new/a/b/c/d", &err), &err);
	assert_ok(mkd_tree_remove(t, "/no/such/thing", &err), &err);
	assert_ok(mkd_tree_remove(t, "/new/a/b/c/", &err), &err);
	lists(t, "/new/a/b", "");
}

static void files(struct mkd_tree *t)
{
	struct mkd_tree_stat st;
	struct mkd_err err;

	assert_ok(mkd_tree_write(t, "/etc/shadow", "root:x", 6, 0100640, &err), &err);
	assert_ok(mkd_tree_chown(t, "/etc/shadow", 7, 70000, &err), &err);
	assert_ok(mkd_tree_write(t, "/etc/shadow", "root:y:long", 11, 0777, &err), &err);
	is(t, "/etc/shadow", S_IFREG | 0640, 7, 70000);
	has(t, "/etc/shadow", "root:y:long");
	assert_ok(mkd_tree_chmod(t, "/etc/shadow", 04711, &err), &err);
	is(t, "/etc/shadow", S_IFREG | 04711, 7, 70000);
	assert_ok(mkd_tree_write(t, "/etc/shadow", NULL, 0, 0777, &err), &err);
	has(t, "/etc/shadow", "");
	assert_ok(mkd_tree_stat(t, "/etc/shadow", true, &st, &err), &err);
	assert_int_equal(st.size_bytes, 0);
	assert_ok(mkd_tree_remove(t, "/etc/shadow", &err), &err);
	assert_false(mkd_tree_exists(t, "/etc/shadow"));
	assert_ok(mkd_tree_remove(t, "/fifo", &err), &err);
	assert_ok(mkd_tree_chown(t, "/etc/rel", 5, 6, &err), &err);
	is(t, "/etc/fstab", S_IFREG | 0644, 5, 6);
	assert_ok(mkd_tree_chmod(t, "/lib", 0750, &err), &err);
	is(t, "/usr/lib", S_IFDIR | 0750, 0, 0);
}

static void links(struct mkd_tree *t)
{
	cleanup_buf struct mkd_buf b = { 0 };
	char longest[4095];
	struct mkd_err err;

	memset(longest, 'x', sizeof(longest) - 1);
	longest[59] = '\0'; /* the longest that an inode holds, then the first that it does not */
	link_to(t, longest, "/etc/fast");
	longest[59] = 'x';
	longest[60] = '\0';
	link_to(t, longest, "/etc/slow");
	longest[60] = 'x';
	longest[4094] = '\0';
	link_to(t, longest, "/etc/longest");
	link_to(t, longest, "/etc/longest");
	assert_ok(mkd_tree_readlink(t, "/etc/longest", &b, &err), &err);
	assert_string_equal(mkd_buf_cstr(&b), longest);
	assert_ok(mkd_tree_readlink(t, "/etc/slow", &b, &err), &err);
	assert_int_equal(b.len, 60);
	assert_ok(mkd_tree_readlink(t, "/etc/fast", &b, &err), &err);
	assert_int_equal(b.len, 59);
	assert_ok(mkd_tree_remove(t, "/etc/rel", &err), &err);
	has(t, "/etc/fstab", "first\n");
	assert_ok(mkd_tree_remove(t, "/etc/longest", &err), &err);
	assert_ok(mkd_tree_remove(t, "/etc/slow", &err), &err);
	assert_ok(mkd_tree_remove(t, "/etc/loop1", &err), &err);
}

void tree_cases_edits(struct mkd_tree *t)
{
	folders(t);
	files(t);
	links(t);
}

void tree_cases_symlinks(struct mkd_tree *t)
{
	has(t, "/etc/rel", "first\n");
	has(t, "/etc/abs", "first\n");
	has(t, "/etc/up", "first\n");
	has(t, "/../../etc/fstab", "first\n");
	has(t, "/etc/parent/../../etc/parent/etc/fstab", "first\n");
	/* What the kernel would take for a way out of a chroot is a folder as any other here. */
	has(t, "/etc/proc/etc/fstab", "first\n");
	has(t, "/proc/self/root/proc/self/root/etc/fstab", "first\n");
	put(t, "/etc/up", "second\n");
	has(t, "/etc/fstab", "second\n");
	put(t, "/etc/dangling", "there now");
	has(t, "/etc/made", "there now");
	is(t, "/etc/dangling", S_IFLNK | 0777, 0, 0);
	put(t, "/etc/parent/../../../beside", "x");
	has(t, "/beside", "x");
	put(t, "/lib/x", "in usr");
	has(t, "/usr/lib/x", "in usr");
	/* 40 links are followed, 41 are not. */
	for (unsigned i = 0; i <= 40; i++) {
		char from[32], to[32];
		struct mkd_err err;

		(void)snprintf(from, sizeof(from), "/chain%u", i + 1);
		(void)snprintf(to, sizeof(to), i ? "chain%u" : "etc/fstab", i);
		link_to(t, to, from);
		if (i < 40)
			has(t, from, "second\n");
		else
			assert_fails(run(t, READ, from, &err), &err, ELOOP, MKD_EXIT_HOOK,
				     "more than 40");
	}
}
