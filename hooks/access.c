/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/access.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "mkdomu/account.h"
#include "mkdomu/accesses.h"
#include "mkdomu/credentials.h"
#include "mkdomu/password.h"
#include "mkdomu/service.h"
#include "mkdomu/shadow.h"
#include "mkdomu/users.h"

#define DEFS_MAX_BYTES (256 * KIB)
#define DAY_SEC        86400

static bool config_is(struct mkd_tree *t, const char *path, const char *key, const char *value)
{
	cleanup_buf struct mkd_buf text = { 0 };
	struct mkd_err ignored;
	struct mkd_span is;

	return mkd_tree_read(t, path, DEFS_MAX_BYTES, &text, &ignored) == 0 &&
	       mkd_defs_value(mkd_span_buf(&text), key, &is) && is.len == strlen(value) &&
	       strncasecmp(is.p, value, is.len) == 0;
}

/* yescrypt only where the guest itself makes such hashes: its libcrypt can then read ours. */
static enum mkd_hash_method method_for(struct mkd_tree *t, struct mkd_span shadow)
{
	struct mkd_span hash;
	struct mkd_line l;

	if (config_is(t, "/etc/login.defs", "ENCRYPT_METHOD", "YESCRYPT"))
		return MKD_HASH_YESCRYPT;
	while (mkd_line_next(&shadow, &l))
		if (mkd_colon_at(l.text, MKD_SHADOW_PASSWORD, &hash) &&
		    mkd_span_starts(hash, "$y$"))
			return MKD_HASH_YESCRYPT;
	return MKD_HASH_SHA512;
}

int mkd_access_hash(struct mkd_tree *t, struct mkd_span shadow, const char *password,
		    const char *salt, struct mkd_buf *ret, struct mkd_err *err)
{
	if (mkd_password_is_hash(password)) {
		mkd_buf_str(ret, password);
		return mkd_buf_check(ret, err);
	}
	return mkd_password_hash(password, salt, method_for(t, shadow), ret, err);
}

/* passwd must send readers to shadow, else the hash there is never looked at. */
static int use_shadow(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const struct mkd_shadow x = { "root", "x", NULL };
	const struct mkd_guest_io io = mkd_hook_io(c);

	return mkd_guest_edit(&io, "/etc/passwd", 0, (struct mkd_edit){ mkd_shadow_edit, &x }, err);
}

static int write_hash(const struct mkd_hook_ctx *c, const char *hash, struct mkd_err *err)
{
	const struct mkd_guest_io io = mkd_hook_io(c);
	int64_t days = c->guest->epoch_sec / DAY_SEC;
	char day[24];
	struct mkd_shadow s = { "root", hash, day };

	/* Day 0 would make login(1) ask for a new password at once: shadow(5). */
	(void)snprintf(day, sizeof(day), "%" PRId64, days > 0 ? days : 1);
	return mkd_guest_edit(&io, "/etc/shadow", 0, (struct mkd_edit){ mkd_shadow_edit, &s }, err);
}

static int set_password(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf shadow = { 0 }, hash = { 0 };
	int r = mkd_password_check(c->guest->root_password, "root's password", err);

	if (r < 0)
		return r;
	r = mkd_tree_read(c->tree, "/etc/shadow", MKD_GUEST_TEXT_MAX, &shadow, err);
	if (r == -ENOENT)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot set root's password: the root has no '/etc/shadow'; leave "
				"the password out, or use a tarball with one");
	if (r == 0)
		r = mkd_access_hash(c->tree, mkd_span_buf(&shadow), c->guest->root_password,
				    c->guest->password_salt, &hash, err);
	if (r == 0)
		r = write_hash(c, mkd_buf_cstr(&hash), err);
	if (r == 0)
		r = use_shadow(c, err);
	if (hash.data)
		explicit_bzero(hash.data, hash.cap);
	if (shadow.data)
		explicit_bzero(shadow.data, shadow.cap);
	return r;
}

/*
 * Locked: as "passwd -l" does it, the hash stays behind a '!'. Disabled: no password is the one of
 * "*", and keys may still be used.
 */
static int set_state(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_secret struct mkd_buf shadow = { 0 }, hash = { 0 };
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_shadow s = { .user = "root" };
	struct mkd_span field = { 0 };
	int r = mkd_tree_read(c->tree, "/etc/shadow", MKD_GUEST_TEXT_MAX, &shadow, err);

	if (r == -ENOENT)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
				"cannot make root's password '%s': the root has no '/etc/shadow'",
				c->guest->root_state);
	if (r < 0)
		return r;
	(void)mkd_colon_field(mkd_span_buf(&shadow), "root", MKD_SHADOW_PASSWORD, &field);
	if (strcmp(c->guest->root_state, "disabled") == 0) {
		mkd_buf_str(&hash, "*");
	} else {
		mkd_buf_str(&hash, mkd_span_starts(field, "!") ? "" : "!");
		mkd_text_span(&hash, field);
	}
	r = mkd_buf_check(&hash, err);
	s.hash = mkd_buf_cstr(&hash);
	if (r == 0)
		r = mkd_guest_edit(&io, "/etc/shadow", 0, (struct mkd_edit){ mkd_shadow_edit, &s },
				   err);
	return r < 0 ? r : use_shadow(c, err);
}

static bool has_line(struct mkd_span text, struct mkd_span line)
{
	struct mkd_line l;

	while (mkd_line_next(&text, &l)) {
		struct mkd_span s = mkd_span_trim(l.text);

		if (s.len == line.len && memcmp(s.p, line.p, s.len) == 0)
			return true;
	}
	return false;
}

