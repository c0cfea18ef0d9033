/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of roots that BusyBox's init starts: its inittab, and every hook on them. */
#include <errno.h>
#include <string.h>

#include "mkdomu/bbinittab.h"
#include "mkdomu/bbroot.h"
#include "mkdomu/getty.h"
#include "roottest.h"

#define GETTY "/sbin/getty -L 115200 hvc0 vt100"
#define HVC0  "hvc0::respawn:" GETTY "\n"

static const struct mkd_nic nic = {
	.mac = { 0, 0x16, 0x3e, 1, 2, 3 },
	.addrs = { { "192.0.2.10", false, 24 } },
	.n_addrs = 1,
};

static const struct mkd_guest guest = {
	.name = "web1",
	.hostname = "web1",
	.nics = &nic,
	.n_nics = 1,
	.root_dev = "/dev/xvda1",
	.root_fstype = "ext4",
};

#define ALPINE_START                                                                      \
	"# /etc/inittab\n\n::sysinit:/sbin/openrc sysinit\n::sysinit:/sbin/openrc boot\n" \
	"::wait:/sbin/openrc default\n\n# Set up a couple of getty's\n"
#define ALPINE_END                                                               \
	"\n# Stuff to do for the 3-finger salute\n::ctrlaltdel:/sbin/reboot\n\n" \
	"# Stuff to do before rebooting\n::shutdown:/sbin/openrc shutdown\n"
#define ALPINE_INITTAB                                                                       \
	ALPINE_START "tty1::respawn:/sbin/getty 38400 tty1\ntty2::respawn:/sbin/getty 38400" \
		     " tty2\n\n# Put a getty on the serial port\n"                           \
		     "#ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n" ALPINE_END
#define ALPINE_DONE                                                                       \
	ALPINE_START "#tty1::respawn:/sbin/getty 38400 tty1\n#tty2::respawn:/sbin/getty " \
		     "38400 tty2\n\n# Put a getty on the serial port\n"                   \
		     "#ttyS0::respawn:/sbin/getty -L 115200 ttyS0 vt100\n" HVC0 ALPINE_END

