/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/policy.h"

#include <errno.h>
#include <string.h>

#define MAJOR_MAX            4095
#define MINOR_MAX            ((1 << 20) - 1)
#define XATTR_NAME_MAX_BYTES 255

static int refuse(struct mkd_err *err, const char *why)
{
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM, "%s", why);
}

static bool is_dot(const char *p, size_t len)
{
	return len == 1 && p[0] == '.';
}

static int add_component(const char *p, size_t len, struct mkd_buf *ret, struct mkd_err *err)
{
	if (len == 0 || is_dot(p, len))
		return 0;
	if (len == 2 && p[0] == '.' && p[1] == '.')
		return refuse(err, "it has a '..' component");
	if (len > MKD_NAME_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"a component has %zu bytes, the limit is %d", len,
				MKD_NAME_MAX_BYTES);
	if (ret->len)
		mkd_buf_add(ret, "/", 1);
	mkd_buf_add(ret, p, len);
	return 0;
}

int mkd_policy_path(const char *raw, struct mkd_buf *ret, struct mkd_err *err)
{
	size_t total = strlen(raw);

	if (total == 0)
		return refuse(err, "its name is empty");
	if (raw[0] == '/')
		return refuse(err, "its name is absolute; names must be relative to the root");
	if (total > MKD_PATH_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"its name has %zu bytes, the limit is %d", total,
				MKD_PATH_MAX_BYTES);
	mkd_buf_reset(ret);
	mkd_buf_add(ret, "", 0);
	for (const char *p = raw; *p;) {
		size_t len = strcspn(p, "/");
		int r = add_component(p, len, ret, err);

		if (r < 0)
			return r;
		p += len;
		p += *p == '/';
	}
	return mkd_buf_check(ret, err);
}

bool mkd_policy_says_folder(const char *raw)
{
	size_t len = strlen(raw);

	if (len && raw[len - 1] == '/')
		return true;
	return (len >= 2 && strcmp(raw + len - 2, "/.") == 0) || strcmp(raw, ".") == 0;
}

int mkd_policy_symlink(const char *text, struct mkd_err *err)
{
	size_t len = strlen(text);

	if (len == 0)
		return refuse(err, "it is a symlink to nothing");
	if (len > MKD_TARGET_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"its symlink has %zu bytes, the limit is %d", len,
				MKD_TARGET_MAX_BYTES);
	return 0;
}

int mkd_policy_id(const char *what, int64_t v, uint32_t *ret, struct mkd_err *err)
{
	if (v < 0 || v >= UINT32_MAX)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ERANGE,
				"its %s is %lld, the range is 0 to 4294967294", what, (long long)v);
	*ret = (uint32_t)v;
	return 0;
}

int mkd_policy_device(int64_t major, int64_t minor, uint32_t *ret_major, uint32_t *ret_minor,
		      struct mkd_err *err)
{
	if (major < 0 || major > MAJOR_MAX || minor < 0 || minor > MINOR_MAX)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ERANGE,
				"its device number is %lld:%lld, the range is 0:0 to %d:%d",
				(long long)major, (long long)minor, MAJOR_MAX, MINOR_MAX);
	*ret_major = (uint32_t)major;
	*ret_minor = (uint32_t)minor;
	return 0;
}

int mkd_policy_size(int64_t v, uint64_t *ret_bytes, struct mkd_err *err)
{
	if (v < 0 || (uint64_t)v > MKD_FILE_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, ERANGE,
				"its size is %lld bytes, ext4 holds 0 to %llu", (long long)v,
				(unsigned long long)MKD_FILE_MAX_BYTES);
	*ret_bytes = (uint64_t)v;
	return 0;
}

bool mkd_policy_clamp_time(int64_t *sec, uint32_t *nsec)
{
	int64_t was = *sec;

	if (*sec < MKD_TIME_MIN)
		*sec = MKD_TIME_MIN;
	if (*sec > MKD_TIME_MAX)
		*sec = MKD_TIME_MAX;
	if (*sec == was)
		return false;
	*nsec = 0;
	return true;
}

int mkd_policy_xattr(const char *name, bool file_or_folder, struct mkd_err *err)
{
	static const char *const spaces[] = { "security.", "user.", "trusted." };

	if (strlen(name) > XATTR_NAME_MAX_BYTES)
		return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
				"the name of an extended attribute has %zu bytes, the limit is %d",
				strlen(name), XATTR_NAME_MAX_BYTES);
	for (size_t i = 0; i < ARRAY_LEN(spaces); i++) {
		size_t len = strlen(spaces[i]);

		if (strncmp(name, spaces[i], len) != 0 || !name[len])
			continue;
		if (i == 1 && !file_or_folder)
			return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
					"it has the extended attribute '%s', which only files and "
					"folders can have",
					name);
		return 0;
	}
	return mkd_fail(err, MKD_EXIT_ARCHIVE, EPERM,
			"its extended attribute '%s' is not in security, user or trusted", name);
}
