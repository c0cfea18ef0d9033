/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings, and the words that are suggested for mistyped ones. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/settings.h"
#include "mkdomu/suggest.h"

static void the_table_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; i < MKD_N_KEYS; i++) {
		const struct mkd_setting_info *info = &mkd_setting_info[i];

		assert_non_null(info->name);
		assert_true(strlen(info->help) > 10);
		assert_true(info->option || info->section);
		assert_false(info->list && !info->arg);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(info->name, mkd_setting_info[j].name);
	}
}

static void what_a_profile_must_not_say_is_an_option_only(void **state)
{
	static const enum mkd_key keys[] = { MKD_KEY_DISK, MKD_KEY_FORCE, MKD_KEY_CFG,
					     MKD_KEY_UNVERIFIED };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		assert_null(mkd_setting_info[keys[i]].section);
}

static void values_are_added_and_found(void **state)
{
	struct mkd_settings s = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_null(mkd_settings_get(&s, MKD_KEY_MEMORY));
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_MEMORY), "default");
	assert_ok(mkd_settings_add(&s, MKD_KEY_MEMORY, "512", "--memory", &err), &err);
	assert_fails(mkd_settings_add(&s, MKD_KEY_MEMORY, "512", "--memory", &err), &err, EEXIST,
		     MKD_EXIT_USAGE, "'--memory' is given twice");
	assert_fails(mkd_settings_add(&s, MKD_KEY_MEMORY, "513", "a.conf:3", &err), &err, EEXIST,
		     MKD_EXIT_USAGE, "a.conf:3: 'memory' is given twice, first at --memory");
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_MEMORY), "512");
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_MEMORY), "--memory");
	assert_ok(mkd_settings_add(&s, MKD_KEY_DNS, "192.0.2.1", "--dns", &err), &err);
	assert_ok(mkd_settings_add(&s, MKD_KEY_DNS, "192.0.2.2", "--dns", &err), &err);
	assert_int_equal(s.of[MKD_KEY_DNS].values.n, 2);
	mkd_settings_free(&s);
}

static void settings_on_top_take_the_place_of_those_below(void **state)
{
	struct mkd_settings base = { 0 }, over = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_settings_add(&base, MKD_KEY_DNS, "1", "p:1", &err), &err);
	assert_ok(mkd_settings_add(&base, MKD_KEY_DNS, "2", "p:1", &err), &err);
	assert_ok(mkd_settings_add(&base, MKD_KEY_SIZE, "3G", "p:2", &err), &err);
	assert_ok(mkd_settings_add(&over, MKD_KEY_DNS, "9", "--dns", &err), &err);
	assert_ok(mkd_settings_add(&over, MKD_KEY_NAME, "web", "--name", &err), &err);
	assert_ok(mkd_settings_override(&base, &over, &err), &err);
	mkd_settings_free(&over);
	assert_int_equal(base.of[MKD_KEY_DNS].values.n, 1);
	assert_string_equal(mkd_settings_get(&base, MKD_KEY_DNS), "9");
	assert_string_equal(mkd_settings_origin(&base, MKD_KEY_DNS), "--dns");
	assert_string_equal(mkd_settings_get(&base, MKD_KEY_SIZE), "3G");
	assert_string_equal(mkd_settings_get(&base, MKD_KEY_NAME), "web");
	mkd_settings_free(&base);
}

static void distances_count_typing_mistakes(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned want;
	} rows[] = {
		{ "", "", 0 },          { "", "abc", 3 },           { "memory", "memroy", 1 },
		{ "mem", "memory", 3 }, { "size", "siez", 1 },      { "Swap_Size", "swap-size", 0 },
		{ "abc", "ca", 3 },     { "kitten", "sitting", 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(mkd_suggest_distance(rows[i].a, rows[i].b), rows[i].want);
		assert_int_equal(mkd_suggest_distance(rows[i].b, rows[i].a), rows[i].want);
	}
}

static void the_nearest_word_is_suggested_if_near(void **state)
{
	static const char *const words[] = { "disk", "dns", "dhcp", "memory", "maxmem" };
	static const struct {
		const char *word, *want;
	} rows[] = { { "disc", "disk" },
		     { "memroy", "memory" },
		     { "xyz", NULL },
		     { "d", NULL },
		     { "", NULL },
		     { "DISK", "disk" },
		     { "ridiculously-long-", NULL } };
	char longest[200], buf[112];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_suggest s = { .word = rows[i].word };

		for (size_t j = 0; j < ARRAY_LEN(words); j++)
			mkd_suggest_offer(&s, words[j]);
		if (rows[i].want)
			assert_string_equal(s.best, rows[i].want);
		else
			assert_null(s.best);
	}
	struct mkd_suggest s = { .word = "disc" };

	assert_string_equal(mkd_suggest_text(&s, "--", buf), "");
	mkd_suggest_offer(&s, "disk");
	assert_string_equal(mkd_suggest_text(&s, "--", buf), "; did you mean '--disk'?");
	memset(longest, 'd', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	s = (struct mkd_suggest){ .word = longest };
	mkd_suggest_offer(&s, "disk");
	assert_null(s.best);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_complete),
		cmocka_unit_test(what_a_profile_must_not_say_is_an_option_only),
		cmocka_unit_test(values_are_added_and_found),
		cmocka_unit_test(settings_on_top_take_the_place_of_those_below),
		cmocka_unit_test(distances_count_typing_mistakes),
		cmocka_unit_test(the_nearest_word_is_suggested_if_near),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
