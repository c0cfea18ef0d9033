/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the pure editors of a guest's files: builder/guest and builder/plan/credentials. */
#include "test.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/access.h"
#include "mkdomu/credentials.h"
#include "mkdomu/fstab.h"
#include "mkdomu/hosts.h"
#include "mkdomu/inittab.h"
#include "mkdomu/netfiles.h"
#include "mkdomu/password.h"
#include "mkdomu/shadow.h"
#include "mkdomu/shellvar.h"
#include "mkdomu/unitfile.h"

/* By openssl passwd -6 -salt, and by perl's crypt(): secret, salt abcdefghijklmnop */
#define SHA512_GOLDEN                                                                \
	"$6$abcdefghijklmnop$J/AWykHqo2Tx5UtavGnFc3ytI33la50JpzLTarSWVhkIXK6wOjNwwZ" \
	"jsrIw2UgmrER2EKrSHCeQyAINEEXAk1/"
#define YESCRYPT_GOLDEN "$y$j9T$abcdefghijklmnop$3dL1LkYnZM.OVXuVdnnaKVDlLYT92dRwOzDZ5XiVCe."
#define GETTY           "/sbin/agetty -L 115200 hvc0 vt100"

typedef int edit_fn(struct mkd_span in, const void *arg, struct mkd_buf *out, struct mkd_err *err);

/* in becomes want, and want stays as it is. */
static void check_edit(edit_fn *edit, const void *arg, const char *in, const char *want)
{
	struct mkd_buf out = { 0 }, again = { 0 };
	struct mkd_err err = { 0 };

	assert_ok(edit(mkd_span_of(in), arg, &out, &err), &err);
	assert_ok(mkd_buf_check(&out, &err), &err);
	assert_string_equal(mkd_buf_cstr(&out), want);
	assert_ok(edit(mkd_span_buf(&out), arg, &again, &err), &err);
	assert_string_equal(mkd_buf_cstr(&again), want);
	mkd_buf_free(&out);
	mkd_buf_free(&again);
}

static void check_fails(edit_fn *edit, const void *arg, const char *in, int code, const char *words)
{
	struct mkd_buf out = { 0 };
	struct mkd_err err;

	assert_fails(edit(mkd_span_of(in), arg, &out, &err), &err, code, MKD_EXIT_HOOK, words);
	mkd_buf_free(&out);
}

static void lines_keep_their_ends(void **state)
{
	static const char text[] = "a\r\n\n\rb\n \t\r\nlast";
	struct mkd_span rest = mkd_span_of(text);
	struct mkd_buf out = { 0 };
	struct mkd_line l;
	size_t n = 0;

	(void)state;
	for (; mkd_line_next(&rest, &l); n++)
		mkd_text_keep(&out, &l);
	assert_int_equal(n, 5);
	assert_string_equal(out.data, text);
	mkd_text_add(&out, "more");
	assert_string_equal(out.data + sizeof(text) - 1, "\nmore\n");
	mkd_buf_free(&out);
}

static void shell_values_are_unquoted(void **state)
{
	static const char text[] =
		"# ID=comment\nID=gentoo\nNAME='a b'\nVERSION=\"1 \\\"x\\\" \\n $y\"\n"
		"EMPTY=\nMULTI=\"one\nID=inside\n\"\nLAST=1\nLAST=2 # note\n"
		"TWO=1 X=2\nMIX=a\"b\"'c'\\d\r\nOPEN=\"";
	static const struct {
		const char *key, *want; /* NULL = not there */
	} rows[] = {
		{ "ID", "gentoo" },
		{ "NAME", "a b" },
		{ "VERSION", "1 \"x\" \\n $y" },
		{ "EMPTY", "" },
		{ "MULTI", "one\nID=inside\n" },
		{ "LAST", "2" },
		{ "TWO", NULL },
		{ "MIX", "abcd" },
		{ "OPEN", NULL },
		{ "I", NULL },
		{ "comment", NULL },
	};
	struct mkd_buf value = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool found = mkd_shellvar_get(mkd_span_of(text), rows[i].key, &value);

		assert_int_equal(found, rows[i].want != NULL);
		if (found)
			assert_string_equal(mkd_buf_cstr(&value), rows[i].want);
	}
	mkd_buf_free(&value);
}

