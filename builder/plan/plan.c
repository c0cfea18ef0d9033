/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/draft.h"
#include "mkdomu/fileop.h"
#include "mkdomu/plan_disk.h"
#include "mkdomu/plan_hooks.h"
#include "mkdomu/plan_kernel.h"
#include "mkdomu/plan_source.h"
#include "mkdomu/users.h"

#define EXTRA_MAX 1024 /* x86's COMMAND_LINE_SIZE is 2048, and root=, console= join in */

/* -- domain -- */

static int take_name(const struct mkd_draft *j)
{
	const char *given = mkd_draft_get(j, MKD_KEY_NAME);
	cleanup_free char *derived = NULL;
	int r;

	if (given) {
		r = mkd_plan_name_check(given, mkd_draft_origin(j, MKD_KEY_NAME), j->err);
		return r < 0 ? r : mkd_draft_keep(j, given, &j->p->name);
	}
	r = mkd_plan_name(j->p->disk, j->p->profile, &derived, j->err);
	if (r < 0)
		return r;
	if (mkd_plan_name_check(derived, "the disk's name", j->err) < 0)
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"the name that '%s' gives, '%.100s', is not a domain name; give "
				"--name NAME",
				j->p->disk, derived);
	return mkd_draft_keep(j, derived, &j->p->name);
}

static int take_hostname(const struct mkd_draft *j)
{
	const char *given = mkd_draft_get(j, MKD_KEY_HOSTNAME);
	cleanup_free char *derived = NULL;
	int r;

	if (given) {
		r = mkd_hostname_check(given, mkd_draft_origin(j, MKD_KEY_HOSTNAME), j->err);
		return r < 0 ? r : mkd_draft_keep(j, given, &j->p->hostname);
	}
	r = mkd_strdup(j->p->name, &derived, j->err);
	if (r < 0)
		return r;
	for (char *p = derived; *p; p++)
		if (*p == '_') /* fine in xl, not in DNS */
			*p = '-';
	if (mkd_hostname_check(derived, "the domain's name", j->err) < 0)
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"the domain's name '%s' cannot be a host name too; give "
				"--hostname NAME",
				j->p->name);
	return mkd_draft_keep(j, derived, &j->p->hostname);
}

/* A name that becomes part of a path in the guest, and of shell variables: no more than these. */
static int take_word(const struct mkd_draft *j, enum mkd_key key, const char *more,
		     const char **ret)
{
	static const char usual[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
	const char *value = mkd_draft_get(j, key);

	for (const char *p = value; p && *p; p++)
		if (!strchr(usual, *p) && !strchr(more, *p))
			value = "";
	if (value && (!*value || strlen(value) > 64 || !strchr(usual, *value) ||
		      strstr(value, "..") || strstr(value, "//") || *value == '-'))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%.100s' is not the name of one; write it like %s",
				mkd_draft_origin(j, key), mkd_draft_get(j, key),
				key == MKD_KEY_TIMEZONE ? "Europe/Berlin"
				: key == MKD_KEY_LOCALE ? "en_US.UTF-8"
							: "de-latin1");
	return value ? mkd_draft_keep(j, value, ret) : 0;
}

static int take_extra(const struct mkd_draft *j)
{
	const char *value = mkd_draft_get(j, MKD_KEY_EXTRA);
	int r;

	if (!value)
		return 0;
	r = mkd_value_quotable(value, mkd_draft_origin(j, MKD_KEY_EXTRA), EXTRA_MAX, j->err);
	if (r < 0)
		return r;
	for (const char *p = strstr(value, "root="); p; p = strstr(p + 1, "root="))
		if (p == value || p[-1] == ' ')
			return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
					"%s: 'root=' is set from the disk's layout; leave it out",
					mkd_draft_origin(j, MKD_KEY_EXTRA));
	return mkd_draft_keep(j, value, &j->p->extra);
}

static int take_sizes(const struct mkd_draft *j)
{
	static const struct mkd_value_range mib = { 64, 16 * 1024 * 1024, "MiB" };
	static const struct mkd_value_range cpus = { 1, 512, "CPUs" };
	struct mkd_plan *p = j->p;
	int r = mkd_draft_count(j, MKD_KEY_MEMORY, &mib, 1024, &p->memory_mib);

	if (r == 0)
		r = mkd_draft_count(j, MKD_KEY_MAXMEM, &mib, 0, &p->maxmem_mib);
	if (r == 0)
		r = mkd_draft_count(j, MKD_KEY_VCPUS, &cpus, 1, &p->vcpus);
	if (r < 0)
		return r;
	if (p->maxmem_mib && p->maxmem_mib < p->memory_mib)
		return mkd_fail(
			j->err, MKD_EXIT_USAGE, EINVAL,
			"%s: %u MiB is less than the memory, %u MiB (%s); give at least that",
			mkd_draft_origin(j, MKD_KEY_MAXMEM), p->maxmem_mib, p->memory_mib,
			mkd_draft_origin(j, MKD_KEY_MEMORY));
	return 0;
}

