// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A damaged ext4 image under tree_ext4: opened, read and edited, it may fail, and must not crash.
 * The input is a list of patches to the used blocks of a good image; with checksums off, so that
 * damage is not just noticed and refused, or on. Without a patch all must work.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <ext2fs/ext2_fs.h>

#include "mkdomu/file.h"
#include "mkdomu/tree_ext4.h"

#define BS       4096u
#define N_BLOCKS (FUZZ_IMAGE_BYTES / BS)

static struct fuzz_image im;
static uint8_t good[FUZZ_IMAGE_BYTES];
static uint16_t used[N_BLOCKS]; /* blocks that are not all zeros */
static size_t n_used;

static void put(struct mkd_ext4 *w, const struct mkd_entry *e, const void *data, size_t step)
{
	struct mkd_err err = { 0 };
	int r = mkd_ext4_add(w, e, &err);

	for (size_t at = 0; !r && e->type == MKD_FT_REG && at < e->size_bytes; at += step)
		r = mkd_ext4_data(w, data, step < 2 * BS ? step : BS, at, &err);
	if (!r && e->type == MKD_FT_REG)
		r = mkd_ext4_end(w, &err);
	fuzz_must(r == 0, "%s", err.msg);
}

static void fill(struct mkd_ext4 *w)
{
	static uint8_t block[2 * BS];
	const struct mkd_xattr small = { "user.small", "value", 5 },
			       big = { "user.big", block, 300 };
	const struct mkd_xattr both[] = { small, big };
	char path[64];

	memset(block, 7, sizeof(block));
	put(w, &(struct mkd_entry){ .path = "etc", .type = MKD_FT_DIR, .mode = 0755 }, NULL, 1);
	put(w,
	    &(struct mkd_entry){
		    .path = "etc/fstab", .size_bytes = 30, .xattrs = &small, .n_xattrs = 1 },
	    "/dev/sda1 / ext4 defaults 0 1\n", 30);
	put(w,
	    &(struct mkd_entry){
		    .path = "etc/hosts", .size_bytes = 5000, .xattrs = both, .n_xattrs = 2 },
	    block, 5000);
	put(w, &(struct mkd_entry){ .path = "etc/link", .type = MKD_FT_LNK, .target = "fstab" },
	    NULL, 1);
	put(w,
	    &(struct mkd_entry){
		    .path = "etc/name", .type = MKD_FT_HARDLINK, .target = "etc/hosts" },
	    NULL, 1);
	/* 10 extents: a leaf block */
	put(w, &(struct mkd_entry){ .path = "etc/holes", .size_bytes = 10 * 2 * BS }, block,
	    2 * BS);
	for (unsigned i = 0; i < 300; i++) {
		(void)snprintf(path, sizeof(path), "many/a-name-of-some-length-%u", i);
		put(w, &(struct mkd_entry){ .path = path, .type = MKD_FT_FIFO }, NULL, 1);
	}
}

static void make_good(void)
{
	static const uint8_t zeros[BS];
	struct mkd_ext4_stats stats;
	struct mkd_ext4 *w = NULL;
	struct mkd_ext4_req req;
	struct mkd_err err = { 0 };

	fuzz_image_open(&im);
	req = fuzz_image_req(&im);
	req.inodes = 512;
	fuzz_must(mkd_ext4_create(&req, &w, &err) == 0, "%s", err.msg);
	fill(w);
	fuzz_must(mkd_ext4_finish(w, 1700000000, &stats, &err) == 0, "%s", err.msg);
	fuzz_must(mkd_pread_full(im.fd, good, sizeof(good), im.offset_bytes) == 0, "read");
	for (size_t i = 0; i < N_BLOCKS; i++)
		if (memcmp(good + i * BS, zeros, BS) != 0)
			used[n_used++] = (uint16_t)i;
}

static void write_block(size_t block, const uint8_t *data)
{
	fuzz_must(mkd_pwrite_full(im.fd, data, BS, im.offset_bytes + block * BS) == 0, "write");
}

static void restore(bool sums)
{
	static uint8_t first[BS];
	struct ext2_super_block *sb = (void *)(first + 1024);

	fuzz_image_clear(&im);
	for (size_t i = 0; i < n_used; i++)
		write_block(used[i], good + (size_t)used[i] * BS);
	if (sums)
		return;
	memcpy(first, good, BS);
	sb->s_feature_ro_compat &= ~(uint32_t)EXT4_FEATURE_RO_COMPAT_METADATA_CSUM;
	sb->s_feature_incompat &= ~(uint32_t)EXT4_FEATURE_INCOMPAT_CSUM_SEED;
	sb->s_checksum_type = 0;
	write_block(0, first);
}

