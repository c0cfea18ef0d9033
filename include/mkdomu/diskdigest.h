/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diskdigest.h - one digest of what a disk's layout owns (diskmap.h), the same for an image file
 * and for a device that held something else before.
 *
 * Definition, version 1. Take the disk from its start to the end of the layout, with every byte
 * that is not owned as zero. Cut it into pieces of 1 MiB, the last one may be shorter. The digest
 * is the SHA-256 of the SHA-256 digests, 32 bytes each, of the pieces in their order. So a piece
 * without an owned byte costs nothing, and pieces can be computed by several threads.
 */
#ifndef MKDOMU_DISKDIGEST_H
#define MKDOMU_DISKDIGEST_H

#include "mkdomu/diskmap.h"
#include "mkdomu/ui.h"

#define MKD_DISKDIGEST_BYTES 32
#define MKD_DISKDIGEST_PIECE MIB

/* Their names in manifests: of all that is owned, and of the structures alone (owned.h). */
#define MKD_DISKDIGEST_ALL        "mkdomuDisk1"
#define MKD_DISKDIGEST_STRUCTURES "mkdomuStructures1"

/*
 * fd is the map's. threads 0 = one a core; progress stage "digest".
 *	-ENOTSUP  libgcrypt is too old or lacks SHA-256 (INTERNAL)
 *	-EINTR    a signal asked to stop
 *	-ENOMEM   (INTERNAL)
 *	other     of pread(2) (IO)
 */
must_check int mkd_diskdigest(const struct mkd_diskmap *m, int fd, unsigned threads,
			      struct mkd_ui *ui, uint8_t ret[static MKD_DISKDIGEST_BYTES],
			      struct mkd_err *err);

/* The same of a file or device in one go. Errors: mkd_diskmap_make and mkd_diskdigest. */
must_check int mkd_diskdigest_fd(const struct mkd_diskmap_req *req, unsigned threads,
				 struct mkd_ui *ui, uint8_t ret[static MKD_DISKDIGEST_BYTES],
				 struct mkd_err *err);

#endif
