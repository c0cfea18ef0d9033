/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of the hook access about users beside root; what useradd(8) does, on files alone. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/accesses.h"
#include "mkdomu/account.h"
#include "mkdomu/credentials.h"
#include "mkdomu/home.h"
#include "mkdomu/shadow.h"
#include "mkdomu/users.h"

#define DAY_SEC 86400

/* One user; the texts are those of the guest before anything is changed for it. */
struct making {
	const struct mkd_hook_ctx *c;
	const struct mkd_user *u;
	const struct mkd_login *l;
	struct mkd_guest_io io;
	struct mkd_err *err;
	struct mkd_buf passwd, group, defs;
	struct mkd_owner ids;
	char home[256];
	bool is_there;
};

static int refuse(const struct making *m, int code, const char *what, const char *why,
		  const char *right)
{
	return mkd_fail(m->err, MKD_EXIT_HOOK, code, "%s%s; %s", what, why, right);
}

/* -- before anything is changed -- */

static int read_needed(const struct making *m, const char *path, struct mkd_buf *ret)
{
	int r = mkd_tree_read(m->c->tree, path, MKD_GUEST_TEXT_MAX, ret, m->err);

	if (r != -ENOENT)
		return r;
	return refuse(m, ENOENT, "there is no ", path,
		      "make no users, or use a tarball that has accounts");
}

static int read_texts(struct making *m)
{
	int r = read_needed(m, "/etc/passwd", &m->passwd);

	if (r == 0)
		r = read_needed(m, "/etc/group", &m->group);
	if (r == 0 && mkd_tree_exists(m->c->tree, "/etc/login.defs"))
		r = mkd_tree_read(m->c->tree, "/etc/login.defs", MKD_GUEST_TEXT_MAX, &m->defs,
				  m->err);
	return r;
}

static int check_groups(const struct making *m)
{
	cleanup_buf struct mkd_buf missing = { 0 };
	size_t n = 0;
	uint32_t gid;

	for (size_t i = 0; i < m->u->groups.n; i++)
		if (!mkd_account_number(mkd_span_buf(&m->group), m->u->groups.v[i], MKD_GROUP_GID,
					&gid))
			mkd_buf_printf(&missing, "%s'%.40s'", n++ ? ", " : "", m->u->groups.v[i]);
	if (!n)
		return 0;
	return refuse(m, ENOENT, "the root has no group ", mkd_buf_cstr(&missing),
		      "leave it out of groups=, or use a tarball that has it");
}

static int check_shell(const struct making *m)
{
	struct mkd_tree_stat st = { 0 };
	struct mkd_err ignored;

	if (!m->u->shell || (mkd_tree_stat(m->c->tree, m->u->shell, true, &st, &ignored) == 0 &&
			     S_ISREG(st.mode) && (st.mode & 0111)))
		return 0;
	return refuse(m, ENOENT, "the root has no shell ", m->u->shell,
		      "name one that is in the tarball");
}

/* -- ids -- */

/* An account of a service is not a person's: its home may be anything. */
static int take_old(struct making *m, const struct mkd_id_range *range, uint32_t uid)
{
	struct mkd_span passwd = mkd_span_buf(&m->passwd), home;
	char text[64];

	(void)snprintf(text, sizeof(text), "the user is there, with the uid %" PRIu32, uid);
	m->is_there = true;
	if (m->u->uid && m->u->uid != uid)
		return refuse(m, EEXIST, text, "", "leave out uid=");
	if (!m->u->uid && (uid < range->min || uid > range->max))
		return refuse(m, EEXIST, text, " of the system", "give another name");
	if (!mkd_account_number(passwd, m->u->name, MKD_PASSWD_GID, &m->ids.gid) ||
	    !mkd_colon_field(passwd, m->u->name, MKD_PASSWD_HOME, &home) || home.len < 2 ||
	    *home.p != '/' || home.len >= sizeof(m->home) || memchr(home.p, '\0', home.len))
		return refuse(m, EEXIST, text, ", in a line without a gid or a home",
			      "give another name");
	m->ids.uid = uid;
	(void)snprintf(m->home, sizeof(m->home), "%.*s", (int)home.len, home.p);
	return 0;
}

