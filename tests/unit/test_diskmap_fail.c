/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a disk owns, its digest and its comparison, when reading, memory or the disk itself fail. */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ext2fs/ext2fs.h>

#include "fault.h"
#include "fsimage.h"
#include "mkdomu/diskdiff.h"
#include "mkdomu/diskdigest.h"
#include "mkdomu/file.h"
#include "mkdomu/label.h"
#include "mkdomu/owned.h"
#include "mkdomu/sha256.h"
#include "mkdomu/swap.h"
#include "mkdomu/tree_ext4.h"

#define DISK_BYTES (16 * MIB)
#define PAGE       4096

/* A bare swap, which is the smallest disk that there is. */
static void make_swap(struct fsimage *f, void **state)
{
	struct mkd_swap_req swap = { .name = "disk", .size_bytes = DISK_BYTES };

	fs_init(f, state, "disk", DISK_BYTES);
	swap.fd = f->fd;
	assert_ok(mkd_swap_write(&swap, &f->err), &f->err);
}

/* A bare ext4 whose inode 4096 is in use: there a signal is looked for. */
static void make_ext4(struct fsimage *f, void **state, unsigned files)
{
	char name[32];

	fs_new(f, state, "disk", 128 * MIB);
	for (unsigned i = 0; i < files; i++) {
		(void)snprintf(name, sizeof(name), "d/%u", i);
		fs_file(f, name, i ? "" : "content");
	}
	assert_ok(mkd_ext4_finish(f->w, FS_EPOCH, &f->stats, &f->err), &f->err);
	f->w = NULL;
}

static void make_gpt(struct fsimage *f, void **state)
{
	struct mkd_label_part parts[] = {
		{ MKD_PART_LINUX_SWAP, 4 * MIB, 2 * MIB, { 1 }, "swap" },
		{ MKD_PART_LINUX_SWAP, 8 * MIB, 2 * MIB, { 2 }, "swap" },
	};
	struct mkd_label_req label = { .name = "disk",
				       .size_bytes = DISK_BYTES,
				       .sector_bytes = 512,
				       .disk_guid = { 3 },
				       .parts = parts,
				       .n_parts = 2 };
	struct mkd_swap_req swap = { .name = "disk", .size_bytes = 2 * MIB };

	fs_init(f, state, "disk", DISK_BYTES);
	label.fd = swap.fd = f->fd;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		swap.offset_bytes = parts[i].offset_bytes;
		assert_ok(mkd_swap_write(&swap, &f->err), &f->err);
	}
	assert_ok(mkd_label_write_gpt(&label, &f->err), &f->err);
}

static struct mkd_diskmap_req req_of(const struct fsimage *f, bool content)
{
	return (struct mkd_diskmap_req){ .fd = f->fd, .name = "disk", .content = content };
}

static void put64(const struct fsimage *f, uint64_t at, uint64_t v)
{
	v = htole64(v);
	assert_int_equal(mkd_pwrite_full(f->fd, &v, sizeof(v), at), 0);
}

static void a_map_is_refused(void **state)
{
	struct mkd_diskmap m = { 0 };
	struct mkd_diskmap_req q;
	struct fsimage f;

	fs_init(&f, state, "disk", DISK_BYTES);
	q = req_of(&f, true);
	assert_fails(mkd_diskmap_make(&q, &m, &f.err), &f.err, EINVAL, MKD_EXIT_TARGET,
		     "neither ext4 nor swap, and has no GPT");
	close(f.fd);
	make_swap(&f, state);
	q = req_of(&f, true);
	assert_int_equal(ftruncate(f.fd, DISK_BYTES / 2), 0); /* it may be a part of a device */
	assert_ok(mkd_diskmap_make(&q, &m, &f.err), &f.err);
	assert_int_equal(m.size_bytes, DISK_BYTES);
	mkd_diskmap_free(&m);
	put64(&f, 1028, 0xffffffff00000000); /* its last page is its first */
	assert_ok(mkd_diskmap_make(&q, &m, &f.err), &f.err);
	assert_int_equal(m.size_bytes, PAGE);
	mkd_diskmap_free(&m);
	close(f.fd);
}

