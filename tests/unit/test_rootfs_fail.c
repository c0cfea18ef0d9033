/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What builder/rootfs does when memory, the target or a library fail. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/codec.h"
#include "mkdomu/convert.h"
#include "mkdomu/entries.h"
#include "mkdomu/policy.h"
#include "mkdomu/stream.h"
#include "mkdomu/tarscan.h"
#include "tarmaker.h"

static void codecs_share_their_words(void **state)
{
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_codec_broken(&err, "xz", "why"), &err, EBADMSG, MKD_EXIT_ARCHIVE, "xz");
	assert_fails(mkd_codec_cut(&err, "gzip"), &err, EBADMSG, MKD_EXIT_ARCHIVE, "cut short");
}

static void a_path_runs_out_of_memory(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_policy_path("a/b", &b, &err), &err);
	assert_string_equal(b.data, "a/b");
}

/* One member with all that a header can have. */
static void full_member(struct mkd_buf *tar)
{
	cleanup_buf struct mkd_buf records = { 0 };

	pax_text(&records, "path", "some/file");
	pax_text(&records, "SCHILY.xattr.user.a", "value");
	pax_text(&records, "SCHILY.acl.access",
		 "user::rw-,user:j:r--:5,group::r--,mask::r--,other::---");
	pax_member(tar, 'x', &records);
	tar_file(tar, "f", "text");
	tar_end(tar);
}

static int convert(struct mkd_convert *c, const struct mkd_member *m, struct mkd_entry *e,
		   struct mkd_err *err)
{
	int r = mkd_convert_begin(c, m, 4, err);

	return r < 0 ? r : mkd_convert_end(c, e, err);
}

static void headers_run_out_of_memory(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, pax = { 0 }, none = { 0 };
	const struct mkd_tarhdr hdr = { .type = '0', .path = "f" };
	struct mkd_tarscan *ts = NULL;
	struct mkd_convert *c = NULL;
	struct mkd_member *m = NULL;
	struct mkd_entry e;
	struct mkd_err err;

	(void)state;
	full_member(&tar);
	assert_nomem(mkd_tarscan_new(&ts, &err), &err);
	assert_ok(mkd_tarscan_feed(ts, tar.data, tar.len, &err), &err);
	m = mkd_tarscan_take(ts);
	assert_non_null(m);
	assert_nomem(mkd_convert_new(&c, &err), &err);
	assert_nomem(convert(c, m, &e, &err),
		     &err); /* mkd_convert_begin: -ENOMEM; mkd_convert_end: -ENOMEM */
	assert_string_equal(e.path, "some/file");
	assert_int_equal(e.n_xattrs, 2);
	mkd_convert_free(c);
	mkd_member_free(m);
	mkd_tarscan_free(ts);
	/* a scan that failed is not fed again: each failure has its own */
	for (unsigned n = 1, struck = 1; struck; n++) {
		int r;

		assert_ok(mkd_tarscan_new(&ts, &err), &err);
		fault_arm(FAULT_ALLOC, n, ENOMEM);
		r = mkd_tarscan_feed(ts, tar.data, tar.len, &err);
		struck = fault_disarm();
		/* mkd_tarscan_feed: -ENOMEM */
		assert_int_equal(r, struck ? -ENOMEM : 0);
		mkd_tarscan_free(ts);
	}
	/* records only: mkd_member_new takes what it is given, also when it fails */
	for (unsigned n = 1, struck = 1; struck; n++) {
		int r;

		pax_text(&pax, "SCHILY.xattr.user.a", "v");
		fault_arm(FAULT_ALLOC, n, ENOMEM);
		r = mkd_member_new(&hdr, &pax, &none, &none, &m, &err);
		struck = fault_disarm();
		/* mkd_member_new: -ENOMEM */
		assert_int_equal(r, struck ? -ENOMEM : 0);
		assert_null(pax.data);
	}
	mkd_member_free(m);
}

