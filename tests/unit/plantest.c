/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plantest.h"

#include <string.h>
#include <unistd.h>

void plan_settings(struct mkd_settings *s, const char *const *pairs)
{
	struct mkd_err err = { 0 };

	for (; *pairs; pairs++) {
		const char *pair = *pairs + (**pairs == '@'), *eq = strchr(pair, '=');
		size_t len = eq ? (size_t)(eq - pair) : strlen(pair), key = 0;
		char origin[64];

		while (key < MKD_N_KEYS && (strncmp(mkd_setting_info[key].name, pair, len) != 0 ||
					    mkd_setting_info[key].name[len]))
			key++;
		if (key == MKD_N_KEYS)
			fail_msg("no key: %s", pair);
		(void)snprintf(origin, sizeof(origin), "--%.*s", (int)len, pair);
		assert_ok(mkd_settings_add(s, (enum mkd_key)key, eq ? eq + 1 : "yes",
					   pair == *pairs ? origin : "p.conf:7", &err),
			  &err);
	}
}

int plan_make(const char *profile, const char *const *pairs, struct mkd_plan *p,
	      struct mkd_err *err)
{
	struct mkd_settings s = { 0 };
	int r;

	plan_settings(&s, pairs);
	r = mkd_plan_make(&s, profile, p, err);
	mkd_settings_free(&s);
	return r;
}

int enter_dir(void **state)
{
	int r = test_dir_setup(state);

	return r < 0 ? r : chdir(*state);
}

int leave_dir(void **state)
{
	return chdir("/") < 0 ? -1 : test_dir_teardown(state);
}