static int take_actions(const struct mkd_draft *j)
{
	/* xl.cfg(5), EVENT ACTIONS; the default comes first */
	static const char *const stop[] = { "destroy",  "restart",          "rename-restart",
					    "preserve", "coredump-destroy", "coredump-restart",
					    NULL };
	static const char *const again[] = { "restart",  "destroy",          "rename-restart",
					     "preserve", "coredump-destroy", "coredump-restart",
					     NULL };
	int r = mkd_draft_choice(j, MKD_KEY_ON_POWEROFF, stop, &j->p->on_poweroff);

	if (r == 0)
		r = mkd_draft_choice(j, MKD_KEY_ON_REBOOT, again, &j->p->on_reboot);
	if (r == 0)
		r = mkd_draft_choice(j, MKD_KEY_ON_CRASH, stop, &j->p->on_crash);
	return r;
}

static int plan_domain(const struct mkd_draft *j)
{
	static const char *const types[] = { "pv", "pvh", NULL };
	struct mkd_plan *p = j->p;
	int r = take_name(j);

	if (r == 0)
		r = take_hostname(j);
	if (r == 0)
		r = take_word(j, MKD_KEY_TIMEZONE, "+/", &p->timezone);
	if (r == 0)
		r = take_word(j, MKD_KEY_LOCALE, ".@", &p->locale);
	if (r == 0)
		r = take_word(j, MKD_KEY_KEYMAP, ".", &p->keymap);
	if (r == 0)
		r = mkd_draft_choice(j, MKD_KEY_TYPE, types, &p->type);
	if (r == 0)
		r = mkd_plan_kernel(j);
	if (r == 0)
		r = take_extra(j);
	if (r == 0)
		r = take_sizes(j);
	if (r == 0)
		r = take_actions(j);
	if (r == 0)
		r = mkd_plan_nics(j->s, p->nics, &p->n_nics, j->err);
	return r;
}

static int take_cfg(const struct mkd_draft *j)
{
	const char *given = mkd_draft_get(j, MKD_KEY_CFG);
	const struct mkd_plan *p = j->p;
	cleanup_free char *path = NULL;
	int r;

	if (given)
		r = mkd_value_path(given, mkd_draft_origin(j, MKD_KEY_CFG), &path, j->err);
	else if (p->disk_is_device)
		r = mkd_asprintf(&path, j->err, "/etc/xen/%s.cfg", p->name);
	else
		r = mkd_asprintf(&path, j->err, "%.*s%s.cfg",
				 (int)(strrchr(p->disk, '/') + 1 - p->disk), p->disk, p->name);
	if (r < 0)
		return r;
	if (strcmp(path, p->disk) == 0 || (p->swap_disk && strcmp(path, p->swap_disk) == 0))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"the config would overwrite the disk '%s'; give another --cfg",
				path);
	return mkd_draft_keep(j, path, &j->p->cfg_path);
}

/* NAME.manifest.json in the config's folder. */
static int take_manifest(const struct mkd_draft *j)
{
	static const char *const names[] = { "quick", "full", "none", NULL };
	static const enum mkd_manifest kinds[] = { MKD_MANIFEST_QUICK, MKD_MANIFEST_FULL,
						   MKD_MANIFEST_NONE };
	const struct mkd_plan *p = j->p;
	cleanup_free char *path = NULL;
	const char *text = NULL;
	size_t i = 0;
	int r = mkd_draft_choice(j, MKD_KEY_MANIFEST, names, &text);

	if (r < 0 || !text)
		return r;
	while (i + 1 < ARRAY_LEN(kinds) && strcmp(names[i], text) != 0)
		i++;
	j->p->manifest = kinds[i];
	if (kinds[i] == MKD_MANIFEST_NONE)
		return 0;
	r = mkd_asprintf(&path, j->err, "%.*s%s.manifest.json",
			 (int)(strrchr(p->cfg_path, '/') + 1 - p->cfg_path), p->cfg_path, p->name);
	if (r < 0)
		return r;
	if (strcmp(path, p->disk) == 0 || strcmp(path, p->cfg_path) == 0 ||
	    (p->swap_disk && strcmp(path, p->swap_disk) == 0))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"the manifest would overwrite '%s'; give another --name, or "
				"--manifest none",
				path);
	return mkd_draft_keep(j, path, &j->p->manifest_path);
}

