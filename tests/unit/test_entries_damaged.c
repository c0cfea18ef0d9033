/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Headers, ends and sparse maps that are damaged or go together badly, see test_entries.c. */
#include "entrylist.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/policy.h"
#include "mkdomu/tarscan.h"

static void pax_headers_that_are_refused(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	cleanup_free char *big = calloc(1, 1048576);
	struct mkd_err err = { 0 };
	static const struct {
		const char *body, *why;
	} broken[] = {
		{ "9 path=x\n", "two path records" },
		{ "10 path=xx\n", "a pax header is damaged" },
		{ "12 path=x\n", "a pax header is damaged" },
		{ "0 path=x\n", "length of a record" },
		{ "path=x\n", "length of a record" },
	};

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		mkd_buf_str(&rec, "9 path=y\n");
		mkd_buf_str(&rec, broken[i].body);
		one(&tar, &rec, &(struct tar_spec){ .name = "x" });
		assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     broken[i].why);
	}
	pax_record(&rec, "path", "a\0b", 3);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "its path has a NUL in it");
	pax_record(&rec, "linkpath", "a\0b", 3);
	one(&tar, &rec, &(struct tar_spec){ .name = "x", .type = '2' });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "its linkpath has a NUL in it");
	pax_text(&rec, "uid", "12abc");
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "'12abc' is not a number in uid");
	pax_text(&rec, "size", "512");
	one(&tar, &rec, &(struct tar_spec){ .name = "x", .size = 5 });
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "5 bytes in one header and 512 in another");
	assert_non_null(big);
	pax_record(&rec, "comment", big, MKD_PAX_MAX_BYTES - 15);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "the limit is 999999");
	pax_record(&rec, "comment", big, MKD_PAX_MAX_BYTES - 16);
	one(&tar, &rec, &(struct tar_spec){ .name = "x" });
	assert_ok(list(state, &tar, &got, &err), &err);
}

static void headers_that_belong_to_no_member(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err = { 0 };

	pax_text(&rec, "path", "y");
	pax_member(&tar, 'x', &rec);
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "member of the last header is missing");
	mkd_buf_reset(&tar);
	pax_text(&rec, "path", "y");
	pax_member(&tar, 'x', &rec);
	pax_text(&rec, "path", "z");
	pax_member(&tar, 'x', &rec);
	tar_file(&tar, "x", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "two headers of the same kind");
	mkd_buf_reset(&tar);
	pax_text(&rec, "comment", "by git");
	pax_member(&tar, 'g', &rec);
	tar_file(&tar, "x", "");
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	mkd_buf_reset(&tar);
	pax_text(&rec, "uid", "0");
	pax_member(&tar, 'g', &rec);
	tar_file(&tar, "x", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "a global pax header sets 'uid'");
}

static void long_names_have_limits(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };
	char name[MKD_PATH_MAX_BYTES + 3];
	static const struct {
		size_t len;
		bool cut;
		int want;
	} table[] = { { MKD_PATH_MAX_BYTES, false, 0 },
		      { MKD_PATH_MAX_BYTES + 1, false, -EPERM },
		      { 100, true, -EPERM } };

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		size_t len = table[i].len;

		for (size_t k = 0; k < len; k++)
			name[k] = k % 100 ? 'n' : '/';
		name[0] = 'n';
		if (name[len - 1] == '/')
			name[len - 1] = 'n';
		name[len] = '\0';
		if (table[i].cut)
			name[10] = '\0';
		mkd_buf_reset(&tar);
		tar_header(&tar, &(struct tar_spec){ .name = "././@LongLink",
						     .type = 'L',
						     .size = len + 1,
						     .magic = "ustar  " });
		tar_body(&tar, name, len + 1);
		tar_header(&tar, &(struct tar_spec){ .name = "x", .magic = "ustar  " });
		tar_end(&tar);
		assert_int_equal(list(state, &tar, &got, &err), table[i].want);
		if (table[i].want == 0)
			assert_int_equal(got.len, len + strlen("f '' 644 0:0 0 0\n"));
	}
}

