/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "mkdomu/ui.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>

static volatile sig_atomic_t pending;

void mkd_say(struct mkd_ui *ui, enum mkd_level level, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	if (!ui || !ui->say)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (char *s = text; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
	ui->say(ui, level, text);
}

void mkd_tick(struct mkd_ui *ui, const char *stage, uint64_t done_bytes, uint64_t total_bytes)
{
	if (ui && ui->progress)
		ui->progress(ui, stage, done_bytes, total_bytes);
}

static void on_signal(int signo)
{
	pending = signo;
}

void mkd_signals_install(void)
{
	static const int stops[] = { SIGHUP, SIGINT, SIGTERM };
	struct sigaction sa = { .sa_handler = on_signal };

	(void)sigemptyset(&sa.sa_mask);
	for (size_t i = 0; i < ARRAY_LEN(stops); i++) {
		struct sigaction old;

		/* nohup(1) and the like: what is ignored stays ignored */
		if (sigaction(stops[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
			(void)sigaction(stops[i], &sa, NULL);
	}
	sa.sa_handler = SIG_IGN;
	(void)sigaction(SIGPIPE, &sa, NULL);
	/* A file size limit shows as EFBIG from write(2), where it can be reported and undone. */
	(void)sigaction(SIGXFSZ, &sa, NULL);
}

int mkd_signal_pending(void)
{
	return pending;
}

void mkd_signal_set(int signo)
{
	pending = signo;
}

int mkd_check_signal(struct mkd_err *err)
{
	int signo = pending;

	if (!signo)
		return 0;
	return mkd_fail(err, MKD_EXIT_SIGNAL + signo, EINTR, "interrupted by signal %d (%s)", signo,
			strsignal(signo));
}
