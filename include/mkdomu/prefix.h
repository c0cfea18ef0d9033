/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefix.h - a tarball whose root is one of its folders, as Arch's bootstrap tarball has it in
 * "root.x86_64". Pure.
 *
 * The rule: the folder itself becomes the root, what is below it loses the prefix, in names and in
 * the targets of hard links; symlinks stay as they are. What is outside is left out, after it has
 * passed the same policy as all members. A file inside that is a hard link to one outside is an
 * error: it would have no content. Names are compared by whole components and by bytes.
 */
#ifndef MKDOMU_PREFIX_H
#define MKDOMU_PREFIX_H

#include "mkdomu/entry.h"
#include "mkdomu/err.h"

/*
 * 1 with *ret, whose strings are e's; 0 when e is outside. prefix is a normalised path, as the
 * policy makes them, and not empty.
 *	-EPERM  a hard link that leads outside, or to the root (ARCHIVE)
 */
must_check int mkd_prefix_strip(const char *prefix, const struct mkd_entry *e,
				struct mkd_entry *ret, struct mkd_err *err);

#endif