static void the_end_must_be_marked_and_be_the_end(void **state)
{
	static const char zeros[10240], junk[512] = "junk";
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };
	size_t member;

	tar_file(&tar, "a", "text");
	member = tar.len;
	/* Cut behind a member, inside the marker, in the data, in the header, to nothing. */
	for (size_t i = 0; i < 6; i++) {
		const size_t cuts[] = { member, member + 512, member + 1023, 1000, 512, 100 };

		tar.len = member;
		tar_end(&tar);
		tar.len = cuts[i];
		assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     "cut short");
	}
	tar.len = 0;
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "is empty");
	tar.len = member;
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	mkd_buf_add(&tar, zeros, sizeof(zeros));
	assert_ok(list(state, &tar, &got, &err), &err);
	mkd_buf_add(&tar, junk, sizeof(junk));
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "data follow the end");
	/* A lone zero block; a second archive behind the first. */
	tar.len = member;
	mkd_buf_add(&tar, zeros, 512);
	tar_file(&tar, "b", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "data follow the end");
	tar.len = member;
	tar_end(&tar);
	tar_file(&tar, "b", "");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "data follow the end");
	tar.len = 0;
	tar_end(&tar);
	assert_ok(list(state, &tar, &got, &err), &err);
	assert_int_equal(got.len, 0);
}

static void what_is_no_tar_archive_is_said_so(void **state)
{
	static const char *const starts[] = { "PK\003\004", "070701", "Rar!",
					      "!<arch>\n",  "hello",  "\x1f\x9d\x90" };
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err;

	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		mkd_buf_reset(&tar);
		for (size_t k = 0; k < 2048; k++)
			mkd_buf_str(&tar, starts[i]);
		assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
			     "is not a tar archive");
	}
}

static void damage_is_found_wherever_it_is(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };

	tar_file(&tar, "a", "text");
	tar_header(&tar, &(struct tar_spec){ .name = "b", .bad_checksum = true });
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "at byte 1536: a tar header is damaged: its checksum is wrong");
	mkd_buf_reset(&tar);
	tar_header(&tar, &(struct tar_spec){ .name = "d", .type = '5', .size = 512 });
	tar_body(&tar, "x", 1);
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "member 'd' is refused: it is no file but has 512 bytes of data");
	mkd_buf_reset(&tar);
	tar_header(&tar, &(struct tar_spec){ .name = "h", .type = '1', .link = "a", .size = 4 });
	tar_body(&tar, "text", 4);
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE, "4 bytes");
}

