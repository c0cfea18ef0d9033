/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/swap.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/size.h"

/* union swap_header of the kernel, first page; the magic ends the page. */
struct swap_page {
	uint8_t boot[1024];
	uint32_t version;
	uint32_t last_page;
	uint32_t nr_badpages;
	uint8_t uuid[16];
	char label[16];
	uint8_t unused[3020 - 2];
	char magic[10];
};

_Static_assert(sizeof(struct swap_page) == MKD_SWAP_PAGE_BYTES, "the header fills one page");

int mkd_swap_header(const struct mkd_swap_req *req, uint8_t ret[MKD_SWAP_PAGE_BYTES],
		    struct mkd_err *err)
{
	uint64_t pages = req->size_bytes / MKD_SWAP_PAGE_BYTES;
	struct swap_page page = { .version = htole32(1) };
	size_t label_len = req->label ? strlen(req->label) : 0;
	char size[32];

	if (req->size_bytes < MKD_SWAP_MIN_BYTES)
		return mkd_fail(err, MKD_EXIT_TARGET, EINVAL,
				"cannot make swap on '%s': %s is too small; it needs 40 KiB",
				req->name, mkd_size_format(req->size_bytes, size));
	if (label_len > MKD_SWAP_LABEL_BYTES)
		return mkd_fail(err, MKD_EXIT_USAGE, ENAMETOOLONG,
				"cannot label the swap on '%s': '%s' has more than 15 bytes",
				req->name, req->label);
	if (pages - 1 > UINT32_MAX)
		pages = UINT64_C(1) + UINT32_MAX;
	page.last_page = htole32((uint32_t)(pages - 1));
	memcpy(page.uuid, req->uuid, sizeof(page.uuid));
	if (label_len)
		memcpy(page.label, req->label, label_len);
	memcpy(page.magic, "SWAPSPACE2", sizeof(page.magic));
	memcpy(ret, &page, sizeof(page));
	return 0;
}

int mkd_swap_write(const struct mkd_swap_req *req, struct mkd_err *err)
{
	uint8_t page[MKD_SWAP_PAGE_BYTES];
	int r = mkd_swap_header(req, page, err);

	if (r < 0)
		return r;
	r = mkd_pwrite_full(req->fd, page, sizeof(page), req->offset_bytes);
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot write the swap header of '%s'", req->name);
	return 0;
}
