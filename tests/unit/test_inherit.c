/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Profiles that inherit: what wins, and what is refused; and their text, read again. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/inherit.h"
#include "mkdomu/profile.h"
#include "mkdomu/profile_text.h"

static const char *put(void **state, const char *name, const char *text)
{
	const char *path = test_path(state, name);

	test_write(path, text, strlen(text));
	return path;
}

static void the_nearest_profile_wins_and_lists_are_replaced(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup_free char *path = NULL;
	struct mkd_err err = { 0 };

	(void)put(state, "top.conf",
		  "hooks = { a, b, c }\nsource {\nmirror = { 'https://a', 'https://b' }\n"
		  "variant = x }\ndomain { memory = 512\nvcpus = 3 }\n");
	(void)put(state, "mid.conf", "inherit = top\nhooks = d\ndomain { memory = 1024 }\n");
	(void)put(state, "own.conf", "inherit = \"./mid.conf\"\nsource { variant = y }\n");
	assert_ok(mkd_inherit_load(test_path(state, "own.conf"), &s, &path, &err), &err);
	assert_string_equal(path, test_path(state, "own.conf"));
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_VARIANT), "y");
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_VARIANT), "own.conf:2");
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_MEMORY), "1024");
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_MEMORY), "mid.conf:3");
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_VCPUS), "top.conf:6");
	assert_int_equal(s.of[MKD_KEY_HOOK].values.n, 1);
	assert_string_equal(s.of[MKD_KEY_HOOK].values.v[0], "d");
	assert_int_equal(s.of[MKD_KEY_MIRROR].values.n, 2);
	assert_string_equal(s.of[MKD_KEY_MIRROR].origins.v[1], "top.conf:3");
}

static void a_parent_is_looked_for_beside_then_by_name(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup_free char *path = NULL;
	struct mkd_err err = { 0 };

	assert_int_equal(setenv("XDG_CONFIG_HOME", *state, 1), 0);
	assert_int_equal(mkdir(test_path(state, "mkdomu"), 0755), 0);
	assert_int_equal(mkdir(test_path(state, "mkdomu/profiles"), 0755), 0);
	assert_int_equal(mkdir(test_path(state, "else"), 0755), 0);
	(void)put(state, "mkdomu/profiles/top.conf", "domain { memory = 100 }");
	(void)put(state, "else/own.conf", "inherit = top\n");
	assert_ok(mkd_inherit_load(test_path(state, "else/own.conf"), &s, &path, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_MEMORY), "100");
	mkd_settings_free(&s);
	free(steal(&path));
	(void)put(state, "else/top.conf", "domain { memory = 200 }");
	assert_ok(mkd_inherit_load(test_path(state, "else/own.conf"), &s, &path, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_MEMORY), "200");
}

static void a_hook_is_beside_the_file_that_names_it(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 }, cut = { 0 };
	cleanup_free char *path = NULL, *again = NULL, *here = NULL, *want = NULL;
	struct mkd_err err = { 0 };
	char *real;

	assert_int_equal(mkdir(test_path(state, "pa"), 0755), 0);
	real = realpath(*state, NULL);
	assert_non_null(real);
	assert_true(asprintf(&want, "%s/pa/./own", real) > 0);
	(void)put(state, "pa/top.conf", "hooks = { console, './own', '/a/b' }\n");
	(void)put(state, "own.conf", "inherit = 'pa/top.conf'\n");
	assert_ok(mkd_inherit_load(test_path(state, "own.conf"), &s, &path, &err), &err);
	assert_string_equal(s.of[MKD_KEY_HOOK].values.v[0], "console");
	assert_string_equal(s.of[MKD_KEY_HOOK].values.v[1], want);
	assert_string_equal(s.of[MKD_KEY_HOOK].values.v[2], "/a/b");
	/* and from the profile's folder itself */
	here = getcwd(NULL, 0);
	assert_int_equal(chdir(test_path(state, "pa")), 0);
	assert_ok(mkd_inherit_load("top.conf", &cut, &again, &err), &err);
	assert_int_equal(chdir(here), 0);
	assert_string_equal(cut.of[MKD_KEY_HOOK].values.v[1], want);
	free(real);
}

static void refused(void **state, int code, const char *want)
{
	struct mkd_settings s = { 0 }, none = { 0 };
	struct mkd_err err = { 0 };
	char *path = NULL;

	assert_fails(mkd_inherit_load(test_path(state, "own.conf"), &s, &path, &err), &err, code,
		     MKD_EXIT_USAGE, want);
	assert_memory_equal(&s, &none, sizeof(s));
	assert_null(path);
}