static int take_uid(struct making *m, const struct mkd_id_range *range)
{
	struct mkd_span passwd = mkd_span_buf(&m->passwd), owner;
	char text[128];

	if (!m->u->uid)
		return mkd_id_free(passwd, range, &m->ids.uid, m->err);
	m->ids.uid = m->u->uid;
	if (!mkd_id_owner(passwd, m->u->uid, &owner))
		return 0;
	(void)snprintf(text, sizeof(text), "the uid %" PRIu32 " is that of '%.*s'", m->u->uid,
		       (int)(owner.len < 40 ? owner.len : 40), owner.p);
	return refuse(m, EEXIST, text, "", "give another by uid=, or none");
}

/* A group of the user's own name: the number of the uid, where that is free. */
static int take_gid(struct making *m, const struct mkd_id_range *range)
{
	struct mkd_span group = mkd_span_buf(&m->group), owner;

	if (mkd_account_number(group, m->u->name, MKD_GROUP_GID, &m->ids.gid))
		return m->ids.gid >= range->min && m->ids.gid <= range->max
			       ? 0
			       : refuse(m, EEXIST, "there is a group of the system of that name",
					"", "give the user another name");
	m->ids.gid = m->ids.uid;
	return mkd_id_owner(group, m->ids.gid, &owner)
		       ? mkd_id_free(group, range, &m->ids.gid, m->err)
		       : 0;
}

static int take_ids(struct making *m)
{
	struct mkd_id_range range;
	uint32_t uid;
	int r;

	mkd_id_range(mkd_span_buf(&m->defs), &range);
	if (mkd_account_number(mkd_span_buf(&m->passwd), m->u->name, MKD_PASSWD_UID, &uid))
		return take_old(m, &range, uid);
	(void)snprintf(m->home, sizeof(m->home), "/home/%s", m->u->name);
	r = take_uid(m, &range);
	return r < 0 ? r : take_gid(m, &range);
}

/* -- passwd, group, shadow, gshadow -- */

static int add_line(const struct making *m, const char *path, const char *line)
{
	return mkd_guest_edit(&m->io, path, 0, (struct mkd_edit){ mkd_account_add, line }, m->err);
}

static int add_group(const struct making *m)
{
	char line[128];
	int r;

	(void)snprintf(line, sizeof(line), "%s:x:%" PRIu32 ":", m->u->name, m->ids.gid);
	r = add_line(m, "/etc/group", line);
	(void)snprintf(line, sizeof(line), "%s:!::", m->u->name);
	return r < 0 || !mkd_tree_exists(m->c->tree, "/etc/gshadow")
		       ? r
		       : add_line(m, "/etc/gshadow", line);
}

static int add_passwd(const struct making *m)
{
	const char *shell = m->u->shell;
	char line[640];

	if (!shell)
		shell = mkd_tree_exists(m->c->tree, "/bin/bash") ? "/bin/bash" : "/bin/sh";
	(void)snprintf(line, sizeof(line), "%s:x:%" PRIu32 ":%" PRIu32 "::%s:%s", m->u->name,
		       m->ids.uid, m->ids.gid, m->home, shell);
	return add_line(m, "/etc/passwd", line);
}

