/* SPDX-License-Identifier: GPL-2.0-or-later */
/* shadow.h - passwd(5) and shadow(5): fields parted by ':', found by the user's name. Pure. */
#ifndef MKDOMU_SHADOW_H
#define MKDOMU_SHADOW_H

#include "mkdomu/textedit.h"

enum { MKD_PASSWD_PASSWORD = 1, MKD_PASSWD_HOME = 5, MKD_SHADOW_PASSWORD = 1 };

/* Field of one line. False when it has not so many. */
bool mkd_colon_at(struct mkd_span line, unsigned field, struct mkd_span *ret);
/* Field of the user's first line, the name being field 0. False when there is none. */
bool mkd_colon_field(struct mkd_span text, const char *user, unsigned field, struct mkd_span *ret);

struct mkd_shadow {
	const char *user;
	const char *hash; /* goes into field 1 */
	const char *day;  /* of the last change, since 1970, into field 2; NULL = keep */
};

/*
 * An editor; arg is a struct mkd_shadow. Also fit for passwd(5), with "x" as the hash.
 *	-ENOENT  no line of that user (HOOK)
 */
must_check int mkd_shadow_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);

#endif
