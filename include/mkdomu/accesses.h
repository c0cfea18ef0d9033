/* SPDX-License-Identifier: GPL-2.0-or-later */
/* accesses.h - the hook access: what root and other users share. Private to the room hooks. */
#ifndef MKDOMU_ACCESSES_H
#define MKDOMU_ACCESSES_H

#include "mkdomu/hooks.h"

struct mkd_owner {
	uint32_t uid, gid;
};

/*
 * What goes into shadow(5), whose text tells what the guest can read: password itself when it is a
 * hash, else its hash.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_password_hash
 */
must_check int mkd_access_hash(struct mkd_tree *t, struct mkd_span shadow, const char *password,
			       const char *salt, struct mkd_buf *ret, struct mkd_err *err);

/*
 * The keys into authorized_keys of that home, which is made where it is not there.
 *	and mkd_guest_edit, mkd_tree_mkdirs, mkd_tree_chmod, mkd_tree_chown
 */
must_check int mkd_access_keys(const struct mkd_hook_ctx *c, const struct mkd_owner *by,
			       const char *home, const char *keys, struct mkd_err *err);

/* A locked account without a password gets "*" for it. Errors: mkd_tree_read, mkd_guest_edit. */
must_check int mkd_access_unlock(const struct mkd_hook_ctx *c, const char *user,
				 struct mkd_err *err);

/*
 * The guest's users. One that is there already keeps its uid and home, and gets what is asked for.
 *	-ENOENT  no passwd(5), group(5) or shadow(5); no such group or shell; or neither sudo nor
 *		 the group wheel (HOOK)
 *	-EEXIST  the uid is another's, the user has another uid, the name is one of the system's or
 *		 that of a group of the system (HOOK)
 *	-ENOTDIR the home is there, and no folder (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_id_free, mkd_access_hash, mkd_access_keys, mkd_guest_edit, mkd_password_check,
 *	    mkd_authorized_keys_check
 */
must_check int mkd_access_users(const struct mkd_hook_ctx *c, struct mkd_err *err);

#endif
