/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of inits whose gettys are services: openrc-init, runit, dinit, s6-linux-init. */
#include <errno.h>
#include <string.h>

#include "mkdomu/access.h"
#include "mkdomu/service.h"
#include "fault.h"
#include "roottest.h"

#define KEY "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4pQ0mUqMXVYjQm8ZJk1sQmR1mQm8c6m1m2m3m4m5m6"

static const struct mkd_guest guest = {
	.name = "web1",
	.hostname = "web1",
	.root_dev = "/dev/xvda1",
	.root_fstype = "ext4",
	.authorized_keys = KEY " me\n",
};

static const char *const gentoo_openrc_init[] = {
	"/usr/bin/init -> openrc-init",
	"/usr/bin/openrc-init",
	"/usr/bin/openrc",
	"/usr/bin/openrc-shutdown",
	"/usr/bin/agetty",
	"/usr/bin/sshd",
	"/sbin -> usr/bin",
	"/etc/inittab = c1:12345:respawn:/sbin/agetty 38400 tty1 linux\n",
	"/etc/init.d/agetty = #!/sbin/openrc-run\n",
	"/etc/init.d/sshd = #!/sbin/openrc-run\n\tssh-keygen -A\n",
	"/etc/runlevels/default/agetty.tty1 -> /etc/init.d/agetty.tty1",
	"/etc/runlevels/default/agetty.console -> /etc/init.d/agetty.console",
	"/etc/runlevels/boot/agetty.ttyS0 -> /etc/init.d/agetty.ttyS0",
	"/etc/runlevels/boot/hostname -> /etc/init.d/hostname",
	NULL,
};

static const char *const void_runit[] = {
	"/usr/bin/init -> runit-init",
	"/usr/bin/runit-init",
	"/usr/bin/agetty",
	"/usr/bin/sshd",
	"/usr/bin/poweroff",
	"/sbin -> usr/bin",
	"/usr/sbin -> bin",
	"/etc/sv/agetty-hvc0/run",
	"/etc/sv/agetty-tty1/run",
	"/etc/sv/sshd/run = #!/bin/sh\nssh-keygen -A >/dev/null 2>&1\nexec /usr/bin/sshd -D\n",
	"/etc/runit/runsvdir/default/agetty-tty1 -> /etc/sv/agetty-tty1",
	"/etc/runit/runsvdir/default/agetty-tty2 -> /etc/sv/agetty-tty2",
	"/etc/runit/runsvdir/default/udevd -> /etc/sv/udevd",
	NULL,
};

static const char *const artix_dinit[] = {
	"/usr/bin/init -> dinit",
	"/usr/bin/dinit",
	"/usr/bin/agetty",
	"/usr/bin/sshd",
	"/usr/bin/poweroff",
	"/sbin -> usr/bin",
	"/etc/dinit.d/boot = type = internal\ndepends-on = login\n#waits-for.d = /etc/x\n"
	"waits-for.d: boot.d\nwaits-for.d = /usr/lib/dinit.d/boot.d\n",
	"/etc/dinit.d/boot.d/tty1 -> ../tty1",
	"/etc/dinit.d/getty.d/tty2 -> ../tty2",
	"/etc/dinit.d/boot.d/console -> ../console",
	"/etc/dinit.d/loginready",
	"/etc/dinit.d/sshd = type = process\n",
	NULL,
};

static const char *const artix_s6[] = {
	"/usr/bin/init -> /etc/s6-linux-init/current/bin/init",
	"/etc/s6-linux-init/current/bin/init = #!/bin/execlineb -S0\n"
	"/usr/bin/s6-linux-init -c /etc/s6-linux-init/current -- \"$@\"\n",
	"/etc/s6-linux-init/current/run-image/service/s6-linux-init-early-getty/run = "
	"#!/bin/execlineb -P\n/usr/bin/agetty 38400 tty1\n",
	"/usr/bin/s6-linux-init-shutdown",
	"/usr/bin/agetty",
	"/sbin -> usr/bin",
	NULL,
};

static struct mkd_tree *set_up(const char *const *paths, enum mkd_init init, struct test_ui *ui)
{
	struct mkd_tree *t = root_of(paths);
	struct mkd_err err = { 0 };
	struct mkd_facts f;

	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_int_equal(f.init, init);
	test_ui_init(ui);
	root_hook_twice(t, &guest, NULL, ui);
	return t;
}

static void tear_down(struct mkd_tree *t, struct test_ui *ui)
{
	mkd_buf_free(&ui->said);
	tree_mem_free(t);
}

