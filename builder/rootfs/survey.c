/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/survey.h"

#include <errno.h>
#include <sys/stat.h>

#include "mkdomu/codec.h"
#include "mkdomu/convert.h"
#include "mkdomu/tarscan.h"
#include "mkdomu/ui.h"

/* Small: with small files much of it holds headers, with large ones it is read for one of them. */
#define WINDOW_BYTES (32 * KIB)

struct look {
	int fd;
	const char *name;
	uint64_t at, size_bytes;
	struct mkd_tarscan *scan;
	struct mkd_convert *convert;
	uint8_t *window;
	struct mkd_survey found;
};

static int refused(const struct look *l, struct mkd_err *err)
{
	return mkd_wrap(err, "cannot use '%s'", l->name);
}

static int read_window(struct look *l, size_t *ret, struct mkd_err *err)
{
	ssize_t n;

	do
		n = pread(l->fd, l->window, WINDOW_BYTES, (off_t)l->at);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return mkd_fail_io(err, errno, "cannot read '%s'", l->name);
	*ret = (size_t)n;
	return 0;
}

/* What a sparse file has in the archive is what it needs, but for pieces that share no block. */
static int count_member(struct look *l, const struct mkd_member *m, struct mkd_err *err)
{
	struct mkd_entry e = { 0 };
	int r = mkd_convert_begin(l->convert, m, m->hdr.size_bytes, err);

	if (r == 0)
		r = mkd_convert_end(l->convert, &e, err);
	if (r < 0) {
		(void)mkd_wrap(err, "member '%.200s' is refused", m->path);
		return refused(l, err);
	}
	l->found.unsure |= m->sparse || m->libarchive_xattrs;
	mkd_need_add(&l->found.need, &e);
	if (e.type == MKD_FT_REG)
		mkd_need_data(&l->found.need, 0, e.size_bytes);
	return 0;
}

static int count_members(struct look *l, struct mkd_err *err)
{
	struct mkd_member *m;
	int r = 0;

	while (r == 0 && (m = mkd_tarscan_take(l->scan))) {
		r = count_member(l, m, err);
		mkd_member_free(m);
	}
	return r;
}

/* Give the scanner what is in the window, but not what it would only pass over. */
static int feed(struct look *l, size_t len, struct mkd_err *err)
{
	const uint8_t *p = l->window, *end = p + len;

	while (p < end) {
		size_t n = (size_t)(end - p);
		uint64_t skip = mkd_tarscan_skip(l->scan, l->size_bytes - l->at);

		l->at += skip;
		if (skip >= n)
			return 0;
		p += skip;
		n = (size_t)(end - p) < MKD_TAR_BLOCK ? (size_t)(end - p) : MKD_TAR_BLOCK;
		l->at += n;
		if (mkd_tarscan_feed(l->scan, p, n, err) < 0)
			return refused(l, err);
		p += n;
	}
	return 0;
}

static int look_through(struct look *l, struct mkd_err *err)
{
	while (l->at < l->size_bytes) {
		size_t len = 0;
		int r = mkd_check_signal(err);

		if (r == 0)
			r = read_window(l, &len, err);
		if (r < 0)
			return r;
		if (!len)
			break;
		if (!l->at && mkd_codec_find(l->window, len)->open)
			return 0;
		l->found.plain = true;
		r = feed(l, len, err);
		if (r == 0)
			r = count_members(l, err);
		if (r < 0)
			return r;
	}
	l->found.plain = true;
	return mkd_tarscan_finish(l->scan, err) < 0 ? refused(l, err) : 0;
}

int mkd_survey_tar(int fd, const char *name, struct mkd_survey *ret, struct mkd_err *err)
{
	struct look l = { .fd = fd, .name = name };
	struct stat st;
	int r = 0;

	if (fstat(fd, &st) < 0)
		return mkd_fail_io(err, errno, "cannot read '%s'", name);
	l.size_bytes = (uint64_t)st.st_size;
	l.window = malloc(WINDOW_BYTES);
	if (!l.window)
		r = mkd_nomem(err);
	if (r == 0)
		r = mkd_tarscan_new(&l.scan, err);
	if (r == 0)
		r = mkd_convert_new(&l.convert, err);
	if (r == 0)
		r = look_through(&l, err);
	mkd_tarscan_free(l.scan);
	mkd_convert_free(l.convert);
	free(l.window);
	if (r == 0)
		*ret = l.found;
	return r;
}
