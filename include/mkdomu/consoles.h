/* SPDX-License-Identifier: GPL-2.0-or-later */
/* consoles.h - the hook console, an init at a time. Private to the room hooks. */
#ifndef MKDOMU_CONSOLES_H
#define MKDOMU_CONSOLES_H

#include "mkdomu/hooks.h"

/* A getty's command for hvc0 in an inittab; NULL when the root has no getty. */
const char *mkd_console_getty(struct mkd_tree *t);

/*
 * BusyBox: /etc/inittab, made where there is none; /sbin/poweroff and /sbin/reboot, by which the
 * kernel answers "xl shutdown" and "xl reboot". Errors: mkd_hook_console.
 */
must_check int mkd_console_busybox(const struct mkd_hook_ctx *c, struct mkd_err *err);

/* systemd: serial-getty@hvc0.service. Errors: mkd_hook_console. */
must_check int mkd_console_systemd(const struct mkd_hook_ctx *c, struct mkd_err *err);

#endif
