/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/access.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/guestfile.h"
#include "mkdomu/shadow.h"
#include "mkdomu/unitfile.h"

#define SCRIPT_MAX_BYTES (256 * KIB)

enum mkd_root_password mkd_access_field(const struct mkd_span *field)
{
	if (!field)
		return MKD_ROOT_LOCKED;
	if (!field->len)
		return MKD_ROOT_OPEN;
	/* Whatever crypt(3) cannot make locks: "*", "!", "!!", "!$6$...", "x". */
	return field->len >= 13 && *field->p != '!' && *field->p != '*' ? MKD_ROOT_SET
									: MKD_ROOT_LOCKED;
}

/* Lines that are no comment. */
static size_t count_keys(struct mkd_span text)
{
	struct mkd_line l;
	size_t n = 0;

	while (mkd_line_next(&text, &l))
		n += !mkd_line_idle(&l);
	return n;
}

static bool script_makes_keys(struct mkd_tree *t, const char *path)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err ignored;

	return mkd_tree_read(t, path, SCRIPT_MAX_BYTES, &text, &ignored) == 0 &&
	       (mkd_unit_mentions(mkd_span_buf(&text), "ssh-keygen -A") ||
		mkd_unit_mentions(mkd_span_buf(&text), "ssh-keygen ${SSHD_KEYGEN"));
}

bool mkd_access_makes_host_keys(struct mkd_tree *t, const struct mkd_facts *facts)
{
	static const char *const units[] = { "ssh.service",          "sshd.service",
					     "sshdgenkeys.service",  "sshd-keygen.target",
					     "sshd-keygen@.service", "ssh-keygen.service",
					     MKD_KEYGEN_UNIT };
	static const char *const dropins[] = { "/etc/systemd/system/ssh.service.d",
					       "/etc/systemd/system/sshd.service.d" };
	static const char *const scripts[] = { "/etc/init.d/sshd",         "/etc/init.d/ssh",
					       "/etc/init.d/S50sshd",      "/etc/sv/sshd/run",
					       "/etc/runit/sv/sshd/run",   "/etc/dinit.d/sshd",
					       "/etc/dinit.d/scripts/sshd" };
	cleanup_buf struct mkd_buf path = { 0 };

	if (facts->init != MKD_INIT_SYSTEMD) {
		for (size_t i = 0; i < ARRAY_LEN(scripts); i++)
			if (script_makes_keys(t, scripts[i]))
				return true;
		return false;
	}
	/* Units of that name that only call a helper script count: that is their one job. */
	for (size_t i = 2; i < ARRAY_LEN(units); i++)
		if (mkd_unit_find(t, facts, units[i], &path))
			return true;
	for (size_t i = 0; i < 2; i++)
		if (mkd_unit_find(t, facts, units[i], &path) &&
		    script_makes_keys(t, mkd_buf_cstr(&path)))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(dropins); i++) {
		cleanup_strv struct mkd_strv names = { 0 };
		struct mkd_err ignored;

		if (mkd_tree_list(t, dropins[i], &names, &ignored) < 0)
			continue;
		for (size_t k = 0; k < names.n; k++) {
			mkd_buf_reset(&path);
			mkd_buf_printf(&path, "%s/%s", dropins[i], names.v[k]);
			if (script_makes_keys(t, mkd_buf_cstr(&path)))
				return true;
		}
	}
	return false;
}

static bool has_host_keys(struct mkd_tree *t)
{
	static const char *const keys[] = { "/etc/ssh/ssh_host_ed25519_key",
					    "/etc/ssh/ssh_host_rsa_key",
					    "/etc/ssh/ssh_host_ecdsa_key", NULL };

	return mkd_guest_first(t, keys) != NULL;
}

/* A file that is not there reads as an empty one. */
static int read_text(struct mkd_tree *t, const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	int r = mkd_tree_read(t, path, MKD_GUEST_TEXT_MAX, ret, err);

	if (r == -ENOENT) {
		mkd_buf_reset(ret);
		return 0;
	}
	return r;
}

