/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "mkdomu/file.h"
#include "mkdomu/options.h"

#define MAX_ARGS 12

/* line is split at blanks. */
static int parse_line(const char *line, struct mkd_options *o, struct mkd_err *err)
{
	char copy[512], *argv[MAX_ARGS + 2] = { (char[]){ "mkdomu" } }, *next = copy;
	int argc = 1;

	(void)snprintf(copy, sizeof(copy), "%s", line);
	while (next && *next && argc <= MAX_ARGS)
		argv[argc++] = strsep(&next, " ");
	argv[argc] = NULL;
	return mkd_options_parse(argc, argv, o, err);
}

static void both_forms_of_an_option_are_taken(void **state)
{
	static const char *const lines[] = {
		"--profile x.conf --disk a.img --memory 512 --dns 192.0.2.1 --dns 192.0.2.2 "
		"--force -n",
		"build --dns=192.0.2.1 --force --profile=x.conf --disk=a.img --dns=192.0.2.2 "
		"--force "
		"--memory=512 --dry-run",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct mkd_options o = { 0 };
		struct mkd_err err = { 0 };

		assert_ok(parse_line(lines[i], &o, &err), &err);
		assert_true(o.dry_run);
		assert_false(o.quiet || o.verbose || o.help || o.version);
		assert_string_equal(mkd_settings_get(&o.settings, MKD_KEY_DISK), "a.img");
		assert_string_equal(mkd_settings_origin(&o.settings, MKD_KEY_DISK), "--disk");
		assert_string_equal(mkd_settings_get(&o.settings, MKD_KEY_FORCE), "yes");
		assert_string_equal(mkd_settings_get(&o.settings, MKD_KEY_MEMORY), "512");
		assert_int_equal(o.settings.of[MKD_KEY_DNS].values.n, 2);
		assert_string_equal(o.settings.of[MKD_KEY_DNS].values.v[1], "192.0.2.2");
		mkd_options_free(&o);
	}
}

static void every_option_of_the_table_is_taken(void **state)
{
	(void)state;
	for (size_t key = 0; key < MKD_N_KEYS; key++) {
		const struct mkd_setting_info *info = &mkd_setting_info[key];
		struct mkd_options o = { 0 };
		struct mkd_err err = { 0 };
		char line[128];

		(void)snprintf(line, sizeof(line), "--%s%s", info->name,
			       info->arg ? "=val=ue" : "");
		if (!info->option) {
			assert_fails(parse_line(line, &o, &err), &err, EINVAL, MKD_EXIT_USAGE,
				     "unknown option '--");
			continue;
		}
		assert_ok(parse_line(line, &o, &err), &err);
		if (key >= MKD_KEY_COPY_IN && key <= MKD_KEY_FIRSTBOOT) { /* share a list */
			(void)snprintf(line, sizeof(line), "%s val=ue", info->name);
			assert_string_equal(mkd_settings_get(&o.settings, MKD_KEY_FILES), line);
		} else {
			assert_string_equal(mkd_settings_get(&o.settings, (enum mkd_key)key),
					    info->arg ? "val=ue" : "yes");
		}
		mkd_options_free(&o);
	}
}

static void mistakes_are_named(void **state)
{
	static const struct {
		const char *line;
		int code;
		const char *words;
	} rows[] = {
		{ "--dsik a.img", EINVAL, "unknown option '--dsik'; did you mean '--disk'?" },
		{ "--memry=5", EINVAL, "unknown option '--memry'; did you mean '--memory'?" },
		{ "--on_crash destroy", EINVAL, "did you mean '--on-crash'?" },
		{ "--mem 5", EINVAL, "unknown option '--mem'; see mkdomu --help" },
		{ "--forc", EINVAL, "did you mean '--force'?" },
		{ "--dis=a.img", EINVAL, "did you mean '--disk'?" },
		{ "--disk", EINVAL, "a value has to follow the option '--disk'" },
		{ "--disk --force", EINVAL, "write '--disk=--force'" },
		{ "--force=yes", EINVAL, "option '--force' takes no value" },
		{ "--force= a", EINVAL, "option '--force' takes no value" },
		{ "-x", EINVAL, "unknown option '-x'" },
		{ "-nx", EINVAL, "unknown option '-x'" },
		{ "-p x", EINVAL, "unknown option '-p'" },
		{ "a.img", EINVAL, "unexpected operand 'a.img'" },
		{ "--force build", EINVAL, "unexpected operand 'build'" },
		{ "build build", EINVAL, "unexpected operand 'build'" },
		{ "-", EINVAL, "unexpected operand '-'" },
		{ "-- --force", EINVAL, "unexpected operand '--force'" },
		{ "--=x", EINVAL, "unknown option '--'" },
		{ "--disk a --disk b", EEXIST, "'--disk' is given twice" },
		{ "--profile a --profile a", EEXIST, "'--profile' is given twice" },
		{ "-q -v", EINVAL, "'--quiet' together with --verbose" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_options o = { .profile = "untouched" };
		struct mkd_err err;

		/* mkd_options_parse: -EINVAL, -EEXIST */
		assert_fails(parse_line(rows[i].line, &o, &err), &err, rows[i].code, MKD_EXIT_USAGE,
			     rows[i].words);
		assert_string_equal(o.profile, "untouched");
	}
}

static void help_and_version_end_the_parsing(void **state)
{
	struct mkd_options o = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(parse_line("--help --nonsense", &o, &err), &err);
	assert_true(o.help);
	mkd_options_free(&o);
	assert_ok(parse_line("-qV operand", &o, &err), &err);
	assert_true(o.version && o.quiet);
	mkd_options_free(&o);
	assert_ok(parse_line("", &o, &err), &err);
	assert_null(o.profile);
	assert_ok(parse_line("--", &o, &err), &err);
	mkd_options_free(&o);
}

static void the_help_names_every_option_in_80_columns(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	char want[64];

	(void)state;
	mkd_options_help(&b);
	assert_ok(mkd_buf_check(&b, &err), &err);
	for (size_t key = 0; key < MKD_N_KEYS; key++) {
		(void)snprintf(want, sizeof(want), "  --%s", mkd_setting_info[key].name);
		assert_true(!mkd_setting_info[key].option == !strstr(mkd_buf_cstr(&b), want));
	}
	for (const char *p = mkd_buf_cstr(&b); *p; p += strcspn(p, "\n") + 1)
		assert_true(strcspn(p, "\n") <= 80);
}

static void the_manual_describes_every_option(void **state)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err err = { 0 };
	char want[64];

	(void)state;
	assert_ok(mkd_file_read(AT_FDCWD, "man/mkdomu.8", MIB, MKD_EXIT_IO, &b, &err), &err);
	for (size_t key = 0; key < MKD_N_KEYS; key++) {
		const struct mkd_setting_info *info = &mkd_setting_info[key];
		bool described;

		(void)snprintf(want, sizeof(want), "\n.It Fl -%s%s", info->name,
			       info->arg ? " " : "\n");
		described = strstr(mkd_buf_cstr(&b), want) != NULL;
		if (described != info->option)
			fail_msg("man/mkdomu.8 and --%s do not agree", info->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_of_an_option_are_taken),
		cmocka_unit_test(every_option_of_the_table_is_taken),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(help_and_version_end_the_parsing),
		cmocka_unit_test(the_help_names_every_option_in_80_columns),
		cmocka_unit_test(the_manual_describes_every_option),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
