/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/pax.h"

#include <errno.h>
#include <string.h>

#define LEN_DIGITS_MAX 9 /* lengths are bounded by the header's limit anyway */
#define NSEC_DIGITS    9

static int broken(struct mkd_err *err, const char *why)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG, "a pax header is damaged: %s", why);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The decimal length and its blank: *ret_text is where the key begins. */
static int record_len(const char *p, size_t avail, size_t *ret_len, size_t *ret_text)
{
	size_t i = 0, v = 0;

	for (; i < avail && i < LEN_DIGITS_MAX && is_digit(p[i]); i++)
		v = v * 10 + (size_t)(p[i] - '0');
	if (i == 0 || i >= avail || p[i] != ' ' || v > avail || v < i + 2)
		return -EBADMSG;
	*ret_len = v;
	*ret_text = i + 1;
	return 0;
}

int mkd_pax_next(char *data, size_t len, size_t *at, struct mkd_pax_record *ret,
		 struct mkd_err *err)
{
	char *p, *equals;
	size_t rec_len, text;

	if (*at >= len)
		return 0;
	p = data + *at;
	if (record_len(p, len - *at, &rec_len, &text) < 0)
		return broken(err, "the length of a record is wrong");
	if (p[rec_len - 1] != '\n')
		return broken(err, "a record does not end in a newline");
	equals = memchr(p + text, '=', rec_len - text);
	if (!equals || equals == p + text)
		return broken(err, "a record has no key");
	if (memchr(p + text, '\0', (size_t)(equals - (p + text))))
		return broken(err, "a key has a NUL in it");
	*equals = '\0';
	p[rec_len - 1] = '\0';
	*ret = (struct mkd_pax_record){
		.key = p + text,
		.value = equals + 1,
		.value_len = (size_t)(p + rec_len - 1 - (equals + 1)),
	};
	*at += rec_len;
	return 1;
}

/* Digits into *ret, up to the first other character, which is returned; NULL on overflow. */
static const char *digits(const char *p, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;

	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v) || v > max)
			return NULL;
	*ret = v;
	return p;
}

static int not_number(const struct mkd_pax_record *rec, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EBADMSG,
			"a pax header is damaged: '%s' is not a number in %s", rec->value,
			rec->key);
}

static int too_large(const struct mkd_pax_record *rec, struct mkd_err *err)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, ERANGE,
			"a pax header is out of range: %s is %s, which is too large", rec->key,
			rec->value);
}

int mkd_pax_number(const struct mkd_pax_record *rec, int64_t *ret, struct mkd_err *err)
{
	bool negative = rec->value[0] == '-';
	const char *start = rec->value + negative, *end;
	uint64_t v;

	if (!is_digit(*start))
		return not_number(rec, err);
	end = digits(start, INT64_MAX, &v);
	if (!end)
		return too_large(rec, err);
	if (end != rec->value + rec->value_len)
		return not_number(rec, err);
	*ret = negative ? -(int64_t)v : (int64_t)v;
	return 0;
}

/* Nanoseconds of ".FRACTION"; *ret_rest tells whether digits beyond the ninth were not all 0. */
static const char *fraction(const char *p, uint32_t *ret_nsec, bool *ret_rest)
{
	uint32_t nsec = 0;
	int n = 0;

	*ret_rest = false;
	for (; is_digit(*p); p++, n++) {
		if (n < NSEC_DIGITS)
			nsec = nsec * 10 + (uint32_t)(*p - '0');
		else if (*p != '0')
			*ret_rest = true;
	}
	for (; n < NSEC_DIGITS; n++)
		nsec *= 10;
	*ret_nsec = nsec;
	return p;
}

int mkd_pax_time(const struct mkd_pax_record *rec, int64_t *ret_sec, uint32_t *ret_nsec,
		 struct mkd_err *err)
{
	bool negative = rec->value[0] == '-', rest = false;
	const char *start = rec->value + negative, *end;
	uint32_t nsec = 0;
	uint64_t whole;
	int64_t sec;

	if (!is_digit(*start))
		return not_number(rec, err);
	end = digits(start, INT64_MAX / 2, &whole);
	if (!end)
		return too_large(rec, err);
	if (*end == '.')
		end = fraction(end + 1, &nsec, &rest);
	if (end != rec->value + rec->value_len)
		return not_number(rec, err);
	sec = (int64_t)whole;
	if (negative) {
		/* Down, not towards zero: -1.25 is 0.75 s after -2. */
		nsec += rest;
		sec = nsec ? -sec - 1 : -sec;
		nsec = nsec ? 1000000000U - nsec : 0;
	}
	*ret_sec = sec;
	*ret_nsec = nsec;
	return 0;
}
