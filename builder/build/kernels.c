/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's kernel with all that belongs to it, as far as this host has it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/job.h"
#include "mkdomu/kernel.h"

#define KERNEL_DIR "/boot"
#define CONFIG_MAX MIB /* a distribution's has 300 KiB */

static int look_at(struct mkd_job *j, const char *path, const char *what, struct mkd_err *err)
{
	enum mkd_kernel_check check = MKD_KERNEL_OK;
	/* of a tarball of the user's own the default says nothing */
	const char *arch =
		j->plan->tarball ? mkd_settings_get(j->settings, MKD_KEY_ARCH) : j->plan->arch;
	int r = 0;

	if (strcmp(what, "kernel") == 0)
		r = mkd_kernel_look(path, arch, &check, err);
	else if (access(path, R_OK) != 0)
		check = errno == EACCES ? MKD_KERNEL_UNREADABLE : MKD_KERNEL_ABSENT;
	if (r < 0)
		return r;
	if (check == MKD_KERNEL_ABSENT)
		mkd_say(j->ui, MKD_WARN,
			"the %s '%s' is not on this host: taken as dom0's, not checked", what,
			path);
	if (check == MKD_KERNEL_UNREADABLE)
		mkd_say(j->ui, MKD_WARN, "cannot read the %s '%s': not checked", what, path);
	return 0;
}

/* Of the guest's own only the folder is known, and that has to take it when all is done. */
static int place_kernel(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	cleanup_free char *above = NULL;
	const char *dir = p->kernel_dir;
	int r = mkd_asprintf(&above, err, "%.*s", (int)(strrchr(dir, '/') - dir), dir);

	if (r < 0)
		return r;
	/* one that is ours by default is made when it is needed */
	if (!p->kernel_dir_given && access(dir, F_OK) != 0 && errno == ENOENT)
		dir = above;
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) != 0)
		return mkd_fail_errno(
			err, errno == ENOENT ? MKD_EXIT_USAGE : MKD_EXIT_TARGET, errno,
			"cannot write the guest's kernel to '%s', see --kernel-dir", p->kernel_dir);
	return mkd_asprintf(&j->kernel, err, "%s/%s-vmlinuz-VERSION", p->kernel_dir, p->name);
}

static int find_kernel(struct mkd_job *j, struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	int r;

	if (!p->kernel) {
		r = mkd_kernel_newest(KERNEL_DIR, &j->kernel, &j->ramdisk, err);
		if (r < 0)
			return r;
		j->kernel_derived = true;
	} else {
		r = mkd_strdup(p->kernel, &j->kernel, err);
		if (r < 0)
			return r;
	}
	if (p->ramdisk) {
		free(j->ramdisk);
		j->ramdisk = NULL;
		r = mkd_strdup(p->ramdisk, &j->ramdisk, err);
		if (r < 0)
			return r;
	}
	if (p->again)
		return 0;
	r = look_at(j, j->kernel, "kernel", err);
	if (r == 0 && j->ramdisk)
		r = look_at(j, j->ramdisk, "ramdisk", err);
	return r;
}

/* -- drivers -- */

static const struct driver {
	const char *module, *config, *purpose;
	bool root; /* nothing can be loaded before it works */
} drivers[] = {
	{ "xen-blkfront", "CONFIG_XEN_BLKDEV_FRONTEND", "its disk", true },
	{ "ext4", "CONFIG_EXT4_FS", "its root file system", true },
	{ "xen-netfront", "CONFIG_XEN_NETDEV_FRONTEND", "its network", false },
};

static enum mkd_driver by_config(const char *text, const char *option)
{
	size_t len = strlen(option);

	for (const char *p = text; *p; p += strcspn(p, "\n")) {
		p += *p == '\n';
		if (strncmp(p, option, len) == 0 && p[len] == '=')
			return p[len + 1] == 'y'   ? MKD_DRIVER_BUILTIN
			       : p[len + 1] == 'm' ? MKD_DRIVER_MODULE
						   : MKD_DRIVER_NONE;
	}
	return MKD_DRIVER_NONE;
}

