/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/infile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/size.h"
#include "mkdomu/thread.h"

#define N_CHUNKS 8u

struct chunk {
	uint8_t *data;
	size_t len;
};

/* made and freed only grow; the chunks [freed, made) wait for the caller or are held by it. */
struct mkd_infile {
	int fd;
	const char *name;
	struct mkd_sha256 *sum; /* the thread's, once it runs; NULL = no digest */
	uint64_t bytes;         /* read so far; likewise */
	uint8_t *memory;
	struct chunk chunk[N_CHUNKS];
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t can_make, can_take;
	unsigned made, freed;
	bool stop, done;
	struct mkd_err end; /* code 0: the file's end; valid once done */
	bool holding;       /* the caller's */
};

/* 1 when the chunk is the last one. */
static int fill(struct mkd_infile *f, struct chunk *c, struct mkd_err *err)
{
	c->len = 0;
	while (c->len < MKD_INFILE_BYTES) {
		ssize_t n = pread(f->fd, c->data + c->len, MKD_INFILE_BYTES - c->len,
				  (off_t)(f->bytes + c->len));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mkd_fail_io(err, errno, "cannot read '%s'", f->name);
		if (n == 0)
			break;
		c->len += (size_t)n;
	}
	f->bytes += c->len;
	if (f->sum)
		mkd_sha256_add(f->sum, c->data, c->len);
	return c->len < MKD_INFILE_BYTES;
}

/* The chunk to fill, or NULL when asked to stop. */
static struct chunk *chunk_to_fill(struct mkd_infile *f)
{
	struct chunk *c = NULL;

	(void)pthread_mutex_lock(&f->lock);
	while (!f->stop && f->made - f->freed == N_CHUNKS)
		(void)pthread_cond_wait(&f->can_make, &f->lock);
	if (!f->stop)
		c = &f->chunk[f->made % N_CHUNKS];
	(void)pthread_mutex_unlock(&f->lock);
	return c;
}

static void publish(struct mkd_infile *f, int r, const struct mkd_err *err)
{
	(void)pthread_mutex_lock(&f->lock);
	if (r >= 0)
		f->made++;
	else
		f->end = *err;
	f->done = r != 0;
	(void)pthread_cond_signal(&f->can_take);
	(void)pthread_mutex_unlock(&f->lock);
}

static void *read_all(void *arg)
{
	struct mkd_infile *f = arg;
	struct mkd_err err = { 0 };
	int r = 0;

	while (r == 0) {
		struct chunk *c = chunk_to_fill(f);

		if (!c)
			return NULL;
		r = fill(f, c, &err);
		publish(f, r, &err);
	}
	return NULL;
}

static int start(struct mkd_infile *f, struct mkd_err *err)
{
	int r = mkd_thread_start(&f->thread, read_all, f, err);

	f->running = r == 0;
	return r;
}

/* The first chunk in the caller's own thread: what cannot be read at all is told by open. */
static int begin(struct mkd_infile *f, bool digest, struct mkd_err *err)
{
	int r = digest ? mkd_sha256_new(&f->sum, err) : 0;

	if (r < 0)
		return r;
	f->memory = malloc(N_CHUNKS * MKD_INFILE_BYTES);
	if (!f->memory)
		return mkd_nomem(err);
	for (unsigned i = 0; i < N_CHUNKS; i++)
		f->chunk[i].data = f->memory + i * MKD_INFILE_BYTES;
	(void)posix_fadvise(f->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	r = fill(f, &f->chunk[0], err);
	if (r < 0)
		return r;
	f->made = 1;
	f->done = r > 0;
	return f->done ? 0 : start(f, err);
}

int mkd_infile_open(int fd, const char *name, bool digest, struct mkd_infile **ret,
		    struct mkd_err *err)
{
	struct mkd_infile *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return mkd_nomem(err);
	f->fd = fd;
	f->name = name;
	(void)pthread_mutex_init(&f->lock, NULL);
	(void)pthread_cond_init(&f->can_make, NULL);
	(void)pthread_cond_init(&f->can_take, NULL);
	r = begin(f, digest, err);
	if (r < 0) {
		mkd_infile_close(f);
		return r;
	}
	*ret = f;
	return 0;
}

static void let_go(struct mkd_infile *f)
{
	f->freed += f->holding;
	f->holding = false;
	(void)pthread_cond_signal(&f->can_make);
}

int mkd_infile_next(struct mkd_infile *f, const uint8_t **ret, size_t *ret_len, struct mkd_err *err)
{
	int r = 0;

	*ret_len = 0;
	(void)pthread_mutex_lock(&f->lock);
	let_go(f);
	while (f->made == f->freed && !f->done)
		(void)pthread_cond_wait(&f->can_take, &f->lock);
	if (f->made != f->freed) {
		*ret = f->chunk[f->freed % N_CHUNKS].data;
		*ret_len = f->chunk[f->freed % N_CHUNKS].len;
		f->holding = true;
	} else if (f->end.code) {
		*err = f->end;
		r = -f->end.code;
	}
	(void)pthread_mutex_unlock(&f->lock);
	return r;
}

void mkd_infile_first(const struct mkd_infile *f, const uint8_t **ret, size_t *ret_len)
{
	*ret = f->chunk[0].data;
	*ret_len = f->chunk[0].len;
}

void mkd_infile_sum(const struct mkd_infile *f, uint64_t *ret_bytes,
		    uint8_t ret_sha256[static MKD_SHA256_BYTES])
{
	*ret_bytes = f->bytes;
	memset(ret_sha256, 0, MKD_SHA256_BYTES);
	if (f->sum)
		mkd_sha256_get(f->sum, ret_sha256);
}

void mkd_infile_close(struct mkd_infile *f)
{
	if (!f)
		return;
	if (f->running) {
		(void)pthread_mutex_lock(&f->lock);
		f->stop = true;
		(void)pthread_cond_signal(&f->can_make);
		(void)pthread_mutex_unlock(&f->lock);
		(void)pthread_join(f->thread, NULL);
	}
	mkd_sha256_free(f->sum);
	free(f->memory);
	(void)pthread_cond_destroy(&f->can_make);
	(void)pthread_cond_destroy(&f->can_take);
	(void)pthread_mutex_destroy(&f->lock);
	free(f);
}
