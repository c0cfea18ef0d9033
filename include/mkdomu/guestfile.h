/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guestfile.h - a guest's files and services, as hooks handle them: edit a text, enable a service
 * by the links that the guest's own tools would make. What changed is said at MKD_INFO, what was
 * right already at MKD_DEBUG. Errors beside those named are the tree's.
 */
#ifndef MKDOMU_GUESTFILE_H
#define MKDOMU_GUESTFILE_H

#include "mkdomu/facts.h"
#include "mkdomu/textedit.h"
#include "mkdomu/ui.h"

#define MKD_GUEST_TEXT_MAX (16 * MIB) /* the largest file that hooks read */

struct mkd_guest_io { /* borrowed */
	struct mkd_tree *tree;
	struct mkd_ui *ui;
};

/*
 * Put a text through an edit, or several one after another. mode makes a missing file, which is
 * edited as an empty one; with mode 0 it must be there. An edit that would change its own output
 * is refused, and the file is read back: what a hook reports as written is there.
 *	-ENOENT   no such file, and mode is 0 (HOOK)
 *	-ENOTRECOVERABLE  an edit is not idempotent (INTERNAL)
 *	-EIO      reads back different (IO)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	other    of the edit
 *	and mkd_tree_read, mkd_tree_write
 */
must_check int mkd_guest_edit(const struct mkd_guest_io *io, const char *path, mode_t mode,
			      struct mkd_edit edit, struct mkd_err *err);
must_check int mkd_guest_edits(const struct mkd_guest_io *io, const char *path, mode_t mode,
			       const struct mkd_edit *edits, size_t n, struct mkd_err *err);

/* Write a whole file of ours. Errors: mkd_guest_edit. */
must_check int mkd_guest_write(const struct mkd_guest_io *io, const char *path, const char *text,
			       mode_t mode, struct mkd_err *err);

/*
 * Make a symlink, and the folder for it; any link that is there already stays. It counts as done
 * too: administrators and packages write the same link in several ways.
 *	-EEXIST  there is something else than a link (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_tree_mkdirs, mkd_tree_symlink
 */
must_check int mkd_guest_link(const struct mkd_guest_io *io, const char *target, const char *path,
			      struct mkd_err *err);

/* Remove a file or link; nothing there is fine. Errors: mkd_tree_remove. */
must_check int mkd_guest_remove(const struct mkd_guest_io *io, const char *path,
				struct mkd_err *err);

/* Is there a symlink or anything else at path, followed or not? Errors count as no. */
bool mkd_guest_has(struct mkd_tree *t, const char *path);

/*
 * Where path leads inside the root: every link in it resolved, "/usr/lib/systemd/systemd". What is
 * not there is kept as it is.
 *	-ELOOP  over 40 links (HOOK)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_guest_resolve(struct mkd_tree *t, const char *path, struct mkd_buf *ret,
				 struct mkd_err *err);

/* The first of paths (NULL-ended) that is in the tree, or NULL. */
const char *mkd_guest_first(struct mkd_tree *t, const char *const *paths);

/*
 * OpenRC: /etc/runlevels/<level>/<service> -> /etc/init.d/<service>, as rc-update(8) does.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_guest_link
 */
must_check int mkd_runlevel_add(const struct mkd_guest_io *io, const char *service,
				const char *level, struct mkd_err *err);

/*
 * systemd: the links that "systemctl --root= enable UNIT" makes, from the [Install] section of the
 * unit (systemd.unit(5)): WantedBy=, RequiredBy=, Alias=, and the units in Also= that are there.
 *	-ENOENT  no such unit (HOOK)
 *	-EPERM   it is masked: a link to /dev/null is in its place (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_tree_read, mkd_guest_link
 */
must_check int mkd_unit_enable(const struct mkd_guest_io *io, const struct mkd_facts *facts,
			       const char *unit, struct mkd_err *err);

bool mkd_unit_masked(struct mkd_tree *t, const char *unit);

/* Path of a unit's file in *ret (reset first); false when there is none. */
bool mkd_unit_find(struct mkd_tree *t, const struct mkd_facts *facts, const char *unit,
		   struct mkd_buf *ret);

#endif
