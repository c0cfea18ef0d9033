/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/mirrors.h"

#include <errno.h>

#include "mkdomu/url.h"

/* What one mirror did wrong another may do right; what is wrong here stays so. */
static bool is_mirrors_fault(const struct mkd_err *e)
{
	return e->exit == MKD_EXIT_NET || e->exit == MKD_EXIT_VERIFY;
}

/* A wrong file outweighs an unreachable mirror: somebody should know. */
static void keep_worst(struct mkd_err *worst, const struct mkd_err *e)
{
	if (worst->exit != MKD_EXIT_VERIFY || e->exit == MKD_EXIT_VERIFY)
		*worst = *e;
}

int mkd_mirrors_ask(const struct mkd_source_req *req, const char *what, mkd_mirror_fn *visit,
		    const void *arg, struct mkd_source *ret, struct mkd_err *err)
{
	struct mkd_err worst = { 0 };
	size_t failed = 0;

	for (size_t i = 0; i < req->n_mirrors; i++) {
		struct mkd_err e = { 0 };
		char plain[MKD_URL_SHOW];
		/* Lists of mirrors, such as GENTOO_MIRRORS, hold rsync and ftp ones as well. */
		int r = mkd_url_check(req->mirrors[i], &e);

		(void)mkd_url_plain(req->mirrors[i], plain);
		if (r == 0)
			r = visit(arg, req->mirrors[i], ret, &e);
		else
			e.exit = MKD_EXIT_NET;
		if (r == 0) {
			mkd_say(req->ui, failed ? MKD_INFO : MKD_DEBUG, "mirror '%s' gave '%s'",
				plain, ret->file);
			return 0;
		}
		if (!is_mirrors_fault(&e)) {
			*err = e;
			return r;
		}
		failed++;
		keep_worst(&worst, &e);
		mkd_say(req->ui, req->n_mirrors > 1 ? MKD_WARN : MKD_DEBUG,
			"mirror '%s' failed: %s", plain, e.msg);
	}
	if (worst.exit == MKD_EXIT_NET && worst.code == ENOENT)
		worst.code = EHOSTUNREACH;
	*err = worst;
	return req->n_mirrors > 1
		       ? mkd_wrap(err, "none of %zu mirrors gave a '%s'", req->n_mirrors, what)
		       : -err->code;
}
