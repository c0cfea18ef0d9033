/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "mkdomu/pipeline.h"

/* Each step writes a letter, so a test reads the whole order as one string. */
static void put(void *job, char c)
{
	char *s = job;

	s[strlen(s)] = c;
}

static int run_a(void *job, struct mkd_err *err)
{
	(void)err;
	put(job, 'a');
	return 0;
}

static int run_b(void *job, struct mkd_err *err)
{
	(void)err;
	put(job, 'b');
	return 0;
}

static int run_bad(void *job, struct mkd_err *err)
{
	put(job, 'x');
	return mkd_fail(err, MKD_EXIT_NOSPACE, ENOSPC, "no room");
}

static void release_a(void *job)
{
	put(job, 'A');
}

static void release_b(void *job)
{
	put(job, 'B');
}

static void rollback_a(void *job)
{
	put(job, '!');
}

static const struct mkd_step steps[] = {
	{ "alpha", run_a, rollback_a, release_a, false },
	{ "beta", run_b, NULL, release_b, false },
	{ "gamma", run_bad, rollback_a, release_a, false },
};

static void success_releases_in_reverse(void **state)
{
	char log[16] = "";
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_pipeline_run(steps, 2, log, &err), &err);
	assert_string_equal(log, "abBA");
}

static void failure_rolls_back_before_it_releases(void **state)
{
	char log[16] = "";
	struct mkd_err err = { 0 };

	(void)state;
	assert_fails(mkd_pipeline_run(steps, 3, log, &err), &err, ENOSPC, MKD_EXIT_NOSPACE,
		     "no room");
	assert_string_equal(log, "abxB!A");
}

static void a_signal_stops_between_steps_but_not_the_report(void **state)
{
	const struct mkd_step report = { "report", run_b, NULL, NULL, true };
	char log[16] = "";
	struct mkd_err err = { 0 };

	(void)state;
	mkd_signal_set(SIGTERM);
	assert_fails(mkd_pipeline_run(steps, 2, log, &err), &err, EINTR, 128 + SIGTERM,
		     "signal 15");
	assert_string_equal(log, "");
	assert_ok(mkd_pipeline_run(&report, 1, log, &err), &err);
	assert_string_equal(log, "b");
	mkd_signal_set(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signal_stops_between_steps_but_not_the_report),
		cmocka_unit_test(success_releases_in_reverse),
		cmocka_unit_test(failure_rolls_back_before_it_releases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
