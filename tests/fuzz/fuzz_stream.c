// SPDX-License-Identifier: GPL-2.0-or-later
/* Compressed data of every format: the same bytes whatever the number of threads, or an error. */
#include "fuzz.h"

#include <sys/mman.h>

#include "mkdomu/file.h"
#include "mkdomu/stream.h"

#define PLAIN_MAX (4 * MIB)

static uint64_t unpack(int fd, unsigned threads, int *ret, struct mkd_err *err)
{
	const struct mkd_stream_req req = { .fd = fd,
					    .name = "input",
					    .threads = threads,
					    .mem_bytes = 64 * MIB,
					    .max_plain_bytes = PLAIN_MAX };
	struct mkd_stream *s = NULL;
	uint64_t hash = 1, total = 0;
	const void *p;
	size_t len;
	int r = mkd_stream_open(&req, &s, err);

	while (r >= 0 && (r = mkd_stream_read(s, &p, &len, err)) > 0) {
		fuzz_must(len > 0 && len <= MIB, "%zu bytes", len);
		for (size_t i = 0; i < len; i++)
			hash = (hash ^ ((const uint8_t *)p)[i]) * UINT64_C(1099511628211);
		total += len;
	}
	fuzz_must(total <= PLAIN_MAX, "%llu bytes", (unsigned long long)total);
	fuzz_result(r, err);
	mkd_stream_close(s);
	*ret = r;
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	cleanup_close int fd = memfd_create("input", MFD_CLOEXEC);
	struct mkd_err err = { 0 };
	uint64_t one, two;
	int r1, r2;

	fuzz_must(fd >= 0 && mkd_pwrite_full(fd, data, len, 0) == 0, "the input");
	one = unpack(fd, 1, &r1, &err);
	if (!fuzz_chosen(data, len))
		return 0;
	two = unpack(fd, 2, &r2, &err);
	fuzz_must(r1 == r2, "one thread gives %d, two %d", r1, r2);
	fuzz_must(r1 < 0 || one == two, "one thread gives other bytes than two");
	return 0;
}
