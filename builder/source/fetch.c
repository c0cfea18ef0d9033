/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "mkdomu/answer.h"
#include "mkdomu/part.h"
#include "mkdomu/url.h"
#include "mkdomu/wire.h"

#define MAX_HEADER_BYTES (256 * KIB)

DEFINE_CLEANUP(curl_easyp, CURL *, curl_easy_cleanup)
DEFINE_CLEANUP(curl_slistp, struct curl_slist *, curl_slist_free_all)

static pthread_once_t init_once = PTHREAD_ONCE_INIT;
static bool init_failed;

static void init_curl(void)
{
	init_failed = curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK;
}

/* One request and its answer. Exactly one of part and buf is set. */
struct transfer {
	const struct mkd_fetch *req;
	struct mkd_part *part;
	struct mkd_buf *buf;
	CURL *curl;
	struct mkd_err *err;
	char plain[MKD_URL_SHOW]; /* the URL for messages */
	uint64_t asked_bytes;     /* Range: from here on */
	struct mkd_answer answer;
	uint64_t header_bytes;
	/* verdict */
	bool begun; /* the response was looked at */
	bool again; /* trying again can help */
	bool junk;  /* what is in the part is not worth keeping */
	int r;      /* own failure, set in a callback; *err is set */
};

static size_t on_header(char *line, size_t one, size_t len, void *arg)
{
	struct transfer *t = arg;

	t->header_bytes += one * len;
	if (t->header_bytes > MAX_HEADER_BYTES) {
		t->r = mkd_fail(t->err, MKD_EXIT_NET, EHOSTUNREACH,
				"cannot fetch '%s': the server's header is over 256 KiB", t->plain);
		return 0;
	}
	mkd_answer_line(&t->answer, line, len);
	return len;
}

static uint64_t limit_of(const struct transfer *t)
{
	uint64_t size = t->req->size_bytes;

	return size && size < t->req->max_bytes ? size : t->req->max_bytes;
}

static int too_large(struct transfer *t)
{
	t->junk = true;
	return mkd_fail(t->err, MKD_EXIT_NET, EFBIG,
			"cannot fetch '%s': it is larger than %s %" PRIu64 " bytes", t->plain,
			limit_of(t) == t->req->size_bytes ? "the signed" : "the limit of",
			limit_of(t));
}

static int check_length(struct transfer *t)
{
	uint64_t size = t->req->size_bytes, start = t->asked_bytes, whole;

	if (t->answer.ambiguous)
		return mkd_fail(t->err, MKD_EXIT_NET, EHOSTUNREACH,
				"cannot fetch '%s': the server gives two different lengths",
				t->plain);
	if (t->answer.length_bytes < 0)
		return 0;
	if (__builtin_add_overflow((uint64_t)t->answer.length_bytes, start, &whole) ||
	    whole > limit_of(t))
		return too_large(t);
	if (size && whole != size) {
		t->junk = true;
		return mkd_fail(t->err, MKD_EXIT_VERIFY, EBADMSG,
				"'%s' is not what was published: it has %" PRIu64
				" bytes, signed are %" PRIu64,
				t->plain, whole, size);
	}
	return 0;
}

static int refuse_code(struct transfer *t, long code)
{
	char who[400];

	if (code == 404 || code == 410)
		return mkd_fail(t->err, MKD_EXIT_NET, ENOENT,
				"cannot fetch '%s': the server does not have it (HTTP %ld)",
				t->plain, code);
	t->again = code == 408 || code == 429 || code >= 500;
	return mkd_fail(t->err, MKD_EXIT_NET, EHOSTUNREACH, "cannot fetch '%s': %s HTTP %ld",
			t->plain, mkd_wire_who(t->curl, code, who), code);
}

