/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replan.h - the settings that make a recorded guest again, in a folder of one's own. */
#ifndef MKDOMU_REPLAN_H
#define MKDOMU_REPLAN_H

#include "mkdomu/rebuild.h"
#include "mkdomu/record.h"

/* Where the images go, in the folder. */
#define MKD_REPLAN_DISK "disk.img"
#define MKD_REPLAN_SWAP "swap.img"

struct mkd_replan {
	const struct mkd_rebuild_req *req;
	const struct mkd_record *record;
	const char *folder;  /* absolute */
	const char *tarball; /* file or URL */
	bool any_digest;     /* it need not have the recorded one */
};

/*
 *	-EINVAL  a secret that the guest was made with is not given, or one is given that it was
 *	         not made with; or files or modules were copied in, and the folder that they are in
 *	         now is not named, or has a ':' or ',' in its name (USAGE)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_settings_add
 */
must_check int mkd_replan_settings(const struct mkd_replan *p, struct mkd_settings *ret,
				   struct mkd_err *err);

#endif
