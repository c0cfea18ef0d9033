/* SPDX-License-Identifier: GPL-2.0-or-later */
/* naming.c - the domain's name; declared in plan.h. */
#include "mkdomu/plan.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#define NAME_MAX_BYTES 64

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/*
 * Does the path say what the disk is for? "/dev/sdb10" and "/dev/disk/by-id/..." do not; an image,
 * "/dev/VG/LV" and "/dev/mapper/NAME" do.
 */
static bool has_own_name(const char *disk)
{
	const char *rest, *slash;

	if (strncmp(disk, "/dev/", 5) != 0)
		return true;
	rest = disk + 5;
	slash = strchr(rest, '/');
	if (!slash)
		return false;
	return strchr(slash + 1, '/') == NULL;
}

static void cut_suffix(char *name)
{
	char *dot = strrchr(name, '.');

	if (dot && dot != name && (strcasecmp(dot, ".img") == 0 || strcasecmp(dot, ".raw") == 0))
		*dot = '\0';
}

int mkd_plan_name(const char *disk, const char *profile, char **ret, struct mkd_err *err)
{
	const char *slash = strrchr(disk, '/');
	const char *base = slash ? slash + 1 : disk;
	bool own = has_own_name(disk);
	char *name;
	int r = own ? mkd_strdup(base, &name, err)
		    : mkd_asprintf(&name, err, "%s-%s", profile ? profile : "guest", base);

	if (r < 0)
		return r;
	if (own)
		cut_suffix(name);
	for (char *p = name; *p; p++)
		if (!is_alnum(*p) && !strchr("_.-", *p))
			*p = '-';
	*ret = name;
	return 0;
}

static const char *why_not(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > NAME_MAX_BYTES)
		return "it must have 1 to 64 characters";
	if (!is_alnum(*name))
		return "it must begin with a letter or a digit";
	for (const char *p = name; *p; p++)
		if (!is_alnum(*p) && !strchr("_.-", *p))
			return "use letters, digits, '_', '.' and '-'";
	if (strspn(name, "0123456789") == len)
		return "xl would take it for a domain id; add a letter";
	if (strcasecmp(name, "Domain-0") == 0)
		return "it is dom0's own";
	return NULL;
}

int mkd_plan_name_check(const char *name, const char *origin, struct mkd_err *err)
{
	const char *why = why_not(name);

	if (!why)
		return 0;
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s: '%.200s' is not a domain name: %s",
			origin, name, why);
}