static void shell_values_are_set(void **state)
{
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "k=\"v\"\n" },
		{ "a=1", "a=1\nk=\"v\"\n" },
		{ "# k is\n#k=\"\"\nb=2\n", "# k is\nk=\"v\"\nb=2\n" },
		{ "# k=1\r\nb=2\r\n", "k=\"v\"\nb=2\r\n" },
		{ "k=\"v\"", "k=\"v\"" },
		{ "k='v' # mine\n", "k='v' # mine\n" },
		{ "k=old\n#k=\n", "#k=old\nk=\"v\"\n#k=\n" },
		{ "k=v\nk=old\n", "k=v\n#k=old\nk=\"v\"\n" },
		{ "k=\"two\nlines\"\nb=1\n", "#k=\"two\n#lines\"\nk=\"v\"\nb=1\n" },
		{ "s='\n#k=\nk=no\n'\n", "s='\n#k=\nk=no\n'\nk=\"v\"\n" },
		{ "#k=\nk=1 b=2\n", "#k=\nk=1 b=2\nk=\"v\"\n" },
		{ "if x; then\n\tk=1\nfi\n", "if x; then\n\tk=1\nfi\nk=\"v\"\n" },
		{ "kk=v\n#kk=\n", "kk=v\n#kk=\nk=\"v\"\n" },
		{ "a=1 \\", "a=1 \\\n\nk=\"v\"\n" },
		{ "k=\\\nv\n", "k=\\\nv\n" },
		{ "k=\"\\\nv\"\n", "k=\"\\\nv\"\n" },
		{ "# don't\nk=1\n", "# don't\n#k=1\nk=\"v\"\n" },
	};
	static const struct mkd_shellvar v = { "k", "v" }, off = { "k", NULL };
	static const struct mkd_shellvar odd = { "k", "a\"b\\c$d`\ne" };
	struct mkd_buf value = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_edit(mkd_shellvar_edit, &v, rows[i].in, rows[i].want);
	check_edit(mkd_shellvar_edit, &off, "k=1\n#k=\nb=2\nk=3", "#k=1\n#k=\nb=2\n#k=3");
	check_edit(mkd_shellvar_edit, &off, "b=2", "b=2");
	check_edit(mkd_shellvar_edit, &odd, "", "k=\"a\\\"b\\\\c\\$d\\`\ne\"\n");
	assert_true(mkd_shellvar_get(mkd_span_of("k=\"a\\\"b\\\\c\\$d\\`\ne\"\n"), "k", &value));
	assert_string_equal(mkd_buf_cstr(&value), odd.value);
	/* mkd_shellvar_edit: -EINVAL */
	check_fails(mkd_shellvar_edit, &v, "a=1\nb=\"x\ny\n", EINVAL, "line 2 has a quote");
	mkd_buf_free(&value);
}

