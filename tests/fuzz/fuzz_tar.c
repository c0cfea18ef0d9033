// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A plain tar archive through stream, libarchive, policy and writer into an image. What is accepted
 * is a file system that e2fsck finds nothing in, the same when made again; what is refused leaves
 * none. Nothing outside the image's region is written.
 */
#include "fuzz.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "mkdomu/file.h"
#include "mkdomu/rootfs.h"

#define TAR_MAX (256 * KIB)

static uint8_t tar[TAR_MAX + 1024];

static int write_image(struct fuzz_image *im, int fd, size_t len, struct mkd_err *err)
{
	struct mkd_rootfs_req req = { .tar_fd = fd,
				      .tar_name = "root.tar",
				      .tar_bytes = len,
				      .threads = 1,
				      .fs = fuzz_image_req(im) };
	struct mkd_rootfs_result result;
	int r;

	/* a small table, so that it can run out */
	req.fs.inodes = 64;
	fuzz_image_clear(im);
	r = mkd_rootfs_write(&req, &result, err);
	fuzz_result(r, err);
	fuzz_image_untouched_around(im);
	if (r < 0)
		fuzz_image_has_none(im);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_image im;
	struct mkd_err err = { 0 };
	cleanup_close int fd = memfd_create("tar", MFD_CLOEXEC);
	size_t n = fuzz_tar_repair(data, len, tar, TAR_MAX);

	if (!im.size_bytes)
		fuzz_image_open(&im);
	/* the end of the archive, unless the last byte says that it is cut */
	if (!len || data[len - 1] != 'C') {
		memset(tar + n, 0, 1024);
		n = (n + 511) / 512 * 512 + 1024;
		n = n > sizeof(tar) ? sizeof(tar) : n;
	}
	fuzz_must(fd >= 0 && mkd_pwrite_full(fd, tar, n, 0) == 0, "the archive");
	if (write_image(&im, fd, n, &err) < 0)
		return 0;
	fuzz_image_walk(&im);
	if (fuzz_chosen(data, len)) {
		uint64_t hash = fuzz_image_hash(&im);

		fuzz_image_fsck(&im);
		fuzz_must(write_image(&im, fd, n, &err) == 0, "the second time: %s", err.msg);
		fuzz_must(fuzz_image_hash(&im) == hash, "another image from the same archive");
	}
	return 0;
}
