/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/suggest.h"

#include <string.h>

#define WORD_MAX 64

static char fold(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '_' ? '-' : c;
}

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned mkd_suggest_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	/* rows[0] is the one before the last, for the swaps */
	unsigned rows[3][WORD_MAX + 1] = { { 0 } };

	if (na > WORD_MAX || nb > WORD_MAX)
		return UINT32_MAX;
	for (size_t j = 0; j <= nb; j++)
		rows[1][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		rows[2][0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned change = fold(a[i - 1]) != fold(b[j - 1]);
			unsigned d =
				min(min(rows[1][j], rows[2][j - 1]) + 1, rows[1][j - 1] + change);

			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				d = min(d, rows[0][j - 2] + 1);
			rows[2][j] = d;
		}
		memmove(rows[0], rows[1], 2 * sizeof(rows[0]));
	}
	return rows[1][nb];
}

void mkd_suggest_offer(struct mkd_suggest *s, const char *candidate)
{
	unsigned d = mkd_suggest_distance(s->word, candidate);
	size_t len = strlen(s->word);

	if (d > (len < 6 ? 1 : len / 3))
		return;
	if (!s->best || d < s->distance) {
		s->best = candidate;
		s->distance = d;
	}
}

const char *mkd_suggest_text(const struct mkd_suggest *s, const char *prefix, char buf[static 112])
{
	buf[0] = '\0';
	if (s->best)
		(void)snprintf(buf, 112, "; did you mean '%s%.64s'?", prefix, s->best);
	return buf;
}
