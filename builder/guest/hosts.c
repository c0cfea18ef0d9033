/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/hosts.h"

#include <string.h>

#define OWN_ADDRESS "127.0.1.1" /* Debian reference, 5.1.1: the own name of a host without one */

/* Does the line map address (NULL = any) to name? */
static bool maps(const struct mkd_line *l, const char *address, const char *name)
{
	struct mkd_span rest = mkd_span_trim(l->text), word;

	if (mkd_line_idle(l) || !mkd_word_next(&rest, &word) ||
	    (address && !mkd_span_is(word, address)))
		return false;
	while (mkd_word_next(&rest, &word) && *word.p != '#')
		if (!name || mkd_span_is(word, name))
			return true;
	return false;
}

int mkd_hosts_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_host *h = arg;
	cleanup_buf struct mkd_buf line = { 0 };
	size_t dot = strcspn(h->name, ".");
	bool there = strcmp(h->name, "localhost") == 0;
	struct mkd_line l;

	(void)err;
	if (!in.len)
		mkd_buf_str(out, "127.0.0.1\tlocalhost\n::1\tlocalhost\n");
	while (mkd_line_next(&in, &l)) {
		if (maps(&l, h->address, h->name))
			there = true;
		else if (maps(&l, OWN_ADDRESS, NULL) && !maps(&l, NULL, h->name)) {
			mkd_text_comment(out, &l);
			continue;
		}
		mkd_text_keep(out, &l);
	}
	if (there)
		return 0;
	mkd_buf_printf(&line, "%s\t%s", h->address, h->name);
	if (h->name[dot])
		mkd_buf_printf(&line, " %.*s", (int)dot, h->name);
	out->failed = out->failed || line.failed;
	mkd_text_add(out, mkd_buf_cstr(&line));
	return 0;
}
