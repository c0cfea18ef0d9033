/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * label.h - a GPT on a target, deterministic: all GUIDs are given (UEFI 2.10, 5.3). Uses libfdisk.
 */
#ifndef MKDOMU_LABEL_H
#define MKDOMU_LABEL_H

#include "mkdomu/err.h"

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
	unsigned sector_bytes;
	uint8_t disk_guid[16];
	const struct mkd_label_part *parts; /* numbered from 1 */
	size_t n_parts;
};

/* -EINVAL overlapping or outside (INTERNAL: the layout is ours); -EIO... */
must_check int mkd_label_write_gpt(const struct mkd_label_req *req, struct mkd_err *err);

#endif