/* Before the first byte of a body is used, or at the end where there is none. */
static int begin(struct transfer *t)
{
	const char *validator = mkd_answer_validator(&t->answer);
	long code = 0;

	t->begun = true;
	(void)curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
	if (t->asked_bytes &&
	    (code == 416 ||
	     (code == 206 && (uint64_t)t->answer.range_start_bytes != t->asked_bytes))) {
		/* libcurl calls 416 a success: the part is of no use, the file may be. */
		t->junk = t->again = true;
		return mkd_fail(t->err, MKD_EXIT_NET, EHOSTUNREACH,
				"cannot resume '%s': the server does not offer byte %" PRIu64
				" and on",
				t->plain, t->asked_bytes);
	}
	if (code != 200 && !(code == 206 && t->asked_bytes))
		return refuse_code(t, code);
	if (code == 200) {
		t->asked_bytes = 0;
		if (t->part && mkd_part_restart(t->part, t->req->url, validator, t->err) < 0)
			return -t->err->code;
	}
	return check_length(t);
}

static uint64_t have_bytes(const struct transfer *t)
{
	if (t->part)
		return t->part->have_bytes;
	return t->buf ? t->buf->len : 0;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
	struct transfer *t = arg;

	(void)one;
	if (!t->begun)
		t->r = begin(t);
	if (t->r < 0)
		return 0;
	if (len > limit_of(t) - have_bytes(t)) {
		t->r = too_large(t);
		return 0;
	}
	if (t->part) {
		t->r = mkd_part_add(t->part, data, len, t->err);
		t->junk = t->r == -ENOSPC || t->r == -EDQUOT || t->r == -EFBIG;
	} else {
		mkd_buf_add(t->buf, data, len);
		t->r = mkd_buf_check(t->buf, t->err);
	}
	return t->r < 0 ? 0 : len;
}

static int on_progress(void *arg, curl_off_t total, curl_off_t done, curl_off_t ul_total,
		       curl_off_t ul_done)
{
	struct transfer *t = arg;
	uint64_t whole = t->req->size_bytes;

	(void)done;
	(void)ul_total;
	(void)ul_done;
	if (!whole && total > 0)
		whole = t->asked_bytes + (uint64_t)total;
	if (t->begun)
		mkd_tick(t->req->ui, "download", have_bytes(t), whole);
	return mkd_signal_pending() != 0;
}

/* What mkd_wire_setup leaves to the transfer. */
static bool set_options(struct transfer *t, struct curl_slist *headers, const char *range)
{
	CURL *c = t->curl;
	int bad = 0;

	bad |= curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_RANGE, range) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_HEADERDATA, t) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_WRITEDATA, t) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_progress) != CURLE_OK;
	bad |= curl_easy_setopt(c, CURLOPT_XFERINFODATA, t) != CURLE_OK;
	return !bad && mkd_wire_setup(c, t->req);
}

static int failed(struct transfer *t, CURLcode c, const char *text)
{
	const struct mkd_wire_fault f = {
		.code = c, .text = text, .url = t->plain, .again = &t->again
	};

	return mkd_wire_failed(t->curl, &f, t->err);
}

static int finish(struct transfer *t, CURLcode c, const char *text)
{
	uint64_t size = t->req->size_bytes;
	int r = t->r < 0 ? t->r : mkd_check_signal(t->err);

	if (r == 0 && c == CURLE_OK && !t->begun)
		r = begin(t);
	if (r < 0)
		return r;
	if (c != CURLE_OK)
		return failed(t, c, text);
	if (size && have_bytes(t) != size) {
		t->again = true;
		return mkd_fail(t->err, MKD_EXIT_NET, EHOSTUNREACH,
				"cannot fetch '%s': it ended after %" PRIu64 " of %" PRIu64
				" bytes",
				t->plain, have_bytes(t), size);
	}
	return 0;
}

static int transfer(struct transfer *t)
{
	cleanup(curl_slistp) struct curl_slist *headers = NULL;
	cleanup(curl_easyp) CURL *curl = NULL;
	char text[CURL_ERROR_SIZE] = "", range[32], if_range[256];
	CURLcode c;

	if (pthread_once(&init_once, init_curl) != 0 || init_failed)
		return mkd_nomem(t->err);
	t->asked_bytes = have_bytes(t);
	if (t->asked_bytes) {
		(void)snprintf(if_range, sizeof(if_range), "If-Range: %s", t->part->validator);
		headers = curl_slist_append(NULL, if_range);
		if (!headers)
			return mkd_nomem(t->err);
	}
	(void)snprintf(range, sizeof(range), "%" PRIu64 "-", t->asked_bytes);
	curl = curl_easy_init();
	t->curl = curl;
	if (!curl || !set_options(t, headers, t->asked_bytes ? range : NULL) ||
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text) != CURLE_OK)
		return mkd_nomem(t->err);
	c = curl_easy_perform(curl);
	return finish(t, c, text);
}

