/* SPDX-License-Identifier: GPL-2.0-or-later */
/* access.h - who can log in to a finished guest, and how; said in the summary of a build. */
#ifndef MKDOMU_ACCESS_H
#define MKDOMU_ACCESS_H

#include "mkdomu/facts.h"
#include "mkdomu/textedit.h"

enum mkd_root_password {
	MKD_ROOT_LOCKED, /* "*", "!...": no password opens it */
	MKD_ROOT_OPEN,   /* empty: no password is asked for */
	MKD_ROOT_SET,    /* a hash */
};

struct mkd_access {
	enum mkd_root_password password;
	size_t n_keys;  /* in authorized_keys */
	bool sshd;      /* one is installed */
	bool host_keys; /* it has host keys, or makes them at boot */
	char home[256];
};

/* Pure: what a shadow(5) password field lets in; NULL (no such line) is locked. */
enum mkd_root_password mkd_access_field(const struct mkd_span *field);

/*
 * Look at passwd, shadow, authorized_keys and sshd. Missing files are facts.
 *	and mkd_tree_read
 */
must_check int mkd_access_find(struct mkd_tree *t, const struct mkd_facts *facts,
			       struct mkd_access *ret, struct mkd_err *err);

/* The same of another user. Errors: mkd_access_find. */
must_check int mkd_access_find_user(struct mkd_tree *t, const struct mkd_facts *facts,
				    const char *user, struct mkd_access *ret, struct mkd_err *err);

/*
 * Pure: one sentence for the summary, appended to *ret; false when nobody can log in. The second
 * is of a user among others, after a "; ".
 */
bool mkd_access_explain_user(const struct mkd_access *a, const char *user, struct mkd_buf *ret);
bool mkd_access_explain(const struct mkd_access *a, struct mkd_buf *ret);

/* Of the hook "identity", for roots of systemd in which nothing else makes host keys. */
#define MKD_KEYGEN_UNIT "mkdomu-ssh-keygen.service"

/* Does something in the guest make sshd's host keys at boot ("ssh-keygen -A")? */
bool mkd_access_makes_host_keys(struct mkd_tree *t, const struct mkd_facts *facts);

#endif