static void openrc_init_gets_a_service(void **state)
{
	struct test_ui ui;
	struct mkd_tree *t = set_up(gentoo_openrc_init, MKD_INIT_OPENRC, &ui);

	(void)state;
	assert_link(t, "/etc/init.d/agetty.hvc0", "agetty");
	assert_link(t, "/etc/runlevels/default/agetty.hvc0", "/etc/init.d/agetty.hvc0");
	assert_text(t, "/etc/conf.d/agetty.hvc0",
		    "baud=\"115200\"\nterm_type=\"vt100\"\nagetty_options=\"-L\"\n");
	assert_false(mkd_guest_has(t, "/etc/runlevels/default/agetty.tty1"));
	assert_false(mkd_guest_has(t, "/etc/runlevels/default/agetty.console"));
	assert_false(mkd_guest_has(t, "/etc/runlevels/boot/agetty.ttyS0"));
	assert_true(mkd_guest_has(t, "/etc/runlevels/boot/hostname"));
	assert_link(t, "/etc/runlevels/default/sshd", "/etc/init.d/sshd");
	assert_text(t, "/etc/inittab", "c1:12345:respawn:/sbin/agetty 38400 tty1 linux\n");
	assert_text(t, "/sbin/poweroff", "#!/bin/sh\nexec /sbin/openrc-shutdown --poweroff now\n");
	assert_text(t, "/sbin/reboot", "#!/bin/sh\nexec /sbin/openrc-shutdown --reboot now\n");
	assert_text(t, "/etc/rc.conf", "rc_sys=\"xenU\"\n");
	assert_unsaid(&ui, "sshd at boot");
	tear_down(t, &ui);
}

static void a_void_gets_its_own_service(void **state)
{
	static const char level[] = "/etc/runit/runsvdir/default";
	struct test_ui ui;
	struct mkd_tree *t = set_up(void_runit, MKD_INIT_RUNIT, &ui);
	struct mkd_strv names = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_tree_list(t, level, &names, &err), &err);
	assert_int_equal(names.n, 3);
	assert_string_equal(names.v[0], "agetty-hvc0");
	assert_string_equal(names.v[1], "sshd");
	assert_string_equal(names.v[2], "udevd");
	assert_link(t, "/etc/runit/runsvdir/default/agetty-hvc0", "/etc/sv/agetty-hvc0");
	assert_text(t, "/etc/sv/agetty-hvc0/run", "ELF");
	assert_text(t, "/usr/bin/poweroff", "ELF");
	assert_unsaid(&ui, "ssh-keygen");
	mkd_strv_free(&names);
	tear_down(t, &ui);
}

/* As Debian's packages runit and runit-init have it: services are folders, no getty for hvc0. */
static void a_runit_without_that_service_gets_one(void **state)
{
	static const char *const paths[] = {
		"/sbin/init -> /lib/runit/runit-init",
		"/lib/runit/runit-init",
		"/sbin/runit-init",
		"/sbin/getty",
		"/etc/service/getty-tty1/run",
		"/etc/service/getty-hvc0 -> /nowhere",
		"/etc/service/ssh/run",
		NULL,
	};
	struct test_ui ui;
	struct mkd_tree *t = set_up(paths, MKD_INIT_RUNIT, &ui);
	struct mkd_tree_stat st;
	struct mkd_err err = { 0 };

	(void)state;
	assert_text(t, "/etc/sv/agetty-hvc0/run",
		    "#!/bin/sh\nexec chpst -P /sbin/getty -L 115200 hvc0 vt100\n");
	assert_ok(mkd_tree_stat(t, "/etc/sv/agetty-hvc0/run", true, &st, &err), &err);
	assert_int_equal(st.mode & 07777, 0755);
	assert_link(t, "/etc/service/agetty-hvc0", "/etc/sv/agetty-hvc0");
	assert_text(t, "/etc/service/getty-tty1/down",
		    "There is no such terminal in a Xen guest.\n");
	assert_false(mkd_guest_has(t, "/etc/service/getty-hvc0"));
	assert_false(mkd_guest_has(t, "/etc/service/ssh/down"));
	assert_text(t, "/sbin/poweroff", "#!/bin/sh\nexec /sbin/runit-init 0\n");
	tear_down(t, &ui);
}

