/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/gptread.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "mkdomu/file.h"

#define SECTOR_MAX  4096
#define HEADER_MIN  92
#define ENTRY_BYTES 128 /* a multiple of it */
#define ENTRY_MAX   4096

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return le32toh(v);
}

static int unfit(struct mkd_err *err, const char *name, const char *why)
{
	return mkd_fail(err, MKD_EXIT_TARGET, EUCLEAN, "cannot read the GPT of '%s': %s", name,
			why);
}

/* Whole sectors from lba on, or nothing where they are not on the disk. */
static bool sectors(const struct mkd_gpt *g, uint64_t disk_bytes, uint64_t lba, uint64_t bytes,
		    struct mkd_span *ret)
{
	uint64_t size = (bytes + g->sector_bytes - 1) / g->sector_bytes * g->sector_bytes;

	if (lba > disk_bytes / g->sector_bytes || size > disk_bytes - lba * g->sector_bytes)
		return false;
	*ret = (struct mkd_span){ lba * g->sector_bytes, size };
	return true;
}

static int read_entries(int fd, const char *name, uint64_t disk_bytes, unsigned n,
			struct mkd_gpt *g, struct mkd_err *err)
{
	uint8_t entry[ENTRY_MAX];

	for (unsigned i = 0; i < n; i++) {
		static const uint8_t none[16];
		uint64_t first, last;
		int r = mkd_pread_full(fd, entry, (size_t)g->entry_bytes,
				       g->entries.offset_bytes + i * g->entry_bytes);

		if (r < 0)
			return mkd_fail_io(err, -r, "cannot read '%s'", name);
		if (memcmp(entry, none, sizeof(none)) == 0)
			continue;
		first = get64(entry + 32);
		last = get64(entry + 40);
		if (last < first || last - first >= disk_bytes / g->sector_bytes ||
		    !sectors(g, disk_bytes, first, (last - first + 1) * g->sector_bytes,
			     &g->parts[i]))
			return unfit(err, name, "a partition ends behind the disk");
	}
	return 0;
}

static int read_header(int fd, const char *name, uint64_t disk_bytes, struct mkd_gpt *g,
		       struct mkd_err *err)
{
	uint8_t h[HEADER_MIN], b[HEADER_MIN];
	uint64_t n, size, alternate;
	int r = mkd_pread_full(fd, h, sizeof(h), g->sector_bytes);

	if (r < 0)
		return mkd_fail_io(err, -r, "cannot read '%s'", name);
	alternate = get64(h + 32);
	n = get32(h + 80);
	size = get32(h + 84);
	if (n > MKD_GPT_PARTS || !size || size % ENTRY_BYTES || size > ENTRY_MAX)
		return unfit(err, name, "it has entries that are not understood here");
	g->entry_bytes = size;
	if (!sectors(g, disk_bytes, 0, 1, &g->mbr) || !sectors(g, disk_bytes, 1, 1, &g->header) ||
	    !sectors(g, disk_bytes, get64(h + 72), n * size, &g->entries) ||
	    !sectors(g, disk_bytes, alternate, 1, &g->backup_header))
		return unfit(err, name, "it ends behind the disk");
	r = mkd_pread_full(fd, b, sizeof(b), g->backup_header.offset_bytes);
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot read '%s'", name);
	if (memcmp(b, "EFI PART", 8) != 0 ||
	    !sectors(g, disk_bytes, get64(b + 72), n * size, &g->backup_entries))
		return unfit(err, name, "its backup is damaged");
	return read_entries(fd, name, disk_bytes, (unsigned)n, g, err);
}

int mkd_gpt_read(int fd, const char *name, uint64_t disk_bytes, struct mkd_gpt *ret,
		 struct mkd_err *err)
{
	static const unsigned sizes[] = { 512, SECTOR_MAX };
	struct mkd_gpt g = { 0 };
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(sizes) && !g.sector_bytes; i++) {
		char magic[8];

		if (disk_bytes < 2 * (uint64_t)SECTOR_MAX)
			break;
		r = mkd_pread_full(fd, magic, sizeof(magic), sizes[i]);
		if (r < 0)
			return mkd_fail_io(err, -r, "cannot read '%s'", name);
		if (memcmp(magic, "EFI PART", sizeof(magic)) == 0)
			g.sector_bytes = sizes[i];
	}
	if (g.sector_bytes)
		r = read_header(fd, name, disk_bytes, &g, err);
	if (r == 0)
		*ret = g;
	return r;
}
