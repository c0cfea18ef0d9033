/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "streamtest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "tarmaker.h"

const struct format stream_formats[4] = {
	{ "xz", "xz", { "-0", "-T2", "--block-size=1MiB" } },
	{ "zstd", "zstd", { "-q", "-1", "--check" } },
	{ "gzip", "gzip", { "-1" } },
	{ "bzip2", "bzip2", { "-1" } },
};

uint8_t *stream_plain(void)
{
	uint8_t *p = malloc(PLAIN_BYTES);
	uint32_t v = 1;

	assert_non_null(p);
	for (size_t i = 0; i < PLAIN_BYTES; i++) {
		v = v * 1103515245 + 12345;
		p[i] = (uint8_t)(i % 8 ? 'a' + i / 4096 % 16 : v >> 24);
	}
	return p;
}

const char *stream_packed(void **state, const struct format *f)
{
	cleanup_free uint8_t *p = stream_plain();
	const char *in = test_path(state, "plain"), *out = test_path(state, f->name);

	test_write(in, p, PLAIN_BYTES);
	run_tool(out, f->tool, "-c", f->args[0], f->args[1] ? f->args[1] : in,
		 f->args[1] ? f->args[2] ? f->args[2] : in : NULL, f->args[2] ? in : NULL, NULL);
	return out;
}

int stream_unpack(const char *path, struct how how, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	const struct mkd_stream_req req = { .fd = fd,
					    .name = "root.tar",
					    .threads = how.threads,
					    .mem_bytes = how.mem_bytes,
					    .max_plain_bytes = how.max_plain_bytes };
	struct mkd_stream *s = NULL;
	const void *data;
	size_t len = 0;
	int r;

	mkd_buf_reset(ret);
	assert_ok(mkd_stream_open(&req, &s, err), err);
	while ((r = mkd_stream_read(s, &data, &len, err)) == 1) {
		assert_true(len > 0 && len <= MIB);
		mkd_buf_add(ret, data, len);
	}
	/* The last result stays. */
	assert_int_equal(mkd_stream_read(s, &data, &len, err), r);
	if (r == 0) {
		struct stat st;

		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(mkd_stream_pos(s), st.st_size);
	}
	mkd_stream_close(s);
	return r;
}

void assert_plain(const struct mkd_buf *b, size_t copies)
{
	cleanup_free uint8_t *p = stream_plain();

	assert_int_equal(b->len, copies * PLAIN_BYTES);
	for (size_t i = 0; i < copies; i++)
		assert_memory_equal(b->data + i * PLAIN_BYTES, p, PLAIN_BYTES);
}
