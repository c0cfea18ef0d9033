/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * jailid.h - whom root's staged hooks are outside of their user namespace: an id that nobody else
 * has. With that of "nobody", each daemon that runs as nobody could look into the staging, through
 * /proc/PID/root (proc_pid_root(5)), and change what goes into the guest. Private to jail*.c.
 */
#ifndef MKDOMU_JAILID_H
#define MKDOMU_JAILID_H

#include "mkdomu/base.h"

/*
 * Is id in the map? text is as in /proc/PID/uid_map (user_namespaces(7)): lines of the first id
 * inside, the first one outside, and how many.
 */
bool mkd_jailid_is_mapped(const char *text, uint32_t id);

/* Does an account or group have id? text is as in passwd(5) or group(5): the third field counts. */
bool mkd_jailid_is_taken(const char *text, uint32_t id);

/*
 * An id for a user and a group, by chance, that is in the maps of this process and of which neither
 * /etc/passwd nor /etc/group knows: from 0x7fff0000 up, above all that accounts and containers are
 * given by systemd's table of ids; where few ids are mapped, from 0x8000 up. -1: there is none.
 */
int mkd_jailid_pick(void);

#endif
