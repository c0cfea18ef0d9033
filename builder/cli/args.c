/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/args.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/options.h"
#include "mkdomu/suggest.h"
#include "mkdomu/values.h"

static int unknown(const struct mkd_args *a, const char *name, struct mkd_err *err)
{
	struct mkd_suggest near = { .word = name };
	char hint[112];

	(void)snprintf(hint, sizeof(hint), "; see mkdomu %s --help", a->verb);
	for (size_t i = 0; i < a->n; i++)
		mkd_suggest_offer(&near, a->table[i].name);
	if (near.best)
		(void)mkd_suggest_text(&near, "--", hint);
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "unknown option '--%s'%s", name, hint);
}

/* next is the argument behind it, or NULL; *used says whether it was taken as the value. */
static int take_long(const struct mkd_args *a, const char *text, const char *next, bool *used,
		     struct mkd_err *err)
{
	size_t len = strcspn(text, "=");
	const struct mkd_arg *o = a->table;
	char name[128];

	(void)snprintf(name, sizeof(name), "%.*s", (int)(len < 127 ? len : 127), text);
	while (o < a->table + a->n && strcmp(o->name, name) != 0)
		o++;
	if (o == a->table + a->n)
		return unknown(a, name, err);
	if (!o->arg && text[len])
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "option '--%s' takes no value", name);
	if (!o->arg) {
		*o->on = true;
		return 0;
	}
	if (*o->value)
		return mkd_fail(err, MKD_EXIT_USAGE, EEXIST, "'--%s' is given twice; give it once",
				name);
	if (text[len]) {
		*o->value = text + len + 1;
		return 0;
	}
	if (!next || strncmp(next, "--", 2) == 0)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"a value has to follow the option '--%s'; one that begins with "
				"'--' is written '--%s=VALUE'",
				name, name);
	*o->value = next;
	*used = true;
	return 0;
}

static int take_letters(const struct mkd_args *a, const char *letters, struct mkd_err *err)
{
	for (; *letters; letters++) {
		size_t i = 0;

		while (i < a->n && a->table[i].letter != *letters)
			i++;
		if (i == a->n)
			return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
					"unknown option '-%c'; see mkdomu %s --help", *letters,
					a->verb);
		*a->table[i].on = true;
	}
	return 0;
}

static int take_operand(struct mkd_args *a, const char *text, struct mkd_err *err)
{
	if (a->n_operands == a->max_operands)
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
				"unexpected operand '%.200s'; see mkdomu %s --help", text, a->verb);
	a->operands[a->n_operands++] = text;
	return 0;
}

int mkd_args_parse(struct mkd_args *a, int argc, char **argv, struct mkd_err *err)
{
	bool only_operands = false;
	int r = 0;

	a->n_operands = 0;
	for (int i = 1; r == 0 && i < argc; i++) {
		bool used = false;

		if (only_operands || argv[i][0] != '-' || !argv[i][1])
			r = take_operand(a, argv[i], err);
		else if (strcmp(argv[i], "--") == 0)
			only_operands = true;
		else if (argv[i][1] == '-')
			r = take_long(a, argv[i] + 2, i + 1 < argc ? argv[i + 1] : NULL, &used,
				      err);
		else
			r = take_letters(a, argv[i] + 1, err);
		i += used;
	}
	return r;
}

void mkd_args_help(const struct mkd_args *a, struct mkd_buf *ret)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct mkd_arg *o = &a->table[i];
		char left[64], letter[8] = "";

		if (o->letter)
			(void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
		(void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
			       o->arg ? o->arg : "");
		mkd_options_help_line(ret, left, o->help);
	}
}

int mkd_args_threads(const char *text, unsigned *ret, struct mkd_err *err)
{
	static const struct mkd_value_range threads = { 1, 256, "threads" };

	*ret = 0;
	return text ? mkd_value_count(text, "--threads", &threads, ret, err) : 0;
}
