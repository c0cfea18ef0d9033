/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/fstab.h"

#include <string.h>

enum kind { OTHER, ROOT, SWAP };

static enum kind kind_of(const struct mkd_line *l)
{
	struct mkd_span rest = l->text, dev, dir, type;

	if (mkd_line_idle(l) || !mkd_word_next(&rest, &dev) || !mkd_word_next(&rest, &dir) ||
	    !mkd_word_next(&rest, &type))
		return OTHER;
	if (mkd_span_is(mkd_span_trim(type), "swap"))
		return SWAP;
	return mkd_span_is(dir, "/") ? ROOT : OTHER;
}

/* Are the words of both the same? */
static bool same_words(struct mkd_span a, const char *b)
{
	struct mkd_span rest = mkd_span_of(b), x, y;

	while (mkd_word_next(&rest, &y))
		if (!mkd_word_next(&a, &x) || x.len != y.len || memcmp(x.p, y.p, x.len) != 0)
			return false;
	return !mkd_word_next(&a, &x);
}

/* A line of ours on its way into the text. */
struct wanted {
	char line[512];
	size_t keep; /* number of the line that is ours already, 0 = none */
	size_t at;   /* of the first that ours takes the place of, 0 = the end */
};

static void survey(struct mkd_span in, enum kind kind, struct wanted *w)
{
	struct mkd_line l;

	for (size_t n = 1; mkd_line_next(&in, &l); n++) {
		if (kind_of(&l) != kind)
			continue;
		if (!w->at)
			w->at = n;
		if (!w->keep && same_words(l.text, w->line))
			w->keep = n;
	}
}

/* fsck(8) has work for the ext family alone; of the others it may not even be installed. */
static bool is_ext(const char *fstype)
{
	return strncmp(fstype, "ext", 3) == 0;
}

int mkd_fstab_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_fstab *f = arg;
	struct wanted w[] = { [ROOT] = { { 0 }, 0, 0 }, [SWAP] = { { 0 }, 0, 0 } };
	struct mkd_line l;
	size_t n = 0;

	(void)err;
	(void)snprintf(w[ROOT].line, sizeof(w[ROOT].line), "%s\t/\t%s\tdefaults,noatime\t0 %d",
		       f->root_dev, f->root_fstype, is_ext(f->root_fstype));
	if (f->swap)
		(void)snprintf(w[SWAP].line, sizeof(w[SWAP].line), "%s\tnone\tswap\t%s\t0 0",
			       f->swap, f->swap_options);
	survey(in, ROOT, &w[ROOT]);
	survey(in, SWAP, &w[SWAP]);
	while (mkd_line_next(&in, &l)) {
		enum kind kind = kind_of(&l);

		n++;
		if (kind == OTHER || n == w[kind].keep) {
			mkd_text_keep(out, &l);
			continue;
		}
		mkd_text_comment(out, &l);
		if (n == w[kind].at && !w[kind].keep && w[kind].line[0])
			mkd_text_add(out, w[kind].line);
	}
	for (enum kind kind = ROOT; kind <= SWAP; kind++)
		if (!w[kind].at && w[kind].line[0])
			mkd_text_add(out, w[kind].line);
	return 0;
}

bool mkd_fstab_foreign(struct mkd_span text, struct mkd_span *ret)
{
	static const char *const disks[] = { "/dev/sd", "/dev/hd", "/dev/vd", "/dev/nvme",
					     "/dev/mmcblk" };
	struct mkd_line l;
	struct mkd_span rest;

	while (mkd_line_next(&text, &l)) {
		rest = l.text;
		if (mkd_line_idle(&l) || !mkd_word_next(&rest, ret))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(disks); i++)
			if (mkd_span_starts(*ret, disks[i]))
				return true;
	}
	return false;
}
