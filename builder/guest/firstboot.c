/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/firstboot.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "mkdomu/unitfile.h"

#define DIR     "/usr/lib/mkdomu"
#define RUNNER  DIR "/firstboot"
#define SERVICE "mkdomu-firstboot"

/* Moved away before it runs: a script that reboots, or hangs, is not run again. */
static const char runner[] = "#!/bin/sh\n"
			     "# Each script in firstboot.d once, in the order of their names.\n"
			     "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
			     "export PATH\n"
			     "dir=" DIR "\n"
			     "log=/var/log/" SERVICE ".log\n"
			     "mkdir -p \"$dir/firstboot.done\" /var/log\n"
			     "(umask 077 && : >>\"$log\") 2>/dev/null || log=/dev/null\n"
			     "for script in \"$dir\"/firstboot.d/*; do\n"
			     "\t[ -f \"$script\" ] || continue\n"
			     "\tname=${script##*/}\n"
			     "\tmv \"$script\" \"$dir/firstboot.done/$name\" || continue\n"
			     "\techo \"== $(date) $name\" >>\"$log\"\n"
			     "\t\"$dir/firstboot.done/$name\" </dev/null >>\"$log\" 2>&1\n"
			     "\techo \"== $name ended with status $?\" >>\"$log\"\n"
			     "done\n"
			     "exit 0\n";

static const char unit[] = "[Unit]\n"
			   "Description=Scripts for the first boot\n"
			   "After=network.target network-online.target\n"
			   "ConditionDirectoryNotEmpty=" DIR "/firstboot.d\n"
			   "\n"
			   "[Service]\n"
			   "Type=oneshot\n"
			   "ExecStart=" RUNNER "\n"
			   "\n"
			   "[Install]\n"
			   "WantedBy=multi-user.target\n";

static const char openrc[] = "#!/sbin/openrc-run\n"
			     "description=\"Scripts for the first boot\"\n"
			     "\n"
			     "depend()\n"
			     "{\n"
			     "\tafter *\n"
			     "\tkeyword -timeout\n"
			     "}\n"
			     "\n"
			     "start()\n"
			     "{\n"
			     "\tebegin \"Running the scripts for the first boot\"\n"
			     "\t" RUNNER "\n"
			     "\teend $?\n"
			     "}\n";

/* insserv(8) reads the block. */
static const char script[] = "#!/bin/sh\n"
			     "### BEGIN INIT INFO\n"
			     "# Provides:          " SERVICE "\n"
			     "# Required-Start:    $all\n"
			     "# Required-Stop:\n"
			     "# Default-Start:     2 3 4 5\n"
			     "# Default-Stop:\n"
			     "# Short-Description: Scripts for the first boot\n"
			     "### END INIT INFO\n"
			     "case \"$1\" in\n"
			     "start | \"\") " RUNNER " ;;\n"
			     "esac\n";

/* A file of ours that can be run. */
static int put_program(const struct mkd_guest_io *io, const char *path, const char *text,
		       struct mkd_err *err)
{
	struct mkd_tree_stat st = { 0 };
	int r = mkd_guest_write(io, path, text, 0755, err);

	if (r == 0)
		r = mkd_tree_stat(io->tree, path, true, &st, err);
	return r < 0 || (st.mode & 07777) == 0755 ? r : mkd_tree_chmod(io->tree, path, 0755, err);
}

static int for_systemd(const struct mkd_guest_io *io, const struct mkd_facts *facts,
		       struct mkd_err *err)
{
	int r = mkd_tree_mkdirs(io->tree, "/etc/systemd/system", 0755, err);

	if (r == 0)
		r = mkd_guest_write(io, "/etc/systemd/system/" SERVICE ".service", unit, 0644, err);
	return r < 0 ? r : mkd_unit_enable(io, facts, SERVICE ".service", err);
}

static int for_openrc(const struct mkd_guest_io *io, struct mkd_err *err)
{
	int r = put_program(io, "/etc/init.d/" SERVICE, openrc, err);

	return r < 0 ? r : mkd_runlevel_add(io, SERVICE, "default", err);
}