static void dinit_gets_a_service(void **state)
{
	struct test_ui ui;
	struct mkd_tree *t = set_up(artix_dinit, MKD_INIT_DINIT, &ui);

	(void)state;
	assert_text(t, "/etc/dinit.d/getty-hvc0",
		    "type = process\ncommand = /sbin/agetty -L 115200 hvc0 vt100\n"
		    "restart = true\ntermsignal = HUP\ndepends-on = loginready\n");
	assert_link(t, "/etc/dinit.d/boot.d/getty-hvc0", "/etc/dinit.d/getty-hvc0");
	assert_link(t, "/etc/dinit.d/boot.d/sshd", "/etc/dinit.d/sshd");
	assert_false(mkd_guest_has(t, "/etc/dinit.d/boot.d/tty1"));
	assert_false(mkd_guest_has(t, "/etc/dinit.d/getty.d/tty2"));
	assert_true(mkd_guest_has(t, "/etc/dinit.d/boot.d/console"));
	tear_down(t, &ui);
}

static void s6_gets_its_early_getty_on_hvc0(void **state)
{
	static const char run[] =
		"/etc/s6-linux-init/current/run-image/service/s6-linux-init-early-getty/run";
	static const char other[] = "/etc/s6-linux-init/current/run-image/service/hvc0/run";
	struct test_ui ui;
	struct mkd_tree *t = set_up(artix_s6, MKD_INIT_S6, &ui);

	(void)state;
	assert_text(t, run, "#!/bin/sh\nexec /sbin/agetty -L 115200 hvc0 vt100\n");
	assert_text(t, "/sbin/poweroff",
		    "#!/bin/sh\nexec /usr/bin/s6-linux-init-shutdown -p now\n");
	assert_said(&ui, "s6-rc's database is left as it is");
	tear_down(t, &ui);
	t = root_of(artix_s6);
	tree_mem_file(t, other, "#!/bin/sh\nexec agetty hvc0\n");
	root_hook_twice(t, &guest, NULL, NULL);
	assert_text(t, run, "#!/bin/execlineb -P\n/usr/bin/agetty 38400 tty1\n");
	tree_mem_free(t);
}

/* A service and inittab would both ask for a login: inittab does. */
static void sysvinit_with_openrc_has_one_getty_on_hvc0(void **state)
{
	static const char *const paths[] = {
		"/sbin/init",
		"/sbin/openrc",
		"/sbin/agetty",
		"/etc/inittab = id:3:initdefault:\n",
		"/etc/runlevels/default/agetty.hvc0 -> /etc/init.d/agetty.hvc0",
		NULL,
	};
	struct test_ui ui;
	struct mkd_tree *t = set_up(paths, MKD_INIT_SYSVINIT, &ui);

	(void)state;
	assert_false(mkd_guest_has(t, "/etc/runlevels/default/agetty.hvc0"));
	assert_said(&ui, "removed '/etc/runlevels/default/agetty.hvc0'");
	assert_said(&ui, "there is no '/sbin/poweroff' in this root");
	tear_down(t, &ui);
}

static void what_is_missing_is_named(void **state)
{
	static const struct {
		const char *paths[8];
		const char *words;
	} rows[] = {
		{ { "/sbin/init -> openrc-init", "/sbin/openrc-init", "/sbin/openrc" },
		  "openrc-init without the service '/etc/init.d/agetty'" },
		{ { "/sbin/init -> runit", "/sbin/runit" }, "'/etc/runit/runsvdir/default'" },
		{ { "/sbin/init -> runit-init", "/sbin/runit-init", "/etc/service/" },
		  "the root has no getty; looked for agetty" },
		{ { "/sbin/init -> dinit", "/sbin/dinit", "/etc/dinit.d/boot" }, "waits-for.d" },
		{ { "/sbin/init -> dinit", "/sbin/dinit" }, "looked for boot in '/etc/dinit.d'" },
		{ { "/sbin/init -> dinit", "/sbin/dinit",
		    "/etc/dinit.d/boot = waits-for.d = /usr/x\nwaits-for.d "
		    "=\nwaits-for.dir=/etc/x\n" },
		  "no 'waits-for.d' below '/etc'" },
		{ { "/sbin/init -> dinit", "/sbin/dinit",
		    "/usr/lib/dinit.d/boot = waits-for.d = /etc/dinit.d/boot.d\n" },
		  "the root has no getty" },
		{ { "/sbin/init -> s6-linux-init", "/sbin/s6-linux-init" }, "run-image/service'" },
	};
	struct mkd_err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = root_of(rows[i].paths);

		/* mkd_hook_console: -ENOENT */
		assert_fails(root_hook(t, &guest, "console", NULL, &err), &err, ENOENT,
			     MKD_EXIT_HOOK, rows[i].words);
		tree_mem_free(t);
	}
}