/* Patches: which used block, where in it, how many bytes, the bytes. */
static bool damage(struct fuzz_bytes *in)
{
	uint8_t block[BS];
	bool any = false;

	while (in->len > 4) {
		size_t nr = used[fuzz_u16(in) % n_used], at = fuzz_u16(in) % BS;
		uint8_t n = fuzz_u8(in) % 16;
		struct fuzz_bytes with = fuzz_take(in, n);
		uint64_t pos = im.offset_bytes + nr * BS;

		fuzz_must(mkd_pread_full(im.fd, block, BS, pos) == 0, "read");
		with.len = with.len < BS - at ? with.len : BS - at;
		any |= with.len > 0 && memcmp(block + at, with.p, with.len) != 0;
		if (with.len)
			memcpy(block + at, with.p, with.len);
		write_block(nr, block);
	}
	return any;
}

static int use(struct mkd_tree *t, struct mkd_err *err)
{
	static const char *const files[] = { "/etc/fstab", "/etc/hosts", "/etc/link",
					     "/etc/holes" };
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_strv struct mkd_strv names = { 0 };
	int bad = 0, r;

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		r = mkd_tree_read(t, files[i], MIB, &text, err);
		fuzz_result(r, err);
		bad = bad ? bad : r;
	}
	r = mkd_tree_list(t, "/many", &names, err);
	fuzz_result(r, err);
	return bad ? bad : r;
}

static int change(struct mkd_tree *t, struct mkd_err *err)
{
	static const uint8_t uuid[16] = "another uuid, ok";
	static char large[9 * BS];
	int bad = 0;

#define TRY(expr)                     \
	do {                          \
		int r_ = (expr);      \
		fuzz_result(r_, err); \
		bad = bad ? bad : r_; \
	} while (0)
	memset(large, 'x', sizeof(large));
	TRY(mkd_tree_write(t, "/etc/fstab", "new\n", 4, 0644, err));
	TRY(mkd_tree_write(t, "/etc/holes", large, sizeof(large), 0644, err));
	TRY(mkd_tree_write(t, "/etc/hosts", large, 100, 0644, err));
	TRY(mkd_tree_write(t, "/many/new", large, 10, 0600, err));
	TRY(mkd_tree_mkdirs(t, "/var/lib/x", 0755, err));
	TRY(mkd_tree_symlink(t, "target", "/etc/new-link", err));
	TRY(mkd_tree_remove(t, "/etc/name", err));
	TRY(mkd_tree_remove(t, "/many/a-name-of-some-length-7", err));
	TRY(mkd_tree_chmod(t, "/etc", 0700, err));
	TRY(mkd_tree_chown(t, "/etc/hosts", 5, 70000, err));
	TRY(mkd_tree_ext4_set_identity(t, uuid, "label", err));
	return bad;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_bytes in = { data, len };
	uint8_t how = fuzz_u8(&in);
	struct mkd_tree_ext4_req req;
	struct mkd_tree *t = NULL;
	struct mkd_err err = { 0 };
	bool damaged;
	int r;

	if (!n_used)
		make_good();
	restore(how & 1);
	damaged = damage(&in);
	req = (struct mkd_tree_ext4_req){ .fd = im.fd,
					  .name = "image",
					  .offset_bytes = im.offset_bytes,
					  .epoch_sec = 1700000000,
					  .read_only = how & 2 };
	r = mkd_tree_ext4_open(&req, &t, &err);
	fuzz_result(r, &err);
	if (r == 0) {
		r = use(t, &err);
		if (!r && !req.read_only)
			r = change(t, &err);
		if (how & 4) {
			mkd_tree_ext4_abort(t);
		} else {
			int closed = mkd_tree_ext4_close(t, &err);

			fuzz_result(closed, &err);
			r = r ? r : closed;
		}
	}
	fuzz_image_untouched_around(&im);
	fuzz_must(damaged || r == 0, "a good image: %s", err.msg);
	if (!damaged && how & 1)
		fuzz_image_fsck(&im);
	return 0;
}