static void an_inittab_of_busybox_gets_hvc0(void **state)
{
	static const struct mkd_bbinittab arg = { GETTY, "/bin/umount -a -r\n" };
	static const char end[] = "::shutdown:/bin/umount -a -r\n";
	static const struct {
		const char *in, *want; /* both before end */
	} rows[] = {
		{ "", HVC0 },
		{ "::sysinit:/etc/init.d/rcS", "::sysinit:/etc/init.d/rcS\n" HVC0 },
		/* the console of a PV guest is hvc0: no shell beside the login */
		{ "::askfirst:-/bin/sh\n", "#::askfirst:-/bin/sh\n" HVC0 },
		{ "::respawn:/bin/sh\r\n", "#::respawn:/bin/sh\r\n" HVC0 },
		{ "::respawn:/usr/bin/setsid /bin/cttyhack /bin/sh -l\n",
		  "#::respawn:/usr/bin/setsid /bin/cttyhack /bin/sh -l\n" HVC0 },
		{ "::respawn:/sbin/console-getty\n", "#::respawn:/sbin/console-getty\n" HVC0 },
		{ "console::respawn:/sbin/getty -L console 0 vt100 # GENERIC_SERIAL\n",
		  "#console::respawn:/sbin/getty -L console 0 vt100 # GENERIC_SERIAL\n" HVC0 },
		{ "console::respawn:/bin/login\n", "#console::respawn:/bin/login\n" HVC0 },
		/* a serial getty is where ours goes to */
		{ "tty1::askfirst:/bin/sh\nttyS0::respawn:/sbin/getty 9600 ttyS0\n::once:/bin/x\n",
		  "#tty1::askfirst:/bin/sh\n#ttyS0::respawn:/sbin/getty 9600 ttyS0\n" HVC0
		  "::once:/bin/x\n" },
		/* what is there already stays; never two */
		{ "hvc0::respawn:/bin/login -f root\n", "hvc0::respawn:/bin/login -f root\n" },
		{ "::respawn:/sbin/getty hvc0 9600\nhvc0::askfirst:-/bin/sh\ntty2::respawn:-sh\n",
		  "::respawn:/sbin/getty hvc0 9600\n#hvc0::askfirst:-/bin/sh\n"
		  "#tty2::respawn:-sh\n" },
		{ "#hvc0::respawn:/sbin/getty 1 hvc0\n# x\n",
		  "#hvc0::respawn:/sbin/getty 1 hvc0\n" HVC0 "# x\n" },
		/* no logins */
		{ "::respawn:/bin/sh /etc/watch\n::respawn:/bin/sh -c 'exec x'\n",
		  "::respawn:/bin/sh /etc/watch\n::respawn:/bin/sh -c 'exec x'\n" HVC0 },
		{ "::sysinit:/bin/sh\ntty1::once:/bin/sh\ntty3::respawn:/bin/top\nbroken:x\n",
		  "::sysinit:/bin/sh\ntty1::once:/bin/sh\ntty3::respawn:/bin/"
		  "top\nbroken:x\n" HVC0 },
		{ "ttyVR0::respawn:/bin/sh\n::respawn:\n",
		  "ttyVR0::respawn:/bin/sh\n::respawn:\n" HVC0 },
	};
	char want[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)snprintf(want, sizeof(want), "%s%s", rows[i].want, end);
		assert_edit(mkd_bbinittab_edit, &arg, rows[i].in, want);
	}
	assert_edit(mkd_bbinittab_edit, &arg, ALPINE_INITTAB, ALPINE_DONE);
	assert_edit(mkd_bbinittab_edit, &(struct mkd_bbinittab){ GETTY, NULL }, "", HVC0);
	assert_edit(mkd_bbinittab_edit, &(struct mkd_bbinittab){ GETTY, "a\nb -r\n" },
		    "#::shutdown:/x\n", "#::shutdown:/x\n" HVC0 "::shutdown:a\n::shutdown:b -r\n");
	assert_true(mkd_bbinittab_has_hvc0(mkd_span_of("x\nhvc0::askfirst:sh\n")));
	assert_false(mkd_bbinittab_has_hvc0(mkd_span_of("#hvc0::askfirst:sh\n")));
}

static void commands_are_added_behind_the_others(void **state)
{
	(void)state;
	assert_edit(mkd_bbinittab_sysinit, "/sbin/ifup -a",
		    "# x\n::sysinit:/a\n::sysinit:/b\n::respawn:c\n",
		    "# x\n::sysinit:/a\n::sysinit:/b\n::sysinit:/sbin/ifup -a\n::respawn:c\n");
	assert_edit(mkd_bbinittab_sysinit, "x -a", "::respawn:c", "::sysinit:x -a\n::respawn:c");
	assert_edit(mkd_bbinittab_sysinit, "x", "#::sysinit:x\n::sysinit: x\n::sysinit:y",
		    "#::sysinit:x\n::sysinit: x\n::sysinit:y");
	assert_edit(mkd_bbinittab_sysinit, "x", "", "::sysinit:x\n");
}

static void ten_megabytes_of_inittab_are_no_trouble(void **state)
{
	static const struct mkd_bbinittab arg = { GETTY, NULL };
	static const char line[] = "tty1::respawn:/sbin/getty 38400 tty1\n";
	struct mkd_buf in = { 0 }, out = { 0 };
	struct mkd_err err = { 0 };
	size_t n = 0;

	(void)state;
	for (; in.len < 10 * MIB; n++)
		mkd_buf_str(&in, line);
	assert_ok(mkd_bbinittab_edit(mkd_span_buf(&in), &arg, &out, &err), &err);
	assert_int_equal(out.len, in.len + n + strlen(HVC0));
	assert_true(mkd_bbinittab_has_hvc0(mkd_span_buf(&out)));
	mkd_buf_free(&in);
	mkd_buf_free(&out);
}

