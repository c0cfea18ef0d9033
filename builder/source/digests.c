/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/digests.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static const struct {
	const char *name;
	size_t bytes;
} algos[MKD_N_ALGOS] = {
	[MKD_ALGO_SHA512] = { "SHA512", 64 },
	[MKD_ALGO_BLAKE2B] = { "BLAKE2B", 64 },
	[MKD_ALGO_SHA256] = { "SHA256", 32 },
};

const char *mkd_algo_name(enum mkd_algo algo)
{
	return algos[algo].name;
}

size_t mkd_algo_bytes(enum mkd_algo algo)
{
	return algos[algo].bytes;
}

/* MKD_N_ALGOS for an algorithm that is not known, or known to be weak. */
static enum mkd_algo algo_of(const char *word, size_t len)
{
	for (unsigned a = 0; a < MKD_N_ALGOS; a++)
		if (strlen(algos[a].name) == len && strncasecmp(word, algos[a].name, len) == 0)
			return (enum mkd_algo)a;
	/* "# BLAKE2 (b2sum) HASH", as written in early 2022 */
	if (len == 6 && strncasecmp(word, "BLAKE2", len) == 0)
		return MKD_ALGO_BLAKE2B;
	return MKD_N_ALGOS;
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool from_hex(const char *hex, size_t len, enum mkd_algo algo, uint8_t *ret)
{
	if (len != 2 * algos[algo].bytes)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int hi = nibble(hex[i]), lo = nibble(hex[i + 1]);

		if (hi < 0 || lo < 0)
			return false;
		ret[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

struct scan {
	const char *file;
	enum mkd_algo algo; /* of the last comment */
	bool seen;          /* the file was there, under whatever algorithm */
	struct mkd_digests got;
};

struct span {
	const char *p;
	size_t n;
};

static bool is_file(const struct scan *s, struct span name)
{
	const char *slash = memrchr(name.p, '/', name.n);

	if (slash) {
		name.n -= (size_t)(slash + 1 - name.p);
		name.p = slash + 1;
	}
	return name.n == strlen(s->file) && memcmp(name.p, s->file, name.n) == 0;
}

/* A name with ".." was made by nobody's build: whatever it is meant for, it is not for us. */
static bool climbs(struct span name)
{
	for (size_t i = 0; i + 1 < name.n; i++)
		if (name.p[i] == '.' && name.p[i + 1] == '.' && (i == 0 || name.p[i - 1] == '/') &&
		    (i + 2 == name.n || name.p[i + 2] == '/'))
			return true;
	return false;
}

static const char *entry(struct scan *s, enum mkd_algo algo, struct span hex, struct span name)
{
	uint8_t value[64];

	if (!is_file(s, name))
		return NULL;
	if (climbs(name))
		return "its name there has '..'";
	s->seen = true;
	if (algo == MKD_N_ALGOS)
		return NULL;
	if (!from_hex(hex.p, hex.n, algo, value))
		return "its digest there is of the wrong length or not hexadecimal";
	if ((s->got.have & MKD_ALGO_BIT(algo)) &&
	    memcmp(s->got.of[algo], value, algos[algo].bytes) != 0)
		return "two digests of one kind there contradict each other";
	s->got.have |= MKD_ALGO_BIT(algo);
	memcpy(s->got.of[algo], value, algos[algo].bytes);
	return NULL;
}

/* "# SHA512 HASH": names the algorithm of what follows; other comments change nothing. */
static void comment(struct scan *s, struct span line)
{
	while (line.n && (*line.p == '#' || *line.p == ' ' || *line.p == '\t')) {
		line.p++;
		line.n--;
	}
	if (line.n < 4 || memcmp(line.p + line.n - 4, "HASH", 4) != 0)
		return;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == ' ' || line.p[i] == '\t') {
			s->algo = algo_of(line.p, i);
			return;
		}
	s->algo = MKD_N_ALGOS;
}

/* "SHA512 (<name>) = <hex>" */
static bool bsd_line(struct span line, enum mkd_algo *algo, struct span *hex, struct span *name)
{
	const char *open = memmem(line.p, line.n, " (", 2);
	const char *close = NULL;

	if (!open || memchr(line.p, ' ', (size_t)(open - line.p)))
		return false;
	/* The last ") = ": a name may hold one as well. */
	for (size_t i = (size_t)(open - line.p) + 2; i + 4 <= line.n; i++)
		if (memcmp(line.p + i, ") = ", 4) == 0)
			close = line.p + i;
	if (!close)
		return false;
	*algo = algo_of(line.p, (size_t)(open - line.p));
	*name = (struct span){ open + 2, (size_t)(close - open - 2) };
	*hex = (struct span){ close + 4, (size_t)(line.p + line.n - close - 4) };
	return true;
}

static const char *digest_line(struct scan *s, struct span line)
{
	struct span hex = line, name;
	enum mkd_algo algo = s->algo;
	size_t i = 0;

	if (bsd_line(line, &algo, &hex, &name))
		return entry(s, algo, hex, name);
	while (i < line.n && line.p[i] != ' ' && line.p[i] != '\t')
		i++;
	hex.n = i;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	/* coreutils marks a binary read by '*' before the name */
	if (i < line.n && line.p[i] == '*')
		i++;
	name = (struct span){ line.p + i, line.n - i };
	return entry(s, algo, hex, name);
}

static const char *scan(struct scan *s, const char *text, size_t len)
{
	for (const char *p = text, *end = text + len, *eol; p < end; p = eol + 1) {
		struct span line = { .p = p };
		const char *fault = NULL;

		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		line.n = (size_t)(eol - p);
		while (line.n && strchr(" \t\r", line.p[line.n - 1]))
			line.n--;
		if (line.n && *line.p == '#')
			comment(s, line);
		else if (line.n)
			fault = digest_line(s, line);
		if (fault)
			return fault;
	}
	if (!s->got.have)
		return s->seen ? "only weak or unknown digests are listed there"
			       : "there is no entry for it";
	return NULL;
}

int mkd_digests_parse(const char *text, size_t len, const char *file, struct mkd_digests *ret,
		      struct mkd_err *err)
{
	struct scan s = { .file = file, .algo = MKD_N_ALGOS };
	const char *fault =
		memchr(text, '\0', len) ? "it has a NUL character" : scan(&s, text, len);

	if (fault)
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"cannot verify '%s' by its signed DIGESTS: %s", file, fault);
	*ret = s.got;
	return 0;
}

int mkd_digests_from_hex(const char *hex, enum mkd_algo algo, struct mkd_digests *ret,
			 struct mkd_err *err)
{
	struct mkd_digests got = { .have = MKD_ALGO_BIT(algo) };

	if (!from_hex(hex, strlen(hex), algo, got.of[algo]))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"'%s' is not a %s digest; give its %zu hexadecimal digits", hex,
				algos[algo].name, 2 * algos[algo].bytes);
	*ret = got;
	return 0;
}

int mkd_digests_compare(const struct mkd_digests *want, const struct mkd_digests *got,
			const char *file, struct mkd_err *err)
{
	for (unsigned a = 0; a < MKD_N_ALGOS; a++) {
		if (!(want->have & MKD_ALGO_BIT(a)))
			continue;
		if (!(got->have & MKD_ALGO_BIT(a)) ||
		    memcmp(want->of[a], got->of[a], algos[a].bytes) != 0)
			return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
					"'%s' is not what was published: its %s digest differs",
					file, algos[a].name);
	}
	return 0;
}
