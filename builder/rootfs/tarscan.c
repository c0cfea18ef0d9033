/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tarscan.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/policy.h"

#define MAP_BLOCK_MORE   504 /* "isextended" of a block that goes on with an old GNU map */
#define MAP_BLOCK_PIECES 21

enum state {
	AT_HEADER,
	AT_MAP,  /* a block of an old GNU sparse map */
	AT_KEPT, /* the body of a pax header or long name */
	AT_DATA,
	AT_END,   /* one zero block was seen */
	AT_AFTER, /* two: only zeros may follow */
};

struct mkd_tarscan {
	enum state state;
	uint64_t offset; /* bytes seen */
	uint8_t block[MKD_TAR_BLOCK];
	size_t have;   /* in block */
	uint64_t body; /* bytes of the current body still to come, without padding */
	uint64_t pad;  /* zero bytes behind it */
	char kept_type;
	struct mkd_buf kept, pax, long_name, long_link; /* the last three: for the next member */
	uint64_t map_pieces;
	bool map_line; /* in the first line of a GNU 1.0 map */
	struct mkd_member *first, **last;
};

int mkd_tarscan_new(struct mkd_tarscan **ret, struct mkd_err *err)
{
	struct mkd_tarscan *ts = calloc(1, sizeof(*ts));

	if (!ts)
		return mkd_nomem(err);
	ts->last = &ts->first;
	*ret = ts;
	return 0;
}

static void set_body(struct mkd_tarscan *ts, enum state state, uint64_t bytes)
{
	ts->body = bytes;
	ts->pad = -bytes % MKD_TAR_BLOCK;
	ts->state = bytes ? state : AT_HEADER;
}

static int at_offset(const struct mkd_tarscan *ts, struct mkd_err *err)
{
	return mkd_wrap(err, "the archive is refused at byte %llu", (unsigned long long)ts->offset);
}

static int broken(const struct mkd_tarscan *ts, const char *why, struct mkd_err *err)
{
	(void)mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "%s", why);
	return at_offset(ts, err);
}

static int begin_kept(struct mkd_tarscan *ts, const struct mkd_tarhdr *h, struct mkd_err *err)
{
	bool is_pax = h->type == 'x' || h->type == 'g';
	int64_t max = is_pax ? MKD_PAX_MAX_BYTES : MKD_PATH_MAX_BYTES + 1;

	if (h->size_bytes < 0 || h->size_bytes > max) {
		(void)mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
			       "a %s has %lld bytes, the limit is %lld",
			       is_pax ? "pax header" : "long name", (long long)h->size_bytes,
			       (long long)max);
		return at_offset(ts, err);
	}
	ts->kept_type = h->type;
	mkd_buf_reset(&ts->kept);
	set_body(ts, AT_KEPT, (uint64_t)h->size_bytes);
	return 0;
}

/* The buffer that a kept body belongs in. */
static struct mkd_buf *kept_for(struct mkd_tarscan *ts)
{
	switch (ts->kept_type) {
	case 'L':
		return &ts->long_name;
	case 'K':
		return &ts->long_link;
	default:
		return &ts->pax;
	}
}

static int end_kept(struct mkd_tarscan *ts, struct mkd_err *err)
{
	struct mkd_buf *to = kept_for(ts);
	int r = mkd_buf_check(&ts->kept, err);

	if (r < 0)
		return r;
	if (ts->kept_type == 'g') {
		r = mkd_member_check_global(&ts->kept, err);
		return r < 0 ? at_offset(ts, err) : 0;
	}
	if (to->len)
		return broken(ts, "two headers of the same kind stand before one member", err);
	mkd_buf_free(to);
	*to = ts->kept;
	ts->kept = (struct mkd_buf){ 0 };
	return 0;
}

static int check_type(const struct mkd_member *m, struct mkd_err *err)
{
	static const char files[] = { '0', '\0', 'S' };
	const struct mkd_tarhdr *h = &m->hdr;
	char shown[] = { h->type, '\0' };
	uint64_t size;

	if (memchr(files, h->type, sizeof(files)))
		return mkd_policy_size(h->size_bytes, &size, err);
	if (h->type < '1' || h->type > '6')
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"its type '%s' is not a file, link, symlink, device, folder or "
				"fifo; repack it with GNU tar",
				shown);
	/* Readers differ on whether such data are there at all. */
	if (h->size_bytes != 0)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
				"it is no file but has %lld bytes of data",
				(long long)h->size_bytes);
	return 0;
}

static int add_member(struct mkd_tarscan *ts, const struct mkd_tarhdr *h, struct mkd_err *err)
{
	struct mkd_member *m = NULL;
	int r = mkd_member_new(h, &ts->pax, &ts->long_name, &ts->long_link, &m, err);

	if (r < 0)
		return r;
	r = check_type(m, err);
	if (r < 0) {
		(void)mkd_wrap(err, "member '%.200s' is refused", m->path);
		mkd_member_free(m);
		return r;
	}
	*ts->last = m;
	ts->last = &m->next;
	ts->map_pieces = 0;
	ts->map_line = m->map_in_data;
	set_body(ts, AT_DATA, (uint64_t)m->hdr.size_bytes);
	if (h->more_map)
		ts->state = AT_MAP;
	return 0;
}