/* Sleep in slices, so that a signal is heeded at once. */
static int pause_msec(unsigned msec, struct mkd_err *err)
{
	for (; msec; msec -= msec < 100 ? msec : 100) {
		const struct timespec ts = { .tv_nsec = (msec < 100 ? msec : 100) * 1000000L };
		int r = mkd_check_signal(err);

		if (r < 0)
			return r;
		(void)nanosleep(&ts, NULL);
	}
	return mkd_check_signal(err);
}

/* One transfer after a clean slate; *t keeps the verdict. */
static int attempt(struct transfer *t)
{
	t->begun = t->again = t->junk = false;
	t->header_bytes = 0;
	t->r = 0;
	mkd_answer_reset(&t->answer);
	if (t->buf)
		mkd_buf_reset(t->buf);
	/* A part that cannot be continued, or is too long, is started again. */
	if (t->part && (!t->part->validator[0] || t->part->have_bytes > limit_of(t)) &&
	    mkd_part_restart(t->part, t->req->url, "", t->err) < 0)
		return -t->err->code;
	if (t->part && t->req->size_bytes && t->part->have_bytes == t->req->size_bytes)
		return 0;
	return transfer(t);
}

static int try_hard(struct transfer *t)
{
	unsigned tries = t->req->tries ? t->req->tries : 3;
	unsigned msec = t->req->pause_msec ? t->req->pause_msec : 1000;
	uint64_t before = have_bytes(t);
	int r;

	for (unsigned i = 1;; i++) {
		r = attempt(t);
		if (r == 0 || !t->again)
			return r;
		if (t->junk && t->part && mkd_part_restart(t->part, t->req->url, "", t->err) < 0)
			return -t->err->code;
		/* A line that breaks now and then gets there in the end: progress is no failure. */
		if (have_bytes(t) >= before + MIB) {
			before = have_bytes(t);
			i = 0;
			continue;
		}
		if (i >= tries)
			return r;
		mkd_say(t->req->ui, MKD_DEBUG, "%s; trying again", t->err->msg);
		r = pause_msec(msec << (i - 1 < 6 ? i - 1 : 6), t->err);
		if (r < 0)
			return r;
	}
}

int mkd_fetch_file(const struct mkd_fetch *req, int dirfd, const char *name, struct mkd_err *err)
{
	struct mkd_err e = { 0 };
	struct transfer t = { .req = req, .err = &e };
	struct mkd_part part;
	int r = mkd_url_check(req->url, err);

	if (r < 0)
		return r;
	(void)mkd_url_plain(req->url, t.plain);
	r = mkd_part_open(dirfd, name, req->url, &part, err);
	if (r < 0)
		return r;
	t.part = &part;
	r = try_hard(&t);
	if (r == 0)
		r = mkd_part_publish(&part, &e);
	else if (t.junk || !part.have_bytes || !part.validator[0])
		mkd_part_discard(&part);
	mkd_part_close(&part);
	/* e also holds what was overcome by trying again, which is nobody's concern. */
	if (r < 0)
		*err = e;
	return r;
}

int mkd_fetch_buf(const struct mkd_fetch *req, struct mkd_buf *ret, struct mkd_err *err)
{
	struct mkd_err e = { 0 };
	struct transfer t = { .req = req, .err = &e, .buf = ret };
	int r = mkd_url_check(req->url, err);

	if (r < 0)
		return r;
	(void)mkd_url_plain(req->url, t.plain);
	mkd_buf_reset(ret);
	r = try_hard(&t);
	if (r < 0)
		*err = e;
	return r;
}
