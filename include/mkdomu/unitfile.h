/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unitfile.h - edits of systemd.unit(5) files. Pure. */
#ifndef MKDOMU_UNITFILE_H
#define MKDOMU_UNITFILE_H

#include "mkdomu/textedit.h"

/*
 * An editor; no arg. Takes the dependency on a .device unit out of a getty's unit: without udev
 * no such unit ever comes up, and what is bound to it fails after DefaultTimeoutStartSec (90 s).
 * Words "dev-*.device" leave BindsTo=, Requires=, Wants= and After=; a line left without a word is
 * commented out.
 * Always 0; memory that ran out sticks in *out.
 */
must_check int mkd_unit_unbind(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);

/* Does an active line have text in it? */
bool mkd_unit_mentions(struct mkd_span in, const char *text);

#endif
