/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/diskmap.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/owned.h"
#include "mkdomu/owner.h"
#include "mkdomu/seal.h"
#include "mkdomu/tree_ext4.h"

#define PROBE_BYTES  4096
#define SWAP_MAGIC   "SWAPSPACE2" /* ends the first page */
#define SWAP_LAST_AT 1028         /* of union swap_header: last_page */

enum kind { KIND_NONE, KIND_EXT4, KIND_SWAP };

struct mkd_diskmap_part {
	enum kind kind;
	struct mkd_span at;
	struct mkd_tree *tree; /* of an ext4 */
};

static int add(struct mkd_diskmap *m, uint64_t offset_bytes, uint64_t size_bytes,
	       struct mkd_err *err)
{
	struct mkd_span *last = m->owned && m->n_owned ? &m->owned[m->n_owned - 1] : NULL;

	if (last && last->offset_bytes + last->size_bytes == offset_bytes) {
		last->size_bytes += size_bytes;
		return 0;
	}
	if (!m->owned || m->n_owned == m->room) {
		size_t room = m->room ? 2 * m->room : 64;
		struct mkd_span *v = reallocarray(m->owned, room, sizeof(*v));

		if (!v)
			return mkd_nomem(err);
		m->owned = v;
		m->room = room;
	}
	m->owned[m->n_owned++] = (struct mkd_span){ offset_bytes, size_bytes };
	return 0;
}

struct run {
	struct mkd_diskmap *m;
	const struct mkd_diskmap_part *part;
};

static int add_run(void *arg, uint64_t offset_bytes, uint64_t size_bytes, struct mkd_err *err)
{
	const struct run *r = arg;

	if (offset_bytes + size_bytes > r->part->at.size_bytes)
		return mkd_fail(err, MKD_EXIT_IO, EUCLEAN, "it ends behind its partition or disk");
	return add(r->m, r->part->at.offset_bytes + offset_bytes, size_bytes, err);
}

static int add_ext4(const struct mkd_diskmap_req *q, struct mkd_diskmap *m,
		    struct mkd_diskmap_part *p, struct mkd_err *err)
{
	const struct mkd_tree_ext4_req req = {
		.fd = q->fd, .name = q->name, .offset_bytes = p->at.offset_bytes, .read_only = true
	};
	struct run run = { m, p };
	const struct mkd_owned_visit visit = { add_run, &run, q->content };
	int r = mkd_tree_ext4_open(&req, &p->tree, err);

	if (r < 0)
		return r;
	if (!m->gpt.sector_bytes)
		m->size_bytes = mkd_owned_size(p->tree);
	return mkd_owned_each(p->tree, &visit, err);
}

static int add_swap(struct mkd_diskmap *m, const struct mkd_diskmap_part *p, const uint8_t *page,
		    struct mkd_err *err)
{
	uint32_t last;

	memcpy(&last, page + SWAP_LAST_AT, sizeof(last));
	if (!m->gpt.sector_bytes)
		m->size_bytes = (le32toh(last) + UINT64_C(1)) * PROBE_BYTES;
	return add(m, p->at.offset_bytes, PROBE_BYTES, err);
}

/* number 0: the bare disk. */
static int add_part(const struct mkd_diskmap_req *q, struct mkd_diskmap *m, unsigned number,
		    struct mkd_diskmap_part *p, struct mkd_err *err)
{
	uint8_t page[PROBE_BYTES];
	char where[32] = "";
	int r = 0;

	if (number)
		(void)snprintf(where, sizeof(where), ", partition %u", number);
	if (p->at.size_bytes >= sizeof(page)) {
		r = mkd_pread_full(q->fd, page, sizeof(page), p->at.offset_bytes);
		if (r < 0)
			return mkd_fail_io(err, -r, "cannot read '%s'", q->name);
		if (memcmp(page + sizeof(page) - 10, SWAP_MAGIC, 10) == 0)
			p->kind = KIND_SWAP;
		else if (mkd_seal_magic(page) == MKD_EXT4_MAGIC ||
			 mkd_seal_magic(page) == MKD_EXT4_SEALED)
			p->kind = KIND_EXT4;
	}
	if (p->kind == KIND_NONE)
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot tell what is in '%s'%s: it is neither ext4 nor swap%s",
				q->name, where, number ? "" : ", and has no GPT");
	return p->kind == KIND_EXT4 ? add_ext4(q, m, p, err) : add_swap(m, p, page, err);
}

static int overlap(const struct mkd_diskmap *m, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_TARGET, EUCLEAN, "cannot use '%s': its partitions overlap",
			m->name);
}

/* Partitions by their place on the disk: the table may have them in any order. */
static int add_parts(const struct mkd_diskmap_req *q, struct mkd_diskmap *m, struct mkd_err *err)
{
	uint64_t from = 0;
	int r = 0;

	for (;;) {
		unsigned next = MKD_GPT_PARTS;

		for (unsigned i = 0; i < MKD_GPT_PARTS; i++) {
			const struct mkd_span *p = &m->gpt.parts[i];

			if (p->size_bytes && m->parts[i].kind == KIND_NONE &&
			    (next == MKD_GPT_PARTS ||
			     p->offset_bytes < m->gpt.parts[next].offset_bytes))
				next = i;
		}
		if (r < 0 || next == MKD_GPT_PARTS)
			return r;
		if (m->gpt.parts[next].offset_bytes < from)
			return overlap(m, err);
		m->parts[next].at = m->gpt.parts[next];
		from = m->parts[next].at.offset_bytes + m->parts[next].at.size_bytes;
		r = add_part(q, m, next + 1, &m->parts[next], err);
	}
}

