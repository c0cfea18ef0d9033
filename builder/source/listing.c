/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/listing.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <string.h>

#include "mkdomu/buf.h"
#include "mkdomu/release.h"

struct span {
	const char *p;
	size_t n;
};

struct search {
	const char *pattern;
	char best[129]; /* "" = none yet */
};

bool mkd_listing_match(const char *pattern, const char *name)
{
	/* of fnmatch(3)'s specials a pattern has '*' alone */
	return !pattern[strcspn(pattern, "?[\\")] &&
	       fnmatch(pattern, name, FNM_PATHNAME | FNM_NOESCAPE) == 0;
}

static void offer(struct search *s, struct span name)
{
	const char *slash = memrchr(name.p, '/', name.n);
	char file[sizeof(s->best)];

	if (slash) {
		name.n -= (size_t)(slash + 1 - name.p);
		name.p = slash + 1;
	}
	if (name.n >= sizeof(file))
		return;
	memcpy(file, name.p, name.n);
	file[name.n] = '\0';
	if (mkd_release_name_ok(file) && mkd_listing_match(s->pattern, file) &&
	    (!*s->best || strverscmp(file, s->best) > 0))
		memcpy(s->best, file, name.n + 1);
}

/* Lines without blanks at their end; false at the end of the text. */
static bool take_line(struct span *text, struct span *line)
{
	const char *eol;

	if (!text->n)
		return false;
	eol = memchr(text->p, '\n', text->n);
	line->p = text->p;
	line->n = eol ? (size_t)(eol - text->p) : text->n;
	text->p += line->n + (eol != NULL);
	text->n -= line->n + (eol != NULL);
	while (line->n && strchr(" \t\r", line->p[line->n - 1]))
		line->n--;
	return true;
}

/* "<hex> [*]<name>" or "<ALGO> (<name>) = <hex>" */
static void offer_sum(struct search *s, struct span line)
{
	const char *open = memmem(line.p, line.n, " (", 2);
	const char *blank = memchr(line.p, ' ', line.n), *end = line.p + line.n;
	const char *close = open ? memmem(open, (size_t)(end - open), ") = ", 4) : NULL;

	if (close) {
		offer(s, (struct span){ open + 2, (size_t)(close - open - 2) });
		return;
	}
	if (!blank || *line.p == '#')
		return;
	while (blank < end && (*blank == ' ' || *blank == '\t'))
		blank++;
	if (blank < end && *blank == '*')
		blank++;
	offer(s, (struct span){ blank, (size_t)(end - blank) });
}

/* "  key: value" of a block; false for another key. */
static bool value_of(struct span line, const char *key, struct span *ret)
{
	size_t n = strlen(key), i = 0;

	while (i < line.n && line.p[i] == ' ')
		i++;
	if (i == 0 || line.n - i <= n || memcmp(line.p + i, key, n) != 0 || line.p[i + n] != ':')
		return false;
	for (i += n + 1; i < line.n && line.p[i] == ' ';)
		i++;
	*ret = (struct span){ line.p + i, line.n - i };
	return ret->n > 0;
}

static bool is_yaml(const char *list)
{
	size_t n = strlen(list);

	return n > 5 && strcmp(list + n - 5, ".yaml") == 0;
}

static const char *algo_of_list(const char *list)
{
	char low[129];
	size_t n = strlen(list);

	for (size_t i = 0; i <= n && i < sizeof(low); i++)
		low[i] = (char)tolower((unsigned char)list[i]);
	low[sizeof(low) - 1] = '\0';
	if (strstr(low, "sha512"))
		return "SHA512";
	return strstr(low, "b2sum") || strstr(low, "blake2") ? "BLAKE2B" : "SHA256";
}

/* The block that names the file, as text that digests.h reads. */
static void yaml_digests(struct span text, const char *file, struct mkd_buf *ret)
{
	struct span line, name = { 0 }, value, sum[2] = { 0 };
	bool more = true;

	while (more) {
		more = take_line(&text, &line);
		if (!more || (line.n && *line.p == '-')) {
			for (size_t i = 0; i < 2; i++)
				if (name.p && name.n == strlen(file) &&
				    memcmp(name.p, file, name.n) == 0 && sum[i].n)
					mkd_buf_printf(ret, "%s (%s) = %.*s\n",
						       i ? "SHA512" : "SHA256", file, (int)sum[i].n,
						       sum[i].p);
			name = sum[0] = sum[1] = (struct span){ 0 };
		} else if (value_of(line, "file", &value)) {
			name = value;
		} else if (value_of(line, "sha256", &value)) {
			sum[0] = value;
		} else if (value_of(line, "sha512", &value)) {
			sum[1] = value;
		}
	}
}

static void find_file(struct search *s, struct span text, bool yaml)
{
	struct span line, name;

	while (take_line(&text, &line)) {
		if (yaml && value_of(line, "file", &name))
			offer(s, name);
		else if (!yaml && line.n)
			offer_sum(s, line);
	}
}

int mkd_listing_find(const char *text, size_t len, const char *list, const char *pattern,
		     struct mkd_listed *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf sums = { 0 };
	struct search s = { .pattern = pattern };
	struct mkd_listed got = { 0 };
	struct span all = { text, len };
	int r;

	if (memchr(text, '\0', len))
		return mkd_fail(err, MKD_EXIT_VERIFY, EBADMSG,
				"cannot use the list '%s': it has a NUL character", list);
	find_file(&s, all, is_yaml(list));
	if (!*s.best)
		return mkd_fail(err, MKD_EXIT_VERIFY, ENOENT,
				"the list '%s' has no file '%s' (wrong architecture or release?)",
				list, pattern);
	if (is_yaml(list)) {
		yaml_digests(all, s.best, &sums);
	} else {
		mkd_buf_printf(&sums, "# %s HASH\n", algo_of_list(list));
		mkd_buf_add(&sums, text, len);
	}
	r = mkd_buf_check(&sums, err);
	if (r == 0)
		r = mkd_digests_parse(mkd_buf_cstr(&sums), sums.len, s.best, &got.digests, err);
	if (r < 0)
		return r == -ENOMEM ? r : mkd_wrap(err, "the list '%s'", list);
	memcpy(got.file, s.best, sizeof(got.file));
	*ret = got;
	return 0;
}

int64_t mkd_listing_time(const char *file)
{
	int64_t sec;

	while (*file) {
		size_t n = 0;

		while (isalnum((unsigned char)file[n]))
			n++;
		if (mkd_release_time(file, n, &sec))
			return sec;
		file += n + (file[n] != '\0');
	}
	return 0;
}
