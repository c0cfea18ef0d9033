/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Changes of the guest's files: from the words of the command line to the plan. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/fileop.h"
#include "mkdomu/json.h"
#include "mkdomu/plan.h"

static void add(struct mkd_settings *s, enum mkd_key key, const char *value)
{
	char origin[64];
	struct mkd_err err = { 0 };

	(void)snprintf(origin, sizeof(origin), "--%s", mkd_setting_info[key].name);
	assert_ok(mkd_settings_add(s, key, value, origin, &err), &err);
}

static int plan_of(const struct mkd_settings *s, struct mkd_plan *p, struct mkd_err *err)
{
	const struct mkd_draft j = { .s = s, .p = p, .err = err };

	return mkd_fileops_plan(&j);
}

static int plan_one(enum mkd_key key, const char *value, struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };

	add(&s, key, value);
	return plan_of(&s, &p, err);
}

static void the_order_of_the_command_line_is_kept(void **state)
{
	static const struct {
		enum mkd_key key;
		const char *value;
	} given[] = {
		{ MKD_KEY_WRITE, "/a:one:two\nthree\n" },
		{ MKD_KEY_DELETE, "/b" },
		{ MKD_KEY_WRITE, "/c:" },
		{ MKD_KEY_CHMOD, "0750:/c" },
		{ MKD_KEY_LINK, "../t:/l1:/l2" },
		{ MKD_KEY_COPY_IN, "/h/site/:/srv" },
		{ MKD_KEY_FIRSTBOOT, "/h/go:there.sh" },
	};
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		add(&s, given[i].key, given[i].value);
	assert_string_equal(s.of[MKD_KEY_FILES].values.v[1], "delete /b");
	assert_ok(plan_of(&s, &p, &err), &err);
	assert_int_equal(p.n_fileops, 8);
	assert_string_equal(p.fileops[0].text, "one:two\nthree\n");
	assert_string_equal(p.fileops[0].origin, "--write");
	assert_string_equal(p.fileops[1].path, "/b");
	assert_string_equal(p.fileops[2].text, "");
	assert_int_equal(p.fileops[3].mode, 0750);
	assert_string_equal(p.fileops[4].path, "/l1");
	assert_string_equal(p.fileops[5].path, "/l2");
	assert_string_equal(p.fileops[5].text, "../t");
	assert_string_equal(p.fileops[6].src, "/h/site");
	assert_string_equal(p.fileops[6].path, "/srv");
	assert_string_equal(p.fileops[7].src, "/h/go:there.sh");
}

static void wrong_values_are_refused_with_what_would_be_right(void **state)
{
	static const struct {
		enum mkd_key key;
		const char *value, *words;
	} bad[] = {
		{ MKD_KEY_WRITE, "/a", "--write: there is no ':' in it; write PATH:TEXT" },
		{ MKD_KEY_WRITE, ":x", "there is nothing before the ':'" },
		{ MKD_KEY_WRITE, "etc/a:x", "'etc/a' is not a path in the guest" },
		{ MKD_KEY_WRITE, "/a\n:x", "has a control character" },
		{ MKD_KEY_WRITE, "/a:\xff", "the text is not UTF-8" },
		{ MKD_KEY_WRITE, "", "the value is empty" },
		{ MKD_KEY_APPEND_LINE, "/a:x\ny", "the line has more lines in it" },
		{ MKD_KEY_CHMOD, "8:/a", "the mode is not an octal one; write it like 0750" },
		{ MKD_KEY_CHMOD, "u+x:/a", "not an octal one" },
		{ MKD_KEY_CHMOD, "77777:/a", "not an octal one" },
		{ MKD_KEY_DELETE, "/etc/../", "ends in '..'" },
		{ MKD_KEY_DELETE, "/..", "ends in '..'" },
		{ MKD_KEY_DELETE, "/", "that is all of the root; write a path in it" },
		{ MKD_KEY_DELETE, "//./", "that is all of the root" },
		{ MKD_KEY_DELETE, "/*", "that is all of the root" },
		{ MKD_KEY_DELETE, "/?*/*", "that is all of the root" },
		{ MKD_KEY_DELETE, "/etc/../*", "that is all of the root" },
		{ MKD_KEY_COPY_IN, "/a:b", "'b' is not a path in the guest" },
		{ MKD_KEY_FILES, "wriet /a:b", "did you mean 'write'?" },
	};
	char path[5000] = "/";
	struct mkd_err err;
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) /* mkd_fileops_plan: -EINVAL */
		assert_fails(plan_one(bad[i].key, bad[i].value, &err), &err, EINVAL, MKD_EXIT_USAGE,
			     bad[i].words);
	memset(path, '/', sizeof(path) - 1); /* mkd_fileops_plan: -E2BIG */
	assert_fails(plan_one(MKD_KEY_MKDIR, path, &err), &err, E2BIG, MKD_EXIT_USAGE, "longer");
	for (int i = 0; i <= MKD_FILEOPS_MAX; i++)
		add(&s, MKD_KEY_MKDIR, "/a");
	assert_fails(plan_of(&s, &p, &err), &err, E2BIG, MKD_EXIT_USAGE, "over 1000 changes");
}

static void without_memory_the_plan_fails(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	struct mkd_err err;
	struct mkd_plan p = { 0 };

	(void)state;
	add(&s, MKD_KEY_COPY_IN, "/a:/b");
	add(&s, MKD_KEY_LINK, "/a:/b:/c");
	add(&s, MKD_KEY_CHMOD, "0700:/c");
	/* mkd_fileops_plan: -ENOMEM */
	assert_nomem_some((mkd_plan_free(&p), plan_of(&s, &p, &err)), &err, mkd_plan_free(&p));
	mkd_plan_free(&p);
}

static void an_option_brings_its_hook_along(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	add(&s, MKD_KEY_DISK, "/tmp/x.img");
	add(&s, MKD_KEY_TARBALL, "/tmp/x.tar");
	add(&s, MKD_KEY_UNVERIFIED, "yes");
	add(&s, MKD_KEY_WRITE, "/a:b");
	assert_ok(mkd_plan_make(&s, NULL, &p, &err), &err);
	assert_string_equal(p.hooks.v[p.hooks.n - 1], "files");
	add(&s, MKD_KEY_NO_HOOK, "files");
	assert_fails(mkd_plan_make(&s, NULL, &p, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--write needs the hook 'files', which is left out");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_of_the_command_line_is_kept),
		cmocka_unit_test(wrong_values_are_refused_with_what_would_be_right),
		cmocka_unit_test(without_memory_the_plan_fails),
		cmocka_unit_test(an_option_brings_its_hook_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