static void gentoos_inittab_gets_hvc0(void **state)
{
	(void)state;
	check_edit(mkd_inittab_edit, GETTY,
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
	check_edit(
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
		check_edit(mkd_inittab_edit, GETTY, rows[i].in, rows[i].want);
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
	check_fails(mkd_inittab_edit, GETTY, mkd_buf_cstr(&in), ENOSPC, "h999");
	mkd_buf_free(&in);
}

static void ten_megabytes_are_edited(void **state)
{
	static const struct mkd_fstab f = { "/dev/xvda1", "ext4", NULL, "sw" };
	static const struct mkd_shellvar v = { "k", "v" };
	static const struct mkd_host h = { "127.0.1.1", "web1" };
	struct mkd_buf in = { 0 }, out = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	while (in.len < 10 * MIB)
		mkd_buf_str(&in, "c1:12345:respawn:/sbin/agetty 38400 tty1 linux\n");
	assert_ok(mkd_inittab_edit(mkd_span_buf(&in), GETTY, &out, &err), &err);
	assert_true(out.len > in.len && mkd_inittab_has_hvc0(mkd_span_buf(&out)));
	assert_ok(mkd_fstab_edit(mkd_span_buf(&in), &f, &out, &err), &err);
	assert_ok(mkd_shellvar_edit(mkd_span_buf(&in), &v, &out, &err), &err);
	assert_ok(mkd_hosts_edit(mkd_span_buf(&in), &h, &out, &err), &err);
	/* one line, and bytes of any kind */
	memset(in.data, '\0', in.len);
	mkd_buf_reset(&out);
	assert_ok(mkd_inittab_edit(mkd_span_buf(&in), GETTY, &out, &err), &err);
	assert_int_equal(out.len, in.len + 1 + strlen("h0:12345:respawn:" GETTY "\n"));
	mkd_buf_free(&in);
	mkd_buf_free(&out);
}

static void fstab_gets_root_and_swap(void **state)
{
#define ROOT "/dev/xvda1\t/\text4\tdefaults,noatime\t0 1\n"
#define SWAP "/dev/xvda2\tnone\tswap\tsw\t0 0\n"
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", ROOT SWAP },
		{ "#LABEL=boot\t/boot\text4\tdefaults\t1 2\n",
		  "#LABEL=boot\t/boot\text4\tdefaults\t1 2\n" ROOT SWAP },
		{ "/dev/sda1 / ext3 defaults 1 1\n/dev/sdb1 /srv xfs x 0 0",
		  "#/dev/sda1 / ext3 defaults 1 1\n" ROOT "/dev/sdb1 /srv xfs x 0 0\n" SWAP },
		{ "/dev/sda2 none swap sw 0 0\nUUID=1 swap swap defaults 0 0\n",
		  "#/dev/sda2 none swap sw 0 0\n" SWAP "#UUID=1 swap swap defaults 0 0\n" ROOT },
		{ "  /dev/xvda1  /  ext4  defaults,noatime  0  1\r\n" SWAP,
		  "  /dev/xvda1  /  ext4  defaults,noatime  0  1\r\n" SWAP },
		{ "/dev/xvda1  /  ext4 defaults,noatime 0 1\n" SWAP ROOT,
		  "/dev/xvda1  /  ext4 defaults,noatime 0 1\n" SWAP "#" ROOT },
		{ "proc /proc proc defaults 0 0\nshort /\n",
		  "proc /proc proc defaults 0 0\nshort /\n" ROOT SWAP },
	};
	static const struct mkd_fstab f = { "/dev/xvda1", "ext4", "/dev/xvda2", "sw" };
	static const struct mkd_fstab none = { "/dev/xvda1", "ext4", NULL, "sw" };
	static const struct mkd_fstab file = { "/dev/xvda1", "xfs", "/swapfile", "sw" };
	struct mkd_span dev;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_edit(mkd_fstab_edit, &f, rows[i].in, rows[i].want);
	check_edit(mkd_fstab_edit, &none, SWAP ROOT, "#" SWAP ROOT);
	check_edit(mkd_fstab_edit, &file, "",
		   "/dev/xvda1\t/\txfs\tdefaults,noatime\t0 0\n/swapfile\tnone\tswap\tsw\t0 0\n");
	assert_true(
		mkd_fstab_foreign(mkd_span_of("#/dev/sda1 x\n/dev/nvme0n1p1 /boot vfat\n"), &dev));
	assert_true(mkd_span_is(dev, "/dev/nvme0n1p1"));
	assert_false(mkd_fstab_foreign(mkd_span_of("#/dev/sda1 x\n" ROOT SWAP), &dev));
}

static void hosts_gets_the_own_name(void **state)
{
#define LOCAL "127.0.0.1\tlocalhost\n::1\tlocalhost\n"
	static const struct mkd_host h = { "127.0.1.1", "web1" };
	static const struct mkd_host fqdn = { "192.0.2.10", "web1.example.org" };
	static const struct mkd_host local = { "127.0.1.1", "localhost" };

	(void)state;
	check_edit(mkd_hosts_edit, &h, "", LOCAL "127.0.1.1\tweb1\n");
	check_edit(mkd_hosts_edit, &h, "127.0.0.1 localhost",
		   "127.0.0.1 localhost\n127.0.1.1\tweb1\n");
	check_edit(mkd_hosts_edit, &h, "127.0.1.1 a web1 # me\n", "127.0.1.1 a web1 # me\n");
	check_edit(mkd_hosts_edit, &h, "127.0.1.1 a # web1\n10.0.0.1 db\r\n",
		   "#127.0.1.1 a # web1\n10.0.0.1 db\r\n127.0.1.1\tweb1\n");
	check_edit(mkd_hosts_edit, &h, "127.0.1.1 web10\n", "#127.0.1.1 web10\n127.0.1.1\tweb1\n");
	check_edit(mkd_hosts_edit, &fqdn, LOCAL, LOCAL "192.0.2.10\tweb1.example.org web1\n");
	check_edit(mkd_hosts_edit, &local, LOCAL, LOCAL);
}

static const struct mkd_nic nics[] = {
	{ .mac = { 0, 0x16, 0x3e, 1, 2, 3 },
	  .addrs = { { "192.0.2.10", false, 24 },
		     { "2001:db8::10", true, 64 },
		     { "192.0.2.11", false, 25 } },
	  .n_addrs = 3,
	  .gateways = { { "192.0.2.1", false, 0 }, { "2001:db8::1", true, 0 } },
	  .n_gateways = 2,
	  .dns = { { "192.0.2.53", false, 0 }, { "2001:db8::53", true, 0 } },
	  .n_dns = 2 },
	{ .devid = 1,
	  .mac = { 0, 0x16, 0x3e, 4, 5, 6 },
	  .dhcp = true,
	  .dns = { { "192.0.2.53", false, 0 } },
	  .n_dns = 1 },
	{ .devid = 2, .mac = { 0, 0x16, 0x3e, 7, 8, 9 } },
};

static void nics_are_rendered(void **state)
{
	static const struct {
		mkd_netifrc_render *render;
		size_t nic;
		const char *want;
	} rows[] = {
		{ mkd_netifrc_config, 0, "192.0.2.10/24\n2001:db8::10/64\n192.0.2.11/25" },
		{ mkd_netifrc_config, 1, "dhcp" },
		{ mkd_netifrc_config, 2, "null" },
		{ mkd_netifrc_routes, 0, "default via 192.0.2.1\ndefault via 2001:db8::1" },
		{ mkd_netifrc_routes, 1, "" },
		{ mkd_netifrc_dns, 0, "192.0.2.53 2001:db8::53" },
		{ mkd_networkd_network, 0,
		  "[Match]\nMACAddress=00:16:3e:01:02:03\nType=ether\n\n[Network]\n"
		  "IPv6AcceptRA=no\nAddress=192.0.2.10/24\nAddress=2001:db8::10/"
		  "64\nAddress=192.0.2.11/25\n"
		  "Gateway=192.0.2.1\nGateway=2001:db8::1\nDNS=192.0.2.53\nDNS=2001:db8::53\n" },
		{ mkd_networkd_network, 1,
		  "[Match]\nMACAddress=00:16:3e:04:05:06\nType=ether\n\n[Network]\nDHCP=ipv4\n"
		  "DNS=192.0.2.53\n" },
		{ mkd_networkd_network, 2,
		  "[Match]\nMACAddress=00:16:3e:07:08:09\nType=ether\n\n[Link]\n"
		  "RequiredForOnline=no\n\n[Network]\nIPv6AcceptRA=no\n" },
	};
	static const struct mkd_nic_list list = { nics, 3 };
	struct mkd_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mkd_buf_reset(&out);
		rows[i].render(&list, rows[i].nic, &out);
		assert_string_equal(mkd_buf_cstr(&out), rows[i].want);
	}
	mkd_buf_reset(&out);
	mkd_networkd_link(&nics[1], &out);
	assert_string_equal(out.data, "[Match]\nMACAddress=00:16:3e:04:05:06\nType=ether\n\n"
				      "[Link]\nName=eth1\n");
	mkd_buf_free(&out);
}

