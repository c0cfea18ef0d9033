/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include "mkdomu/verbs.h"
int mkd_verb_verify(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		    struct mkd_err *err)
{
	(void)argc;
	(void)argv;
	(void)console;
	(void)ret;
	return mkd_fail(err, MKD_EXIT_INTERNAL, ENOSYS, "not yet");
}
