/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hookhead.h - what an external hook says of itself, read from its text and never by running it:
 *
 *	# mkdomu-hook: summary=a message of the day
 *	# mkdomu-hook: paths=/etc/motd,/etc/profile.d timeout=30
 *
 * A line counts when nothing but the leader of a comment (no letters or digits) stands before
 * "mkdomu-hook:". Blank-separated KEY=VALUE follow; the value of summary and when is the rest of
 * the line. In a script (it begins with "#!") the first 100 lines are looked at; in a program all
 * of it, with NUL as the end of a line too, so that a string constant will do. Pure.
 *
 *	mode=staged|mounted     default: staged
 *	paths=/A,/B             what it may touch; default: /etc. Staged: copied out and taken back
 *	timeout=SECONDS         1..86400; default: 60
 *	network=no|yes          default: no
 *	summary=TEXT when=TEXT  for "mkdomu hooks"
 */
#ifndef MKDOMU_HOOKHEAD_H
#define MKDOMU_HOOKHEAD_H

#include "mkdomu/buf.h"

#define MKD_HOOK_PATHS 32

/* Zero-initialise; release with mkd_hookhead_free. */
struct mkd_hookhead {
	bool mounted, network;
	unsigned timeout_sec;
	struct mkd_strv paths;      /* absolute, clean, sorted, none below another */
	char summary[96], when[96]; /* "" = none */
};

/*
 * name is of the file, for messages.
 *	-EINVAL  an unknown key, one that is there twice, a value that is none of the above, or too
 *	         many or too long ones; the line is named (USAGE)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_hookhead_parse(const char *text, size_t len, const char *name,
				  struct mkd_hookhead *ret, struct mkd_err *err);
void mkd_hookhead_free(struct mkd_hookhead *h);

#endif
