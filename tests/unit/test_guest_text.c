/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of the pure editors of a guest's files: lines, shell values, fstab, hosts, shadow. */
#include "edittest.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/fstab.h"
#include "mkdomu/hosts.h"
#include "mkdomu/shadow.h"
#include "mkdomu/shellvar.h"
#include "mkdomu/unitfile.h"

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
		assert_edit(mkd_shellvar_edit, &v, rows[i].in, rows[i].want);
	assert_edit(mkd_shellvar_edit, &off, "k=1\n#k=\nb=2\nk=3", "#k=1\n#k=\nb=2\n#k=3");
	assert_edit(mkd_shellvar_edit, &off, "b=2", "b=2");
	assert_edit(mkd_shellvar_edit, &odd, "", "k=\"a\\\"b\\\\c\\$d\\`\ne\"\n");
	assert_true(mkd_shellvar_get(mkd_span_of("k=\"a\\\"b\\\\c\\$d\\`\ne\"\n"), "k", &value));
	assert_string_equal(mkd_buf_cstr(&value), odd.value);
	/* mkd_shellvar_edit: -EINVAL */
	assert_edit_fails(mkd_shellvar_edit, &v, "a=1\nb=\"x\ny\n", EINVAL, "line 2 has a quote");
	mkd_buf_free(&value);
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
		assert_edit(mkd_fstab_edit, &f, rows[i].in, rows[i].want);
	assert_edit(mkd_fstab_edit, &none, SWAP ROOT, "#" SWAP ROOT);
	assert_edit(mkd_fstab_edit, &file, "",
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
	assert_edit(mkd_hosts_edit, &h, "", LOCAL "127.0.1.1\tweb1\n");
	assert_edit(mkd_hosts_edit, &h, "127.0.0.1 localhost",
		    "127.0.0.1 localhost\n127.0.1.1\tweb1\n");
	assert_edit(mkd_hosts_edit, &h, "127.0.1.1 a web1 # me\n", "127.0.1.1 a web1 # me\n");
	assert_edit(mkd_hosts_edit, &h, "127.0.1.1 a # web1\n10.0.0.1 db\r\n",
		    "#127.0.1.1 a # web1\n10.0.0.1 db\r\n127.0.1.1\tweb1\n");
	assert_edit(mkd_hosts_edit, &h, "127.0.1.1 web10\n", "#127.0.1.1 web10\n127.0.1.1\tweb1\n");
	assert_edit(mkd_hosts_edit, &fqdn, LOCAL, LOCAL "192.0.2.10\tweb1.example.org web1\n");
	assert_edit(mkd_hosts_edit, &local, LOCAL, LOCAL);
}

static void shadow_is_edited_by_field(void **state)
{
	static const struct mkd_shadow s = { "root", "$6$x", "20000" }, x = { "root", "x", NULL };
	struct mkd_span f;

	(void)state;
	assert_edit(mkd_shadow_edit, &s, "rooty:*:1::\nroot:*:10770:0:::::\nbin:*:9797:0:::::",
		    "rooty:*:1::\nroot:$6$x:20000:0:::::\nbin:*:9797:0:::::");
	assert_edit(mkd_shadow_edit, &s, "root:!:\nroot:b:c\r\n", "root:$6$x:20000\nroot:b:c\r\n");
	assert_edit(mkd_shadow_edit, &x, "root::0:0:root:/root:/bin/sh\n",
		    "root:x:0:0:root:/root:/bin/sh\n");
	/* mkd_shadow_edit: -ENOENT */
	assert_edit_fails(mkd_shadow_edit, &s, "#root:x\nroot\n", ENOENT, "no line for 'root'");
	assert_true(mkd_colon_field(mkd_span_of("a:b\nroot:x:0:0:r:/root:/bin/sh"), "root",
				    MKD_PASSWD_HOME, &f));
	assert_true(mkd_span_is(f, "/root"));
	assert_false(mkd_colon_field(mkd_span_of("root:x:0\n"), "root", MKD_PASSWD_HOME, &f));
	assert_false(mkd_colon_field(mkd_span_of(""), "root", 1, &f));
}

static void gettys_are_freed_of_devices(void **state)
{
	(void)state;
	assert_edit(mkd_unit_unbind, NULL,
		    "[Unit]\n# BindsTo=dev-x.device\nBindsTo=dev-%i.device\n"
		    "After=dev-%i.device systemd-user-sessions.service getty-pre.target\n"
		    "After=rc-local.service\nBefore=getty.target\n\n[Service]\nTTYPath=/dev/%I\n",
		    "[Unit]\n# BindsTo=dev-x.device\n#BindsTo=dev-%i.device\n"
		    "After=systemd-user-sessions.service getty-pre.target\n"
		    "After=rc-local.service\nBefore=getty.target\n\n[Service]\nTTYPath=/dev/%I\n");
	assert_true(mkd_unit_mentions(mkd_span_of("ExecStart=ssh-keygen -A\n"), "ssh-keygen -A"));
	assert_false(mkd_unit_mentions(mkd_span_of("# ssh-keygen -A\n"), "ssh-keygen -A"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_keep_their_ends),
		cmocka_unit_test(shell_values_are_unquoted),
		cmocka_unit_test(shell_values_are_set),
		cmocka_unit_test(fstab_gets_root_and_swap),
		cmocka_unit_test(hosts_gets_the_own_name),
		cmocka_unit_test(shadow_is_edited_by_field),
		cmocka_unit_test(gettys_are_freed_of_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
