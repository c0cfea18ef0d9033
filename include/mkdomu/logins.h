/* SPDX-License-Identifier: GPL-2.0-or-later */
/* logins.h - the passwords and ssh keys that a build takes from files of this host. */
#ifndef MKDOMU_LOGINS_H
#define MKDOMU_LOGINS_H

#include "mkdomu/job.h"
#include "mkdomu/users.h"

/*
 * A password or hash, without the newline at its end. A file that everybody can read is warned of.
 *	-EINVAL  it has a NUL byte (USAGE)
 *	and mkd_file_read_secret, mkd_password_check
 */
must_check int mkd_login_password(const char *path, struct mkd_ui *ui, struct mkd_buf *ret,
				  struct mkd_err *err);

/* The text of an authorized_keys file. Errors: mkd_file_read, mkd_authorized_keys_check. */
must_check int mkd_login_keys_read(const char *path, struct mkd_buf *ret, struct mkd_err *err);

/*
 * Those of the plan's users, into the job.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_login_password, mkd_login_keys_read, mkd_sha256
 */
must_check int mkd_logins_read(struct mkd_job *j, struct mkd_err *err);
/* Passwords are wiped. */
void mkd_logins_free(struct mkd_job *j);

#endif
