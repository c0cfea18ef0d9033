/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of builder/domain/kernel.c, on made-up folders and images. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "mkdomu/file.h"
#include "mkdomu/kernel.h"

static void touch(void **state, const char *name)
{
	test_write(test_path(state, name), "x", 1);
}

static void assert_newest(void **state, const char *kernel, const char *ramdisk)
{
	cleanup_free char *k = NULL, *r = NULL;
	struct mkd_err err = { 0 };

	assert_ok(mkd_kernel_newest(*state, &k, &r, &err), &err);
	assert_string_equal(k, test_path(state, kernel));
	if (ramdisk)
		assert_string_equal(r, test_path(state, ramdisk));
	else
		assert_null(r);
}

static void the_newest_version_wins_not_the_last_name(void **state)
{
	touch(state, "vmlinuz-6.9.12-amd64");
	touch(state, "vmlinuz-6.12.3-amd64");
	touch(state, "vmlinuz-5.10.0-30-amd64");
	assert_newest(state, "vmlinuz-6.12.3-amd64", NULL);
	touch(state, "initrd.img-6.9.12-amd64");
	assert_newest(state, "vmlinuz-6.12.3-amd64", NULL);
	touch(state, "initrd-6.12.3-amd64");
	assert_newest(state, "vmlinuz-6.12.3-amd64", "initrd-6.12.3-amd64");
	touch(state, "initramfs-6.12.3-amd64.img");
	assert_newest(state, "vmlinuz-6.12.3-amd64", "initramfs-6.12.3-amd64.img");
	touch(state, "initrd.img-6.12.3-amd64");
	assert_newest(state, "vmlinuz-6.12.3-amd64", "initrd.img-6.12.3-amd64");
}

