/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/jailid.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mkdomu/file.h"

#define TRIES    32
#define TEXT_MAX (4 * MIB)

static const struct {
	uint32_t first, n;
} ranges[] = {
	{ 0x7fff0000, 0xfff0 }, { 0x8000, 0x6a00 }, /* up to those that systemd gives away itself */
};

static const char *next_line(const char *s)
{
	const char *end = strchr(s, '\n');

	return end ? end + 1 : NULL;
}

bool mkd_jailid_is_mapped(const char *text, uint32_t id)
{
	for (const char *s = text; s; s = next_line(s)) {
		char *end;
		unsigned long inside = strtoul(s, &end, 10), n;

		(void)strtoul(end, &end, 10);
		n = strtoul(end, NULL, 10);
		if (id >= inside && id - inside < n)
			return true;
	}
	return false;
}

bool mkd_jailid_is_taken(const char *text, uint32_t id)
{
	for (const char *s = text; s; s = next_line(s)) {
		const char *field = s + strcspn(s, ":\n");
		char *end;
		unsigned long is;

		if (*field == ':')
			field += 1 + strcspn(field + 1, ":\n");
		if (*field != ':')
			continue;
		is = strtoul(field + 1, &end, 10);
		if (end != field + 1 && is == id)
			return true;
	}
	return false;
}

/* NUL-terminated in any case; what cannot be read is empty. */
static const char *text_of(const char *path, struct mkd_buf *buf)
{
	struct mkd_err err;

	if (mkd_file_read(AT_FDCWD, path, TEXT_MAX, MKD_EXIT_HOOK, buf, &err) < 0)
		mkd_buf_reset(buf);
	return mkd_buf_cstr(buf);
}

int mkd_jailid_pick(void)
{
	cleanup_buf struct mkd_buf uids = { 0 }, gids = { 0 }, passwd = { 0 }, group = { 0 };
	const char *uid_map = text_of("/proc/self/uid_map", &uids);
	const char *gid_map = text_of("/proc/self/gid_map", &gids);
	const char *users = text_of("/etc/passwd", &passwd);
	const char *groups = text_of("/etc/group", &group);

	for (size_t i = 0; i < ARRAY_LEN(ranges) * TRIES; i++) {
		uint32_t chance = 0, id;

		if (getrandom(&chance, sizeof(chance), 0) != (ssize_t)sizeof(chance))
			return -1;
		id = ranges[i / TRIES].first + chance % ranges[i / TRIES].n;
		if (mkd_jailid_is_mapped(uid_map, id) && mkd_jailid_is_mapped(gid_map, id) &&
		    !mkd_jailid_is_taken(users, id) && !mkd_jailid_is_taken(groups, id))
			return (int)id;
	}
	return -1;
}
