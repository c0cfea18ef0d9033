/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hookenv.h - what an external hook is told: its environment and the text behind MKDOMU_JSON. Both
 * are pure functions of the guest, its facts and the hook: no clock, no host, no secret (neither
 * password nor its salt, no keys, no seed). The table is in mkdomu-hooks(7).
 */
#ifndef MKDOMU_HOOKENV_H
#define MKDOMU_HOOKENV_H

#include "mkdomu/exthook.h"
#include "mkdomu/facts.h"
#include "mkdomu/guest.h"

struct mkd_hookenv_req {
	const struct mkd_exthook *hook;
	const struct mkd_guest *guest;
	const struct mkd_facts *facts;
	const char *root, *json; /* paths that the hook sees */
};

/*
 * "NAME=VALUE", appended to *ret, which is empty.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_hookenv_make(const struct mkd_hookenv_req *req, struct mkd_strv *ret,
				struct mkd_err *err);

/*
 * The JSON, which replaces what *ret has.
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_hookenv_json(const struct mkd_hookenv_req *req, struct mkd_buf *ret,
				struct mkd_err *err);

#endif
