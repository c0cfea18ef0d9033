/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <time.h>

#include "mkdomu/buf.h"
#include "mkdomu/codec.h"
#include "mkdomu/infile.h"
#include "mkdomu/size.h"
#include "mkdomu/thread.h"

#define CHUNK_BYTES ((size_t)MIB)
#define RING_BYTES  (16 * MIB)
#define MAX_THREADS 256
#define POLL_MSEC   100

struct slot {
	uint8_t *data;
	size_t len;
};

/*
 * One thread, the producer, fills slots; the caller empties them in the same order. `made` and
 * `freed` only grow; made - freed slots wait in `queue` (the one that the caller looks at among
 * them). Of the others the one emptied last is filled next: it may still be in the processor's
 * cache, and memory that a run does not need is never touched.
 */
struct mkd_stream {
	struct mkd_infile *file; /* the producer's, once it runs */
	char *name;
	uint64_t max_plain_bytes;
	const struct mkd_codec *codec;
	void *state;

	uint64_t fed;   /* file offset behind what the producer was given */
	uint64_t plain; /* produced; the producer's */
	_Atomic uint64_t pos;

	struct slot *slots; /* n_slots of them, as of the next two */
	size_t n_slots;
	pthread_t thread;
	bool running;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t can_make, can_take;
	struct slot **queue, **idle; /* a ring; a stack */
	uint64_t made, freed;
	size_t n_idle;
	bool stop, done;
	struct mkd_err end; /* code 0: a proper end; valid once done */
	bool holding;       /* the caller's: a slot is handed out */
};

/* The next piece of the file, when the last one is used up. */
static int refill(struct mkd_stream *s, struct mkd_codec_io *io, struct mkd_err *err)
{
	int r;

	if (io->in_len || io->in_eof)
		return 0;
	r = mkd_infile_next(s->file, &io->in, &io->in_len, err);
	io->in_eof = io->in_len < MKD_INFILE_BYTES;
	s->fed += io->in_len;
	return r;
}

/* The slot to fill, or NULL when asked to stop. */
static struct slot *slot_to_fill(struct mkd_stream *s)
{
	struct slot *slot = NULL;

	(void)pthread_mutex_lock(&s->lock);
	while (!s->stop && !s->n_idle)
		(void)pthread_cond_wait(&s->can_make, &s->lock);
	if (!s->stop)
		slot = s->idle[--s->n_idle];
	(void)pthread_mutex_unlock(&s->lock);
	return slot;
}

static bool is_stopped(struct mkd_stream *s)
{
	bool stop;

	(void)pthread_mutex_lock(&s->lock);
	stop = s->stop;
	(void)pthread_mutex_unlock(&s->lock);
	return stop;
}

static void publish(struct mkd_stream *s, struct slot *slot)
{
	(void)pthread_mutex_lock(&s->lock);
	s->queue[s->made++ % s->n_slots] = slot;
	(void)pthread_cond_signal(&s->can_take);
	(void)pthread_mutex_unlock(&s->lock);
}

/* Without a codec the file is the plain text: 1 at its end. */
static int copy(struct mkd_codec_io *io)
{
	size_t n = io->in_len < io->out_len ? io->in_len : io->out_len;

	if (n)
		__builtin_memcpy(io->out, io->in, n);
	io->in += n;
	io->in_len -= n;
	io->out += n;
	io->out_len -= n;
	return io->in_eof && !io->in_len;
}

/* Fill one slot: 1 at the end. */
static int fill(struct mkd_stream *s, struct mkd_codec_io *io, struct slot *slot,
		struct mkd_err *err)
{
	int r = 0;

	io->out = slot->data;
	io->out_len = CHUNK_BYTES;
	while (r == 0 && io->out_len && !is_stopped(s)) {
		r = refill(s, io, err);
		if (r < 0)
			break;
		r = s->codec->open ? s->codec->run(s->state, io, err) : copy(io);
		if (r < 0)
			(void)mkd_wrap(err, "cannot unpack '%s'", s->name);
		atomic_store_explicit(&s->pos, s->fed - io->in_len, memory_order_relaxed);
	}
	slot->len = CHUNK_BYTES - io->out_len;
	return r;
}

/* Cut the slot at the limit: what is within it is still delivered. */
static int check_limit(struct mkd_stream *s, struct slot *slot, int r, struct mkd_err *err)
{
	uint64_t room = s->max_plain_bytes - s->plain;
	char limit[32];

	if (s->max_plain_bytes && slot->len > room) {
		slot->len = (size_t)room;
		r = mkd_fail(err, MKD_EXIT_ARCHIVE, EFBIG,
			     "cannot unpack '%s': it holds more than the limit of %s", s->name,
			     mkd_size_format(s->max_plain_bytes, limit));
	}
	s->plain += slot->len;
	return r;
}

