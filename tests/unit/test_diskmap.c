/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "fsimage.h"
#include "mkdomu/diskdiff.h"
#include "mkdomu/diskdigest.h"
#include "mkdomu/file.h"
#include "mkdomu/label.h"
#include "mkdomu/swap.h"

#define DISK_BYTES (64 * MIB)
#define FS_AT      MIB
#define FS_BYTES   (48 * MIB)
#define SWAP_AT    (50 * MIB)
#define SWAP_BYTES (4 * MIB)

/* A GPT with an ext4 and a swap, on zeros or on a disk full of something else. */
static void make_disk(struct fsimage *f, void **state, const char *name, int garbage)
{
	struct mkd_label_part parts[] = {
		{ MKD_PART_LINUX_ROOT, FS_AT, FS_BYTES, { 1 }, "root" },
		{ MKD_PART_LINUX_SWAP, SWAP_AT, SWAP_BYTES, { 2 }, "swap" },
	};
	struct mkd_label_req label = { .name = "disk",
				       .size_bytes = DISK_BYTES,
				       .sector_bytes = 512,
				       .disk_guid = { 3 },
				       .parts = parts,
				       .n_parts = 2 };
	struct mkd_swap_req swap = { .name = "disk",
				     .offset_bytes = SWAP_AT,
				     .size_bytes = SWAP_BYTES };

	fs_init(f, state, name, DISK_BYTES);
	if (garbage) {
		fs_fill(f, garbage);
		f->req.zeroed = false;
	}
	f->req.offset_bytes = FS_AT;
	f->req.size_bytes = FS_BYTES;
	fs_create(f);
	fs_dir(f, "etc");
	fs_file(f, "etc/motd", "hello\n");
	assert_ok(mkd_ext4_finish(f->w, FS_EPOCH, &f->stats, &f->err), &f->err);
	f->w = NULL;
	swap.fd = label.fd = f->fd;
	if (garbage) { /* as the target does before a label */
		static const uint8_t zeros[MIB];

		assert_int_equal(mkd_pwrite_full(f->fd, zeros, MIB, 0), 0);
		assert_int_equal(mkd_pwrite_full(f->fd, zeros, MIB, DISK_BYTES - MIB), 0);
	}
	assert_ok(mkd_swap_write(&swap, &f->err), &f->err);
	assert_ok(mkd_label_write_gpt(&label, &f->err), &f->err);
}

static void digest(struct fsimage *f, bool content, unsigned threads, uint8_t ret[32])
{
	const struct mkd_diskmap_req req = { .fd = f->fd, .name = "disk", .content = content };

	assert_ok(mkd_diskdigest_fd(&req, threads, NULL, ret, &f->err), &f->err);
}

static void free_space_does_not_count(void **state)
{
	struct fsimage clean, dirty;
	uint8_t a[32], b[32], c[32];

	make_disk(&clean, state, "clean", 0);
	make_disk(&dirty, state, "dirty", 0xa5);
	digest(&clean, true, 1, a);
	digest(&dirty, true, 3, b);
	assert_memory_equal(a, b, 32);
	digest(&clean, false, 2, b);
	digest(&dirty, false, 1, c);
	assert_memory_equal(b, c, 32);
	assert_memory_not_equal(a, b, 32);
	close(clean.fd);
	close(dirty.fd);
}

static void what_files_hold_is_no_structure(void **state)
{
	struct fsimage f;
	struct mkd_diskmap map;
	const struct mkd_diskmap_req req = { .name = "disk", .content = true };
	struct mkd_diskmap_req q = req;
	uint8_t before[32], after[32], all[32];
	char name[MKD_DISKMAP_NAME_MAX];
	uint64_t at = 0;

	make_disk(&f, state, "disk", 0);
	digest(&f, false, 0, before);
	digest(&f, true, 0, all);
	q.fd = f.fd;
	assert_ok(mkd_diskmap_make(&q, &map, &f.err), &f.err);
	assert_int_equal(map.size_bytes, DISK_BYTES);
	for (size_t i = 0; i < map.n_owned && !at; i++)
		for (uint64_t p = map.owned[i].offset_bytes;
		     p < map.owned[i].offset_bytes + map.owned[i].size_bytes && !at; p += 4096) {
			char text[6];

			assert_int_equal(mkd_pread_full(f.fd, text, sizeof(text), p), 0);
			at = memcmp(text, "hello\n", 6) == 0 ? p : 0;
		}
	assert_ok(mkd_diskmap_find(&map, at + 3, name, NULL, &f.err), &f.err);
	assert_string_equal(name, "content of /etc/motd at byte 3");
	assert_int_equal(mkd_pwrite_full(f.fd, "j", 1, at), 0);
	digest(&f, false, 0, after);
	assert_memory_equal(before, after, 32);
	digest(&f, true, 0, after);
	assert_memory_not_equal(all, after, 32);
	mkd_diskmap_free(&map);
	close(f.fd);
}

