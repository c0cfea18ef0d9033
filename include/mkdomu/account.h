/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * account.h - a guest's accounts: ids in passwd(5) and group(5), ranges in login.defs(5), lines
 * added to these and to shadow(5) and gshadow(5). All pure; see shadow.h for fields.
 */
#ifndef MKDOMU_ACCOUNT_H
#define MKDOMU_ACCOUNT_H

#include "mkdomu/textedit.h"

enum { MKD_PASSWD_UID = 2, MKD_PASSWD_GID = 3, MKD_PASSWD_SHELL = 6 };
enum { MKD_GROUP_GID = 2, MKD_GROUP_MEMBERS = 3 }; /* members: in gshadow, too */

/*
 * The value of a "key value" file, login.defs(5) and sshd_config(5): the first in force. Capitals
 * do not count.
 */
bool mkd_defs_value(struct mkd_span text, const char *key, struct mkd_span *ret);
/* A value that is a number of this base (8 or 10) up to INT_MAX, else def. */
uint32_t mkd_defs_number(struct mkd_span text, const char *key, int base, uint32_t def);

struct mkd_id_range {
	uint32_t min, max;
};
/* What useradd(8) gives to people: UID_MIN to UID_MAX, 1000 to 60000 where they are not set. */
void mkd_id_range(struct mkd_span defs, struct mkd_id_range *ret);

/* A field of name's line as a number. False when there is no such line, or no number in it. */
bool mkd_account_number(struct mkd_span text, const char *name, unsigned field, uint32_t *ret);
/* Whose id is it, in passwd or group? False when nobody's. */
bool mkd_id_owner(struct mkd_span text, uint32_t id, struct mkd_span *ret);
/*
 * The first of the range that is nobody's in text.
 *	-ERANGE  all are taken (HOOK)
 */
must_check int mkd_id_free(struct mkd_span text, const struct mkd_id_range *range, uint32_t *ret,
			   struct mkd_err *err);

/* Field of the line of name, set to text. */
struct mkd_account_field {
	const char *name;
	unsigned field;
	const char *text;
};

/*
 * Editors. Add: arg is a line as a string, put before what is NIS's ("+", "-"), unless the name in
 * it has a line. Set: arg is a struct mkd_account_field. Join: likewise, and text is a user who
 * becomes one of the list in that field. Without a line of that name set and join do nothing.
 * Always 0.
 */
must_check int mkd_account_add(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);
must_check int mkd_account_set(struct mkd_span in, const void *arg, struct mkd_buf *out,
			       struct mkd_err *err);
must_check int mkd_account_join(struct mkd_span in, const void *arg, struct mkd_buf *out,
				struct mkd_err *err);

#endif
