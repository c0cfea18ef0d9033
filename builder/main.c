/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <errno.h>
#include <sys/stat.h>

#include "mkdomu/build.h"
#include "mkdomu/console.h"
#include "mkdomu/inherit.h"
#include "mkdomu/options.h"
#include "mkdomu/verbs.h"

/*
 * A closed 0, 1 or 2 would be taken by the next open(2): by the disk, in the worst case. Read-only,
 * so that a report written there fails and is told.
 */
static void fill_standard_fds(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		(void)close(fd);
}

static int settings_of(const struct mkd_options *o, struct mkd_settings *ret, char **ret_profile,
		       struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int r;

	if (o->profile) {
		r = mkd_inherit_load(o->profile, ret, &path, err);
		if (r < 0)
			return r;
		*ret_profile = steal(&path);
	}
	return mkd_settings_override(ret, &o->settings, err);
}

static int build(const struct mkd_options *o, struct mkd_console *console, struct mkd_buf *out,
		 struct mkd_err *err)
{
	cleanup(mkd_settings_free) struct mkd_settings settings = { 0 };
	cleanup(mkd_plan_free) struct mkd_plan plan = { 0 };
	cleanup_free char *profile = NULL;
	int r = settings_of(o, &settings, &profile, err);

	if (r == 0)
		r = mkd_plan_make(&settings, profile, &plan, err);
	if (r < 0)
		return r;
	if (o->dry_run)
		return mkd_build_explain(&plan, &settings, &console->ui, out, err);
	return mkd_build_run(&plan, &settings, &console->ui, out, err);
}

static int work(const struct mkd_options *o, struct mkd_console *console, struct mkd_buf *out,
		struct mkd_err *err)
{
	int r = 0;

	if (o->help)
		mkd_options_help(out);
	else if (o->version)
		mkd_buf_str(out, "mkdomu " MKD_VERSION "\n");
	else
		r = build(o, console, out, err);
	return r < 0 ? r : mkd_buf_check(out, err);
}

/* A report that could not be written is a failure too: the caller may live by it. */
static int print(const struct mkd_buf *out, bool built, struct mkd_err *err)
{
	if (fputs(mkd_buf_cstr(out), stdout) < 0 || fflush(stdout) != 0)
		return mkd_fail_errno(err, MKD_EXIT_IO, errno, "%scannot write to standard output",
				      built ? "the guest is complete, but its report is lost: "
					    : "");
	return 0;
}

/* A build, or what else the options ask for. *ret_built: a guest was made. */
static int run(int argc, char **argv, struct mkd_console *console, struct mkd_buf *out,
	       bool *ret_built, struct mkd_err *err)
{
	cleanup(mkd_options_free) struct mkd_options options = { 0 };
	int r = mkd_options_parse(argc, argv, &options, err);

	mkd_console_init(console, options.quiet, options.verbose);
	if (r == 0)
		r = work(&options, console, out, err);
	*ret_built = !options.help && !options.version && !options.dry_run;
	if (r == 0 && options.quiet && *ret_built)
		mkd_buf_reset(out);
	return r;
}

int main(int argc, char **argv)
{
	cleanup_buf struct mkd_buf out = { 0 };
	const struct mkd_verb *verb = mkd_verb_find(argc, argv);
	struct mkd_console console;
	struct mkd_err err = { 0 }, lost = { 0 };
	bool built = false;
	int r;

	fill_standard_fds();
	/* gpgme looks for its programs there, whatever it was told */
	(void)setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	/* Bytes in, bytes out; libarchive wants a UTF-8 locale for UTF-8 names. */
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		(void)setlocale(LC_CTYPE, "C");
	(void)umask(022);
	mkd_signals_install();

	if (verb)
		r = verb->run(argc - 1, argv + 1, &console, &out, &err);
	else
		r = run(argc, argv, &console, &out, &built, &err);
	mkd_console_flush(&console);
	if (r == 0)
		r = mkd_buf_check(&out, &err);
	if (r == 0 || verb) /* what a verb had found before it failed */
		if (print(&out, built, &lost) < 0 && r == 0) {
			r = -lost.code;
			err = lost;
		}
	if (r < 0)
		(void)fprintf(stderr, "mkdomu: %s\n", err.msg);
	return r < 0 ? err.exit : MKD_EXIT_OK;
}
