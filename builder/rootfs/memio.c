/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/memio.h"

#include <string.h>
#include <ext2fs/ext2fs.h>

#define PAGE      4096u
#define FORGOTTEN UINT64_MAX
#define MIN_SLOTS 1024u

struct page {
	uint64_t nr;
	uint8_t *data; /* NULL = free slot */
};

/* Open addressing; a power of two, at most half full. Pages are never moved. */
struct store {
	struct page *slot;
	size_t n_slots, n_used;
	bool no_memory; /* a page was wanted and not to be had */
};

static size_t slot_of(const struct store *s, uint64_t nr)
{
	size_t i = (size_t)((nr * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (s->n_slots - 1);

	while (s->slot[i].data && s->slot[i].nr != nr)
		i = (i + 1) & (s->n_slots - 1);
	return i;
}

static bool grow(struct store *s)
{
	struct store bigger = { .n_slots = s->n_slots ? s->n_slots * 2 : MIN_SLOTS,
				.n_used = s->n_used };

	bigger.slot = calloc(bigger.n_slots, sizeof(*bigger.slot));
	if (!bigger.slot)
		return false;
	for (size_t i = 0; i < s->n_slots; i++) {
		if (s->slot[i].data)
			bigger.slot[slot_of(&bigger, s->slot[i].nr)] = s->slot[i];
	}
	free(s->slot);
	*s = bigger;
	return true;
}

static uint8_t *find(const struct store *s, uint64_t nr)
{
	return s->n_slots ? s->slot[slot_of(s, nr)].data : NULL;
}

static uint8_t *find_or_add(struct store *s, uint64_t nr)
{
	uint8_t *data = find(s, nr);

	if (data)
		return data;
	if (s->n_used * 2 >= s->n_slots && !grow(s))
		return NULL;
	data = calloc(1, PAGE);
	if (!data)
		return NULL;
	s->slot[slot_of(s, nr)] = (struct page){ .nr = nr, .data = data };
	s->n_used++;
	return data;
}

static void store_free(struct store *s)
{
	for (size_t i = 0; i < s->n_slots; i++)
		free(s->slot[i].data);
	free(s->slot);
	free(s);
}

static errcode_t mem_open(const char *name, int flags, io_channel *ret)
{
	io_channel ch = NULL;

	(void)flags;
	if (ext2fs_get_mem(sizeof(*ch), &ch))
		return EXT2_ET_NO_MEMORY;
	memset(ch, 0, sizeof(*ch));
	ch->magic = EXT2_ET_MAGIC_IO_CHANNEL;
	ch->manager = mkd_memio_manager();
	ch->block_size = 1024;
	ch->refcount = 1;
	ch->name = strdup(name);
	ch->private_data = calloc(1, sizeof(struct store));
	if (!ch->name || !ch->private_data) {
		free(ch->name);
		free(ch->private_data);
		ext2fs_free_mem(&ch);
		return EXT2_ET_NO_MEMORY;
	}
	*ret = ch;
	return 0;
}

static errcode_t mem_close(io_channel ch)
{
	if (--ch->refcount > 0)
		return 0;
	store_free(ch->private_data);
	free(ch->name);
	return ext2fs_free_mem(&ch);
}

static errcode_t mem_set_blksize(io_channel ch, int blksize)
{
	ch->block_size = blksize;
	return 0;
}

/* libext2fs: a negative count is one of bytes. */
static size_t length_of(io_channel ch, int count)
{
	return count < 0 ? (size_t)-count : (size_t)count * (size_t)ch->block_size;
}

static errcode_t mem_read64(io_channel ch, unsigned long long block, int count, void *data)
{
	const struct store *s = ch->private_data;
	uint64_t pos = block * (uint64_t)ch->block_size;
	size_t len = length_of(ch, count);
	uint8_t *to = data;

	while (len) {
		size_t at = pos % PAGE, n = len < PAGE - at ? len : PAGE - at;
		const uint8_t *page = find(s, pos / PAGE);

		if (page)
			memcpy(to, page + at, n);
		else
			memset(to, 0, n);
		to += n;
		pos += n;
		len -= n;
	}
	return 0;
}

static errcode_t mem_write64(io_channel ch, unsigned long long block, int count, const void *data)
{
	uint64_t pos = block * (uint64_t)ch->block_size;
	size_t len = length_of(ch, count);
	const uint8_t *from = data;

	while (len) {
		size_t at = pos % PAGE, n = len < PAGE - at ? len : PAGE - at;
		uint8_t *page = find_or_add(ch->private_data, pos / PAGE);

		if (!page) {
			((struct store *)ch->private_data)->no_memory = true;
			return EXT2_ET_NO_MEMORY;
		}
		memcpy(page + at, from, n);
		from += n;
		pos += n;
		len -= n;
	}
	return 0;
}

static errcode_t mem_read(io_channel ch, unsigned long block, int count, void *data)
{
	return mem_read64(ch, block, count, data);
}

static errcode_t mem_write(io_channel ch, unsigned long block, int count, const void *data)
{
	return mem_write64(ch, block, count, data);
}

static errcode_t mem_flush(io_channel ch)
{
	(void)ch;
	return 0;
}

/* Only pages that were written can differ from zero. */
static errcode_t mem_zeroout(io_channel ch, unsigned long long block, unsigned long long count)
{
	for (unsigned long long i = 0; i < count; i++) {
		uint8_t *page = find(ch->private_data, block + i);

		if (page)
			memset(page, 0, PAGE);
	}
	return 0;
}

/* Not const: libext2fs wants to point at it from every channel; nobody writes to it. */
static struct struct_io_manager manager = {
	.magic = EXT2_ET_MAGIC_IO_MANAGER,
	.name = "mkdomu memory",
	.open = mem_open,
	.close = mem_close,
	.set_blksize = mem_set_blksize,
	.read_blk = mem_read,
	.write_blk = mem_write,
	.flush = mem_flush,
	.read_blk64 = mem_read64,
	.write_blk64 = mem_write64,
	.zeroout = mem_zeroout,
};

struct struct_io_manager *mkd_memio_manager(void)
{
	return &manager;
}

bool mkd_memio_failed(const struct struct_io_channel *ch)
{
	return ((const struct store *)ch->private_data)->no_memory;
}

void mkd_memio_forget(struct struct_io_channel *ch, uint64_t page, uint64_t n)
{
	struct store *s = ch->private_data;

	/* The slot stays taken, so that probing goes on past it. */
	for (size_t i = 0; i < s->n_slots; i++) {
		if (s->slot[i].data && s->slot[i].nr - page < n)
			s->slot[i].nr = FORGOTTEN;
	}
}

void *mkd_memio_page(struct struct_io_channel *ch, uint64_t page)
{
	return find(ch->private_data, page);
}

static int by_number(const void *a, const void *b)
{
	const struct page *x = a, *y = b;

	return (x->nr > y->nr) - (x->nr < y->nr);
}

int mkd_memio_each(struct struct_io_channel *ch,
		   int (*each)(void *arg, uint64_t page, const void *data, struct mkd_err *err),
		   void *arg, struct mkd_err *err)
{
	const struct store *s = ch->private_data;
	cleanup_free struct page *sorted = calloc(s->n_used + 1, sizeof(*sorted));
	size_t n = 0;

	if (!sorted)
		return mkd_nomem(err);
	for (size_t i = 0; i < s->n_slots; i++) {
		if (s->slot[i].data && s->slot[i].nr != FORGOTTEN)
			sorted[n++] = s->slot[i];
	}
	qsort(sorted, n, sizeof(*sorted), by_number);
	for (size_t i = 0; i < n; i++) {
		int r = each(arg, sorted[i].nr, sorted[i].data, err);

		if (r < 0)
			return r;
	}
	return 0;
}