static void an_alpine_is_set_up(void **state)
{
	static const char *const paths[] = {
		"/etc/os-release = ID=alpine\nVERSION_ID=3.22.1\n",
		"/etc/inittab = " ALPINE_INITTAB,
		"/etc/hosts = 127.0.0.1\tlocalhost\n",
		"/etc/fstab = # fstab\n",
		"/etc/rc.conf = #rc_sys=\"\"\n",
		"/etc/conf.d/hwclock = clock=\"UTC\"\n",
		"/etc/securetty = console\ntty1\n",
		"/etc/init.d/networking",
		"/etc/init.d/hostname",
		"/etc/network/",
		"/etc/runlevels/boot/",
		"/bin/busybox = ELF",
		"/sbin/init -> /bin/busybox",
		"/sbin/getty -> /bin/busybox",
		"/sbin/ifup -> /bin/busybox",
		"/sbin/poweroff -> /bin/busybox",
		"/sbin/reboot -> /bin/busybox",
		"/sbin/openrc",
		NULL,
	};
	struct mkd_tree *t = root_of(paths);
	struct mkd_err err = { 0 };
	struct mkd_facts f;
	struct test_ui ui;

	(void)state;
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_int_equal(f.init, MKD_INIT_BUSYBOX);
	assert_string_equal(mkd_init_name(f.init), "BusyBox init");
	assert_string_equal(f.init_path, "/sbin/init");
	assert_string_equal(f.init_target, "/bin/busybox");
	assert_true(f.openrc);
	test_ui_init(&ui);
	root_hook_twice(t, &guest, NULL, &ui);
	assert_text(t, "/etc/inittab", ALPINE_DONE);
	assert_text(t, "/etc/securetty", "console\ntty1\nhvc0\n");
	assert_text(t, "/etc/rc.conf", "rc_sys=\"xenU\"\n");
	assert_text(t, "/etc/hostname", "web1\n");
	assert_link(t, "/etc/runlevels/boot/networking", "/etc/init.d/networking");
	assert_link(t, "/sbin/poweroff", "/bin/busybox");
	assert_unsaid(&ui, "OpenRC, which is not");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

/* No OpenRC, no links: the program alone. */
static struct mkd_tree *bare(const char *inittab)
{
	static const char *const paths[] = { "/etc/init.d/rcS = #!/bin/sh\nmount -a\n",
					     "/etc/network/", "/sbin/ifup -> ../bin/busybox",
					     NULL };
	static const char program[] = "BusyBox v1.36.1 (2023)\0getty\0hostname\0poweroff\0"
				      "reboot\0swapoff\0umount";
	struct mkd_tree *t = root_of(paths);
	struct mkd_err err = { 0 };

	tree_mem_parents(t, "/bin/busybox");
	assert_ok(mkd_tree_write(t, "/bin/busybox", program, sizeof(program), 0755, &err), &err);
	assert_ok(mkd_tree_write(t, "/sbin/init", program, sizeof(program), 0755, &err), &err);
	if (inittab)
		tree_mem_file(t, "/etc/inittab", inittab);
	return t;
}

static void a_bare_busybox_is_set_up(void **state)
{
	struct mkd_tree *t = bare(NULL);
	struct mkd_err err = { 0 };
	struct mkd_facts f;

	(void)state;
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_int_equal(f.init, MKD_INIT_BUSYBOX);
	assert_string_equal(f.init_target, "/sbin/init");
	root_hook_twice(t, &guest, NULL, NULL);
	assert_text(t, "/etc/inittab",
		    "::sysinit:/etc/init.d/rcS\n"
		    "::sysinit:/bin/busybox hostname -F /etc/hostname\n"
		    "::sysinit:/sbin/ifup -a\n"
		    "::ctrlaltdel:/bin/busybox reboot\n::restart:/sbin/init\n"
		    "hvc0::respawn:/bin/busybox getty -L 115200 hvc0 vt100\n"
		    "::shutdown:/bin/busybox swapoff -a\n::shutdown:/bin/busybox umount -a -r\n");
	assert_link(t, "/sbin/poweroff", "/bin/busybox");
	assert_link(t, "/sbin/reboot", "/bin/busybox");
	assert_text(t, "/etc/rc.conf", "(none)");
	tree_mem_free(t);
}

static void what_the_scripts_do_is_not_done_twice(void **state)
{
	static const char inittab[] =
		"::sysinit:/bin/hostname -F /etc/hostname\n" HVC0 "::shutdown:/x\n";
	struct mkd_tree *t = bare(inittab);

	(void)state;
	tree_mem_file(t, "/etc/init.d/S40network", "#!/bin/sh\n\t/sbin/ifup -a\n");
	root_hook_twice(t, &guest, NULL, NULL);
	assert_text(t, "/etc/inittab", inittab);
	tree_mem_free(t);
}

static void an_openrc_that_is_missing_is_told(void **state)
{
	struct mkd_tree *t = bare(ALPINE_INITTAB);
	struct test_ui ui;

	(void)state;
	test_ui_init(&ui);
	root_hook_twice(t, &guest, "console", &ui);
	assert_said(&ui, "starts OpenRC, which is not in this root");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void a_busybox_without_getty_is_refused(void **state)
{
	static const char *const paths[] = { "/sbin/init -> /bin/busybox", "/bin/busybox",
					     "/etc/inittab = ::sysinit:/x\n", NULL };
	struct mkd_tree *t = root_of(paths);
	struct mkd_guest_io io = { t, NULL };
	struct test_ui ui;
	struct mkd_err err;

	(void)state;
	/* mkd_hook_console: -ENOENT */
	assert_fails(root_hook(t, &guest, "console", NULL, &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "the root has no getty; looked for agetty");
	tree_mem_file(t, "/etc/inittab", "hvc0::respawn:/bin/sh\n");
	assert_ok(root_hook(t, &guest, "console", NULL, &err), &err);
	assert_text(t, "/etc/inittab", "hvc0::respawn:/bin/sh\n");
	test_ui_init(&ui);
	io.ui = &ui.ui;
	assert_ok(mkd_bb_at_boot(&io, "hostname", "-F /x", &err), &err);
	assert_said(&ui, "nothing in this root runs 'hostname' at boot");
	tree_mem_file(t, "/bin/hostname", "ELF");
	assert_ok(mkd_tree_remove(t, "/etc/inittab", &err), &err);
	assert_fails(mkd_bb_at_boot(&io, "hostname", "-F /x", &err), &err, ENOENT, MKD_EXIT_HOOK,
		     "inittab");
	mkd_buf_free(&ui.said);
	tree_mem_free(t);
}

static void an_init_elsewhere_is_found(void **state)
{
	static const char *const paths[] = { "/bin/init -> busybox", "/bin/busybox", NULL };
	static const char *const broken[] = { "/sbin/init -> nothing", "/bin/init", NULL };
	struct mkd_tree *t = root_of(paths);
	struct mkd_err err = { 0 };
	struct mkd_facts f;

	(void)state;
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_int_equal(f.init, MKD_INIT_BUSYBOX);
	assert_string_equal(f.init_path, "/bin/init");
	tree_mem_free(t);
	t = root_of(broken);
	assert_ok(mkd_facts_find(t, &f, &err), &err);
	assert_int_equal(f.init, MKD_INIT_UNKNOWN);
	assert_string_equal(f.init_target, "/sbin/nothing");
	tree_mem_free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_inittab_of_busybox_gets_hvc0),
		cmocka_unit_test(commands_are_added_behind_the_others),
		cmocka_unit_test(ten_megabytes_of_inittab_are_no_trouble),
		cmocka_unit_test(an_alpine_is_set_up),
		cmocka_unit_test(a_bare_busybox_is_set_up),
		cmocka_unit_test(what_the_scripts_do_is_not_done_twice),
		cmocka_unit_test(an_openrc_that_is_missing_is_told),
		cmocka_unit_test(a_busybox_without_getty_is_refused),
		cmocka_unit_test(an_init_elsewhere_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
