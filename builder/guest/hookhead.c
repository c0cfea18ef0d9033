/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hookhead.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/values.h"

#define MARK         "mkdomu-hook:"
#define SCRIPT_LINES 100
#define LINE_MAX_LEN 1024
#define PATH_MAX_LEN 1000
#define TIMEOUT_SEC  60

struct heading {
	struct mkd_hookhead head;
	const char *name;
	unsigned line;
	unsigned seen; /* a bit for each key */
	struct mkd_err *err;
};

static int bad(const struct heading *h, const char *what, const char *text)
{
	return mkd_fail(h->err, MKD_EXIT_USAGE, EINVAL, "%s:%u: " MARK " %s '%.200s'", h->name,
			h->line, what, text);
}

/* "/etc", not "/", "//", "/etc/" or "/etc/../root". */
static bool is_clean(const char *path)
{
	size_t len = strlen(path);

	if (path[0] != '/' || len < 2 || len > PATH_MAX_LEN || path[len - 1] == '/' ||
	    strstr(path, "//"))
		return false;
	for (const char *s = path + 1; s; s = strchr(s, '/') ? strchr(s, '/') + 1 : NULL) {
		size_t n = strcspn(s, "/");

		if ((n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
	}
	return true;
}

static bool is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return strncmp(path, top, len) == 0 && (path[len] == '/' || !path[len]);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What is below another goes with it, and would be copied twice. */
static void tidy(struct mkd_strv *paths)
{
	size_t n = 0;

	qsort(paths->v, paths->n, sizeof(*paths->v), by_bytes);
	for (size_t i = 0; i < paths->n; i++) {
		bool below = false;

		for (size_t k = 0; k < n && !below; k++)
			below = is_below(paths->v[i], paths->v[k]);
		if (below)
			free(paths->v[i]);
		else
			paths->v[n++] = paths->v[i];
	}
	paths->v[n] = NULL;
	paths->n = n;
}

static int take_paths(struct heading *h, char *value)
{
	char *save = NULL;
	int r = 0;

	for (char *p = strtok_r(value, ",", &save); p && r == 0; p = strtok_r(NULL, ",", &save)) {
		if (!is_clean(p))
			return bad(h,
				   "a path has to be absolute, and neither '/' nor with '//', '.', "
				   "'..' or a '/' at its end:",
				   p);
		if (h->head.paths.n == MKD_HOOK_PATHS)
			return bad(h, "more than 32 paths, from", p);
		r = mkd_strv_add(&h->head.paths, p, h->err);
	}
	if (r == 0 && !h->head.paths.n)
		return bad(h, "'paths' names none:", value);
	if (r == 0)
		tidy(&h->head.paths);
	return r;
}

static int take_timeout(struct heading *h, const char *value)
{
	static const struct mkd_value_range range = { 1, 86400, "seconds" };
	struct mkd_err ignored;

	if (mkd_value_count(value, "timeout", &range, &h->head.timeout_sec, &ignored) < 0)
		return bad(h, "'timeout' is 1 to 86400 seconds, not", value);
	return 0;
}

/* One of two words. */
static int take_choice(const struct heading *h, const char *key, const char *value,
		       const char *const words[2], bool *ret)
{
	char what[64];

	if (strcmp(value, words[0]) != 0 && strcmp(value, words[1]) != 0) {
		(void)snprintf(what, sizeof(what), "'%s' is %s or %s, not", key, words[0],
			       words[1]);
		return bad(h, what, value);
	}
	*ret = strcmp(value, words[1]) == 0;
	return 0;
}

static int take_text(const struct heading *h, const char *value, char ret[static 96])
{
	struct mkd_err ignored;

	if (mkd_value_text(value, "text", 95, &ignored) < 0)
		return bad(h, "a text is 1 to 95 bytes without control characters, not", value);
	(void)snprintf(ret, 96, "%s", value);
	return 0;
}

static int take(struct heading *h, const char *key, char *value)
{
	static const char *const keys[] = {
		"mode", "paths", "timeout", "network", "summary", "when"
	};
	static const char *const modes[2] = { "staged", "mounted" };
	static const char *const yes[2] = { "no", "yes" };
	size_t i = 0;

	while (i < ARRAY_LEN(keys) && strcmp(keys[i], key) != 0)
		i++;
	if (i == ARRAY_LEN(keys))
		return bad(h, "there is no key", key);
	if (h->seen & 1u << i)
		return bad(h, "there twice is", key);
	h->seen |= 1u << i;
	switch (i) {
	case 0:
		return take_choice(h, key, value, modes, &h->head.mounted);
	case 1:
		return take_paths(h, value);
	case 2:
		return take_timeout(h, value);
	case 3:
		return take_choice(h, key, value, yes, &h->head.network);
	case 4:
		return take_text(h, value, h->head.summary);
	default:
		return take_text(h, value, h->head.when);
	}
}

static int take_line(struct heading *h, char *s)
{
	int r = 0;

	for (s += strspn(s, " \t\r"); *s && r == 0; s += strspn(s, " \t\r")) {
		char *equals = strchr(s, '='), *end = s + strcspn(s, " \t\r");
		bool rest = strncmp(s, "summary=", 8) == 0 || strncmp(s, "when=", 5) == 0;

		if (!equals || equals > end)
			return bad(h, "KEY=VALUE is meant, not", s);
		if (rest)
			end = s + strlen(s);
		while (rest && end > equals + 1 && strchr(" \t\r", end[-1]))
			*--end = '\0';
		*equals = '\0';
		if (*end)
			*end++ = '\0';
		r = take(h, s, equals + 1);
		s = end;
	}
	return r;
}

/* Where the keys begin, or NULL: nothing but a comment's leader is before the mark. */
static const char *marked(const char *line, size_t len)
{
	const char *at = memmem(line, len, MARK, strlen(MARK));

	for (const char *s = line; at && s < at; s++)
		if ((*s >= '0' && *s <= '9') || ((*s | 32) >= 'a' && (*s | 32) <= 'z'))
			return NULL;
	return at ? at + strlen(MARK) : NULL;
}

static int parse(struct heading *h, const char *text, size_t len)
{
	bool script = len > 2 && text[0] == '#' && text[1] == '!';
	const char *end = text + len;
	char copy[LINE_MAX_LEN + 1];
	int r = 0;

	for (const char *s = text; r == 0 && s < end && (!script || h->line < SCRIPT_LINES);) {
		const char *stop = s, *keys;

		while (stop < end && *stop != '\n' && *stop != '\0')
			stop++;
		h->line++;
		keys = marked(s, (size_t)(stop - s));
		if (keys) {
			(void)snprintf(copy, sizeof(copy), "%.*s", (int)(stop - keys), keys);
			r = stop - keys > LINE_MAX_LEN ? bad(h, "the line is too long:", copy)
						       : take_line(h, copy);
		}
		s = stop + 1;
	}
	return r;
}

int mkd_hookhead_parse(const char *text, size_t len, const char *name, struct mkd_hookhead *ret,
		       struct mkd_err *err)
{
	struct heading h = { .name = name, .err = err, .head.timeout_sec = TIMEOUT_SEC };
	int r = parse(&h, text, len);

	if (r == 0 && !h.head.paths.n)
		r = mkd_strv_add(&h.head.paths, "/etc", err);
	if (r < 0)
		mkd_hookhead_free(&h.head);
	else
		*ret = h.head;
	return r;
}

void mkd_hookhead_free(struct mkd_hookhead *h)
{
	mkd_strv_free(&h->paths);
	*h = (struct mkd_hookhead){ 0 };
}