static void resolvers_replace_others(void **state)
{
	static const struct mkd_nic_list list = { nics, 3 }, none = { nics + 2, 1 };

	(void)state;
	check_edit(mkd_resolv_edit, &list, "", "nameserver 192.0.2.53\nnameserver 2001:db8::53\n");
	check_edit(
		mkd_resolv_edit, &list, "search example.org\nnameserver 10.0.0.1\noptions edns0",
		"search example.org\n#nameserver 10.0.0.1\noptions edns0\nnameserver 192.0.2.53\n"
		"nameserver 2001:db8::53\n");
	check_edit(mkd_resolv_edit, &none, "nameserver 10.0.0.1", "nameserver 10.0.0.1");
}

#define BLOCK                                                                       \
	"# begin mkdomu\nauto eth0\niface eth0 inet static\n\taddress 192.0.2.10\n" \
	"\tnetmask 255.255.255.0\n\tgateway 192.0.2.1\n"                            \
	"\tup ip address add 192.0.2.11/25 dev eth0\n"                              \
	"\tpre-up echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra || :\n"            \
	"\tdns-nameservers 192.0.2.53 2001:db8::53\n"                               \
	"iface eth0 inet6 static\n\taddress 2001:db8::10\n\tnetmask 64\n"           \
	"\tgateway 2001:db8::1\nauto eth1\niface eth1 inet dhcp\n"                  \
	"\tdns-nameservers 192.0.2.53\nauto eth2\niface eth2 inet manual\n"         \
	"\tpre-up echo 0 >/proc/sys/net/ipv6/conf/eth2/accept_ra || :\n"            \
	"\tup ip link set dev eth2 up\n# end mkdomu\n"

