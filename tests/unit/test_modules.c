/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of modules.h, and of the version in a kernel, on folders of a few files. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/kernel.h"
#include "mkdomu/modules.h"
#include "mkdomu/sha256.h"
#include "roottest.h"

static void text(void **state, const char *name, const char *content)
{
	test_write(test_path(state, name), content, strlen(content));
}

/* DIR/lib/modules/6.1.0-x, as depmod leaves it. */
static void make_modules(void **state)
{
	static const char *const dirs[] = { "lib", "lib/modules", "lib/modules/6.1.0-x",
					    "lib/modules/6.1.0-x/kernel" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		assert_int_equal(mkdir(test_path(state, dirs[i]), 0700), 0);
	text(state, "lib/modules/6.1.0-x/modules.dep",
	     "kernel/xen-netfront.ko.xz:\nkernel/b.ko: kernel/xen-netfront.ko.xz\n/abs/c.ko:\n");
	text(state, "lib/modules/6.1.0-x/modules.alias", "a\n");
	text(state, "lib/modules/6.1.0-x/modules.symbols", "s\n");
	text(state, "lib/modules/6.1.0-x/modules.builtin",
	     "kernel/drivers/block/xen_blkfront.ko\nkernel/fs/ext4/ext4.ko\n");
	text(state, "lib/modules/6.1.0-x/kernel/xen-netfront.ko.xz", "net");
	text(state, "lib/modules/6.1.0-x/kernel/b.ko", "bb");
	assert_int_equal(symlink("/usr/src/x", test_path(state, "lib/modules/6.1.0-x/build")), 0);
	assert_int_equal(symlink("build", test_path(state, "lib/modules/6.1.0-x/source")), 0);
}

static int read_all(void **state, const char *name, const char *version, struct mkd_modules *ret,
		    struct mkd_err *err)
{
	mkd_modules_free(ret);
	return mkd_modules_read(test_path(state, name), version, NULL, "--modules", ret, err);
}

static void a_folder_or_the_one_above_it(void **state)
{
	cleanup(mkd_modules_free) struct mkd_modules m = { 0 }, again = { 0 };
	struct mkd_err err = { 0 };

	make_modules(state);
	assert_ok(read_all(state, "lib/modules/6.1.0-x", NULL, &m, &err), &err);
	assert_string_equal(m.version, "6.1.0-x");
	assert_string_equal(m.dir, test_path(state, "lib/modules/6.1.0-x"));
	assert_int_equal(m.n, 8); /* without build and source */
	assert_string_equal(m.v[0].path, "");
	assert_string_equal(m.v[1].path, "kernel");
	assert_string_equal(m.v[2].path, "kernel/b.ko");
	assert_true(m.v[1].is_dir && !m.v[2].is_dir);
	/* permissions of this host do not count */
	assert_int_equal(chmod(test_path(state, "lib/modules/6.1.0-x/kernel/b.ko"), 0600), 0);
	assert_ok(read_all(state, "lib/modules", "6.1.0-x", &again, &err), &err);
	assert_memory_equal(m.sha256, again.sha256, sizeof(m.sha256));
	mkd_modules_free(&again);
	assert_ok(mkd_modules_read(test_path(state, "lib/modules"), NULL, "6.1.0-x", "--modules",
				   &again, &err),
		  &err);
	/* a link leads to the version, too; and a change is another digest */
	assert_int_equal(symlink("lib/modules/6.1.0-x", test_path(state, "now")), 0);
	text(state, "now/kernel/b.ko", "BB");
	assert_ok(read_all(state, "now", "6.1.0-x", &again, &err), &err);
	assert_string_equal(again.version, "6.1.0-x");
	assert_memory_not_equal(m.sha256, again.sha256, sizeof(m.sha256));
}

static void what_cannot_be_used_is_refused(void **state)
{
	cleanup(mkd_modules_free) struct mkd_modules m = { 0 };
	struct mkd_err err = { 0 };

	make_modules(state);
	/* mkd_modules_read: -EBADMSG, -EINVAL, -ENOENT */
	assert_fails(read_all(state, "lib/modules/6.1.0-x", "6.1.0-y", &m, &err), &err, EBADMSG,
		     MKD_EXIT_USAGE, "of kernel 6.1.0-x, and the guest's kernel is 6.1.0-y");
	assert_fails(read_all(state, "lib/modules", NULL, &m, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "name that folder");
	assert_fails(read_all(state, "lib/modules", "6.2", &m, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "lib/modules/6.2'");
	assert_fails(read_all(state, "none", NULL, &m, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "none'");
	assert_int_equal(mkfifo(test_path(state, "lib/modules/6.1.0-x/pipe"), 0600), 0);
	assert_fails(read_all(state, "lib/modules/6.1.0-x", NULL, &m, &err), &err, EINVAL,
		     MKD_EXIT_USAGE, "pipe' is neither file nor folder");
	assert_int_equal(unlink(test_path(state, "lib/modules/6.1.0-x/pipe")), 0);
	assert_int_equal(unlink(test_path(state, "lib/modules/6.1.0-x/kernel/b.ko")), 0);
	assert_fails(read_all(state, "lib/modules/6.1.0-x", NULL, &m, &err), &err, EINVAL,
		     MKD_EXIT_USAGE, "lists; run 'depmod -b /");
	assert_non_null(strstr(err.msg, " 6.1.0-x'"));
	assert_int_equal(unlink(test_path(state, "lib/modules/6.1.0-x/modules.dep")), 0);
	assert_fails(read_all(state, "lib/modules/6.1.0-x", NULL, &m, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "lacks 'modules.dep', which depmod makes; run 'depmod -b /");
	assert_int_equal(rename(test_path(state, "lib/modules"), test_path(state, "mods")), 0);
	assert_fails(read_all(state, "mods/6.1.0-x", NULL, &m, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "move it to lib/modules");
	assert_int_equal(rename(test_path(state, "mods/6.1.0-x"), test_path(state, "mods/x y")), 0);
	assert_fails(read_all(state, "mods/x y", NULL, &m, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "not named as a kernel's version");
}

static void limits_and_failures(void **state)
{
	cleanup(mkd_modules_free) struct mkd_modules m = { 0 };
	const char *big;
	struct mkd_err err = { 0 };

	make_modules(state);
	/* mkd_modules_read: -EFBIG, -EINTR, -E2BIG, other */
	assert_nomem(read_all(state, "lib/modules", "6.1.0-x", &m, &err), &err);
	assert_fault(FAULT_OPENDIR, 1, read_all(state, "lib/modules", "6.1.0-x", &m, &err), &err,
		     EACCES, MKD_EXIT_USAGE, "cannot list");
	assert_fault(FAULT_READDIR, 1, read_all(state, "lib/modules", "6.1.0-x", &m, &err), &err,
		     EIO, MKD_EXIT_USAGE, "cannot list");
	mkd_signal_set(SIGTERM);
	assert_fails(read_all(state, "lib/modules", "6.1.0-x", &m, &err), &err, EINTR,
		     128 + SIGTERM, "signal");
	mkd_signal_set(0);
	big = test_path(state, "lib/modules/6.1.0-x/big.ko");
	text(state, "lib/modules/6.1.0-x/big.ko", "");
	assert_int_equal(truncate(big, (off_t)MKD_MODULES_FILE_MAX + 1), 0);
	assert_fails(read_all(state, "lib/modules", "6.1.0-x", &m, &err), &err, EFBIG,
		     MKD_EXIT_USAGE, "--modules: ");
	assert_int_equal(unlink(big), 0);
	for (int i = 0; i < MKD_MODULES_FILES_MAX; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "lib/modules/6.1.0-x/kernel/%d", i);
		big = test_path(state, name);
		assert_int_equal(mknod(big, S_IFREG | 0600, 0), 0);
	}
	assert_fails(read_all(state, "lib/modules", "6.1.0-x", &m, &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "over 20000 files");
}

static void a_guest_gets_them_and_nothing_else(void **state)
{
	static const char *const root[] = { "/usr/lib/modules/6.1.0-x/kernel/old.ko = old",
					    "/usr/lib/modules/6.1.0-x/kernel/b.ko/",
					    "/usr/lib/modules/6.1.0-x/modules.alias -> /etc/x",
					    "/usr/lib/modules/5.10/kernel/a.ko = kept",
					    "/lib -> usr/lib",
					    NULL };
	struct mkd_tree *t = root_of(root);
	cleanup(mkd_modules_free) struct mkd_modules m = { 0 };
	cleanup_buf struct mkd_buf all = { 0 };
	struct test_ui ui;
	struct mkd_guest g = { .modules = &m };
	struct mkd_err err = { 0 };

	make_modules(state);
	test_ui_init(&ui);
	assert_ok(read_all(state, "lib/modules/6.1.0-x", NULL, &m, &err), &err);
	root_hook_twice(t, &g, "modules", &ui);
	assert_text(t, "/usr/lib/modules/6.1.0-x/kernel/b.ko", "bb");
	assert_text(t, "/usr/lib/modules/6.1.0-x/kernel/xen-netfront.ko.xz", "net");
	assert_text(t, "/usr/lib/modules/6.1.0-x/modules.alias", "a\n");
	assert_text(t, "/usr/lib/modules/6.1.0-x/kernel/old.ko", "(none)");
	assert_text(t, "/usr/lib/modules/5.10/kernel/a.ko", "kept");
	assert_said(&ui, "wrote '/usr/lib/modules/6.1.0-x'");
	tree_mem_dump(t, &all);
	assert_null(strstr(mkd_buf_cstr(&all), "/build"));
	assert_non_null(strstr(mkd_buf_cstr(&all), "755 0 0 /usr/lib/modules/6.1.0-x/kernel\n"));
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void putting_fails(void **state)
{
	static const char *const root[] = { "/lib/", NULL };
	struct mkd_tree *t = root_of(root);
	cleanup(mkd_modules_free) struct mkd_modules m = { 0 };
	struct mkd_err err = { 0 };

	make_modules(state);
	assert_ok(read_all(state, "lib/modules/6.1.0-x", NULL, &m, &err), &err);
	assert_fault(FAULT_ALLOC, 1, mkd_modules_put(&m, t, "/lib/modules", &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "memory");
	assert_fault(FAULT_OPEN, 1, mkd_modules_put(&m, t, "/lib/modules", &err), &err, EACCES,
		     MKD_EXIT_USAGE, "b.ko");
	mkd_signal_set(SIGINT);
	assert_fails(mkd_modules_put(&m, t, "/lib/modules", &err), &err, EINTR, 128 + SIGINT,
		     "signal");
	mkd_signal_set(0);
	text(state, "lib/modules/6.1.0-x/kernel/b.ko", "changed");
	assert_fails(mkd_modules_put(&m, t, "/lib/modules", &err), &err, EBADMSG, MKD_EXIT_USAGE,
		     "b.ko' has changed");
	tree_mem_free(t);
}

static void where_a_driver_is(void **state)
{
	cleanup(mkd_modules_free) struct mkd_modules m = { 0 };
	struct mkd_err err = { 0 };

	make_modules(state);
	assert_ok(read_all(state, "lib/modules/6.1.0-x", NULL, &m, &err), &err);
	assert_int_equal(mkd_modules_driver(&m, "xen-blkfront"), MKD_DRIVER_BUILTIN);
	assert_int_equal(mkd_modules_driver(&m, "ext4"), MKD_DRIVER_BUILTIN);
	assert_int_equal(mkd_modules_driver(&m, "xen-netfront"), MKD_DRIVER_MODULE);
	assert_int_equal(mkd_modules_driver(&m, "ext"), MKD_DRIVER_NONE);
	assert_int_equal(mkd_modules_driver(&m, "netfront"), MKD_DRIVER_NONE);
}

static bool version_in(void **state, const char *content, unsigned at,
		       char ret[static MKD_KERNEL_VERSION])
{
	const char *path = test_path(state, "k");
	uint8_t image[2048] = { 0 };
	cleanup_close int fd = -1;

	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x202, "HdrS\x0f\x02", 6);
	image[0x20e] = at & 0xff;
	image[0x20f] = (uint8_t)(at >> 8);
	memcpy(image + 0x200 + 0x300, content, strlen(content) + 1);
	test_write(path, image, sizeof(image));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return mkd_kernel_version(fd, ret);
}

static void the_version_in_a_kernel(void **state)
{
	char v[MKD_KERNEL_VERSION];

	assert_true(version_in(state, "6.1.0-44-amd64 (x@y) #1 SMP", 0x300, v));
	assert_string_equal(v, "6.1.0-44-amd64");
	assert_true(version_in(state, "6.12.3_1", 0x300, v));
	assert_string_equal(v, "6.12.3_1");
	assert_false(version_in(state, "6.1.0", 0, v));
	assert_false(version_in(state, "6.1.0", 0x7fff, v));
	assert_false(version_in(state, "6.1\" x", 0x300, v));
	assert_false(version_in(state, "Linux 6.1", 0x300, v));
	assert_string_equal(v, "");
	assert_string_equal(mkd_kernel_name_version("vmlinuz-6.1.0"), "6.1.0");
	assert_null(mkd_kernel_name_version("vmlinuz-6.1.0.old"));
	assert_null(mkd_kernel_name_version("vmlinuz-6.1\"x"));
	assert_null(mkd_kernel_name_version("vmlinuz"));
}

int main(void)
{
#define WITH_DIR(t) cmocka_unit_test_setup_teardown(t, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		WITH_DIR(a_folder_or_the_one_above_it),
		WITH_DIR(what_cannot_be_used_is_refused),
		WITH_DIR(limits_and_failures),
		WITH_DIR(a_guest_gets_them_and_nothing_else),
		WITH_DIR(putting_fails),
		WITH_DIR(where_a_driver_is),
		WITH_DIR(the_version_in_a_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
