/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/layout.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/size.h"

#define ROOT_MIN_BYTES (64 * MIB)
#define SWAP_MIN_BYTES (10 * UINT64_C(4096)) /* mkswap(8): ten pages */
#define BLOCK_BYTES    UINT64_C(4096)

static uint64_t round_down(uint64_t bytes, uint64_t unit)
{
	return bytes - bytes % unit;
}

static bool is_gpt(const struct mkd_layout_req *req)
{
	return req->kind == MKD_LAYOUT_GPT ||
	       (req->kind == MKD_LAYOUT_AUTO && req->swap == MKD_SWAP_PARTITION);
}

static int check_kinds(const struct mkd_layout_req *req, struct mkd_err *err)
{
	if (req->kind == MKD_LAYOUT_GPT && req->swap == MKD_SWAP_DISK)
		return mkd_fail(
			err, MKD_EXIT_USAGE, EINVAL,
			"cannot use layout 'gpt' with swap on a second disk: the guest would "
			"need two tables; leave out the layout, or the second disk");
	if (req->kind == MKD_LAYOUT_BARE && req->swap == MKD_SWAP_PARTITION)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"cannot use layout 'bare' with a swap partition; give --swap none, "
				"--swap file or --swap PATH");
	if (req->swap != MKD_SWAP_NONE && req->swap_bytes < SWAP_MIN_BYTES)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"cannot make a swap of %llu bytes: it needs at least 40 KiB",
				(unsigned long long)req->swap_bytes);
	return 0;
}

/* Room that root, swap and table need on the first disk, or UINT64_MAX when that overflows. */
static uint64_t need_bytes(const struct mkd_layout_req *req)
{
	uint64_t need = ROOT_MIN_BYTES + (is_gpt(req) ? 2 * MIB : 0);
	uint64_t swap = 0;

	if (req->swap == MKD_SWAP_PARTITION || req->swap == MKD_SWAP_FILE)
		swap = req->swap_bytes;
	if (swap > UINT64_MAX - need - MIB)
		return UINT64_MAX;
	return need + round_down(swap + MIB - 1, MIB);
}

static int check_room(const struct mkd_layout_req *req, struct mkd_err *err)
{
	char have[32], need[32], swap[32];
	/* in full MiB, rounded up: what is given after reading it must be enough */
	uint64_t need_mib = (need_bytes(req) - 1) / MIB + 1;

	if (round_down(req->disk_bytes, is_gpt(req) ? MIB : BLOCK_BYTES) >= need_bytes(req))
		return 0;
	(void)snprintf(need, sizeof(need), "%llu MiB", (unsigned long long)need_mib);
	if (req->swap != MKD_SWAP_PARTITION && req->swap != MKD_SWAP_FILE)
		return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
				"the disk is too small: it has %s, a root needs at least %s",
				mkd_size_format(req->disk_bytes, have), need);
	return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC,
			"the disk is too small: it has %s, root and a swap of %s need at least %s; "
			"give less --swap-size or more --size",
			mkd_size_format(req->disk_bytes, have),
			mkd_size_format(req->swap_bytes, swap), need);
}

static void set_region(struct mkd_region *r, size_t disk, unsigned partition, const char *dev)
{
	r->disk = disk;
	r->partition = partition;
	(void)snprintf(r->dev, sizeof(r->dev), "%s", dev);
}

/* [1 MiB: table][root][swap][1 MiB: the table's copy] */
static void lay_gpt(const struct mkd_layout_req *req, struct mkd_layout *l)
{
	uint64_t end = round_down(req->disk_bytes, MIB) - MIB;

	(void)snprintf(l->disks[0].vdev, sizeof(l->disks[0].vdev), "xvda");
	l->disks[0].gpt = true;
	set_region(&l->root, 0, 1, "/dev/xvda1");
	l->root.offset_bytes = MIB;
	if (req->swap == MKD_SWAP_PARTITION) {
		set_region(&l->swap, 0, 2, "/dev/xvda2");
		l->swap.size_bytes = round_down(req->swap_bytes + MIB - 1, MIB);
		l->swap.offset_bytes = end - l->swap.size_bytes;
		end = l->swap.offset_bytes;
	}
	l->root.size_bytes = end - l->root.offset_bytes;
}

static void lay_bare(const struct mkd_layout_req *req, struct mkd_layout *l)
{
	(void)snprintf(l->disks[0].vdev, sizeof(l->disks[0].vdev), "xvda1");
	set_region(&l->root, 0, 0, "/dev/xvda1");
	l->root.size_bytes = round_down(req->disk_bytes, BLOCK_BYTES);
}

static void lay_swap_disk(const struct mkd_layout_req *req, struct mkd_layout *l)
{
	l->n_disks = 2;
	(void)snprintf(l->disks[1].vdev, sizeof(l->disks[1].vdev), "xvda2");
	l->disks[1].size_bytes = req->swap_bytes;
	set_region(&l->swap, 1, 0, "/dev/xvda2");
	l->swap.size_bytes = round_down(req->swap_bytes, BLOCK_BYTES);
}

int mkd_layout_make(const struct mkd_layout_req *req, struct mkd_layout *ret, struct mkd_err *err)
{
	struct mkd_layout l = { .n_disks = 1, .swap_kind = req->swap };
	int r = check_kinds(req, err);

	if (r == 0)
		r = check_room(req, err);
	if (r < 0)
		return r;
	l.disks[0].size_bytes = req->disk_bytes;
	if (is_gpt(req))
		lay_gpt(req, &l);
	else
		lay_bare(req, &l);
	if (req->swap == MKD_SWAP_DISK)
		lay_swap_disk(req, &l);
	if (req->swap == MKD_SWAP_FILE)
		l.swap_file_bytes = round_down(req->swap_bytes, BLOCK_BYTES);
	*ret = l;
	return 0;
}
