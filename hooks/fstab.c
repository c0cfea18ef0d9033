/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/fstab.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/hooks.h"

/* A swap device that systemd cannot see come up must not hold up the boot for 90 s. */
#define NO_WAIT "sw,nofail,x-systemd.device-timeout=1s"

/* What is made there would not be there when the guest boots. */
static bool is_volatile(const char *path)
{
	static const char *const dirs[] = { "/run/", "/tmp/", "/dev/", "/proc/", "/sys/" };

	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (strncmp(path, dirs[i], strlen(dirs[i])) == 0)
			return true;
	return false;
}

/* A link that leads nowhere may be given its target, but for where none can be. */
static int check_link(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf to = { 0 };
	cleanup_free char *dir = NULL;
	char *slash;
	int r;

	if (!mkd_guest_has(c->tree, "/etc/fstab") || mkd_tree_exists(c->tree, "/etc/fstab"))
		return 0;
	r = mkd_guest_resolve(c->tree, "/etc/fstab", &to, err);
	if (r == 0)
		r = mkd_strdup(mkd_buf_cstr(&to), &dir, err);
	if (r < 0 || !dir)
		return r;
	slash = strrchr(dir, '/');
	if (slash && slash > dir)
		*slash = '\0';
	if (!is_volatile(mkd_buf_cstr(&to)) && mkd_tree_exists(c->tree, dir))
		return 0;
	return mkd_fail(err, MKD_EXIT_HOOK, ENOENT,
			"cannot write '/etc/fstab': it is a link to '%s', which is not there; make "
			"it a file in the tarball, or leave this hook out by --no-hook fstab and "
			"write the file by --delete and --write",
			mkd_buf_cstr(&to));
}

int mkd_hook_fstab(const struct mkd_hook_ctx *c, struct mkd_err *err)
{
	cleanup_buf struct mkd_buf text = { 0 };
	const struct mkd_guest_io io = mkd_hook_io(c);
	struct mkd_fstab f = {
		.root_dev = c->guest->root_dev,
		.root_fstype = c->guest->root_fstype,
		.swap = c->guest->swap_dev,
		.swap_options = "sw",
	};
	struct mkd_edit edit = { mkd_fstab_edit, &f };
	struct mkd_span dev;
	int r;

	if (f.swap && strncmp(f.swap, "/dev/", 5) == 0 && c->facts->init == MKD_INIT_SYSTEMD &&
	    !c->facts->udev) {
		f.swap_options = NO_WAIT;
		mkd_say(c->ui, MKD_WARN,
			"this root has systemd without udev, which cannot turn on a swap device: "
			"'%s' stays off until 'swapon' in the guest; install udev, or use a swap "
			"file",
			f.swap);
	}
	r = check_link(c, err);
	if (r == 0)
		r = mkd_guest_edit(&io, "/etc/fstab", 0644, edit, err);
	if (r == 0)
		r = mkd_tree_read(c->tree, "/etc/fstab", MKD_GUEST_TEXT_MAX, &text, err);
	if (r == 0 && mkd_fstab_foreign(mkd_span_buf(&text), &dev))
		mkd_say(c->ui, MKD_WARN, "'/etc/fstab' names '%.*s', which the guest will not have",
			(int)(dev.len < 200 ? dev.len : 200), dev.p);
	return r;
}
