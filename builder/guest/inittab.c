/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/inittab.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/getty.h"

#define IDS 1000 /* "h0" to "h999" */

struct entry {
	struct mkd_span id, runlevels, action, process;
	bool active;
	enum mkd_port port; /* of a getty */
};

/* Of a comment too: "#s0:12345:respawn:..." is an entry that is not active. */
static bool parse(const struct mkd_line *l, struct entry *ret)
{
	struct mkd_span s = mkd_span_trim(l->text);

	ret->active = s.len && *s.p != '#';
	while (s.len && (*s.p == '#' || *s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.len--;
	}
	if (!s.len || !mkd_field_next(&s, ':', &ret->id) ||
	    !mkd_field_next(&s, ':', &ret->runlevels) || !mkd_field_next(&s, ':', &ret->action) ||
	    !s.p)
		return false;
	ret->process = s;
	if (mkd_span_is(ret->action, "off"))
		ret->active = false;
	ret->port = mkd_getty_port(ret->process);
	return true;
}

/* What the first pass finds; lines are counted from 1, 0 = none. */
struct survey {
	size_t hvc0;              /* first active one */
	size_t behind;            /* the line to add ours behind */
	struct mkd_span tty1;     /* its runlevels */
	bool used[IDS], used_hvc; /* ids hN and hvc0 */
};

static void note_id(struct survey *s, struct mkd_span id)
{
	size_t n = 0;

	if (mkd_span_is(id, "hvc0"))
		s->used_hvc = true;
	if (!mkd_span_numbered(id, "h") || id.len > 4 || (id.p[1] == '0' && id.len > 2))
		return;
	for (size_t i = 1; i < id.len; i++)
		n = n * 10 + (size_t)(id.p[i] - '0');
	s->used[n] = true;
}

/* Those of inittab(5); anything else in a line of ours would undo it. */
static bool is_runlevels(struct mkd_span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!s.p[i] || !strchr("0123456789abcABCsS", s.p[i]))
			return false;
	return true;
}

static bool names_tty1(struct mkd_span process)
{
	struct mkd_span word;

	while (mkd_word_next(&process, &word))
		if (mkd_span_is(word, "tty1") || mkd_span_is(word, "/dev/tty1"))
			return true;
	return false;
}

static void survey(struct mkd_span in, struct survey *ret)
{
	size_t n = 0, last_getty = 0, last_serial = 0;
	struct mkd_line l;
	struct entry e;

	memset(ret, 0, sizeof(*ret));
	while (mkd_line_next(&in, &l)) {
		n++;
		if (!parse(&l, &e))
			continue;
		if (e.active)
			note_id(ret, e.id);
		if (e.port != MKD_PORT_NONE)
			last_getty = n;
		if (e.port == MKD_PORT_SERIAL)
			last_serial = n;
		if (e.active && e.port == MKD_PORT_HVC0 && !ret->hvc0)
			ret->hvc0 = n;
		if (e.port == MKD_PORT_VIRTUAL && names_tty1(e.process) &&
		    is_runlevels(e.runlevels) && (e.active || !ret->tty1.p))
			ret->tty1 = e.runlevels;
	}
	ret->behind = last_serial ? last_serial : last_getty;
}

static int add_hvc0(struct mkd_buf *out, const struct survey *s, const char *command,
		    struct mkd_err *err)
{
	cleanup_buf struct mkd_buf line = { 0 };
	size_t n = 0;

	while (n < IDS && s->used[n])
		n++;
	if (n == IDS && s->used_hvc)
		return mkd_fail(err, MKD_EXIT_HOOK, ENOSPC,
				"every id from 'h0' to 'h999' is taken, none is left for hvc0");
	if (n < IDS)
		mkd_buf_printf(&line, "h%zu:", n);
	else
		mkd_buf_str(&line, "hvc0:");
	mkd_text_span(&line, s->tty1.len ? s->tty1 : mkd_span_of("12345"));
	mkd_buf_printf(&line, ":respawn:%s", command);
	out->failed = out->failed || line.failed;
	mkd_text_add(out, mkd_buf_cstr(&line));
	return 0;
}

int mkd_inittab_edit(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const struct mkd_inittab t = { .command = arg };

	return mkd_inittab_edit_beside(in, &t, out, err);
}

int mkd_inittab_edit_beside(struct mkd_span in, const void *arg, struct mkd_buf *out,
			    struct mkd_err *err)
{
	const struct mkd_inittab *t = arg;
	struct mkd_span others = t->others;
	struct survey s;
	struct mkd_line l;
	struct entry e;
	size_t n = 0;
	int r = 0;

	survey(in, &s);
	while (mkd_line_next(&others, &l))
		if (parse(&l, &e) && e.active)
			note_id(&s, e.id);
	while (r == 0 && mkd_line_next(&in, &l)) {
		n++;
		if (parse(&l, &e) && e.active && e.port != MKD_PORT_NONE && n != s.hvc0)
			mkd_text_comment(out, &l);
		else
			mkd_text_keep(out, &l);
		if (n == s.behind && !s.hvc0)
			r = add_hvc0(out, &s, t->command, err);
	}
	if (r == 0 && !s.behind && !s.hvc0)
		r = add_hvc0(out, &s, t->command, err);
	return r;
}

int mkd_inittab_off(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err)
{
	const bool *keep = arg;
	bool kept = !*keep;
	struct mkd_line l;
	struct entry e;

	(void)err;
	while (mkd_line_next(&in, &l)) {
		bool getty = parse(&l, &e) && e.active && e.port != MKD_PORT_NONE;

		if (getty && (e.port != MKD_PORT_HVC0 || kept))
			mkd_text_comment(out, &l);
		else
			mkd_text_keep(out, &l);
		kept = kept || (getty && e.port == MKD_PORT_HVC0);
	}
	return 0;
}

bool mkd_inittab_has_hvc0(struct mkd_span text)
{
	struct survey s;

	survey(text, &s);
	return s.hvc0 != 0;
}

bool mkd_inittab_has_default(struct mkd_span text)
{
	struct mkd_line l;
	struct entry e;

	while (mkd_line_next(&text, &l))
		if (parse(&l, &e) && e.active && mkd_span_is(e.action, "initdefault"))
			return true;
	return false;
}
