/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/prune.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#define STAMP_LEN 16 /* "20260815T091501Z" */

/* The time stamp in a name of the variant, or NULL. */
static const char *stamp_of(const char *name, const char *variant)
{
	static const char form[] = "ddddddddTddddddZ.";
	size_t len = strlen(variant);

	if (strncmp(name, variant, len) != 0 || name[len] != '-')
		return NULL;
	name += len + 1;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? name[i] < '0' || name[i] > '9' : name[i] != form[i])
			return NULL;
	return name;
}

static int list(const struct mkd_cache *c, const char *variant, struct mkd_strv *ret)
{
	int fd = openat(c->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	struct mkd_err ignored;
	struct dirent *d;
	int r = 0;

	if (!dir) {
		if (fd >= 0)
			(void)close(fd);
		return -1;
	}
	while (r == 0 && (d = readdir(dir)))
		if (stamp_of(d->d_name, variant))
			r = mkd_strv_add(ret, d->d_name, &ignored);
	(void)closedir(dir);
	return r;
}

/* The entry that a file is of, which is what runs lock. */
static size_t entry_len(const char *name)
{
	static const char *const tails[] = { ".lock", ".part", ".part.meta", ".DIGESTS", ".asc" };
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		size_t n = strlen(tails[i]);

		if (len > n && strcmp(name + len - n, tails[i]) == 0)
			return len - n;
	}
	return len;
}

/* Larger than any stamp below limit among the names: the next one to keep. NULL: none. */
static const char *newest(const struct mkd_strv *names, const char *variant, const char *limit)
{
	const char *best = NULL;

	for (size_t i = 0; i < names->n; i++) {
		const char *at = stamp_of(names->v[i], variant);

		if (limit && strncmp(at, limit, STAMP_LEN) >= 0)
			continue;
		if (!best || strncmp(at, best, STAMP_LEN) > 0)
			best = at;
	}
	return best;
}

static void drop(const struct mkd_cache *c, const struct mkd_strv *names, const char *variant,
		 const char *stamp, struct mkd_ui *ui)
{
	size_t len = strlen(variant), entry = entry_len(stamp);
	char name[256];
	int lock;

	if (len + 1 + entry >= sizeof(name))
		return;
	(void)snprintf(name, sizeof(name), "%s-%.*s", variant, (int)entry, stamp);
	if (!mkd_cache_trylock(c, name, &lock))
		return;
	for (size_t i = 0; i < names->n; i++)
		if (strncmp(names->v[i] + len + 1, stamp, STAMP_LEN) == 0 &&
		    !strstr(names->v[i], ".lock"))
			mkd_cache_drop(c, names->v[i]);
	mkd_cache_unlock(c, name, lock);
	mkd_say(ui, MKD_DEBUG, "removed the old release '%s' from the cache", name);
}

void mkd_prune(const struct mkd_cache *c, const char *variant, const char *current,
	       struct mkd_ui *ui)
{
	cleanup_strv struct mkd_strv names = { 0 };
	const char *keep = stamp_of(current, variant), *at = NULL;
	size_t kept = 1; /* the current one, wherever it stands */

	if (!keep || list(c, variant, &names) < 0)
		return;
	while ((at = newest(&names, variant, at))) {
		if (strncmp(at, keep, STAMP_LEN) == 0)
			continue;
		if (kept < MKD_PRUNE_KEEP)
			kept++;
		else
			drop(c, &names, variant, at, ui);
	}
}