/* An editor: the keys of arg that are not in the text yet go behind it. */
static int add_keys(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	struct mkd_span keys = mkd_span_of(arg);
	struct mkd_line l;

	(void)err;
	mkd_text_span(out, in);
	while (mkd_line_next(&keys, &l)) {
		struct mkd_span s = mkd_span_trim(l.text);

		if (mkd_line_idle(&l) || has_line(mkd_span_buf(out), s))
			continue;
		mkd_text_end(out);
		mkd_text_span(out, s);
		mkd_buf_str(out, "\n");
	}
	return 0;
}

/* sshd refuses keys that others could write to ("StrictModes"). */
static int own(struct mkd_tree *t, const char *path, mode_t mode, const struct mkd_owner *by,
	       struct mkd_err *err)
{
	struct mkd_tree_stat st;
	int r = mkd_tree_stat(t, path, true, &st, err);

	if (r == 0 && (st.mode & 07777) != mode)
		r = mkd_tree_chmod(t, path, mode, err);
	if (r == 0 && (st.uid != by->uid || st.gid != by->gid))
		r = mkd_tree_chown(t, path, by->uid, by->gid, err);
	return r;
}

int mkd_access_keys(const struct mkd_hook_ctx *c, const struct mkd_owner *by, const char *home,
		    const char *keys, struct mkd_err *err)
{
	cleanup_free char *dir = NULL, *file = NULL;
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_edit edit = { add_keys, keys };
	int r = mkd_asprintf(&dir, err, "%s/.ssh", home);

	if (r == 0)
		r = mkd_asprintf(&file, err, "%s/authorized_keys", dir);
	if (r == 0)
		r = mkd_tree_mkdirs(c->tree, home, 0700, err);
	if (r == 0)
		r = mkd_tree_mkdir(c->tree, dir, 0700, err);
	if (r == 0)
		r = mkd_guest_edit(&io, file, 0600, edit, err);
	if (r == 0)
		r = own(c->tree, dir, 0700, by, err);
	return r < 0 ? r : own(c->tree, file, 0600, by, err);
}

/*
 * sshd takes "!" before a hash for a locked account and turns its keys down too, where it is
 * built without PAM; "*" keeps passwords out and keys in: sshd(8), "LOGIN PROCESS".
 */
int mkd_access_unlock(const struct mkd_hook_ctx *c, const char *user, struct mkd_err *err)
{
	const struct mkd_shadow star = { user, "*", NULL };
	const struct mkd_guest_io io = mkd_hook_io(c);
	cleanup_buf struct mkd_buf shadow = { 0 };
	struct mkd_span field;
	int r = mkd_tree_read(c->tree, "/etc/shadow", MKD_GUEST_TEXT_MAX, &shadow, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (!mkd_colon_field(mkd_span_buf(&shadow), user, MKD_SHADOW_PASSWORD, &field) ||
	    !mkd_span_starts(field, "!") || field.len > 2)
		return 0;
	return mkd_guest_edit(&io, "/etc/shadow", 0, (struct mkd_edit){ mkd_shadow_edit, &star },
			      err);
}

static int enable_sshd(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const char *const names[] = { "sshd", "ssh", NULL };
	const struct mkd_guest_io io = mkd_hook_io(c);
	bool done;
	int r = mkd_service_enable(&io, c->facts, names, &done, err);

	if (r == 0 && !done)
		mkd_say(c->ui, MKD_WARN,
			"do not know how to start sshd at boot in this root; "
			"enable it in the guest");
	return r;
}

static void warn_of_sshd(const struct mkd_hook_ctx *c)
{
	if (!mkd_access_makes_host_keys(c->tree, c->facts))
		mkd_say(c->ui, MKD_WARN,
			"nothing in this root makes ssh host keys at boot, and sshd does not start "
			"without: run 'ssh-keygen -A' in the guest, then restart sshd");
	if (c->guest->authorized_keys &&
	    config_is(c->tree, "/etc/ssh/sshd_config", "PermitRootLogin", "no"))
		mkd_say(c->ui, MKD_WARN,
			"'/etc/ssh/sshd_config' has 'PermitRootLogin no': sshd will turn root's "
			"keys down");
}

static int set_keys(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	static const struct mkd_owner root = { 0, 0 };
	const char *keys = c->guest->authorized_keys;
	struct mkd_access had;
	int r = mkd_authorized_keys_check(keys, strlen(keys), "root's ssh keys", NULL, err);

	if (r == 0)
		r = mkd_access_find(c->tree, c->facts, &had, err);
	if (r == 0)
		r = mkd_access_keys(c, &root, had.home, keys, err);
	return r < 0 ? r : mkd_access_unlock(c, "root", err);
}

/* For the keys, whoever has some. */
static int use_sshd(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	bool keys = c->guest->authorized_keys != NULL;
	int r;

	for (size_t i = 0; i < c->guest->n_users; i++)
		keys = keys || c->guest->logins[i].keys.len;
	if (!keys)
		return 0;
	if (!c->facts->sshd) {
		mkd_say(c->ui, MKD_WARN,
			"ssh keys were put in place, but no sshd is installed to use them");
		return 0;
	}
	r = enable_sshd(c, err);
	if (r == 0)
		warn_of_sshd(c);
	return r;
}

int mkd_hook_access(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	int r = 0;

	if (c->guest->root_state)
		r = set_state(c, err);
	if (r == 0 && c->guest->root_password)
		r = set_password(c, err);
	if (r == 0 && c->guest->authorized_keys)
		r = set_keys(c, err);
	if (r == 0)
		r = mkd_access_users(c, err);
	return r < 0 ? r : use_sshd(c, err);
}