/* mkd_inherit_load: -ELOOP, -ENOENT */
static void circles_chains_and_missing_parents_are_refused(void **state)
{
	struct mkd_settings s = { 0 };
	struct mkd_err err = { 0 };
	char *path = NULL;

	(void)put(state, "own.conf", "\ninherit = own");
	refused(state, ELOOP, "/own.conf:2: the profile inherits itself");
	(void)put(state, "own.conf", "inherit = b");
	(void)put(state, "b.conf", "\n\ninherit = './own.conf'");
	refused(state, ELOOP, "/b.conf:3: the profile inherits itself");
	(void)put(state, "own.conf", "\ninherit = nothere");
	refused(state, ENOENT, "/own.conf:2: no profile 'nothere': there is no 'nothere.conf' in");
	(void)put(state, "own.conf", "\ninherit = ./nothere.conf");
	refused(state, ENOENT, "/own.conf:2: no profile '");
	(void)put(state, "own.conf", "inherit = b");
	(void)put(state, "b.conf", "inherit = c\n\nmemory = 5");
	refused(state, EINVAL, "/b.conf:3: unknown key 'memory'");
	(void)put(state, "own.conf", "inherit = b\ninherit = b");
	refused(state, EINVAL, "/own.conf:2: 'inherit' is given twice");
	(void)put(state, "own.conf", "domain { inherit = b }");
	refused(state, EINVAL, "it belongs outside of sections");
	assert_fails(mkd_inherit_load("no-such-profile-here", &s, &path, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "no profile 'no-such-profile-here'");
}

static void eight_files_are_enough(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup_free char *path = NULL;
	struct mkd_err err = { 0 };

	for (int i = 1; i <= 8; i++) {
		char name[32], text[64];

		(void)snprintf(name, sizeof(name), "p%d.conf", i);
		(void)snprintf(text, sizeof(text), "inherit = p%d\n", i + 1);
		(void)put(state, name, i < 8 ? text : "domain { memory = 77 }");
	}
	assert_ok(mkd_inherit_load(test_path(state, "p1.conf"), &s, &path, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_MEMORY), "77");
	(void)put(state, "own.conf", "inherit = p1");
	refused(state, ELOOP, "/p7.conf:1: over 8 profiles inherit");
}

static int load_and_drop(const char *name, struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup_free char *path = NULL;

	return mkd_inherit_load(name, &s, &path, err);
}

/* mkd_inherit_load, mkd_profile_places: -ENOMEM */
static void no_memory_is_told(void **state)
{
	struct mkd_strv dirs = { 0 };
	struct mkd_err err = { 0 };

	(void)put(state, "own.conf", "inherit = './b.conf'\ndomain { memory = 5 }");
	(void)put(state, "b.conf", "hooks = { a }");
	assert_nomem(load_and_drop(test_path(state, "own.conf"), &err), &err);
	assert_fault(FAULT_ALLOC, 1, mkd_profile_places(&dirs, &err), &err, ENOMEM,
		     MKD_EXIT_INTERNAL, "memory");
	mkd_strv_free(&dirs);
}

static void a_profile_written_is_read_the_same(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 }, again = { 0 };
	cleanup_buf struct mkd_buf text = { 0 };
	cleanup_free char *path = NULL;
	struct mkd_err err = { 0 };

	(void)put(state, "top.conf",
		  "description = 'it \"is\" \\\\ ${x}'\nneeds = 'a \"b\" \\\\'\n"
		  "hooks = { a, b }\nsource { kind = gentoo\n"
		  "mirror = 'https://u:secret@a/x' }\n");
	(void)put(state, "own.conf",
		  "inherit = top\ndisk { size = 4G }\n"
		  "domain { extra = 'a b'\ndns = { 192.0.2.1, 192.0.2.2 } }");
	assert_ok(mkd_inherit_load(test_path(state, "own.conf"), &s, &path, &err), &err);
	mkd_profile_text(&s, &text);
	assert_ok(mkd_buf_check(&text, &err), &err);
	assert_non_null(strstr(text.data, "# top.conf:1\n"));
	assert_non_null(strstr(text.data, "# own.conf:2\n"));
	assert_null(strstr(text.data, "inherit"));
	assert_null(strstr(text.data, "secret"));
	assert_ok(mkd_profile_read(put(state, "again.conf", text.data), &again, &err), &err);
	for (size_t key = MKD_KEY_DESCRIPTION; key < MKD_N_KEYS; key++) {
		assert_int_equal(again.of[key].values.n, s.of[key].values.n);
		for (size_t i = 0; i < s.of[key].values.n && key != MKD_KEY_MIRROR; i++)
			assert_string_equal(again.of[key].values.v[i], s.of[key].values.v[i]);
	}
	assert_string_equal(mkd_settings_get(&again, MKD_KEY_MIRROR), "https://a/x");
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(the_nearest_profile_wins_and_lists_are_replaced),
		IN_DIR(a_parent_is_looked_for_beside_then_by_name),
		IN_DIR(a_hook_is_beside_the_file_that_names_it),
		IN_DIR(circles_chains_and_missing_parents_are_refused),
		IN_DIR(eight_files_are_enough),
		IN_DIR(no_memory_is_told),
		IN_DIR(a_profile_written_is_read_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