static void interfaces_get_a_block(void **state)
{
	static const struct mkd_interfaces a = { { nics, 3 }, false, false, false },
					   clear = { { nics, 3 }, true, false, false };
	static const struct {
		const char *in, *want;
	} rows[] = {
		{ "", "auto lo\niface lo inet loopback\n\n" BLOCK },
		{ "# interfaces(5)\nsource /etc/network/interfaces.d/*",
		  "# interfaces(5)\nsource /etc/network/interfaces.d/*\n" BLOCK },
		{ "auto lo\n# begin mkdomu\nold\n# end mkdomu\niface lo inet loopback\n",
		  "auto lo\n" BLOCK "iface lo inet loopback\n" },
		{ "auto lo eth0 wlan0\r\nallow-hotplug eth1\niface eth0 inet static\n  address "
		  "10.0.0.1\n"
		  "\n# note\n  up a \\\n   b\niface wlan0 inet dhcp\n\tup x\n",
		  "#auto lo eth0 wlan0\r\nauto lo wlan0\n#allow-hotplug eth1\n#iface eth0 inet "
		  "static\n"
		  "#  address 10.0.0.1\n\n# note\n#  up a \\\n#   b\niface wlan0 inet dhcp\n\tup "
		  "x\n" BLOCK },
		{ "auto eth10\niface eth10 inet dhcp\n",
		  "auto eth10\niface eth10 inet dhcp\n" BLOCK },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_edit(mkd_interfaces_edit, &a, rows[i].in, rows[i].want);
	check_edit(mkd_interfaces_edit, &clear, "allow-hotplug eth0\niface eth0 inet dhcp\n",
		   "#allow-hotplug eth0\n#iface eth0 inet dhcp\n");
	check_edit(mkd_interfaces_edit, &clear, "", "");
	/* mkd_interfaces_edit: -EINVAL */
	check_fails(mkd_interfaces_edit, &a, "# begin mkdomu\nauto eth0\n", EINVAL, "end mkdomu");
}

static void shadow_is_edited_by_field(void **state)
{
	static const struct mkd_shadow s = { "root", "$6$x", "20000" }, x = { "root", "x", NULL };
	struct mkd_span f;

	(void)state;
	check_edit(mkd_shadow_edit, &s, "rooty:*:1::\nroot:*:10770:0:::::\nbin:*:9797:0:::::",
		   "rooty:*:1::\nroot:$6$x:20000:0:::::\nbin:*:9797:0:::::");
	check_edit(mkd_shadow_edit, &s, "root:!:\nroot:b:c\r\n", "root:$6$x:20000\nroot:b:c\r\n");
	check_edit(mkd_shadow_edit, &x, "root::0:0:root:/root:/bin/sh\n",
		   "root:x:0:0:root:/root:/bin/sh\n");
	/* mkd_shadow_edit: -ENOENT */
	check_fails(mkd_shadow_edit, &s, "#root:x\nroot\n", ENOENT, "no line for 'root'");
	assert_true(mkd_colon_field(mkd_span_of("a:b\nroot:x:0:0:r:/root:/bin/sh"), "root",
				    MKD_PASSWD_HOME, &f));
	assert_true(mkd_span_is(f, "/root"));
	assert_false(mkd_colon_field(mkd_span_of("root:x:0\n"), "root", MKD_PASSWD_HOME, &f));
	assert_false(mkd_colon_field(mkd_span_of(""), "root", 1, &f));
}

static void gettys_are_freed_of_devices(void **state)
{
	(void)state;
	check_edit(mkd_unit_unbind, NULL,
		   "[Unit]\n# BindsTo=dev-x.device\nBindsTo=dev-%i.device\n"
		   "After=dev-%i.device systemd-user-sessions.service getty-pre.target\n"
		   "After=rc-local.service\nBefore=getty.target\n\n[Service]\nTTYPath=/dev/%I\n",
		   "[Unit]\n# BindsTo=dev-x.device\n#BindsTo=dev-%i.device\n"
		   "After=systemd-user-sessions.service getty-pre.target\n"
		   "After=rc-local.service\nBefore=getty.target\n\n[Service]\nTTYPath=/dev/%I\n");
	assert_true(mkd_unit_mentions(mkd_span_of("ExecStart=ssh-keygen -A\n"), "ssh-keygen -A"));
	assert_false(mkd_unit_mentions(mkd_span_of("# ssh-keygen -A\n"), "ssh-keygen -A"));
}

static void passwords_are_hashed_the_same_each_time(void **state)
{
	char huge[1024] = { 0 };
	struct mkd_buf hash = { 0 };
	struct mkd_err err = { 0 };

	(void)state;
	assert_ok(mkd_password_hash("secret", "abcdefghijklmnop", MKD_HASH_SHA512, &hash, &err),
		  &err);
	assert_string_equal(hash.data, SHA512_GOLDEN);
	assert_true(mkd_password_is_hash(hash.data));
	assert_ok(mkd_password_hash("secret", "abcdefghijklmnop", MKD_HASH_YESCRYPT, &hash, &err),
		  &err);
	assert_string_equal(hash.data, YESCRYPT_GOLDEN);
	assert_true(mkd_password_is_hash(hash.data));
	memset(huge, 'x', sizeof(huge) - 1);
	assert_fails(mkd_password_hash(huge, "abcdefghijklmnop", MKD_HASH_SHA512, &hash, &err),
		     &err, ENOTSUP, MKD_EXIT_INTERNAL, "'$6$'");
	assert_fails(mkd_password_hash("x", "short", MKD_HASH_SHA512, &hash, &err), &err, EINVAL,
		     MKD_EXIT_INTERNAL, "salt");
	assert_fails(mkd_password_hash("x", "abcdefghijklmno$", MKD_HASH_SHA512, &hash, &err), &err,
		     EINVAL, MKD_EXIT_INTERNAL, "salt");
	mkd_buf_free(&hash);
}

static void passwords_are_checked(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *words;
	} rows[] = {
		{ "", EINVAL, "empty" },
		{ "a\nb", EINVAL, "control" },
		{ "a\177", EINVAL, "control" },
		{ "$6$salt$short", EINVAL, "whole" },
		{ "$6$ab:c$", EINVAL, "whole" },
		{ "$y$j9T$", EINVAL, "whole" },
		{ "$2b$99", EINVAL, "whole" },
		{ "$7$x$y", EINVAL, "whole" },
		{ "$5$rounds=1$x$y", EINVAL, "whole" },
		{ "$1$salt$0123456789012345678901", EINVAL, "broken" },
		{ "*", EINVAL, "shadow" },
		{ "!", EINVAL, "shadow" },
		{ "root:$6$salt$x:1:0:::::", EINVAL, "shadow" },
	};
	static const char *const good[] = { "secret", "p:w d", "$ecret", "\xc3\xa4", "**" };
	/* by perl's crypt() on libxcrypt 4.4.33 */
	static const char *const hashes[] = {
		SHA512_GOLDEN,
		YESCRYPT_GOLDEN,
		"$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
		"$6$rounds=10000$abc$UCUqOk6gcu9ZZtND2Z0UgYk8lwpVRmtR53Lsvl5g.kCesFgYAcUnyv3CZaGP"
		"ARyVDChSCfm/81bYK.MFc2KRz1",
		"$2b$05$CCCCCCCCCCCCCCCCCCCCC.Xn7FSvv79c6bu/kgV/.kBlx/ChE9.FW",
		"$7$CU..../....abcdefgh$19TzpFZ5AwP26vdEMbfvWacoVUfd2MfVusFAVFilh.C",
		"$gy$j9T$abcdefgh$CiTibHdBM/5r3qmg1i0DxivDn1U977EDVDgQAyycj9/",
	};
	char text[MKD_PASSWORD_MAX + 2];
	struct mkd_err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		/* mkd_password_check: -EINVAL, -E2BIG */
		assert_fails(mkd_password_check(rows[i].text, "pw", &err), &err, rows[i].code,
			     MKD_EXIT_USAGE, rows[i].words);
		assert_false(mkd_password_is_hash(rows[i].text));
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		assert_ok(mkd_password_check(good[i], "pw", &err), &err);
		assert_false(mkd_password_is_hash(good[i]));
	}
	for (size_t i = 0; i < ARRAY_LEN(hashes); i++) {
		assert_ok(mkd_password_check(hashes[i], "pw", &err), &err);
		assert_true(mkd_password_is_hash(hashes[i]));
		/* a character more or less is none */
		(void)snprintf(text, sizeof(text), "%sx", hashes[i]);
		assert_false(mkd_password_is_hash(text));
		text[strlen(hashes[i]) - 1] = '\0';
		assert_false(mkd_password_is_hash(text));
	}
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_fails(mkd_password_check(text, "pw", &err), &err, E2BIG, MKD_EXIT_USAGE, "511");
}

