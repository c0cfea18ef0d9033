/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/bbinittab.h"

#include <string.h>

#include "mkdomu/getty.h"

struct entry {
	struct mkd_span id, action, process;
	bool active;
	enum mkd_port port; /* of a login */
};

/* What is behind the last '/', without the '-' that makes a login shell. */
static struct mkd_span base_name(struct mkd_span word)
{
	size_t at = word.len;

	while (at && word.p[at - 1] != '/')
		at--;
	word.p += at;
	word.len -= at;
	if (word.len && *word.p == '-') {
		word.p++;
		word.len--;
	}
	return word;
}

static bool is_one_of(struct mkd_span s, const char *const *names)
{
	for (; *names; names++)
		if (mkd_span_is(s, *names))
			return true;
	return false;
}

/* A getty, login(1) or a bare shell; one that has a script to run, "sh /etc/x", is none. */
static bool is_login(struct mkd_span process)
{
	static const char *const wrappers[] = { "busybox", "setsid", "cttyhack", "exec", NULL };
	static const char *const shells[] = { "sh", "ash", "bash", "dash", "hush", NULL };
	struct mkd_span word, name, next;

	while (mkd_word_next(&process, &word)) {
		name = base_name(word);
		if (mkd_is_getty(name) || mkd_span_is(name, "login") ||
		    mkd_span_is(name, "sulogin"))
			return true;
		if (is_one_of(name, shells)) {
			while (mkd_word_next(&process, &next))
				if (*next.p != '-' || mkd_span_is(next, "-c"))
					return *next.p == '#';
			return true;
		}
		if (!is_one_of(name, wrappers) && *word.p != '-')
			return false;
	}
	return false;
}

/* The terminal is the id; a getty opens the one that its command names. */
static enum mkd_port login_port(const struct entry *e)
{
	struct mkd_span rest = e->process, word;
	enum mkd_port port = MKD_PORT_NONE;

	if (!mkd_span_is(e->action, "respawn") && !mkd_span_is(e->action, "askfirst"))
		return MKD_PORT_NONE;
	if (!is_login(rest))
		return MKD_PORT_NONE;
	while (port == MKD_PORT_NONE && mkd_word_next(&rest, &word))
		port = mkd_port_of(word);
	if (port == MKD_PORT_NONE)
		port = e->id.len ? mkd_port_of(e->id) : MKD_PORT_CONSOLE;
	return port;
}

/* Of a comment too. */
static bool parse(const struct mkd_line *l, struct entry *ret)
{
	struct mkd_span s = mkd_span_trim(l->text), levels;

	ret->active = s.len && *s.p != '#';
	while (s.len && (*s.p == '#' || *s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.len--;
	}
	if (!s.len || !mkd_field_next(&s, ':', &ret->id) || !mkd_field_next(&s, ':', &levels) ||
	    !mkd_field_next(&s, ':', &ret->action) || !s.p)
		return false;
	ret->process = s;
	ret->port = login_port(ret);
	return true;
}

/* Lines are counted from 1, 0 = none. */
struct survey {
	size_t hvc0;    /* first active one */
	size_t behind;  /* the line to add ours behind */
	size_t sysinit; /* the last active one */
	bool shutdown;
};

static void survey(struct mkd_span in, struct survey *ret)
{
	size_t n = 0, last = 0, last_serial = 0;
	struct mkd_line l;
	struct entry e;

	memset(ret, 0, sizeof(*ret));
	while (mkd_line_next(&in, &l)) {
		n++;
		if (!parse(&l, &e))
			continue;
		if (e.port != MKD_PORT_NONE)
			last = n;
		if (e.port == MKD_PORT_SERIAL)
			last_serial = n;
		if (e.active && e.port == MKD_PORT_HVC0 && !ret->hvc0)
			ret->hvc0 = n;
		if (e.active && mkd_span_is(e.action, "sysinit"))
			ret->sysinit = n;
		if (e.active && mkd_span_is(e.action, "shutdown"))
			ret->shutdown = true;
	}
	ret->behind = last_serial ? last_serial : last;
}

static void add_entry(struct mkd_buf *out, const char *start, struct mkd_span command)
{
	cleanup_buf struct mkd_buf line = { 0 };

	mkd_buf_str(&line, start);
	mkd_text_span(&line, command);
	out->failed = out->failed || line.failed;
	mkd_text_add_span(out, mkd_span_buf(&line));
}

int mkd_bbinittab_edit(struct mkd_span in, const void *arg, struct mkd_buf *out,
		       struct mkd_err *err)
{
	const struct mkd_bbinittab *b = arg;
	struct mkd_span commands = mkd_span_of(b->shutdown ? b->shutdown : ""), getty;
	struct survey s;
	struct mkd_line l;
	struct entry e;
	size_t n = 0;

	(void)err;
	survey(in, &s);
	getty = mkd_span_of(s.hvc0 ? "" : b->getty);
	while (mkd_line_next(&in, &l)) {
		n++;
		if (parse(&l, &e) && e.active && e.port != MKD_PORT_NONE && n != s.hvc0)
			mkd_text_comment(out, &l);
		else
			mkd_text_keep(out, &l);
		if (n == s.behind && getty.len)
			add_entry(out, "hvc0::respawn:", getty);
	}
	if (!s.behind && getty.len)
		add_entry(out, "hvc0::respawn:", getty);
	while (!s.shutdown && mkd_line_next(&commands, &l))
		add_entry(out, "::shutdown:", l.text);
	return 0;
}

static bool has_sysinit(struct mkd_span in, const char *command)
{
	struct mkd_line l;
	struct entry e;

	while (mkd_line_next(&in, &l))
		if (parse(&l, &e) && e.active && mkd_span_is(e.action, "sysinit") &&
		    mkd_span_is(mkd_span_trim(e.process), command))
			return true;
	return false;
}

int mkd_bbinittab_sysinit(struct mkd_span in, const void *arg, struct mkd_buf *out,
			  struct mkd_err *err)
{
	bool there = has_sysinit(in, arg);
	struct mkd_line l;
	struct survey s;
	size_t n = 0;

	(void)err;
	survey(in, &s);
	if (!there && !s.sysinit)
		add_entry(out, "::sysinit:", mkd_span_of(arg));
	while (mkd_line_next(&in, &l)) {
		mkd_text_keep(out, &l);
		if (++n == s.sysinit && !there)
			add_entry(out, "::sysinit:", mkd_span_of(arg));
	}
	return 0;
}

bool mkd_bbinittab_has_hvc0(struct mkd_span text)
{
	struct survey s;

	survey(text, &s);
	return s.hvc0 != 0;
}
