/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plan makes of a profile with a source of kind "files". */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "fault.h"
#include "mkdomu/draft.h"
#include "mkdomu/plan_files.h"
#include "mkdomu/plan_source.h"

#define FPR "13EBBDBEDE7A12775DFDB1BABB572E0E2D182910"

struct pair {
	enum mkd_key key;
	const char *value;
};

/* A good one, but for the pair (a NULL value: without that key). */
static const struct pair base[] = {
	{ MKD_KEY_SOURCE, "files" },
	{ MKD_KEY_MIRROR, "https://a.example" },
	{ MKD_KEY_ARCH, "x86_64" },
	{ MKD_KEY_RELEASE, "v3" },
	{ MKD_KEY_FOLDER, "{release}/rel/{arch}" },
	{ MKD_KEY_FILE, "root-*-{arch}.tar.gz" },
	{ MKD_KEY_LIST, "SHA256SUMS" },
	{ MKD_KEY_LIST_SIGNATURE, "SHA256SUMS.gpg" },
	{ MKD_KEY_FILE_SIGNATURE, ".asc" },
	{ MKD_KEY_KEYRING, "/k.asc" },
	{ MKD_KEY_SIGNER, FPR },
};

static void fill(struct mkd_settings *s, const struct pair *other, size_t n)
{
	struct mkd_err err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(base) + n; i++) {
		const struct pair *p = i < ARRAY_LEN(base) ? &base[i] : &other[i - ARRAY_LEN(base)];
		bool replaced = !p->value;

		for (size_t k = 0; i < ARRAY_LEN(base) && k < n; k++)
			replaced = replaced || other[k].key == p->key;
		if (!replaced)
			assert_ok(mkd_settings_add(s, p->key, p->value, "p.conf:7", &err), &err);
	}
}

static void names_are_put_in(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };
	struct mkd_err err = { 0 };
	const struct mkd_draft j = { .s = &s, .p = &p, .err = &err };

	(void)state;
	fill(&s, NULL, 0);
	assert_ok(mkd_plan_source(&j), &err);
	assert_string_equal(p.folder, "v3/rel/x86_64");
	assert_string_equal(p.file, "root-*-x86_64.tar.gz");
	assert_string_equal(p.list, "SHA256SUMS");
	assert_string_equal(p.list_signature, "SHA256SUMS.gpg");
	assert_string_equal(p.file_signature, ".asc");
	assert_null(p.signify_key);
	assert_null(p.variant);
}

/* mkd_plan_files_check: -EINVAL; mkd_plan_files: -EINVAL */
static void mistakes_are_named(void **state)
{
	static const struct {
		struct pair pairs[3];
		const char *want;
	} rows[] = {
		{ { { MKD_KEY_MIRROR, NULL } }, "the source lacks 'mirror'; give --mirror" },
		{ { { MKD_KEY_FILE, NULL } }, "the source lacks 'file'; set it in the profile's" },
		{ { { MKD_KEY_KEYRING, NULL } }, "the source lacks 'keyring'; give --keyring" },
		{ { { MKD_KEY_SIGNER, NULL } }, "lacks 'signer'; give --signer, or set it in the" },
		{ { { MKD_KEY_LIST, NULL } }, "the source lacks 'list'; set it" },
		{ { { MKD_KEY_LIST, NULL }, { MKD_KEY_LIST_SIGNATURE, NULL } },
		  "cannot use 'p.conf:7': a '*' needs a list" },
		{ { { MKD_KEY_LIST_SIGNATURE, NULL }, { MKD_KEY_FILE_SIGNATURE, NULL } },
		  "nothing says how the tarball of the mirror is verified" },
		{ { { MKD_KEY_LIST_SIGNATURE, "clear-signed" }, { MKD_KEY_SIGNIFY_KEY, "/k" } },
		  "cannot use 'p.conf:7': it is for a list with a signature in a file" },
		{ { { MKD_KEY_RELEASE, NULL } }, "p.conf:7: '{release}/rel/{arch}' has a '{'" },
		{ { { MKD_KEY_FILE, "a-{version}" } }, "'a-{version}' has a '{' that is not" },
		{ { { MKD_KEY_FILE, "a-{arch" } }, "'a-{arch' has a '{'" },
		{ { { MKD_KEY_FILE, "a/b" } }, "'a/b' is not a name on a mirror" },
		{ { { MKD_KEY_FILE, "a b" } }, "is not a name on a mirror" },
		{ { { MKD_KEY_FILE, "a?b" } }, "is not a name on a mirror" },
		{ { { MKD_KEY_LIST, "a*" } }, "is not a name on a mirror" },
		{ { { MKD_KEY_LIST, "../x" } }, "'../x' is not a name on a mirror" },
		{ { { MKD_KEY_FOLDER, "a/../b" } }, "is not a name on a mirror" },
		{ { { MKD_KEY_FOLDER, "/a" } }, "is not a name on a mirror" },
		{ { { MKD_KEY_FOLDER, "a//b" } }, "is not a name on a mirror" },
		{ { { MKD_KEY_RELEASE, "../x" } }, "is not a name on a mirror" },
		{ { { MKD_KEY_FILE_SIGNATURE, "/x" } }, "is not a name on a mirror" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
		cleanup(mkd_plan_free) struct mkd_plan p = { 0 };
		struct mkd_err err = { 0 };
		const struct mkd_draft j = { .s = &s, .p = &p, .err = &err };
		size_t n = 0;

		while (n < 3 && rows[i].pairs[n].key)
			n++;
		fill(&s, rows[i].pairs, n);
		assert_fails(mkd_plan_source(&j), &err, EINVAL, MKD_EXIT_USAGE, rows[i].want);
	}
}

static void a_signify_key_needs_no_openpgp(void **state)
{
	static const struct pair pairs[] = {
		{ MKD_KEY_SIGNIFY_KEY, "/void.pub" },
		{ MKD_KEY_KEYRING, NULL },
		{ MKD_KEY_SIGNER, NULL },
		{ MKD_KEY_FILE_SIGNATURE, NULL },
	};
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };
	struct mkd_err err = { 0 };
	const struct mkd_draft j = { .s = &s, .p = &p, .err = &err };

	(void)state;
	fill(&s, pairs, ARRAY_LEN(pairs));
	assert_ok(mkd_plan_source(&j), &err);
	assert_string_equal(p.signify_key, "/void.pub");
	assert_null(p.keyring);
}

/* mkd_plan_files: -ENOMEM */
static void no_memory_is_told(void **state)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { .arch = "x86_64" };
	struct mkd_err err = { 0 };
	const struct mkd_draft j = { .s = &s, .p = &p, .err = &err };

	(void)state;
	fill(&s, NULL, 0);
	assert_nomem(mkd_plan_files(&j), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_put_in),
		cmocka_unit_test(mistakes_are_named),
		cmocka_unit_test(a_signify_key_needs_no_openpgp),
		cmocka_unit_test(no_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