static void headers_are_refused(void **state)
{
	static uint8_t block[MKD_TAR_BLOCK];
	cleanup_buf struct mkd_buf tar = { 0 }, pax = { 0 }, none = { 0 };
	struct mkd_tarhdr hdr = { .type = '0', .path = "f" };
	struct mkd_tarscan *ts = NULL;
	struct mkd_member *m = NULL;
	struct mkd_err err;

	(void)state;
	pax_text(&pax, "size", "5x");
	assert_fails(mkd_member_new(&hdr, &pax, &none, &none, &m, &err), &err, EBADMSG,
		     MKD_EXIT_ARCHIVE, "size");
	pax_text(&pax, "uid", "9223372036854775808");
	assert_fails(mkd_member_new(&hdr, &pax, &none, &none, &m, &err), &err, ERANGE,
		     MKD_EXIT_ARCHIVE, "uid");
	pax_text(&pax, "path", "x");
	assert_fails(mkd_member_check_global(&pax, &err), &err, EPERM, MKD_EXIT_ARCHIVE, "'path'");
	mkd_buf_reset(&pax);
	mkd_buf_str(&pax, "5 ab");
	assert_fails(mkd_member_check_global(&pax, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "");
	assert_null(m);
	/* a base-256 number of 64 bits and more */
	tar_header(&tar,
		   &(struct tar_spec){ .name = "n", .raw_mtime = "\x80\x01\1\1\1\1\1\1\1\1\1\1" });
	memcpy(block, tar.data, sizeof(block));
	assert_fails(mkd_tarhdr_parse(block, &hdr, &err), &err, ERANGE, MKD_EXIT_ARCHIVE, "");
	/* a member type that is none, and no archive at all */
	mkd_buf_reset(&tar);
	tar_header(&tar, &(struct tar_spec){ .name = "n", .type = 'V' });
	assert_ok(mkd_tarscan_new(&ts, &err), &err);
	assert_fails(mkd_tarscan_finish(ts, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "is empty");
	assert_fails(mkd_tarscan_feed(ts, tar.data, tar.len, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "its type 'V'");
	mkd_tarscan_free(ts);
	assert_ok(mkd_tarscan_new(&ts, &err), &err);
	memset(tar.data, 'x', tar.len);
	assert_fails(mkd_tarscan_feed(ts, tar.data, tar.len, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "not a tar archive");
	mkd_tarscan_free(ts);
}

static void a_stream_fails(void **state)
{
	static char data[3 * MIB];
	const char *path = test_path(state, "f");
	cleanup_close int fd = -1;
	struct mkd_stream_req req = { .name = "f", .threads = 1 };
	struct mkd_stream *s = NULL;
	const void *p;
	size_t len;
	struct mkd_err err;

	test_write(path, data, sizeof(data));
	req.fd = fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_fault(FAULT_PREAD, 1, mkd_stream_open(&req, &s, &err), &err, ESTALE, MKD_EXIT_IO,
		     "cannot read 'f'");
	assert_fault(FAULT_THREAD, 1, mkd_stream_open(&req, &s, &err), &err, EPERM,
		     MKD_EXIT_INTERNAL, "cannot start a thread");
	assert_nomem(mkd_stream_open(&req, &s, &err), &err);
	mkd_stream_close(s);
	/* the second read is the thread's; what was good comes first */
	fault_arm(FAULT_PREAD, 2, ESTALE);
	assert_ok(mkd_stream_open(&req, &s, &err), &err);
	for (int r = 1; r == 1;)
		r = mkd_stream_read(s, &p, &len, &err);
	assert_true(fault_disarm());
	assert_fails(mkd_stream_read(s, &p, &len, &err), &err, ESTALE, MKD_EXIT_IO,
		     "cannot read 'f'");
	mkd_stream_close(s);
	assert_ok(mkd_stream_open(&req, &s, &err), &err);
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_stream_read(s, &p, &len, &err), &err, EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
	mkd_stream_close(s);
}

/* By a decoder, which has memory of its own. */
static int unpack(int fd, struct mkd_err *err)
{
	const struct mkd_stream_req req = { .fd = fd, .name = "z", .threads = 1 };
	struct mkd_stream *s = NULL;
	const void *p;
	size_t len;
	int r = mkd_stream_open(&req, &s, err);

	if (r < 0)
		return r;
	while ((r = mkd_stream_read(s, &p, &len, err)) == 1)
		;
	mkd_stream_close(s);
	return r;
}

static void decoders_run_out_of_memory(void **state)
{
	static const char *const tools[] = { "xz", "zstd", "gzip", "bzip2" };
	const char *in = test_path(state, "in"), *out = test_path(state, "out");
	struct mkd_err err;

	test_write(in, "text", 4);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		cleanup_close int fd = -1;

		run_tool(out, tools[i], "-c", in, NULL);
		fd = open(out, O_RDONLY | O_CLOEXEC);
		/* mkd_stream_open: -ENOMEM; mkd_stream_read: -ENOMEM */
		assert_nomem(unpack(fd, &err), &err);
	}
}

/* The whole way of an archive, each allocation of it failing in turn. */
static int read_archive(int fd, struct mkd_err *err)
{
	const struct mkd_stream_req req = { .fd = fd, .name = "t", .threads = 1 };
	const struct mkd_entry *e;
	struct mkd_entries *es = NULL;
	struct mkd_stream *s = NULL;
	const void *p;
	uint64_t at;
	size_t len;
	int r = mkd_stream_open(&req, &s, err);

	if (r == 0)
		r = mkd_entries_open(s, "t", &es, err);
	if (r < 0)
		return r;
	while ((r = mkd_entries_next(es, &e, err)) == 1)
		while ((r = mkd_entries_data(es, &p, &len, &at, err)) == 1)
			;
	mkd_entries_close(es);
	return r;
}

static void an_archive_runs_out_of_memory(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int fd = -1;
	struct mkd_err err;

	full_member(&tar);
	test_write(test_path(state, "t"), tar.data, tar.len);
	fd = open(test_path(state, "t"), O_RDONLY | O_CLOEXEC);
	assert_nomem(read_archive(fd, &err),
		     &err); /* mkd_entries_open: -ENOMEM; mkd_entries_next: -ENOMEM */
}

static void cut_data_are_found_while_reading(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 };
	cleanup_close int fd = -1;
	const struct mkd_stream_req req = { .name = "t", .threads = 1 };
	struct mkd_stream_req r = req;
	const struct mkd_entry *e;
	struct mkd_entries *es = NULL;
	struct mkd_stream *s = NULL;
	const void *p;
	uint64_t at;
	size_t len;
	int got = 1;
	struct mkd_err err;

	tar_header(&tar, &(struct tar_spec){ .name = "f", .size = 5 * MIB });
	for (int i = 0; i < 600; i++)
		tar_body(&tar, (const char[4096]){ 1 }, 4096);
	test_write(test_path(state, "t"), tar.data, tar.len);
	r.fd = fd = open(test_path(state, "t"), O_RDONLY | O_CLOEXEC);
	assert_ok(mkd_stream_open(&r, &s, &err), &err);
	assert_ok(mkd_entries_open(s, "t", &es, &err), &err);
	assert_int_equal(mkd_entries_next(es, &e, &err), 1);
	while (got == 1)
		got = mkd_entries_data(es, &p, &len, &at, &err);
	assert_fails(mkd_entries_data(es, &p, &len, &at, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "t");
	mkd_entries_close(es);
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codecs_share_their_words),
		cmocka_unit_test(a_path_runs_out_of_memory),
		cmocka_unit_test(headers_run_out_of_memory),
		cmocka_unit_test(headers_are_refused),
		WITH_DIR(a_stream_fails),
		WITH_DIR(decoders_run_out_of_memory),
		WITH_DIR(an_archive_runs_out_of_memory),
		WITH_DIR(cut_data_are_found_while_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
