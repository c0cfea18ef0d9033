/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guest.h - the guest as hooks see it: the plan's decisions after disk and tarball are known. */
#ifndef MKDOMU_GUEST_H
#define MKDOMU_GUEST_H

#include "mkdomu/net.h"

struct mkd_fileop;
struct mkd_copy;
struct mkd_user;
struct mkd_login;
struct mkd_modules;

/* All pointers are borrowed from the build; NULL = not asked for. */
struct mkd_guest {
	const char *name, *hostname;
	const char *timezone, *locale, *keymap;
	const struct mkd_nic *nics;
	size_t n_nics;
	const char *root_dev, *root_fstype; /* "/dev/xvda1", "ext4" */
	const char *swap_dev;               /* "/dev/xvda2", or MKD_SWAP_FILE_PATH, or NULL */
	const char *machine_id;             /* 32 hex digits */
	const char *root_state;             /* "locked", "disabled"; not with a password */
	const char *root_password;          /* a crypt(3) hash or a password; a secret */
	const char *password_salt;          /* 16 of [./0-9A-Za-z] */
	const char *authorized_keys;        /* the text, checked */
	const struct mkd_user *users;       /* users.h */
	const struct mkd_login *logins;     /* of each user */
	size_t n_users;
	const struct mkd_fileop *fileops; /* fileop.h */
	const struct mkd_copy *copies;    /* of each fileop, empty where it has no source */
	size_t n_fileops;
	const struct mkd_modules *modules; /* modules.h */
	int64_t epoch_sec;
};

#endif
