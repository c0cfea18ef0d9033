// SPDX-License-Identifier: GPL-2.0-or-later
/* Tar headers, pax records and what becomes of them, without libarchive and files: fast. */
#include "fuzz.h"

#include <string.h>

#include "mkdomu/convert.h"
#include "mkdomu/policy.h"
#include "mkdomu/tarscan.h"

#define TAR_MAX (64 * KIB)

static void check_path(const char *path)
{
	fuzz_must(path[0] != '/' && strlen(path) <= MKD_PATH_MAX_BYTES, "'%s'", path);
	for (const char *p = path; *p;) {
		size_t n = strcspn(p, "/");

		fuzz_must(n > 0 && n <= MKD_NAME_MAX_BYTES, "'%s'", path);
		fuzz_must(!(n == 1 && p[0] == '.') && !(n == 2 && p[0] == '.' && p[1] == '.'),
			  "'%s'", path);
		p += n;
		fuzz_must(!*p || p[1], "'%s' ends in a slash", path);
		p += *p == '/';
	}
}

static void convert(struct mkd_convert *c, const struct mkd_member *m)
{
	struct mkd_err err = { 0 };
	struct mkd_entry e = { 0 };
	int r = mkd_convert_begin(c, m, m->hdr.size_bytes, &err);

	if (r == 0)
		r = mkd_convert_end(c, &e, &err);
	fuzz_result(r, &err);
	if (r < 0)
		return;
	check_path(e.path);
	if (e.type == MKD_FT_HARDLINK) {
		check_path(e.target);
		return;
	}
	fuzz_must(e.mode <= 07777 && e.mtime_nsec < 1000000000, "mode %o", e.mode);
	fuzz_must(e.mtime_sec >= MKD_TIME_MIN && e.mtime_sec <= MKD_TIME_MAX, "time");
	fuzz_must(e.uid != UINT32_MAX && e.gid != UINT32_MAX, "owner");
	fuzz_must(e.type != MKD_FT_LNK || (e.target && *e.target), "symlink");
}

/* In pieces of any size, so that headers are cut anywhere. */
static int feed(struct mkd_tarscan *ts, const uint8_t *tar, size_t len, size_t piece,
		struct mkd_err *err)
{
	for (size_t at = 0; at < len; at += piece) {
		int r = mkd_tarscan_feed(ts, tar + at, len - at < piece ? len - at : piece, err);

		if (r < 0)
			return r;
	}
	return mkd_tarscan_finish(ts, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static uint8_t tar[TAR_MAX];
	struct fuzz_bytes in = { data, len };
	uint8_t how = fuzz_u8(&in);
	size_t piece = how & 1 ? 1u + how / 2u : TAR_MAX, n = 0;
	struct mkd_tarscan *ts = NULL;
	struct mkd_convert *c = NULL;
	struct mkd_member *m;
	struct mkd_err err = { 0 };

	fuzz_must(!mkd_tarscan_new(&ts, &err) && !mkd_convert_new(&c, &err), "memory");
	n = fuzz_tar_repair(in.p, in.len, tar, sizeof(tar));
	fuzz_result(feed(ts, tar, n, piece, &err), &err);
	while ((m = mkd_tarscan_take(ts))) {
		convert(c, m);
		mkd_member_free(m);
	}
	mkd_convert_free(c);
	mkd_tarscan_free(ts);
	return 0;
}