static void differences_are_counted_and_named(void **state)
{
	struct fsimage a, b;
	struct mkd_diskmap map;
	struct mkd_diskmap_req q = { .name = "disk", .content = true };
	struct mkd_diskdiff_req req = { .map = &map, .other_name = "other" };
	struct mkd_diskdiff found = { 0 };
	static const uint8_t junk[8192] = { [0 ... 8191] = 0x5a };

	make_disk(&a, state, "a", 0);
	make_disk(&b, state, "b", 0x5a);
	q.fd = req.fd = a.fd;
	req.other_fd = b.fd;
	assert_ok(mkd_diskmap_make(&q, &map, &a.err), &a.err);
	assert_ok(mkd_diskdiff(&req, &found, &a.err), &a.err);
	assert_int_equal(found.places, 0);
	/* one place, however many bytes of it differ; and another one */
	assert_int_equal(mkd_pwrite_full(b.fd, junk, 100, SWAP_AT + 1100), 0);
	assert_int_equal(mkd_pwrite_full(b.fd, junk, 8, 1024 + 128 + 60), 0);
	assert_ok(mkd_diskdiff(&req, &found, &a.err), &a.err);
	assert_int_equal(found.places, 2);
	assert_string_equal(found.first, "GPT entry of partition 2");
	assert_int_equal(found.first_at_bytes, 1024 + 128 + 60);
	/* the other one is too short */
	assert_int_equal(ftruncate(b.fd, SWAP_AT), 0);
	assert_ok(mkd_diskdiff(&req, &found, &a.err), &a.err);
	assert_true(found.places > 2);
	mkd_diskmap_free(&map);
	close(a.fd);
	close(b.fd);
}

static void put64(int fd, uint64_t at, uint64_t v)
{
	v = htole64(v);
	assert_int_equal(mkd_pwrite_full(fd, &v, sizeof(v), at), 0);
}

static void put32(int fd, uint64_t at, uint32_t v)
{
	v = htole32(v);
	assert_int_equal(mkd_pwrite_full(fd, &v, sizeof(v), at), 0);
}

/* What a hostile label can say; nothing may be read, or made room for, outside of the disk. */
static void hostile_labels_are_refused(void **state)
{
	static const struct {
		uint64_t at;
		unsigned bytes;
		uint64_t v;
		const char *words;
	} rows[] = {
		{ 512 + 32, 8, UINT64_MAX, "behind the disk" },
		{ 512 + 32, 8, DISK_BYTES / 512, "behind the disk" },
		{ 512 + 32, 8, 40, "its backup" },
		{ 512 + 72, 8, UINT64_MAX / 512, "behind the disk" },
		{ 512 + 80, 4, UINT32_MAX, "not understood" },
		{ 512 + 84, 4, 0, "not understood" },
		{ 512 + 84, 4, 100, "not understood" },
		{ 512 + 84, 4, 65536, "not understood" },
		{ 1024 + 40, 8, UINT64_MAX, "behind the disk" },
		{ 1024 + 32, 8, UINT64_MAX, "behind the disk" },
		{ 1024 + 32, 8, 40000, "neither ext4 nor swap" },
		{ 1024 + 40, 8, 2100, "ends behind its partition" },
		{ FS_AT + 1080, 2, 0, "partition 1: it is neither" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fsimage f;
		struct mkd_diskmap map = { 0 };
		struct mkd_diskmap_req q = { .name = "disk", .content = true };
		int r;

		make_disk(&f, state, "disk", 0);
		q.fd = f.fd;
		if (rows[i].bytes == 8)
			put64(f.fd, rows[i].at, rows[i].v);
		else if (rows[i].bytes == 4)
			put32(f.fd, rows[i].at, (uint32_t)rows[i].v);
		else
			assert_int_equal(mkd_pwrite_full(f.fd, "\0", 2, rows[i].at), 0);
		r = mkd_diskmap_make(&q, &map, &f.err);
		if (r == 0 || !strstr(f.err.msg, rows[i].words))
			fail_msg("row %zu: %d, '%s'; want '%s'", i, r, f.err.msg, rows[i].words);
		assert_null(map.owned);
		close(f.fd);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(free_space_does_not_count, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(what_files_hold_is_no_structure, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(differences_are_counted_and_named, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(hostile_labels_are_refused, test_dir_setup,
						test_dir_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
