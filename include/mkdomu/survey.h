/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * survey.h - a plain tar looked through by its headers alone, seeking over what files hold: what it
 * needs at most, and whether the policy takes its members, before anything is written.
 *
 * A compressed one cannot be looked through so: to reach its last header is to unpack all of it,
 * which is most of the work that a build is.
 */
#ifndef MKDOMU_SURVEY_H
#define MKDOMU_SURVEY_H

#include "mkdomu/need.h"

struct mkd_survey {
	bool plain;           /* else nothing was looked at */
	bool unsure;          /* sparse files or odd attributes: need may be too little */
	struct mkd_need need; /* an estimate from above, but for the above */
};

/*
 * Read the headers of the file at fd, by pread(2) from offset 0; name is for messages.
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	other    of pread(2), fstat(2) (IO)
 *	and mkd_tarscan_feed, mkd_tarscan_finish, mkd_convert_begin, mkd_convert_end
 */
must_check int mkd_survey_tar(int fd, const char *name, struct mkd_survey *ret,
			      struct mkd_err *err);

#endif
