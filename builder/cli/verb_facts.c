/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkdomu facts TARBALL|IMAGE: the command line of look.h. */
#include <errno.h>

#include "mkdomu/args.h"
#include "mkdomu/look.h"
#include "mkdomu/verbs.h"

static void help(const struct mkd_args *a, struct mkd_buf *ret)
{
	mkd_buf_str(ret, "usage: mkdomu facts [OPTION]... TARBALL|IMAGE|DEVICE\n"
			 "Print what is found in a root: system, machine, init, network tools, and "
			 "how root\nlogs in. Hooks go by these. Nothing is changed, and nothing of "
			 "a tarball is verified.\n\n");
	mkd_args_help(a, ret);
}

int mkd_verb_facts(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		   struct mkd_err *err)
{
	struct mkd_look_req req = { .ui = &console->ui };
	const char *path = NULL, *threads = NULL;
	bool quiet = false, want_help = false;
	const struct mkd_arg table[] = {
		{ "json", 0, NULL, "as one JSON object", NULL, &req.json },
		{ "strip", 0, "PREFIX", "the tarball's folder that is the root", &req.strip, NULL },
		{ "threads", 0, "N", "threads that decompress (default: one for each CPU)",
		  &threads, NULL },
		{ "quiet", 'q', NULL, "no progress", NULL, &quiet },
		{ "help", 'h', NULL, "this text", NULL, &want_help },
	};
	struct mkd_args a = { .verb = "facts",
			      .table = table,
			      .n = ARRAY_LEN(table),
			      .operands = &path,
			      .max_operands = 1 };
	int r = mkd_args_parse(&a, argc, argv, err);

	mkd_console_init(console, quiet, false);
	if (r == 0 && want_help) {
		help(&a, ret);
		return 0;
	}
	if (r == 0)
		r = mkd_args_threads(threads, &req.threads, err);
	if (r == 0 && !a.n_operands)
		r = mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			     "nothing is given to look into; name a tarball, an image or a "
			     "device");
	if (r == 0 && req.strip && (!*req.strip || *req.strip == '/'))
		r = mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			     "--strip: '%s' is not a folder of a tarball; write it like "
			     "root.x86_64, without a slash at either end",
			     req.strip);
	req.path = path;
	return r < 0 ? r : mkd_look(&req, ret, err);
}
