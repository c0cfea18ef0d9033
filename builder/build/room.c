/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plain tarball tells by its headers whether it fits: asked while the disk has its old content.
 */
#include <string.h>

#include "mkdomu/job.h"
#include "mkdomu/swap.h"

int mkd_job_room(void *job, struct mkd_err *err)
{
	static const uint8_t no_header[MKD_SWAP_PAGE_BYTES];
	struct mkd_job *j = job;
	struct mkd_rootfs_req req = {
		.tar_fd = j->source.fd,
		.tar_name = j->source.file,
		.tar_bytes = j->source.size_bytes,
		.threads = j->plan->threads,
		.strip = j->plan->strip,
		.epoch_sec = j->epoch_sec ? j->epoch_sec : j->source.build_sec,
		.fs = { .fd = -1,
			.name = j->info[MKD_DISK_MAIN].name,
			.size_bytes = j->layout.root.size_bytes },
		.ui = j->ui,
	};

	if (j->layout.swap_kind == MKD_SWAP_FILE)
		req.swap = (struct mkd_ext4_swap){ .path = &MKD_SWAP_FILE_PATH[1],
						   .page = no_header,
						   .size_bytes = j->layout.swap_file_bytes };
	/* the order of a folder's names, and so its number of blocks, follows from it */
	memcpy(req.fs.hash_seed, j->base.hash_seed, sizeof(req.fs.hash_seed));
	return mkd_rootfs_check(&req, err);
}
