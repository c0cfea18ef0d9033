/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/plan_disk.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define DEFAULT_SIZE_BYTES (10 * GIB)
#define DEFAULT_SWAP_BYTES (1 * GIB)

struct disk {
	const char *path; /* in the plan's pool */
	bool is_device;
	bool exists;
	dev_t dev; /* of a device its own number, else the file system's */
	ino_t ino; /* of an image */
};

static bool is_block(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISBLK(st.st_mode);
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * "VG/LV" is /dev/VG/LV when that is a block device, else an image's path. When only /dev/VG is
 * there the volume is missing, unless there is a folder of that name here as well.
 */
static int find_volume(const struct mkd_draft *j, enum mkd_key key, const char *text, char **ret)
{
	const char *slash = strchr(text, '/');
	cleanup_free char *dev = NULL;
	cleanup_free char *group = NULL;
	int r;

	if (!slash || slash == text || !slash[1] || strchr(slash + 1, '/') || text[0] == '.')
		return 0;
	r = mkd_asprintf(&dev, j->err, "/dev/%s", text);
	if (r == 0)
		r = mkd_asprintf(&group, j->err, "%.*s",
				 (int)(strlen("/dev/") + (size_t)(slash - text)), dev);
	if (r < 0 || !dev || !group)
		return r;
	if (is_block(dev)) {
		*ret = steal(&dev);
		return 0;
	}
	if (is_dir(group) && !is_dir(group + strlen("/dev/")))
		return mkd_fail(
			j->err, MKD_EXIT_TARGET, ENOENT,
			"%s: there is no volume '%s' in '%s'; create it first, with lvcreate",
			mkd_draft_origin(j, key), slash + 1, group);
	return 0;
}

/* Nothing is ever created in /dev, but for /dev/shm, which is a file system for files. */
static bool is_device_path(const char *path)
{
	return strncmp(path, "/dev/", 5) == 0 && strncmp(path, "/dev/shm/", 9) != 0;
}

static int look(const struct mkd_draft *j, enum mkd_key key, struct disk *d)
{
	struct stat st;

	if (stat(d->path, &st) != 0) {
		if (is_device_path(d->path))
			return mkd_fail_errno(j->err, MKD_EXIT_TARGET, errno,
					      "%s: cannot use the device '%s'",
					      mkd_draft_origin(j, key), d->path);
		return 0; /* an image to be made; what is in the way shows when it is */
	}
	d->exists = true;
	d->is_device = S_ISBLK(st.st_mode);
	d->dev = d->is_device ? st.st_rdev : st.st_dev;
	d->ino = d->is_device ? 0 : st.st_ino;
	return 0;
}

static int find_disk(const struct mkd_draft *j, enum mkd_key key, struct disk *ret)
{
	const char *text = mkd_draft_get(j, key);
	const char *origin = mkd_draft_origin(j, key);
	cleanup_free char *path = NULL;
	struct disk d = { .path = "" };
	int r = mkd_value_quotable(text, origin, 4000, j->err);

	if (r == 0)
		r = find_volume(j, key, text, &path);
	if (r == 0 && !path)
		r = mkd_value_path(text, origin, &path, j->err);
	if (r == 0)
		r = mkd_draft_keep(j, path, &d.path);
	if (r == 0)
		r = look(j, key, &d);
	if (r == 0)
		*ret = d;
	return r;
}

static bool same_disk(const struct disk *a, const struct disk *b)
{
	if (strcmp(a->path, b->path) == 0)
		return true;
	return a->exists && b->exists && a->is_device == b->is_device && a->dev == b->dev &&
	       a->ino == b->ino;
}

/*
 * An image needs a size. A device has one, and only an option makes it smaller: what a profile
 * says is meant for images.
 */
static int take_size(const struct mkd_draft *j, enum mkd_key key, bool is_device,
		     uint64_t def_bytes, uint64_t *ret_bytes)
{
	const char *text = mkd_draft_get(j, key);
	uint64_t bytes = def_bytes;
	int r = text ? mkd_value_size(text, mkd_draft_origin(j, key), &bytes, j->err) : 0;

	if (r < 0)
		return r;
	*ret_bytes = is_device && !mkd_draft_from_option(j, key) ? 0 : bytes;
	return 0;
}

static int plan_swap(const struct mkd_draft *j, const struct disk *disk)
{
	const char *text = mkd_draft_get(j, MKD_KEY_SWAP);
	struct disk swap = { .path = "" };
	int r;

	if (!text)
		j->p->swap_kind = MKD_SWAP_PARTITION;
	else if (strcmp(text, "none") == 0)
		j->p->swap_kind = MKD_SWAP_NONE;
	else if (strcmp(text, "file") == 0)
		j->p->swap_kind = MKD_SWAP_FILE;
	else
		j->p->swap_kind = MKD_SWAP_DISK;
	if (j->p->swap_kind != MKD_SWAP_DISK)
		return 0;
	r = find_disk(j, MKD_KEY_SWAP, &swap);
	if (r < 0)
		return r;
	if (same_disk(disk, &swap))
		return mkd_draft_clash(
			j, MKD_KEY_SWAP,
			"it is the same as --disk; leave it out for a swap partition on "
			"that disk");
	j->p->swap_disk = swap.path;
	j->p->swap_is_device = swap.is_device;
	return 0;
}

static int plan_layout(const struct mkd_draft *j)
{
	static const char *const names[] = { "bare", "gpt", NULL };
	static const enum mkd_layout_kind kinds[] = { MKD_LAYOUT_BARE, MKD_LAYOUT_GPT };
	const char *text = mkd_draft_get(j, MKD_KEY_LAYOUT);
	const char *origin = mkd_draft_origin(j, MKD_KEY_LAYOUT);
	size_t i;
	int r;

	if (!text)
		return 0;
	r = mkd_value_choice(text, origin, names, &i, j->err);
	if (r < 0)
		return r;
	j->p->layout = kinds[i];
	if (kinds[i] == MKD_LAYOUT_GPT && j->p->swap_kind == MKD_SWAP_DISK)
		return mkd_fail(
			j->err, MKD_EXIT_USAGE, EINVAL,
			"%s: 'gpt' cannot be used with swap on a disk of its own (%s); leave "
			"out one of them",
			origin, mkd_draft_origin(j, MKD_KEY_SWAP));
	if (kinds[i] == MKD_LAYOUT_BARE && j->p->swap_kind == MKD_SWAP_PARTITION)
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"%s: 'bare' has no place for a swap partition; give --swap none, "
				"--swap file or --swap PATH",
				origin);
	return 0;
}