static void ports_are_read_from_names_of_services(void **state)
{
	static const struct {
		const char *name;
		enum mkd_port want;
	} rows[] = {
		{ "agetty.tty1", MKD_PORT_VIRTUAL },
		{ "getty-ttyS0", MKD_PORT_SERIAL },
		{ "agetty-hvc0", MKD_PORT_HVC0 },
		{ "agetty.console", MKD_PORT_CONSOLE },
		{ "agetty@ttyAMA0", MKD_PORT_SERIAL },
		{ "mgetty-ttyX", MKD_PORT_NONE },
		{ "tty3", MKD_PORT_VIRTUAL },
		{ "hvc0", MKD_PORT_HVC0 },
		{ "console", MKD_PORT_NONE },
		{ "agetty", MKD_PORT_NONE },
		{ "gettytab", MKD_PORT_NONE },
		{ "sshd", MKD_PORT_NONE },
		{ "tty", MKD_PORT_NONE },
		{ "", MKD_PORT_NONE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(mkd_service_port(rows[i].name), rows[i].want);
}

static void a_service_that_no_init_knows_is_not_enabled(void **state)
{
	static const char *const names[] = { "sshd", "ssh", NULL };
	static const struct {
		const char *paths[6];
		bool want;
	} rows[] = {
		{ { "/sbin/init -> runit", "/sbin/runit", "/etc/sv/ssh/", "/etc/service/" }, true },
		{ { "/sbin/init -> runit", "/sbin/runit", "/etc/service/" }, false },
		{ { "/sbin/init -> dinit", "/sbin/dinit", "/etc/dinit.d/ssh" }, false },
		{ { "/sbin/init -> busybox", "/sbin/busybox", "/etc/init.d/S50sshd" }, true },
		{ { "/sbin/init -> busybox", "/sbin/busybox", "/etc/init.d/sshd" }, false },
		{ { "/sbin/init", "/sbin/telinit", "/etc/rc2.d/S02ssh -> ../init.d/ssh" }, true },
		{ { "/sbin/init", "/sbin/telinit", "/etc/rc2.d/K02ssh -> ../init.d/ssh" }, false },
		{ { "/sbin/init -> systemd", "/sbin/systemd" }, false },
		{ { "/sbin/init -> s6-linux-init", "/sbin/s6-linux-init" }, false },
	};
	struct mkd_err err = { 0 };
	struct mkd_facts f;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct mkd_tree *t = root_of(rows[i].paths);
		const struct mkd_guest_io io = { t, NULL };
		bool done = !rows[i].want;

		assert_ok(mkd_facts_find(t, &f, &err), &err);
		assert_ok(mkd_service_enable(&io, &f, names, &done, &err), &err);
		assert_int_equal(done, rows[i].want);
		tree_mem_free(t);
	}
	for (enum mkd_init init = MKD_INIT_SYSVINIT; init < MKD_INIT_N; init++) {
		assert_string_not_equal(mkd_init_name(init), "unknown");
		assert_string_not_equal(mkd_init_token(init), "unknown");
		assert_null(strpbrk(mkd_init_token(init), " ABCDEFGHIJKLMNOPQRSTUVWXYZ"));
	}
	assert_string_equal(mkd_init_name(MKD_INIT_N), "unknown");
	assert_string_equal(mkd_init_token(MKD_INIT_N), "unknown");
	assert_string_equal(mkd_init_token(MKD_INIT_S6), "s6");
}

static void without_memory_no_service_is_touched(void **state)
{
	static const char *const paths[] = { "/sbin/init", "/sbin/openrc", "/etc/init.d/sshd",
					     "/etc/service/getty-tty1/", NULL };
	static const char *const names[] = { "sshd", NULL };
	struct mkd_tree *t = root_of(paths);
	const struct mkd_guest_io io = { t, NULL };
	struct mkd_err err = { 0 };
	struct mkd_facts f;
	bool done = false;

	(void)state;
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_nomem_some(mkd_service_enable(&io, &f, names, &done, &err), &err, (void)0);
	assert_true(done);
	assert_nomem_some(mkd_gettys_off(&io, "/etc/service", NULL, &err), &err, (void)0);
	assert_true(mkd_guest_has(t, "/etc/service/getty-tty1/down"));
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(openrc_init_gets_a_service),
		cmocka_unit_test(a_void_gets_its_own_service),
		cmocka_unit_test(a_runit_without_that_service_gets_one),
		cmocka_unit_test(dinit_gets_a_service),
		cmocka_unit_test(s6_gets_its_early_getty_on_hvc0),
		cmocka_unit_test(sysvinit_with_openrc_has_one_getty_on_hvc0),
		cmocka_unit_test(what_is_missing_is_named),
		cmocka_unit_test(ports_are_read_from_names_of_services),
		cmocka_unit_test(a_service_that_no_init_knows_is_not_enabled),
		cmocka_unit_test(without_memory_no_service_is_touched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
