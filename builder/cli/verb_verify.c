/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkdomu verify IMAGE: the command line of rebuild.h. */
#include <errno.h>

#include "mkdomu/args.h"
#include "mkdomu/rebuild.h"
#include "mkdomu/verbs.h"

static void help(const struct mkd_args *a, struct mkd_buf *ret)
{
	mkd_buf_str(ret, "usage: mkdomu verify [OPTION]... IMAGE|DEVICE\n"
			 "Build a guest's disk again, from the inputs that its manifest records, "
			 "into a\ntemporary image, and compare all that its partition table, file "
			 "system and swap\nown. Status 0: equal; 6: not, and what differs is "
			 "named. Nothing is changed.\n\n");
	mkd_args_help(a, ret);
	mkd_buf_str(ret, "\nThe temporary image is made below $TMPDIR (default: /tmp).\n");
}

/* Options that go straight into the request. */
#define OPTION(name, arg, help, field)            \
	{                                         \
		name, 0, arg, help, (field), NULL \
	}
#define SWITCH(name, letter, help, flag)               \
	{                                              \
		name, letter, NULL, help, NULL, (flag) \
	}

int mkd_verb_verify(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		    struct mkd_err *err)
{
	struct mkd_rebuild_req req = { .ui = &console->ui };
	const char *disk = NULL, *threads = NULL;
	bool quiet = false, verbose = false, want_help = false;
	const struct mkd_arg table[] = {
		OPTION("manifest", "FILE",
		       "the guest's manifest (default: NAME.manifest.json beside the image; of a "
		       "device in /etc/xen)",
		       &req.manifest),
		OPTION("swap", "PATH", "the guest's second disk, to be compared too", &req.swap),
		OPTION("tarball", "FILE|URL",
		       "compare with what this one gives (default: the recorded one, from the "
		       "cache or from where it came)",
		       &req.tarball),
		SWITCH("offline", 0, "use the cache only, never the network", &req.offline),
		OPTION("cache", "DIR", "where verified tarballs are kept", &req.cache_dir),
		OPTION("root-password-file", "FILE", "as given when the guest was made",
		       &req.password_file),
		OPTION("authorized-keys", "FILE", "as given when the guest was made",
		       &req.keys_file),
		OPTION("seed", "TEXT", "as given when the guest was made", &req.seed),
		OPTION("inputs", "DIR",
		       "the folder of what --copy-in, --firstboot and --user took, by the names of "
		       "then",
		       &req.inputs),
		OPTION("hook-dir", "DIR", "the folder of the external hooks that it was made with",
		       &req.hooks_dir),
		{ "threads", 0, "N", "threads that work (default: one for each CPU)", &threads,
		  NULL },
		SWITCH("quiet", 'q', "warnings and errors only", &quiet),
		SWITCH("verbose", 'v', "say more", &verbose),
		SWITCH("help", 'h', "this text", &want_help),
	};
	struct mkd_args a = { .verb = "verify",
			      .table = table,
			      .n = ARRAY_LEN(table),
			      .operands = &disk,
			      .max_operands = 1 };
	int r = mkd_args_parse(&a, argc, argv, err);

	mkd_console_init(console, quiet, verbose);
	if (r == 0 && want_help) {
		help(&a, ret);
		return 0;
	}
	if (r == 0)
		r = mkd_args_threads(threads, &req.threads, err);
	if (r == 0 && !a.n_operands)
		r = mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			     "nothing is given to verify; name an image or a device");
	req.disk = disk;
	return r < 0 ? r : mkd_rebuild_verify(&req, ret, err);
}