/* The links are those of update-rc.d(8); 99 is behind all others. */
static int for_sysvinit(const struct mkd_guest_io *io, struct mkd_err *err)
{
	char path[64];
	int r = put_program(io, "/etc/init.d/" SERVICE, script, err);

	for (int level = 2; r == 0 && level <= 5; level++) {
		(void)snprintf(path, sizeof(path), "/etc/rc%d.d/S99" SERVICE, level);
		r = mkd_guest_link(io, "../init.d/" SERVICE, path, err);
	}
	return r;
}

/* An editor: a call of the runner at the end, but before an "exit 0" there. */
static int call_runner(struct mkd_span in, const void *arg, struct mkd_buf *out,
		       struct mkd_err *err)
{
	bool there = mkd_unit_mentions(in, RUNNER), empty = !in.len;
	struct mkd_line l;

	(void)arg;
	(void)err;
	if (empty)
		mkd_text_add(out, "#!/bin/sh");
	while (mkd_line_next(&in, &l)) {
		if (!there && mkd_span_is(mkd_span_trim(l.text), "exit 0")) {
			mkd_text_add(out, RUNNER);
			there = true;
		}
		mkd_text_keep(out, &l);
	}
	if (!there)
		mkd_text_add(out, RUNNER);
	return 0;
}

static int for_rc_local(const struct mkd_guest_io *io, struct mkd_err *err)
{
	static const char path[] = "/etc/rc.local";
	struct mkd_tree_stat st = { 0 };
	int r = mkd_guest_edit(io, path, 0755, (struct mkd_edit){ call_runner, NULL }, err);

	if (r == 0)
		r = mkd_tree_stat(io->tree, path, true, &st, err);
	return r < 0 || (st.mode & 0111) ? r : mkd_tree_chmod(io->tree, path, st.mode | 0111, err);
}

static bool mentions(struct mkd_tree *t, const char *path, const char *text)
{
	cleanup_buf struct mkd_buf b = { 0 };
	struct mkd_err ignored;

	return mkd_tree_read(t, path, MIB, &b, &ignored) == 0 &&
	       mkd_unit_mentions(mkd_span_buf(&b), text);
}

/* What the root has to run something at boot decides, not what its init is called. */
static int enable(const struct mkd_guest_io *io, const struct mkd_facts *facts, struct mkd_err *err)
{
	if (facts->init == MKD_INIT_SYSTEMD)
		return for_systemd(io, facts, err);
	if (facts->openrc && mkd_tree_exists(io->tree, "/etc/runlevels"))
		return for_openrc(io, err);
	if (mkd_tree_exists(io->tree, "/etc/rc2.d"))
		return for_sysvinit(io, err);
	if (mentions(io->tree, "/etc/init.d/rcS", "/etc/init.d/S??"))
		return put_program(io, "/etc/init.d/S99" SERVICE, script, err);
	if (mentions(io->tree, "/etc/runit/2", "/etc/rc.local"))
		return for_rc_local(io, err);
	return mkd_fail(err, MKD_EXIT_HOOK, ENOTSUP,
			"do not know how this root runs a script at boot: it has no systemd, no "
			"'/etc/runlevels', no '/etc/rc2.d', no '/etc/init.d/S??*' and no runit "
			"that runs '/etc/rc.local'; leave --firstboot out");
}

static int put_script(const struct mkd_guest_io *io, const struct mkd_firstboot *s,
		      struct mkd_err *err)
{
	cleanup_free char *path = NULL;
	int r = mkd_asprintf(&path, err, DIR "/firstboot.d/%04u-%s", s->number, s->name);

	if (r < 0 || !path)
		return r;
	for (char *p = path + strlen(DIR "/firstboot.d/"); *p; p++)
		if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-",
			    *p))
			*p = '-';
	r = mkd_tree_mkdirs(io->tree, DIR "/firstboot.d", 0755, err);
	if (r == 0)
		r = mkd_tree_write(io->tree, path, s->text, s->len, 0755, err);
	if (r == 0)
		mkd_say(io->ui, MKD_DEBUG, "wrote '%s'", path);
	return r;
}

int mkd_firstboot_add(const struct mkd_guest_io *io, const struct mkd_facts *facts,
		      const struct mkd_firstboot *s, struct mkd_err *err)
{
	int r = put_script(io, s, err);

	if (r == 0)
		r = put_program(io, RUNNER, runner, err);
	return r < 0 ? r : enable(io, facts, err);
}
