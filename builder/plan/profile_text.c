/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/profile_text.h"

#include <string.h>

#include "mkdomu/url.h"

#define COMMENT_COLUMN 60

/* In the quotes in which it means itself: "${" is refused between double ones. */
static size_t quoted(struct mkd_buf *b, const char *value)
{
	char quote = strstr(value, "${") ? '\'' : '"';
	size_t before = b->len;

	mkd_buf_add(b, &quote, 1);
	for (; *value; value++) {
		if (*value == quote || *value == '\\')
			mkd_buf_add(b, "\\", 1);
		mkd_buf_add(b, value, 1);
	}
	mkd_buf_add(b, &quote, 1);
	return b->len - before;
}

static void comment(struct mkd_buf *b, size_t column, const char *origin)
{
	mkd_buf_printf(b, "%*s# %s\n", column < COMMENT_COLUMN ? (int)(COMMENT_COLUMN - column) : 1,
		       "", origin);
}

static void value_line(const struct mkd_setting *at, size_t i, size_t column, struct mkd_buf *b)
{
	const char *value = at->values.v[i];
	char plain[MKD_URL_SHOW];

	column += quoted(b, mkd_url_is(value) ? mkd_url_plain(value, plain) : value);
	if (i + 1 < at->values.n) {
		mkd_buf_str(b, ",");
		column++;
	}
	comment(b, column, at->origins.v[i]);
}

static void key_lines(const struct mkd_settings *s, enum mkd_key key, struct mkd_buf *b)
{
	const struct mkd_setting_info *info = &mkd_setting_info[key];
	const struct mkd_setting *at = &s->of[key];
	const char *indent = *info->section ? "\t" : "";
	size_t tab = *info->section ? 8 : 0;

	mkd_buf_printf(b, "%s%s = ", indent, info->name);
	if (at->values.n == 1) {
		value_line(at, 0, tab + strlen(info->name) + 3, b);
		return;
	}
	mkd_buf_str(b, "{\n");
	for (size_t i = 0; i < at->values.n; i++) {
		mkd_buf_printf(b, "%s\t", indent);
		value_line(at, i, tab + 8, b);
	}
	mkd_buf_printf(b, "%s}\n", indent);
}

static void section(const struct mkd_settings *s, const char *name, struct mkd_buf *b)
{
	bool open = false;

	for (enum mkd_key key = 0; key < MKD_N_KEYS; key++) {
		const struct mkd_setting_info *info = &mkd_setting_info[key];

		if (!info->section || strcmp(info->section, name) != 0 || !s->of[key].values.n ||
		    key == MKD_KEY_INHERIT)
			continue;
		if (*name && !open)
			mkd_buf_printf(b, "%s {\n", name);
		open = true;
		key_lines(s, key, b);
	}
	if (*name && open)
		mkd_buf_str(b, "}\n");
}

void mkd_profile_text(const struct mkd_settings *s, struct mkd_buf *ret)
{
	static const char *const names[] = { "", "source", "disk", "domain" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		section(s, names[i], ret);
}
