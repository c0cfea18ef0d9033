/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/entries.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/convert.h"
#include "mkdomu/policy.h"
#include "mkdomu/tarscan.h"

struct mkd_entries {
	char *name;
	struct mkd_stream *stream;
	struct mkd_tarscan *scan;
	struct archive *archive;
	struct mkd_convert *convert;
	struct mkd_member *member; /* of the current entry */
	struct mkd_entry entry;
	struct mkd_buf other_path; /* scratch */
	uint64_t data_end;         /* behind the last piece given out */
	bool opened, in_data, stream_ended, ended;
	struct mkd_err err; /* sticky; code 0 = none */
};

/* libarchive's reader of bytes: every one passes the scanner first. */
static la_ssize_t on_read(struct archive *a, void *arg, const void **ret)
{
	struct mkd_entries *es = arg;
	size_t len = 0;
	int r;

	if (es->err.code)
		return ARCHIVE_FATAL;
	r = mkd_stream_read(es->stream, ret, &len, &es->err);
	if (r == 0)
		es->stream_ended = true;
	if (r > 0) {
		r = mkd_tarscan_feed(es->scan, *ret, len, &es->err);
		if (r < 0)
			(void)mkd_wrap(&es->err, "cannot use '%s'", es->name);
	}
	if (r < 0) {
		archive_set_error(a, -r, "%s", es->err.msg);
		return ARCHIVE_FATAL;
	}
	return (la_ssize_t)len;
}

static int new_archive(struct mkd_entries *es, struct mkd_err *err)
{
	es->archive = archive_read_new();
	/* No filter is enabled: the stream has decompressed already. */
	if (!es->archive || archive_read_support_format_tar(es->archive) != ARCHIVE_OK)
		return mkd_nomem(err);
	return 0;
}

int mkd_entries_open(struct mkd_stream *stream, const char *name, struct mkd_entries **ret,
		     struct mkd_err *err)
{
	struct mkd_entries *es = calloc(1, sizeof(*es));
	int r;

	if (!es) {
		mkd_stream_close(stream);
		return mkd_nomem(err);
	}
	es->stream = stream;
	r = mkd_strdup(name, &es->name, err);
	if (r == 0)
		r = mkd_tarscan_new(&es->scan, err);
	if (r == 0)
		r = mkd_convert_new(&es->convert, err);
	if (r == 0)
		r = new_archive(es, err);
	if (r < 0) {
		mkd_entries_close(es);
		return r;
	}
	*ret = es;
	return 0;
}

/* Keep the error for every later call. */
static int stick(struct mkd_entries *es, struct mkd_err *err)
{
	if (err != &es->err)
		es->err = *err;
	return -err->code;
}

static int again(const struct mkd_entries *es, struct mkd_err *err)
{
	*err = es->err;
	return -err->code;
}

/* libarchive has failed: the cause, by whoever knows it best. */
static int failed(struct mkd_entries *es, struct mkd_err *err)
{
	const char *why = archive_error_string(es->archive);

	if (es->err.code)
		return again(es, err);
	if (es->stream_ended && mkd_tarscan_finish(es->scan, err) < 0)
		(void)mkd_wrap(err, "cannot use '%s'", es->name);
	else
		(void)mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "cannot use '%s': %s", es->name,
			       why ? why : "the archive is damaged");
	return stick(es, err);
}

/* The end as libarchive sees it: read on to the real one, and hold the archive to its rules. */
static int at_end(struct mkd_entries *es, struct mkd_err *err)
{
	const void *data;

	while (!es->stream_ended)
		if (on_read(es->archive, es, &data) < 0)
			return again(es, err);
	es->member = mkd_tarscan_take(es->scan);
	if (es->member)
		(void)mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
			       "cannot use '%s': member '%.200s' is damaged", es->name,
			       es->member->path);
	else if (mkd_tarscan_finish(es->scan, err) < 0)
		(void)mkd_wrap(err, "cannot use '%s'", es->name);
	else
		return 0;
	return stick(es, err);
}

/*
 * A warning means that libarchive dropped something. What it drops for want of a character set is
 * taken from the scanner; anything else, or anything that such a warning may hide, is an error.
 */
static bool is_harmless(const struct mkd_entries *es)
{
	const char *why = archive_error_string(es->archive);

	return why && strstr(why, "can't be converted from") && !es->member->sparse &&
	       !es->member->libarchive_xattrs;
}

static bool same_type(const struct mkd_entry *e, struct archive_entry *ae)
{
	static const struct {
		enum mkd_ftype ours;
		__LA_MODE_T theirs;
	} types[] = {
		{ MKD_FT_REG, AE_IFREG }, { MKD_FT_DIR, AE_IFDIR }, { MKD_FT_LNK, AE_IFLNK },
		{ MKD_FT_CHR, AE_IFCHR }, { MKD_FT_BLK, AE_IFBLK }, { MKD_FT_FIFO, AE_IFIFO },
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].ours == e->type)
			return types[i].theirs == archive_entry_filetype(ae);
	return archive_entry_hardlink(ae) != NULL;
}

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if (*s & 0x80)
			return false;
	return true;
}

/* Two readers of one archive must agree on what they read, or its data may go astray. */
static bool agrees(struct mkd_entries *es, struct archive_entry *ae)
{
	const struct mkd_entry *e = &es->entry;
	const char *path = archive_entry_pathname(ae);
	struct mkd_err ignored;

	if (!same_type(e, ae))
		return false;
	if (e->type == MKD_FT_REG && (uint64_t)archive_entry_size(ae) != e->size_bytes)
		return false;
	if (!is_ascii(e->path))
		return true;
	return path && mkd_policy_path(path, &es->other_path, &ignored) == 0 &&
	       strcmp(mkd_buf_cstr(&es->other_path), e->path) == 0;
}

