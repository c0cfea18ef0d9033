/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * external.h - one external hook from its start to its end: environment, jail, staging, status.
 * Exit status 0 is success, 75 (EX_TEMPFAIL of sysexits(3)) "nothing for me here": of a staged hook
 * nothing is taken back then. All else is a failure, and so is a signal or a time limit.
 */
#ifndef MKDOMU_EXTERNAL_H
#define MKDOMU_EXTERNAL_H

#include "mkdomu/exthook.h"
#include "mkdomu/facts.h"
#include "mkdomu/guest.h"
#include "mkdomu/ui.h"

#define MKD_HOOK_SKIP 75

struct mkd_external_req {
	const struct mkd_exthook *hook;
	const struct mkd_guest *guest;
	const struct mkd_facts *facts;
	struct mkd_tree *tree; /* of a staged hook */
	const char *device;    /* of a mounted one: an ext4 */
	struct mkd_ui *ui;
};

/*
 * Errors are class HOOK unless a signal asked to stop, and begin with the hook's name.
 *	-ECANCELED  it ended with another status, or by a signal
 *	-ETIMEDOUT  it took longer than it may
 *	-EAGAIN     it had more processes than it may
 *	-ENOEXEC    it could not be started: no interpreter, or one for another machine
 *	-ENOMEM     (INTERNAL)
 *	and mkd_hookenv_make, mkd_hookenv_json, mkd_jail_open, mkd_jail_run, mkd_staging_out,
 *	    mkd_staging_back
 */
must_check int mkd_external_run(const struct mkd_external_req *req, struct mkd_err *err);

#endif