#define ED25519 "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ4pQ0mUqMXVYjQm8ZJk1sQmR1mQm8c6m1m2m3m4m5m6"

static void ssh_keys_are_checked(void **state)
{
	static const struct {
		const char *text;
		const char *words;
	} rows[] = {
		{ "", "no key" },
		{ "# only\n\n", "no key" },
		{ "-----BEGIN OPENSSH PRIVATE KEY-----\n", "private key" },
		{ "PuTTY-User-Key-File-2: ssh-rsa\n", "private key" },
		{ "---- BEGIN SSH2 PUBLIC KEY ----\n", "ssh-keygen -i" },
		{ ED25519 "\nhello\n", "line 2 has no key type" },
		{ "ssh-dss AAAA\n", "no key type" },
		{ "ssh-ed25519\n", "damaged" },
		{ "ssh-ed25519 AAAA\n", "damaged" },
		{ "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIJ4pQ0mUqMXVYjQm8ZJk1sQmR1mQm8c6m1m2m3m4m5m6\n",
		  "damaged" },
		{ "command=\"x " ED25519 "\n", "no key type" },
		{ ED25519 " a\033b\n", "control" },
	};
	static const char good[] =
		"# me\r\n" ED25519 " me@host\r\n\nfrom=\"10.0.0.0/8\",command=\"a "
		"\\\"b\" " ED25519 "\nrestrict " ED25519;
	struct mkd_buf big = { 0 };
	struct mkd_err err = { 0 };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_fails(mkd_authorized_keys_check(rows[i].text, strlen(rows[i].text), "k", &n,
						       &err),
			     &err, EINVAL, MKD_EXIT_USAGE, rows[i].words);
	assert_fails(mkd_authorized_keys_check(ED25519 "\0x", sizeof(ED25519) + 1, "k", &n, &err),
		     &err, EINVAL, MKD_EXIT_USAGE, "control");
	assert_int_equal(n, 0);
	assert_ok(mkd_authorized_keys_check(good, strlen(good), "k", &n, &err), &err);
	assert_int_equal(n, 3);
	assert_ok(mkd_authorized_keys_check(good, strlen(good), "k", NULL, &err), &err);
	while (big.len <= MKD_KEY_LINE_MAX)
		mkd_buf_str(&big, "x");
	assert_fails(mkd_authorized_keys_check(big.data, big.len, "k", &n, &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "line 1");
	while (big.len <= MKD_AUTHORIZED_KEYS_MAX)
		mkd_buf_str(&big, ED25519 "\n");
	assert_fails(mkd_authorized_keys_check(big.data, big.len, "k", &n, &err), &err, E2BIG,
		     MKD_EXIT_USAGE, "256 KiB");
	mkd_buf_free(&big);
}

static void ways_in_are_explained(void **state)
{
	static const struct {
		struct mkd_access a;
		bool in;
		const char *want;
	} rows[] = {
		{ { MKD_ROOT_LOCKED, 0, true, true, "" },
		  false,
		  "nobody can log in: root's password is locked; build with --root-password-file "
		  "or "
		  "--authorized-keys" },
		{ { MKD_ROOT_SET, 0, true, true, "" },
		  true,
		  "root logs in on the console with a password" },
		{ { MKD_ROOT_OPEN, 0, false, false, "" },
		  true,
		  "root logs in on the console WITHOUT a password" },
		{ { MKD_ROOT_SET, 2, true, true, "" },
		  true,
		  "root logs in on the console with a password, and by ssh with 2 keys" },
		{ { MKD_ROOT_LOCKED, 1, true, true, "" }, true, "root logs in by ssh with 1 key" },
		{ { MKD_ROOT_LOCKED, 1, false, false, "" },
		  false,
		  "nobody can log in: root's password is locked, and its ssh keys are of no use: "
		  "no "
		  "sshd is installed; build with --root-password-file or --authorized-keys" },
		{ { MKD_ROOT_SET, 1, true, false, "" },
		  true,
		  "root logs in on the console with a password, and its ssh keys are of no use "
		  "before "
		  "sshd has host keys: run 'ssh-keygen -A' in the guest" },
	};
	static const struct {
		const char *field;
		enum mkd_root_password want;
	} fields[] = {
		{ "", MKD_ROOT_OPEN },
		{ "*", MKD_ROOT_LOCKED },
		{ "!", MKD_ROOT_LOCKED },
		{ "x", MKD_ROOT_LOCKED },
		{ "!$6$abcdefghijklmn", MKD_ROOT_LOCKED },
		{ "$6$a$bcdefghijkl", MKD_ROOT_SET },
	};
	struct mkd_buf out = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		mkd_buf_reset(&out);
		assert_int_equal(mkd_access_explain(&rows[i].a, &out), rows[i].in);
		assert_string_equal(out.data, rows[i].want);
	}
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct mkd_span f = mkd_span_of(fields[i].field);

		assert_int_equal(mkd_access_field(&f), fields[i].want);
	}
	assert_int_equal(mkd_access_field(NULL), MKD_ROOT_LOCKED);
	mkd_buf_free(&out);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* Texts put together from what the editors look for, so that most are nearly right. */