static void *produce(void *arg)
{
	struct mkd_stream *s = arg;
	struct mkd_codec_io io = { 0 };
	struct mkd_err err = { 0 };
	int r = 0;

	while (r == 0) {
		struct slot *slot = slot_to_fill(s);

		if (!slot)
			break;
		r = fill(s, &io, slot, &err);
		r = check_limit(s, slot, r, &err);
		if (slot->len)
			publish(s, slot);
	}
	(void)pthread_mutex_lock(&s->lock);
	if (r < 0)
		s->end = err;
	s->done = true;
	(void)pthread_cond_signal(&s->can_take);
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

static int start(struct mkd_stream *s, struct mkd_err *err)
{
	int r = mkd_thread_start(&s->thread, produce, s, err);

	s->running = r == 0;
	return r;
}

static int allocate(struct mkd_stream *s, const struct mkd_stream_req *req, struct mkd_err *err)
{
	size_t ring = req->ring_bytes ? req->ring_bytes : RING_BYTES;

	s->n_slots = (ring + CHUNK_BYTES - 1) / CHUNK_BYTES;
	s->slots = calloc(s->n_slots, sizeof(*s->slots));
	s->queue = calloc(s->n_slots, sizeof(struct slot *));
	s->idle = calloc(s->n_slots, sizeof(struct slot *));
	if (!s->slots || !s->queue || !s->idle)
		return mkd_nomem(err);
	for (size_t i = 0; i < s->n_slots; i++) {
		s->slots[i].data = malloc(CHUNK_BYTES);
		if (!s->slots[i].data)
			return mkd_nomem(err);
		s->idle[s->n_idle++] = &s->slots[i];
	}
	return 0;
}

static int open_codec(struct mkd_stream *s, const struct mkd_stream_req *req, struct mkd_err *err)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	struct mkd_codec_limits lim = {
		.threads = req->threads ? req->threads : (cores > 0 ? (unsigned)cores : 1),
		.mem_bytes = req->mem_bytes ? req->mem_bytes : GIB,
	};
	const uint8_t *head;
	size_t len;

	if (lim.threads > MAX_THREADS)
		lim.threads = MAX_THREADS;
	mkd_infile_first(s->file, &head, &len);
	s->codec = mkd_codec_find(head, len);
	return s->codec->open ? s->codec->open(&lim, &s->state, err) : 0;
}

int mkd_stream_open(const struct mkd_stream_req *req, struct mkd_stream **ret, struct mkd_err *err)
{
	struct mkd_stream *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;
	int r;

	if (!s)
		return mkd_nomem(err);
	s->max_plain_bytes = req->max_plain_bytes;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->can_make, &attr);
	(void)pthread_cond_init(&s->can_take, &attr);
	(void)pthread_condattr_destroy(&attr);
	r = mkd_strdup(req->name, &s->name, err);
	if (r == 0)
		r = allocate(s, req, err);
	if (r == 0)
		r = mkd_infile_open(req->fd, s->name, req->digest, &s->file, err);
	if (r == 0)
		r = open_codec(s, req, err);
	if (r == 0)
		r = start(s, err);
	if (r < 0) {
		mkd_stream_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* Wait for a slot or the end, looking at the signal flag now and then. The lock is held. */
static int wait_for_slot(struct mkd_stream *s, struct mkd_err *err)
{
	while (s->made == s->freed && !s->done) {
		struct timespec until;
		int r;

		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += POLL_MSEC * 1000000L;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000L;
		}
		(void)pthread_cond_timedwait(&s->can_take, &s->lock, &until);
		r = mkd_check_signal(err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The slot at the front, or how it ends. The lock is held. */
static int front(struct mkd_stream *s, const struct slot **ret, struct mkd_err *err)
{
	int r = wait_for_slot(s, err);

	if (r == 0 && s->made != s->freed) {
		*ret = s->queue[s->freed % s->n_slots];
		return 1;
	}
	if (r == 0 && s->end.code) {
		*err = s->end;
		r = -s->end.code;
	}
	return r;
}

/* The chunk that was handed out last goes back. The lock is held. */
static void let_go(struct mkd_stream *s)
{
	if (!s->holding)
		return;
	s->holding = false;
	s->idle[s->n_idle++] = s->queue[s->freed++ % s->n_slots];
	(void)pthread_cond_signal(&s->can_make);
}

static int next(struct mkd_stream *s, bool keep, const void **data, size_t *len,
		struct mkd_err *err)
{
	const struct slot *slot = NULL;
	int r = mkd_check_signal(err);

	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&s->lock);
	let_go(s);
	r = front(s, &slot, err);
	if (slot) {
		*data = slot->data;
		*len = slot->len;
		s->holding = !keep;
	}
	(void)pthread_mutex_unlock(&s->lock);
	return r;
}

int mkd_stream_read(struct mkd_stream *s, const void **data, size_t *len, struct mkd_err *err)
{
	return next(s, false, data, len, err);
}

int mkd_stream_peek(struct mkd_stream *s, const void **data, size_t *len, struct mkd_err *err)
{
	return next(s, true, data, len, err);
}

uint64_t mkd_stream_pos(const struct mkd_stream *s)
{
	return atomic_load_explicit(&s->pos, memory_order_relaxed);
}

void mkd_stream_sum(const struct mkd_stream *s, uint64_t *ret_bytes,
		    uint8_t ret_sha256[static MKD_SHA256_BYTES])
{
	mkd_infile_sum(s->file, ret_bytes, ret_sha256);
}

const char *mkd_stream_format(const struct mkd_stream *s)
{
	return s->codec->name;
}

void mkd_stream_close(struct mkd_stream *s)
{
	if (!s)
		return;
	if (s->running) {
		(void)pthread_mutex_lock(&s->lock);
		s->stop = true;
		(void)pthread_cond_signal(&s->can_make);
		(void)pthread_mutex_unlock(&s->lock);
		(void)pthread_join(s->thread, NULL);
	}
	if (s->state)
		s->codec->close(s->state);
	mkd_infile_close(s->file);
	for (size_t i = 0; s->slots && i < s->n_slots; i++)
		free(s->slots[i].data);
	free(s->slots);
	free(s->queue);
	free(s->idle);
	free(s->name);
	(void)pthread_cond_destroy(&s->can_make);
	(void)pthread_cond_destroy(&s->can_take);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
