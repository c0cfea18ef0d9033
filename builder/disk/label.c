/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/label.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <libfdisk/libfdisk.h>

#define MAX_PARTS 128

DEFINE_CLEANUP(unref_context, struct fdisk_context *, fdisk_unref_context)
DEFINE_CLEANUP(unref_partition, struct fdisk_partition *, fdisk_unref_partition)
DEFINE_CLEANUP(unref_parttype, struct fdisk_parttype *, fdisk_unref_parttype)

static const char *const type_guids[] = {
	[MKD_PART_LINUX_ROOT] = "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
	[MKD_PART_LINUX_SWAP] = "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
};

struct guid_text {
	char s[37];
};

static struct guid_text guid_format(const uint8_t g[static 16])
{
	struct guid_text t = { "" };
	char *p = t.s;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += snprintf(p, 3, "%02X", g[i]);
	}
	return t;
}

static int bad_layout(const struct mkd_label_req *req, struct mkd_err *err, const char *what)
{
	return mkd_fail(err, MKD_EXIT_INTERNAL, EINVAL, "cannot partition '%s': %s", req->name,
			what);
}

static bool name_is_good(const char *name)
{
	size_t len = strlen(name);

	if (len > MKD_LABEL_NAME_CHARS)
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] < 0x20 || name[i] == 0x7f)
			return false;
	return true;
}

static int check_part(const struct mkd_label_req *req, const struct mkd_label_part *p,
		      struct mkd_err *err)
{
	uint64_t end_max = req->size_bytes - MKD_LABEL_ALIGN_BYTES;

	if ((size_t)p->type >= ARRAY_LEN(type_guids))
		return bad_layout(req, err, "a partition has an unknown type");
	if (!name_is_good(p->name))
		return bad_layout(req, err, "a partition name is too long or not ASCII");
	if (p->offset_bytes % MKD_LABEL_ALIGN_BYTES || p->size_bytes % MKD_LABEL_ALIGN_BYTES ||
	    p->size_bytes == 0)
		return bad_layout(req, err, "a partition is not aligned to 1 MiB");
	if (p->offset_bytes < MKD_LABEL_ALIGN_BYTES || p->offset_bytes > end_max ||
	    p->size_bytes > end_max - p->offset_bytes)
		return bad_layout(req, err, "a partition is outside the usable area");
	for (const struct mkd_label_part *q = req->parts; q < p; q++)
		if (p->offset_bytes < q->offset_bytes + q->size_bytes &&
		    q->offset_bytes < p->offset_bytes + p->size_bytes)
			return bad_layout(req, err, "partitions overlap");
	return 0;
}

/* libfdisk would believe us; a device with other sectors could then not be read by anybody. */
static bool sectors_differ(const struct mkd_label_req *req)
{
	struct stat st;
	int real = 0;

	return fstat(req->fd, &st) == 0 && S_ISBLK(st.st_mode) &&
	       (ioctl(req->fd, BLKSSZGET, &real) != 0 || (unsigned)real != req->sector_bytes);
}

static int check(const struct mkd_label_req *req, struct mkd_err *err)
{
	if (req->sector_bytes != 512 && req->sector_bytes != 4096)
		return bad_layout(req, err, "the sector size is neither 512 nor 4096 bytes");
	if (sectors_differ(req))
		return bad_layout(req, err, "the device's sector size is another");
	if (req->n_parts == 0 || req->n_parts > MAX_PARTS)
		return bad_layout(req, err, "it takes 1 to 128 partitions");
	if (req->size_bytes < 3 * MKD_LABEL_ALIGN_BYTES)
		return bad_layout(req, err, "it is smaller than 3 MiB");
	for (size_t i = 0; i < req->n_parts; i++) {
		int r = check_part(req, &req->parts[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The user's values are set before the device is, so that topology has no say in the bytes. */
static int assign(struct fdisk_context *cxt, const struct mkd_label_req *req)
{
	int r = fdisk_disable_dialogs(cxt, 1);

	if (r == 0)
		r = fdisk_save_user_sector_size(cxt, req->sector_bytes, req->sector_bytes);
	if (r == 0)
		r = fdisk_save_user_grain(cxt, MKD_LABEL_ALIGN_BYTES);
	if (r == 0)
		r = fdisk_assign_device_by_fd(cxt, req->fd, req->name, 0);
	return r;
}

static int add_part(struct fdisk_context *cxt, const struct mkd_label_req *req, size_t i)
{
	const struct mkd_label_part *p = &req->parts[i];
	cleanup(unref_partition) struct fdisk_partition *pa = fdisk_new_partition();
	cleanup(unref_parttype) struct fdisk_parttype *type =
		fdisk_label_parse_parttype(fdisk_get_label(cxt, "gpt"), type_guids[p->type]);
	struct guid_text guid = guid_format(p->guid);
	int r;

	if (!pa || !type)
		return -ENOMEM;
	r = fdisk_partition_set_partno(pa, i);
	if (r == 0)
		r = fdisk_partition_set_start(pa, p->offset_bytes / req->sector_bytes);
	if (r == 0)
		r = fdisk_partition_set_size(pa, p->size_bytes / req->sector_bytes);
	if (r == 0)
		r = fdisk_partition_set_type(pa, type);
	if (r == 0)
		r = fdisk_partition_set_uuid(pa, guid.s);
	if (r == 0 && *p->name)
		r = fdisk_partition_set_name(pa, p->name);
	return r ? r : fdisk_add_partition(cxt, pa, NULL);
}

static int fill(struct fdisk_context *cxt, const struct mkd_label_req *req)
{
	struct guid_text guid = guid_format(req->disk_guid);
	int r = fdisk_create_disklabel(cxt, "gpt");

	if (r == 0)
		r = fdisk_set_disklabel_id_from_string(cxt, guid.s);
	for (size_t i = 0; r == 0 && i < req->n_parts; i++)
		r = add_part(cxt, req, i);
	return r;
}

int mkd_label_write_gpt(const struct mkd_label_req *req, struct mkd_err *err)
{
	cleanup(unref_context) struct fdisk_context *cxt = NULL;
	int r = check(req, err);

	if (r < 0)
		return r;
	cxt = fdisk_new_context();
	if (!cxt)
		return mkd_nomem(err);
	r = assign(cxt, req);
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot read '%s' to partition it", req->name);
	r = fill(cxt, req);
	if (r == 0)
		r = fdisk_write_disklabel(cxt);
	/* nosync: libfdisk's way to sync is sync(2) for the whole host; publishing does fsync */
	(void)fdisk_deassign_device(cxt, 1);
	if (r < 0)
		return mkd_fail_io(err, -r, "cannot write the partition table of '%s'", req->name);
	return 0;
}

const char *mkd_label_library(void)
{
	const char *version = NULL;

	(void)fdisk_get_library_version(&version);
	return version ? version : "unknown";
}
