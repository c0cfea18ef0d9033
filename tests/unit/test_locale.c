/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook "locale": time zone, locale and keymap on roots of several kinds. */
#include "test.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "fault.h"
#include "mkdomu/hooks.h"
#include "mkdomu/plan.h"
#include "tree_mem.h"

static const struct mkd_facts systemd = { .init = MKD_INIT_SYSTEMD };
static const struct mkd_facts openrc = { .init = MKD_INIT_SYSVINIT, .openrc = true };
static const struct mkd_facts other = { .init = MKD_INIT_SYSVINIT };

static struct test_ui ui;

static int set(struct mkd_tree *t, const struct mkd_facts *f, const struct mkd_guest *g,
	       struct mkd_err *err)
{
	struct mkd_hook_ctx c = { t, f, g, &ui.ui };

	mkd_buf_free(&ui.said);
	test_ui_init(&ui);
	return mkd_hook_locale(&c, err);
}

/* Done, and done again without a change. */
static void assert_set(struct mkd_tree *t, const struct mkd_facts *f, struct mkd_guest g)
{
	struct mkd_err err = { 0 };
	unsigned changes;

	assert_ok(set(t, f, &g, &err), &err);
	changes = tree_mem_changes(t);
	assert_ok(set(t, f, &g, &err), &err);
	assert_int_equal(tree_mem_changes(t), changes);
}

static struct mkd_tree *a_root(void)
{
	struct mkd_tree *t = tree_mem_new();

	tree_mem_file(t, "/usr/share/zoneinfo/Europe/Rome", "TZif2");
	tree_mem_file(t, "/usr/share/zoneinfo/Etc/GMT+1", "TZif2");
	tree_mem_file(t, "/usr/lib/locale/de_DE.utf8/LC_TIME", "x");
	tree_mem_file(t, "/usr/lib/locale/locale-archive", "pad");
	assert_ok(mkd_tree_write(t, "/usr/lib/locale/locale-archive", "x\0ca_ES.utf8@euro\0y", 19,
				 0644, &(struct mkd_err){ 0 }),
		  &(struct mkd_err){ 0 });
	tree_mem_file(t, "/usr/share/keymaps/i386/qwertz/de-latin1.map.gz", "");
	tree_mem_file(t, "/etc/localtime", "TZif2");
	return t;
}

static void assert_zone_link(struct mkd_tree *t, const char *want)
{
	cleanup_buf struct mkd_buf link = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(mkd_tree_readlink(t, "/etc/localtime", &link, &err), &err);
	assert_string_equal(link.data, want);
}

static void a_systemd_root_is_set(void **state)
{
	struct mkd_tree *t = a_root();

	(void)state;
	assert_set(t, &systemd,
		   (struct mkd_guest){ .timezone = "Europe/Rome",
				       .locale = "de_DE.UTF-8",
				       .keymap = "de-latin1" });
	assert_zone_link(t, "../usr/share/zoneinfo/Europe/Rome");
	assert_string_equal(tree_mem_text(t, "/etc/timezone"), "(none)");
	assert_string_equal(tree_mem_text(t, "/etc/locale.conf"), "LANG=\"de_DE.UTF-8\"\n");
	assert_string_equal(tree_mem_text(t, "/etc/vconsole.conf"), "KEYMAP=\"de-latin1\"\n");
	tree_mem_free(t);
}

static void a_gentoo_with_openrc_is_set(void **state)
{
	struct mkd_tree *t = a_root();

	(void)state;
	tree_mem_symlink(t, "../usr/share/zoneinfo/Etc/GMT+1", "/etc/localtime2");
	tree_mem_file(t, "/etc/env.d/50baselayout", "PATH=\"/bin\"\n");
	tree_mem_file(t, "/etc/profile.env", "export LANG='C.UTF8'\nexport PATH='/bin'\n");
	tree_mem_file(t, "/etc/conf.d/keymaps", "# comment\nkeymap=\"us\"\n");
	assert_set(t, &openrc,
		   (struct mkd_guest){ .timezone = "Etc/GMT+1",
				       .locale = "ca_ES.UTF-8@euro",
				       .keymap = "de-latin1" });
	assert_zone_link(t, "../usr/share/zoneinfo/Etc/GMT+1");
	assert_string_equal(tree_mem_text(t, "/etc/timezone"), "Etc/GMT+1\n");
	assert_string_equal(tree_mem_text(t, "/etc/env.d/02locale"), "LANG=\"ca_ES.UTF-8@euro\"\n");
	assert_string_equal(tree_mem_text(t, "/etc/profile.env"),
			    "export PATH='/bin'\nexport LANG='ca_ES.UTF-8@euro'\n");
	assert_string_equal(tree_mem_text(t, "/etc/locale.conf"), "(none)");
	assert_non_null(
		strstr(tree_mem_text(t, "/etc/conf.d/keymaps"), "\nkeymap=\"de-latin1\"\n"));
	tree_mem_free(t);
}

static void a_debian_is_set(void **state)
{
	struct mkd_tree *t = a_root();

	(void)state;
	tree_mem_dir(t, "/var/lib/dpkg");
	tree_mem_file(t, "/etc/default/keyboard", "XKBMODEL=\"pc105\"\nXKBLAYOUT=\"us\"\n");
	tree_mem_file(t, "/usr/share/X11/xkb/symbols/de", "");
	assert_set(t, &other,
		   (struct mkd_guest){
			   .timezone = "Europe/Rome", .locale = "C.UTF-8", .keymap = "de" });
	assert_string_equal(tree_mem_text(t, "/etc/timezone"), "Europe/Rome\n");
	assert_string_equal(tree_mem_text(t, "/etc/default/locale"), "LANG=\"C.UTF-8\"\n");
	assert_non_null(strstr(tree_mem_text(t, "/etc/default/keyboard"), "\nXKBLAYOUT=\"de\"\n"));
	tree_mem_free(t);
}

