/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diskmap.h - which bytes of a disk a guest's layout owns, and their names: a GPT with ext4 and
 * swap in its partitions, or one of these on the bare disk (layout.h).
 *
 *	GPT   the protective MBR, both headers, both tables of entries, in whole sectors
 *	ext4  the blocks that its bitmaps call used (owned.h)
 *	swap  the first 4096 bytes, its header
 *
 * All else is free space, which may hold anything.
 */
#ifndef MKDOMU_DISKMAP_H
#define MKDOMU_DISKMAP_H

#include "mkdomu/gptread.h"

struct mkd_diskmap_part;

struct mkd_diskmap {
	const char *name;
	/*
	 * Where the layout ends: behind the backup of the GPT; on a bare disk behind the file
	 * system, or the last page of the swap. A device may go on behind it.
	 */
	uint64_t size_bytes;
	struct mkd_span *owned; /* ascending, apart */
	size_t n_owned, room;
	struct mkd_gpt gpt;
	struct mkd_diskmap_part *parts; /* MKD_GPT_PARTS of them */
};

struct mkd_diskmap_req {
	int fd;           /* readable, of a file or device; borrowed until free */
	const char *name; /* for messages; borrowed until free */
	bool content;     /* false: structures alone, see owned.h */
};

/*
 * Open an image file or a block device for looking at it; *ret_fd is the caller's.
 *	-EINVAL  it is neither (USAGE)
 *	other    of open(2), fstat(2) (USAGE)
 */
must_check int mkd_diskmap_open(const char *path, int *ret_fd, struct mkd_err *err);

/*
 *	-EINVAL   neither a GPT nor ext4 nor swap, on the disk or in a partition (TARGET)
 *	-EUCLEAN  damaged (TARGET; an ext4: IO)
 *	-EINTR    a signal asked to stop
 *	-ENOMEM   (INTERNAL)
 *	other     of pread(2), lseek(2) (IO)
 *	and mkd_tree_ext4_open
 */
must_check int mkd_diskmap_make(const struct mkd_diskmap_req *req, struct mkd_diskmap *ret,
				struct mkd_err *err);
void mkd_diskmap_free(struct mkd_diskmap *m);

#define MKD_DISKMAP_NAME_MAX 700

/*
 * What the owned byte at_bytes is: "GPT header (backup)", "swap header", or of an
 * ext4 what owner.h says. *ret_span (may be NULL) gets how many bytes from there are the same.
 * Errors: mkd_owner_find.
 */
must_check int mkd_diskmap_find(const struct mkd_diskmap *m, uint64_t at_bytes,
				char ret[static MKD_DISKMAP_NAME_MAX], uint64_t *ret_span,
				struct mkd_err *err);

#endif
