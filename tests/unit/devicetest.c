/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "devicetest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mkdomu/label.h"

struct mkd_target_req disk_request(const struct disk *d)
{
	return (struct mkd_target_req){ .path = d->path };
}

bool device_skip(struct device *x, void **state)
{
	*x = (struct device){ .t = NULL };
	if (skip_unless_root())
		return true;
	x->d = disk_new(state, "d");
	x->req = disk_request(&x->d);
	return false;
}

bool device_discards(const struct disk *d)
{
	char path[64], text[32] = "";
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/sys/block/%s/queue/discard_max_bytes",
		       strrchr(d->path, '/') + 1);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	closep_(&fd);
	if (n > 0 && strtoull(text, NULL, 10) > 0)
		return true;
	print_message("# %s does not discard: what takes that is left out\n", d->path);
	return false;
}

void device_begin(struct device *x)
{
	assert_ok(mkd_target_open(&x->req, &x->t, &x->err), &x->err);
	assert_ok(mkd_target_begin(x->t, &x->err), &x->err);
}

void device_end(struct device *x)
{
	mkd_target_close(x->t);
	(void)close(x->d.fd);
}

void write_gpt(int fd)
{
	const struct mkd_label_part part = {
		.offset_bytes = MIB, .size_bytes = 14 * MIB, .guid = { 1 }, .name = "root"
	};
	struct mkd_label_req req = { .fd = fd,
				     .name = "d",
				     .size_bytes = DISK_BYTES,
				     .sector_bytes = 512,
				     .disk_guid = { 2 },
				     .parts = &part,
				     .n_parts = 1 };
	struct mkd_err err;

	assert_ok(mkd_label_write_gpt(&req, &err), &err);
}
