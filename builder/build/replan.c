/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/replan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "mkdomu/fileop.h"
#include "mkdomu/users.h"

/* What the plan made of these is recorded, and is given to it again instead. */
static bool is_replaced(const struct mkd_record *rec, enum mkd_key key)
{
	if (key <= MKD_KEY_CACHE) /* all about the source */
		return true;
	if (key == MKD_KEY_SWAP) /* else it is "none" or "file" */
		return rec->n_disks > 1;
	switch (key) {
	case MKD_KEY_DISK:
	case MKD_KEY_SIZE:
	case MKD_KEY_SWAP_SIZE:
	case MKD_KEY_LAYOUT:
	case MKD_KEY_HOOK:
	case MKD_KEY_ADD_HOOK:
	case MKD_KEY_NO_HOOK:
	case MKD_KEY_NO_HOOKS:
	case MKD_KEY_FILES:
	case MKD_KEY_NAME:
	case MKD_KEY_HOSTNAME:
	case MKD_KEY_KERNEL:
	case MKD_KEY_RAMDISK:
	case MKD_KEY_MODULES:
	case MKD_KEY_BOOT:
	case MKD_KEY_KERNEL_DIR:
		return true;
	case MKD_KEY_ROOT_PASSWORD:
		return false;
	default:
		return key >= MKD_KEY_CFG;
	}
}

/* What was copied in comes from a folder that is named now. */
static int copy_file(const struct mkd_replan *p, const char *value, const char *origin,
		     struct mkd_settings *to, struct mkd_err *err)
{
	cleanup_free char *text = NULL;
	size_t at = 0, len = 0;
	int r;

	if (!mkd_fileop_source(value, &at, &len))
		return mkd_settings_add(to, MKD_KEY_FILES, value, origin, err);
	if (!p->req->inputs)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"the guest was made with '%.*s' of a host (%s), which its manifest "
				"does not have; name the folder that it is in by --inputs DIR",
				(int)len, value + at, origin);
	if (strchr(p->req->inputs, ':'))
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"--inputs: '%s' has a ':' in it; give the folder another name",
				p->req->inputs);
	r = mkd_asprintf(&text, err, "%.*s%s/%s", (int)at, value, p->req->inputs, value + at);
	return r < 0 ? r : mkd_settings_add(to, MKD_KEY_FILES, text, origin, err);
}

static int copy_files(const struct mkd_replan *p, struct mkd_settings *to, struct mkd_err *err)
{
	const struct mkd_setting *at = &p->record->options.of[MKD_KEY_FILES];
	int r = 0;

	for (size_t i = 0; r == 0 && i < at->values.n; i++)
		r = copy_file(p, at->values.v[i], at->origins.v[i], to, err);
	return r;
}

/* So do a user's ssh keys and password. */
static int copy_user(const struct mkd_replan *p, const char *value, const char *origin,
		     struct mkd_settings *to, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	size_t pos = 0, done = 0, at, len;
	int r;

	while (mkd_user_file(value, &pos, &at, &len)) {
		if (!p->req->inputs)
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"the guest was made with '%.*s' of a host (%s), which its "
					"manifest does not have; name the folder that it is in by "
					"--inputs DIR",
					(int)len, value + at, origin);
		if (strchr(p->req->inputs, ','))
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"--inputs: '%s' has a ',' in it; give the folder another "
					"name",
					p->req->inputs);
		mkd_buf_add(&text, value + done, at - done);
		mkd_buf_printf(&text, "%s/", p->req->inputs);
		done = at;
	}
	mkd_buf_str(&text, value + done);
	r = mkd_buf_check(&text, err);
	return r < 0 ? r : mkd_settings_add(to, MKD_KEY_USER, mkd_buf_cstr(&text), origin, err);
}

static int copy_users(const struct mkd_replan *p, struct mkd_settings *to, struct mkd_err *err)
{
	const struct mkd_setting *at = &p->record->options.of[MKD_KEY_USER];
	int r = 0;

	for (size_t i = 0; r == 0 && i < at->values.n; i++)
		r = copy_user(p, at->values.v[i], at->origins.v[i], to, err);
	return r;
}

static int copy_modules(const struct mkd_replan *p, struct mkd_settings *to, struct mkd_err *err)
{
	const char *version = mkd_settings_get(&p->record->options, MKD_KEY_MODULES);
	cleanup_free char *path = NULL;
	int r;

	if (!version)
		return 0;
	if (!p->req->inputs)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"the guest was made with the modules of kernel %s, which its "
				"manifest does not have; name the folder that '%s' is in by "
				"--inputs DIR",
				version, version);
	r = mkd_asprintf(&path, err, "%s/%s", p->req->inputs, version);
	return r < 0 || !path ? r : mkd_settings_add(to, MKD_KEY_MODULES, path, "--inputs", err);
}

static int copy_options(const struct mkd_record *rec, struct mkd_settings *to, struct mkd_err *err)
{
	int r = 0;

	for (size_t key = 0; key < MKD_N_KEYS; key++) {
		const struct mkd_setting *at = &rec->options.of[key];

		for (size_t i = 0; r == 0 && i < at->values.n; i++)
			if (!is_replaced(rec, (enum mkd_key)key))
				r = mkd_settings_add(to, (enum mkd_key)key, at->values.v[i],
						     at->origins.v[i], err);
	}
	return r;
}

static int set(struct mkd_settings *to, enum mkd_key key, const char *value, struct mkd_err *err)
{
	char origin[64];

	(void)snprintf(origin, sizeof(origin), "--%s", mkd_setting_info[key].name);
	return value ? mkd_settings_add(to, key, value, origin, err) : 0;
}