/* The data of `frag`: 31 pieces, more than the 4 + 21 of an old GNU header and a block. */
static void make_sparse(void **state)
{
	cleanup_close int fd = open(test_path(state, "frag"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	cleanup_close int hole = open(test_path(state, "hole"), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	const struct timespec times[2] = { { .tv_sec = 5 }, { .tv_sec = 5 } };

	for (int i = 0; i <= 30; i++)
		assert_int_equal(pwrite(fd, "y", 1, i * (off_t)131072), 1);
	assert_int_equal(ftruncate(fd, 5000000), 0);
	assert_int_equal(ftruncate(hole, 3 * (off_t)GIB), 0);
	assert_int_equal(futimens(fd, times), 0);
	assert_int_equal(futimens(hole, times), 0);
}

static void sparse_files_of_every_form_have_their_size(void **state)
{
	static const char *const forms[][2] = {
		{ "--format=gnu", "--sparse" },
		{ "--format=oldgnu", "--sparse" },
		{ "--format=pax", "--sparse-version=0.0" },
		{ "--format=pax", "--sparse-version=0.1" },
		{ "--format=pax", "--sparse-version=1.0" },
	};
	cleanup_buf struct mkd_buf got = { 0 };
	struct mkd_err err = { 0 };
	const char *tar = test_path(state, "s.tar");

	make_sparse(state);
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		size_t pieces = 0;

		run_tool(NULL, "tar", "-C", *state, "-S", forms[i][0], forms[i][1], "--owner=:1",
			 "--group=:2", "--mode=0600", "--mtime=@5", "-cf", tar, "./frag", "./hole",
			 NULL);
		assert_ok(list_path(tar, &got, &err), &err);
		assert_ptr_equal(strstr(mkd_buf_cstr(&got), "f 'frag' 600 1:2 5000000 5\n@0 y"),
				 got.data);
		assert_non_null(strstr(got.data, "f 'hole' 600 1:2 3221225472 5\n"));
		for (const char *p = got.data; (p = strchr(p, '@')); p++)
			pieces++;
		assert_int_equal(pieces, 31);
		assert_non_null(strstr(got.data, "@3932160 y"));
	}
}

/* An old GNU sparse member with one piece of the map, at an offset of 12 octal digits each. */
static void old_sparse(struct mkd_buf *tar, const char *offset, const char *len, const char *real)
{
	char *h;
	unsigned sum = 0;

	mkd_buf_reset(tar);
	tar_header(tar,
		   &(struct tar_spec){ .name = "s", .type = 'S', .size = 4, .magic = "ustar  " });
	h = tar->data;
	memcpy(h + 386, offset, 12);
	memcpy(h + 398, len, 12);
	memcpy(h + 483, real, 12);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	(void)snprintf(h + 148, 7, "%06o", sum);
	tar_body(tar, "text", 4);
	tar_end(tar);
}

static void sparse_maps_that_are_damaged(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 }, rec = { 0 };
	struct mkd_err err = { 0 };

	old_sparse(&tar, "00000000010", "00000000004", "00000000100");
	assert_ok(list(state, &tar, &got, &err), &err);
	assert_string_equal(mkd_buf_cstr(&got), "f 's' 644 0:0 64 0\n@8 text\n");
	/* Beyond the size of the file. */
	old_sparse(&tar, "00000000076", "00000000004", "00000000100");
	assert_int_equal(list(state, &tar, &got, &err), -EBADMSG);
	old_sparse(&tar, "00000000100", "00000000004", "00000000010");
	assert_int_equal(list(state, &tar, &got, &err), -EBADMSG);
	/* 1 EiB of hole is more than ext4 has. */
	old_sparse(&tar, "00000000000", "00000000004", "\x80\0\0\0\x10\0\0\0\0\0\0\0");
	/* mkd_tarscan_feed: -ERANGE */
	assert_fails(list(state, &tar, &got, &err), &err, ERANGE, MKD_EXIT_ARCHIVE, "ext4 holds");
	pax_text(&rec, "GNU.sparse.major", "1");
	pax_text(&rec, "GNU.sparse.minor", "0");
	pax_text(&rec, "GNU.sparse.name", "s");
	pax_text(&rec, "GNU.sparse.realsize", "100");
	mkd_buf_reset(&tar);
	pax_member(&tar, 'x', &rec);
	tar_file(&tar, "GNUSparseFile.0/s", "1000001\n0\n1\n");
	tar_end(&tar);
	assert_fails(list(state, &tar, &got, &err), &err, EPERM, MKD_EXIT_ARCHIVE,
		     "over 1000000 pieces");
}

static void a_tarball_reads_the_same_packed_or_not(void **state)
{
	static const char *const tools[][2] = {
		{ "xz", "-0" }, { "zstd", "-q" }, { "gzip", "-1" }, { "bzip2", "-1" }
	};
	cleanup_buf struct mkd_buf plain = { 0 }, got = { 0 };
	struct mkd_err err = { 0 };
	const char *tar = test_path(state, "t.tar"), *packed = test_path(state, "t.packed");

	make_sparse(state);
	run_tool(NULL, "tar", "-C", *state, "--format=pax", "-cf", tar, "./frag", NULL);
	assert_ok(list_path(tar, &plain, &err), &err);
	for (size_t i = 0; i < ARRAY_LEN(tools); i++) {
		run_tool(packed, tools[i][0], tools[i][1], "-c", tar, NULL);
		assert_ok(list_path(packed, &got, &err), &err);
		assert_string_equal(mkd_buf_cstr(&got), mkd_buf_cstr(&plain));
	}
	/* Errors of the stream come through as they are. */
	assert_int_equal(truncate(packed, 100), 0);
	assert_fails(list_path(packed, &got, &err), &err, EBADMSG, MKD_EXIT_ARCHIVE,
		     "cannot unpack 'r.tar': the bzip2 data are cut short");
}

static void a_signal_stops_it(void **state)
{
	cleanup_buf struct mkd_buf tar = { 0 }, got = { 0 };
	struct mkd_err err;

	tar_file(&tar, "a", "text");
	tar_end(&tar);
	mkd_signal_set(SIGTERM);
	assert_fails(list(state, &tar, &got, &err), &err, EINTR, 128 + SIGTERM, "interrupted");
	mkd_signal_set(0);
}

#define WITH_DIR(f) cmocka_unit_test_setup_teardown(f, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_DIR(pax_headers_that_are_refused),
		WITH_DIR(headers_that_belong_to_no_member),
		WITH_DIR(long_names_have_limits),
		WITH_DIR(the_end_must_be_marked_and_be_the_end),
		WITH_DIR(what_is_no_tar_archive_is_said_so),
		WITH_DIR(damage_is_found_wherever_it_is),
		WITH_DIR(sparse_files_of_every_form_have_their_size),
		WITH_DIR(sparse_maps_that_are_damaged),
		WITH_DIR(a_tarball_reads_the_same_packed_or_not),
		WITH_DIR(a_signal_stops_it),
	};

	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