static void backups_folders_and_dangling_links_are_no_kernels(void **state)
{
	cleanup_free char *k = NULL, *r = NULL;
	struct mkd_err err = { 0 };

	touch(state, "vmlinuz");
	touch(state, "vmlinuz-lts");
	touch(state, "vmlinuz-6.1.old");
	touch(state, "vmlinuz-6.1.bak");
	touch(state, "vmlinuz-6.1~");
	touch(state, "vmlinuz-6.1.dpkg-new");
	touch(state, "config-6.1");
	assert_int_equal(mkdir(test_path(state, "vmlinuz-9"), 0755), 0);
	assert_int_equal(symlink("nowhere", test_path(state, "vmlinuz-8")), 0);
	assert_fails(mkd_kernel_newest(*state, &k, &r, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "--kernel");
	touch(state, "vmlinuz-6.1");
	assert_int_equal(symlink("vmlinuz-6.1", test_path(state, "vmlinuz-6.2")), 0);
	assert_newest(state, "vmlinuz-6.2", NULL);
}

static void a_folder_that_is_not_there(void **state)
{
	cleanup_free char *k = NULL, *r = NULL;
	struct mkd_err err = { 0 };

	assert_fails(mkd_kernel_newest(test_path(state, "no"), &k, &r, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "/no'");
	touch(state, "f");
	assert_fails(mkd_kernel_newest(test_path(state, "f"), &k, &r, &err), &err, ENOTDIR,
		     MKD_EXIT_USAGE, "/f'");
	assert_null(k);
}

/* A boot sector and a setup header of this protocol version, then some text. */
static void make_bzimage(uint8_t image[static 2048], unsigned protocol)
{
	memset(image, 0, 2048);
	image[0x1f1] = 1;
	image[0x1fe] = 0x55;
	image[0x1ff] = 0xaa;
	memcpy(image + 0x202, "HdrS", 4);
	image[0x206] = protocol & 0xff;
	image[0x207] = (uint8_t)(protocol >> 8);
}

static void write_gz(const char *path, const void *data, unsigned len)
{
	gzFile f = gzopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(gzwrite(f, data, len), len);
	assert_int_equal(gzclose(f), Z_OK);
}

static void assert_kernel(void **state, const char *name, enum mkd_kernel_check want)
{
	enum mkd_kernel_check got = (enum mkd_kernel_check)77;
	struct mkd_err err = { 0 };

	assert_ok(mkd_kernel_look(test_path(state, name), NULL, &got, &err), &err);
	assert_int_equal(got, want);
}

static void assert_no_kernel(void **state, const char *name, const char *words)
{
	enum mkd_kernel_check got = MKD_KERNEL_ABSENT;
	struct mkd_err err = { 0 };

	assert_fails(mkd_kernel_look(test_path(state, name), NULL, &got, &err), &err, EINVAL,
		     MKD_EXIT_USAGE, words);
	assert_int_equal(got, MKD_KERNEL_ABSENT);
}

static void bzimages_elf_images_and_gzipped_ones_are_kernels(void **state)
{
	uint8_t image[2048], elf[64] = "\177ELF\2\1\1";

	make_bzimage(image, 0x208);
	test_write(test_path(state, "bz"), image, sizeof(image));
	assert_kernel(state, "bz", MKD_KERNEL_OK);
	make_bzimage(image, 0x20f);
	test_write(test_path(state, "bz"), image, sizeof(image));
	assert_kernel(state, "bz", MKD_KERNEL_OK);
	write_gz(test_path(state, "bz.gz"), image, sizeof(image));
	assert_kernel(state, "bz.gz", MKD_KERNEL_OK);
	elf[16] = 2;
	test_write(test_path(state, "elf"), elf, sizeof(elf));
	assert_kernel(state, "elf", MKD_KERNEL_OK);
	write_gz(test_path(state, "elf.gz"), elf, sizeof(elf));
	assert_kernel(state, "elf.gz", MKD_KERNEL_OK);
}

static void other_files_are_not(void **state)
{
	uint8_t image[2048], elf[64] = "\177ELF\2\1\1";

	make_bzimage(image, 0x207);
	test_write(test_path(state, "old"), image, sizeof(image));
	assert_no_kernel(state, "old", "boot protocol is 2.07");
	make_bzimage(image, 0x20f);
	test_write(test_path(state, "cut"), image, 0x206);
	assert_no_kernel(state, "cut", "no bzImage");
	image[0x1fe] = 0;
	test_write(test_path(state, "unmarked"), image, sizeof(image));
	assert_no_kernel(state, "unmarked", "no bzImage");
	elf[16] = 1;
	test_write(test_path(state, "object"), elf, sizeof(elf));
	assert_no_kernel(state, "object", "no bzImage, ELF or arm64 image");
	test_write(test_path(state, "empty"), "", 0);
	assert_no_kernel(state, "empty", "no bzImage");
	write_gz(test_path(state, "initrd"), "070701 a cpio archive", 21);
	assert_no_kernel(state, "initrd", "no bzImage");
	test_write(test_path(state, "gzip"), "\x1f\x8b\x08 broken", 10);
	assert_no_kernel(state, "gzip", "no bzImage");
	assert_int_equal(mkdir(test_path(state, "dir"), 0755), 0);
	assert_no_kernel(state, "dir", "not a file");
	assert_int_equal(mkfifo(test_path(state, "fifo"), 0600), 0);
	assert_no_kernel(state, "fifo", "not a file");
}

static void a_kernel_that_is_not_here_or_not_ours_to_read(void **state)
{
	enum mkd_kernel_check got = MKD_KERNEL_OK;
	struct mkd_err err = { 0 };

	assert_kernel(state, "no", MKD_KERNEL_ABSENT);
	touch(state, "f");
	assert_kernel(state, "f/no", MKD_KERNEL_ABSENT);
	assert_int_equal(chmod(test_path(state, "f"), 0), 0);
	if (geteuid() != 0)
		assert_kernel(state, "f", MKD_KERNEL_UNREADABLE);
	/* reading this file of the kernel's at its start always fails with EIO */
	assert_fails(mkd_kernel_look("/proc/self/mem", NULL, &got, &err), &err, EIO, MKD_EXIT_IO,
		     "/proc/self/mem");
}

static void a_kernel_of_another_architecture_is_refused(void **state)
{
	static const struct {
		const char *kernel, *arch;
		bool good;
	} rows[] = {
		{ "bz", "amd64", true },
		{ "bz", "x86_64", true },
		{ "bz", "i686", true },
		{ "bz", "arm64", false },
		{ "bz.gz", "aarch64", false },
		{ "image", "arm64", true },
		{ "image", "aarch64", true },
		{ "image", "amd64", false },
		{ "image.gz", "x86_64", false },
		{ "image.gz", "arm64", true },
		{ "elf-x86-64", "amd64", true },
		{ "elf-x86-64", "arm64", false },
		{ "elf-aarch64", "arm64", true },
		{ "elf-aarch64", "amd64", false },
		{ "elf-aarch64", "riscv64", true },
		{ "elf-aarch64", NULL, true },
		{ "elf-riscv", "amd64", true }, /* not known here */
		{ "no", "arm64", true },
	};
	uint8_t image[2048], elf[64] = "\177ELF\2\1\1";

	make_bzimage(image, 0x20f);
	test_write(test_path(state, "bz"), image, sizeof(image));
	write_gz(test_path(state, "bz.gz"), image, sizeof(image));
	memset(image, 0, sizeof(image));
	memcpy(image + 56, "ARM\x64", 4);
	test_write(test_path(state, "image"), image, sizeof(image));
	write_gz(test_path(state, "image.gz"), image, sizeof(image));
	elf[16] = 2;
	elf[18] = 62;
	test_write(test_path(state, "elf-x86-64"), elf, sizeof(elf));
	elf[18] = 183;
	test_write(test_path(state, "elf-aarch64"), elf, sizeof(elf));
	elf[18] = 243;
	test_write(test_path(state, "elf-riscv"), elf, sizeof(elf));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		enum mkd_kernel_check got = MKD_KERNEL_OK;
		const char *path = test_path(state, rows[i].kernel);
		struct mkd_err err = { 0 };

		if (rows[i].good)
			assert_ok(mkd_kernel_look(path, rows[i].arch, &got, &err), &err);
		else
			assert_fails(mkd_kernel_look(path, rows[i].arch, &got, &err), &err, EINVAL,
				     MKD_EXIT_USAGE, "and the root file system is for");
	}
}

int main(void)
{
#define WITH_DIR(t) cmocka_unit_test_setup_teardown(t, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		WITH_DIR(the_newest_version_wins_not_the_last_name),
		WITH_DIR(backups_folders_and_dangling_links_are_no_kernels),
		WITH_DIR(a_folder_that_is_not_there),
		WITH_DIR(bzimages_elf_images_and_gzipped_ones_are_kernels),
		WITH_DIR(other_files_are_not),
		WITH_DIR(a_kernel_of_another_architecture_is_refused),
		WITH_DIR(a_kernel_that_is_not_here_or_not_ours_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
