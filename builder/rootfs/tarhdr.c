/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/tarhdr.h"

#include <errno.h>
#include <string.h>

struct field {
	const char *name;
	size_t at, len;
};

static const struct field f_name = { "name", 0, 100 };
static const struct field f_mode = { "mode", 100, 8 };
static const struct field f_uid = { "uid", 108, 8 };
static const struct field f_gid = { "gid", 116, 8 };
static const struct field f_size = { "size", 124, 12 };
static const struct field f_mtime = { "mtime", 136, 12 };
static const struct field f_chksum = { "checksum", 148, 8 };
static const struct field f_link = { "link name", 157, 100 };
static const struct field f_magic = { "magic", 257, 8 };
static const struct field f_major = { "device major", 329, 8 };
static const struct field f_minor = { "device minor", 337, 8 };
static const struct field f_prefix = { "prefix", 345, 155 };

#define AT_TYPE         156
#define AT_GNU_EXTENDED 482 /* "isextended" of an old GNU sparse header */

static int broken(struct mkd_err *err, const struct field *f)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
			"a tar header is damaged: its %s field is not a number", f->name);
}

static int too_large(struct mkd_err *err, const struct field *f)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, ERANGE,
			"a tar header is out of range: its %s has over 63 bits", f->name);
}

/* GNU base-256: two's complement, big endian, the top bit of the first byte is the marker. */
static int base256(const uint8_t *p, const struct field *f, int64_t *ret, struct mkd_err *err)
{
	bool negative = p[0] == 0xff;
	uint64_t v = negative ? UINT64_MAX : 0;

	if (p[0] != 0x80 && p[0] != 0xff)
		return too_large(err, f);
	for (size_t i = 1; i < f->len; i++) {
		if (v >> 55 != (negative ? UINT64_MAX >> 55 : 0))
			return too_large(err, f);
		v = v << 8 | p[i];
	}
	if (v >> 63 != negative)
		return too_large(err, f);
	*ret = (int64_t)v;
	return 0;
}

static int octal(const uint8_t *p, const struct field *f, int64_t *ret, struct mkd_err *err)
{
	size_t i = 0;
	int64_t v = 0;

	while (i < f->len && p[i] == ' ')
		i++;
	for (; i < f->len && p[i] >= '0' && p[i] <= '7'; i++)
		v = v << 3 | (p[i] - '0'); /* 12 digits are 36 bits */
	for (; i < f->len; i++)
		if (p[i] != ' ' && p[i] != '\0')
			return broken(err, f);
	*ret = v;
	return 0;
}

static int number(const uint8_t *block, const struct field *f, int64_t *ret, struct mkd_err *err)
{
	const uint8_t *p = block + f->at;

	return p[0] & 0x80 ? base256(p, f, ret, err) : octal(p, f, ret, err);
}

/* Some old tars summed signed chars; both sums are taken. */
static bool checksum_fits(const uint8_t *block, int64_t want)
{
	int64_t plain = 0, with_sign = 0;

	for (size_t i = 0; i < MKD_TAR_BLOCK; i++) {
		bool in_field = i >= f_chksum.at && i < f_chksum.at + f_chksum.len;
		uint8_t c = in_field ? ' ' : block[i];

		plain += c;
		with_sign += (int8_t)c;
	}
	return want == plain || want == with_sign;
}

static size_t text(char *to, const uint8_t *block, const struct field *f)
{
	size_t len = strnlen((const char *)block + f->at, f->len);

	memcpy(to, block + f->at, len);
	to[len] = '\0';
	return len;
}

/* The prefix is one of ustar's; GNU headers ("ustar  ") keep other things there. */
static void names(const uint8_t *block, struct mkd_tarhdr *h)
{
	size_t len = 0;

	if (memcmp(block + f_magic.at, "ustar", 6) == 0) {
		len = text(h->path, block, &f_prefix);
		if (len)
			h->path[len++] = '/';
	}
	(void)text(h->path + len, block, &f_name);
	(void)text(h->link, block, &f_link);
}

static int numbers(const uint8_t *block, struct mkd_tarhdr *h, struct mkd_err *err)
{
	int64_t mode = 0;
	const struct {
		const struct field *f;
		int64_t *to;
		bool want;
	} all[] = {
		{ &f_mode, &mode, true },
		{ &f_uid, &h->uid, true },
		{ &f_gid, &h->gid, true },
		{ &f_size, &h->size_bytes, true },
		{ &f_mtime, &h->mtime_sec, true },
		{ &f_major, &h->major, h->type == '3' || h->type == '4' },
		{ &f_minor, &h->minor, h->type == '3' || h->type == '4' },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int r = all[i].want ? number(block, all[i].f, all[i].to, err) : 0;

		if (r < 0)
			return r;
	}
	h->mode = (uint16_t)(mode & 07777);
	return 0;
}

bool mkd_tarhdr_is_zero(const uint8_t block[static MKD_TAR_BLOCK])
{
	return block[0] == 0 && memcmp(block, block + 1, MKD_TAR_BLOCK - 1) == 0;
}

int mkd_tarhdr_parse(const uint8_t block[static MKD_TAR_BLOCK], struct mkd_tarhdr *ret,
		     struct mkd_err *err)
{
	struct mkd_tarhdr h = { .type = (char)block[AT_TYPE] };
	int64_t sum = 0;
	int r = number(block, &f_chksum, &sum, err);

	if (r < 0)
		return r;
	if (!checksum_fits(block, sum))
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
				"a tar header is damaged: its checksum is wrong");
	r = numbers(block, &h, err);
	if (r < 0)
		return r;
	names(block, &h);
	h.more_map = h.type == 'S' && block[AT_GNU_EXTENDED] != 0;
	*ret = h;
	return 0;
}
