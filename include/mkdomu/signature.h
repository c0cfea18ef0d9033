/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signature.h - what is on a disk: file systems, swap, LVM, LUKS, md, ZFS, partition tables; found
 * and wiped by libblkid's low-level probes (its cache is never used).
 */
#ifndef MKDOMU_SIGNATURE_H
#define MKDOMU_SIGNATURE_H

#include "mkdomu/err.h"

#define MKD_FOUND_BYTES 256

/*
 * Describe what fd (a file or device) holds: "ext4, label 'root', UUID ..."; "" when nothing is
 * known there. Signatures with a bad checksum count. Several that contradict each other give
 * "several signatures (TYPE and others)".
 *	-EIO     it cannot be read (IO)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_signature_find(int fd, const char *name, char ret[static MKD_FOUND_BYTES],
				  struct mkd_err *err);

/*
 * Overwrite the magic bytes of every signature, the GPT's backup at the end too, until none is
 * found. fd is read-write.
 *	-EIO     writing failed, or a signature came back (IO)
 *	-ENOMEM  (INTERNAL)
 */
must_check int mkd_signature_wipe(int fd, const char *name, struct mkd_err *err);

#endif