/* As useradd(8): "!" until there is a password, and the ages of login.defs. */
static int add_shadow(const struct making *m, const char *day)
{
	static const char *const keys[] = { "PASS_MIN_DAYS", "PASS_MAX_DAYS", "PASS_WARN_AGE" };
	static const uint32_t defs[] = { 0, 99999, 7 };
	struct mkd_span text = mkd_span_buf(&m->defs);
	char line[160];
	uint32_t v[3];

	for (size_t i = 0; i < 3; i++)
		v[i] = mkd_defs_number(text, keys[i], 10, defs[i]);
	(void)snprintf(line, sizeof(line),
		       "%s:!:%s:%" PRIu32 ":%" PRIu32 ":%" PRIu32 ":::", m->u->name, day, v[0],
		       v[1], v[2]);
	return add_line(m, "/etc/shadow", line);
}

static int join(const struct making *m, const char *group)
{
	const struct mkd_account_field f = { group, MKD_GROUP_MEMBERS, m->u->name };
	const struct mkd_edit edit = { mkd_account_join, &f };
	int r = mkd_guest_edit(&m->io, "/etc/group", 0, edit, m->err);

	return r < 0 || !mkd_tree_exists(m->c->tree, "/etc/gshadow")
		       ? r
		       : mkd_guest_edit(&m->io, "/etc/gshadow", 0, edit, m->err);
}

static int make_account(const struct making *m, const char *day)
{
	const struct mkd_account_field shell = { m->u->name, MKD_PASSWD_SHELL, m->u->shell };
	int r = 0;

	if (!m->is_there) {
		r = add_group(m);
		if (r == 0)
			r = add_passwd(m);
	} else if (m->u->shell) {
		r = mkd_guest_edit(&m->io, "/etc/passwd", 0,
				   (struct mkd_edit){ mkd_account_set, &shell }, m->err);
	}
	if (r == 0)
		r = add_shadow(m, day);
	for (size_t i = 0; r == 0 && i < m->u->groups.n; i++)
		r = join(m, m->u->groups.v[i]);
	return r;
}

/* -- password and keys -- */

static int set_password(const struct making *m, const char *day)
{
	static const char x[] = "x";
	cleanup_secret struct mkd_buf shadow = { 0 }, hash = { 0 };
	const struct mkd_account_field field = { m->u->name, MKD_PASSWD_PASSWORD, x };
	struct mkd_shadow s = { m->u->name, NULL, day };
	int r = mkd_password_check(m->l->password.data, "the password", m->err);

	if (r == 0)
		r = mkd_tree_read(m->c->tree, "/etc/shadow", MKD_GUEST_TEXT_MAX, &shadow, m->err);
	if (r == 0)
		r = mkd_access_hash(m->c->tree, mkd_span_buf(&shadow), m->l->password.data,
				    m->l->salt, &hash, m->err);
	s.hash = mkd_buf_cstr(&hash);
	if (r == 0)
		r = mkd_guest_edit(&m->io, "/etc/shadow", 0,
				   (struct mkd_edit){ mkd_shadow_edit, &s }, m->err);
	return r < 0 ? r
		     : mkd_guest_edit(&m->io, "/etc/passwd", 0,
				      (struct mkd_edit){ mkd_account_set, &field }, m->err);
}

static int set_keys(const struct making *m)
{
	int r = mkd_authorized_keys_check(m->l->keys.data, m->l->keys.len, "the ssh keys", NULL,
					  m->err);

	if (r == 0)
		r = mkd_access_keys(m->c, &m->ids, m->home, m->l->keys.data, m->err);
	return r < 0 ? r : mkd_access_unlock(m->c, m->u->name, m->err);
}

/* -- sudo -- */

/* An editor: sudoers(5), "Including other files from within sudoers"; '#' here is no comment. */
static int include_dir(struct mkd_span in, const void *arg, struct mkd_buf *out,
		       struct mkd_err *err)
{
	struct mkd_span rest = in, words, word;
	struct mkd_line l;

	(void)arg;
	(void)err;
	mkd_text_span(out, in);
	while (mkd_line_next(&rest, &l)) {
		words = mkd_span_trim(l.text);
		if (mkd_word_next(&words, &word) &&
		    (mkd_span_is(word, "@includedir") || mkd_span_is(word, "#includedir")) &&
		    mkd_word_next(&words, &word) && mkd_span_is(word, "/etc/sudoers.d"))
			return 0;
	}
	mkd_text_add(out, "#includedir /etc/sudoers.d");
	return 0;
}