static void random_text(uint32_t *seed, struct mkd_buf *ret)
{
	static const char *const parts[] = {
		"\n",
		"\n",
		"\n",
		"\n",
		"\r\n",
		" ",
		"\t",
		"#",
		":",
		":",
		":",
		"=",
		"\"",
		"'",
		"\\",
		"\\\n",
		"k",
		"k=",
		"k=v",
		"k=\"v\"",
		"h0",
		"h1:5:respawn:",
		"c1:2345:respawn:/sbin/agetty tty1",
		"hvc0",
		"agetty",
		"tty2",
		"ttyS0",
		"console",
		"off",
		"/dev/xvda1 / ext4 defaults,noatime 0 1",
		"/dev/xvda2",
		"/",
		"swap",
		"none",
		"127.0.1.1",
		"web1",
		"localhost",
		"nameserver",
		"192.0.2.53",
		"auto",
		"iface",
		"eth0",
		"lo",
		"inet",
		"dhcp",
		"# begin mkdomu\n",
		"# end mkdomu\n",
		"allow-hotplug",
		"root:",
		"BindsTo=",
		"After=",
		"dev-x.device",
		"x.service",
	};
	uint32_t n = next_random(seed) % 40;

	mkd_buf_reset(ret);
	mkd_buf_add(ret, "", 0);
	for (; n; n--) {
		mkd_buf_str(ret, parts[next_random(seed) % ARRAY_LEN(parts)]);
		if (next_random(seed) % 2)
			mkd_buf_str(ret, " ");
	}
}

