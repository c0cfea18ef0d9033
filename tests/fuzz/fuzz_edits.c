// SPDX-License-Identifier: GPL-2.0-or-later
/* The editors of a guest's text files: any bytes in, and of their own output the same again. */
#include "fuzz.h"

#include <string.h>

#include "mkdomu/fstab.h"
#include "mkdomu/hosts.h"
#include "mkdomu/inittab.h"
#include "mkdomu/netfiles.h"
#include "mkdomu/shadow.h"
#include "mkdomu/shellvar.h"
#include "mkdomu/unitfile.h"

static const struct mkd_fstab fstab = { "/dev/xvda1", "ext4", "/dev/xvda2", "sw" };
static const struct mkd_fstab fstab_no_swap = { "/dev/xvda1", "ext4", NULL, "sw" };
static const struct mkd_host host = { "127.0.1.1", "web1.example.org" };
static const struct mkd_shadow shadow = { "root", "$6$salt$hash", "19000" };
static const struct mkd_shellvar set = { "rc_sys", "xenU" };
static const struct mkd_shellvar unset = { "rc_sys", NULL };
static struct mkd_nic nic;
static const struct mkd_nic_list nics = { &nic, 1 };
static const struct mkd_interfaces interfaces = { { &nic, 1 }, false, false, false };
static const struct mkd_interfaces included = { { &nic, 1 }, true, false, false };

static const struct mkd_edit editors[] = {
	{ mkd_inittab_edit, "/sbin/agetty -L 115200 hvc0 vt100" },
	{ mkd_fstab_edit, &fstab },
	{ mkd_fstab_edit, &fstab_no_swap },
	{ mkd_hosts_edit, &host },
	{ mkd_shadow_edit, &shadow },
	{ mkd_shellvar_edit, &set },
	{ mkd_shellvar_edit, &unset },
	{ mkd_resolv_edit, &nics },
	{ mkd_interfaces_edit, &interfaces },
	{ mkd_interfaces_edit, &included },
	{ mkd_unit_unbind, NULL },
};

static void edit(const struct mkd_edit *e, struct mkd_span in)
{
	cleanup_buf struct mkd_buf once = { 0 }, twice = { 0 };
	struct mkd_err err = { 0 };
	int r = e->apply(in, e->arg, &once, &err);

	fuzz_result(r, &err);
	if (r < 0)
		return;
	r = e->apply(mkd_span_buf(&once), e->arg, &twice, &err);
	fuzz_must(r == 0, "its own output is refused: %s", err.msg);
	fuzz_must(once.len == twice.len &&
			  memcmp(mkd_buf_cstr(&once), mkd_buf_cstr(&twice), once.len) == 0,
		  "not idempotent: '%s', then '%s'", mkd_buf_cstr(&once), mkd_buf_cstr(&twice));
}

static void look(struct mkd_span in)
{
	struct mkd_span found;
	cleanup_buf struct mkd_buf value = { 0 };

	(void)mkd_inittab_has_hvc0(in);
	(void)mkd_inittab_has_default(in);
	(void)mkd_unit_mentions(in, "x");
	if (mkd_fstab_foreign(in, &found))
		fuzz_must(found.p >= in.p && found.p + found.len <= in.p + in.len, "outside");
	if (mkd_colon_field(in, "root", MKD_PASSWD_HOME, &found))
		fuzz_must(found.p >= in.p && found.p + found.len <= in.p + in.len, "outside");
	(void)mkd_shellvar_get(in, "ID", &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct fuzz_bytes in = { data, len };
	uint8_t how = fuzz_u8(&in) % (ARRAY_LEN(editors) + 1);
	const struct mkd_span text = { (const char *)in.p, in.len };
	struct mkd_err err = { 0 };
	size_t n;

	if (!nic.n_addrs)
		fuzz_must(mkd_nic_parse("ip=192.0.2.10/"
					"24,gateway=192.0.2.1,dns=192.0.2.53,search=a.example,"
					"mac=00:16:3e:01:02:03",
					"here", &nic, 1, &n, &err) == 0,
			  "%s", err.msg);
	if (how < ARRAY_LEN(editors))
		edit(&editors[how], text);
	else
		look(text);
	return 0;
}
