/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/signature.h"

#include <errno.h>
#include <string.h>
#include <blkid/blkid.h>

#include "mkdomu/buf.h"

/* ZFS has up to 4 labels of 128 uberblocks, each wiped by itself. */
#define MAX_WIPES 4096

DEFINE_CLEANUP(free_probe, blkid_probe, blkid_free_probe)

/* NULL with *err set. */
static blkid_probe new_probe(int fd, const char *name, struct mkd_err *err)
{
	cleanup(free_probe) blkid_probe pr = blkid_new_probe();

	if (!pr) {
		(void)mkd_nomem(err);
		return NULL;
	}
	if (blkid_probe_set_device(pr, fd, 0, 0) != 0) {
		(void)mkd_fail_errno(err, MKD_EXIT_IO, errno ? errno : EIO, "cannot read '%s'",
				     name);
		return NULL;
	}
	blkid_probe_enable_superblocks(pr, 1);
	blkid_probe_set_superblocks_flags(pr, BLKID_SUBLKS_MAGIC | BLKID_SUBLKS_TYPE |
						      BLKID_SUBLKS_USAGE | BLKID_SUBLKS_LABEL |
						      BLKID_SUBLKS_UUID | BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(pr, 1);
	blkid_probe_set_partitions_flags(pr, BLKID_PARTS_MAGIC | BLKID_PARTS_FORCE_GPT);
	return steal(&pr);
}

static const char *value(blkid_probe pr, const char *name)
{
	const char *data = NULL;

	return blkid_probe_lookup_value(pr, name, &data, NULL) == 0 && data ? data : "";
}

static const char *table_name(const char *pttype)
{
	if (strcmp(pttype, "gpt") == 0)
		return "GPT";
	return strcmp(pttype, "dos") == 0 ? "MBR" : pttype;
}

/* Labels are any bytes: what could drive a terminal or end a line does not get out. */
static void add_clean(struct mkd_buf *b, const char *before, const char *text, const char *after)
{
	if (!*text)
		return;
	mkd_buf_str(b, before);
	for (; *text; text++)
		mkd_buf_printf(b, "%c", (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
	mkd_buf_str(b, after);
}

static void describe(blkid_probe pr, struct mkd_buf *b)
{
	const char *type = value(pr, "TYPE"), *table = value(pr, "PTTYPE");

	add_clean(b, "", type, "");
	add_clean(b, ", label '", value(pr, "LABEL"), "'");
	add_clean(b, ", UUID ", value(pr, "UUID"), "");
	if (!*table)
		return;
	add_clean(b, *type ? " and " : "", table_name(table), " partition table");
	add_clean(b, ", UUID ", value(pr, "PTUUID"), "");
}

/* safeprobe says only that there are several; the first of them is worth naming. */
static void describe_several(blkid_probe pr, struct mkd_buf *b)
{
	blkid_reset_probe(pr);
	mkd_buf_str(b, "several signatures");
	if (blkid_do_probe(pr) != 0)
		return;
	mkd_buf_str(b, " (");
	add_clean(b, "", *value(pr, "TYPE") ? value(pr, "TYPE") : value(pr, "PTTYPE"), "");
	mkd_buf_str(b, " and others)");
}

int mkd_signature_find(int fd, const char *name, char ret[static MKD_FOUND_BYTES],
		       struct mkd_err *err)
{
	cleanup(free_probe) blkid_probe pr = new_probe(fd, name, err);
	cleanup_buf struct mkd_buf b = { 0 };
	int r;

	if (!pr)
		return -err->code;
	r = blkid_do_safeprobe(pr);
	/* -1, or the errno of a read: all but "ambivalent" */
	if (r < 0 && r != -2)
		return mkd_fail_io(err, r == -1 ? EIO : -r, "cannot read '%s' to see what is on it",
				   name);
	if (r == 0)
		describe(pr, &b);
	else if (r == -2)
		describe_several(pr, &b);
	r = mkd_buf_check(&b, err);
	if (r == 0)
		(void)snprintf(ret, MKD_FOUND_BYTES, "%s", mkd_buf_cstr(&b));
	return r;
}

int mkd_signature_wipe(int fd, const char *name, struct mkd_err *err)
{
	cleanup(free_probe) blkid_probe pr = new_probe(fd, name, err);
	int r;

	if (!pr)
		return -err->code;
	/* After a wipe libblkid steps back, so that the same probe looks there again. */
	for (int i = 0; i < MAX_WIPES; i++) {
		r = blkid_do_probe(pr);
		if (r == 1)
			return 0;
		if (r < 0)
			return mkd_fail_io(err, r == -1 ? EIO : -r, "cannot read '%s' to wipe it",
					   name);
		if (blkid_do_wipe(pr, 0) != 0)
			return mkd_fail(err, MKD_EXIT_IO, EIO,
					"cannot wipe the old signatures of '%s'", name);
	}
	return mkd_fail(err, MKD_EXIT_IO, EIO, "'%s' keeps its old signatures though wiped", name);
}
