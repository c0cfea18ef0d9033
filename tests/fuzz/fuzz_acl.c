// SPDX-License-Identifier: GPL-2.0-or-later
/* ACLs in both forms, to the kernel's and to the disk's; pax numbers and times beside them. */
#include "fuzz.h"

#include <string.h>

#include "mkdomu/acl.h"
#include "mkdomu/pax.h"
#include "mkdomu/xattrs.h"

/* What is accepted comes back the same, and the writer takes it. */
static void round_trip(const struct mkd_acl *a)
{
	static struct mkd_acl again;
	static uint8_t disk[4 + 8 * MKD_ACL_MAX];
	cleanup_buf struct mkd_buf x = { 0 };
	struct mkd_err err = { 0 };

	mkd_acl_encode(a, &x);
	fuzz_must(mkd_buf_check(&x, &err) == 0, "memory");
	fuzz_must(mkd_acl_from_xattr(x.data, x.len, &again, &err) == 0, "%s", err.msg);
	fuzz_must(again.n == a->n && mkd_acl_mode(&again) == mkd_acl_mode(a), "not the same");
	fuzz_must(memcmp(again.e, a->e, a->n * sizeof(a->e[0])) == 0, "not the same");
	fuzz_must(mkd_xattrs_acl(x.data, x.len, disk) >= 4, "the writer refuses it");
}

static void numbers(char *text, size_t len)
{
	struct mkd_pax_record rec;
	struct mkd_err err = { 0 };
	size_t at = 0;
	int r;

	while ((r = mkd_pax_next(text, len, &at, &rec, &err)) > 0) {
		int64_t v;
		uint32_t nsec = 0;

		fuzz_must(rec.key >= text && rec.value + rec.value_len < text + len, "outside");
		fuzz_must(rec.value[rec.value_len] == 0, "not ended");
		fuzz_result(mkd_pax_number(&rec, &v, &err), &err);
		fuzz_result(mkd_pax_time(&rec, &v, &nsec, &err), &err);
		fuzz_must(nsec < 1000000000, "%u ns", nsec);
	}
	fuzz_result(r, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct mkd_acl a;
	static uint8_t disk[64 * KIB];
	struct fuzz_bytes in = { data, len };
	uint8_t how = fuzz_u8(&in) % 4;
	struct mkd_err err = { 0 };
	cleanup_free char *text = calloc(1, in.len + 1);
	int r;

	fuzz_must(text != NULL, "memory");
	memcpy(text, in.p, in.len);
	if (how == 0) {
		numbers(text, in.len);
		return 0;
	}
	if (how == 1) {
		/* what reaches the writer through an xattr is checked there again */
		if (in.len <= sizeof(disk) / 2)
			(void)mkd_xattrs_acl(in.p, in.len, disk);
		return 0;
	}
	r = how == 2 ? mkd_acl_from_text(text, &a, &err)
		     : mkd_acl_from_xattr(in.p, in.len, &a, &err);
	fuzz_result(r, &err);
	if (r == 0)
		round_trip(&a);
	return 0;
}
