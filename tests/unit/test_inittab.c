/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the editor of /etc/inittab. */
#include "edittest.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/inittab.h"

static void gentoos_inittab_gets_hvc0(void **state)
{
	(void)state;
	assert_edit(mkd_inittab_edit, GETTY,
		    "id:3:initdefault:\n"
		    "si::sysinit:/sbin/openrc sysinit\n"
		    "#x1:12345:respawn:/sbin/agetty 38400 console linux\n"
		    "c1:12345:respawn:/sbin/agetty --noclear 38400 tty1 linux\n"
		    "c2:2345:respawn:/sbin/agetty 38400 tty2 linux\n"
		    "\n# SERIAL CONSOLES\n"
		    "#s0:12345:respawn:/sbin/agetty -L 115200 ttyS0 vt100\n"
		    "#s1:12345:respawn:/sbin/agetty -L 115200 ttyS1 vt100\n"
		    "\n# What to do at the \"Three Finger Salute\".\n"
		    "ca:12345:ctrlaltdel:/sbin/shutdown -r now\n"
		    "x:a:once:/usr/bin/startDM\n",
		    "id:3:initdefault:\n"
		    "si::sysinit:/sbin/openrc sysinit\n"
		    "#x1:12345:respawn:/sbin/agetty 38400 console linux\n"
		    "#c1:12345:respawn:/sbin/agetty --noclear 38400 tty1 linux\n"
		    "#c2:2345:respawn:/sbin/agetty 38400 tty2 linux\n"
		    "\n# SERIAL CONSOLES\n"
		    "#s0:12345:respawn:/sbin/agetty -L 115200 ttyS0 vt100\n"
		    "#s1:12345:respawn:/sbin/agetty -L 115200 ttyS1 vt100\n"
		    "h0:12345:respawn:" GETTY "\n"
		    "\n# What to do at the \"Three Finger Salute\".\n"
		    "ca:12345:ctrlaltdel:/sbin/shutdown -r now\n"
		    "x:a:once:/usr/bin/startDM\n");
}

static void debians_inittab_gets_hvc0(void **state)
{
	(void)state;
	assert_edit(
		mkd_inittab_edit, GETTY,
		"id:2:initdefault:\n~~:S:wait:/sbin/sulogin --force\n"
		"# /sbin/getty invocations for the runlevels.\n"
		"#  <id>:<runlevels>:<action>:<process>\n"
		"1:2345:respawn:/sbin/getty --noclear 38400 tty1\n"
		"2:23:respawn:/sbin/getty 38400 tty2\n\n"
		"#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n"
		"#U0:23:respawn:/sbin/getty -L ttyUSB0 9600 vt100\n"
		"#T3:23:respawn:/sbin/mgetty -x0 -s 57600 ttyS3\n"
		"#C0:2345:respawn:/sbin/getty -8 --noclear --keep-baud console 115200,38400,9600\n",
		"id:2:initdefault:\n~~:S:wait:/sbin/sulogin --force\n"
		"# /sbin/getty invocations for the runlevels.\n"
		"#  <id>:<runlevels>:<action>:<process>\n"
		"#1:2345:respawn:/sbin/getty --noclear 38400 tty1\n"
		"#2:23:respawn:/sbin/getty 38400 tty2\n\n"
		"#T0:23:respawn:/sbin/getty -L ttyS0 9600 vt100\n"
		"#U0:23:respawn:/sbin/getty -L ttyUSB0 9600 vt100\n"
		"#T3:23:respawn:/sbin/mgetty -x0 -s 57600 ttyS3\n"
		"h0:2345:respawn:" GETTY "\n"
		"#C0:2345:respawn:/sbin/getty -8 --noclear --keep-baud console "
		"115200,38400,9600\n");
}

static void odd_inittabs_keep_what_is_not_ours(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "h0:12345:respawn:" GETTY "\n" },
		{ "id:3:initdefault:", "id:3:initdefault:\nh0:12345:respawn:" GETTY "\n" },
		/* there already, by another name and form */
		{ "co:23:respawn:/sbin/getty hvc0 9600\n",
		  "co:23:respawn:/sbin/getty hvc0 9600\n" },
		/* two: the second would fight with the first */
		{ "a:2:respawn:getty hvc0\nb:2:respawn:getty /dev/hvc0\n",
		  "a:2:respawn:getty hvc0\n#b:2:respawn:getty /dev/hvc0\n" },
		/* commented or off is not there */
		{ "#h0:5:respawn:" GETTY "\n",
		  "#h0:5:respawn:" GETTY "\nh0:12345:respawn:" GETTY "\n" },
		{ "h1:5:off:" GETTY "\n", "h1:5:off:" GETTY "\nh0:12345:respawn:" GETTY "\n" },
		/* the id is taken */
		{ "h0:3:respawn:/usr/bin/x\nh1:3:wait:/y\n",
		  "h0:3:respawn:/usr/bin/x\nh1:3:wait:/y\nh2:12345:respawn:" GETTY "\n" },
		/* CR LF, blanks, no newline at the end */
		{ " c1 :35:respawn:/sbin/agetty tty1\r\nx:3:wait:y",
		  "# c1 :35:respawn:/sbin/agetty tty1\r\nh0:35:respawn:" GETTY "\nx:3:wait:y" },
		/* arm64, "console", a serial port */
		{ "f0:12345:respawn:/sbin/agetty 9600 ttyAMA0 vt100\ns0:2:respawn:getty -L ttyS0\n"
		  "x1:2:respawn:/sbin/agetty console\n",
		  "#f0:12345:respawn:/sbin/agetty 9600 ttyAMA0 vt100\n#s0:2:respawn:getty -L "
		  "ttyS0\n"
		  "h0:12345:respawn:" GETTY "\n#x1:2:respawn:/sbin/agetty console\n" },
		/* not gettys, or not our terminals */
		{ "a:2:respawn:/bin/log tty1\nb:2:respawn:getty ttyUSB0\nc:2:respawn:getty ttyp\n",
		  "a:2:respawn:/bin/log tty1\nb:2:respawn:getty ttyUSB0\nc:2:respawn:getty ttyp\n"
		  "h0:12345:respawn:" GETTY "\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_edit(mkd_inittab_edit, GETTY, rows[i].in, rows[i].want);
	assert_true(mkd_inittab_has_default(mkd_span_of("id:3:initdefault:\n")));
	assert_false(mkd_inittab_has_default(mkd_span_of("#id:3:initdefault:\n")));
}

static void an_inittab_can_be_full(void **state)
{
	struct mkd_buf in = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		mkd_buf_printf(&in, "h%d:3:wait:/bin/true\n", i);
	mkd_buf_str(&in, "hvc0:3:wait:/bin/true\n");
	/* mkd_inittab_edit: -ENOSPC */
	assert_edit_fails(mkd_inittab_edit, GETTY, mkd_buf_cstr(&in), ENOSPC, "h999");
	mkd_buf_free(&in);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gentoos_inittab_gets_hvc0),
		cmocka_unit_test(debians_inittab_gets_hvc0),
		cmocka_unit_test(odd_inittabs_keep_what_is_not_ours),
		cmocka_unit_test(an_inittab_can_be_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
