/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/e4_io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <ext2fs/ext2fs.h>

#include "mkdomu/e4_fs.h"
#include "mkdomu/file.h"
#include "mkdomu/seal.h"

#define PAGE        4096u
#define BUCKETS     4096u /* of the hash table; a power of two */
#define CLEAN_PAGES 8192u /* kept to save reading them again: 32 MiB */
#define RUN_PAGES   256u  /* written in one call */
#define PAGE_LIMIT  (UINT64_MAX / PAGE / 4)

struct page {
	struct page *next; /* in its bucket */
	uint64_t no;       /* byte offset in the file system / PAGE */
	bool dirty;
	uint8_t data[PAGE];
};

struct store {
	int fd;
	uint64_t offset_bytes;
	struct page *buckets[BUCKETS];
	size_t clean, dirty;
	int failed; /* negative errno of the first read or write that did not go well */
};

static struct store *store_of(io_channel io)
{
	return io->private_data;
}

static struct page **bucket(struct store *s, uint64_t no)
{
	return &s->buckets[(no ^ no >> 12) & (BUCKETS - 1)];
}

static struct page *find(struct store *s, uint64_t no)
{
	struct page *p = *bucket(s, no);

	while (p && p->no != no)
		p = p->next;
	return p;
}

/* Free all pages, or the clean ones alone. */
static void drop(struct store *s, bool dirty_too)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		for (struct page **at = &s->buckets[i]; *at;) {
			struct page *p = *at;

			if (p->dirty && !dirty_too) {
				at = &p->next;
				continue;
			}
			*at = p->next;
			free(p);
		}
	}
	s->clean = 0;
}

static int add(struct store *s, uint64_t no, struct page **ret)
{
	struct page *p = malloc(sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->no = no;
	p->dirty = false;
	p->next = *bucket(s, no);
	*bucket(s, no) = p;
	s->clean++;
	*ret = p;
	return 0;
}

/* A page with the target's content. */
static int load(struct store *s, uint64_t no, struct page **ret)
{
	uint8_t data[PAGE];
	struct page *p = find(s, no);
	int r = 0;

	if (!p) {
		r = mkd_pread_full(s->fd, data, PAGE, s->offset_bytes + no * PAGE);
		if (r < 0)
			return r;
		if (s->clean >= CLEAN_PAGES)
			drop(s, false);
		r = add(s, no, &p);
		if (r < 0)
			return r;
		memcpy(p->data, data, PAGE);
		/* in memory only: the target is unsealed by the commit of this page */
		if (no == 0 && mkd_seal_magic(p->data) == MKD_EXT4_SEALED)
			mkd_seal_set(p->data, MKD_EXT4_MAGIC);
	}
	*ret = p;
	return 0;
}

static int read_bytes(struct store *s, uint64_t at, void *data, size_t len)
{
	uint8_t *to = data;

	while (len) {
		size_t skip = at % PAGE, n = PAGE - skip < len ? PAGE - skip : len;
		struct page *p = NULL;
		int r = load(s, at / PAGE, &p);

		if (r < 0)
			return r;
		memcpy(to, p->data + skip, n);
		to += n;
		at += n;
		len -= n;
	}
	return 0;
}

static int write_bytes(struct store *s, uint64_t at, const void *data, size_t len)
{
	const uint8_t *from = data;

	while (len) {
		size_t skip = at % PAGE, n = PAGE - skip < len ? PAGE - skip : len;
		struct page *p = find(s, at / PAGE);
		int r = 0;

		if (!p) /* what is written as a whole need not be read */
			r = n == PAGE ? add(s, at / PAGE, &p) : load(s, at / PAGE, &p);
		if (r < 0)
			return r;
		memcpy(p->data + skip, from, n);
		s->clean -= !p->dirty;
		s->dirty += !p->dirty;
		p->dirty = true;
		from += n;
		at += n;
		len -= n;
	}
	return 0;
}

/* libext2fs gives a negative count for bytes instead of blocks. */
static int span(io_channel io, unsigned long long block, int count, uint64_t *at, size_t *len)
{
	uint64_t size = (uint64_t)io->block_size;

	if (block > PAGE_LIMIT * PAGE / size || count == INT32_MIN)
		return -EINVAL;
	*at = block * size;
	*len = count < 0 ? (size_t)-count : (size_t)count * size;
	return 0;
}

static errcode_t keep(struct store *s, int r)
{
	if (r < 0 && !s->failed)
		s->failed = r;
	return -r;
}

static errcode_t io_read64(io_channel io, unsigned long long block, int count, void *data)
{
	uint64_t at = 0;
	size_t len = 0;
	int r = span(io, block, count, &at, &len);

	if (r == 0)
		r = read_bytes(store_of(io), at, data, len);
	return keep(store_of(io), r);
}

static errcode_t io_write64(io_channel io, unsigned long long block, int count, const void *data)
{
	uint64_t at = 0;
	size_t len = 0;
	int r = span(io, block, count, &at, &len);

	if (r == 0)
		r = write_bytes(store_of(io), at, data, len);
	return keep(store_of(io), r);
}

static errcode_t io_read(io_channel io, unsigned long block, int count, void *data)
{
	return io_read64(io, block, count, data);
}

static errcode_t io_write(io_channel io, unsigned long block, int count, const void *data)
{
	return io_write64(io, block, count, data);
}

static errcode_t io_set_blksize(io_channel io, int size)
{
	if (size <= 0)
		return EINVAL;
	io->block_size = size;
	return 0;
}

/* A flush is not a commit: libext2fs flushes whenever it likes. */
static errcode_t io_flush(io_channel io)
{
	(void)io;
	return 0;
}

static errcode_t io_set_option(io_channel io, const char *option, const char *arg)
{
	unsigned long long v;
	char *end;

	if (strcmp(option, "offset") != 0 || !arg)
		return EXT2_ET_INVALID_ARGUMENT;
	errno = 0;
	v = strtoull(arg, &end, 10);
	if (errno || end == arg || *end || v > INT64_MAX)
		return EXT2_ET_INVALID_ARGUMENT;
	store_of(io)->offset_bytes = v;
	return 0;
}

static errcode_t io_close(io_channel io)
{
	struct store *s = store_of(io);

	if (--io->refcount > 0)
		return 0;
	drop(s, true);
	closep_(&s->fd);
	free(s);
	free(io->name);
	free(io);
	return 0;
}

static errcode_t io_open(const char *name, int flags, io_channel *ret)
{
	int mode = flags & IO_FLAG_RW ? O_RDWR : O_RDONLY;
	char path[64];
	io_channel io = calloc(1, sizeof(*io));
	struct store *s = calloc(1, sizeof(*s));
	char *copy = strdup(name);
	int code = ENOMEM;

	if (io && s && copy) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%s", name);
		s->fd = open(path, mode | O_CLOEXEC);
		code = s->fd < 0 ? errno : 0;
	}
	if (code) {
		free(io);
		free(s);
		free(copy);
		return code;
	}
	*io = (struct struct_io_channel){
		.magic = EXT2_ET_MAGIC_IO_CHANNEL,
		.manager = mkd_e4_io_manager(),
		.name = copy,
		.block_size = 1024,
		.refcount = 1,
		.private_data = s,
	};
	*ret = io;
	return 0;
}

