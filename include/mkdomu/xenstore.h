/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xenstore.h - a minimal client of xenstored: read and list, nothing else. The wire protocol is
 * xen/io/xs_wire.h (4.17); spoken here, for libxenstore is not on hosts that only build images.
 */
#ifndef MKDOMU_XENSTORE_H
#define MKDOMU_XENSTORE_H

#include "mkdomu/buf.h"

/*
 * Connect to the socket of xenstored, else to the kernel's /dev/xen/xenbus. *ret_fd is the
 * caller's.
 *	-ENOENT  neither is there (TARGET)
 *	other    of connect(2), open(2) (TARGET)
 */
must_check int mkd_xenstore_open(const char *socket_path, const char *xenbus_path, int *ret_fd,
				 struct mkd_err *err);

/*
 * The value of a node as a string / the names below a node; fd is what mkd_xenstore_open gave.
 *	-ENOENT     no such node (TARGET)
 *	-ETIMEDOUT  no answer for 2 s (TARGET)
 *	-EPROTO     an answer that the protocol does not know, or another error word (TARGET)
 *	-ENAMETOOLONG  the path is over 4095 bytes (TARGET)
 *	-ENOMEM  (INTERNAL)
 *	other    of poll(2), read(2), write(2) (TARGET)
 */
must_check int mkd_xenstore_read(int fd, const char *path, struct mkd_buf *ret,
				 struct mkd_err *err);
must_check int mkd_xenstore_list(int fd, const char *path, struct mkd_strv *ret,
				 struct mkd_err *err);

#endif
