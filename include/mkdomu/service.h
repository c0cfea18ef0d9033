/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service.h - services that start at boot, whatever the init. What is enabled is named in a
 * folder, by links: OpenRC's runlevels, runit's runsvdir, dinit's "waits-for.d" of the service
 * boot. s6-rc compiles its own into a database, which is out of reach here.
 */
#ifndef MKDOMU_SERVICE_H
#define MKDOMU_SERVICE_H

#include "mkdomu/getty.h"
#include "mkdomu/guestfile.h"

/* The folder whose services runit starts, as "/etc/runit/runsvdir/default"; NULL = none. */
const char *mkd_runit_level(struct mkd_tree *t);
/* The folder of a service in *ret, reset first: "/etc/sv/sshd". False when there is none. */
bool mkd_runit_service(struct mkd_tree *t, const char *name, struct mkd_buf *ret);

/*
 * The folder whose services dinit's service boot waits for, in *ret, reset first: of
 * "waits-for.d" in dinit-service(5), the last one below /etc. False when there is none.
 */
bool mkd_dinit_level(struct mkd_tree *t, struct mkd_buf *ret);
/* The file of a service in *ret, reset first: "/etc/dinit.d/sshd". False when there is none. */
bool mkd_dinit_service(struct mkd_tree *t, const char *name, struct mkd_buf *ret);

/*
 * Let the first of names (NULL-ended) that the init has a service for start at boot. *ret = false
 * when there is none, or no way to tell.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_unit_enable, mkd_runlevel_add, mkd_guest_link
 */
must_check int mkd_service_enable(const struct mkd_guest_io *io, const struct mkd_facts *facts,
				  const char *const *names, bool *ret, struct mkd_err *err);

/* The terminal in the name of a getty's service: "agetty.tty1", "agetty-hvc0", "tty1". */
enum mkd_port mkd_service_port(const char *name);

/*
 * Take the gettys out of a folder of enabled services, but for the one called keep (may be NULL):
 * links and files are removed; a folder, as runit may have, gets a file "down". No such folder is
 * fine.
 *	-ENOMEM  (INTERNAL)
 *	and mkd_guest_remove, mkd_guest_write
 */
must_check int mkd_gettys_off(const struct mkd_guest_io *io, const char *dir, const char *keep,
			      struct mkd_err *err);

#endif
