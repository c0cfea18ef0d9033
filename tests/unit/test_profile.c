/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/inherit.h"
#include "mkdomu/plan.h"
#include "mkdomu/profile.h"

static int read_text(void **state, const char *text, size_t len, struct mkd_settings *s,
		     struct mkd_err *err)
{
	const char *path = test_path(state, "p.conf");

	test_write(path, text, len);
	return mkd_profile_read(path, s, err);
}

static void a_profile_fills_the_settings_with_origins(void **state)
{
	static const char text[] = "# a comment with \"quotes, ${HOME} and {\r\n"
				   "description = 'what \"it\" is'\n"
				   "source { kind = gentoo # behind\n"
				   "  mirror = { \"https://a.example/x\", # one\n"
				   "    'https://b.example' }\n"
				   "}\n"
				   "hooks = console\n"
				   "domain {\n"
				   "  memory = 08\n"
				   "  extra = \"a \\\\ \\\" ' b\"\n"
				   "  kernel = /boot/vmlinuz-6.12\n"
				   "}\n"
				   "disk { size = 1.5G swap = none }";
	struct mkd_settings s = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(read_text(state, text, strlen(text), &s, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_SOURCE), "gentoo");
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_SOURCE), "p.conf:3");
	assert_int_equal(s.of[MKD_KEY_MIRROR].values.n, 2);
	assert_string_equal(s.of[MKD_KEY_MIRROR].values.v[1], "https://b.example");
	assert_string_equal(s.of[MKD_KEY_MIRROR].origins.v[1], "p.conf:5");
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_HOOK), "console");
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_MEMORY), "08");
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_MEMORY), "p.conf:9");
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_EXTRA), "a \\ \" ' b");
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_KERNEL), "/boot/vmlinuz-6.12");
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_SIZE), "1.5G");
	assert_string_equal(mkd_settings_origin(&s, MKD_KEY_SIZE), "p.conf:13");
	mkd_settings_free(&s);
}

static void mistakes_are_named_with_file_and_line(void **state)
{
	static const struct {
		const char *text, *want; /* behind the path */
	} rows[] = {
		{ "memory = 5", ":1: unknown key 'memory'; it belongs into section 'domain'" },
		{ "\ndomain {\n memroy = 5\n}",
		  ":3: unknown key 'memroy' in section 'domain'; did you mean 'memory'?" },
		{ "domain {\n on_crash = destroy }",
		  ":2: unknown key 'on_crash' in section 'domain'; did you mean 'on-crash'?" },
		{ "domain { hooks = a }",
		  ":1: unknown key 'hooks' in section 'domain'; it belongs outside of sections" },
		{ "disk {\n disk = /dev/sda }",
		  ":2: unknown key 'disk' in section 'disk'; it can only be given as --disk" },
		{ "source { unverified = yes }",
		  ":1: unknown key 'unverified' in section 'source'; it can only be given as "
		  "--unverified" },
		{ "domian {}", ":1: unknown key 'domian'; did you mean 'domain'?" },
		{ "xyzzy = 1", ":1: unknown key 'xyzzy'" },
		{ "domain {\n memory = 1\n vcpus = 1\n memory = 2 }",
		  ":4: 'memory' is given twice, first at p.conf:2; keep one" },
		{ "hooks = { a }\nhooks = { a }", ":2: 'hooks' is given twice, first at p.conf:1; "
						  "keep one" },
		{ "hooks = a\nhooks = a",
		  ":2: 'hooks' is given twice, first at p.conf:1; keep one" },
		{ "description = a\ndescription = a",
		  ":2: 'description' is given twice, first at p.conf:1; keep one" },
		{ "disk {}\ndisk {\n}\n", ":3: section 'disk' is there twice; join them" },
		{ "hooks = {}", ":1: the list is empty; leave the key out" },
		{ "hooks = {\n# none\n}", ":3: the list is empty; leave the key out" },
		{ "domain { name = '' }",
		  ":1: unknown key 'name' in section 'domain'; it can only be "
		  "given as --name" },
		{ "domain { kernel = '' }", ":1: 'kernel' is empty; leave it out" },
		{ "domain { memory = {1} }", ":1: unexpected token '{'" },
		{ "domain { memory = 1, }", ":1: unexpected token ','" },
		{ "domain { memory 5 }", ":1: missing equal sign after option 'memory'" },
		{ "domain {\n memory =\n}", ":3: unexpected token '}'" },
		{ "domain = 5", ":1: missing opening brace for section 'domain'" },
		{ "disk {}\ndomain {\n", ":2: this '{' is never closed" },
		{ "hooks = {\na,\n", ":1: this '{' is never closed" },
		{ "domain { a = { b = { c } } }",
		  ":1: unexpected '{': only a list in a section may have one" },
		{ "hooks", ":1: premature end of file" },
		{ "\n}", ":2: unexpected closing brace" },
		{ "domain {}\n'domain|memory' = 2",
		  ":2: unknown key 'memory'; it belongs into section 'domain'" },
		{ "disk { swap = /dev/sdb }",
		  ":1: 'swap' is none or file in a profile; a device or "
		  "image can only be given as --swap" },
		{ "include(\"/etc/passwd\")", ":1: unexpected '('; put values with such characters "
					      "into \"...\"" },
		{ "hooks += { a }",
		  ":1: unexpected '+'; put values with such characters into \"...\"" },
		{ "domain { extra = ${HOME} }",
		  ":1: unexpected '$'; put values with such characters into \"...\"" },
		{ "domain { extra = \"${HOME}\" }",
		  ":1: '${' in a string: variables are not put in; write the value, or use '...' "
		  "for the characters as they are" },
		{ "domain {\n extra = \"a\n b\" }", ":2: a string does not end on its line; close "
						    "the quote" },
		{ "domain { extra = 'a", ":1: a string does not end on its line; close the quote" },
		{ "domain { extra = 'a\\", ":1: a backslash in a string may only stand before a "
					   "backslash or the quote" },
		{ "domain { extra = \"a\\x00b\" }", ":1: a backslash in a string may only stand "
						    "before a backslash or the quote" },
		{ "domain { extra = 'a\tb' }", ":1: a string has a control character in it" },
		{ "// old style", ":1: comments begin with '#'" },
		{ "/* old style */", ":1: comments begin with '#'" },
		{ "\033[31m", ":1: there is a control character" },
		{ "\xc3\xa4 = 1",
		  ":1: unexpected '?'; put values with such characters into \"...\"" },
	};
	struct mkd_settings s = { 0 }, none = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_err err = { 0 };
		char want[512];

		(void)snprintf(want, sizeof(want), "%s%s", test_path(state, "p.conf"),
			       rows[i].want);
		if (read_text(state, rows[i].text, strlen(rows[i].text), &s, &err) != -EINVAL)
			fail_msg("this was read: %s", rows[i].text);
		assert_string_equal(err.msg, want);
		assert_int_equal(err.exit, MKD_EXIT_USAGE);
		assert_memory_equal(&s, &none, sizeof(s));
	}
}

