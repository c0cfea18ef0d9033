/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * label.h - a GPT on a target (UEFI 2.10, section 5.3), by libfdisk. Deterministic: all GUIDs are
 * given, partitions start where the caller says, nothing is asked or printed. The same request
 * gives the same bytes on a file and on a device of that size and sector size.
 *
 * Layout: protective MBR, primary header and 128 entries in the first MiB; the backup in the last
 * sectors of the file or device. Both outer MiB belong to the label.
 */
#ifndef MKDOMU_LABEL_H
#define MKDOMU_LABEL_H

#include "mkdomu/err.h"

#define MKD_LABEL_ALIGN_BYTES MIB
#define MKD_LABEL_NAME_CHARS  36

enum mkd_part_type {
	MKD_PART_LINUX_ROOT, /* 0FC63DAF-8483-4772-8E79-3D69D8477DE4, Linux filesystem data */
	MKD_PART_LINUX_SWAP, /* 0657FD6D-A4AB-43C4-84E5-0933C84B4F4F */
};

struct mkd_label_part {
	enum mkd_part_type type;
	uint64_t offset_bytes, size_bytes; /* multiples of 1 MiB, inside the usable area */
	uint8_t guid[16];                  /* RFC 4122 byte order */
	const char *name;                  /* ASCII, up to 36 characters */
};

struct mkd_label_req {
	int fd;           /* read-write, borrowed */
	const char *name; /* of the target, for messages */
	uint64_t size_bytes;
	unsigned sector_bytes; /* logical: 512 or 4096 */
	uint8_t disk_guid[16];
	const struct mkd_label_part *parts; /* numbered from 1 */
	size_t n_parts;                     /* 1 to 128 */
};

/*
 * Write the label; what is in the partitions stays.
 *	-EINVAL  overlapping, unaligned or outside [1 MiB, size - 1 MiB), a bad name, sector size or
 *	         count (INTERNAL: the layout is ours)
 *	-ENOMEM  (INTERNAL)
 *	other    of libfdisk's reads and writes (IO, NOSPACE)
 */
must_check int mkd_label_write_gpt(const struct mkd_label_req *req, struct mkd_err *err);

/* The version of libfdisk: "2.38.1". */
const char *mkd_label_library(void);

#endif