static void what_the_root_does_not_have_is_refused(void **state)
{
	static const struct {
		struct mkd_guest g;
		const char *words;
	} bad[] = {
		{ { .timezone = "Europe/Rom" }, "this root has no time zone 'Europe/Rom'" },
		{ { .timezone = "Europe" }, "no time zone 'Europe'" },
		{ { .locale = "fr_FR.UTF-8" }, "no locale 'fr_FR.UTF-8'; it has to be generated" },
		{ { .locale = "a_ES.UTF-8@euro" }, "no locale" },
		{ { .keymap = "de-latin" }, "no keymap 'de-latin'" },
	};
	struct mkd_tree *t = a_root();
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) /* mkd_hook_locale: -ENOENT */
		assert_fails(set(t, &systemd, &bad[i].g, &err), &err, ENOENT, MKD_EXIT_HOOK,
			     bad[i].words);
	assert_string_equal(tree_mem_text(t, "/etc/localtime"), "TZif2");
	tree_mem_free(t);
	t = tree_mem_new();
	tree_mem_file(t, "/usr/share/zoneinfo/UTC", "TZif2");
	tree_mem_dir(t, "/etc/localtime");
	tree_mem_dir(t, "/var/lib/dpkg");
	tree_mem_dir(t, "/etc/default");
	tree_mem_dir(t, "/usr/share/X11/xkb/symbols");
	assert_fails(set(t, &other, &(struct mkd_guest){ .timezone = "UTC" }, &err), &err, EISDIR,
		     MKD_EXIT_HOOK, "'/etc/localtime' is a folder"); /* mkd_hook_locale: -EISDIR */
	assert_fails(set(t, &other, &(struct mkd_guest){ .keymap = "xx" }, &err), &err, ENOENT,
		     MKD_EXIT_HOOK, "no keyboard layout 'xx'");
	tree_mem_free(t);
}

static void what_cannot_be_known_is_warned_of(void **state)
{
	struct mkd_tree *t = tree_mem_new();
	struct mkd_err err = { 0 };

	(void)state;
	tree_mem_dir(t, "/etc");
	tree_mem_file(t, "/lib/ld-musl-x86_64.so.1", "");
	assert_ok(set(t, &systemd, &(struct mkd_guest){ .keymap = "de", .locale = "it_IT.UTF-8" },
		      &err),
		  &err);
	assert_non_null(
		strstr(ui.said.data, "cannot tell whether this root knows the keymap 'de'"));
	assert_string_equal(tree_mem_text(t, "/etc/locale.conf"), "LANG=\"it_IT.UTF-8\"\n");
	tree_mem_free(t);
}

static int zone_again(struct mkd_tree *t, struct mkd_err *err)
{
	return set(t, &systemd, &(struct mkd_guest){ .timezone = "Europe/Rome" }, err);
}

static void without_memory_it_fails(void **state)
{
	struct mkd_tree *t = a_root();
	struct mkd_err err;

	(void)state;
	fault_arm(FAULT_ALLOC, 1, ENOMEM);
	assert_int_equal(zone_again(t, &err), -ENOMEM); /* mkd_hook_locale: -ENOMEM */
	assert_true(fault_disarm());
	tree_mem_free(t);
}

static int plan_word(enum mkd_key key, const char *value, struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings s = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan p = { 0 };
	int r = mkd_settings_add(&s, MKD_KEY_DISK, "/tmp/x.img", "--disk", err);

	if (r == 0)
		r = mkd_settings_add(&s, MKD_KEY_TARBALL, "/tmp/x.tar", "--tarball", err);
	if (r == 0)
		r = mkd_settings_add(&s, MKD_KEY_UNVERIFIED, "yes", "--unverified", err);
	if (r == 0)
		r = mkd_settings_add(&s, key, value, "--x", err);
	if (r == 0)
		r = mkd_plan_make(&s, NULL, &p, err);
	if (r == 0)
		assert_true(mkd_strv_has(&p.hooks, "locale"));
	return r;
}

static void names_are_names(void **state)
{
	static const char *const bad[] = { "../etc/passwd", "/etc",  "a b", "a'b", "",
					   "a//b",          "a$(b)", "-x" };
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		for (enum mkd_key key = MKD_KEY_TIMEZONE; key <= MKD_KEY_KEYMAP; key++)
			assert_fails(plan_word(key, bad[i], &err), &err, EINVAL, MKD_EXIT_USAGE,
				     "is not the name of one");
	memset(&err, 0, sizeof(err));
	assert_ok(plan_word(MKD_KEY_TIMEZONE, "America/Argentina/Buenos_Aires", &err), &err);
	assert_ok(plan_word(MKD_KEY_LOCALE, "ca_ES.UTF-8@valencia", &err), &err);
	assert_ok(plan_word(MKD_KEY_KEYMAP, "de-latin1-nodeadkeys", &err), &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_systemd_root_is_set),
		cmocka_unit_test(a_gentoo_with_openrc_is_set),
		cmocka_unit_test(a_debian_is_set),
		cmocka_unit_test(what_the_root_does_not_have_is_refused),
		cmocka_unit_test(what_cannot_be_known_is_warned_of),
		cmocka_unit_test(without_memory_it_fails),
		cmocka_unit_test(names_are_names),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	mkd_buf_free(&ui.said);
	return failed;
}
