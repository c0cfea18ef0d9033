/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/account.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "mkdomu/shadow.h"

#define FIRST_UID 1000
#define LAST_UID  60000
#define WINDOW    65536 /* ids looked at in one go, so that a large file is read a few times */

/* -- values -- */

bool mkd_defs_value(struct mkd_span text, const char *key, struct mkd_span *ret)
{
	struct mkd_span words, word;
	struct mkd_line l;

	while (mkd_line_next(&text, &l)) {
		words = mkd_span_trim(l.text);
		if (mkd_line_idle(&l) || !mkd_word_next(&words, &word) || word.len != strlen(key) ||
		    strncasecmp(word.p, key, word.len) != 0)
			continue;
		return mkd_word_next(&words, ret);
	}
	return false;
}

/* Digits alone: no sign, no blank, no "0x". */
static bool to_number(struct mkd_span s, int base, uint32_t *ret)
{
	uint64_t v = 0;

	if (!s.len)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] >= '0' + base)
			return false;
		v = v * (unsigned)base + (unsigned)(s.p[i] - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*ret = (uint32_t)v;
	return true;
}

uint32_t mkd_defs_number(struct mkd_span text, const char *key, int base, uint32_t def)
{
	struct mkd_span value;
	uint32_t v;

	return mkd_defs_value(text, key, &value) && to_number(value, base, &v) && v <= INT_MAX
		       ? v
		       : def;
}

void mkd_id_range(struct mkd_span defs, struct mkd_id_range *ret)
{
	ret->min = mkd_defs_number(defs, "UID_MIN", 10, FIRST_UID);
	ret->max = mkd_defs_number(defs, "UID_MAX", 10, LAST_UID);
	if (!ret->min || ret->max < ret->min) /* not what anybody means */
		*ret = (struct mkd_id_range){ FIRST_UID, LAST_UID };
}

/* -- ids -- */

bool mkd_account_number(struct mkd_span text, const char *name, unsigned field, uint32_t *ret)
{
	struct mkd_span value;

	return mkd_colon_field(text, name, field, &value) &&
	       to_number(mkd_span_trim(value), 10, ret);
}

bool mkd_id_owner(struct mkd_span text, uint32_t id, struct mkd_span *ret)
{
	struct mkd_span value;
	struct mkd_line l;
	uint32_t has;

	while (mkd_line_next(&text, &l))
		if (mkd_colon_at(l.text, MKD_PASSWD_UID, &value) && to_number(value, 10, &has) &&
		    has == id)
			return mkd_colon_at(l.text, 0, ret);
	return false;
}

/* Which ids of WINDOW from base on are taken? */
static void mark(struct mkd_span text, uint64_t base, uint8_t taken[static WINDOW / 8])
{
	struct mkd_span value;
	struct mkd_line l;
	uint32_t id;

	memset(taken, 0, WINDOW / 8);
	while (mkd_line_next(&text, &l))
		if (mkd_colon_at(l.text, MKD_PASSWD_UID, &value) && to_number(value, 10, &id) &&
		    id >= base && id - base < WINDOW)
			taken[(id - base) / 8] |= (uint8_t)(1 << (id - base) % 8);
}

int mkd_id_free(struct mkd_span text, const struct mkd_id_range *range, uint32_t *ret,
		struct mkd_err *err)
{
	uint8_t taken[WINDOW / 8];

	for (uint64_t id = range->min; id <= range->max; id++) {
		size_t at = (size_t)(id - range->min) % WINDOW;

		if (!at)
			mark(text, id, taken);
		if (taken[at / 8] & 1 << at % 8)
			continue;
		*ret = (uint32_t)id;
		return 0;
	}
	return mkd_fail(err, MKD_EXIT_HOOK, ERANGE,
			"no id is free from %u to %u; give one by uid=, or widen UID_MIN and "
			"UID_MAX in '/etc/login.defs'",
			range->min, range->max);
}

/* -- editors -- */

static bool is_of(const struct mkd_line *l, const char *name, size_t len)
{
	struct mkd_span first;

	return mkd_colon_at(l->text, 0, &first) && first.len == len && first.len < l->text.len &&
	       memcmp(first.p, name, len) == 0;
}

int mkd_account_add(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const char *line = arg;
	struct mkd_span rest = in;
	size_t len = strcspn(line, ":");
	bool done = false;
	struct mkd_line l;

	(void)err;
	while (!done && mkd_line_next(&rest, &l))
		done = is_of(&l, line, len);
	while (mkd_line_next(&in, &l)) {
		if (!done && (mkd_span_starts(l.text, "+") || mkd_span_starts(l.text, "-"))) {
			mkd_text_add(out, line);
			done = true;
		}
		mkd_text_keep(out, &l);
	}
	if (!done)
		mkd_text_add(out, line);
	return 0;
}

static bool has_member(struct mkd_span list, const char *user)
{
	struct mkd_span one;

	while (mkd_field_next(&list, ',', &one))
		if (mkd_span_is(mkd_span_trim(one), user))
			return true;
	return false;
}

static void put_member(struct mkd_buf *out, struct mkd_span list, const char *user)
{
	mkd_text_span(out, list);
	if (has_member(list, user))
		return;
	mkd_buf_printf(out, "%s%s", list.len ? "," : "", user);
}

/* The fields of a line, the one of f changed; one that the line lacks is added. */
static void edit_line(struct mkd_buf *out, const struct mkd_line *l,
		      const struct mkd_account_field *f, bool join)
{
	struct mkd_span rest = l->text, value;
	unsigned i = 0;

	for (; rest.p || i <= f->field; i++) {
		if (!mkd_field_next(&rest, ':', &value))
			value = mkd_span_of("");
		if (i)
			mkd_buf_str(out, ":");
		if (i != f->field)
			mkd_text_span(out, value);
		else if (join)
			put_member(out, value, f->text);
		else
			mkd_buf_str(out, f->text);
	}
	mkd_text_span(out, l->eol);
}

static void edit(struct mkd_span in, const struct mkd_account_field *f, bool join,
		 struct mkd_buf *out)
{
	bool done = false;
	struct mkd_line l;

	while (mkd_line_next(&in, &l)) {
		if (done || !is_of(&l, f->name, strlen(f->name))) {
			mkd_text_keep(out, &l);
			continue;
		}
		edit_line(out, &l, f, join);
		done = true;
	}
}

int mkd_account_set(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	(void)err;
	edit(in, arg, false, out);
	return 0;
}

int mkd_account_join(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	(void)err;
	edit(in, arg, true, out);
	return 0;
}
