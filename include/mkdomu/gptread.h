/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gptread.h - where a GPT lies on a disk and what partitions it has (UEFI 2.10, section 5.3). Reads
 * the primary header alone, with sectors of 512 or 4096 bytes. Checksums are not looked at, for a
 * damaged label is to be described too; every place is held against the disk's size.
 */
#ifndef MKDOMU_GPTREAD_H
#define MKDOMU_GPTREAD_H

#include "mkdomu/err.h"

#define MKD_GPT_PARTS 128

struct mkd_span {
	uint64_t offset_bytes, size_bytes;
};

struct mkd_gpt {
	unsigned sector_bytes; /* 0 = there is no GPT, and all else is unset */
	struct mkd_span mbr, header, entries, backup_entries, backup_header;
	uint64_t entry_bytes;                 /* of one entry */
	struct mkd_span parts[MKD_GPT_PARTS]; /* by number less 1; size 0 = none */
};

/*
 *	-EUCLEAN  there is a GPT, but its places lie outside of the disk, or it has more than 128
 *	          entries or entries of an odd size (TARGET)
 *	other     reading failed (IO)
 */
must_check int mkd_gpt_read(int fd, const char *name, uint64_t disk_bytes, struct mkd_gpt *ret,
			    struct mkd_err *err);

#endif