static int convert_extra(struct mkd_entries *es, struct archive_entry *ae, struct mkd_err *err)
{
	const char *name;
	const void *value;
	size_t len;
	int r = 0;

	if (!es->member->libarchive_xattrs)
		return 0;
	(void)archive_entry_xattr_reset(ae);
	while (r == 0 && archive_entry_xattr_next(ae, &name, &value, &len) == ARCHIVE_OK)
		/* Its RHT form comes from libarchive without the NUL that the kernel has. */
		if (strcmp(name, "security.selinux") != 0)
			r = mkd_convert_add_xattr(es->convert, name, value, len, err);
	return r;
}

static int convert(struct mkd_entries *es, struct archive_entry *ae, struct mkd_err *err)
{
	struct mkd_member *m = es->member;
	int64_t size = m->sparse ? archive_entry_size(ae) : m->hdr.size_bytes;
	int r = mkd_convert_begin(es->convert, m, size, err);

	if (r == 0)
		r = convert_extra(es, ae, err);
	if (r == 0)
		r = mkd_convert_end(es->convert, &es->entry, err);
	if (r < 0)
		(void)mkd_wrap(err, "cannot use '%s': member '%.200s' is refused", es->name,
			       m->path);
	else if (!agrees(es, ae))
		r = es->other_path.failed ? mkd_nomem(err)
					  : mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
						     "cannot use '%s': member '%.200s' is "
						     "ambiguous: libarchive reads its "
						     "headers in another way",
						     es->name, m->path);
	return r < 0 ? stick(es, err) : 0;
}

/* Opening reads, and so fails, like the first header. */
static int next_header(struct mkd_entries *es, struct archive_entry **ret)
{
	if (!es->opened) {
		int r = archive_read_open(es->archive, es, NULL, on_read, NULL);

		if (r != ARCHIVE_OK)
			return r;
		es->opened = true;
	}
	return archive_read_next_header(es->archive, ret);
}

int mkd_entries_next(struct mkd_entries *es, const struct mkd_entry **ret, struct mkd_err *err)
{
	struct archive_entry *ae = NULL;
	int r;

	if (es->err.code)
		return again(es, err);
	if (es->ended)
		return 0;
	mkd_member_free(es->member);
	es->member = NULL;
	es->in_data = false;
	r = next_header(es, &ae);
	if (r == ARCHIVE_EOF) {
		r = at_end(es, err);
		es->ended = r == 0;
		return r;
	}
	if (r == ARCHIVE_OK || r == ARCHIVE_WARN)
		es->member = mkd_tarscan_take(es->scan);
	if (!es->member || (r == ARCHIVE_WARN && !is_harmless(es)))
		return failed(es, err);
	r = convert(es, ae, err);
	if (r < 0)
		return r;
	es->in_data = es->entry.type == MKD_FT_REG;
	es->data_end = 0;
	*ret = &es->entry;
	return 1;
}

static int bad_data(struct mkd_entries *es, const char *why, struct mkd_err *err)
{
	(void)mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "cannot use '%s': member '%.200s' %s",
		       es->name, es->member->path, why);
	return stick(es, err);
}

static int next_piece(struct mkd_entries *es, const void **data, size_t *len, uint64_t *offset,
		      struct mkd_err *err)
{
	la_int64_t at = 0;
	int r = archive_read_data_block(es->archive, data, len, &at);

	if (r == ARCHIVE_EOF) {
		es->in_data = false;
		if (!es->member->sparse && es->data_end != es->entry.size_bytes)
			return bad_data(es, "is cut short", err);
		return 0;
	}
	if (r != ARCHIVE_OK)
		return failed(es, err);
	if (at < 0 || (uint64_t)at < es->data_end || (uint64_t)at > es->entry.size_bytes ||
	    *len > es->entry.size_bytes - (uint64_t)at)
		return bad_data(es, "has a damaged sparse map", err);
	es->data_end = (uint64_t)at + *len;
	*offset = (uint64_t)at;
	return 1;
}

int mkd_entries_data(struct mkd_entries *es, const void **data, size_t *len, uint64_t *offset_bytes,
		     struct mkd_err *err)
{
	uint64_t offset = 0;
	const void *p = NULL;
	size_t n = 0;

	if (es->err.code)
		return again(es, err);
	/* Pieces without bytes (the end of a sparse file) are not worth a call. */
	while (es->in_data) {
		int r = next_piece(es, &p, &n, &offset, err);

		if (r <= 0)
			return r;
		if (!n)
			continue;
		*data = p;
		*len = n;
		*offset_bytes = offset;
		return 1;
	}
	return 0;
}

uint64_t mkd_entries_pos(const struct mkd_entries *es)
{
	return mkd_stream_pos(es->stream);
}

void mkd_entries_close(struct mkd_entries *es)
{
	if (!es)
		return;
	if (es->archive)
		(void)archive_read_free(es->archive);
	mkd_member_free(es->member);
	mkd_tarscan_free(es->scan);
	mkd_convert_free(es->convert);
	mkd_stream_close(es->stream);
	mkd_buf_free(&es->other_path);
	free(es->name);
	free(es);
}

const char *mkd_entries_library(void)
{
	return archive_version_string();
}