static void files_that_are_no_profiles(void **state)
{
	struct mkd_settings s = { 0 };
	struct mkd_err err;
	char *big = calloc(1, MIB + 1);

	assert_non_null(big);
	memset(big, '\n', MIB + 1);
	assert_fails(read_text(state, big, MIB + 1, &s, &err), &err, EFBIG, MKD_EXIT_USAGE,
		     "limit of 1048576 bytes");
	assert_ok(read_text(state, big, MIB, &s, &err), &err);
	free(big);
	assert_ok(read_text(state, "", 0, &s, &err), &err);
	assert_fails(read_text(state, "# a\nhooks\0 = a", 14, &s, &err), &err, EINVAL,
		     MKD_EXIT_USAGE, ":2: there is a NUL byte");
	assert_fails(mkd_profile_read(*state, &s, &err), &err, EISDIR, MKD_EXIT_USAGE, "directory");
	assert_fails(mkd_profile_read(test_path(state, "no.conf"), &s, &err), &err, ENOENT,
		     MKD_EXIT_USAGE, "no.conf");
}

static void the_environment_has_no_say(void **state)
{
	static const char text[] = "domain { extra = '${MKD_TEST_VAR} $HOME ~' }";
	struct mkd_settings s = { 0 };
	struct mkd_err err = { 0 };

	assert_int_equal(setenv("MKD_TEST_VAR", "evil", 1), 0);
	assert_ok(read_text(state, text, strlen(text), &s, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_EXTRA), "${MKD_TEST_VAR} $HOME ~");
	mkd_settings_free(&s);
}

static void damaged_profiles_never_crash(void **state)
{
	static const char text[] = "# c\ndescription = 'x'\nsource { kind = gentoo mirror = { "
				   "\"https://a\", 'b' } }\nhooks = { a, b }\ndomain { memory = 5\n"
				   "extra = \"a\\\"b\" }\n";
	static const char noise[] = "{}=,\"'\\$#\n\r\t+|/*()\x01\xff";
	uint32_t x = 12345;

	for (int i = 0; i < 3000; i++) {
		struct mkd_settings s = { 0 };
		struct mkd_err err = { 0 };
		char copy[sizeof(text)];
		size_t len = strlen(text);

		memcpy(copy, text, sizeof(text));
		for (int j = 0; j < 1 + i % 4; j++) {
			x = x * 1664525 + 1013904223;
			copy[(x >> 8) % len] = noise[(x >> 4) % (sizeof(noise) - 1)];
		}
		if (i % 3 == 0)
			len = (x >> 9) % len;
		if (read_text(state, copy, len, &s, &err) < 0) {
			assert_int_equal(err.exit, MKD_EXIT_USAGE);
			assert_non_null(strstr(err.msg, "p.conf:"));
		}
		mkd_settings_free(&s);
	}
}

