/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpghome.h - a private, empty GNUPGHOME whose gpg.conf lets gpg(1) do nothing but verify. */
#ifndef MKDOMU_GPGHOME_H
#define MKDOMU_GPGHOME_H

#include "mkdomu/err.h"

/*
 * Make it, mode 0700, under $TMPDIR or /tmp. *ret is the caller's (mkd_rmtree and free), also when
 * writing gpg.conf failed after the folder was made.
 *	other    of open(2) (IO)
 *	and mkd_tmpdir, mkd_file_write
 */
must_check int mkd_gpghome_make(char **ret, struct mkd_err *err);

#endif
