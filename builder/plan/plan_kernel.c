/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan_kernel.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define KERNEL_DIR "/var/lib/xen/kernels"

/* A file of dom0 that the config names. A relative one is taken for a file here. */
static int take_dom0_file(const struct mkd_draft *j, enum mkd_key key, const char **ret)
{
	const char *value = mkd_draft_get(j, key);
	cleanup_free char *path = NULL;
	int r;

	if (!value)
		return 0;
	r = mkd_value_path(value, mkd_draft_origin(j, key), &path, j->err);
	if (r < 0)
		return r;
	if (*value != '/' && access(path, F_OK) != 0)
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: '%s' is not here ('%s': %s); give the absolute path in dom0",
				mkd_draft_origin(j, key), value, path, strerror(errno));
	return mkd_draft_keep(j, path, ret);
}

/* A folder of this host: "/lib/modules/" is one as well. */
static int take_folder(const struct mkd_draft *j, enum mkd_key key, const char **ret)
{
	const char *value = mkd_draft_get(j, key);
	cleanup_free char *text = NULL, *path = NULL;
	size_t len;
	int r;

	if (!value)
		return 0;
	r = mkd_strdup(value, &text, j->err);
	if (r < 0)
		return r;
	for (len = strlen(text); len > 1 && text[len - 1] == '/';)
		text[--len] = '\0';
	r = mkd_value_path(text, mkd_draft_origin(j, key), &path, j->err);
	return r < 0 || !path ? r : mkd_draft_keep(j, path, ret);
}

/* An option beats what a profile says of the same thing in other words. */
static int take_boot(const struct mkd_draft *j)
{
	static const char *const whose[] = { "host", "guest", NULL };
	static const enum mkd_key others[] = { MKD_KEY_KERNEL, MKD_KEY_RAMDISK, MKD_KEY_MODULES };
	const char *boot = NULL;
	int r = mkd_draft_choice(j, MKD_KEY_BOOT, whose, &boot);

	j->p->boot_guest = r == 0 && boot && strcmp(boot, "guest") == 0;
	for (size_t i = 0; r == 0 && j->p->boot_guest && i < ARRAY_LEN(others); i++) {
		if (!mkd_draft_from_option(j, others[i]))
			continue;
		if (mkd_draft_from_option(j, MKD_KEY_BOOT))
			return mkd_draft_clash(j, others[i],
					       "--boot guest takes the guest's own kernel; leave "
					       "one of them out");
		j->p->boot_guest = false;
	}
	if (r == 0 && !j->p->boot_guest && mkd_draft_get(j, MKD_KEY_KERNEL_DIR))
		return mkd_draft_clash(j, MKD_KEY_KERNEL_DIR,
				       "it is where the guest's own kernel goes; give --boot guest "
				       "too");
	return r;
}

/* The kernel and what belongs to it. */
int mkd_plan_kernel(const struct mkd_draft *j)
{
	struct mkd_plan *p = j->p;
	int r = take_boot(j);

	if (r < 0 || p->boot_guest)
		return r;
	r = take_dom0_file(j, MKD_KEY_KERNEL, &p->kernel);
	if (r == 0)
		r = take_dom0_file(j, MKD_KEY_RAMDISK, &p->ramdisk);
	if (r == 0 && p->ramdisk && !p->kernel)
		r = mkd_draft_clash(j, MKD_KEY_RAMDISK,
				    "its kernel is not named; give --kernel FILE too");
	return r < 0 ? r : take_folder(j, MKD_KEY_MODULES, &p->modules);
}

/* Where the config of an image is: both are moved together. */
int mkd_plan_kernel_dir(const struct mkd_draft *j)
{
	struct mkd_plan *p = j->p;
	cleanup_free char *dir = NULL;
	int len = (int)(strrchr(p->cfg_path, '/') - p->cfg_path), r;

	if (!p->boot_guest)
		return 0;
	p->kernel_dir_given = mkd_draft_get(j, MKD_KEY_KERNEL_DIR) != NULL;
	if (p->kernel_dir_given)
		return take_folder(j, MKD_KEY_KERNEL_DIR, &p->kernel_dir);
	if (p->disk_is_device)
		return mkd_draft_keep(j, KERNEL_DIR, &p->kernel_dir);
	r = mkd_asprintf(&dir, j->err, "%.*s", len ? len : 1, p->cfg_path);
	return r < 0 || !dir ? r : mkd_draft_keep(j, dir, &p->kernel_dir);
}
