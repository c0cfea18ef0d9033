/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ui.h - how a module speaks to the person without printing: notes and progress go to the caller's
 * struct mkd_ui (main's prints; a test's records; NULL is silent). Also the cancel flag that
 * signals set and long loops read.
 */
#ifndef MKDOMU_UI_H
#define MKDOMU_UI_H

#include "mkdomu/err.h"

enum mkd_level {
	MKD_DEBUG, /* with --verbose only */
	MKD_INFO,  /* unless --quiet */
	MKD_WARN,  /* always */
};

struct mkd_ui {
	/* One finished sentence, no newline, control characters already replaced. */
	void (*say)(struct mkd_ui *ui, enum mkd_level level, const char *text);
	/*
	 * total_bytes 0 = not known; stage "" ends the one before. Called from the thread that runs
	 * the stage, often.
	 */
	void (*progress)(struct mkd_ui *ui, const char *stage, uint64_t done_bytes,
			 uint64_t total_bytes);
};

/* Style as in struct mkd_err: lower case, subject in 'quotes', no full stop. ui may be NULL. */
void mkd_say(struct mkd_ui *ui, enum mkd_level level, const char *fmt, ...) printf_like(3, 4);

/* Report progress of a named stage ("download", "verify", "write"); ui may be NULL. */
void mkd_tick(struct mkd_ui *ui, const char *stage, uint64_t done_bytes, uint64_t total_bytes);

/* Install handlers for HUP, INT, TERM that only set a flag; SIGPIPE is ignored. For main. */
void mkd_signals_install(void);

/* The signal that asked to stop, or 0. Async-signal-safe, any thread. */
int mkd_signal_pending(void);

/* Set or clear (0) the flag as a handler would; for tests and fuzzers. */
void mkd_signal_set(int signo);

/*
 * For long loops. Returns 0, or:
 *	-EINTR  a signal asked to stop: class 128 + n, "interrupted by signal n (NAME)"
 */
must_check int mkd_check_signal(struct mkd_err *err);

#endif
