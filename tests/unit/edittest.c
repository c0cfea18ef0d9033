/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edittest.h"

#include <string.h>

const struct mkd_nic edit_nics[3] = {
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

void assert_edit_fails(edit_fn *edit, const void *arg, const char *in, int code, const char *words)
{
	struct mkd_buf out = { 0 };
	struct mkd_err err;

	assert_fails(edit(mkd_span_of(in), arg, &out, &err), &err, code, MKD_EXIT_HOOK, words);
	mkd_buf_free(&out);
}
