/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/readback.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"

#define PAGE_BYTES 4096 /* alignment for O_DIRECT */

int mkd_direct_open(int fd, int flags)
{
	char path[64];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = open(path, flags | O_DIRECT | O_CLOEXEC);
	if (r < 0)
		r = open(path, flags | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

static int check(int fd, int direct, const char *name, uint64_t offset, struct mkd_err *err)
{
	cleanup_free uint8_t *wrote = aligned_alloc(PAGE_BYTES, MKD_READBACK_BYTES);
	cleanup_free uint8_t *kept = aligned_alloc(PAGE_BYTES, MKD_READBACK_BYTES);
	int r;

	if (!wrote || !kept)
		return mkd_nomem(err);
	r = mkd_pread_full(fd, wrote, MKD_READBACK_BYTES, offset);
	if (r == 0 && fsync(fd) != 0)
		r = -errno;
	(void)posix_fadvise(fd, (off_t)offset, MKD_READBACK_BYTES, POSIX_FADV_DONTNEED);
	if (r == 0)
		r = mkd_pread_full(direct, kept, MKD_READBACK_BYTES, offset);
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot read back '%s'", name);
	if (memcmp(wrote, kept, MKD_READBACK_BYTES) != 0)
		return mkd_fail(err, MKD_EXIT_IO, EIO,
				"'%s' does not keep what is written: %llu bytes from its start it "
				"reads differently; check the device",
				name, (unsigned long long)offset);
	return 0;
}

int mkd_readback_check(int fd, const char *name, const uint64_t *offsets, size_t n,
		       struct mkd_err *err)
{
	cleanup_close int direct = mkd_direct_open(fd, O_RDONLY);
	int r = 0;

	if (direct < 0)
		return mkd_fail_io(err, -direct, "cannot read back '%s'", name);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = check(fd, direct, name, offsets[i], err);
	return r;
}
