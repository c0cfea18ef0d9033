/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "entrylist.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

void open_entries(int fd, struct mkd_entries **ret)
{
	struct mkd_stream *s = NULL;
	struct mkd_err err;

	assert_ok(mkd_stream_open(&(struct mkd_stream_req){ .fd = fd, .name = "r.tar" }, &s, &err),
		  &err);
	assert_ok(mkd_entries_open(s, "r.tar", ret, &err), &err);
}

static void print_entry(struct mkd_buf *b, const struct mkd_entry *e)
{
	static const char letters[] = "fdlcbpsh";

	mkd_buf_printf(b, "%c '%s'", letters[e->type], e->path);
	if (e->target)
		mkd_buf_printf(b, " -> '%s'", e->target);
	if (e->type == MKD_FT_HARDLINK) {
		mkd_buf_str(b, "\n");
		return;
	}
	mkd_buf_printf(b, " %o %u:%u %" PRIu64 " %" PRId64, e->mode, e->uid, e->gid, e->size_bytes,
		       e->mtime_sec);
	if (e->mtime_nsec)
		mkd_buf_printf(b, ".%09u", e->mtime_nsec);
	if (e->major || e->minor)
		mkd_buf_printf(b, " dev %u:%u", e->major, e->minor);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		mkd_buf_printf(b, " %s=", e->xattrs[i].name);
		for (size_t k = 0; k < e->xattrs[i].len; k++)
			mkd_buf_printf(b, "%02x", ((const uint8_t *)e->xattrs[i].value)[k]);
	}
	mkd_buf_str(b, "\n");
}

static int print_data(struct mkd_buf *b, struct mkd_entries *es, struct mkd_err *err)
{
	const void *data;
	uint64_t offset = 0, end = 0;
	size_t len = 0;
	int r;

	while ((r = mkd_entries_data(es, &data, &len, &offset, err)) == 1) {
		assert_true(len > 0 && offset >= end);
		if (offset > end || end == 0)
			mkd_buf_printf(b, "@%" PRIu64 " ", offset);
		mkd_buf_add(b, data, strnlen(data, len < 40 ? len : 40));
		mkd_buf_str(b, "\n");
		end = offset + len;
	}
	return r;
}

int list_path(const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct mkd_entries *es = NULL;
	const struct mkd_entry *e;
	int r;

	mkd_buf_reset(ret);
	open_entries(fd, &es);
	while ((r = mkd_entries_next(es, &e, err)) == 1) {
		print_entry(ret, e);
		r = print_data(ret, es, err);
		if (r < 0)
			break;
	}
	/* The last result stays. */
	assert_int_equal(mkd_entries_next(es, &e, err), r);
	mkd_entries_close(es);
	return r;
}

int list(void **state, const struct mkd_buf *tar, struct mkd_buf *ret, struct mkd_err *err)
{
	const char *path = test_path(state, "t.tar");

	test_write(path, mkd_buf_cstr(tar), tar->len);
	return list_path(path, ret, err);
}

void one(struct mkd_buf *tar, struct mkd_buf *records, const struct tar_spec *spec)
{
	mkd_buf_reset(tar);
	if (records && records->len)
		pax_member(tar, 'x', records);
	tar_header(tar, spec);
	tar_end(tar);
}