static int set_in(const struct mkd_replan *p, struct mkd_settings *to, enum mkd_key key,
		  const char *name, struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, err, "%s/%s", p->folder, name);

	return r < 0 ? r : set(to, key, path, err);
}

static int set_number(struct mkd_settings *to, enum mkd_key key, uint64_t v, struct mkd_err *err)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%" PRIu64, v);
	return v ? set(to, key, text, err) : 0;
}

/* What a manifest withholds: given now as it was given then, or not at all. */
static int set_secret(struct mkd_settings *to, enum mkd_key key, const char *value, bool was_given,
		      struct mkd_err *err)
{
	if (!value == !was_given)
		return set(to, key, value, err);
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			was_given ? "the guest was made with --%s, which its manifest does not "
				    "have; give it again"
				  : "the guest was made without --%s; leave it out",
			mkd_setting_info[key].name);
}

static int set_secrets(const struct mkd_replan *p, struct mkd_settings *to, struct mkd_err *err)
{
	const struct mkd_rebuild_req *q = p->req;
	const struct mkd_record *rec = p->record;
	int r;

	if (rec->password_made && !q->password_file)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"the guest was made with a random password for root, which its "
				"manifest does not have; name the file that it was written to by "
				"--root-password-file");
	r = set_secret(to, MKD_KEY_ROOT_PASSWORD_FILE, q->password_file, rec->password_given, err);
	if (r == 0)
		r = set_secret(to, MKD_KEY_AUTHORIZED_KEYS, q->keys_file, rec->keys_given, err);
	if (r == 0)
		r = set_secret(to, MKD_KEY_SEED, q->seed, rec->seed_given, err);
	return r < 0 ? r : set(to, MKD_KEY_SEED, rec->seed, err);
}

static int set_source(const struct mkd_replan *p, struct mkd_settings *to, struct mkd_err *err)
{
	int r = set(to, MKD_KEY_TARBALL, p->tarball, err);

	if (r == 0 && p->any_digest)
		r = set(to, MKD_KEY_UNVERIFIED, "yes", err);
	else if (r == 0)
		r = set(to, MKD_KEY_SHA256, p->record->sha256, err);
	if (r == 0 && p->req->offline)
		r = set(to, MKD_KEY_OFFLINE, "yes", err);
	return r < 0 ? r : set(to, MKD_KEY_CACHE, p->req->cache_dir, err);
}

static int set_disks(const struct mkd_replan *p, struct mkd_settings *to, struct mkd_err *err)
{
	const struct mkd_record *rec = p->record;
	bool two = rec->n_disks > 1;
	int r = set_in(p, to, MKD_KEY_DISK, MKD_REPLAN_DISK, err);

	if (r == 0)
		r = set_number(to, MKD_KEY_SIZE, rec->disks[0].size_bytes, err);
	if (r == 0 && two)
		r = set_in(p, to, MKD_KEY_SWAP, MKD_REPLAN_SWAP, err);
	if (r == 0)
		r = set_number(to, MKD_KEY_SWAP_SIZE,
			       two ? rec->disks[1].size_bytes : rec->swap_bytes, err);
	return r < 0 ? r : set(to, MKD_KEY_LAYOUT, rec->disks[0].gpt ? "gpt" : "bare", err);
}

/* An external hook is that of the folder that was given; a manifest names no file to be run. */
static int set_hook(const struct mkd_replan *p, struct mkd_settings *to, const char *name,
		    struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int r;

	if (!mkd_strv_has(&p->record->ext_names, name))
		return set(to, MKD_KEY_HOOK, name, err);
	r = mkd_asprintf(&path, err, "%s/%s", p->req->hooks_dir, name);
	return r < 0 ? r : set(to, MKD_KEY_HOOK, path, err);
}

static int set_rest(const struct mkd_replan *p, struct mkd_settings *to, struct mkd_err *err)
{
	const struct mkd_record *rec = p->record;
	int r = set(to, MKD_KEY_NAME, rec->name, err);

	if (r == 0)
		r = set(to, MKD_KEY_HOSTNAME, rec->hostname, err);
	for (size_t i = 0; r == 0 && i < rec->hooks.n; i++)
		r = set_hook(p, to, rec->hooks.v[i], err);
	if (r == 0 && !rec->hooks.n)
		r = set(to, MKD_KEY_NO_HOOKS, "yes", err);
	if (r == 0) /* for the config, which is not compared: one that is not there is not asked */
		r = set_in(p, to, MKD_KEY_KERNEL, "vmlinuz", err);
	if (r == 0)
		r = set_in(p, to, MKD_KEY_CFG, "guest.cfg", err);
	if (r == 0)
		r = set(to, MKD_KEY_MANIFEST, "none", err);
	return r < 0 ? r : set_number(to, MKD_KEY_THREADS, p->req->threads, err);
}

int mkd_replan_settings(const struct mkd_replan *p, struct mkd_settings *ret, struct mkd_err *err)
{
	struct mkd_settings s = { 0 };
	int r = copy_options(p->record, &s, err);

	if (r == 0)
		r = copy_files(p, &s, err);
	if (r == 0)
		r = copy_users(p, &s, err);
	if (r == 0)
		r = copy_modules(p, &s, err);
	if (r == 0)
		r = set_secrets(p, &s, err);
	if (r == 0)
		r = set_source(p, &s, err);
	if (r == 0)
		r = set_disks(p, &s, err);
	if (r == 0)
		r = set_rest(p, &s, err);
	if (r < 0)
		mkd_settings_free(&s);
	else
		*ret = s;
	return r;
}