static int add_gpt(const struct mkd_diskmap_req *q, struct mkd_diskmap *m, struct mkd_err *err)
{
	const struct mkd_gpt *g = &m->gpt;
	int r;

	m->size_bytes = g->backup_header.offset_bytes + g->backup_header.size_bytes;
	r = add(m, g->mbr.offset_bytes, g->mbr.size_bytes, err);
	if (r == 0)
		r = add(m, g->header.offset_bytes, g->header.size_bytes, err);
	if (r == 0)
		r = add(m, g->entries.offset_bytes, g->entries.size_bytes, err);
	if (r == 0)
		r = add_parts(q, m, err);
	if (r == 0)
		r = add(m, g->backup_entries.offset_bytes, g->backup_entries.size_bytes, err);
	return r < 0 ? r : add(m, g->backup_header.offset_bytes, g->backup_header.size_bytes, err);
}

/* What follows relies on it; a partition that lies over the GPT's own sectors would break it. */
static int check_order(const struct mkd_diskmap *m, struct mkd_err *err)
{
	uint64_t end = 0;

	for (size_t i = 0; i < m->n_owned; i++) {
		if (m->owned[i].offset_bytes < end)
			return overlap(m, err);
		end = m->owned[i].offset_bytes + m->owned[i].size_bytes;
	}
	if (end > m->size_bytes)
		return mkd_fail(err, MKD_EXIT_TARGET, EUCLEAN,
				"cannot use '%s': it holds more than it has room for", m->name);
	return 0;
}

int mkd_diskmap_open(const char *path, int *ret_fd, struct mkd_err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0)
		return mkd_fail_errno(err, MKD_EXIT_USAGE, errno, "cannot open '%s'", path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use '%s': it is neither an image file nor a block device",
				path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

int mkd_diskmap_make(const struct mkd_diskmap_req *req, struct mkd_diskmap *ret,
		     struct mkd_err *err)
{
	struct mkd_diskmap m = { .name = req->name };
	off_t end = lseek(req->fd, 0, SEEK_END);
	int r;

	if (end < 0)
		return mkd_fail_io(err, errno, "cannot tell the size of '%s'", req->name);
	m.parts = calloc(MKD_GPT_PARTS, sizeof(*m.parts));
	if (!m.parts)
		return mkd_nomem(err);
	r = mkd_gpt_read(req->fd, req->name, (uint64_t)end, &m.gpt, err);
	m.parts[0].at = (struct mkd_span){ 0, (uint64_t)end };
	if (r == 0)
		r = m.gpt.sector_bytes ? add_gpt(req, &m, err)
				       : add_part(req, &m, 0, &m.parts[0], err);
	if (r == 0)
		r = check_order(&m, err);
	if (r < 0)
		mkd_diskmap_free(&m);
	else
		*ret = m;
	return r;
}

void mkd_diskmap_free(struct mkd_diskmap *m)
{
	for (unsigned i = 0; m->parts && i < MKD_GPT_PARTS; i++)
		mkd_tree_ext4_abort(m->parts[i].tree);
	free(m->parts);
	free(m->owned);
	*m = (struct mkd_diskmap){ 0 };
}

static bool in(const struct mkd_span *s, uint64_t at)
{
	return at >= s->offset_bytes && at - s->offset_bytes < s->size_bytes;
}

static bool find_gpt(const struct mkd_gpt *g, uint64_t at, char ret[static MKD_DISKMAP_NAME_MAX],
		     uint64_t *span)
{
	const struct {
		const char *words;
		const struct mkd_span *s;
		bool entries;
	} rows[] = {
		{ "protective MBR", &g->mbr, false },
		{ "GPT header", &g->header, false },
		{ "GPT entry of partition", &g->entries, true },
		{ "GPT entry (backup) of partition", &g->backup_entries, true },
		{ "GPT header (backup)", &g->backup_header, false },
	};

	for (size_t i = 0; g->sector_bytes && i < ARRAY_LEN(rows); i++) {
		uint64_t off = at - rows[i].s->offset_bytes;

		if (!in(rows[i].s, at))
			continue;
		*span = rows[i].s->size_bytes - off;
		(void)snprintf(ret, MKD_DISKMAP_NAME_MAX, "%s", rows[i].words);
		if (rows[i].entries) {
			*span = g->entry_bytes - off % g->entry_bytes;
			(void)snprintf(ret, MKD_DISKMAP_NAME_MAX, "%s %" PRIu64, rows[i].words,
				       off / g->entry_bytes + 1);
		}
		return true;
	}
	return false;
}

int mkd_diskmap_find(const struct mkd_diskmap *m, uint64_t at_bytes,
		     char ret[static MKD_DISKMAP_NAME_MAX], uint64_t *ret_span, struct mkd_err *err)
{
	char owner[MKD_OWNER_MAX];
	uint64_t span = 1;
	int r = 0;

	(void)snprintf(ret, MKD_DISKMAP_NAME_MAX, "free space");
	if (!find_gpt(&m->gpt, at_bytes, ret, &span))
		for (unsigned i = 0; i < MKD_GPT_PARTS; i++) {
			const struct mkd_diskmap_part *p = &m->parts[i];
			uint64_t off = at_bytes - p->at.offset_bytes;

			if (p->kind == KIND_NONE || !in(&p->at, at_bytes))
				continue;
			if (p->kind == KIND_SWAP) {
				(void)snprintf(ret, MKD_DISKMAP_NAME_MAX, "swap header");
				span = PROBE_BYTES - off % PROBE_BYTES;
				break;
			}
			r = mkd_owner_find(p->tree, off, owner, err);
			if (r < 0)
				return r;
			span = mkd_owner_span(p->tree, off);
			(void)snprintf(ret, MKD_DISKMAP_NAME_MAX, "%s", owner);
			break;
		}
	if (ret_span)
		*ret_span = span;
	return r;
}
