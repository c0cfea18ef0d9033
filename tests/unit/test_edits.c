/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unit tests of what holds for all editors of a guest's files, on large and on random texts. */
#include "edittest.h"

#include <string.h>

#include "mkdomu/fstab.h"
#include "mkdomu/hosts.h"
#include "mkdomu/inittab.h"
#include "mkdomu/netfiles.h"
#include "mkdomu/shellvar.h"
#include "mkdomu/unitfile.h"

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
	static const struct mkd_nic_list list = { edit_nics, 3 };
	static const struct mkd_interfaces interfaces = { { edit_nics, 3 }, false, false, false };
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
		cmocka_unit_test(ten_megabytes_are_edited),
		cmocka_unit_test(edits_settle_and_lose_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
