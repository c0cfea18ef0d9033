/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hash.h"

#include <errno.h>
#include <gcrypt.h>
#include <pthread.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/sha256.h"

#define CHUNK_BYTES MIB

static const int gcry_of[MKD_N_ALGOS] = {
	[MKD_ALGO_SHA512] = GCRY_MD_SHA512,
	[MKD_ALGO_BLAKE2B] = GCRY_MD_BLAKE2B_512,
	[MKD_ALGO_SHA256] = GCRY_MD_SHA256,
};

/*
 * The reader fills one buffer while the workers digest the other. Each round the reader hands out
 * a chunk and then waits until busy is 0; a chunk of no bytes sends the workers home.
 */
struct team {
	pthread_mutex_t lock;
	pthread_cond_t work, idle;
	unsigned round, busy;
	const void *data;
	size_t len;
};

struct worker {
	struct team *team;
	gcry_md_hd_t md;
	pthread_t thread;
	bool started;
};

static void *run_worker(void *arg)
{
	struct worker *w = arg;
	struct team *t = w->team;
	unsigned round = 0;
	const void *data;
	size_t len;

	do {
		(void)pthread_mutex_lock(&t->lock);
		while (t->round == round)
			(void)pthread_cond_wait(&t->work, &t->lock);
		round = t->round;
		data = t->data;
		len = t->len;
		(void)pthread_mutex_unlock(&t->lock);
		if (len)
			gcry_md_write(w->md, data, len);
		(void)pthread_mutex_lock(&t->lock);
		if (--t->busy == 0)
			(void)pthread_cond_signal(&t->idle);
		(void)pthread_mutex_unlock(&t->lock);
	} while (len);
	return NULL;
}

static void hand_out(struct team *t, struct worker *w, const void *data, size_t len)
{
	(void)pthread_mutex_lock(&t->lock);
	t->data = data;
	t->len = len;
	t->round++;
	for (unsigned a = 0; a < MKD_N_ALGOS; a++)
		t->busy += w[a].started;
	(void)pthread_cond_broadcast(&t->work);
	(void)pthread_mutex_unlock(&t->lock);
}

/* Where no thread could be had the reader does the work itself. */
static void wait_idle(struct team *t, struct worker *w)
{
	for (unsigned a = 0; a < MKD_N_ALGOS; a++)
		if (w[a].md && !w[a].started && t->len)
			gcry_md_write(w[a].md, t->data, t->len);
	(void)pthread_mutex_lock(&t->lock);
	while (t->busy)
		(void)pthread_cond_wait(&t->idle, &t->lock);
	(void)pthread_mutex_unlock(&t->lock);
}

struct reader {
	int fd;
	uint64_t size_bytes, done_bytes;
	struct mkd_ui *ui;
	uint8_t *buf; /* two chunks */
};

static int read_chunk(struct reader *r, unsigned half, size_t *len, struct mkd_err *err)
{
	uint64_t left = r->size_bytes - r->done_bytes;
	int e = mkd_check_signal(err);

	if (e < 0)
		return e;
	*len = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
	e = mkd_pread_full(r->fd, r->buf + half * CHUNK_BYTES, *len, r->done_bytes);
	if (e < 0)
		return mkd_fail_io(err, -e, "cannot read the tarball at byte %llu",
				   (unsigned long long)r->done_bytes);
	r->done_bytes += *len;
	mkd_tick(r->ui, "verify", r->done_bytes, r->size_bytes);
	return 0;
}

static int digest(struct reader *r, struct team *t, struct worker *w, struct mkd_err *err)
{
	size_t len = 0, next = 0;
	unsigned half = 0;
	int e = read_chunk(r, half, &len, err);

	while (e == 0 && len) {
		hand_out(t, w, r->buf + half * CHUNK_BYTES, len);
		half = !half;
		e = read_chunk(r, half, &next, err);
		wait_idle(t, w);
		len = next;
	}
	return e;
}

static int open_workers(struct team *t, struct worker *w, unsigned want, struct mkd_err *err)
{
	for (unsigned a = 0; a < MKD_N_ALGOS; a++) {
		if (!(want & MKD_ALGO_BIT(a)))
			continue;
		w[a].team = t;
		if (gcry_md_open(&w[a].md, gcry_of[a], 0) != 0)
			return mkd_fail(err, MKD_EXIT_INTERNAL, ENOTSUP,
					"cannot compute a %s digest: libgcrypt does not offer it",
					mkd_algo_name(a));
	}
	for (unsigned a = 0; a < MKD_N_ALGOS; a++)
		if (w[a].md)
			w[a].started = pthread_create(&w[a].thread, NULL, run_worker, &w[a]) == 0;
	return 0;
}

static void close_workers(struct team *t, struct worker *w, struct mkd_digests *ret)
{
	hand_out(t, w, NULL, 0);
	for (unsigned a = 0; a < MKD_N_ALGOS; a++) {
		if (!w[a].md)
			continue;
		if (w[a].started)
			(void)pthread_join(w[a].thread, NULL);
		if (ret) {
			memcpy(ret->of[a], gcry_md_read(w[a].md, 0), mkd_algo_bytes(a));
			ret->have |= MKD_ALGO_BIT(a);
		}
		gcry_md_close(w[a].md);
	}
}

int mkd_hash_fd(int fd, uint64_t size_bytes, unsigned want, struct mkd_ui *ui,
		struct mkd_digests *ret, struct mkd_err *err)
{
	struct team team = { PTHREAD_MUTEX_INITIALIZER,
			     PTHREAD_COND_INITIALIZER,
			     PTHREAD_COND_INITIALIZER,
			     0,
			     0,
			     NULL,
			     0 };
	struct worker workers[MKD_N_ALGOS] = { 0 };
	struct reader r = { .fd = fd, .size_bytes = size_bytes, .ui = ui };
	struct mkd_digests got = { 0 };
	int e = mkd_gcrypt_start(err);

	if (e < 0)
		return e;
	r.buf = malloc(2 * CHUNK_BYTES);
	if (!r.buf)
		return mkd_nomem(err);
	e = open_workers(&team, workers, want | MKD_ALGO_BIT(MKD_ALGO_SHA256), err);
	if (e == 0)
		e = digest(&r, &team, workers, err);
	close_workers(&team, workers, e == 0 ? &got : NULL);
	free(r.buf);
	if (e == 0)
		*ret = got;
	return e;
}

int mkd_hash_name(const char *text, char ret[static 33], struct mkd_err *err)
{
	uint8_t value[64];
	int e = mkd_gcrypt_start(err);

	if (e < 0)
		return e;
	gcry_md_hash_buffer(GCRY_MD_SHA512, value, text, strlen(text));
	for (unsigned i = 0; i < 16; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", value[i]);
	return 0;
}
