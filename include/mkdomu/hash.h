/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hash.h - digests of a whole file, several at once, one thread each (libgcrypt). */
#ifndef MKDOMU_HASH_H
#define MKDOMU_HASH_H

#include "mkdomu/digests.h"
#include "mkdomu/ui.h"

/*
 * Digest size_bytes bytes of fd from offset 0, by pread: its file position stays. want is a set of
 * MKD_ALGO_BITs; SHA256 is always added: where processors have instructions for it, it is the one
 * that costs least. Progress stage "verify".
 *	-EIO    fd is shorter than size_bytes: somebody changed it (IO)
 *	-ENOTSUP  libgcrypt is too old or lacks an algorithm, as in FIPS mode (INTERNAL)
 *	-EINTR   a signal asked to stop
 *	-ENOMEM  (INTERNAL)
 *	other    of pread(2) (IO)
 */
must_check int mkd_hash_fd(int fd, uint64_t size_bytes, unsigned want, struct mkd_ui *ui,
			   struct mkd_digests *ret, struct mkd_err *err);

/*
 * The first 32 hexadecimal digits of the SHA512 of a string, for names of files.
 *	-ENOTSUP  as above (INTERNAL)
 */
must_check int mkd_hash_name(const char *text, char ret[static 33], struct mkd_err *err);

#endif
