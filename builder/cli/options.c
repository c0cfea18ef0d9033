/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/options.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "mkdomu/suggest.h"

/* What getopt_long returns for those of us that are no settings; settings return OPT_KEY + key. */
enum {
	OPT_KEY = 1000,
	OPT_PROFILE = 'p',
	OPT_DRY_RUN = 'n',
	OPT_QUIET = 'q',
	OPT_VERBOSE = 'v',
	OPT_HELP = 'h',
	OPT_VERSION = 'V',
};

static const struct option others[] = {
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
};

#define N_OPTIONS (MKD_N_KEYS + ARRAY_LEN(others))

static void fill_table(struct option table[static N_OPTIONS + 1])
{
	size_t n = 0;

	for (int key = 0; key < MKD_N_KEYS; key++) {
		const struct mkd_setting_info *info = &mkd_setting_info[key];

		if (info->option)
			table[n++] = (struct option){ .name = info->name,
						      .has_arg = info->arg ? required_argument
									   : no_argument,
						      .val = OPT_KEY + key };
	}
	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		table[n++] = others[i];
	table[n] = (struct option){ 0 };
}

static int usage(struct mkd_err *err, const char *what, const char *arg, const char *hint)
{
	return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "%s '%.200s'%s", what, arg, hint);
}

/* getopt_long takes abbreviations; an argument that is not exactly an option's name stops here. */
static int check_long(const struct option *table, const char *arg, struct mkd_err *err)
{
	char name[128], hint[112];
	struct mkd_suggest near = { .word = name };
	size_t len = strcspn(arg + 2, "=");

	if (strncmp(arg, "--", 2) != 0 || !arg[2])
		return 0;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(len < 127 ? len : 127), arg + 2);
	for (; table->name; table++) {
		if (strcmp(table->name, name) == 0)
			break;
		mkd_suggest_offer(&near, table->name);
	}
	if (!table->name) {
		(void)snprintf(hint, sizeof(hint), "; see mkdomu --help");
		if (near.best)
			(void)mkd_suggest_text(&near, "--", hint);
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "unknown option '--%s'%s", name, hint);
	}
	if (table->has_arg == no_argument && arg[2 + len])
		return mkd_fail(err, MKD_EXIT_USAGE, EINVAL, "option '--%s' takes no value", name);
	return 0;
}

static int take_profile(struct mkd_options *o, const char *value, struct mkd_err *err)
{
	if (o->profile)
		return mkd_fail(err, MKD_EXIT_USAGE, EEXIST,
				"'--profile' is given twice; give it once");
	o->profile = value;
	return 0;
}

static int take(struct mkd_options *o, int opt, const char *value, struct mkd_err *err)
{
	char origin[64];

	switch (opt) {
	case OPT_PROFILE:
		return take_profile(o, value, err);
	case OPT_DRY_RUN:
		o->dry_run = true;
		return 0;
	case OPT_QUIET:
		o->quiet = true;
		return 0;
	case OPT_VERBOSE:
		o->verbose = true;
		return 0;
	case OPT_HELP:
		o->help = true;
		return 0;
	case OPT_VERSION:
		o->version = true;
		return 0;
	default:
		break;
	}
	(void)snprintf(origin, sizeof(origin), "--%s", mkd_setting_info[opt - OPT_KEY].name);
	return mkd_settings_add(&o->settings, (enum mkd_key)(opt - OPT_KEY), value ? value : "yes",
				origin, err);
}

/* A switch that is repeated says the same twice: no mistake. */
static bool again(const struct mkd_options *o, int opt)
{
	return opt >= OPT_KEY && !mkd_setting_info[opt - OPT_KEY].arg &&
	       mkd_settings_get(&o->settings, (enum mkd_key)(opt - OPT_KEY));
}

static int parse_all(int argc, char **argv, const struct option *table, struct mkd_options *o,
		     struct mkd_err *err)
{
	int r = 0;

	opterr = 0;
	optind = 0; /* start afresh, glibc's way */
	while (r == 0 && !o->help && !o->version) {
		int at = optind ? optind : 1, opt;

		if (at < argc) {
			r = check_long(table, argv[at], err);
			if (r < 0)
				return r;
		}
		opt = getopt_long(argc, argv, "-:hnqvV", table, NULL);
		if (opt == -1)
			break;
		if (opt == 1)
			return usage(err, "unexpected operand", optarg,
				     "; everything is given by options: see mkdomu --help");
		if (opt == ':')
			return usage(err, "a value has to follow the option", argv[optind - 1], "");
		if (opt == '?')
			return usage(err, "unknown option", (char[]){ '-', (char)optopt, '\0' },
				     "; see mkdomu --help");
		if (optarg && optarg == argv[optind - 1] && strncmp(optarg, "--", 2) == 0)
			return mkd_fail(
				err, MKD_EXIT_USAGE, EINVAL,
				"a value has to follow the option '%.100s', not '%.100s'; if "
				"that is the value, write '%.100s=%.100s'",
				argv[optind - 2], optarg, argv[optind - 2], optarg);
		r = again(o, opt) ? 0 : take(o, opt, optarg, err);
	}
	if (r == 0 && optind < argc && !o->help && !o->version)
		return usage(err, "unexpected operand", argv[optind],
			     "; everything is given by options: see mkdomu --help");
	return r;
}

