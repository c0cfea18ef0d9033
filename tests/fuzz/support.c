// SPDX-License-Identifier: GPL-2.0-or-later
#include "fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

unsigned fuzz_every = 32;

void fuzz_stop(const char *file, int line, const char *cond, const char *fmt, ...)
{
	va_list ap;

	(void)fprintf(stderr, "%s:%d: must hold: %s: ", file, line, cond);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	abort();
}

void fuzz_result(int r, const struct mkd_err *err)
{
	if (r >= 0)
		return;
	fuzz_must(err->code == -r, "returned %d, error has %d: %s", r, err->code, err->msg);
	fuzz_must(err->exit > 0, "no exit class: %s", err->msg);
	fuzz_must(err->msg[0] && !strpbrk(err->msg, "\n\033"), "not one plain line: %s", err->msg);
}

bool fuzz_chosen(const uint8_t *data, size_t len)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * 16777619u;
	return (h ^ h >> 16) % fuzz_every == 0;
}

struct fuzz_bytes fuzz_take(struct fuzz_bytes *b, size_t max)
{
	struct fuzz_bytes r = { b->p, b->len < max ? b->len : max };

	b->p += r.len;
	b->len -= r.len;
	return r;
}

uint8_t fuzz_u8(struct fuzz_bytes *b)
{
	struct fuzz_bytes one = fuzz_take(b, 1);

	return one.len ? *one.p : 0;
}

uint16_t fuzz_u16(struct fuzz_bytes *b)
{
	uint8_t high = fuzz_u8(b);

	return (uint16_t)(high << 8 | fuzz_u8(b));
}

uint32_t fuzz_u32(struct fuzz_bytes *b)
{
	uint32_t high = fuzz_u16(b);

	return high << 16 | fuzz_u16(b);
}

#define BLOCK 512u

static uint64_t size_field(const uint8_t *h)
{
	uint64_t v = 0;

	if (h[124] & 0x80) {
		for (size_t i = 128; i < 136; i++)
			v = v << 8 | h[i];
		return v;
	}
	for (size_t i = 124; i < 136; i++)
		if (h[i] >= '0' && h[i] <= '7')
			v = v << 3 | (uint64_t)(h[i] - '0');
	return v;
}

static void set_checksum(uint8_t *h)
{
	unsigned sum = 0;
	char text[8];

	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < BLOCK; i++)
		sum += h[i];
	(void)snprintf(text, sizeof(text), "%06o", sum & 0777777);
	memcpy(h + 148, text, 7);
}

size_t fuzz_tar_repair(const uint8_t *data, size_t len, uint8_t *ret, size_t cap)
{
	static const uint8_t zeros[BLOCK];

	len = len < cap ? len : cap;
	memcpy(ret, data, len);
	for (size_t at = 0; at + BLOCK <= len;) {
		uint64_t size;
		uint8_t type;
		bool more;

		if (memcmp(ret + at, zeros, BLOCK) == 0)
			break;
		set_checksum(ret + at);
		size = size_field(ret + at);
		type = ret[at + 156];
		more = type == 'S' && ret[at + 482];
		at += BLOCK;
		/* further blocks of an old GNU map */
		while (more && at + BLOCK <= len) {
			more = ret[at + 504];
			at += BLOCK;
		}
		if (type >= '1' && type <= '6')
			size = 0;
		if (size > len - at)
			break;
		at += (size + BLOCK - 1) / BLOCK * BLOCK;
	}
	return len;
}
