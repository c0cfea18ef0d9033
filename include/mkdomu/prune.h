/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prune.h - old releases leave the cache by themselves. */
#ifndef MKDOMU_PRUNE_H
#define MKDOMU_PRUNE_H

#include "mkdomu/cache.h"

#define MKD_PRUNE_KEEP 2 /* releases of a variant */

/*
 * Remove what belongs to releases of a variant ("<variant>-<YYYYmmddTHHMMSSZ>.*") but for current
 * (a name of that form) and the newest others, MKD_PRUNE_KEEP in all; other files are left alone. A
 * release that another run has locked is left to it, and one that it has opened stays readable.
 * Best effort: what cannot be removed stays.
 */
void mkd_prune(const struct mkd_cache *c, const char *variant, const char *current,
	       struct mkd_ui *ui);

#endif
