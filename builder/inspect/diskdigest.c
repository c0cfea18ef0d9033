/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/diskdigest.h"

#include <errno.h>
#include <gcrypt.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/sha256.h"

#define PIECE       ((size_t)MKD_DISKDIGEST_PIECE)
#define SUM_BYTES   MKD_DISKDIGEST_BYTES
#define BATCH       4096u /* pieces whose digests are in memory at a time: 4 GiB of disk */
#define MAX_THREADS 16u

/* Workers take the next piece of the batch until none is left. */
struct job {
	const struct mkd_diskmap *m;
	int fd;
	bool is_sparse;          /* lseek(2) knows holes */
	uint8_t zero[SUM_BYTES]; /* digest of a whole piece of zeros */
	uint64_t first;          /* piece of sums[0] */
	unsigned n;
	uint8_t (*sums)[SUM_BYTES];
	pthread_mutex_t lock; /* over all below */
	unsigned next;
	int failed; /* a negative errno */
};

/* The first owned run that ends behind at. */
static size_t first_run(const struct mkd_diskmap *m, uint64_t at)
{
	size_t low = 0, high = m->n_owned;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (m->owned[mid].offset_bytes + m->owned[mid].size_bytes <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_hole(const struct job *j, uint64_t at, uint64_t end)
{
	off_t data = j->is_sparse ? lseek(j->fd, (off_t)at, SEEK_DATA) : (off_t)at;

	return data < 0 ? errno == ENXIO : (uint64_t)data >= end;
}

/* Owned bytes of [at, at + len) into the zeroed buf: 1 when there were any, else 0. */
static int fill(const struct job *j, uint64_t at, size_t len, uint8_t *buf)
{
	const struct mkd_diskmap *m = j->m;
	size_t i = first_run(m, at);

	if (i == m->n_owned || m->owned[i].offset_bytes >= at + len || is_hole(j, at, at + len))
		return 0;
	memset(buf, 0, len);
	for (; i < m->n_owned && m->owned[i].offset_bytes < at + len; i++) {
		const struct mkd_span *s = &m->owned[i];
		uint64_t from = s->offset_bytes > at ? s->offset_bytes : at;
		uint64_t to = s->offset_bytes + s->size_bytes;
		int r;

		to = to < at + len ? to : at + len;
		r = mkd_pread_full(j->fd, buf + (from - at), (size_t)(to - from), from);
		if (r < 0)
			return r;
	}
	/* a fresh inode table is zeros too, and looking is ten times faster than a digest */
	return buf[0] || memcmp(buf, buf + 1, len - 1) != 0;
}

static int digest_piece(const struct job *j, unsigned i, uint8_t *buf)
{
	uint64_t at = (j->first + i) * PIECE, left = j->m->size_bytes - at;
	size_t len = left < PIECE ? (size_t)left : PIECE;
	int r = fill(j, at, len, buf);

	if (r < 0)
		return r;
	if (r == 0 && len == PIECE) {
		memcpy(j->sums[i], j->zero, SUM_BYTES);
		return 0;
	}
	if (r == 0)
		memset(buf, 0, len);
	gcry_md_hash_buffer(GCRY_MD_SHA256, j->sums[i], buf, len);
	return 0;
}

static void *work(void *arg)
{
	struct job *j = arg;
	uint8_t *buf = malloc(PIECE);
	int r = buf ? 0 : -ENOMEM;

	for (;;) {
		unsigned i;

		(void)pthread_mutex_lock(&j->lock);
		if (r < 0 && !j->failed)
			j->failed = r;
		i = j->failed || mkd_signal_pending() ? j->n : j->next++;
		(void)pthread_mutex_unlock(&j->lock);
		if (i >= j->n)
			break;
		r = digest_piece(j, i, buf);
	}
	free(buf);
	return NULL;
}

/* One of the threads is the caller's own, so that the work is done also where none can be had. */
static int run_batch(struct job *j, unsigned threads, struct mkd_err *err)
{
	pthread_t others[MAX_THREADS];
	unsigned n = 0;
	sigset_t all, old;
	int r;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &old);
	while (n + 1 < threads && n + 1 < j->n && pthread_create(&others[n], NULL, work, j) == 0)
		n++;
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	(void)work(j);
	while (n > 0)
		(void)pthread_join(others[--n], NULL);
	r = mkd_check_signal(err);
	if (r < 0)
		return r;
	if (j->failed)
		return mkd_fail_io(err, -j->failed, "cannot read '%s'", j->m->name);
	return 0;
}

static int run_all(struct job *j, unsigned threads, struct mkd_ui *ui, gcry_md_hd_t md,
		   struct mkd_err *err)
{
	uint64_t pieces = (j->m->size_bytes + PIECE - 1) / PIECE;
	int r = 0;

	for (j->first = 0; r == 0 && j->first < pieces; j->first += j->n) {
		uint64_t left = pieces - j->first;

		j->n = left < BATCH ? (unsigned)left : BATCH;
		j->next = 0;
		r = run_batch(j, threads, err);
		if (r == 0) {
			gcry_md_write(md, j->sums, (size_t)j->n * SUM_BYTES);
			mkd_tick(ui, "digest", (j->first + j->n) * PIECE, pieces * PIECE);
		}
	}
	mkd_tick(ui, "", 0, 0);
	return r;
}

static unsigned pick_threads(unsigned asked)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned n = asked ? asked : cores > 0 ? (unsigned)cores : 1;

	return n < MAX_THREADS ? n : MAX_THREADS;
}

int mkd_diskdigest(const struct mkd_diskmap *m, int fd, unsigned threads, struct mkd_ui *ui,
		   uint8_t ret[static MKD_DISKDIGEST_BYTES], struct mkd_err *err)
{
	struct job j = { .m = m, .fd = fd, .lock = PTHREAD_MUTEX_INITIALIZER };
	uint8_t *zeros;
	gcry_md_hd_t md = NULL;
	int r = mkd_gcrypt_start(err);

	if (r < 0)
		return r;
	zeros = calloc(1, PIECE);
	if (zeros)
		gcry_md_hash_buffer(GCRY_MD_SHA256, j.zero, zeros, PIECE);
	j.sums = calloc(BATCH, SUM_BYTES);
	r = zeros && j.sums && gcry_md_open(&md, GCRY_MD_SHA256, 0) == 0 ? 0 : mkd_nomem(err);
	free(zeros);
	if (r < 0) {
		free(j.sums);
		return r;
	}
	j.is_sparse = lseek(fd, 0, SEEK_DATA) >= 0 || errno == ENXIO;
	r = run_all(&j, pick_threads(threads), ui, md, err);
	if (r == 0)
		memcpy(ret, gcry_md_read(md, 0), SUM_BYTES);
	gcry_md_close(md);
	free(j.sums);
	return r;
}

int mkd_diskdigest_fd(const struct mkd_diskmap_req *req, unsigned threads, struct mkd_ui *ui,
		      uint8_t ret[static MKD_DISKDIGEST_BYTES], struct mkd_err *err)
{
	struct mkd_diskmap m = { 0 };
	int r = mkd_diskmap_make(req, &m, err);

	if (r == 0)
		r = mkd_diskdigest(&m, req->fd, threads, ui, ret, err);
	mkd_diskmap_free(&m);
	return r;
}
