/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * textedit.h - what the editors of a guest's text files share: lines, words, and an editor's shape.
 * All pure. Texts are bytes with a length: NUL bytes, CR LF, odd blanks and a missing last newline
 * pass through untouched. A line of ours ends in LF alone, as the guest's programs want it, even
 * in a file of CR LF lines.
 */
#ifndef MKDOMU_TEXTEDIT_H
#define MKDOMU_TEXTEDIT_H

#include "mkdomu/buf.h"

/* A piece of a text, borrowed from it. */
struct mkd_span {
	const char *p;
	size_t len;
};

/* A line: text without its end, and the end ("\n", "\r\n", or "" for a last line without one). */
struct mkd_line {
	struct mkd_span text, eol;
};

/*
 * An editor: text in, text out. Idempotent: of its own output it makes the same again. Appends to
 * *out; running out of memory sticks there. Other errors are the editor's: *err is set then.
 */
struct mkd_edit {
	int (*apply)(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err);
	const void *arg;
};

/* Take the next line off *rest; false at the end. */
bool mkd_line_next(struct mkd_span *rest, struct mkd_line *ret);

/* Take the next word, parted by blanks and tabs, off *rest; false when only blanks are left. */
bool mkd_word_next(struct mkd_span *rest, struct mkd_span *ret);
/* Take what is before the next sep off *rest, and sep; without a sep all of it. False when *rest
 * is used up (p NULL). */
bool mkd_field_next(struct mkd_span *rest, char sep, struct mkd_span *ret);

struct mkd_span mkd_span_of(const char *s);
struct mkd_span mkd_span_buf(const struct mkd_buf *b);
bool mkd_span_is(struct mkd_span s, const char *text);
bool mkd_span_starts(struct mkd_span s, const char *prefix);
/* Without blanks, tabs and CRs at either end. */
struct mkd_span mkd_span_trim(struct mkd_span s);

/* Blank, or a comment that '#' starts. */
bool mkd_line_idle(const struct mkd_line *l);

void mkd_text_span(struct mkd_buf *out, struct mkd_span s);
/* The line as it is. */
void mkd_text_keep(struct mkd_buf *out, const struct mkd_line *l);
/* The line made a comment. */
void mkd_text_comment(struct mkd_buf *out, const struct mkd_line *l);
/* End the line before, if that has no end. */
void mkd_text_end(struct mkd_buf *out);
/* A line of ours, without its newline in line; ends the line before first if that has no end. */
void mkd_text_add(struct mkd_buf *out, const char *line);
/* The same for one that is made of the guest's words and so may have NUL bytes in it. */
void mkd_text_add_span(struct mkd_buf *out, struct mkd_span line);

#endif
