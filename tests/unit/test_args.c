/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/args.h"

struct got {
	const char *threads, *seed, *operands[2];
	bool quiet, loud;
	struct mkd_args a;
	struct mkd_arg table[4];
};

static int parse(struct got *g, const char *line, struct mkd_err *err)
{
	char copy[256], *argv[16] = { (char[]){ "verb" } }, *next = copy;
	int argc = 1;

	memset(g, 0, sizeof(*g));
	g->table[0] = (struct mkd_arg){ "threads", 0, "N", "so many", &g->threads, NULL };
	g->table[1] = (struct mkd_arg){ "seed", 0, "TEXT", "a text", &g->seed, NULL };
	g->table[2] = (struct mkd_arg){ "quiet", 'q', NULL, "say less", NULL, &g->quiet };
	g->table[3] = (struct mkd_arg){ "loud", 'l', NULL, "say more", NULL, &g->loud };
	g->a = (struct mkd_args){ .verb = "verb",
				  .table = g->table,
				  .n = 4,
				  .operands = g->operands,
				  .max_operands = 2 };
	(void)snprintf(copy, sizeof(copy), "%s", line);
	while (next && *next && argc < 15)
		argv[argc++] = strsep(&next, " ");
	return mkd_args_parse(&g->a, argc, argv, err);
}

/* The texts that are found are copies in parse(), gone by now: what counts is looked at there. */
static void all_forms_are_taken(void **state)
{
	static const char *const lines[] = {
		"--threads 2 a --quiet b", "a --threads=2 -q b",     "-ql a b --threads 2",
		"-q --threads 2 -- a b",   "-qq a -- b --threads=2",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct got g;
		struct mkd_err err = { 0 };

		if (i == 4) { /* three operands behind "--" */
			assert_fails(parse(&g, lines[i], &err), &err, EINVAL, MKD_EXIT_USAGE,
				     "unexpected operand '--threads=2'");
			continue;
		}
		assert_ok(parse(&g, lines[i], &err), &err);
		assert_non_null(g.threads);
		assert_true(g.quiet);
		assert_int_equal(g.loud, i == 2);
		assert_null(g.seed);
		assert_int_equal(g.a.n_operands, 2);
	}
}

static void mistakes_are_named(void **state)
{
	/* mkd_args_parse: -EINVAL, -EEXIST */
	static const struct {
		const char *line;
		int code;
		const char *words;
	} rows[] = {
		{ "--thraeds 2", EINVAL, "unknown option '--thraeds'; did you mean '--threads'?" },
		{ "--nothing-like-it", EINVAL, "see mkdomu verb --help" },
		{ "--thread 2", EINVAL, "did you mean '--threads'?" },
		{ "--threads", EINVAL, "a value has to follow the option '--threads'" },
		{ "--threads --quiet", EINVAL, "'--threads=VALUE'" },
		{ "--threads 2 --threads 2", EEXIST, "'--threads' is given twice" },
		{ "--quiet=yes", EINVAL, "option '--quiet' takes no value" },
		{ "-x", EINVAL, "unknown option '-x'" },
		{ "-qx", EINVAL, "unknown option '-x'" },
		{ "a b c", EINVAL, "unexpected operand 'c'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct got g;
		struct mkd_err err;

		assert_fails(parse(&g, rows[i].line, &err), &err, rows[i].code, MKD_EXIT_USAGE,
			     rows[i].words);
	}
}

static void an_empty_value_is_one(void **state)
{
	struct got g;
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(parse(&g, "--seed=", &err), &err);
	assert_non_null(g.seed);
	assert_ok(parse(&g, "- --seed=--x", &err), &err);
	assert_int_equal(g.a.n_operands, 1);
	assert_non_null(g.seed);
}

static void threads_are_counted(void **state)
{
	struct mkd_err err = { 0 };
	unsigned n = 7;

	(void)state;
	assert_ok(mkd_args_threads(NULL, &n, &err), &err);
	assert_int_equal(n, 0);
	assert_ok(mkd_args_threads("256", &n, &err), &err);
	assert_int_equal(n, 256);
	assert_fails(mkd_args_threads("0", &n, &err), &err, EINVAL, MKD_EXIT_USAGE, "--threads");
	assert_fails(mkd_args_threads("257", &n, &err), &err, EINVAL, MKD_EXIT_USAGE, "--threads");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms_are_taken),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(an_empty_value_is_one),
		cmocka_unit_test(threads_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
