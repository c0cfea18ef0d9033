/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/blockout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/file.h"
#include "mkdomu/thread.h"
#include "mkdomu/ui.h"

#define RUN_BLOCKS 1024u /* 4 MiB */
#define N_RUNS     6u
#define ZERO_CHUNK (64 * MIB)

struct run {
	uint8_t *data;
	uint64_t block;
	size_t n;
};

struct mkd_blockout {
	int fd, direct_fd; /* direct_fd is ours, -1 without O_DIRECT */
	const char *name;
	uint64_t offset_bytes;
	bool is_file;
	struct run run[N_RUNS];
	uint8_t *memory;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t filled, emptied;
	unsigned head, tail; /* runs [tail, head) wait for the thread; head is being filled */
	bool quit;
	int failed; /* positive errno of the first write that failed */
};

/* O_DIRECT is given up for good where the target does not take it. Thread only. */
static int write_run(struct mkd_blockout *o, const struct run *r)
{
	uint64_t at = o->offset_bytes + r->block * MKD_BLOCK_BYTES;
	size_t len = r->n * MKD_BLOCK_BYTES;

	if (o->fd < 0)
		return 0;
	if (o->direct_fd >= 0) {
		int e = mkd_pwrite_full(o->direct_fd, r->data, len, at);

		if (e != -EINVAL && e != -EOPNOTSUPP)
			return e;
		(void)close(o->direct_fd);
		o->direct_fd = -1;
	}
	return mkd_pwrite_full(o->fd, r->data, len, at);
}

static void *writer(void *arg)
{
	struct mkd_blockout *o = arg;

	pthread_mutex_lock(&o->lock);
	for (;;) {
		int r = 0;

		while (o->head == o->tail && !o->quit)
			pthread_cond_wait(&o->filled, &o->lock);
		if (o->quit)
			break;
		if (!o->failed) {
			const struct run *run = &o->run[o->tail % N_RUNS];

			pthread_mutex_unlock(&o->lock);
			r = write_run(o, run);
			pthread_mutex_lock(&o->lock);
		}
		if (r < 0)
			o->failed = -r;
		o->tail++;
		pthread_cond_signal(&o->emptied);
	}
	pthread_mutex_unlock(&o->lock);
	return NULL;
}

static int open_direct(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
}

int mkd_blockout_open(int fd, const char *name, uint64_t offset_bytes, bool direct,
		      struct mkd_blockout **ret, struct mkd_err *err)
{
	struct mkd_blockout *o = calloc(1, sizeof(*o));
	struct stat st;
	int r;

	if (!o)
		return mkd_nomem(err);
	o->fd = fd;
	o->name = name;
	o->offset_bytes = offset_bytes;
	o->is_file = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	o->memory = aligned_alloc(MKD_BLOCK_BYTES, (size_t)N_RUNS * RUN_BLOCKS * MKD_BLOCK_BYTES);
	if (!o->memory) {
		free(o);
		return mkd_nomem(err);
	}
	for (unsigned i = 0; i < N_RUNS; i++)
		o->run[i].data = o->memory + (size_t)i * RUN_BLOCKS * MKD_BLOCK_BYTES;
	o->direct_fd = direct && fd >= 0 ? open_direct(fd) : -1;
	(void)pthread_mutex_init(&o->lock, NULL);
	(void)pthread_cond_init(&o->filled, NULL);
	(void)pthread_cond_init(&o->emptied, NULL);
	r = mkd_thread_start(&o->thread, writer, o, err);
	if (r < 0) {
		closep_(&o->direct_fd);
		free(o->memory);
		free(o);
		return r;
	}
	*ret = o;
	return 0;
}

static int failure(const struct mkd_blockout *o, struct mkd_err *err)
{
	return mkd_fail_io(err, o->failed, "cannot write '%s'", o->name);
}

/* Hand the run being filled over; returns when another one is free. */
static int submit(struct mkd_blockout *o, struct mkd_err *err)
{
	int r = 0;

	pthread_mutex_lock(&o->lock);
	if (o->run[o->head % N_RUNS].n) {
		o->head++;
		pthread_cond_signal(&o->filled);
		while (o->head - o->tail == N_RUNS)
			pthread_cond_wait(&o->emptied, &o->lock);
		o->run[o->head % N_RUNS].n = 0;
	}
	if (o->failed)
		r = failure(o, err);
	pthread_mutex_unlock(&o->lock);
	return r;
}

