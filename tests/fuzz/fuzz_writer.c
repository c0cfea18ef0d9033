// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Members straight into the writer, from a little language: more duplicates, links and holes in a
 * second than any archive has. What was written last under a name must be read back.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "mkdomu/tree_ext4.h"
#define OPS_MAX   400u
#define FILES_MAX 64u
#define DATA_MAX  (64 * KIB)
#define PATH_CAP  2048u

/* What is known of a regular file: its bytes, and that nothing was put in its place since. */
struct known {
	char path[PATH_CAP];
	uint8_t *data;
	size_t len;
};

struct run {
	struct mkd_ext4 *w;
	struct known files[FILES_MAX];
	size_t n;
	struct mkd_err err;
};

static struct fuzz_image im;

static void make_path(struct fuzz_bytes *in, char *ret)
{
	static const char *const parts[] = { "a", "b", "c", "dir", "lost+found", "\xff\n" };
	unsigned depth = fuzz_u8(in) % 4 + 1;
	size_t n = 0;

	for (unsigned i = 0; i < depth; i++) {
		uint8_t what = fuzz_u8(in);

		if (i)
			ret[n++] = '/';
		if (what < 200)
			n += (size_t)snprintf(ret + n, 32, "%s", parts[what % ARRAY_LEN(parts)]);
		else if (what < 240)
			n += (size_t)snprintf(ret + n, 32, "n%u", fuzz_u16(in));
		else
			n += (size_t)snprintf(ret + n, 300, "%0*u", 200 + what % 60, fuzz_u8(in));
	}
	/* "" is the root */
	ret[fuzz_u8(in) == 255 ? 0 : n] = 0;
}

static void forget(struct run *x, const char *path)
{
	for (size_t i = 0; i < x->n;) {
		if (strcmp(x->files[i].path, path) != 0) {
			i++;
			continue;
		}
		free(x->files[i].data);
		x->files[i] = x->files[--x->n];
	}
}

static void remember(struct run *x, const char *path, const uint8_t *data, size_t len)
{
	struct known *k = &x->files[x->n];

	if (x->n == FILES_MAX)
		return;
	k->data = malloc(len + 1);
	fuzz_must(k->data != NULL, "memory");
	memcpy(k->data, data, len);
	k->len = len;
	(void)snprintf(k->path, sizeof(k->path), "%s", path);
	x->n++;
}

/* Pieces at ascending offsets into both the writer and a plain copy. */
static int put_data(struct run *x, struct fuzz_bytes *in, const char *path, size_t size)
{
	static uint8_t copy[DATA_MAX], piece[DATA_MAX];
	size_t at = 0;
	int r = 0;

	memset(copy, 0, sizeof(copy));
	for (unsigned i = fuzz_u8(in) % 32; !r && i && at < size; i--) {
		uint16_t skip = fuzz_u16(in), len = fuzz_u16(in);
		uint8_t byte = fuzz_u8(in) % 3;

		at += skip % 3 ? 0 : skip / 3u;
		if (at > size)
			break;
		len = len > size - at ? (uint16_t)(size - at) : len;
		memset(piece, byte, len);
		memset(copy + at, byte, len);
		r = mkd_ext4_data(x->w, piece, len, at, &x->err);
		at += len;
	}
	if (!r)
		r = mkd_ext4_end(x->w, &x->err);
	if (!r)
		remember(x, path, copy, size);
	return r;
}

static size_t make_xattrs(struct fuzz_bytes *in, struct mkd_xattr *ret)
{
	static const char *const names[] = { "user.a",
					     "user.bb",
					     "trusted.t",
					     "security.capability",
					     "user.a-name-of-some-length",
					     "system.posix_acl_access",
					     "system.posix_acl_default",
					     "alien.x" };
	static uint8_t acl[] = { 2, 0,   0,   0,   1,   0,   7,  0, 255, 255, 255, 255, 2,   0,  5,
				 0, 232, 3,   0,   0,   4,   0,  5, 0,   255, 255, 255, 255, 16, 0,
				 5, 0,   255, 255, 255, 255, 32, 0, 1,   0,   255, 255, 255, 255 };
	static uint8_t value[4096];
	uint8_t set = fuzz_u8(in);
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool is_acl = i == 5 || i == 6;

		if (!(set >> i & 1) || (i == 7 && fuzz_u8(in) < 250))
			continue;
		ret[n++] = (struct mkd_xattr){
			names[i],
			is_acl ? acl : value,
			is_acl ? sizeof(acl) : (size_t)(fuzz_u8(in) * (fuzz_u8(in) % 16)),
		};
	}
	return n;
}

