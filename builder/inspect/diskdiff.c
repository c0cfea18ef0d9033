/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/diskdiff.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "mkdomu/file.h"

#define CHUNK ((size_t)MIB)

struct diff {
	const struct mkd_diskdiff_req *req;
	uint8_t *a, *b;
	uint64_t other_bytes;
	uint64_t known; /* up to here the differences are counted */
	struct mkd_diskdiff found;
};

static int differs(struct diff *d, uint64_t at, struct mkd_err *err)
{
	char name[MKD_DISKMAP_NAME_MAX];
	uint64_t span = 1;
	int r;

	if (d->found.places >= MKD_DISKDIFF_NAMED) {
		d->known = at / 4096 * 4096 + 4096;
		d->found.places++;
		return 0;
	}
	r = mkd_diskmap_find(d->req->map, at, name, &span, err);
	if (r < 0)
		return r;
	d->known = at + span;
	mkd_say(d->req->ui, MKD_INFO, "differs at byte %" PRIu64 ": %s", at, name);
	if (!d->found.places++) {
		memcpy(d->found.first, name, sizeof(name));
		d->found.first_at_bytes = at;
	}
	return 0;
}

/* The bytes that the other one has; those behind its end differ from anything. */
static int read_other(const struct diff *d, uint64_t at, size_t len, size_t *ret)
{
	uint64_t left = at < d->other_bytes ? d->other_bytes - at : 0;

	*ret = left < len ? (size_t)left : len;
	return *ret ? mkd_pread_full(d->req->other_fd, d->b, *ret, at) : 0;
}

static int compare(struct diff *d, uint64_t at, size_t len, struct mkd_err *err)
{
	size_t have = 0;
	int r = mkd_pread_full(d->req->fd, d->a, len, at);

	if (r < 0)
		return mkd_fail_io(err, -r, "cannot read '%s'", d->req->map->name);
	r = read_other(d, at, len, &have);
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot read '%s'", d->req->other_name);
	if (have == len && memcmp(d->a, d->b, len) == 0)
		return 0;
	for (size_t i = 0; r == 0 && i < len; i++)
		if (at + i >= d->known && (i >= have || d->a[i] != d->b[i]))
			r = differs(d, at + i, err);
	return r;
}

static int compare_all(struct diff *d, struct mkd_err *err)
{
	const struct mkd_diskmap *m = d->req->map;
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_owned; i++) {
		uint64_t at = m->owned[i].offset_bytes, end = at + m->owned[i].size_bytes;

		for (; r == 0 && at < end; at += CHUNK) {
			r = mkd_check_signal(err);
			if (r == 0)
				r = compare(d, at, end - at < CHUNK ? (size_t)(end - at) : CHUNK,
					    err);
			mkd_tick(d->req->ui, "compare", at, m->size_bytes);
		}
	}
	mkd_tick(d->req->ui, "", 0, 0);
	return r;
}

static int compare_sized(struct diff *d, struct mkd_err *err)
{
	off_t end = lseek(d->req->other_fd, 0, SEEK_END);

	if (!d->a || !d->b)
		return mkd_nomem(err);
	if (end < 0)
		return mkd_fail_io(err, errno, "cannot tell the size of '%s'", d->req->other_name);
	d->other_bytes = (uint64_t)end;
	return compare_all(d, err);
}

int mkd_diskdiff(const struct mkd_diskdiff_req *req, struct mkd_diskdiff *ret, struct mkd_err *err)
{
	struct diff d = { .req = req, .a = malloc(CHUNK), .b = malloc(CHUNK) };
	int r = compare_sized(&d, err);

	free(d.a);
	free(d.b);
	if (r == 0)
		*ret = d.found;
	return r;
}
