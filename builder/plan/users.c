/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/users.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "mkdomu/suggest.h"

#define SHELL_MAX 255

static const char small[] = "abcdefghijklmnopqrstuvwxyz_";
static const char digits[] = "0123456789";

/* One user in the making. */
struct making {
	const struct mkd_draft *j;
	const char *origin;
	struct mkd_user u;
};

static int wrong(const struct making *m, const char *word, const char *text, const char *right)
{
	return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL, "%s: %s '%.100s' is not one; write %s",
			m->origin, word, text, right);
}

/* useradd(8): a small letter or '_', then digits and '-' too. No '.', which sudoers.d skips. */
static bool is_name(const char *text, const char *more)
{
	size_t len = strlen(text);

	if (!len || len > MKD_USER_NAME_MAX || (!strchr(small, *text) && !strchr(more, *text)))
		return false;
	for (const char *p = text; *p; p++)
		if (!strchr(small, *p) && !strchr(digits, *p) && *p != '-' && !strchr(more, *p))
			return false;
	return true;
}

static int take_groups(struct making *m, char *value)
{
	char *rest = value, *group;
	int r = 0;

	while (r == 0 && (group = strsep(&rest, "+"))) {
		/* some packages make groups with capitals and dots */
		if (!is_name(group, "ABCDEFGHIJKLMNOPQRSTUVWXYZ."))
			return wrong(m, "the group", group, "groups=wheel+audio");
		if (!mkd_strv_has(&m->u.groups, group))
			r = mkd_strv_add(&m->u.groups, group, m->j->err);
	}
	return r;
}

static int take_uid(struct making *m, const char *value)
{
	static const struct mkd_value_range range = { 1, INT_MAX, "as a uid" };
	unsigned uid = 0;
	int r = mkd_value_count(value, m->origin, &range, &uid, m->j->err);

	m->u.uid = uid;
	return r;
}

static int take_shell(struct making *m, const char *value)
{
	size_t len = strlen(value);

	if (*value != '/' || len > SHELL_MAX || value[len - 1] == '/' || strchr(value, ':'))
		return wrong(m, "the shell", value, "its path in the guest, like shell=/bin/bash");
	for (const char *p = value; *p; p++)
		if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7f)
			return wrong(m, "the shell", value, "a path of plain characters");
	return mkd_draft_keep(m->j, value, &m->u.shell);
}

static int take_file(struct making *m, const char *value, const char **ret)
{
	cleanup_free char *path = NULL;
	int r = mkd_value_path(value, m->origin, &path, m->j->err);

	return r < 0 ? r : mkd_draft_keep(m->j, path, ret);
}

enum word { GROUPS, UID, SHELL, KEYS, PASSWORD_FILE, SUDO };

static const char *const words[] = {
	[GROUPS] = "groups",
	[UID] = "uid",
	[SHELL] = "shell",
	[KEYS] = "keys",
	[PASSWORD_FILE] = "password-file",
	[SUDO] = "sudo",
};

/* What follows the '=' may be a password that somebody typed: it is not said again. */
static int unknown(const struct making *m, const char *word)
{
	struct mkd_suggest near = { .word = word };
	char hint[112];

	if (strcmp(word, "password") == 0)
		return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: a password itself goes into a file, for password-file=FILE",
				m->origin);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		mkd_suggest_offer(&near, words[i]);
	return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL,
			"%s: '%.40s' is no word for a user; there are groups=, uid=, shell=, "
			"keys=, password-file= and sudo%s",
			m->origin, word, mkd_suggest_text(&near, "", hint));
}

static bool is_given(const struct making *m, enum word word)
{
	const struct mkd_user *u = &m->u;
	const bool given[] = {
		[GROUPS] = u->groups.n > 0,
		[UID] = u->uid > 0,
		[SHELL] = u->shell != NULL,
		[KEYS] = u->keys_file != NULL,
		[PASSWORD_FILE] = u->password_file != NULL,
		[SUDO] = u->sudo,
	};

	return given[word];
}

static int fill(struct making *m, enum word word, char *value)
{
	switch (word) {
	case GROUPS:
		return take_groups(m, value);
	case UID:
		return take_uid(m, value);
	case SHELL:
		return take_shell(m, value);
	case KEYS:
		return take_file(m, value, &m->u.keys_file);
	case PASSWORD_FILE:
		return take_file(m, value, &m->u.password_file);
	case SUDO:
		break;
	}
	m->u.sudo = true;
	return 0;
}