static int add(struct run *x, struct fuzz_bytes *in)
{
	static const enum mkd_ftype types[] = {
		MKD_FT_REG, MKD_FT_REG, MKD_FT_REG,  MKD_FT_DIR,
		MKD_FT_LNK, MKD_FT_CHR, MKD_FT_FIFO, MKD_FT_HARDLINK
	};
	static const size_t lengths[] = { 1, 30, 59, 60, 61, 1000 };
	static char path[PATH_CAP], target[PATH_CAP];
	struct mkd_xattr xattrs[8];
	struct mkd_entry e = { .path = path, .type = types[fuzz_u8(in) % ARRAY_LEN(types)] };
	int r;

	make_path(in, path);
	if (e.type == MKD_FT_HARDLINK)
		make_path(in, target);
	else if (e.type == MKD_FT_LNK)
		(void)snprintf(target, sizeof(target), "%0*d", (int)lengths[fuzz_u8(in) % 6], 7);
	e.target = target;
	if (e.type != MKD_FT_HARDLINK) {
		e.n_xattrs = make_xattrs(in, xattrs);
		e.xattrs = e.n_xattrs ? xattrs : NULL;
		e.mode = fuzz_u16(in) & 07777;
		e.uid = fuzz_u32(in) & 0xfffffffe;
		e.mtime_sec = (int64_t)fuzz_u32(in) * 4 - INT32_MAX;
		e.mtime_nsec = fuzz_u32(in) % 1000000000;
		e.major = e.minor = e.type == MKD_FT_CHR ? fuzz_u16(in) % 4100 : 0;
	}
	if (e.type == MKD_FT_REG)
		e.size_bytes = fuzz_u16(in);
	r = mkd_ext4_add(x->w, &e, &x->err);
	fuzz_result(r, &x->err);
	if (r < 0)
		return r;
	if (e.type != MKD_FT_HARDLINK || strcmp(path, target) != 0)
		forget(x, path);
	return e.type == MKD_FT_REG ? put_data(x, in, path, e.size_bytes) : 0;
}

static void read_back(struct run *x)
{
	const struct mkd_tree_ext4_req req = {
		.fd = im.fd, .name = "image", .offset_bytes = im.offset_bytes, .read_only = true
	};
	cleanup_buf struct mkd_buf got = { 0 };
	struct mkd_tree *t = NULL;
	char path[PATH_CAP + 1];

	fuzz_must(mkd_tree_ext4_open(&req, &t, &x->err) == 0, "%s", x->err.msg);
	for (size_t i = 0; i < x->n; i++) {
		const struct known *k = &x->files[i];

		(void)snprintf(path, sizeof(path), "/%s", k->path);
		fuzz_must(mkd_tree_read(t, path, MIB, &got, &x->err) == 0, "%s", x->err.msg);
		fuzz_must(got.len == k->len, "%s: %zu bytes, not %zu", path, got.len, k->len);
		fuzz_must(memcmp(mkd_buf_cstr(&got), k->data, k->len) == 0, "%s: content", path);
	}
	mkd_tree_ext4_abort(t);
}

static bool may_go_on(const struct mkd_err *err)
{
	return err->exit == MKD_EXIT_ARCHIVE && err->code != E2BIG && err->code != EOPNOTSUPP;
}

static void finish(struct run *x, bool check)
{
	struct mkd_ext4_stats stats;
	int r = mkd_ext4_finish(x->w, 1700000000, &stats, &x->err);

	fuzz_result(r, &x->err);
	fuzz_image_untouched_around(&im);
	if (r < 0) {
		fuzz_must(x->err.exit == MKD_EXIT_NOSPACE, "%s", x->err.msg);
		fuzz_image_has_none(&im);
		return;
	}
	read_back(x);
	fuzz_image_walk(&im);
	if (check)
		fuzz_image_fsck(&im);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct run x;
	struct fuzz_bytes in = { data, len };
	struct mkd_ext4_req req;
	int r = 0;

	if (!im.size_bytes)
		fuzz_image_open(&im);
	fuzz_image_clear(&im);
	req = fuzz_image_req(&im);
	req.inodes = fuzz_u8(&in) % 2 ? 32 : 512;
	fuzz_must(mkd_ext4_create(&req, &x.w, &x.err) == 0, "%s", x.err.msg);
	for (unsigned i = 0; i < OPS_MAX && in.len && (r == 0 || may_go_on(&x.err)); i++)
		r = add(&x, &in);
	if (r == 0 || may_go_on(&x.err)) {
		finish(&x, fuzz_chosen(data, len));
	} else {
		mkd_ext4_abort(x.w);
		fuzz_image_has_none(&im);
	}
	while (x.n)
		free(x.files[--x.n].data);
	return 0;
}
