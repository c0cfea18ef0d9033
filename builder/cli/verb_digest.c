/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkdomu digest PATH...: what diskdigest.h defines, one line each, as sha256sum(1) prints. */
#include <errno.h>

#include "mkdomu/args.h"
#include "mkdomu/diskdigest.h"
#include "mkdomu/verbs.h"

#define PATHS_MAX 1024

struct work {
	bool structures;
	unsigned threads;
	struct mkd_ui *ui;
};

static int digest(const struct work *w, const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_close int fd = -1;
	struct mkd_diskmap_req req = { .name = path, .content = !w->structures };
	uint8_t sum[MKD_DISKDIGEST_BYTES] = { 0 };
	int r = mkd_diskmap_open(path, &fd, err);

	req.fd = fd;
	if (r == 0)
		r = mkd_diskdigest_fd(&req, w->threads, w->ui, sum, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(sum); i++)
		mkd_buf_printf(ret, "%02x", sum[i]);
	mkd_buf_printf(ret, "  %s\n", path);
	return 0;
}

static void help(const struct mkd_args *a, struct mkd_buf *ret)
{
	mkd_buf_str(ret,
		    "usage: mkdomu digest [OPTION]... PATH...\n"
		    "Print a digest of what a disk's partition table, ext4 and swap own: the "
		    "same\nfor an image file and for a device that held something else before. "
		    "Of a\nmanifest's subject it is mkdomuDisk1.\n\n");
	mkd_args_help(a, ret);
	mkd_buf_str(ret, "\nSee mkdomu(8) for what exactly is digested.\n");
}

int mkd_verb_digest(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		    struct mkd_err *err)
{
	struct work w = { .ui = &console->ui };
	const char *paths[PATHS_MAX], *threads = NULL;
	bool quiet = false, want_help = false;
	const struct mkd_arg table[] = {
		{ "structures", 0, NULL,
		  "leave out what regular files and the journal hold: mkdomuStructures1", NULL,
		  &w.structures },
		{ "threads", 0, "N", "threads that digest (default: one for each CPU)", &threads,
		  NULL },
		{ "quiet", 'q', NULL, "no progress", NULL, &quiet },
		{ "help", 'h', NULL, "this text", NULL, &want_help },
	};
	struct mkd_args a = { .verb = "digest",
			      .table = table,
			      .n = ARRAY_LEN(table),
			      .operands = paths,
			      .max_operands = PATHS_MAX };
	int r = mkd_args_parse(&a, argc, argv, err);

	mkd_console_init(console, quiet, false);
	if (r == 0 && want_help) {
		help(&a, ret);
		return 0;
	}
	if (r == 0)
		r = mkd_args_threads(threads, &w.threads, err);
	if (r == 0 && !a.n_operands)
		r = mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			     "nothing is given to digest; name an image or a device");
	for (size_t i = 0; r == 0 && i < a.n_operands; i++)
		r = digest(&w, a.operands[i], ret, err);
	return r;
}