static void profiles_are_found_in_their_places(void **state)
{
	cleanup_free char *path = NULL;
	struct mkd_err err = { 0 };

	assert_int_equal(setenv("XDG_CONFIG_HOME", *state, 1), 0);
	assert_int_equal(mkdir(test_path(state, "mkdomu"), 0755), 0);
	assert_int_equal(mkdir(test_path(state, "mkdomu/profiles"), 0755), 0);
	assert_fails(mkd_profile_find("web", &path, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "/etc/mkdomu/profiles, " MKD_PROFILE_DIR);
	assert_non_null(strstr(err.msg, *state));
	test_write(test_path(state, "mkdomu/profiles/web.conf"), "", 0);
	assert_ok(mkd_profile_find("web", &path, &err), &err);
	assert_string_equal(path, test_path(state, "mkdomu/profiles/web.conf"));
	free(steal(&path));
	/* relative is to be ignored, says the specification */
	assert_int_equal(setenv("XDG_CONFIG_HOME", "relative", 1), 0);
	assert_int_equal(setenv("HOME", *state, 1), 0);
	assert_fails(mkd_profile_find("web", &path, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "/.config/mkdomu/profiles");
	assert_null(strstr(err.msg, "relative"));
	/* paths */
	assert_ok(mkd_profile_find(test_path(state, "mkdomu/profiles/web.conf"), &path, &err),
		  &err);
	free(steal(&path));
	assert_fails(mkd_profile_find("nothere.conf", &path, &err), &err, ENOENT, MKD_EXIT_USAGE,
		     "no profile 'nothere.conf'");
	assert_fails(mkd_profile_find("./web", &path, &err), &err, ENOENT, MKD_EXIT_USAGE, "./web");
	assert_fails(mkd_profile_find("", &path, &err), &err, ENOENT, MKD_EXIT_USAGE, "empty");
}

static void the_source_tree_is_known_by_the_build_folder(void **state)
{
	static const char *const others[] = { "/usr/local/sbin/mkdomu",
					      "/s/build/asan/tests/mkdomu",
					      "/s/build/mkdomu",
					      "build/asan/mkdomu",
					      "mkdomu",
					      "/s/xbuild/asan/mkdomu",
					      "/s/build/asan/other",
					      "" };
	cleanup_free char *dir = NULL;
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_profile_tree("/s/t/build/asan/mkdomu", &dir, &err), &err);
	assert_string_equal(dir, "/s/t/profiles");
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		assert_fails(mkd_profile_tree(others[i], &dir, &err), &err, ENOENT, MKD_EXIT_USAGE,
			     "not in a source tree");
}

static void the_profiles_that_we_ship_make_plans(void **state)
{
	static const struct {
		const char *name, *variant;
	} rows[] = { { "gentoo-base", "stage3-amd64-openrc" },
		     { "gentoo-systemd", "stage3-amd64-systemd" },
		     { "gentoo-musl", "stage3-amd64-musl-openrc" },
		     { "gentoo-hardened", "stage3-amd64-hardened-openrc" },
		     { "gentoo-arm64", "stage3-arm64-openrc" },
		     { "generic", NULL } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_settings s = { 0 };
		struct mkd_plan p = { 0 };
		struct mkd_err err = { 0 };
		cleanup_free char *own = NULL;
		char path[64];

		(void)snprintf(path, sizeof(path), "profiles/%s.conf", rows[i].name);
		assert_ok(mkd_inherit_load(path, &s, &own, &err), &err);
		assert_ok(mkd_settings_add(&s, MKD_KEY_DISK, test_path(state, "w.img"), "--disk",
					   &err),
			  &err);
		if (!rows[i].variant) {
			assert_fails(mkd_plan_make(&s, rows[i].name, &p, &err), &err, EINVAL,
				     MKD_EXIT_USAGE, "give --tarball FILE");
			assert_ok(mkd_settings_add(&s, MKD_KEY_TARBALL, "x", "--tarball", &err),
				  &err);
			assert_ok(mkd_settings_add(&s, MKD_KEY_UNVERIFIED, "yes", "--unverified",
						   &err),
				  &err);
		}
		assert_ok(mkd_plan_make(&s, rows[i].name, &p, &err), &err);
		if (rows[i].variant) {
			assert_string_equal(p.variant, rows[i].variant);
			assert_string_equal(p.mirrors.v[0], "https://distfiles.gentoo.org");
			assert_string_equal(p.signers.v[0],
					    "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910");
		}
		assert_int_equal(p.hooks.n, 7);
		assert_int_equal(p.memory_mib, 1024);
		assert_int_equal(p.size_bytes, 10 * GIB);
		mkd_plan_free(&p);
		mkd_settings_free(&s);
	}
}

#define IN_DIR(test) cmocka_unit_test_setup_teardown(test, test_dir_setup, test_dir_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_DIR(a_profile_fills_the_settings_with_origins),
		IN_DIR(mistakes_are_named_with_file_and_line),
		IN_DIR(files_that_are_no_profiles),
		IN_DIR(the_environment_has_no_say),
		IN_DIR(damaged_profiles_never_crash),
		IN_DIR(profiles_are_found_in_their_places),
		cmocka_unit_test(the_source_tree_is_known_by_the_build_folder),
		IN_DIR(the_profiles_that_we_ship_make_plans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
