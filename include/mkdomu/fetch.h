/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fetch.h - one http(s) URL into a file, resuming, or into memory (libcurl).
 *
 * Nothing here is trusted but sizes: what a server gives is judged afterwards. So a redirect may
 * lead to any host, at most five times, over http and https; from https to https alone. Proxies
 * and CA certificates are taken from the environment as curl(1) does. No option turns the check of
 * certificates off.
 */
#ifndef MKDOMU_FETCH_H
#define MKDOMU_FETCH_H

#include "mkdomu/buf.h"
#include "mkdomu/ui.h"

struct mkd_fetch {
	const char *url;
	uint64_t max_bytes;   /* of the whole file; must be > 0 */
	uint64_t size_bytes;  /* exactly this long, as somebody signed; 0 = not known */
	unsigned connect_sec; /* 0 = 20 */
	unsigned stall_sec;   /* give up after so long under 1000 bytes/s; 0 = 30 */
	unsigned tries;       /* in a row without progress; 0 = 3 */
	unsigned pause_msec;  /* before the second try, doubled before each more; 0 = 1000 */
	struct mkd_ui *ui;    /* progress stage "download" */
};

/*
 * Fetch into dirfd/name, by way of NAME.part (part.h), which is kept when trying again can help.
 * On a full disk it is not. A file
 * of the name NAME is replaced. The caller keeps other writers away.
 *	-EINVAL   not an http(s) URL (USAGE)
 *	-ENOENT   the server has no such file: 404 or 410 (NET)
 *	-EFBIG    larger than max_bytes or size_bytes; the part is removed (NET)
 *	-EBADMSG  the server says that it is shorter than size_bytes (VERIFY)
 *	-EINVAL   the environment names CA certificates that cannot be read (USAGE)
 *	-EHOSTUNREACH  any other failure of network or server, after all tries (NET)
 *	-EINTR   a signal asked to stop (the part is kept)
 *	-ENOMEM  (INTERNAL)
 *	and mkd_part_open, mkd_part_restart, mkd_part_add, mkd_part_publish
 */
must_check int mkd_fetch_file(const struct mkd_fetch *req, int dirfd, const char *name,
			      struct mkd_err *err);

/*
 * The same into memory; *ret is reset first. No resuming.
 *	-ENOMEM  (INTERNAL)
 *	-EINVAL, -ENOENT, -EFBIG, -EBADMSG, -EHOSTUNREACH, -EINTR  as above
 */
must_check int mkd_fetch_buf(const struct mkd_fetch *req, struct mkd_buf *ret, struct mkd_err *err);

#endif