int mkd_plan_disks(const struct mkd_draft *j)
{
	struct mkd_plan *p = j->p;
	struct disk disk = { .path = "" };
	int r;

	if (!mkd_draft_get(j, MKD_KEY_DISK))
		return mkd_fail(j->err, MKD_EXIT_USAGE, EINVAL,
				"no disk is given; give --disk PATH: an image file, a block device "
				"or VG/LV");
	r = find_disk(j, MKD_KEY_DISK, &disk);
	if (r < 0)
		return r;
	p->disk = disk.path;
	p->disk_is_device = disk.is_device;
	p->force = mkd_draft_get(j, MKD_KEY_FORCE) != NULL;
	r = take_size(j, MKD_KEY_SIZE, disk.is_device, DEFAULT_SIZE_BYTES, &p->size_bytes);
	if (r == 0)
		r = plan_swap(j, &disk);
	if (r == 0)
		r = plan_layout(j);
	if (r < 0)
		return r;
	if (p->swap_kind != MKD_SWAP_NONE)
		return take_size(j, MKD_KEY_SWAP_SIZE, p->swap_is_device, DEFAULT_SWAP_BYTES,
				 &p->swap_bytes);
	if (mkd_draft_from_option(j, MKD_KEY_SWAP_SIZE))
		return mkd_draft_clash(
			j, MKD_KEY_SWAP_SIZE,
			"--swap none leaves nothing that it could be the size of; leave "
			"out one of them");
	return 0;
}
