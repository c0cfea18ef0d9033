/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/size.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const char units[] = "KMGTP";

/* The factor of a suffix, 1 for none, 0 for a wrong one. */
static uint64_t factor_of(const char *suffix)
{
	const char *u;

	if (!*suffix)
		return 1;
	u = strchr(units, *suffix & ~0x20);
	if (!u || !*u)
		return 0;
	suffix++;
	if (*suffix && strcmp(suffix, "iB") != 0 && strcmp(suffix, "B") != 0)
		return 0;
	return UINT64_C(1) << (10 * (u - units + 1));
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int mkd_size_parse(const char *text, uint64_t *ret_bytes, struct mkd_err *err)
{
	uint64_t whole = 0, part = 0, scale = 1, factor, bytes;
	const char *p = text;

	for (; is_digit(*p); p++)
		if (__builtin_mul_overflow(whole, 10, &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
			goto too_big;
	if (p != text && p[0] == '.' && is_digit(p[1])) {
		for (p++; is_digit(*p) && scale < 1000000; p++, scale *= 10)
			part = part * 10 + (uint64_t)(*p - '0');
	}
	factor = factor_of(p);
	if (p == text || !factor || (scale > 1 && factor == 1))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"'%s' is not a size; write a number with K, M, G or T, like 10G",
				text);
	/* scale <= 10^6 and factor <= 2^50: part * (factor / scale) needs care, not big numbers. */
	if (__builtin_mul_overflow(whole, factor, &bytes) ||
	    __builtin_add_overflow(bytes, factor / scale * part + factor % scale * part / scale,
				   &bytes) ||
	    bytes > INT64_MAX)
		goto too_big;
	*ret_bytes = bytes;
	return 0;
too_big:
	return mkd_fail(err, MKD_EXIT_USAGE, ERANGE, "'%s' is too large for a size", text);
}

const char *mkd_size_format(uint64_t bytes, char buf[static 32])
{
	uint64_t factor = 1, tenths;
	size_t unit = 0;

	while (unit < sizeof(units) - 1 && bytes / factor >= 1024) {
		factor <<= 10;
		unit++;
	}
	if (!unit) {
		(void)snprintf(buf, 32, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
		return buf;
	}
	tenths = bytes % factor / (factor >> 10) * 10 / 1024;
	if (tenths)
		(void)snprintf(buf, 32, "%" PRIu64 ".%u %ciB", bytes / factor,
			       (unsigned)(tenths % 10), units[unit - 1]);
	else
		(void)snprintf(buf, 32, "%" PRIu64 " %ciB", bytes / factor, units[unit - 1]);
	return buf;
}
