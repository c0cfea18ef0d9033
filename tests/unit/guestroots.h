/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestroots.h - roots in memory of four distributions' shapes, and a guest to make of them. */
#ifndef MKDOMU_GUESTROOTS_H
#define MKDOMU_GUESTROOTS_H

#include "roottest.h"

#define MACHINE_ID "0123456789abcdef0123456789abcdef"
#define KEY        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4pQ0mUqMXVYjQm8ZJk1sQmR1mQm8c6m1m2m3m4m5m6"

extern const struct mkd_guest guest;

struct mkd_tree *gentoo_openrc(void);
struct mkd_tree *gentoo_systemd(void);
struct mkd_tree *debian_sysvinit(void);
/* Without udev, as a minimal debootstrap has it. */
struct mkd_tree *debian_systemd(void);

#endif
