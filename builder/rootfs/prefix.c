/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/prefix.h"

#include <errno.h>
#include <string.h>

/* The path below prefix, "" for the folder itself, NULL when it is outside. */
static const char *below(const char *prefix, const char *path)
{
	size_t len = strlen(prefix);

	if (strncmp(path, prefix, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path[len] ? path + len + 1 : path + len;
}

int mkd_prefix_strip(const char *prefix, const struct mkd_entry *e, struct mkd_entry *ret,
		     struct mkd_err *err)
{
	const char *path = below(prefix, e->path), *target = e->target;

	if (!path)
		return 0;
	if (e->type == MKD_FT_HARDLINK) {
		target = below(prefix, e->target);
		if (!target || !*target)
			return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
					"it is a hard link to '%.200s', which is outside of '%s'",
					e->target, prefix);
	}
	*ret = *e;
	ret->path = path;
	ret->target = target;
	return 1;
}