/* Who has no password could not type it. */
static int write_sudoers(const struct making *m)
{
	cleanup_free char *path = NULL, *text = NULL;
	int r = mkd_asprintf(&path, m->err, "/etc/sudoers.d/%s", m->u->name);

	if (r == 0)
		r = mkd_asprintf(&text, m->err, "%s ALL=(ALL:ALL) %sALL\n", m->u->name,
				 m->l->password.len ? "" : "NOPASSWD: ");
	/* a distribution may keep its own below /usr, and that one has the line */
	if (r == 0 && (mkd_tree_exists(m->c->tree, "/etc/sudoers") ||
		       !mkd_tree_exists(m->c->tree, "/usr/etc/sudoers")))
		r = mkd_guest_edit(&m->io, "/etc/sudoers", 0,
				   (struct mkd_edit){ include_dir, NULL }, m->err);
	if (r == 0)
		r = mkd_tree_mkdirs(m->c->tree, "/etc/sudoers.d", 0750, m->err);
	if (r == 0)
		r = mkd_guest_write(&m->io, path, text, 0440, m->err);
	return r < 0 ? r : mkd_tree_chmod(m->c->tree, path, 0440, m->err);
}

static int allow_root(const struct making *m)
{
	static const char *const sudo[] = { "/usr/bin/sudo", "/bin/sudo", "/usr/local/bin/sudo",
					    NULL };
	uint32_t gid;

	if (mkd_guest_first(m->c->tree, sudo))
		return write_sudoers(m);
	if (!mkd_account_number(mkd_span_buf(&m->group), "wheel", MKD_GROUP_GID, &gid))
		return refuse(m, ENOENT, "neither sudo nor a group 'wheel' is in the root", "",
			      "leave out 'sudo', or use a tarball that has it");
	mkd_say(m->c->ui, MKD_WARN,
		"no sudo is in the root: '%s' is made a member of 'wheel' instead, for what asks "
		"for that, as su and doas may",
		m->u->name);
	return join(m, "wheel");
}

/* -- one after another -- */

static int make(struct making *m)
{
	int64_t days = m->c->guest->epoch_sec / DAY_SEC;
	struct mkd_home home = { .path = m->home };
	char day[24];
	int r = read_texts(m);

	/* Day 0 would ask for a new password at once: shadow(5). */
	(void)snprintf(day, sizeof(day), "%" PRId64, days > 0 ? days : 1);
	if (r == 0)
		r = check_groups(m);
	if (r == 0)
		r = check_shell(m);
	if (r == 0)
		r = take_ids(m);
	if (r == 0)
		r = make_account(m, day);
	home.uid = m->ids.uid;
	home.gid = m->ids.gid;
	home.mode = mkd_defs_number(mkd_span_buf(&m->defs), "HOME_MODE", 8, 0700) & 0755;
	if (r == 0)
		r = mkd_home_make(&m->io, &home, m->err);
	if (r == 0 && m->l->password.len)
		r = set_password(m, day);
	if (r == 0 && m->l->keys.len)
		r = set_keys(m);
	return r < 0 || !m->u->sudo ? r : allow_root(m);
}

int mkd_access_users(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->guest->n_users; i++) {
		struct making m = { .c = c,
				    .u = &c->guest->users[i],
				    .l = &c->guest->logins[i],
				    .io = mkd_hook_io(c),
				    .err = err };

		r = make(&m);
		if (r < 0 && r != -EINTR)
			r = mkd_wrap(err, "--user %s", m.u->name);
		mkd_buf_wipe(&m.passwd); /* an old guest's may have hashes in it */
		mkd_buf_free(&m.group);
		mkd_buf_free(&m.defs);
	}
	return r;
}
