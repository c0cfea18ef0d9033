/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * users.h - accounts that the user asks for: "NAME[:WORD[,WORD...]]", the words being
 * groups=A[+B...], uid=N, shell=PATH, keys=FILE, password-file=FILE and sudo. A ',' always parts
 * two words, so no path has one in it.
 */
#ifndef MKDOMU_USERS_H
#define MKDOMU_USERS_H

#include "mkdomu/draft.h"

#define MKD_USERS_MAX     100
#define MKD_USER_NAME_MAX 32 /* bytes, as long as useradd(8) takes */

/* Borrowed from the plan's pool; NULL = not asked for. */
struct mkd_user {
	const char *name;
	struct mkd_strv groups;                /* beside its own */
	const char *shell;                     /* in the guest, absolute */
	const char *keys_file, *password_file; /* of this host, absolute */
	uint32_t uid;                          /* 0 = the first that is free */
	bool sudo;
};

/* What one's files hold, and what its password is hashed with. */
struct mkd_login {
	struct mkd_buf password, keys; /* empty = none; the password is a secret */
	uint8_t keys_sha256[32];
	char salt[17]; /* 16 of [./0-9A-Za-z] */
};

/*
 * The values of MKD_KEY_USER into the plan's list of users.
 *	-EINVAL  not a name that useradd(8) would take, root's, an unknown or empty word, a wrong
 *		 uid, group or shell (USAGE)
 *	-EEXIST  a name or a word is given twice (USAGE)
 *	-E2BIG   over MKD_USERS_MAX (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_value_path, mkd_value_count
 */
must_check int mkd_users_plan(const struct mkd_draft *j);
void mkd_users_free(struct mkd_plan *p);

/*
 * The next file of this host that a value names, from *pos (0 at first) on: where it starts, and
 * its length. False when there is no more. Pure.
 */
bool mkd_user_file(const char *text, size_t *pos, size_t *ret_at, size_t *ret_len);

/* "alice, uid 1001, in wheel and audio, ...", for --dry-run. */
void mkd_user_explain(const struct mkd_user *u, struct mkd_buf *ret);

#endif