static void a_damaged_label_is_refused(void **state)
{
	struct mkd_diskmap m = { 0 };
	struct mkd_diskmap_req q;
	struct mkd_gpt g = { 0 };
	uint8_t table[256];
	struct fsimage f;

	make_gpt(&f, state);
	q = req_of(&f, true);
	assert_fault(FAULT_PREAD, 3, mkd_gpt_read(f.fd, "disk", DISK_BYTES, &g, &f.err), &f.err,
		     EIO, MKD_EXIT_IO, "cannot read 'disk'");
	assert_int_equal(g.sector_bytes, 0);
	/* the second partition within the first */
	put64(&f, 1024 + 128 + 32, 5 * MIB / 512);
	assert_ok(mkd_gpt_read(f.fd, "disk", DISK_BYTES, &g, &f.err), &f.err);
	assert_int_equal(g.parts[1].offset_bytes, 5 * MIB);
	assert_fails(mkd_diskmap_make(&q, &m, &f.err), &f.err, EUCLEAN, MKD_EXIT_TARGET,
		     "its partitions overlap");
	/* the table in the first one */
	put64(&f, 1024 + 128 + 32, 8 * MIB / 512);
	assert_int_equal(mkd_pread_full(f.fd, table, sizeof(table), 1024), 0);
	assert_int_equal(mkd_pwrite_full(f.fd, table, sizeof(table), 4 * MIB + 1024), 0);
	put64(&f, 512 + 72, 4 * MIB / 512 + 2);
	assert_fails(mkd_diskmap_make(&q, &m, &f.err), &f.err, EUCLEAN, MKD_EXIT_TARGET,
		     "its partitions overlap");
	put64(&f, 512 + 32, DISK_BYTES / 512);
	assert_fails(mkd_gpt_read(f.fd, "disk", DISK_BYTES, &g, &f.err), &f.err, EUCLEAN,
		     MKD_EXIT_TARGET, "it ends behind the disk");
	assert_fails(mkd_diskmap_make(&q, &m, &f.err), &f.err, EUCLEAN, MKD_EXIT_TARGET,
		     "it ends behind the disk");
	assert_null(m.owned);
	close(f.fd);
}

static void a_map_fails(void **state)
{
	struct mkd_diskmap m = { 0 };
	struct mkd_diskmap_req q;
	struct fsimage f;

	make_swap(&f, state);
	q = req_of(&f, true);
	assert_nomem(mkd_diskmap_make(&q, &m, &f.err), &f.err);
	mkd_diskmap_free(&m);
	assert_fault(FAULT_SEEK, 1, mkd_diskmap_make(&q, &m, &f.err), &f.err, ESPIPE, MKD_EXIT_IO,
		     "cannot tell the size of 'disk'");
	for (unsigned nth = 1; nth <= 3; nth++)
		assert_fault(FAULT_PREAD, nth, mkd_diskmap_make(&q, &m, &f.err), &f.err, EIO,
			     MKD_EXIT_IO, "cannot read 'disk'");
	close(f.fd);
}

