/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mkdomu hooks: all hooks that could run, built-in and external, and what they may touch. */
#include <errno.h>
#include <string.h>

#include "mkdomu/args.h"
#include "mkdomu/exthook.h"
#include "mkdomu/hook.h"
#include "mkdomu/profile.h"
#include "mkdomu/verbs.h"

static void row(struct mkd_buf *ret, const char *key, const char *value)
{
	mkd_buf_printf(ret, "  %-8s %s\n", key, value);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static const char *replacement(const struct mkd_strv *external, const char *name)
{
	for (size_t i = 0; i < external->n; i++)
		if (strcmp(base_of(external->v[i]), name) == 0)
			return external->v[i];
	return NULL;
}

static void show_built_in(const struct mkd_hook *h, const char *replaced, struct mkd_buf *ret)
{
	mkd_buf_printf(ret, "%s (built in)%s\n", h->name,
		       replaced ? ", replaced by the external one below" : "");
	row(ret, "does", h->summary);
	row(ret, "when", mkd_hook_when(h));
	row(ret, "files", h->files);
}

/* What is wrong with one is told in its place: the others are still of interest. */
static int show_external(const char *path, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup(mkd_exthook_free) struct mkd_exthook h = { 0 };
	cleanup_buf struct mkd_buf paths = { 0 };
	struct mkd_err e;
	int r = mkd_exthook_find(NULL, path, &h, &e);

	mkd_buf_printf(ret, "%s (%s)\n", base_of(path), path);
	if (r == -ENOMEM)
		return mkd_nomem(err);
	if (r < 0) {
		row(ret, "unfit", e.msg);
		return 0;
	}
	for (size_t i = 0; i < h.head.paths.n; i++)
		mkd_buf_printf(&paths, "%s%s", i ? " " : "", h.head.paths.v[i]);
	row(ret, "does", h.head.summary[0] ? h.head.summary : "(it does not say)");
	row(ret, "when", h.head.when[0] ? h.head.when : "it finds something to do");
	row(ret, "files", h.head.mounted ? "all of the guest's" : mkd_buf_cstr(&paths));
	mkd_buf_printf(ret, "  %-8s %s, %u s at most, %s network\n", "how",
		       h.head.mounted ? "on the mounted disk, as root" : "on a staged copy",
		       h.head.timeout_sec, h.head.network ? "WITH" : "no");
	return mkd_buf_check(&paths, err);
}

static int list(const char *profile, struct mkd_buf *ret, struct mkd_err *err)
{
	cleanup_strv struct mkd_strv external = { 0 };
	cleanup_free char *path = NULL;
	char *slash = NULL;
	int r = profile ? mkd_profile_find(profile, &path, err) : 0;

	if (path)
		slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	if (r == 0)
		r = mkd_exthook_list(path ? slash ? path : "." : NULL, &external, err);
	for (const struct mkd_hook *h = mkd_hooks; r == 0 && h->name; h++)
		show_built_in(h, replacement(&external, h->name), ret);
	for (size_t i = 0; r == 0 && i < external.n; i++)
		r = show_external(external.v[i], ret, err);
	return r;
}

static void help(const struct mkd_args *a, struct mkd_buf *ret)
{
	mkd_buf_str(ret, "usage: mkdomu hooks [OPTION]...\n"
			 "List the hooks that are built in, and the executables that can be named "
			 "as hooks.\nNone is run for that.\n\n");
	mkd_args_help(a, ret);
	mkd_buf_str(ret, "\nSee mkdomu-hooks(7) for how to write one.\n");
}

int mkd_verb_hooks(int argc, char **argv, struct mkd_console *console, struct mkd_buf *ret,
		   struct mkd_err *err)
{
	const char *profile = NULL;
	bool want_help = false;
	const struct mkd_arg table[] = {
		{ "profile", 0, "NAME|PATH", "look beside this profile, too", &profile, NULL },
		{ "help", 'h', NULL, "this text", NULL, &want_help },
	};
	struct mkd_args a = { .verb = "hooks", .table = table, .n = ARRAY_LEN(table) };
	int r = mkd_args_parse(&a, argc, argv, err);

	mkd_console_init(console, false, false);
	if (r == 0 && want_help) {
		help(&a, ret);
		return 0;
	}
	return r < 0 ? r : list(profile, ret, err);
}
