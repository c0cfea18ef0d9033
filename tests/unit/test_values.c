/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One value each, called directly; and what the plan's room does without memory. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/confscan.h"
#include "mkdomu/draft.h"
#include "mkdomu/options.h"
#include "mkdomu/plan.h"
#include "mkdomu/plan_net.h"
#include "mkdomu/profile.h"

static const char o[] = "--x";

static void each_kind_of_value_refuses(void **state)
{
	static const struct mkd_value_range range = { 1, 8, "CPUs" };
	static const char *const choices[] = { "bare", "gpt", NULL };
	cleanup_free char *s = NULL;
	uint64_t bytes = 7;
	unsigned n = 7;
	size_t at = 7;
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_value_count("9", o, &range, &n, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--x: '9' is out of range");
	assert_fails(mkd_value_size("0", o, &bytes, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--x: '0' is no size");
	assert_fails(mkd_value_size("9000000T", o, &bytes, &err), &err, ERANGE, MKD_EXIT_USAGE,
		     "--x: ");
	assert_fails(mkd_value_choice("gtp", o, choices, &at, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "did you mean 'gpt'?");
	assert_fails(mkd_value_text("", o, 9, &err), &err, EINVAL, MKD_EXIT_USAGE, "is empty");
	assert_fails(mkd_value_quotable("a\"b", o, 9, &err), &err, EINVAL, MKD_EXIT_USAGE, "--x: ");
	assert_fails(mkd_value_path("/a/", o, &s, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "does not name a file");
	assert_fails(mkd_value_hex("12x4", o, 4, true, &s, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "has to be 4 hex digits");
	assert_fails(mkd_value_url("ftp://x/", o, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "is not a URL to fetch from");
	assert_null(s);
	assert_true(bytes == 7 && n == 7 && at == 7);
}

static void addresses_refuse(void **state)
{
	struct mkd_addr a;
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_addr_parse_host("224.0.0.1", o, &a, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--x: '224.0.0.1'");
	assert_fails(mkd_addr_parse_cidr("192.0.2.1/33", o, &a, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--x: '192.0.2.1/33'");
}

static void a_profile_that_reads_in_two_ways_is_refused(void **state)
{
	char text[] = "a = 1\nb = \"${HOME}\"\n";
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_confscan("p.conf", text, strlen(text), &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "p.conf:2: ");
}

static void a_draft_names_the_option(void **state)
{
	struct mkd_settings s = { 0 };
	struct mkd_plan p = { 0 };
	struct mkd_err err;
	const struct mkd_draft j = { &s, &p, &err };
	const char *kept = NULL;

	(void)state;
	assert_ok(mkd_settings_add(&s, MKD_KEY_LAYOUT, "gpt", "--layout", &err), &err);
	assert_fails(mkd_draft_clash(&j, MKD_KEY_LAYOUT, "no"), &err, EINVAL, MKD_EXIT_USAGE,
		     "cannot use '--layout': no");
	assert_nomem(mkd_draft_keep(&j, "text", &kept), &err);
	assert_string_equal(kept, "text");
	mkd_plan_free(&p);
	mkd_settings_free(&s);
}

static void a_domain_name_is_refused(void **state)
{
	struct mkd_err err;

	(void)state;
	assert_fails(mkd_plan_name_check("12", o, &err), &err, EINVAL, MKD_EXIT_USAGE,
		     "--x: '12' is not a domain name");
}

static void interfaces_are_refused(void **state)
{
	struct mkd_nic nics[MKD_IFACES];
	struct mkd_settings s = { 0 };
	struct mkd_err err;
	size_t n = 0;

	(void)state;
	assert_ok(mkd_settings_add(&s, MKD_KEY_NIC, "ip=192.0.2.1", "--nic", &err), &err);
	assert_fails(mkd_plan_nics(&s, nics, &n, &err), &err, EINVAL, MKD_EXIT_USAGE, "--nic");
	for (int i = 0; i < MKD_NICS; i++)
		assert_ok(mkd_settings_add(&s, MKD_KEY_NIC, "ip=dhcp", "--nic", &err), &err);
	assert_fails(mkd_plan_nics(&s, nics, &n, &err), &err, E2BIG, MKD_EXIT_USAGE, "up to 8");
	mkd_settings_free(&s);
	assert_ok(mkd_settings_add(&s, MKD_KEY_NIC, "ip=dhcp", "--nic", &err), &err);
	assert_nomem(mkd_plan_nics(&s, nics, &n, &err), &err);
	assert_int_equal(n, 1);
	mkd_settings_free(&s);
}

static void settings_run_out_of_memory(void **state)
{
	struct mkd_settings a = { 0 }, b = { 0 };
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_settings_add(&a, MKD_KEY_MIRROR, "https://a", "--mirror", &err), &err);
	assert_nomem(mkd_settings_add(&a, MKD_KEY_MIRROR, "https://b", "--mirror", &err), &err);
	assert_int_equal(a.of[MKD_KEY_MIRROR].values.n, 2);
	assert_int_equal(a.of[MKD_KEY_MIRROR].origins.n, 2);
	assert_ok(mkd_settings_add(&b, MKD_KEY_MIRROR, "https://c", "p:1", &err), &err);
	assert_nomem(mkd_settings_override(&b, &a, &err), &err);
	assert_int_equal(b.of[MKD_KEY_MIRROR].values.n, 2);
	assert_string_equal(mkd_settings_origin(&b, MKD_KEY_MIRROR), "--mirror");
	mkd_settings_free(&a);
	mkd_settings_free(&b);
}

static void values_run_out_of_memory(void **state)
{
	cleanup_free char *path = NULL, *hex = NULL, *name = NULL;
	struct mkd_nic nic;
	struct mkd_err err;
	size_t n = 0;

	(void)state;
	assert_nomem(mkd_value_path("a.img", o, &path, &err), &err);
	assert_nomem(mkd_value_hex("ab", o, 2, true, &hex, &err), &err);
	assert_string_equal(hex, "AB");
	assert_nomem(mkd_plan_name("/a/web1.img", NULL, &name, &err), &err);
	assert_string_equal(name, "web1");
	assert_nomem(mkd_nic_parse("bridge=br0", o, &nic, 1, &n, &err), &err);
}

static void profiles_run_out_of_memory(void **state)
{
	static const char text[] = "description = 'd'\nhooks = {console, fstab}\n"
				   "domain {\n memory = 512 # MiB\n}\n";
	cleanup_free char *tree = NULL, *found = NULL;
	const char *path = test_path(state, "p.conf");
	struct mkd_settings s = { 0 };
	struct mkd_err err;

	test_write(path, text, strlen(text));
	assert_nomem(mkd_profile_tree("/top/build/release/mkdomu", &tree, &err), &err);
	assert_string_equal(tree, "/top/profiles");
	assert_nomem(mkd_profile_find(path, &found, &err), &err);
	assert_string_equal(found, path);
	assert_nomem(mkd_profile_read(path, &s, &err), &err);
	assert_string_equal(mkd_settings_get(&s, MKD_KEY_MEMORY), "512");
	assert_int_equal(s.of[MKD_KEY_HOOK].values.n, 2);
	mkd_settings_free(&s);
}

/* Looked for by name, every folder on the way is one more allocation. */
static void a_named_profile_is_looked_for_without_memory(void **state)
{
	cleanup_free char *found = NULL;
	struct mkd_err err;
	char dir[600];

	(void)snprintf(dir, sizeof(dir), "mkdir -p '%s/mkdomu/profiles'", (const char *)*state);
	assert_int_equal(system(dir), 0);
	test_write(test_path(state, "mkdomu/profiles/here.conf"), "\n", 1);
	assert_int_equal(setenv("XDG_CONFIG_HOME", *state, 1), 0);
	assert_nomem(mkd_profile_find("here", &found, &err), &err);
	assert_string_equal(found, test_path(state, "mkdomu/profiles/here.conf"));
	assert_int_equal(unsetenv("XDG_CONFIG_HOME"), 0);
}

static void the_command_line_runs_out_of_memory(void **state)
{
	char *argv[] = { (char *)"mkdomu", (char *)"--disk=/a.img", (char *)"--no-hook=clock",
			 (char *)"--no-hook=fstab", NULL };
	struct mkd_options opts = { 0 };
	struct mkd_err err;

	(void)state;
	assert_nomem(mkd_options_parse(4, argv, &opts, &err), &err);
	assert_string_equal(mkd_settings_get(&opts.settings, MKD_KEY_DISK), "/a.img");
	mkd_options_free(&opts);
}

/* All that a plan can be given; a failure leaves nothing in it. */
static void a_plan_runs_out_of_memory(void **state)
{
	static const struct {
		enum mkd_key key;
		const char *value;
	} rows[] = {
		{ MKD_KEY_DISK, "/nowhere/w.img" },
		{ MKD_KEY_TARBALL, "/nowhere/t.tar" },
		{ MKD_KEY_SIGNATURE, "/nowhere/s" },
		{ MKD_KEY_KEYRING, "/nowhere/k" },
		{ MKD_KEY_HOOK, "console" },
		{ MKD_KEY_HOOK, "access" },
		{ MKD_KEY_IP, "192.0.2.1/24" },
		{ MKD_KEY_DNS, "192.0.2.2" },
		{ MKD_KEY_EXTRA, "quiet" },
		{ MKD_KEY_SEED, "s" },
		{ MKD_KEY_CACHE, "/nowhere/c" },
		{ MKD_KEY_CFG, "/nowhere/w.cfg" },
		{ MKD_KEY_KERNEL, "/nowhere/k" },
		{ MKD_KEY_RAMDISK, "/nowhere/r" },
		{ MKD_KEY_ON_CRASH, "destroy" },
		{ MKD_KEY_NO_HOOK, "access" },
		{ MKD_KEY_SIGNER, "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910" },
	};
	struct mkd_settings s = { 0 };
	struct mkd_plan p = { 0 };
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_ok(mkd_settings_add(&s, rows[i].key, rows[i].value, "--x", &err), &err);
	assert_nomem(mkd_plan_make(&s, "base.conf", &p, &err), &err);
	assert_string_equal(p.name, "w");
	assert_int_equal(p.hooks.n, 1);
	mkd_plan_free(&p);
	mkd_settings_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_value_refuses),
		cmocka_unit_test(addresses_refuse),
		cmocka_unit_test(a_profile_that_reads_in_two_ways_is_refused),
		cmocka_unit_test(a_draft_names_the_option),
		cmocka_unit_test(a_domain_name_is_refused),
		cmocka_unit_test(interfaces_are_refused),
		cmocka_unit_test(settings_run_out_of_memory),
		cmocka_unit_test(values_run_out_of_memory),
		cmocka_unit_test_setup_teardown(profiles_run_out_of_memory, test_dir_setup,
						test_dir_teardown),
		cmocka_unit_test_setup_teardown(a_named_profile_is_looked_for_without_memory,
						test_dir_setup, test_dir_teardown),
		cmocka_unit_test(the_command_line_runs_out_of_memory),
		cmocka_unit_test(a_plan_runs_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