static int take_word(struct making *m, char *text)
{
	char *value = strchr(text, '=');
	size_t word = 0;

	if (value)
		*value++ = '\0';
	while (word < ARRAY_LEN(words) && strcmp(words[word], text) != 0)
		word++;
	if (word == ARRAY_LEN(words))
		return unknown(m, text);
	if (is_given(m, (enum word)word))
		return mkd_fail(m->j->err, MKD_EXIT_USAGE, EEXIST,
				"%s: '%s' is given twice for '%s'; give it once", m->origin, text,
				m->u.name);
	if ((word == SUDO) != !value || (value && !*value))
		return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL, "%s: write '%s'%s", m->origin,
				word == SUDO ? "sudo" : text,
				word == SUDO ? " alone, without a value" : " with '=' and a value");
	return fill(m, (enum word)word, value);
}

static int take_name(struct making *m, const char *name)
{
	const struct mkd_plan *p = m->j->p;

	if (strcmp(name, "root") == 0)
		return mkd_fail(m->j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: 'root' is in every guest; see --root-password-file and "
				"--authorized-keys",
				m->origin);
	if (!is_name(name, ""))
		return wrong(m, "the name", name,
			     "up to 32 small letters, digits, '-' and '_', a letter first");
	for (size_t i = 0; i < p->n_users; i++)
		if (p->users[i].name && strcmp(p->users[i].name, name) == 0)
			return mkd_fail(m->j->err, MKD_EXIT_USAGE, EEXIST,
					"%s: '%s' is given twice; give all its words at once",
					m->origin, name);
	return mkd_draft_keep(m->j, name, &m->u.name);
}

static int take_one(struct making *m, const char *value)
{
	cleanup_free char *text = NULL;
	char *rest, *word;
	int r = mkd_strdup(value, &text, m->j->err);

	if (r < 0 || !text)
		return r;
	rest = text;
	word = strsep(&rest, ":");
	r = take_name(m, word);
	while (r == 0 && rest && (word = strsep(&rest, ",")))
		r = take_word(m, word);
	return r;
}

int mkd_users_plan(const struct mkd_draft *j)
{
	const struct mkd_setting *at = &j->s->of[MKD_KEY_USER];
	struct mkd_plan *p = j->p;
	int r = 0;

	if (!at->values.n)
		return 0;
	if (at->values.n > MKD_USERS_MAX)
		return mkd_fail(j->err, MKD_EXIT_USAGE, E2BIG,
				"%s: over %d users; make them in the guest", at->origins.v[0],
				MKD_USERS_MAX);
	p->users = calloc(at->values.n, sizeof(*p->users));
	if (!p->users)
		return mkd_nomem(j->err);
	for (size_t i = 0; r == 0 && i < at->values.n; i++) {
		struct making m = { .j = j, .origin = at->origins.v[i] };

		r = take_one(&m, at->values.v[i]);
		if (r < 0)
			mkd_strv_free(&m.u.groups);
		else
			p->users[p->n_users++] = m.u;
	}
	return r;
}

void mkd_users_free(struct mkd_plan *p)
{
	for (size_t i = 0; i < p->n_users; i++)
		mkd_strv_free(&p->users[i].groups);
	free(p->users);
	p->users = NULL;
	p->n_users = 0;
}

bool mkd_user_file(const char *text, size_t *pos, size_t *ret_at, size_t *ret_len)
{
	static const char *const files[] = { "keys=", "password-file=" };
	size_t at = *pos ? *pos : strcspn(text, ":");

	while (text[at]) {
		size_t word = at + 1, end = word + strcspn(text + word, ",");

		at = end;
		for (size_t i = 0; i < ARRAY_LEN(files); i++) {
			size_t len = strlen(files[i]);

			if (strncmp(text + word, files[i], len) != 0)
				continue;
			*ret_at = word + len;
			*ret_len = end - *ret_at;
			*pos = end;
			return true;
		}
	}
	return false;
}

void mkd_user_explain(const struct mkd_user *u, struct mkd_buf *ret)
{
	mkd_buf_str(ret, u->name);
	if (u->uid)
		mkd_buf_printf(ret, ", uid %u", u->uid);
	for (size_t i = 0; i < u->groups.n; i++)
		mkd_buf_printf(ret, "%s%s", i ? "+" : ", in ", u->groups.v[i]);
	if (u->shell)
		mkd_buf_printf(ret, ", shell %s", u->shell);
	if (u->keys_file)
		mkd_buf_printf(ret, ", keys of %s", u->keys_file);
	if (u->password_file)
		mkd_buf_printf(ret, ", password of %s", u->password_file);
	if (u->sudo)
		mkd_buf_str(ret, ", sudo");
}