struct struct_io_manager *mkd_e4_io_manager(void)
{
	static const struct struct_io_manager manager = {
		.magic = EXT2_ET_MAGIC_IO_MANAGER,
		.name = "mkdomu",
		.open = io_open,
		.close = io_close,
		.set_blksize = io_set_blksize,
		.read_blk = io_read,
		.write_blk = io_write,
		.flush = io_flush,
		.set_option = io_set_option,
		.read_blk64 = io_read64,
		.write_blk64 = io_write64,
	};

	/* libext2fs takes it without const, but only reads it. */
	return (struct struct_io_manager *)&manager;
}

int mkd_e4_io_failed(struct struct_io_channel *io)
{
	return store_of(io)->failed;
}

static int by_number(const void *a, const void *b)
{
	const struct page *x = *(struct page *const *)a, *y = *(struct page *const *)b;

	return (x->no > y->no) - (x->no < y->no);
}

static int write_pages(struct store *s, struct page **v, size_t n, uint8_t *buf)
{
	for (size_t i = 0, run; i < n; i += run) {
		int r;

		for (run = 0; i + run < n && run < RUN_PAGES && v[i + run]->no == v[i]->no + run;)
			run++;
		for (size_t k = 0; k < run; k++)
			memcpy(buf + k * PAGE, v[i + k]->data, PAGE);
		r = mkd_pwrite_full(s->fd, buf, run * PAGE, s->offset_bytes + v[i]->no * PAGE);
		if (r < 0)
			return r;
	}
	return 0;
}

int mkd_e4_io_commit(struct struct_io_channel *io)
{
	struct store *s = store_of(io);
	cleanup_free struct page **v = mkd_e4_zeros(s->dirty + 1, sizeof(struct page *));
	cleanup_free uint8_t *buf = mkd_e4_zeros(RUN_PAGES, PAGE);
	size_t n = 0, first;
	int r;

	if (!v || !buf)
		return -ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++)
		for (struct page *p = s->buckets[i]; p; p = p->next)
			if (p->dirty)
				v[n++] = p;
	qsort(v, n, sizeof(struct page *), by_number);
	first = n && v[0]->no == 0; /* it holds the superblock */
	r = write_pages(s, v + first, n - first, buf);
	if (r == 0 && first)
		r = write_pages(s, v, 1, buf);
	for (size_t i = 0; r == 0 && i < n; i++) {
		v[i]->dirty = false;
		s->dirty--;
		s->clean++;
	}
	return r;
}