/* Every line of a is in b, in order, as it was or as a comment; nothing else of a is lost. */
static bool kept(struct mkd_span a, struct mkd_span b)
{
	struct mkd_line was, is;

	while (mkd_line_next(&a, &was)) {
		do {
			if (!mkd_line_next(&b, &is))
				return false;
			if (is.text.len == was.text.len + 1 && *is.text.p == '#') {
				is.text.p++;
				is.text.len--;
			}
		} while (is.text.len != was.text.len ||
			 memcmp(is.text.p, was.text.p, is.text.len) != 0);
	}
	return true;
}

static void edits_settle_and_lose_nothing(void **state)
{
	static const struct mkd_fstab fstab = { "/dev/xvda1", "ext4", "/dev/xvda2", "sw" };
	static const struct mkd_shellvar set = { "k", "v" }, unset = { "k", NULL };
	static const struct mkd_host host = { "192.0.2.10", "web1" };
	static const struct mkd_nic_list list = { nics, 3 };
	static const struct mkd_interfaces interfaces = { { nics, 3 }, false, false, false };
	static const struct {
		edit_fn *edit;
		const void *arg;
		bool keeps; /* examples, our own block and fields are replaced by the others */
	} rows[] = {
		{ mkd_inittab_edit, GETTY, true },
		{ mkd_fstab_edit, &fstab, true },
		{ mkd_shellvar_edit, &set, false },
		{ mkd_shellvar_edit, &unset, true },
		{ mkd_hosts_edit, &host, true },
		{ mkd_resolv_edit, &list, true },
		{ mkd_interfaces_edit, &interfaces, false },
		{ mkd_unit_unbind, NULL, false },
	};
	struct mkd_buf in = { 0 }, out = { 0 }, again = { 0 };
	struct mkd_err err = { 0 };
	uint32_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 80000; i++) {
		size_t row = i % ARRAY_LEN(rows);

		random_text(&seed, &in);
		mkd_buf_reset(&out);
		mkd_buf_add(&out, "", 0);
		if (rows[row].edit(mkd_span_buf(&in), rows[row].arg, &out, &err) < 0)
			continue;
		mkd_buf_reset(&again);
		mkd_buf_add(&again, "", 0);
		assert_ok(rows[row].edit(mkd_span_buf(&out), rows[row].arg, &again, &err), &err);
		if (strcmp(again.data, out.data) != 0)
			fail_msg("row %zu does not settle: %s\n---\n%s\n---\n%s", row, in.data,
				 out.data, again.data);
		if (rows[row].keeps && !kept(mkd_span_buf(&in), mkd_span_buf(&out)))
			fail_msg("row %zu loses a line: %s\n---\n%s", row, in.data, out.data);
	}
	mkd_buf_free(&in);
	mkd_buf_free(&out);
	mkd_buf_free(&again);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_keep_their_ends),
		cmocka_unit_test(shell_values_are_unquoted),
		cmocka_unit_test(shell_values_are_set),
		cmocka_unit_test(gentoos_inittab_gets_hvc0),
		cmocka_unit_test(debians_inittab_gets_hvc0),
		cmocka_unit_test(odd_inittabs_keep_what_is_not_ours),
		cmocka_unit_test(an_inittab_can_be_full),
		cmocka_unit_test(ten_megabytes_are_edited),
		cmocka_unit_test(fstab_gets_root_and_swap),
		cmocka_unit_test(hosts_gets_the_own_name),
		cmocka_unit_test(nics_are_rendered),
		cmocka_unit_test(resolvers_replace_others),
		cmocka_unit_test(interfaces_get_a_block),
		cmocka_unit_test(shadow_is_edited_by_field),
		cmocka_unit_test(gettys_are_freed_of_devices),
		cmocka_unit_test(passwords_are_hashed_the_same_each_time),
		cmocka_unit_test(passwords_are_checked),
		cmocka_unit_test(ssh_keys_are_checked),
		cmocka_unit_test(ways_in_are_explained),
		cmocka_unit_test(edits_settle_and_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