static int on_header(struct mkd_tarscan *ts, const uint8_t *block, struct mkd_err *err)
{
	struct mkd_tarhdr h;
	int r;

	if (mkd_tarhdr_is_zero(block)) {
		if (ts->pax.len || ts->long_name.len || ts->long_link.len)
			return broken(ts, "the member of the last header is missing", err);
		ts->state = AT_END;
		return 0;
	}
	r = mkd_tarhdr_parse(block, &h, err);
	if (r < 0 && ts->offset == MKD_TAR_BLOCK)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
				"it is not a tar archive (compressed with xz, zstd, gzip, bzip2 or "
				"not at all)");
	if (r < 0)
		return at_offset(ts, err);
	if (h.type == 'x' || h.type == 'g' || h.type == 'L' || h.type == 'K')
		return begin_kept(ts, &h, err);
	return add_member(ts, &h, err);
}

static int on_map(struct mkd_tarscan *ts, const uint8_t *block, struct mkd_err *err)
{
	ts->map_pieces += MAP_BLOCK_PIECES;
	if (ts->map_pieces > MKD_MAP_MAX) {
		(void)mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM, "a sparse file has over %d pieces",
			       MKD_MAP_MAX);
		return at_offset(ts, err);
	}
	if (!block[MAP_BLOCK_MORE])
		ts->state = ts->body ? AT_DATA : AT_HEADER;
	return 0;
}

static int on_block(struct mkd_tarscan *ts, const uint8_t *block, struct mkd_err *err)
{
	switch (ts->state) {
	case AT_HEADER:
		return on_header(ts, block, err);
	case AT_MAP:
		return on_map(ts, block, err);
	default:
		if (!mkd_tarhdr_is_zero(block))
			return broken(ts, "data follow the end of the archive", err);
		ts->state = AT_AFTER;
		return 0;
	}
}

/* Gather a whole block, without a copy where the bytes lie together. */
static int feed_block(struct mkd_tarscan *ts, const uint8_t *p, size_t len, size_t *used,
		      struct mkd_err *err)
{
	size_t n = MKD_TAR_BLOCK - ts->have;

	if (n > len)
		n = len;
	*used = n;
	ts->offset += n;
	if (n == MKD_TAR_BLOCK)
		return on_block(ts, p, err);
	memcpy(ts->block + ts->have, p, n);
	ts->have += n;
	if (ts->have < MKD_TAR_BLOCK)
		return 0;
	ts->have = 0;
	return on_block(ts, ts->block, err);
}

/* The first line of a GNU 1.0 map is the number of pieces; libarchive would believe any. */
static int watch_map(struct mkd_tarscan *ts, const uint8_t *p, size_t len, struct mkd_err *err)
{
	for (size_t i = 0; i < len && ts->map_line; i++) {
		if (p[i] < '0' || p[i] > '9')
			ts->map_line = false;
		else
			ts->map_pieces = ts->map_pieces * 10 + (uint64_t)(p[i] - '0');
		if (ts->map_pieces > MKD_MAP_MAX) {
			(void)mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				       "a sparse file has over %d pieces", MKD_MAP_MAX);
			return at_offset(ts, err);
		}
	}
	return 0;
}

static int feed_body(struct mkd_tarscan *ts, const uint8_t *p, size_t len, size_t *used,
		     struct mkd_err *err)
{
	uint64_t *left = ts->body ? &ts->body : &ts->pad;
	size_t n = *left < len ? (size_t)*left : len;
	int r = 0;

	if (ts->body && ts->state == AT_KEPT)
		mkd_buf_add(&ts->kept, p, n);
	else if (ts->body && ts->map_line)
		r = watch_map(ts, p, n, err);
	*left -= n;
	*used = n;
	ts->offset += n;
	if (r < 0 || ts->body || ts->pad)
		return r;
	if (ts->state == AT_KEPT)
		r = end_kept(ts, err);
	ts->state = AT_HEADER;
	return r;
}

int mkd_tarscan_feed(struct mkd_tarscan *ts, const void *data, size_t len, struct mkd_err *err)
{
	const uint8_t *p = data;

	while (len) {
		bool in_body = ts->state == AT_DATA || ts->state == AT_KEPT;
		size_t used = 0;
		int r = in_body ? feed_body(ts, p, len, &used, err)
				: feed_block(ts, p, len, &used, err);

		if (r < 0)
			return r;
		p += used;
		len -= used;
	}
	return 0;
}

uint64_t mkd_tarscan_skip(struct mkd_tarscan *ts, uint64_t max_bytes)
{
	uint64_t n = ts->body < max_bytes ? ts->body : max_bytes;

	if (ts->state != AT_DATA || ts->map_line)
		return 0;
	ts->body -= n;
	ts->offset += n;
	if (!ts->body && !ts->pad)
		ts->state = AT_HEADER;
	return n;
}

int mkd_tarscan_finish(const struct mkd_tarscan *ts, struct mkd_err *err)
{
	if (ts->state == AT_AFTER && !ts->have)
		return 0;
	if (!ts->offset)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "it is empty, not a tar archive");
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
			"the archive is cut short after %llu bytes: its end marker is missing",
			(unsigned long long)ts->offset);
}

struct mkd_member *mkd_tarscan_take(struct mkd_tarscan *ts)
{
	struct mkd_member *m = ts->first;

	if (!m)
		return NULL;
	ts->first = m->next;
	if (!ts->first)
		ts->last = &ts->first;
	m->next = NULL;
	return m;
}

void mkd_tarscan_free(struct mkd_tarscan *ts)
{
	struct mkd_member *m;

	if (!ts)
		return;
	while ((m = mkd_tarscan_take(ts)))
		mkd_member_free(m);
	mkd_buf_free(&ts->kept);
	mkd_buf_free(&ts->pax);
	mkd_buf_free(&ts->long_name);
	mkd_buf_free(&ts->long_link);
	free(ts);
}
