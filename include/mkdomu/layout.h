/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layout.h - where root and swap go and what the guest calls them. fstab, swap, xl's disk= and
 * root= are renderings of this and cannot disagree. Pure. Names: xen-vbd-interface(7).
 *
 *	one disk, swap on it      GPT: xvda = [ xvda1 root, xvda2 swap ]
 *	disk + swap device        bare: xvda1 = root, xvda2 = swap
 *	disk, no swap             bare: xvda1 = root; with "gpt": xvda = [ xvda1 root ]
 *	disk, swap file           as "no swap", and a file in root
 */
#ifndef MKDOMU_LAYOUT_H
#define MKDOMU_LAYOUT_H

#include "mkdomu/err.h"

enum mkd_layout_kind { MKD_LAYOUT_AUTO, MKD_LAYOUT_BARE, MKD_LAYOUT_GPT };
enum mkd_swap_kind { MKD_SWAP_NONE, MKD_SWAP_PARTITION, MKD_SWAP_DISK, MKD_SWAP_FILE };

struct mkd_layout_req {
	enum mkd_layout_kind kind;
	enum mkd_swap_kind swap;
	uint64_t disk_bytes; /* of the first disk */
	uint64_t swap_bytes; /* wanted for PARTITION and FILE; size of the second disk for DISK */
};

/* A region that holds something, and its name in the guest. */
struct mkd_region {
	size_t disk;           /* index into disks */
	unsigned partition;    /* number in the GPT, 0 = the whole disk is it */
	uint64_t offset_bytes; /* in its disk */
	uint64_t size_bytes;
	char dev[16]; /* "/dev/xvda1" */
};

struct mkd_layout {
	struct {
		char vdev[8]; /* xl's: "xvda", or "xvda1" for a bare one */
		bool gpt;
		uint64_t size_bytes;
	} disks[2];
	size_t n_disks;
	struct mkd_region root;
	enum mkd_swap_kind swap_kind;
	struct mkd_region swap;   /* PARTITION, DISK */
	uint64_t swap_file_bytes; /* FILE */
};

#define MKD_SWAP_FILE_PATH "/swapfile"

/*
 *	-EINVAL  kind GPT with a second disk; swap PARTITION with kind BARE (USAGE)
 *	-ENOSPC  the disk cannot hold a root of 64 MiB and the swap; says what it needs (NOSPACE)
 */
must_check int mkd_layout_make(const struct mkd_layout_req *req, struct mkd_layout *ret,
			       struct mkd_err *err);

#endif
