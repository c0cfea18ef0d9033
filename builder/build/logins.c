/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/logins.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/credentials.h"
#include "mkdomu/file.h"
#include "mkdomu/sha256.h"

int mkd_login_password(const char *path, struct mkd_ui *ui, struct mkd_buf *ret,
		       struct mkd_err *err)
{
	struct stat st;
	int r = mkd_file_read_secret(AT_FDCWD, path, MKD_PASSWORD_MAX + 1, MKD_EXIT_USAGE, ret,
				     err);

	if (r < 0)
		return r;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0004))
		mkd_say(ui, MKD_WARN, "'%s' holds a password and everybody can read it", path);
	if (ret->len && ret->data[ret->len - 1] == '\n')
		ret->data[--ret->len] = '\0';
	if (strlen(mkd_buf_cstr(ret)) != ret->len)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "'%s' holds a NUL byte", path);
	return mkd_password_check(mkd_buf_cstr(ret), path, err);
}

int mkd_login_keys_read(const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	int r = mkd_file_read(AT_FDCWD, path, MKD_AUTHORIZED_KEYS_MAX, MKD_EXIT_USAGE, ret, err);

	return r < 0 ? r : mkd_authorized_keys_check(mkd_buf_cstr(ret), ret->len, path, NULL, err);
}

static int read_one(struct mkd_job *j, const struct mkd_user *u, struct mkd_login *l,
		    struct mkd_err *err)
{
	int r = u->password_file ? mkd_login_password(u->password_file, j->ui, &l->password, err)
				 : 0;

	if (r == 0 && u->keys_file)
		r = mkd_login_keys_read(u->keys_file, &l->keys, err);
	if (r == 0 && u->keys_file)
		r = mkd_sha256(mkd_buf_cstr(&l->keys), l->keys.len, l->keys_sha256, err);
	return r < 0 && r != -EINTR ? mkd_wrap(err, "--user %s", u->name) : r;
}

int mkd_logins_read(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	int r = 0;

	if (!p->n_users)
		return 0;
	j->logins = calloc(p->n_users, sizeof(*j->logins));
	if (!j->logins)
		return mkd_nomem(err);
	for (size_t i = 0; r == 0 && i < p->n_users; i++)
		r = read_one(j, &p->users[i], &j->logins[i], err);
	return r;
}

void mkd_logins_free(struct mkd_job *j)
{
	for (size_t i = 0; j->logins && i < j->plan->n_users; i++) {
		mkd_buf_wipe(&j->logins[i].password);
		mkd_buf_free(&j->logins[i].keys);
	}
	free(j->logins);
	j->logins = NULL;
}