static void a_digest_fails(void **state)
{
	struct mkd_diskmap m = { 0 };
	struct mkd_diskmap_req q;
	uint8_t sum[32], again[32];
	struct fsimage f;

	make_swap(&f, state);
	q = req_of(&f, true);
	assert_ok(mkd_diskmap_make(&q, &m, &f.err), &f.err);
	assert_nomem(mkd_diskdigest(&m, f.fd, 1, NULL, sum, &f.err), &f.err);
	/* a lack of threads is none of its concern */
	fault_arm(FAULT_THREAD, 1, EAGAIN);
	assert_ok(mkd_diskdigest(&m, f.fd, 2, NULL, again, &f.err), &f.err);
	assert_true(fault_disarm());
	assert_memory_equal(sum, again, 32);
	assert_fault(FAULT_PREAD, 1, mkd_diskdigest(&m, f.fd, 2, NULL, sum, &f.err), &f.err, EIO,
		     MKD_EXIT_IO, "cannot read 'disk'");
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_diskdigest(&m, f.fd, 2, NULL, sum, &f.err), &f.err, EINTR,
		     MKD_EXIT_SIGNAL + SIGTERM, "interrupted");
	mkd_signal_set(0);
	assert_memory_equal(sum, again, 32);
	mkd_diskmap_free(&m);
	close(f.fd);
}

/* The library is asked for its version once in a process, so this is one that ends. */
static void an_old_libgcrypt_is_refused(void **state)
{
	const struct mkd_diskmap m = { .name = "disk" };
	int status = -1;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct mkd_err a, b;
		uint8_t sum[32];

		fault_arm(FAULT_GCRYPT, 1, 0);
		/* mkd_gcrypt_start: -ENOTSUP, by way of mkd_sha256; mkd_diskdigest: -ENOTSUP */
		_exit(mkd_sha256("x", 1, sum, &a) != -ENOTSUP || a.exit != MKD_EXIT_INTERNAL ||
		      mkd_diskdigest(&m, 0, 1, NULL, sum, &b) != -ENOTSUP ||
		      b.exit != MKD_EXIT_INTERNAL || !strstr(b.msg, "libgcrypt is older"));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void a_comparison_fails(void **state)
{
	struct mkd_diskmap m = { 0 };
	struct mkd_diskmap_req q;
	struct mkd_diskdiff found = { .places = 77 };
	struct mkd_diskdiff_req d = { .map = &m, .other_name = "other" };
	struct fsimage f;

	make_swap(&f, state);
	q = req_of(&f, true);
	assert_ok(mkd_diskmap_make(&q, &m, &f.err), &f.err);
	d.fd = d.other_fd = f.fd;
	assert_nomem(mkd_diskdiff(&d, &found, &f.err), &f.err);
	assert_int_equal(found.places, 0);
	found.places = 77;
	assert_fault(FAULT_SEEK, 1, mkd_diskdiff(&d, &found, &f.err), &f.err, ESPIPE, MKD_EXIT_IO,
		     "cannot tell the size of 'other'");
	assert_fault(FAULT_PREAD, 1, mkd_diskdiff(&d, &found, &f.err), &f.err, EIO, MKD_EXIT_IO,
		     "cannot read 'disk'");
	assert_fault(FAULT_PREAD, 2, mkd_diskdiff(&d, &found, &f.err), &f.err, EIO, MKD_EXIT_IO,
		     "cannot read 'other'");
	mkd_signal_set(SIGINT);
	assert_fails(mkd_diskdiff(&d, &found, &f.err), &f.err, EINTR, MKD_EXIT_SIGNAL + SIGINT,
		     "interrupted");
	mkd_signal_set(0);
	assert_int_equal(found.places, 77);
	mkd_diskmap_free(&m);
	close(f.fd);
}

static int stop(void *arg, uint64_t offset_bytes, uint64_t size_bytes, struct mkd_err *err)
{
	(void)offset_bytes;
	(void)size_bytes;
	return mkd_fail(err, MKD_EXIT_IO, *(int *)arg, "enough");
}

static int go_on(void *arg, uint64_t offset_bytes, uint64_t size_bytes, struct mkd_err *err)
{
	(void)offset_bytes;
	(void)err;
	*(uint64_t *)arg += size_bytes;
	return 0;
}

static void a_signal_ends_the_look_at_a_file_system(void **state)
{
	const struct mkd_tree_ext4_req req = { .name = "disk", .read_only = true };
	struct mkd_tree_ext4_req open_req = req;
	uint64_t bytes = 0;
	const struct mkd_owned_visit v = { go_on, &bytes, false };
	struct mkd_diskmap m = { 0 };
	struct mkd_diskmap_req q;
	struct mkd_tree *t = NULL;
	struct fsimage f;

	make_ext4(&f, state, 4200);
	q = req_of(&f, false);
	open_req.fd = f.fd;
	assert_ok(mkd_tree_ext4_open(&open_req, &t, &f.err), &f.err);
	assert_ok(mkd_owned_each(t, &v, &f.err), &f.err);
	assert_true(bytes > 0 && bytes < mkd_owned_size(t));
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_owned_each(t, &v, &f.err), &f.err, EINTR, MKD_EXIT_SIGNAL + SIGTERM,
		     "interrupted");
	assert_fails(mkd_diskmap_make(&q, &m, &f.err), &f.err, EINTR, MKD_EXIT_SIGNAL + SIGTERM,
		     "interrupted");
	mkd_signal_set(0);
	mkd_tree_ext4_abort(t);
	close(f.fd);
}

