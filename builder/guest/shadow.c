/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/shadow.h"

#include <errno.h>

static bool is_user(struct mkd_span line, const char *user)
{
	struct mkd_span name;

	return mkd_field_next(&line, ':', &name) && line.p && mkd_span_is(name, user);
}

bool mkd_colon_at(struct mkd_span line, unsigned field, struct mkd_span *ret)
{
	struct mkd_span f;

	for (unsigned i = 0; mkd_field_next(&line, ':', &f); i++) {
		if (i == field) {
			*ret = f;
			return true;
		}
	}
	return false;
}

bool mkd_colon_field(struct mkd_span text, const char *user, unsigned field, struct mkd_span *ret)
{
	struct mkd_line l;

	while (mkd_line_next(&text, &l))
		if (is_user(l.text, user))
			return mkd_colon_at(l.text, field, ret);
	return false;
}

static void edit_line(struct mkd_buf *out, const struct mkd_line *l, const struct mkd_shadow *s)
{
	struct mkd_span rest = l->text, f;

	for (unsigned i = 0; mkd_field_next(&rest, ':', &f); i++) {
		if (i)
			mkd_buf_str(out, ":");
		if (i == MKD_SHADOW_PASSWORD)
			mkd_buf_str(out, s->hash);
		else if (i == 2 && s->day)
			mkd_buf_str(out, s->day);
		else
			mkd_text_span(out, f);
	}
	mkd_text_span(out, l->eol);
}

int mkd_shadow_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_shadow *s = arg;
	bool done = false;
	struct mkd_line l;

	while (mkd_line_next(&in, &l)) {
		if (done || !is_user(l.text, s->user)) {
			mkd_text_keep(out, &l);
			continue;
		}
		edit_line(out, &l, s);
		done = true;
	}
	if (!done)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOENT, "it has no line for '%s'", s->user);
	return 0;
}
