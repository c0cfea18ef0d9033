/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hooks.h - the hooks' functions, for their table in hooks/registry.c. */
#ifndef MKDOMU_HOOKS_H
#define MKDOMU_HOOKS_H

#include "mkdomu/guestfile.h"
#include "mkdomu/hook.h"

/*
 * A login on hvc0.
 *	-ENOTSUP  an init that is not known here (HOOK)
 *	-ENOENT   no inittab, getty or unit of it (HOOK)
 *	-EPERM    the unit is masked (HOOK)
 *	and mkd_guest_edit, mkd_guest_link, mkd_tree_read, mkd_tree_mkdirs
 */
int mkd_hook_console(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 *	-ENOENT  fstab is a link to what is not there and cannot be made (HOOK)
 *	and mkd_guest_edit, mkd_guest_resolve, mkd_tree_read
 */
int mkd_hook_fstab(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 * Interfaces and resolvers, by the guest's own tool.
 *	-ENOTSUP  none that is known here (HOOK)
 *	and mkd_guest_edit, mkd_guest_link, mkd_guest_remove, mkd_unit_enable, mkd_runlevel_add
 */
int mkd_hook_network(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* Errors: mkd_guest_edit, mkd_guest_write. */
int mkd_hook_hostname(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* Errors: mkd_guest_edit. */
int mkd_hook_clock(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* Errors: mkd_guest_write, mkd_guest_remove, mkd_guest_link, mkd_tree_list, mkd_unit_enable. */
int mkd_hook_identity(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 * Root's password and keys; users.
 *	-ENOENT  no shadow(5) or passwd(5) to put the password into (HOOK)
 *	and mkd_password_check, mkd_authorized_keys_check, mkd_password_hash, mkd_access_find,
 *	    mkd_guest_edit, mkd_unit_enable, mkd_runlevel_add, mkd_tree_mkdirs, mkd_tree_chmod,
 *	    mkd_tree_chown, mkd_access_users
 */
int mkd_hook_access(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 * Time zone, locale and keymap.
 *	-ENOENT  the root has no such zone, locale or keymap (HOOK)
 *	-EISDIR  /etc/localtime is a folder (HOOK)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_guest_edit, mkd_guest_write, mkd_tree_symlink, mkd_tree_remove, mkd_tree_mkdirs
 */
int mkd_hook_locale(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* Errors: mkd_modules_put. */
int mkd_hook_modules(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 * What the user asks for of files, in its order.
 *	-ENOENT, -ENOTDIR  no such folder to copy into (HOOK)
 *	-EISDIR  a folder is where a link is to be (HOOK)
 *	and mkd_tree_write, mkd_tree_mkdirs, mkd_tree_symlink, mkd_tree_chmod, mkd_tree_chown,
 *	    mkd_tree_remove, mkd_tree_list, mkd_guest_edit, mkd_firstboot_add
 */
int mkd_hook_files(const struct mkd_hook_ctx *c, struct mkd_err *err);

static inline struct mkd_guest_io mkd_hook_io(const struct mkd_hook_ctx *c)
{
	return (struct mkd_guest_io){ c->tree, c->ui };
}

#endif