static void a_look_at_a_file_system_fails(void **state)
{
	struct mkd_tree_ext4_req req = { .name = "disk", .read_only = true };
	int code = ENOTTY;
	uint64_t bytes = 0;
	struct mkd_owned_visit v = { stop, &code, false };
	struct mkd_tree *t = NULL;
	struct fsimage f;
	uint32_t block = htole32(40000000);

	make_ext4(&f, state, 1);
	req.fd = f.fd;
	assert_ok(mkd_tree_ext4_open(&req, &t, &f.err), &f.err);
	assert_fails(mkd_owned_each(t, &v, &f.err), &f.err, ENOTTY, MKD_EXIT_IO,
		     "cannot tell the blocks of 'disk': enough");
	v.run = go_on;
	v.arg = &bytes;
	fault_arm(FAULT_EXT2, 1, (int)EXT2_ET_NO_MEMORY);
	assert_fails(mkd_owned_each(t, &v, &f.err), &f.err, ENOMEM, MKD_EXIT_INTERNAL, "memory");
	assert_true(fault_disarm());
	assert_int_equal(bytes, 0);
	mkd_tree_ext4_abort(t);
	/* a block number out of range, and with it the inode's checksum */
	{
		cleanup_buf struct mkd_buf out = { 0 };
		char request[64];

		(void)snprintf(request, sizeof(request), "sif /d/0 block[5] %u", le32toh(block));
		assert_int_equal(fs_run(&out, (const char *const[]){ "debugfs", "-w", "-R", request,
								     f.path, NULL }),
				 0);
	}
	assert_ok(mkd_tree_ext4_open(&req, &t, &f.err), &f.err);
	assert_fails(mkd_owned_each(t, &v, &f.err), &f.err, EUCLEAN, MKD_EXIT_IO,
		     "cannot tell the blocks of 'disk': ");
	mkd_tree_ext4_abort(t);
	close(f.fd);
}

static void only_files_and_disks_are_opened(void **state)
{
	struct mkd_err err;
	int fd = -1;

	assert_fails(mkd_diskmap_open(*state, &fd, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "neither an image file nor a block device");
	/* other: of open(2) */
	assert_fails(mkd_diskmap_open(test_path(state, "nothing"), &fd, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "cannot open '");
	assert_int_equal(fd, -1);
}

int main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, test_dir_setup, test_dir_teardown)
	const struct CMUnitTest tests[] = {
		T(an_old_libgcrypt_is_refused), /* first: the others fix the answer */
		T(a_map_is_refused),
		T(a_damaged_label_is_refused),
		T(a_map_fails),
		T(a_digest_fails),
		T(a_comparison_fails),
		T(a_signal_ends_the_look_at_a_file_system),
		T(a_look_at_a_file_system_fails),
		cmocka_unit_test_setup_teardown(only_files_and_disks_are_opened, test_dir_setup,
						test_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
