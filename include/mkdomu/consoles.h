/* SPDX-License-Identifier: GPL-2.0-or-later */
/* consoles.h - the hook console, an init at a time. Private to the room hooks. */
#ifndef MKDOMU_CONSOLES_H
#define MKDOMU_CONSOLES_H

#include "mkdomu/hooks.h"

/* A getty's command for hvc0 in an inittab; NULL when the root has no getty. */
const char *mkd_console_getty(struct mkd_tree *t);

/*
 * sysvinit: /etc/inittab and /etc/inittab.d. A getty on hvc0 that is in the folder alone stays
 * there. Errors: mkd_hook_console.
 */
must_check int mkd_console_sysvinit(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 * BusyBox: /etc/inittab, made where there is none; /sbin/poweroff and /sbin/reboot, by which the
 * kernel answers "xl shutdown" and "xl reboot". Errors: mkd_hook_console.
 */
must_check int mkd_console_busybox(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* systemd: serial-getty@hvc0.service. Errors: mkd_hook_console. */
must_check int mkd_console_systemd(const struct mkd_hook_ctx *c, struct mkd_err *err);

/*
 * openrc-init: the service agetty.hvc0. runit: the service agetty-hvc0 or getty-hvc0, made when the
 * root has neither. dinit: likewise. s6-linux-init: its early getty. Errors: mkd_hook_console.
 */
must_check int mkd_console_openrc(const struct mkd_hook_ctx *c, struct mkd_err *err);
must_check int mkd_console_runit(const struct mkd_hook_ctx *c, struct mkd_err *err);
must_check int mkd_console_dinit(const struct mkd_hook_ctx *c, struct mkd_err *err);
must_check int mkd_console_s6(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* OpenRC: no getty as a service in any runlevel, but keep (may be NULL). Errors: mkd_gettys_off. */
must_check int mkd_console_runlevels(const struct mkd_hook_ctx *c, const char *keep,
				     struct mkd_err *err);

/* A /sbin/poweroff and a /sbin/reboot that work, or a warning. Errors: mkd_hook_console. */
must_check int mkd_console_poweroff(const struct mkd_hook_ctx *c, struct mkd_err *err);

#endif