int mkd_blockout_take(struct mkd_blockout *o, uint64_t block, size_t want, void **ret,
		      size_t *ret_n, struct mkd_err *err)
{
	/* head is changed by this thread alone, so it may read it without the lock */
	struct run *run = &o->run[o->head % N_RUNS];
	size_t n;

	if (run->n == RUN_BLOCKS || (run->n && run->block + run->n != block)) {
		int r = submit(o, err);

		if (r < 0)
			return r;
		run = &o->run[o->head % N_RUNS];
	}
	if (!run->n)
		run->block = block;
	n = RUN_BLOCKS - run->n < want ? RUN_BLOCKS - run->n : want;
	*ret = run->data + run->n * MKD_BLOCK_BYTES;
	*ret_n = n;
	run->n += n;
	return 0;
}

int mkd_blockout_put(struct mkd_blockout *o, uint64_t block, const void *data, size_t n,
		     struct mkd_err *err)
{
	const uint8_t *from = data;

	while (n) {
		size_t got;
		void *to;
		int r = mkd_blockout_take(o, block, n, &to, &got, err);

		if (r < 0)
			return r;
		memcpy(to, from, got * MKD_BLOCK_BYTES);
		from += got * MKD_BLOCK_BYTES;
		block += got;
		n -= got;
	}
	return 0;
}

static int write_zeros(struct mkd_blockout *o, uint64_t block, uint64_t n, struct mkd_err *err)
{
	while (n) {
		size_t got;
		void *to;
		int r = mkd_blockout_take(o, block, n < RUN_BLOCKS ? n : RUN_BLOCKS, &to, &got,
					  err);

		if (r < 0)
			return r;
		memset(to, 0, got * MKD_BLOCK_BYTES);
		block += got;
		n -= got;
	}
	return 0;
}

/*
 * A hole in a file; on a block device the kernel writes zeros, by the device's own command where
 * there is one (fallocate(2), block/fops.c). In pieces, as the fall-back of the kernel is slow.
 */
int mkd_blockout_zero(struct mkd_blockout *o, uint64_t block, uint64_t n, struct mkd_err *err)
{
	int mode = FALLOC_FL_KEEP_SIZE | (o->is_file ? FALLOC_FL_PUNCH_HOLE : FALLOC_FL_ZERO_RANGE);
	int r = mkd_blockout_drain(o, err);

	if (o->fd < 0)
		return r;
	while (!r && n) {
		uint64_t chunk =
			n < ZERO_CHUNK / MKD_BLOCK_BYTES ? n : ZERO_CHUNK / MKD_BLOCK_BYTES;

		r = mkd_check_signal(err);
		if (r < 0)
			return r;
		if (fallocate(o->fd, mode, (off_t)(o->offset_bytes + block * MKD_BLOCK_BYTES),
			      (off_t)(chunk * MKD_BLOCK_BYTES)) < 0)
			r = write_zeros(o, block, chunk, err);
		block += chunk;
		n -= chunk;
	}
	return r;
}

int mkd_blockout_drain(struct mkd_blockout *o, struct mkd_err *err)
{
	int r = submit(o, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&o->lock);
	while (o->head != o->tail)
		pthread_cond_wait(&o->emptied, &o->lock);
	if (o->failed)
		r = failure(o, err);
	pthread_mutex_unlock(&o->lock);
	return r;
}

int mkd_blockout_sync(struct mkd_blockout *o, struct mkd_err *err)
{
	int r = mkd_blockout_drain(o, err);

	if (r < 0 || o->fd < 0)
		return r;
	if (fdatasync(o->fd) < 0)
		return mkd_fail_io(err, errno, "cannot write '%s' to stable storage", o->name);
	return 0;
}

int mkd_blockout_read(struct mkd_blockout *o, uint64_t block, void *data, struct mkd_err *err)
{
	int r = mkd_blockout_drain(o, err);

	if (r < 0)
		return r;
	if (o->fd < 0)
		return mkd_fail(err, MKD_EXIT_INTERNAL, ENODATA,
				"cannot read '%s' back: nothing was written", o->name);
	r = mkd_pread_full(o->fd, data, MKD_BLOCK_BYTES, o->offset_bytes + block * MKD_BLOCK_BYTES);
	return r < 0 ? mkd_fail_io(err, -r, "cannot read '%s' back", o->name) : 0;
}

void mkd_blockout_close(struct mkd_blockout *o)
{
	if (!o)
		return;
	pthread_mutex_lock(&o->lock);
	o->quit = true;
	pthread_cond_signal(&o->filled);
	pthread_mutex_unlock(&o->lock);
	(void)pthread_join(o->thread, NULL);
	closep_(&o->direct_fd);
	(void)pthread_cond_destroy(&o->filled);
	(void)pthread_cond_destroy(&o->emptied);
	(void)pthread_mutex_destroy(&o->lock);
	free(o->memory);
	free(o);
}