int mkd_options_parse(int argc, char **argv, struct mkd_options *ret, struct mkd_err *err)
{
	struct option table[N_OPTIONS + 1];
	struct mkd_options o = { 0 };
	int r;

	fill_table(table);
	if (argc > 1 && strcmp(argv[1], "build") == 0) {
		argc--;
		argv++;
	}
	r = argc > 0 ? parse_all(argc, argv, table, &o, err) : 0;
	if (r == 0 && o.quiet && o.verbose)
		r = mkd_fail(err, MKD_EXIT_USAGE, EINVAL,
			     "cannot use '--quiet' together with --verbose; leave out one of them");
	if (r < 0) {
		mkd_options_free(&o);
		return r;
	}
	*ret = o;
	return 0;
}

void mkd_options_free(struct mkd_options *o)
{
	mkd_settings_free(&o->settings);
	*o = (struct mkd_options){ 0 };
}

/* -- help -- */

#define HELP_COLUMN 30
#define HELP_WIDTH  80

void mkd_options_help_line(struct mkd_buf *b, const char *left, const char *text)
{
	size_t column = strlen(left) + 2;

	mkd_buf_printf(b, "  %s", left);
	if (column > HELP_COLUMN - 2) {
		mkd_buf_str(b, "\n");
		column = 0;
	}
	mkd_buf_printf(b, "%*s", (int)(HELP_COLUMN - column), "");
	column = HELP_COLUMN;
	while (*text) {
		size_t len = strcspn(text, " ");

		if (column > HELP_COLUMN && column + 1 + len > HELP_WIDTH) {
			mkd_buf_printf(b, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			mkd_buf_str(b, " ");
			column++;
		}
		mkd_buf_add(b, text, len);
		column += len;
		text += len + (text[len] == ' ');
	}
	mkd_buf_str(b, "\n");
}

/* Keys from..to, without those that are no options. */
static void help_keys(struct mkd_buf *b, enum mkd_key from, enum mkd_key to)
{
	for (enum mkd_key key = from; key <= to; key++) {
		const struct mkd_setting_info *info = &mkd_setting_info[key];
		char left[64];

		if (!info->option)
			continue;
		(void)snprintf(left, sizeof(left), "--%s%s%s%s", info->name, info->arg ? " " : "",
			       info->arg ? info->arg : "", info->list ? " ..." : "");
		mkd_options_help_line(b, left, info->help);
	}
}

void mkd_options_help(struct mkd_buf *ret)
{
	mkd_buf_str(ret,
		    "usage: mkdomu [build] --profile NAME --disk PATH [OPTION]...\n"
		    "       mkdomu [build] --tarball FILE --disk PATH [OPTION]...\n"
		    "       mkdomu verify IMAGE|DEVICE    is it what its manifest says?\n"
		    "       mkdomu profiles [--show NAME] what there is to build from\n"
		    "       mkdomu digest IMAGE|DEVICE    of what its file systems own\n"
		    "       mkdomu facts TARBALL|IMAGE    which init, which network tool, ...\n"
		    "       mkdomu hooks                  what fits the guest to Xen, and yours\n"
		    "Make a Xen guest: its root file system on a disk, and its xl config.\n"
		    "\nWhat to build\n");
	mkd_options_help_line(ret, "--profile NAME|PATH",
			      "defaults for all that follows; options win");
	help_keys(ret, MKD_KEY_SOURCE, MKD_KEY_STRIP);
	mkd_buf_str(ret, "\nDisk\n");
	help_keys(ret, MKD_KEY_DISK, MKD_KEY_FORCE);
	mkd_buf_str(ret, "\nHooks\n");
	help_keys(ret, MKD_KEY_HOOK, MKD_KEY_NO_HOOKS);
	mkd_buf_str(ret, "\nFiles of the guest, in the order given\n");
	help_keys(ret, MKD_KEY_COPY_IN, MKD_KEY_FIRSTBOOT);
	mkd_buf_str(ret, "\nDomain\n");
	help_keys(ret, MKD_KEY_NAME, MKD_KEY_CFG);
	mkd_buf_str(ret, "\nAccess and identity\n");
	help_keys(ret, MKD_KEY_ROOT_PASSWORD, MKD_KEY_SEED);
	mkd_buf_str(ret, "\nRunning\n");
	help_keys(ret, MKD_KEY_MANIFEST, MKD_KEY_THREADS);
	mkd_options_help_line(ret, "-n, --dry-run",
			      "say what would be done, and where each value is from");
	mkd_options_help_line(ret, "-q, --quiet", "warnings and errors only");
	mkd_options_help_line(ret, "-v, --verbose", "say more");
	mkd_options_help_line(ret, "-h, --help", "this text");
	mkd_options_help_line(ret, "-V, --version", "the version");
	mkd_buf_str(ret,
		    "\n\"...\" marks options that may be repeated. SIZE is a number with K, M, G "
		    "or T,\nlike 10G. See mkdomu(8) for profiles, files and exit status.\n");
}
