/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

static int bad(struct mkd_err *err, const char *origin, const char *value, const char *why)
{
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: '%s' %s", origin, value, why);
}

/* Network byte order, 4 or 16 bytes; text has passed parse_addr. */
static size_t addr_bytes(const struct mkd_addr *a, uint8_t ret[static 16])
{
	(void)inet_pton(a->v6 ? AF_INET6 : AF_INET, a->text, ret);
	return a->v6 ? 16 : 4;
}

static int parse_addr(const char *text, const char *origin, struct mkd_addr *ret,
		      struct mkd_err *err)
{
	struct mkd_addr a = { .v6 = strchr(text, ':') != NULL };
	int family = a.v6 ? AF_INET6 : AF_INET;
	uint8_t raw[16];

	if (strchr(text, '%'))
		return bad(err, origin, text, "has a zone, which is this host's; leave out '%...'");
	if (inet_pton(family, text, raw) != 1)
		return bad(err, origin, text,
			   "is not an IP address; write one like 192.0.2.10 or 2001:db8::10");
	if (!inet_ntop(family, raw, a.text, sizeof(a.text)))
		return bad(err, origin, text, "is not an IP address");
	*ret = a;
	return 0;
}

/* Why an address can be nobody's, or NULL. */
static const char *unusable(const struct mkd_addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint8_t raw[16] = { 0 };

	(void)addr_bytes(a, raw);
	if (!a->v6 && raw[0] == 0)
		return "is in 0.0.0.0/8, which is no host's";
	if (!a->v6 && raw[0] >= 240)
		return "is in 240.0.0.0/4, which is no host's";
	if (a->v6 && strcmp(a->text, "::") == 0)
		return "is the unspecified address, which is no host's";
	if (a->v6 && memcmp(raw, mapped, sizeof(mapped)) == 0)
		return "is an IPv4 address in IPv6 form; write it as IPv4";
	if (a->v6 ? raw[0] == 0xff : raw[0] >= 224)
		return "is a multicast address";
	return NULL;
}

bool mkd_addr_is_loopback(const struct mkd_addr *a)
{
	uint8_t raw[16];

	(void)addr_bytes(a, raw);
	return a->v6 ? strcmp(a->text, "::1") == 0 : raw[0] == 127;
}

bool mkd_addr_is_link_local(const struct mkd_addr *a)
{
	uint8_t raw[16];

	(void)addr_bytes(a, raw);
	return a->v6 && raw[0] == 0xfe && (raw[1] & 0xc0) == 0x80;
}

int mkd_addr_parse_host(const char *text, const char *origin, struct mkd_addr *ret,
			struct mkd_err *err)
{
	struct mkd_addr a = { 0 };
	const char *why;
	int r = parse_addr(text, origin, &a, err);

	if (r < 0)
		return r;
	why = unusable(&a);
	if (why)
		return bad(err, origin, text, why);
	*ret = a;
	return 0;
}

/* 1..max in one to three decimal digits without a leading zero, or 0. */
static unsigned parse_prefix(const char *text, unsigned max)
{
	unsigned n = 0;
	size_t len = strspn(text, "0123456789");

	if (!len || len > 3 || text[len] || text[0] == '0')
		return 0;
	for (; *text; text++)
		n = n * 10 + (unsigned)(*text - '0');
	return n <= max ? n : 0;
}

/* Cut "ADDR/PREFIX" in two; host has room for what is before the '/'. */
static int split(const char *text, const char *origin, char host[static 64], const char **prefix,
		 struct mkd_err *err)
{
	const char *slash = strchr(text, '/');

	if (!slash)
		return bad(err, origin, text,
			   "has no prefix length; write it like 192.0.2.10/24 or 2001:db8::10/64");
	if ((size_t)(slash - text) >= 64)
		return bad(err, origin, text, "is not an IP address");
	(void)snprintf(host, 64, "%.*s", (int)(slash - text), text);
	*prefix = slash + 1;
	return 0;
}

static int take_prefix(const char *text, const char *prefix, const char *origin, struct mkd_addr *a,
		       struct mkd_err *err)
{
	a->prefix = parse_prefix(prefix, a->v6 ? 128 : 32);
	if (a->prefix)
		return 0;
	return bad(err, origin, text,
		   a->v6 ? "has no prefix length of 1 to 128 behind the '/'"
			 : "has no prefix length of 1 to 32 behind the '/'; 255.255.255.0 is "
			   "written 24");
}

int mkd_addr_parse_cidr(const char *text, const char *origin, struct mkd_addr *ret,
			struct mkd_err *err)
{
	const char *prefix = NULL;
	char host[64];
	struct mkd_addr a = { 0 };
	int r = split(text, origin, host, &prefix, err);

	if (r == 0)
		r = mkd_addr_parse_host(host, origin, &a, err);
	if (r < 0)
		return r;
	if (mkd_addr_is_loopback(&a))
		return bad(err, origin, text, "is a loopback address");
	r = take_prefix(text, prefix, origin, &a, err);
	if (r == 0)
		*ret = a;
	return r;
}

int mkd_addr_parse_net(const char *text, const char *origin, struct mkd_addr *ret,
		       struct mkd_err *err)
{
	const char *prefix = NULL;
	char host[64];
	struct mkd_addr a = { 0 };
	int r;

	if (strcmp(text, "default") == 0 || strcmp(text, "0.0.0.0/0") == 0 ||
	    strcmp(text, "::/0") == 0)
		return bad(err, origin, text, "is the default route; give it as gateway");
	r = split(text, origin, host, &prefix, err);
	if (r == 0)
		r = mkd_addr_parse_host(host, origin, &a, err);
	if (r == 0)
		r = take_prefix(text, prefix, origin, &a, err);
	if (r < 0)
		return r;
	if (mkd_addr_is_loopback(&a) || mkd_addr_is_link_local(&a))
		return bad(err, origin, text, "is a network that no route leads to");
	if (!mkd_addr_host_bits_are(&a, 0))
		return bad(err, origin, text,
			   "has bits set behind its prefix; write the network's address");
	*ret = a;
	return 0;
}

bool mkd_addr_same_net(const struct mkd_addr *a, const struct mkd_addr *b, unsigned prefix)
{
	uint8_t x[16] = { 0 }, y[16] = { 0 };
	unsigned whole = prefix / 8, rest = prefix % 8;

	if (a->v6 != b->v6)
		return false;
	(void)addr_bytes(a, x);
	(void)addr_bytes(b, y);
	return memcmp(x, y, whole) == 0 && (!rest || (x[whole] ^ y[whole]) >> (8 - rest) == 0);
}

bool mkd_addr_host_bits_are(const struct mkd_addr *a, unsigned bit)
{
	uint8_t raw[16];
	size_t bits = 8 * addr_bytes(a, raw);

	for (size_t i = a->prefix; i < bits; i++)
		if ((raw[i / 8] >> (7 - i % 8) & 1U) != bit)
			return false;
	return true;
}