/* What is not one of these may be a password that somebody typed: it is not said again. */
static int take_root_password(const struct mkd_draft *j)
{
	static const char *const states[] = { "locked", "disabled" };
	const char *value = mkd_draft_get(j, MKD_KEY_ROOT_PASSWORD);
	const char *origin = mkd_draft_origin(j, MKD_KEY_ROOT_PASSWORD);
	cleanup_free char *path = NULL;
	int r;

	if (!value)
		return 0;
	if (mkd_draft_get(j, MKD_KEY_ROOT_PASSWORD_FILE))
		return mkd_draft_clash(j, MKD_KEY_ROOT_PASSWORD,
				       "--root-password-file sets a password; leave one out");
	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(value, states[i]) == 0)
			return mkd_draft_keep(j, states[i], &j->p->root_password);
	if (strncmp(value, "random:", 7) != 0)
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: it is 'locked', 'disabled' or 'random:FILE'; a password "
				"itself goes into a file, for --root-password-file",
				origin);
	r = mkd_value_path(value + 7, origin, &path, j->err);
	if (r == 0 && path)
		r = mkd_draft_keep(j, path, &j->p->root_password_out);
	return r;
}

static int plan_access(const struct mkd_draft *j)
{
	int r = take_root_password(j);

	if (r == 0)
		r = mkd_draft_text(j, MKD_KEY_ROOT_PASSWORD_FILE, NULL, &j->p->root_password_file);

	if (r == 0)
		r = mkd_draft_text(j, MKD_KEY_AUTHORIZED_KEYS, NULL, &j->p->authorized_keys_file);
	if (r == 0)
		r = mkd_users_plan(j);
	if (r == 0)
		r = mkd_draft_text(j, MKD_KEY_SEED, NULL, &j->p->seed);
	return r;
}

/* Of a path the base name, without ".conf": a guest does not change with the place of its profile.
 */
static int take_profile(const struct mkd_draft *j, const char *profile)
{
	const char *slash = strrchr(profile, '/');
	const char *base = slash ? slash + 1 : profile;
	size_t len = strlen(base);
	cleanup_free char *name = NULL;
	int r;

	if (len > 5 && strcmp(base + len - 5, ".conf") == 0)
		len -= 5;
	if (slash || base[len]) {
		cleanup_free char *dir = NULL;

		r = mkd_asprintf(&dir, j->err, "%.*s", slash ? (int)(slash - profile) : 1,
				 slash ? profile : ".");
		if (r == 0)
			r = mkd_draft_keep(j, dir, &j->p->profile_dir);
		if (r < 0)
			return r;
	}
	r = mkd_asprintf(&name, j->err, "%.*s", (int)len, base);
	return r < 0 || !name ? r : mkd_draft_keep(j, name, &j->p->profile);
}

int mkd_plan_make(const struct mkd_settings *s, const char *profile, struct mkd_plan *ret,
		  struct mkd_err *err)
{
	struct mkd_plan p = { 0 };
	const struct mkd_draft j = { .s = s, .p = &p, .err = err };
	int r = profile ? take_profile(&j, profile) : 0;

	if (r == 0)
		r = mkd_plan_disks(&j);
	if (r == 0)
		r = mkd_plan_source(&j);
	if (r == 0)
		r = mkd_plan_hooks(&j);
	if (r == 0)
		r = mkd_fileops_plan(&j);
	if (r == 0)
		r = plan_domain(&j);
	if (r == 0)
		r = take_cfg(&j);
	if (r == 0)
		r = mkd_plan_kernel_dir(&j);
	if (r == 0)
		r = take_manifest(&j);
	if (r == 0)
		r = plan_access(&j);
	if (r < 0) {
		mkd_plan_free(&p);
		return r;
	}
	*ret = p;
	return 0;
}

void mkd_plan_free(struct mkd_plan *p)
{
	mkd_strv_free(&p->mirrors);
	mkd_strv_free(&p->signers);
	mkd_strv_free(&p->hooks);
	free(p->fileops);
	mkd_users_free(p);
	mkd_strv_free(&p->hook_paths);
	mkd_strv_free(&p->pool);
	*p = (struct mkd_plan){ 0 };
}