/* A password is in shadow when passwd says "x", else in passwd itself. */
static int find_password(struct mkd_tree *t, struct mkd_span passwd, const char *user,
			 struct mkd_access *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf shadow = { 0 };
	struct mkd_span field;
	bool found = mkd_colon_field(passwd, user, MKD_PASSWD_PASSWORD, &field);
	int r;

	if (found && mkd_span_is(field, "x")) {
		r = read_text(t, "/etc/shadow", &shadow, err);
		if (r < 0)
			return r;
		found = mkd_colon_field(mkd_span_buf(&shadow), user, MKD_SHADOW_PASSWORD, &field);
	}
	ret->password = mkd_access_field(found ? &field : NULL);
	if (shadow.data)
		explicit_bzero(shadow.data, shadow.len);
	return 0;
}

int mkd_access_find(struct mkd_tree *t, const struct mkd_facts *facts, struct mkd_access *ret,
		    struct mkd_err *err)
{
	return mkd_access_find_user(t, facts, "root", ret, err);
}

int mkd_access_find_user(struct mkd_tree *t, const struct mkd_facts *facts, const char *user,
			 struct mkd_access *ret, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf passwd = { 0 }, keys = { 0 };
	struct mkd_access a = { .home = "/root", .sshd = facts->sshd };
	char path[sizeof(a.home) + 32];
	struct mkd_span home;
	int r = read_text(t, "/etc/passwd", &passwd, err);

	if (r == 0)
		r = find_password(t, mkd_span_buf(&passwd), user, &a, err);
	if (r < 0)
		return r;
	if (mkd_colon_field(mkd_span_buf(&passwd), user, MKD_PASSWD_HOME, &home) && home.len &&
	    *home.p == '/' && home.len < sizeof(a.home))
		(void)snprintf(a.home, sizeof(a.home), "%.*s", (int)home.len, home.p);
	(void)snprintf(path, sizeof(path), "%s/.ssh/authorized_keys", a.home);
	r = read_text(t, path, &keys, err);
	if (r < 0)
		return r;
	a.n_keys = count_keys(mkd_span_buf(&keys));
	a.host_keys = has_host_keys(t) || mkd_access_makes_host_keys(t, facts);
	*ret = a;
	return 0;
}

static bool by_console(const struct mkd_access *a)
{
	return a->password != MKD_ROOT_LOCKED;
}

static bool by_ssh(const struct mkd_access *a)
{
	return a->n_keys && a->sshd && a->host_keys;
}

/* "logs in ...", of one who can. */
static void say_how(const struct mkd_access *a, const char *user, struct mkd_buf *ret)
{
	bool console = by_console(a);

	mkd_buf_printf(ret, "%s logs in", user);
	if (console)
		mkd_buf_printf(ret, " on the console %s",
			       a->password == MKD_ROOT_OPEN ? "WITHOUT a password"
							    : "with a password");
	if (by_ssh(a))
		mkd_buf_printf(ret, "%s by ssh with %zu key%s", console ? ", and" : "", a->n_keys,
			       a->n_keys == 1 ? "" : "s");
}

static void say_useless(const struct mkd_access *a, struct mkd_buf *ret)
{
	if (a->n_keys && !a->sshd)
		mkd_buf_str(ret, ", and its ssh keys are of no use: no sshd is installed");
	else if (a->n_keys && !a->host_keys)
		mkd_buf_str(ret, ", and its ssh keys are of no use before sshd has host keys: run "
				 "'ssh-keygen -A' in the guest");
}

bool mkd_access_explain(const struct mkd_access *a, struct mkd_buf *ret)
{
	bool in = by_console(a) || by_ssh(a);

	if (in)
		say_how(a, "root", ret);
	else
		mkd_buf_str(ret, "nobody can log in: root's password is locked");
	say_useless(a, ret);
	if (!in)
		mkd_buf_str(ret, "; build with --root-password-file or --authorized-keys");
	return in;
}

bool mkd_access_explain_user(const struct mkd_access *a, const char *user, struct mkd_buf *ret)
{
	bool in = by_console(a) || by_ssh(a);

	if (ret->len)
		mkd_buf_str(ret, "; ");
	if (in)
		say_how(a, user, ret);
	else
		mkd_buf_printf(ret, "%s cannot log in", user);
	say_useless(a, ret);
	return in;
}
