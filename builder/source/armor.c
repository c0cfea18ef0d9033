/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/armor.h"

#include <errno.h>
#include <string.h>

#define LINE_MAX_BYTES 4096

#define BEGIN_SIGNED "-----BEGIN PGP SIGNED MESSAGE-----"
#define BEGIN_SIG    "-----BEGIN PGP SIGNATURE-----"
#define END_SIG      "-----END PGP SIGNATURE-----"

struct text {
	const char *p, *end;
	const char *line; /* the current one, without its line end and the blanks before it */
	size_t len;
};

static bool next_line(struct text *t)
{
	const char *eol;

	if (t->p >= t->end)
		return false;
	eol = memchr(t->p, '\n', (size_t)(t->end - t->p));
	if (!eol)
		eol = t->end;
	t->line = t->p;
	t->len = (size_t)(eol - t->p);
	t->p = eol < t->end ? eol + 1 : eol;
	while (t->len && strchr(" \t\r", t->line[t->len - 1]))
		t->len--;
	return true;
}

static bool line_is(const struct text *t, const char *want)
{
	return t->len == strlen(want) && memcmp(t->line, want, t->len) == 0;
}

static int value_of(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

struct radix64 {
	unsigned bits, n;
	bool padded;
};

static bool decode_line(struct radix64 *r, const char *p, size_t len, struct mkd_buf *ret)
{
	for (size_t i = 0; i < len; i++) {
		int v = value_of(p[i]);
		unsigned rest;
		uint8_t byte;

		if (p[i] == '=' && r->n >= 2) {
			r->padded = true;
			continue;
		}
		if (v < 0 || r->padded)
			return false;
		r->bits = r->bits << 6 | (unsigned)v;
		if (++r->n == 1)
			continue;
		rest = 8 - 2 * r->n;
		byte = (uint8_t)(r->bits >> rest);
		mkd_buf_add(ret, &byte, 1);
		r->bits &= (1U << rest) - 1;
		r->n %= 4;
	}
	return true;
}

/* After the BEGIN line: headers, an empty line, the data, a checksum ("=...."), the END line. */
static const char *decode_block(struct text *t, struct mkd_buf *ret)
{
	struct radix64 r = { 0 };

	do {
		if (!next_line(t))
			return "its signature is cut";
		if (t->len && !memmem(t->line, t->len, ": ", 2))
			return "its signature has no empty line before the data";
	} while (t->len);
	for (;;) {
		if (!next_line(t))
			return "its signature is cut";
		if (line_is(t, END_SIG))
			return NULL;
		/* The checksum is against accidents; those make a bad signature as well. */
		if (t->len == 5 && t->line[0] == '=' && (r.n == 0 || r.padded))
			continue;
		if (!decode_line(&r, t->line, t->len, ret))
			return "its signature is damaged";
	}
}

static uint32_t be(const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	while (n--)
		v = v << 8 | *p++;
	return v;
}

/* Length of a packet's header, 0 where it is no signature packet of a known length. */
static size_t packet_header(const uint8_t *p, size_t left, size_t *body)
{
	size_t n;

	if (left < 2 || !(p[0] & 0x80))
		return 0;
	if (!(p[0] & 0x40)) { /* old format: the length of the length is in the tag */
		n = (size_t)1 << (p[0] & 3);
		if (((p[0] >> 2) & 15) != 2 || n == 8 || left < 1 + n)
			return 0;
		*body = be(p + 1, n);
		return 1 + n;
	}
	if ((p[0] & 0x3f) != 2)
		return 0;
	if (p[1] < 192) {
		*body = p[1];
		return 2;
	}
	if (p[1] < 224 && left >= 3) {
		*body = ((size_t)(p[1] - 192) << 8) + p[2] + 192;
		return 3;
	}
	if (p[1] == 255 && left >= 6) {
		*body = be(p + 2, 4);
		return 6;
	}
	return 0;
}

static const char *check_packets(const struct mkd_buf *b, bool text)
{
	const uint8_t *p = (const uint8_t *)b->data;

	if (!b->len)
		return "it has no signature";
	for (size_t left = b->len, n, body = 0; left; p += n + body, left -= n + body) {
		uint8_t type;

		n = packet_header(p, left, &body);
		if (!n)
			return "it is not a signature, or holds more than that";
		if (body < 3 || body > left - n)
			return "its signature is cut";
		type = p[n] == 3 ? p[n + 2] : p[n + 1];
		if (type != 0 && !(text && type == 1))
			return "its signature is not one of a binary file";
	}
	return NULL;
}

static bool has_control(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (p[i] == 0x7f || !p[i] ||
		    ((unsigned char)p[i] < 0x20 && !strchr("\t\r\n", p[i])))
			return true;
	return false;
}

/* Header and text of a clear-signed message, up to and with the line that begins the signature. */
static const char *check_text(struct text *t)
{
	if (!next_line(t) || !line_is(t, BEGIN_SIGNED))
		return "it has no signature, or text before the signed one";
	do {
		if (!next_line(t))
			return "it is cut";
		if (t->len && (t->len < 5 || memcmp(t->line, "Hash:", 5) != 0))
			return "its header has more than 'Hash:'";
	} while (t->len);
	while (next_line(t)) {
		if (line_is(t, BEGIN_SIG))
			return NULL;
		if (t->len > LINE_MAX_BYTES)
			return "it has a line of more than 4096 bytes";
		if (t->len && t->line[0] == '-' && (t->len < 2 || t->line[1] != ' '))
			return "it has a line that begins with '-'";
	}
	return "it is cut";
}

static const char *clear_fault(const char *text, size_t len, struct mkd_buf *packets)
{
	struct text t = { .p = text, .end = text + len };
	const char *fault;

	if (has_control(text, len))
		return "it has control characters";
	fault = check_text(&t);
	if (!fault)
		fault = decode_block(&t, packets);
	if (!fault)
		fault = check_packets(packets, true);
	while (!fault && next_line(&t))
		if (t.len)
			fault = "it has text after the signed one";
	return fault;
}

static int answer(const char *fault, const char *name, const struct mkd_buf *b, struct mkd_err *err)
{
	/* what memory lacked is missing from b: that is no verdict on the signature */
	if (!b->failed && fault)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG, "cannot verify '%s': %s", name,
				fault);
	return mkd_buf_check(b, err);
}

int mkd_armor_clear(const char *text, size_t len, const char *name, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf packets = { 0 };
	const char *fault = clear_fault(text, len, &packets);

	return answer(fault, name, &packets, err);
}

static const char *dearmor(const char *data, size_t len, struct mkd_buf *ret)
{
	struct text t = { .p = data, .end = data + len };
	const char *fault = NULL;

	while (!fault && next_line(&t)) {
		if (!t.len)
			continue;
		if (!line_is(&t, BEGIN_SIG))
			return "it is not a detached signature";
		fault = decode_block(&t, ret);
	}
	return fault;
}

int mkd_armor_detached(const char *data, size_t len, const char *name, struct mkd_buf *ret,
		       struct mkd_err *err)
{
	const char *fault = NULL;

	mkd_buf_reset(ret);
	if (len && (data[0] & 0x80))
		mkd_buf_add(ret, data, len);
	else
		fault = dearmor(data, len, ret);
	if (!fault && !ret->failed)
		fault = check_packets(ret, false);
	return answer(fault, name, ret, err);
}