static void tell_driver(const struct mkd_job *j, const struct driver *d, enum mkd_driver is)
{
	if (is == MKD_DRIVER_NONE)
		mkd_say(j->ui, MKD_WARN,
			"the kernel '%s' has no driver %s, neither built in nor as a module: the "
			"guest does not get at %s",
			j->kernel, d->module, d->purpose);
	else if (is == MKD_DRIVER_MODULE && d->root && !j->ramdisk)
		mkd_say(j->ui, MKD_WARN,
			"the kernel '%s' has the driver %s as a module, and there is no ramdisk "
			"to load it: the guest does not get at %s; see --ramdisk",
			j->kernel, d->module, d->purpose);
	else if (is == MKD_DRIVER_MODULE && !d->root && !j->plan->modules && !j->plan->boot_guest)
		mkd_say(j->ui, MKD_WARN,
			"the kernel '%s' has the driver %s as a module, and the guest may lack "
			"it; see --modules",
			j->kernel, d->module);
}

void mkd_job_tell_config(const struct mkd_job *j, const char *text)
{
	bool pv = strcmp(j->plan->type, "pv") == 0;
	const char *entry = pv ? "CONFIG_XEN_PV" : "CONFIG_PVH";

	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		tell_driver(j, &drivers[i], by_config(text, drivers[i].config));
	if (by_config(text, "CONFIG_X86") == MKD_DRIVER_BUILTIN &&
	    by_config(text, entry) == MKD_DRIVER_NONE)
		mkd_say(j->ui, MKD_WARN,
			"the kernel '%s' was made without %s: it does not start as a guest of "
			"type %s; see --type",
			j->kernel, entry, j->plan->type);
}

/* What it was made with, as distributions install it: /boot/config-VERSION. No file, no word. */
static int tell_by_config(const struct mkd_job *j, const char *version, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_free char *path = NULL;
	struct mkd_err ignored;
	int r = mkd_asprintf(&path, err, "%.*s/config-%s",
			     (int)(strrchr(j->kernel, '/') - j->kernel), j->kernel, version);

	if (r < 0)
		return r;
	if (mkd_file_read(AT_FDCWD, path, CONFIG_MAX, MKD_EXIT_USAGE, &text, &ignored) < 0)
		return 0;
	mkd_job_tell_config(j, mkd_buf_cstr(&text));
	return 0;
}

/* -- the version, and the modules -- */

/* A kernel's own word counts; the name of the file only tells which modules to look for. */
static int take_modules(struct mkd_job *j, const char *version, const char *named,
			struct mkd_err *err)
{
	const struct mkd_plan *p = j->plan;
	const char *origin = mkd_settings_origin(j->settings, MKD_KEY_MODULES);
	int r = mkd_modules_read(p->modules, *version ? version : NULL, named, origin, &j->modules,
				 err);

	if (r < 0)
		return r;
	if (!*version)
		mkd_say(j->ui, MKD_WARN,
			"the kernel '%s' does not tell its version: that the modules of %s are its "
			"own is not checked",
			j->kernel, j->modules.version);
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++)
		tell_driver(j, &drivers[i], mkd_modules_driver(&j->modules, drivers[i].module));
	return 0;
}

int mkd_job_kernel(struct mkd_job *j, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	char version[MKD_KERNEL_VERSION] = "";
	const char *named;
	int r;

	if (j->plan->boot_guest)
		return place_kernel(j, err);
	r = find_kernel(j, err);
	if (r < 0)
		return r;
	named = mkd_kernel_name_version(strrchr(j->kernel, '/') + 1);
	fd = open(j->kernel, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0)
		(void)mkd_kernel_version(fd, version);
	if (j->plan->modules)
		return take_modules(j, version, named, err);
	if (fd >= 0 && (*version || named))
		return tell_by_config(j, *version ? version : named, err);
	return 0;
}
