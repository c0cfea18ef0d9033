/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/unitfile.h"

#include <string.h>

static bool is_dependency(struct mkd_span key)
{
	static const char *const keys[] = { "BindsTo", "Requires", "Requisite", "Wants", "After" };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (mkd_span_is(key, keys[i]))
			return true;
	return false;
}

static bool is_device(struct mkd_span word)
{
	static const char end[] = ".device";
	size_t len = sizeof(end) - 1;

	return mkd_span_starts(word, "dev-") && word.len > len &&
	       memcmp(word.p + word.len - len, end, len) == 0;
}

int mkd_unit_unbind(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	struct mkd_line l;

	(void)arg;
	(void)err;
	while (mkd_line_next(&in, &l)) {
		cleanup_buf struct mkd_buf left = { 0 };
		struct mkd_span rest = mkd_span_trim(l.text), key, word;
		size_t devices = 0, others = 0;

		if (mkd_line_idle(&l) || !mkd_field_next(&rest, '=', &key) ||
		    !is_dependency(mkd_span_trim(key))) {
			mkd_text_keep(out, &l);
			continue;
		}
		mkd_text_span(&left, mkd_span_trim(key));
		for (mkd_buf_str(&left, "="); mkd_word_next(&rest, &word);) {
			if (is_device(word)) {
				devices++;
				continue;
			}
			mkd_buf_str(&left, others++ ? " " : "");
			mkd_text_span(&left, word);
		}
		out->failed = out->failed || left.failed;
		if (!devices)
			mkd_text_keep(out, &l);
		else if (!others)
			mkd_text_comment(out, &l);
		else
			mkd_text_add_span(out, mkd_span_buf(&left));
	}
	return 0;
}

bool mkd_unit_mentions(struct mkd_span in, const char *text)
{
	struct mkd_line l;

	while (mkd_line_next(&in, &l))
		if (!mkd_line_idle(&l) && l.text.len &&
		    memmem(l.text.p, l.text.len, text, strlen(text)))
			return true;
	return false;
}
