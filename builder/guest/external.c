/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/external.h"

#include <errno.h>
#include <string.h>

#include "mkdomu/hookenv.h"
#include "mkdomu/jail.h"
#include "mkdomu/staging.h"

DEFINE_CLEANUP(jailp, struct mkd_jail *, mkd_jail_close)

static int not_started(const struct mkd_exthook *h, int code, struct mkd_err *err)
{
	const char *why = code == ENOENT ? "; its interpreter is not on this host"
			  : code == ENOEXEC
				  ? "; it begins with no '#!', and is no program for this machine"
				  : "";

	return mkd_fail(err, MKD_EXIT_HOOK, ENOEXEC, "cannot run '%s': %s%s", h->path,
			strerror(code), why);
}

static int judge(const struct mkd_exthook *h, const struct mkd_jail_end *e, struct mkd_err *err)
{
	const char *said = e->last[0] ? "; its last words: " : "";

	if (e->exec_errno)
		return not_started(h, e->exec_errno, err);
	if (e->timeout)
		return mkd_fail(err, MKD_EXIT_HOOK, ETIMEDOUT,
				"it took longer than %u s, and was ended; it may declare another "
				"timeout%s%s",
				h->head.timeout_sec, said, e->last);
	if (e->too_many)
		return mkd_fail(err, MKD_EXIT_HOOK, EAGAIN,
				"it had more than %d processes, and was ended%s%s",
				MKD_JAIL_PROCESSES, said, e->last);
	if (e->signal)
		return mkd_fail(err, MKD_EXIT_HOOK, ECANCELED, "it was ended by signal %d (%s)%s%s",
				e->signal, strsignal(e->signal), said, e->last);
	if (e->status != 0 && e->status != MKD_HOOK_SKIP)
		return mkd_fail(err, MKD_EXIT_HOOK, ECANCELED, "it failed with status %d%s%s",
				e->status, said, e->last);
	return 0;
}

static int run(const struct mkd_external_req *q, const struct mkd_jail_req *jr, struct mkd_err *err)
{
	cleanup(jailp) struct mkd_jail *jail = NULL;
	struct mkd_jail_end end = { 0 };
	struct mkd_staging staging = { .paths = &q->hook->head.paths };
	int r = mkd_jail_open(jr, &jail, err);

	if (r < 0)
		return r;
	staging.dirfd = mkd_jail_dirfd(jail);
	staging.owner = mkd_jail_owner(jail);
	if (!jr->device)
		r = mkd_staging_out(&staging, q->tree, err);
	if (r == 0)
		r = mkd_jail_run(jail, &end, err);
	if (r == 0)
		r = judge(q->hook, &end, err);
	if (r == 0 && end.status == MKD_HOOK_SKIP)
		mkd_say(q->ui, MKD_INFO, "hook '%s' has nothing to do here", q->hook->name);
	else if (r == 0 && !jr->device)
		r = mkd_staging_back(&staging, q->tree, err);
	return r;
}

int mkd_external_run(const struct mkd_external_req *q, struct mkd_err *err)
{
	const struct mkd_exthook *h = q->hook;
	const struct mkd_hookenv_req er = { h, q->guest, q->facts, MKD_JAIL_ROOT, MKD_JAIL_JSON };
	cleanup_strv struct mkd_strv env = { 0 };
	cleanup_buf struct mkd_buf json = { 0 };
	struct mkd_jail_req jr = { .name = h->name,
				   .program = h->program.data,
				   .program_len = h->program.len,
				   .timeout_sec = h->head.timeout_sec,
				   .network = h->head.network,
				   .device = h->head.mounted ? q->device : NULL,
				   .ui = q->ui };
	int r = mkd_hookenv_make(&er, &env, err);

	if (r == 0)
		r = mkd_hookenv_json(&er, &json, err);
	if (r == 0) {
		jr.env = env.v;
		jr.json = mkd_buf_cstr(&json);
		mkd_say(q->ui, MKD_INFO, "hook '%s' runs%s%s", h->name,
			h->head.mounted ? ", on the mounted disk" : "",
			h->head.network ? ", with the network of this host" : "");
		r = run(q, &jr, err);
	}
	return r < 0 && r != -EINTR ? mkd_wrap(err, "hook '%s'", h->name) : r;
}
